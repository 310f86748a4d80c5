"""Real article pages, cut out by our generic extraction and by other tools, beside what people found there.

Every page of the evaluation's extraction sets is read by `crawlers.pages.article.ArticlePage` (no page object for any
site), and by trafilatura, newspaper4k, news-please and readability-lxml (`pip install -e '.[bench]'`; one that is not
installed is left out), in one process, with nothing but its address and bytes, which are decoded as we do where a tool
wants text; the set's own scorer compares (`score.py`, where each measure is explained). A page that a tool fails on
counts as empty, and so does one on which it is still busy after 5 s (`cut_off` counts them). The predicted text is the
lead and the body. As authors count the people and the others whom the page credits (agencies, desks, the outlet),
because the truth has those too; `authors_people` is scored with the people alone. Pages per second are those of
processor time on one core, the import of the tools left out.

The worst pages of a set are those with the lowest mean of what their truth covers; their reason is what came out worst.
The last table has the pages, of all sets, of the sites that have a page object, read without it and with it.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import logging
import signal
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmarks import report
from benchmarks.report import Figures, Table
from wirewatch.errors import UserError

if TYPE_CHECKING:
    from crawlers.pages import ArticleItem

EVALUATED = True
SETS = ("fundus", "aeb", "fundus_eval", "trafilatura", "mediacloud200", "mercury", "wcxb_article")
MEASURES = {
    "body": "body_f1",
    "seg_f1": "segments_f1",
    "title": "title",
    "date": "date",
    "datetime": "datetime",
    "authors": "authors",
    "tags": "tags",
    "lead": "lead_f1",
    "captions": "captions",
    "leak": "leak",
    "cover": "cover",
    "lang": "language",
    "pages_per_s": "pages_per_s",
}
"""The scorer's measures, and what they are called in the figures."""
GIVEN_AS = {
    "title": "title",
    "date": "published",
    "datetime": "published",
    "authors": "authors",
    "tags": "tags",
    "lead_f1": "lead",
    "captions": "images",
    "cover": "image",
    "language": "lang",
}
"""What of a prediction a measure is about: a tool that gives it for no page is not scored by it."""
JUDGED = ("body_f1", "segments", "title", "date", "authors", "tags", "lead_f1", "captions")
"""The measures by which a page is among the worst."""
WORST = 10
SECONDS = 5.0
"""Wall-clock seconds that a tool has for a page."""

Prediction = dict[str, Any]
Tool = Callable[[str, bytes], Prediction]


def ours(url: str, html: bytes) -> Prediction:
    """The generic extraction, whatever page object the address may have."""
    from crawlers.pages import http_response, result_of
    from crawlers.pages.article import ArticlePage

    return _prediction(result_of(ArticlePage(response=http_response(url, html)).to_item()))


def with_page_objects(url: str, html: bytes) -> Prediction:
    """The extraction with the page object that the address has, as the extract stage does it."""
    from crawlers.pages import read_article

    return _prediction(read_article(url, html))


def _prediction(item: ArticleItem) -> Prediction:
    return {
        "title": item.title,
        "authors": [*item.authors, *item.agencies],
        "people": list(item.authors),
        "published": item.published and item.published.isoformat(),
        "body": "\n\n".join(filter(None, [item.lead, item.body])),
        "lead": item.lead,
        "tags": list(item.tags),
        "lang": item.language,
        "image": item.images[0].url if item.images else None,
        "images": [{"url": image.url, "caption": image.caption} for image in item.images],
    }


def trafilatura(url: str, html: bytes) -> Prediction:
    """trafilatura with its defaults, comments and the second look at dates left out."""
    from trafilatura import bare_extraction

    found = bare_extraction(html, url=url, include_comments=False, with_metadata=True)
    if found is None:
        return {}
    return {
        "title": found.title,
        "authors": [found.author] if found.author else [],
        "published": found.date,
        "body": found.text,
        "tags": [*(found.tags or []), *(found.categories or [])],
        "lang": found.language,
        "image": found.image,
    }


def newspaper4k(url: str, html: bytes) -> Prediction:
    """newspaper4k with its defaults, without asking the web for the pictures' sizes."""
    from newspaper import Article

    article = Article(url, fetch_images=False)
    article.download(input_html=_text(url, html))
    article.parse()
    return {
        "title": article.title,
        "authors": article.authors,
        "published": article.publish_date and article.publish_date.isoformat(),
        "body": article.text,
        "tags": [*(article.tags or ()), *(article.meta_keywords or ())],
        "lang": article.meta_lang,
        "image": article.top_image,
    }


def news_please(url: str, html: bytes) -> Prediction:
    """news-please's extractors, as its library calls them: newspaper4k, readability-lxml, dates and language."""
    from newsplease import NewsPlease

    found = NewsPlease.from_html(_text(url, html), url=url, fetch_images=False)
    return {
        "title": found.title,
        "authors": found.authors,
        "published": found.date_publish and found.date_publish.isoformat(),
        "body": found.maintext,
        "lang": found.language,
        "image": found.image_url,
    }


def readability(url: str, html: bytes) -> Prediction:
    """readability-lxml, which gives a title and the HTML of the text."""
    from lxml.html import fromstring
    from readability import Document

    document = Document(_text(url, html))
    text = fromstring(document.summary())
    for block in text.iter("p", "div", "li", "br", "blockquote", "pre", "tr", "h1", "h2", "h3", "h4", "h5", "h6"):
        block.tail = "\n" + (block.tail or "")
    return {"title": document.short_title(), "body": text.text_content()}


def _text(url: str, html: bytes) -> str:
    from crawlers.pages import http_response

    return http_response(url, html).text


TOOLS: dict[str, Tool] = {
    "": ours,
    "trafilatura": trafilatura,
    "newspaper4k": newspaper4k,
    "news_please": news_please,
    "readability": readability,
}
"""What is measured, by the name in the figures; ours has none."""
MODULES = {
    "trafilatura": "trafilatura",
    "newspaper4k": "newspaper",
    "news_please": "newsplease",
    "readability": "readability",
}
"""What each tool is imported as."""


def measure(evaluation: Path, limit: int | None = None) -> Figures:
    """Read all pages, or the first so many of each set.

    Raises:
        UserError: the folder has none of the sets.
    """
    folder = evaluation / "extraction"
    present = [name for name in SETS if (folder / f"{name}.jsonl.gz").is_file()]
    if not present:
        raise UserError(f"{folder} has none of the sets {', '.join(SETS)}; --eval names another folder.")
    scorer = report.scorer(folder / "score.py")
    for noisy in ("trafilatura", "htmldate", "courlan", "justext", "newspaper", "newsplease", "readability"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module="newspaper|newsplease|bs4|dateutil")
    missing = [tool for tool, module in MODULES.items() if importlib.util.find_spec(module) is None]
    if missing:
        print(f"not installed, and left out: {', '.join(missing)} (pip install -e '.[bench]')")
    figures: Figures = {}
    registered: dict[str, list[tuple[dict[str, float], dict[str, float]]]] = defaultdict(list)
    for name in present:
        cases = _cases(folder / f"{name}.jsonl.gz")[:limit]
        for tool, read in TOOLS.items():
            if tool in missing:
                continue
            predicted = [_predict(read, case, folder / name / f"{case['id']}.html.gz") for case in cases]
            scores = [scorer.page(case, said) for case, said in zip(cases, predicted, strict=True)]
            start = f"extraction.{name}." + (f"{tool}." if tool else "")
            figures |= {
                f"{start}{key}": value
                for key, value in _summary(scorer, scores).items()
                if not tool or key not in GIVEN_AS or any(said.get(GIVEN_AS[key]) for said in predicted)
            }
            figures[f"{start}cut_off"] = sum(said.get("error") == CUT_OFF for said in predicted)
            if not tool:
                figures[f"{start}pages"] = len(cases)
                figures[f"{start}slowest_s"] = max(said["secs"] for said in predicted)
                people = [
                    scorer.page(case, said | {"authors": said.get("people")})
                    for case, said in zip(cases, predicted, strict=True)
                ]
                if "authors" in (alone := _summary(scorer, people)):
                    figures[f"{start}authors_people"] = alone["authors"]
                figures |= {f"{start}{key}": value for key, value in _by_language(scorer, cases, scores)}
                figures |= {f"{start}worst.{key}": value for key, value in _worst(cases, scores)}
                for case, generic in zip(cases, scores, strict=True):
                    if site := _registered(case["url"]):
                        own = _predict(with_page_objects, case, folder / name / f"{case['id']}.html.gz")
                        registered[site].append((generic, scorer.page(case, own)))
    for site, pages in registered.items():
        start = f"extraction.page_objects.{site}."
        figures[f"{start}pages"] = len(pages)
        for which, scores in (("generic", [one for one, _ in pages]), ("own", [one for _, one in pages])):
            figures |= {f"{start}{which}.{key}": value for key, value in _summary(scorer, scores).items()}
    return figures


def _registered(url: str | None) -> str | None:
    """The site of an address that has a page object of its own."""
    from web_poet import default_registry

    from crawlers.discovery import site_of
    from crawlers.pages import ArticleItem, load_page_objects
    from crawlers.pages.article import ArticlePage

    load_page_objects()
    if not url or default_registry.page_cls_for_item(url, ArticleItem) is ArticlePage:
        return None
    return site_of(urlsplit(url).hostname or "")


def _cases(file: Path) -> list[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def _predict(read: Tool, case: dict[str, Any], file: Path) -> Prediction:
    """What a tool says of a page, with the seconds of processor time; a page that it fails on is empty."""
    html = gzip.decompress(file.read_bytes())
    _warm(read)
    begun = time.process_time()
    try:
        with _cut_off():
            said = read(case["url"] or "http://unknown.invalid/", html)
    except _CutOff:
        said = {"error": CUT_OFF}
    except Exception as error:  # whatever it is, the page is lost to this tool
        said = {"error": repr(error)}
    return said | {"secs": time.process_time() - begun}


CUT_OFF = f"cut off after {SECONDS:g} s"


class _CutOff(BaseException):
    """A tool was busy for too long. No Exception, or a tool might take it for one of its own."""


@contextmanager
def _cut_off() -> Iterator[None]:
    """Ends the block after :data:`SECONDS`, or as soon as it is back in Python; again and again, where it goes on."""

    def end(*_: object) -> None:
        raise _CutOff

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, SECONDS, 0.2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


_READ: set[Tool] = set()


def _warm(read: Tool) -> None:
    """Let a tool import what it needs before its time is taken."""
    if read not in _READ:
        _READ.add(read)
        text = "<p>" + "The council voted late on Tuesday, after a long debate. " * 20 + "</p>"
        read("https://www.example.com/2031/05/06/a", f"<html><h1>Council votes</h1><body>{text}</body></html>".encode())


def _summary(scorer: ModuleType, scores: list[dict[str, float]]) -> dict[str, float]:
    means, _ = scorer.summary(scores)
    return {ours: means[theirs] for theirs, ours in MEASURES.items() if theirs in means}


def _by_language(
    scorer: ModuleType, cases: list[dict[str, Any]], scores: list[dict[str, float]]
) -> Iterator[tuple[str, float]]:
    languages = defaultdict(list)
    for case, score in zip(cases, scores, strict=True):
        languages[case.get("lang") or "unknown"].append(score)
    for language, some in languages.items():
        yield f"by_language.{language}.pages", len(some)
        for key, value in _summary(scorer, some).items():
            yield f"by_language.{language}.{key}", value


def _worst(cases: list[dict[str, Any]], scores: list[dict[str, float]]) -> Iterator[tuple[str, float]]:
    pages = []
    for case, score in zip(cases, scores, strict=True):
        judged = {MEASURES[key]: value for key, value in score.items() if MEASURES.get(key) in JUDGED}
        if "_tp" in score:
            right, asked = score["_tp"] + score["_tn"], len(case["with"]) + len(case["without"])
            judged["segments"] = right / asked if asked else 1.0
        if judged and min(judged.values()) < 1:
            pages.append((sum(judged.values()) / len(judged), str(case["id"]), judged))
    for mean, name, judged in sorted(pages, key=lambda page: page[:2])[:WORST]:
        yield f"{name}.mean", mean
        for key, value in judged.items():
            yield f"{name}.{key}", value


def tables(figures: Figures) -> Iterator[Table]:
    """Each set beside the other tools, by language, and its worst pages."""
    for name in SETS:
        start = f"extraction.{name}."
        of_set = {key.removeprefix(start): value for key, value in figures.items() if key.startswith(start)}
        if not of_set:
            continue
        measures = [measure for measure in MEASURES.values() if measure in of_set]
        others = [tool for tool in TOOLS if f"{tool}.pages_per_s" in of_set]
        yield Table(
            f"{name}: {of_set['pages']:.0f} pages",
            ["measure", "wirewatch", *others],
            [
                [measure, of_set[measure], *(of_set.get(f"{tool}.{measure}", "") for tool in others)]
                for measure in ["authors_people", *measures, "cut_off"]
                if measure in of_set
            ],
        )
        languages = sorted(
            (key.split(".")[1] for key in of_set if key.startswith("by_language.") and key.endswith(".pages")),
            key=lambda language: -of_set[f"by_language.{language}.pages"],
        )
        if len(languages) > 1:
            yield Table(
                f"{name} by language",
                ["language", "pages", *measures],
                [
                    [language, *(of_set.get(f"by_language.{language}.{key}", "") for key in ("pages", *measures))]
                    for language in languages
                ],
            )
        worst: dict[str, dict[str, float]] = defaultdict(dict)
        for key, value in of_set.items():
            if key.startswith("worst."):
                page, _, measure = key.removeprefix("worst.").rpartition(".")
                worst[page][measure] = value
        yield Table(
            f"{name}: the worst pages",
            ["page", "mean", "why"],
            [[page, judged["mean"], _reason(judged)] for page, judged in worst.items()],
        )
    if rows := list(_page_objects(figures)):
        yield Table("page objects", ["site", "pages", "measure", "generic", "page object"], rows)


def _page_objects(figures: Figures) -> Iterator[list[str | float]]:
    """A row for each measure in which a site's page object differs from the generic one."""
    start = "extraction.page_objects."
    of_sites = {key.removeprefix(start): value for key, value in figures.items() if key.startswith(start)}
    for site in (key.removesuffix(".pages") for key in of_sites if key.endswith(".pages")):
        for measure in MEASURES.values():
            generic, own = (of_sites.get(f"{site}.{which}.{measure}") for which in ("generic", "own"))
            if generic is not None and own is not None and generic != own and measure != "pages_per_s":
                yield [site, of_sites[f"{site}.pages"], measure, generic, own]


def _reason(judged: dict[str, float]) -> str:
    low = sorted((value, measure) for measure, value in judged.items() if measure != "mean" and value < 0.9)
    return ", ".join(f"{measure} {value:.2f}" for value, measure in low)


if __name__ == "__main__":
    report.run(sys.modules[__name__])
