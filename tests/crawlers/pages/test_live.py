"""Live blogs, on pages written for it."""

# ruff: noqa: E501 - pages read better unbroken
from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from crawlers.pages import read_article
from crawlers.pages.item import ArticleItem
from wirewatch.records import Update

URL = "https://www.example.org/news/storm-live"
INTRO = "A storm has reached the coast of the lake. We tell here what is known, and where the roads are closed, as long as it lasts."
TEXTS = [
    ["The bridge at the upper town has been opened again for lorries, the police say.", "Cars may use it since the morning."],
    ["Two fishing boats that were missing have come back to the harbour with all their crew, tired and wet but unharmed."],
    ["The schools in the whole district stay closed today, and buses go no further than the market in the old town."],
    ["The weather office expects gusts of up to a hundred kilometres an hour on the eastern shore before midnight."],
]  # fmt: skip
TITLES = ["Bridge is open", "Boats are back", "Schools stay closed", "Gusts expected"]
TIMES = [f"2031-04-02T{hour:02}:15:00+00:00" for hour in (17, 15, 11, 8)]
ENTRIES = tuple(
    Update(at=datetime.fromisoformat(time), title=title, body="\n\n".join(texts))
    for time, title, texts in zip(TIMES, TITLES, TEXTS, strict=True)
)
WHOLE = "\n\n".join([INTRO, *(line for entry in ENTRIES for line in (entry.title or "", entry.body))])


def read(body: str, *documents: Any, head: str = "") -> ArticleItem:
    scripts = "".join(f'<script type="application/ld+json">{json.dumps(document)}</script>' for document in documents)
    html = f'<html lang="en"><head><title>Storm on the lake</title>{head}{scripts}</head><body>{body}</body></html>'
    return read_article(URL, html.encode(), fetched=datetime(2031, 4, 3, tzinfo=UTC))


def blocks(name: str, number: int = 4, tag: str = "div") -> str:
    return "".join(
        f'<{tag} class="{name}"><time datetime="{time}">at some time</time><h3>{title}</h3>{"".join(f"<p>{text}</p>" for text in texts)}'
        f"<figure><figcaption>A picture of it</figcaption></figure></{tag}>"
        for time, title, texts in list(zip(TIMES, TITLES, TEXTS, strict=True))[:number]
    )


def story(rest: str = "") -> str:
    return f"<main><h1>Storm on the lake</h1><p>{INTRO}</p>{rest}</main>"


BLOG: dict[str, Any] = {
    "@context": "https://schema.org",
    "@type": "LiveBlogPosting",
    "headline": "Storm on the lake",
    "url": URL,
}
UPDATES = [
    {"@type": "BlogPosting", "headline": title, "datePublished": time, "articleBody": "\n".join(texts)}
    for time, title, texts in zip(TIMES, TITLES, TEXTS, strict=True)
]


def test_entries_in_json_ld_that_readers_do_not_see_yet() -> None:
    item = read(story(), BLOG | {"liveBlogUpdate": UPDATES})
    assert item.updates == ENTRIES
    assert item.body == WHOLE
    assert item.origins["updates"] == "json-ld liveBlogUpdate"


def test_a_text_that_has_all_entries_stays_as_it_is() -> None:
    shown = "".join(
        f"<h2>{time[11:16]} {title}</h2>{''.join(f'<p>{text}</p>' for text in texts)}"
        for time, title, texts in zip(TIMES, TITLES, TEXTS, strict=True)
    )
    item = read(story(shown), BLOG | {"liveBlogUpdate": UPDATES})
    assert item.updates == ENTRIES
    assert item.body.startswith(f"{INTRO}\n\n17:15 Bridge is open\n\n{TEXTS[0][0]}")
    assert item.body.count("Bridge is open") == 1


def test_entries_in_microdata() -> None:
    marked = "".join(
        f'<li itemprop="liveBlogUpdate" itemscope itemtype="https://schema.org/BlogPosting"><meta itemprop="datePublished" content="{time}">'
        f'<b itemprop="headline">{title}</b><div itemprop="articleBody">{"".join(f"<p>{text}</p>" for text in texts)}</div></li>'
        for time, title, texts in zip(TIMES, TITLES, TEXTS, strict=True)
    )
    item = read(f'<div itemscope itemtype="https://schema.org/LiveBlogPosting">{story(f"<ul>{marked}</ul>")}</div>')
    assert item.updates == ENTRIES
    assert WHOLE.endswith(item.body) and all(entry.body in item.body for entry in ENTRIES)


@pytest.mark.parametrize("tag", ["div", "article", "section"])
def test_entries_in_blocks_of_a_page_that_says_what_it_is(tag: str) -> None:
    item = read(story(f'<div class="list">{blocks("entry", 2, tag)}</div>'), BLOG)
    assert item.updates == ENTRIES[:2]
    assert all(text in item.body for entry in ENTRIES[:2] for text in entry.body.split("\n\n"))


def test_entries_in_blocks_that_are_called_live() -> None:
    item = read(story(f"<div>{blocks('liveBlog-post')}</div>"))
    assert item.updates == ENTRIES
    assert item.body == WHOLE


def test_what_is_cut_short_for_machines_is_taken_from_what_readers_see() -> None:
    short = [update | {"articleBody": update["articleBody"][:20]} for update in UPDATES]
    assert read(story(f"<div>{blocks('entry')}</div>"), BLOG | {"liveBlogUpdate": short}).updates == ENTRIES


def test_an_entry_without_a_title_of_its_own_has_none() -> None:
    item = read(story(), BLOG | {"liveBlogUpdate": {"headline": TEXTS[1][0], "articleBody": f"<p>{TEXTS[1][0]}</p>"}})
    assert item.updates == (Update(body=TEXTS[1][0]),)


ORDINARY = {
    "comments": blocks("comment live-comment"),
    "comments in a box": f'<div class="comments">{blocks("live-post")}</div>',
    "blocks with times": blocks("entry"),
    "teasers in a ticker": "".join(
        f'<li class="ticker-item"><time datetime="{time}">at</time><a href="/news/{n}">{TEXTS[n][0]}</a></li>' for n, time in enumerate(TIMES)
    ),
    "other stories": f"<aside>{blocks('live-post')}</aside>".replace("aside", 'div class="related"', 1).replace("</aside", "</div"),
    "three blocks": blocks("live-post", 3),
}  # fmt: skip


@pytest.mark.parametrize("what", ORDINARY)
def test_an_ordinary_article_has_no_entries(what: str) -> None:
    article = "".join(f"<p>{INTRO} It is the {n}th of its kind.</p>" for n in range(4, 8))
    item = read(story(f"{article}</main><div>{ORDINARY[what]}</div><main>"))
    assert item.updates == ()


@pytest.mark.parametrize(
    "updates",
    [None, 3, "text", [None, 1, "x", []], {"headline": 3, "articleBody": [1], "datePublished": {}}, [[{"headline": "A"}]], {"@id": 5}],
)  # fmt: skip
def test_odd_updates_are_none(updates: Any) -> None:
    assert read(story(), BLOG | {"liveBlogUpdate": updates}).updates == ()
