"""``wirewatch extract URL|FILE`` and ``wirewatch pages``, as somebody types them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from crawlers import generate
from tests.loopback import Headers, serving
from wirewatch.cli import cli
from wirewatch.records import SourceRef
from wirewatch.settings import get_settings

Type = Callable[..., Result]
URL = "https://www.lagoon.example/harbour/2031/05/the-ferry-sails-again"
TEXT = " ".join(["The ferry left the harbour on Tuesday, and those on board sang until the island was in sight."] * 5)
PAGE = f"""<html lang="en"><head><title>The ferry sails again | Lagoon</title>
<link rel="canonical" href="{URL}"><meta property="og:title" content="The ferry sails again">
<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "The ferry sails again",
"author": {{"@type": "Person", "name": "Amina Diallo"}}, "datePublished": "2031-05-06T07:08:00Z"}}</script>
</head><body><article><h1>The ferry sails again</h1><p>{TEXT}</p></article></body></html>"""


@pytest.fixture
def type_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Type]:
    for name, value in {"HOME": tmp_path / "home", "CRAWL__DELAY": 0, "CRAWL__ALLOW_PRIVATE": True}.items():
        monkeypatch.setenv(f"WIREWATCH_{name}", str(value))
    # The article is of a day to come.
    monkeypatch.setenv("WIREWATCH_TIME_SHIFT", str(10 * 366 * 86400))
    monkeypatch.setenv("COLUMNS", "200")
    get_settings.cache_clear()
    yield lambda *words: CliRunner().invoke(cli, [str(word) for word in words])
    get_settings.cache_clear()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    file = tmp_path / "saved.html"
    file.write_text(PAGE)
    return file


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where page objects are written instead of here."""
    root = tmp_path / "checkout"
    (root / generate.CLASSES).mkdir(parents=True)
    (root / generate.FIXTURES).mkdir(parents=True)
    monkeypatch.setattr(generate, "CHECKOUT", root)
    return root


def problem(result: Result) -> str:
    """The sentence for the user."""
    assert result.exit_code == 1, result.output
    return str(result.exception)


def test_a_saved_page_is_shown_with_the_origin_of_each_field(type_: Type, saved: Path) -> None:
    shown = type_("extract", saved).output
    assert URL in shown and f"the file {saved}" in shown.replace("\n", "")
    assert re.search(r"authors\s*│ Amina Diallo\s*│ json-ld author", shown)
    assert "chosen because" not in shown


def test_explained_each_candidate_stands_with_its_source_and_one_is_marked(type_: Type, saved: Path) -> None:
    shown = type_("extract", saved, "--explain").output
    assert "chosen because" in shown and "✓" in shown
    assert all(origin in shown for origin in ("meta og:title", "h1", "json-ld headline", "json-ld datePublished"))


def test_scripts_get_json(type_: Type, saved: Path) -> None:
    given = json.loads(type_("extract", saved, "--json").output)
    assert given["page"] == URL and given["page_object"] == "ArticlePage" and "fields" not in given
    assert given["article"]["title"] == "The ferry sails again" and given["article"]["problem"] is None
    (title,) = (
        field
        for field in json.loads(type_("extract", saved, "--json", "--explain").output)["fields"]
        if field["name"] == "title"
    )
    assert ["h1", "The ferry sails again"] in title["candidates"] and title["origin"]


def test_the_page_object_of_a_site_is_named_as_the_reason(type_: Type, tmp_path: Path) -> None:
    fixture = next((generate.CHECKOUT / generate.FIXTURES).glob("*TV5MondePage/test-1"))
    body = fixture / "inputs" / "HttpResponse-body.html"
    url = json.loads((fixture / "inputs" / "HttpResponse-info.json").read_text())["url"]
    shown = type_("extract", body, "--url", url, "--explain").output
    assert "read by TV5MondePage" in shown and "the page object of this site says so" in shown


def test_a_page_that_is_no_article_says_why(type_: Type, tmp_path: Path) -> None:
    file = tmp_path / "list.html"
    file.write_text("<html><body><h1>News</h1><p>Short.</p></body></html>")
    shown = type_("extract", file, "--url", "https://lagoon.example/").output
    assert "No article: no-text" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing.html"], "There is no file missing.html"),
        (["ftp://lagoon.example/a"], "is no address of a page"),
        (["https://"], "is no address of a page"),
        (["--explain"], "--url, --explain and --json want a page"),
    ],
)
def test_what_is_no_page_is_refused(type_: Type, words: list[str], said: str) -> None:
    assert said in problem(type_("extract", *words))


def test_a_file_that_is_no_page_or_has_no_address_is_refused(type_: Type, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"%PDF-1.7 \x00\xff\xfe binary")
    assert "is not HTML" in problem(type_("extract", file))
    file.write_text("<html><body><p>Text</p></body></html>")
    assert "say it with --url" in problem(type_("extract", file))
    assert "is no address" in problem(type_("extract", file, "--url", "lagoon"))


def test_an_address_is_asked_for_as_robots_txt_allows(type_: Type) -> None:
    asked: list[str] = []
    robots = ["User-agent: *\nDisallow: /secret"]

    def answer(path: str, headers: Headers) -> tuple[int, Headers, bytes]:
        asked.append(path)
        body = robots[0] if path == "/robots.txt" else PAGE
        return 200, {"Content-Type": "text/html"}, body.encode()

    with serving(answer) as port:
        host = f"http://lagoon.localhost:{port}"
        shown = type_("extract", f"{host}/story").output
        assert (
            "fetched now and not archived" in shown and "Amina Diallo" in shown and asked == ["/robots.txt", "/story"]
        )
        said = problem(type_("extract", f"{host}/secret/story"))
        assert "the robots.txt of its host forbids it (robots)" in said and "/secret/story" not in asked


def test_an_archived_page_is_not_asked_for_again(type_: Type, tmp_path: Path) -> None:
    from scrapy.http import HtmlResponse, Request

    from crawlers.archive import WarcFile
    from wirewatch import batches
    from wirewatch.batches import Batch
    from wirewatch.records import Page, PageKind, PageOutcome, now

    asked = "https://www.lagoon.example/ferry"
    warc = WarcFile(tmp_path, "pages", 10**9)
    request = Request(asked)
    name, offset = warc.add(request, HtmlResponse(asked, body=PAGE.encode(), request=request))
    warc.close()
    source = SourceRef(id="lagoon.example", name="Lagoon", country="GB")
    page = Page(
        url=asked,
        source=source,
        kind=PageKind.ARTICLE,
        outcome=PageOutcome.FETCHED,
        fetched=now(),
        digest="0",
        warc=name,
        offset=offset,
    )
    batch = Batch(get_settings().batches, "pages", batches.run_name(now(), "0000000000") + "-g00")
    with batches.write(batch) as out:
        out.add(page)
        out.add_file(name, tmp_path / name)
    shown = type_("extract", asked)
    assert f"the archive, batch {batch.name}" in shown.output.replace("\n", ""), shown.output
    assert "Amina Diallo" in shown.output
    # Once it is extracted, by the article's own address too.
    assert type_("extract").exit_code == 0
    assert f"the archive, batch {batch.name}" in type_("extract", URL).output.replace("\n", "")


def test_new_writes_a_class_and_a_page_without_its_text(type_: Type, checkout: Path, saved: Path) -> None:
    done = type_("pages", "new", "lagoon.example", "--from-file", saved)
    assert done.exit_code == 0, done.output
    module = (checkout / "crawlers/pages/lagoon.py").read_text()
    compile(module, "lagoon.py", "exec")
    assert '@handle_urls("lagoon.example")\nclass LagoonPage(ArticlePage):' in module
    fixture = checkout / generate.FIXTURES / "crawlers.pages.lagoon.LagoonPage" / "test-1"
    page = (fixture / "inputs/HttpResponse-body.html").read_text()
    output = json.loads((fixture / "output.json").read_text())
    everything = page + json.dumps(output) + (fixture / "inputs/HttpResponse-info.json").read_text()
    assert not re.search(r"ferry|sails|Amina|Diallo|Tuesday,? and", everything, re.IGNORECASE)
    assert output["problem"] is None and output["published"] == "2031-05-06T07:08:00Z"
    # What agreed agrees, in words of the same length and case.
    assert page.count(output["title"]) == 4
    assert [len(word) for word in output["title"].split()] == [3, 5, 5, 5]
    assert re.fullmatch(
        r"https://www\.lagoon\.example/harbour/2031/05/[a-z]{3}-[a-z]{5}-[a-z]{5}-[a-z]{5}", output["url"]
    )


def test_the_words_stay_if_that_is_asked_for(type_: Type, checkout: Path, saved: Path) -> None:
    assert type_("pages", "new", "lagoon.example", "--from-file", saved, "--keep-text", "--name", "wet").exit_code == 0
    fixture = checkout / generate.FIXTURES / "crawlers.pages.wet.WetPage" / "test-1"
    assert json.loads((fixture / "output.json").read_text())["title"] == "The ferry sails again"


@pytest.mark.parametrize(
    ("domain", "more", "said"),
    [
        ("https://lagoon.example", [], "is no domain"),
        ("lagoon", [], "is no domain"),
        ("lagoon.example", ["--name", "tv 5"], "is no name for a module"),
        ("lagoon.example", ["--name", "class"], "is no name for a module"),
        ("lagoon.example", ["--name", "taken"], "There is a file crawlers/pages/taken.py already"),
        ("puddle.example", [], "is not on puddle.example"),
    ],
)
def test_new_says_why_it_cannot(
    type_: Type, checkout: Path, saved: Path, domain: str, more: list[str], said: str
) -> None:
    taken = checkout / generate.CLASSES / "taken.py"
    taken.write_text("")
    assert said in problem(type_("pages", "new", domain, "--from-file", saved, *more))
    assert list((checkout / generate.CLASSES).iterdir()) == [taken] and not any(
        (checkout / generate.FIXTURES).iterdir()
    )


def test_new_refuses_a_page_without_an_article_and_a_site_that_has_a_class(
    type_: Type, checkout: Path, tmp_path: Path, saved: Path
) -> None:
    empty = tmp_path / "empty.html"
    empty.write_text("<html><body><h1>News</h1></body></html>")
    url = "https://lagoon.example/"
    assert "gives no article (no-text)" in problem(
        type_("pages", "new", "lagoon.example", "--from-file", empty, "--url", url)
    )
    assert "Give a page of the site" in problem(type_("pages", "new", "lagoon.example"))
    known = "information.tv5monde.com"
    said = problem(type_("pages", "new", known, "--from-file", saved, "--url", f"https://{known}/a"))
    assert "has a page object already: TV5MondePage" in said
    assert "has no page object" in problem(type_("pages", "save", "lagoon.example", "--from-file", saved))


def test_save_adds_a_page_to_the_tests_of_a_class_and_keeps_the_words_it_looks_for(
    type_: Type, checkout: Path, saved: Path
) -> None:
    known = ("information.tv5monde.com", "--from-file", saved, "--url", "https://information.tv5monde.com/a")
    assert type_("pages", "save", *known, "--keep-word", "Ferry").exit_code == 0
    fixture = checkout / generate.FIXTURES / "crawlers.pages.tv5monde.TV5MondePage" / "test-1"
    title = json.loads((fixture / "output.json").read_text())["title"]
    assert re.fullmatch(r"(?!The)\w{3} ferry (?!sails)\w{5} (?!again)\w{5}", title)


def test_list_shows_the_classes_and_their_addresses(type_: Type) -> None:
    shown = type_("pages", "list").output
    assert re.search(r"tv5monde\.TV5MondePage\s*│ information\.tv5monde\.com\s*│ lead, images", shown)
    assert re.search(r"ArticlePage\s*│ all", shown)
