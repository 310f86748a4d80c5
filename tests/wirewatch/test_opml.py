"""The catalogue goes to feed readers and comes back as it was; their lists come in, however they are written."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from wirewatch.errors import UserError
from wirewatch.opml import export, read
from wirewatch.sources import Source, load_sources

ROOT = Path(__file__).parents[2]


def opml(folder: Path, body: str, head: str = "") -> Path:
    file = folder / "feeds.opml"
    file.write_text(f'<?xml version="1.0"?>{head}<opml version="2.0"><body>{body}</body></opml>', encoding="utf-8")
    return file


def outline(url: str, **more: str) -> str:
    return f'<outline text="x" type="rss" xmlUrl="{url}" ' + " ".join(f'{k}="{v}"' for k, v in more.items()) + "/>"


def test_what_is_exported_is_imported_as_it_was(tmp_path: Path) -> None:
    sources = load_sources(ROOT / "sources")
    (tmp_path / "all.opml").write_bytes(export(sources))
    found = read(tmp_path / "all.opml")
    assert (found.skipped, found.homeless) == ([], [])
    assert sorted(found.sources, key=lambda s: s.domain) == sorted(sources, key=lambda s: s.domain)


def test_all_that_a_source_has_survives(tmp_path: Path) -> None:
    full = Source(
        name='"Le Matin" & <fils>',
        domain="lematin.example",
        country="DZ",
        languages=("fr", "ar"),
        feeds=("https://lematin.example/a?b=c&d=e", "https://lematin.example/b"),
        sitemaps=("https://lematin.example/s1", "https://lematin.example/s2"),
        sections=("https://lematin.example/",),
        tier="hot",
        render=True,
        checked="2026-11-22, by hand",
    )
    bare = Source(name="Soir", domain="soir.example", country="NO", languages=(), sections=("https://soir.example/x",))
    (tmp_path / "two.opml").write_bytes(export([full, bare]))
    first, second = read(tmp_path / "two.opml").sources
    assert first == full
    assert second.model_copy(update={"checked": ""}) == bare


def test_a_reader_finds_what_it_knows_in_an_export() -> None:
    sources = [s for s in load_sources(ROOT / "sources") if s.country == "DZ"]
    root = etree.fromstring(export(sources))
    (folder,) = root.findall("body/outline")
    assert root.get("version") == "2.0" and folder.get("text") == "Algeria"
    feeds = {o.get("xmlUrl"): o for o in folder if o.get("type") == "rss"}
    assert set(feeds) == {feed for source in sources for feed in source.feeds}
    tsa = feeds["https://www.tsa-algerie.com/feed/"]
    assert [tsa.get(name) for name in ("text", "title", "htmlUrl", "language")] == [
        "TSA",
        "TSA",
        "https://tsa-algerie.com/",
        "fr",
    ]


def test_feeds_of_one_site_are_one_source_wherever_they_are(tmp_path: Path) -> None:
    body = (
        '<outline text="News"><outline text="World">'
        + outline("https://feeds.lesoir.dz/world", htmlUrl="https://www.lesoir.dz/", title="Le Soir", language="fr-DZ")
        + "</outline></outline>"
        + outline("https://www.lesoir.dz/rss/sport")
        + outline("https://www.lesoir.dz/rss/sport")
        + '<outline text="a link" type="link" url="https://x.dz/"/>'
    )
    (source,) = read(opml(tmp_path, body)).sources
    assert (source.name, source.domain, source.country, source.languages) == ("Le Soir", "lesoir.dz", "DZ", ("fr",))
    assert source.feeds == ("https://feeds.lesoir.dz/world", "https://www.lesoir.dz/rss/sport")
    assert "imported from feeds.opml" in source.checked


def test_a_feed_without_a_page_is_of_the_site_of_its_address(tmp_path: Path) -> None:
    body = outline("https://rss.lesoir.dz/a") + outline("https://elwatan.dz/feed")
    body += '<outline text="y" xmlurl="https://www.liberte.dz/feed"/>'
    found = read(opml(tmp_path, body))
    assert [source.domain for source in found.sources] == ["lesoir.dz", "elwatan.dz", "liberte.dz"]


def test_what_cannot_be_a_source_is_said(tmp_path: Path) -> None:
    body = outline("https://feeds.feedburner.com/x") + outline("ftp://lesoir.dz/feed") + outline("nonsense")
    found = read(opml(tmp_path, body), country="DZ")
    assert found.sources == [] and len(found.skipped) == 3
    assert "does not tell whose feed" in found.skipped[0] and "no address" in " ".join(found.skipped)


def test_a_country_that_is_not_known_is_asked_for(tmp_path: Path) -> None:
    file = opml(tmp_path, outline("https://lesoir.com/feed") + outline("https://lematin.ma/feed"))
    assert read(file).homeless == ["lesoir.com"]
    assert [(s.country, s.languages) for s in read(file, "DZ", "ar").sources] == [("DZ", ("ar",)), ("MA", ("ar",))]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<opml><body></opml>", "is not valid XML"),
        ("", "is not valid XML"),
        ("<html/>", "is no OPML"),
        ('<!DOCTYPE opml [<!ENTITY x "y">]><opml><body/></opml>', "document type"),
        (
            '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><body><outline text="&x;"/></body></opml>',
            "feeds.opml",
        ),
    ],
)
def test_what_is_no_opml_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "feeds.opml"
    file.write_text(text)
    with pytest.raises(UserError, match=said):
        read(file)


def test_a_bomb_of_entities_does_not_go_off(tmp_path: Path) -> None:
    bomb = '<!ENTITY a0 "x">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    with pytest.raises(UserError):
        read(opml(tmp_path, '<outline text="&a9;"/>', head=f"<!DOCTYPE opml [{bomb}]>"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.opml cannot be read"):
        read(tmp_path / "none.opml")
