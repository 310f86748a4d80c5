"""``wirewatch briefing`` as it is typed: which time it is of, and where it is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from typer.testing import CliRunner, Result

from search.index import index
from tests.search.conftest import clean, desk, e5, enriched, make
from wirewatch.batches import Batch
from wirewatch.cli import cli
from wirewatch.errors import UserError
from wirewatch.records import EnrichedArticle, now
from wirewatch.settings import get_settings

__all__ = ["clean", "desk", "e5", "enriched", "make"]


def typed(*words: str) -> Result:
    return CliRunner().invoke(cli, ["briefing", *words], env={"COLUMNS": "200"})


@pytest.fixture
def news(clean: Elasticsearch, desk: dict[str, EnrichedArticle], enriched: Callable[..., Batch]) -> None:
    """The desk's articles; Algiers is of 2024, the others of 20 November 2026, and all came in an hour ago."""
    seen = {"first_seen": now() - timedelta(hours=1)}
    index(enriched([article.model_copy(update=seen) for article in desk.values()]), client=clean)


def test_a_length_of_time_has_what_came_in_and_dates_what_was_published(
    news: None, desk: dict[str, EnrichedArticle], tmp_path: Path
) -> None:
    file = tmp_path / "all.html"
    done = typed("--out", str(file))
    assert (done.exit_code, f"The briefing is in {file}: 8 articles" in done.output) == (0, True)
    told = file.read_text(encoding="utf-8")
    assert "8 articles</strong>" in told and "Articles that came in" in told
    assert desk["algiers"].title in told, "the desk for Russia, Africa and the military has it"

    day = f"{desk['algiers'].published:%Y-%m-%d}"
    of_that_day = typed("--since", day, "--until", day, "--out", "-")
    assert "1 article</strong>" in of_that_day.output and "Articles that were published" in of_that_day.output
    assert of_that_day.output.startswith("<!doctype html>")
    assert "No article is of this time" in typed("--since", day, "--until", day, "--by", "arrival", "--out", "-").output
    assert "8 articles</strong>" in typed("--since", "7d", "--out", "-").output


def test_a_desk_is_chosen_by_its_title_in_any_case(news: None) -> None:
    told = typed("--desk", "russia military cooperation africa", "--language", "fr", "--out", "-").output
    assert "<h3>Russia military cooperation Africa</h3>" in told
    assert "Sahel security" not in told


@pytest.mark.parametrize(
    ("words", "first", "end"),
    [
        (("--since", "2d", "--until", "2026-11-20"), "2026-11-19T00:00:00", "2026-11-21T00:00:00"),
        (("--since", "2026-11-19", "--until", "2026-11-20T08:30"), "2026-11-19T00:00:00", "2026-11-20T08:30:00"),
        (("--since", "2026-11-19T08:00+01:00", "--until", "2026-11-20"), "2026-11-19T07:00:00", "2026-11-21T00:00:00"),
    ],
)
def test_times_are_understood(words: tuple[str, ...], first: str, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from wirewatch.cli.briefing import _period

    options = dict(zip(words[::2], words[1::2], strict=True))
    period = _period(options["--since"], options["--until"], None)
    assert [f"{moment:%Y-%m-%dT%H:%M:%S}" for moment in (period.since, period.until)] == [first, end]
    assert isinstance(period.since, datetime) and period.since.tzinfo is not None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "yesterday"), "--since yesterday is no time: write 24h, 7d, 2026-11-23 or 2026-11-23T08:00."),
        (("--until", "24h"), "--until 24h is no time: write 2026-11-23 or 2026-11-23T08:00."),
        (("--since", "2026-11-02", "--until", "2026-11-01"), "is not before the end, 2026-11-02 00:00 UTC"),
        (("--since", "9999w", "--until", "0100-01-01"), "--since 9999w is too long ago"),
        (("--desk", "Atlantis"), "There is no desk Atlantis. There are: Russia military cooperation Africa, "),
        (("--language", "french"), "'french' is no code of a language"),
    ],
)
def test_what_cannot_be_meant_is_said(words: tuple[str, ...], said: str) -> None:
    done = typed(*words)
    assert isinstance(done.exception, UserError) and said in str(done.exception)


def test_a_page_that_cannot_be_made_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "briefing.html"
    file.write_text("yesterday's")
    monkeypatch.setenv("ELASTICSEARCH_URL", "http://127.0.0.1:9")
    get_settings.cache_clear()
    assert isinstance(typed("--out", str(file)).exception, UserError)
    assert [one.read_text() for one in tmp_path.iterdir()] == ["yesterday's"]
