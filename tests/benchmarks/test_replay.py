from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import feedparser
import pytest
import requests

from benchmarks import replay, report
from benchmarks.web import proxy
from wirewatch.settings import Settings
from wirewatch.sources import load_sources

ROOT = Path(__file__).parents[2]

CASES = {
    "fundus": [
        ("https://news.example.com/2031/05/harbour-council-votes-on-wall", "en", "us", "Harbour council votes on wall"),
        ("https://www.example.com/2031/05/ferry-to-norway-sails-again?utm_source=rss", "en", "us", "Ferry sails again"),
        ("https://www.example.org/2031/05/le-senegal-ouvre-son-nouveau-port", "fr", "fr", "Le Sénégal ouvre un port"),
    ],
    "aeb": [
        ("http://www.example.net/2031/05/teachers-strike-ends-in-kenya", "en", None, "Teachers' strike ends in Kenya"),
        ("https://www.example.net/2031/05/rice-harvest-fails-in-vietnam", "en", None, "Rice harvest fails in Vietnam"),
    ],
    "mediacloud200": [
        ("https://www.example.co.uk/2031/05/la-cosecha-de-peru-crece", "es", None, "La cosecha de Perú crece"),
    ],
}
SENTENCES = {
    "en": "The decision came late on Tuesday after a long debate, and few of those in the hall had expected it. "
    "“We have waited for this for years,” said a speaker, who thanked everybody who had helped. ",
    "fr": "La décision est tombée mardi soir après un long débat, et peu de gens dans la salle s'y attendaient. "
    "« Nous l'attendions depuis des années », a dit une oratrice, qui a remercié tout le monde. ",
    "es": "La decisión llegó el martes por la noche tras un largo debate, y pocos en la sala la esperaban. "
    "«Llevamos años esperando esto», dijo una oradora, que dio las gracias a todos los que ayudaron. ",
}


@pytest.fixture
def evaluation(tmp_path: Path) -> Path:
    """A folder laid out like the real evaluation data, with pages of our own."""
    folder = tmp_path / "eval/extraction"
    for name, cases in CASES.items():
        (folder / name).mkdir(parents=True)
        rows = []
        for number, (url, language, country, title) in enumerate(cases):
            rows.append(json.dumps({"id": f"page{number}", "url": url, "lang": language, "country": country}))
            page = gzip.compress(html(title, language).encode("iso-8859-1", "xmlcharrefreplace"))
            (folder / name / f"page{number}.html.gz").write_bytes(page)
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    return folder.parent


def html(title: str, language: str) -> str:
    paragraphs = "".join(f"<p>{title}, {number}. {SENTENCES[language]}</p>" for number in range(1, 6))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="iso-8859-1"><title>{title}</title>'
        '<meta property="og:type" content="article"></head>'
        f"<body><article><h1>{title}</h1><time datetime='2031-05-06T07:08:09Z'></time>{paragraphs}</article>"
        "</body></html>"
    )


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_the_proxy_serves_the_pages_under_their_own_addresses(evaluation: Path) -> None:
    cases = replay.load_cases(evaluation)
    with proxy(replay.SavedWeb(cases).answer) as address, requests.Session() as client:
        client.trust_env = False
        client.proxies, client.verify = {"http": address, "https": address}, False
        for case in cases:
            answer = client.get(case.url)
            assert answer.status_code == 200
            assert answer.headers["Content-Type"] == "text/html"
            assert answer.content == gzip.decompress(case.file.read_bytes())
        # As the spider asks, without tracking parameters.
        assert client.get("https://www.example.com/2031/05/ferry-to-norway-sails-again").status_code == 200
        assert client.get("https://www.example.com/robots.txt").status_code == 404
        assert client.get("http://elsewhere.example/").status_code == 404


def test_each_host_has_a_feed_of_its_pages_in_the_catalogue(evaluation: Path) -> None:
    cases = replay.load_cases(evaluation)
    sources = replay.catalogue(cases)
    assert {(source.domain, source.country, source.languages) for source in sources} == {
        ("example.com", "US", ("en",)),
        ("example.org", "FR", ("fr",)),
        ("example.net", "US", ("en",)),
        ("example.co.uk", "GB", ("es",)),
    }
    web = replay.SavedWeb(cases)
    listed = [
        entry.link
        for source in sources
        for feed in source.feeds
        for entry in feedparser.parse(web.answer(feed).body).entries
    ]
    assert sorted(listed) == sorted(case.url for case in cases)


def test_every_page_is_indexed_and_the_figures_say_so(evaluation: Path, settings: Settings, tmp_path: Path) -> None:
    home = tmp_path / "replay"
    home.mkdir()
    given = settings.elasticsearch
    assert given.url and given.user and given.password
    connection = {
        "WIREWATCH_ELASTICSEARCH__URL": given.url,
        "WIREWATCH_ELASTICSEARCH__USER": given.user,
        "WIREWATCH_ELASTICSEARCH__PASSWORD": given.password.get_secret_value(),
        "WIREWATCH_ELASTICSEARCH__CA": str(given.ca),
    }
    figures = replay.replay(replay.load_cases(evaluation, limit=6), home, connection)
    for stage in ("crawl", "extract", "enrich", "index"):
        assert (figures[f"replay.{stage}.in"], figures[f"replay.{stage}.out"]) == (6, 6), stage
        assert figures[f"replay.{stage}.peak_mb"] > 10
    assert {name: number for name, number in figures.items() if name.startswith("replay.languages.")} == {
        "replay.languages.en": 4,
        "replay.languages.fr": 1,
        "replay.languages.es": 1,
    }
    assert figures["replay.countries.SN"] == figures["replay.countries.KE"] == figures["replay.countries.VN"] == 1
    assert figures["replay.alert.out"] >= 4
    assert len(load_sources(home / "sources")) == 4
    assert [len(table.rows) for table in replay.tables(figures)][:1] == [5]
    assert "| crawl | 6 | 6 | 0 |" in next(replay.tables(figures)).markdown()


def test_a_stage_that_fails_is_named_with_what_it_said(evaluation: Path, tmp_path: Path) -> None:
    home = tmp_path / "replay"
    home.mkdir()
    nowhere = {"WIREWATCH_ELASTICSEARCH__URL": "no address"}
    with pytest.raises(replay.UserError, match=r"(?s)`wirewatch alerts apply --yes` ended with status 1.*no address"):
        replay.replay(replay.load_cases(evaluation, limit=1), home, nowhere)


def test_without_evaluation_data_it_says_so_and_succeeds(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.replay", "--eval", str(tmp_path / "none")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert "no evaluation data" in done.stdout


def test_the_readme_has_a_section_for_each_benchmark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "README", tmp_path / "README.md")
    figures: dict[str, float] = {"replay.pages": 3, "replay.sites": 2, "replay.crawl.failed.http-404": 1}
    for stage in replay.COMMANDS:
        figures |= {f"replay.{stage}.{what}": 2 for what in ("in", "out", "seconds", "per_s", "peak_mb")}
    report.write_readme([(replay, figures)])
    written = report.README.read_text()
    assert "## replay" in written
    assert "python -m benchmarks.replay" in written
    assert "| crawl | 2 | 2 | 1 | 2 | 2 | 2 |" in written
    assert "| crawl | http-404 | 1 |" in written
