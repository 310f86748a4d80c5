"""``wirewatch explain``, as somebody types it, over the batches of a real enrichment and without Elasticsearch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from enrichment.enrich import enrich
from tests.enrichment.articles import article
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.cli import cli
from wirewatch.settings import get_settings

NAME = "20261120T020000Z-000000-g00"
VISIT = article(
    "Le président russe reçu à Alger",
    "Vladimir Poutine a rencontré le président Abdelmadjid Tebboune à Alger mardi. Ils ont signé un accord de "
    "coopération militaire entre l'Algérie et la Russie.",
    path="visit-fr",
)
TWIN = article(
    "Russian president visits Algiers",
    "Vladimir Putin met president Abdelmadjid Tebboune in Algiers on Tuesday. Algeria and Russia signed a military "
    "cooperation agreement.",
    path="visit-en",
)
FLOOD = article("Flood waters [bold]leave[/] thousands homeless", "The river rose after a week of rain.", path="flood")


@pytest.fixture(scope="module", autouse=True)
def enriched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home with a batch that is enriched and not indexed; Elasticsearch does not answer."""
    home: Path = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("WIREWATCH_HOME", str(home))
        environment.setenv("ELASTICSEARCH_URL", "http://127.0.0.1:9")
        get_settings.cache_clear()
        batch = Batch(get_settings().batches, "articles", NAME)
        with batches.write(batch) as out:
            for one in (VISIT, TWIN, FLOOD):
                out.add(one)
        enrich(batch)
        yield
    get_settings.cache_clear()


def type_(*words: str, columns: int = 200) -> Result:
    return CliRunner().invoke(cli, ["explain", *words], env={"COLUMNS": str(columns)})


def shown(*words: str, columns: int = 200) -> str:
    done = type_(*words, columns=columns)
    assert done.exit_code == 0, done.output
    return done.output


def rows(output: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if line.startswith("│")]


def test_all_that_an_article_is_about_is_shown_with_why() -> None:
    said = shown("paper.example/visit-fr?utm_source=mail")
    assert VISIT.title in said and "The Paper, FR, in French (fr)" in said
    assert f"id {VISIT.id}; not indexed yet: `wirewatch index run`" in said and f"batch {NAME}" in said
    table = rows(said)
    what = [row[1] for row in table if len(row) == 4]
    assert {"Algeria DZ", "Russia RU", "military cooperation", "Vladimir Putin", "Maghreb"} <= set(what)
    assert {row[0] for row in table if len(row) == 4} >= {"entity", "country", "region", "topic"}
    assert any(row[1:] == ["Maghreb", "has Algeria", ""] for row in table)
    assert any(row[0] == "consult: meet" and "Vladimir Putin" in row[1] for row in table)
    assert "Story: " in said and "2 articles" in said and TWIN.title in said
    assert "From 0.50 on an article is near enough to join." in said
    labels = " ".join(said.split()).partition("Labels that KQL finds it by: ")[2]
    assert "Algeria, Algerian; " in labels and "military cooperation; " in labels


def test_names_come_in_another_language() -> None:
    assert "Algérie DZ" in shown(VISIT.id[:8], "--language", "fr")


@pytest.mark.parametrize("columns", [80, 120])
def test_it_fits_the_terminal_and_shows_titles_as_they_are(columns: int) -> None:
    said = shown(FLOOD.url, columns=columns)
    assert FLOOD.title in said.splitlines()[0]
    assert all(len(line) <= columns for line in said.splitlines() if line[:1] in "│┏┡├└")
    assert any(row[:2] == ["event", "none"] for row in rows(said))


def test_again_shows_what_today_gives() -> None:
    said = shown(VISIT.id, "--again")
    assert f"enriched now; what is stored of batch {NAME} may differ" in said and "Algeria DZ" in said


def test_scripts_get_json_without_the_vectors() -> None:
    given = json.loads(shown(TWIN.id, "--json"))
    assert given["article"]["url"] == TWIN.url and "embedding" not in given["article"]
    assert given["article"]["countries"] == [reason["concept"][8:] for reason in given["countries"]]
    assert given["story"]["neighbours"][0]["id"] == VISIT.id


def test_what_is_not_there_is_a_sentence() -> None:
    done = type_("abcdef123456")
    assert done.exit_code == 1 and "No article has the id abcdef123456" in str(done.exception)
