"""A simulated week: what sites do to their articles, on a known schedule, is what the index holds in the end."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

import pytest
import yaml
from elasticsearch import Elasticsearch

from search.alerts.alert import Alert
from search.alerts.store import create
from search.indices import init
from tests.loopback import Headers, serving
from wirewatch.cli.stages import go_the_whole_way
from wirewatch.records import article_id
from wirewatch.settings import get_settings

NIGHTS = range(8)
"""The first night and the seven after it."""
DAY = 86_400
SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu".split()  # noqa: SIM905


def prose(seed: str) -> list[str]:
    """Four paragraphs about people, places and things that no other seed has."""
    chance = random.Random(seed)

    def name() -> str:
        return "".join(chance.choice(SYLLABLES) for _ in range(3))

    def sentence() -> str:
        return (
            f"The {name()} of the {name()} had refused the {name()} for {chance.randint(2, 99)} years, and "
            f"the {name()} said on Monday that in {name().title()} nobody had seen such a {name()} since the {name()}."
        )

    return [" ".join(sentence() for _ in range(4)) for _ in range(4)]


@dataclass
class Story:
    """An article and what its site does to it, by night."""

    slug: str
    site: str
    published: int = 0
    edited: dict[int, str] = field(default_factory=dict)
    """The paragraph that is added."""
    told: bool = False
    """Whether the feed says when it was edited."""
    removed: int | None = None
    status: int = 410
    back: int | None = None
    moved: int | None = None
    """It has another address from then on; the old one redirects to it."""
    renamed: int | None = None
    """The same, but the old address goes on answering."""
    refused: bool = False
    """Its page cannot be had; the feed carries its text."""
    text: str = ""
    """Whose text it has, with a headline of its own; its own, if not given."""
    cut: int = 0
    """Paragraphs that a copy leaves out at the end."""

    def is_there(self, night: int) -> bool:
        gone = self.removed is not None and self.removed <= night and not (self.back and self.back <= night)
        return self.published <= night and not gone

    def path(self, night: int) -> str:
        new = [at for at in (self.moved, self.renamed) if at is not None and at <= night]
        return f"/news/{self.slug}{'-under-another-name' if new else ''}"

    def title(self, night: int) -> str:
        return self.slug.replace("-", " ").capitalize() + (" (updated)" if self.edits(night) else "")

    def edits(self, night: int) -> list[int]:
        return [at for at in self.edited if at <= night]

    def paragraphs(self, night: int) -> list[str]:
        whole = prose(self.text or self.slug)
        return whole[: len(whole) - self.cut] + [self.edited[at] for at in self.edits(night)]


LATER = {1: "A spokesman corrected the figures in the evening.", 4: "The inquiry was widened to three more towns."}
STORIES = [
    Story("ferry-crew-saves-three-from-the-lake", "wire"),
    Story("council-votes-on-the-new-harbour-wall", "daily", edited={1: LATER[1]}),
    Story("farmers-ask-for-water-from-the-river", "daily", edited={4: LATER[4]}),
    Story("night-train-to-the-coast-comes-back", "daily", edited={3: LATER[1]}, told=True),
    Story("museum-finds-a-lost-map-of-the-valley", "daily", edited={1: LATER[1], 7: LATER[4]}),
    Story("bank-closes-its-last-branch-in-town", "daily", removed=1),
    Story("school-roof-to-be-mended-at-last", "daily", removed=5, status=404),
    Story("mayor-leaves-after-nine-years-in-office", "daily", removed=1, back=2),
    Story("bridge-is-shut-for-repairs-until-may", "herald", moved=1),
    Story("storm-takes-the-roof-off-the-market", "herald", renamed=3),
    Story("envoys-agree-on-a-truce-in-the-north", "wire", published=1),
    Story("truce-in-the-north-after-long-talks", "herald", 2, text="envoys-agree-on-a-truce-in-the-north"),
    Story("what-the-envoys-agreed-on-last-night", "daily", 3, text="envoys-agree-on-a-truce-in-the-north", cut=1),
    Story("doctors-end-their-strike-in-the-capital", "herald", 2, refused=True),
]

# What the index holds after the week: how often the text changed, and how it differs from a plain article.
UNCHANGED: dict[str, Any] = {"revision": 1, "gone": False, "copy_of": None, "extracted_from": "page"}
EXPECTED = {story.slug: dict(UNCHANGED) for story in STORIES}
EXPECTED["council-votes-on-the-new-harbour-wall"] |= {"revision": 2}
EXPECTED["farmers-ask-for-water-from-the-river"] |= {"revision": 2}
EXPECTED["night-train-to-the-coast-comes-back"] |= {"revision": 2}
EXPECTED["museum-finds-a-lost-map-of-the-valley"] |= {"revision": 3}
EXPECTED["bank-closes-its-last-branch-in-town"] |= {"gone": True}
EXPECTED["school-roof-to-be-mended-at-last"] |= {"gone": True}
EXPECTED["truce-in-the-north-after-long-talks"] |= {"copy_of": "envoys-agree-on-a-truce-in-the-north"}
EXPECTED["what-the-envoys-agreed-on-last-night"] |= {"copy_of": "envoys-agree-on-a-truce-in-the-north"}
EXPECTED["doctors-end-their-strike-in-the-capital"] |= {"extracted_from": "feed"}


class Sites:
    """The sites of the stories, on a night."""

    def __init__(self) -> None:
        self.night = 0
        self.port = 0
        self.begin = datetime.now(UTC).replace(microsecond=0)

    def url(self, site: str, path: str) -> str:
        return f"http://{site}.localhost:{self.port}{path}"

    def moment(self, night: int, hours: int = 0) -> str:
        return (self.begin + timedelta(days=night, hours=hours)).isoformat()

    def answer(self, site: str, path: str) -> tuple[int, dict[str, str], str]:
        stories = [story for story in STORIES if story.site == site]
        if path == "/feed":
            return 200, {"Content-Type": "application/atom+xml"}, self.feed(stories)
        for story in stories:
            now, first = story.path(self.night), story.path(0)
            if path not in (now, first) or self.night < story.published:
                continue
            if not story.is_there(self.night):
                return story.status, {}, ""
            if story.refused:
                return 403, {}, ""
            if path != now and story.moved is not None:
                return 301, {"Location": now}, ""
            return 200, {"Content-Type": "text/html; charset=utf-8"}, self.page(story, path)
        return 404, {}, ""

    def feed(self, stories: list[Story]) -> str:
        entries = [self.entry(story) for story in stories if story.is_there(self.night)]
        return (
            "<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><title>News</title>"
            f"{''.join(entries)}</feed>"
        )

    def entry(self, story: Story) -> str:
        edits = story.edits(self.night) if story.told else []
        updated = f"<updated>{self.moment(edits[-1], -1)}</updated>" if edits else ""
        text = "".join(f"<p>{paragraph}</p>" for paragraph in story.paragraphs(self.night)) if story.refused else ""
        content = f"<content type='html'>{escape(text)}</content>" if text else ""
        address = self.url(story.site, story.path(self.night))
        return (
            f"<entry><title>{story.title(self.night)}</title><link href='{address}'/>"
            f"<published>{self.moment(story.published, -2)}</published>{updated}{content}</entry>"
        )

    def page(self, story: Story, path: str) -> str:
        data = {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": story.title(self.night),
            "datePublished": self.moment(story.published, -2),
        }
        paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in story.paragraphs(self.night))
        return (
            f"<!doctype html><html lang='en'><head><title>{story.title(self.night)}</title>"
            f"<link rel='canonical' href='{self.url(story.site, path)}'>"
            f"<script type='application/ld+json'>{json.dumps(data)}</script></head>"
            f"<body><nav><a href='/'>Home</a></nav><article><h1>{story.title(self.night)}</h1>{paragraphs}</article>"
            "</body></html>"
        )


@pytest.fixture
def sites() -> Iterator[Sites]:
    sites = Sites()

    def answer(path: str, asked: Headers) -> tuple[int, Headers, bytes]:
        status, headers, body = sites.answer(asked["Host"].partition(".")[0], path)
        return status, headers, body.encode()

    with serving(answer) as sites.port:
        yield sites


def test_after_a_week_the_index_holds_what_the_sites_did(
    sites: Sites, settings: Any, es: Elasticsearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [
        {
            "name": site.title(),
            "domain": f"{site}.localhost",
            "country": "GB",
            "languages": ["en"],
            "feeds": [sites.url(site, "/feed")],
        }
        for site in ("wire", "daily", "herald")
    ]
    (tmp_path / "gb.yml").write_text(yaml.safe_dump(entries))
    notices = tmp_path / "notices.jsonl"
    init(es)
    create(es, Alert(name="Everything", kql="source.country: GB", tell=[f"file://{notices}"]), "command")
    monkeypatch.setenv("WIREWATCH_SOURCES", str(tmp_path))
    monkeypatch.setenv("WIREWATCH_CRAWL__ALLOW_PRIVATE", "true")
    monkeypatch.setenv("WIREWATCH_CRAWL__DELAY", "0")
    for sites.night in NIGHTS:
        monkeypatch.setenv("WIREWATCH_TIME_SHIFT", str(sites.night * DAY))
        get_settings.cache_clear()
        go_the_whole_way(None, [])

    found = {hit["_id"]: hit["_source"] for hit in es.search(index="articles", size=100)["hits"]["hits"]}
    # The id comes from the address of the first night, wherever the article is now.
    ids = {article_id(sites.url(story.site, story.path(0))): story for story in STORIES}
    assert {ids[id].slug if id in ids else article["url"] for id, article in found.items()} == EXPECTED.keys()
    slugs = {id: story.slug for id, story in ids.items()}
    held = {
        slugs[id]: {
            "revision": article["revision"],
            "gone": bool(article.get("gone")),
            "copy_of": slugs.get(article.get("duplicate_of")),
            "extracted_from": article.get("extracted_from", "page"),
        }
        for id, article in found.items()
    }
    assert held == EXPECTED

    last = NIGHTS[-1]
    for id, story in ids.items():
        article, changes = found[id], found[id].get("history", [])
        assert article["title"] == story.title(last)
        assert article["body"].split("\n\n") == story.paragraphs(last)
        assert article["url"] == sites.url(story.site, story.path(last if story.moved else 0))
        # Every version before this one can be read from the changes, the title's and the body's.
        assert len(changes) == article["revision"] - 1
        for change, paragraph in zip(changes, story.edited.values(), strict=True):
            assert f"+{paragraph}" in change["body"].splitlines()
        if changes:
            assert f"-{story.title(0)}" in changes[0]["title"].splitlines()

    told = [json.loads(line)["id"] for line in notices.read_text().splitlines()]
    kept = [hit["_source"] for hit in es.search(index="wirewatch-notices", size=100)["hits"]["hits"]]
    assert sorted(told) == sorted(notice["id"] for notice in kept), "each story is told once"
    members = [id for notice in kept for id in notice["members"]]
    assert sorted(members) == sorted(ids), "an article is in one, however often it was changed, moved or removed"
