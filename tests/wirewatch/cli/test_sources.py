"""The commands of the catalogue, as somebody types them, on the demo newsroom."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner, Result

from tests.newsroom import Newsroom
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.cli import cli
from wirewatch.records import Page, PageKind, PageOutcome
from wirewatch.settings import get_settings
from wirewatch.sources import load_sources

Type = Callable[..., Result]
DAILY = """- name: Le Matin
  domain: lematin.example
  country: DZ
  languages: [fr]
  feeds:
    - https://www.lematin.example/feed
  checked: 2026-11-22, by hand
"""


@pytest.fixture(scope="module")
def room() -> Iterator[Newsroom]:
    with Newsroom(port=0) as room:
        yield room


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "dz.yml").write_text(DAILY)
    return folder


@pytest.fixture
def type_(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Type]:
    """Runs ``wirewatch sources …`` over the catalogue in ``folder``."""
    for name, value in {
        "HOME": tmp_path / "home",
        "SOURCES": folder,
        "CRAWL__DELAY": 0,
        "CRAWL__ALLOW_PRIVATE": True,
    }.items():
        monkeypatch.setenv(f"WIREWATCH_{name}", str(value))
    monkeypatch.setenv("COLUMNS", "200")
    get_settings.cache_clear()
    yield lambda *words: CliRunner().invoke(cli, ["sources", *words])
    get_settings.cache_clear()


def problem(result: Result) -> str:
    """The sentence for the user."""
    assert result.exit_code == 1
    return str(result.exception)


def test_list_shows_what_was_asked_for(type_: Type, folder: Path) -> None:
    more = DAILY.replace("Le Matin", "El Khabar").replace("lematin", "elkhabar").replace("[fr]", "[ar]")
    (folder / "dz.yml").write_text(DAILY + more.replace("  checked", "  tier: hot\n  checked"))
    assert all(name in type_("list").output for name in ("Le Matin", "El Khabar"))
    for words in (("--language", "ar"), ("--tier", "hot"), ("--country", "DZ", "--language", "ar")):
        shown = type_("list", *words).output
        assert "El Khabar" in shown and "Le Matin" not in shown
    assert "no such source" in problem(type_("list", "--country", "FR"))


def test_show_prints_the_entry_and_what_the_crawls_know(type_: Type, folder: Path) -> None:
    (source,) = load_sources(folder)
    assert "never" in type_("show", "lematin.example").output
    page = Page(
        url=source.feeds[0],
        source=source.ref,
        kind=PageKind.LISTING,
        outcome=PageOutcome.FAILED,
        reason="http-404",
        fetched=datetime(2026, 11, 20, 2, tzinfo=UTC),
    )
    with batches.write(Batch(get_settings().batches, "pages", "20261120T020000Z-000000-g00")) as out:
        out.add(page)
    shown = type_("show", "lematin.example").output
    assert f"{folder}/dz.yml, line 1:" in shown and DAILY in shown
    assert "2026-11-20 02:00" in shown and "Articles known: 0" in shown and "Pages asked for on 2026-11-20: 1" in shown
    assert "Not in the catalogue: x.example" in problem(type_("show", "x.example"))


def test_add_finds_the_feed_and_writes_the_entry(type_: Type, folder: Path, room: Newsroom) -> None:
    url = room.url("maghreb-matin")
    tried = type_("add", url, "--country", "DZ", "--tier", "hourly", "--dry-run")
    assert "Nothing is written" in tried.output and (folder / "dz.yml").read_text() == DAILY
    done = type_("add", url, "--country", "DZ", "--tier", "hourly")
    assert done.exit_code == 0, done.output
    text = (folder / "dz.yml").read_text()
    entry = text.removeprefix(DAILY + "\n")
    assert entry in done.output and "dz.yml, line 9:" in done.output
    (given,) = yaml.safe_load(entry)
    assert given.pop("checked").endswith(", found on the site itself")
    assert given == {
        "name": "Maghreb Matin",
        "domain": "maghreb-matin.localhost",
        "country": "DZ",
        "languages": ["fr"],
        "feeds": [f"{url}rss.xml"],
        "tier": "hourly",
    }
    asked = len(room.requests)
    again = problem(type_("add", f"{url}politique"))
    assert "maghreb-matin.localhost is in the catalogue already" in again and "dz.yml, line 9 (Maghreb Matin)" in again
    assert len(room.requests) == asked


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ftp://lesoir.dz/"], "is no address of a site"),
        (["https://"], "is no address of a site"),
        (["https://www.lematin.example/a"], "lematin.example is in the catalogue already"),
        (["https://lesoir.example/"], "say it with --country"),
        (["http://nothing.localhost:1/", "--country", "DZ"], "its front page cannot be read (connection)"),
    ],
)
def test_add_says_why_it_cannot(type_: Type, folder: Path, words: list[str], said: str) -> None:
    assert said in problem(type_("add", *words))
    assert (folder / "dz.yml").read_text() == DAILY


def test_check_reports_each_listing_and_fails_where_one_does_not_work(
    type_: Type, room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIREWATCH_SOURCES", str(room.sources))
    get_settings.cache_clear()
    good = type_("check", "--source", "maghreb-matin.localhost")
    assert good.exit_code == 0 and "works" in good.output and room.url("maghreb-matin", "/rss.xml") in good.output
    bad = type_("check", "--source", "broken-times.localhost", "--source", "maghreb-matin.localhost", "--json")
    assert bad.exit_code == 1
    states = {f["url"].rpartition("/")[2]: (f["state"], f["reason"]) for f in json.loads(bad.stdout)}
    assert states["feed.xml"] == ("dead", "not-a-feed") and states["rss.xml"] == ("works", None)


def test_export_and_import_are_inverse(type_: Type, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.opml"
    assert type_("export", "--opml", str(file)).exit_code == 0
    assert type_("export", "--opml", "-").stdout_bytes == file.read_bytes()
    again = type_("import", "--opml", str(file))
    assert "lematin.example is there already, in" in again.output and "0 sources added, 1 skipped" in again.output
    (folder / "dz.yml").unlink()
    assert "1 source added, 0 skipped" in type_("import", "--opml", str(file)).output
    assert (folder / "dz.yml").read_text() == DAILY


def test_import_asks_for_a_country_that_nobody_knows(type_: Type, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.opml"
    file.write_text('<opml version="2.0"><body><outline text="Soir" xmlUrl="https://lesoir.com/rss"/></body></opml>')
    said = problem(type_("import", "--opml", str(file)))
    assert "lesoir.com" in said and "--country" in said
    assert "is no code of a country" in problem(type_("import", "--opml", str(file), "--country", "Mali"))
    assert type_("import", "--opml", str(file), "--country", "ML").exit_code == 0
    assert "Soir" in (folder / "ml.yml").read_text()


def test_schema_is_written_beside_the_files(type_: Type, folder: Path) -> None:
    assert type_("schema").exit_code == 0
    jsonschema.validate(yaml.safe_load(DAILY), json.loads((folder / "schema.json").read_text()))


def test_listing_the_catalogue_loads_neither_scrapy_nor_the_database(tmp_path: Path) -> None:
    import subprocess

    code = "import sys; from wirewatch.cli import cli, sources; print({'scrapy', 'sqlalchemy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
