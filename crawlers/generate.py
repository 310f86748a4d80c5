"""Writes page objects: the class for a site, and the pages that it is tested with.

A page is under copyright, its shape is not: its words are replaced by made-up ones (:mod:`crawlers.scrub`). What a page
then gives is written down beside it, and ``tests/crawlers/pages/test_fixtures.py`` compares.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from web_poet import HttpResponse, PageParams, default_registry
from web_poet.testing import Fixture

from crawlers.discovery import is_within, site_of
from crawlers.explain import SavedPage, explain
from crawlers.extract import Rejected, read_alone
from crawlers.fixtures import RecordAdapter
from crawlers.pages import http_response, load_page_objects
from crawlers.pages.item import ArticleItem
from crawlers.scrub import scrub
from wirewatch.errors import UserError
from wirewatch.records import Hint, now

CHECKOUT = Path(__file__).parents[1]
CLASSES = "crawlers/pages"
FIXTURES = "tests/crawlers/pages/fixtures"

_TEMPLATE = '''"""{domain}, in the layout of {day}. See ``docs/write-a-page-object.md``."""

from __future__ import annotations

from web_poet import field, handle_urls

from crawlers.pages.article import ArticlePage


@handle_urls("{domain}")
class {name}(ArticlePage):
    """Articles of {domain}."""

    @field
    def title(self) -> str:
        """An example: it gives what the generic page object gives. Override the fields that are wrong, and only those.

        `wirewatch extract URL --explain` shows which they are. A class without an override is of no use: remove it.
        """
        title: str = super().title
        return title
'''


@dataclass(frozen=True)
class PageClass:
    """A class that reads articles."""

    name: str
    module: str
    patterns: tuple[str, ...]
    """The addresses it is used for; the empty one stands for all."""
    fields: tuple[str, ...]
    """What it reads otherwise than the generic one; of that, all it reads."""


@dataclass(frozen=True)
class NewClass:
    """A class that is to be written."""

    file: Path
    name: str
    """In full."""
    code: str


@dataclass(frozen=True)
class TestPage:
    """A page that is to test a class."""

    __test__ = False
    page: SavedPage
    """As it will be written down."""
    item: ArticleItem
    """What it gives."""
    lost: tuple[str, ...]
    """Fields that it gives, and no longer gives since its words were replaced."""


def page_classes() -> list[PageClass]:
    """The classes that read articles, the generic one first."""
    load_page_objects()
    fields = set(ArticleItem.model_fields)
    return sorted(
        (
            PageClass(
                rule.use.__name__,
                rule.use.__module__,
                tuple(rule.for_patterns.include),
                tuple(name for name in vars(rule.use) if name in fields),
            )
            for rule in default_registry.get_rules()
            if rule.to_return is ArticleItem
        ),
        key=lambda one: (one.patterns, one.module),
    )


def class_for(domain: str) -> PageClass | None:
    """The class that is registered for a domain, or for some of its addresses."""
    for found in page_classes():
        for pattern in found.patterns:
            if pattern.partition("/")[0].partition(":")[0].removeprefix("www.") == domain:
                return found
    return None


def new_class(domain: str, name: str | None = None) -> NewClass:
    """The class for a domain, not yet written.

    Args:
        domain: such as ``lemonde.fr``.
        name: of the module; by default, the domain's.

    Raises:
        UserError: the domain is none, or it has a class; or the module's name is none, or is taken.
    """
    if not re.fullmatch(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", domain):
        raise UserError(f"{domain} is no domain. Give one such as lemonde.fr, without https://, port and path.")
    if found := class_for(domain):
        raise UserError(
            f"{domain} has a page object already: {found.name} in {found.module.replace('.', '/')}.py. "
            "`wirewatch pages save` adds a page to its tests."
        )
    module = name or module_name(domain)
    if not module.isidentifier() or keyword.iskeyword(module) or module != module.lower():
        raise UserError(f"{module} is no name for a module: give one of small letters and digits with --name.")
    file = CHECKOUT / CLASSES / f"{module}.py"
    if file.exists():
        raise UserError(f"There is a file {CLASSES}/{module}.py already: give another name with --name.")
    _in_checkout()
    class_name = "".join(part.capitalize() for part in module.split("_")) + "Page"
    code = _TEMPLATE.format(domain=domain, name=class_name, day=f"{now():%Y-%m-%d}")
    return NewClass(file, f"crawlers.pages.{module}.{class_name}", code)


def module_name(domain: str) -> str:
    """A name for the module of a domain: ``lemonde`` for ``lemonde.fr``."""
    name = re.sub(r"\W", "_", site_of(domain).split(".")[0])
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"site_{name}"


def read_for_tests(
    domain: str, pages: Iterable[SavedPage], *, keep_text: bool = False, keep: Sequence[str] = ()
) -> list[TestPage]:
    """What pages give that are to test the class of a domain.

    Args:
        domain: the class's.
        pages: the pages.
        keep_text: leave their words.
        keep: else, the words that stay, because the class looks for them.

    Raises:
        UserError: a page is not of the domain, or gives no article, with its own words or with the made-up ones.
    """
    return [_read(domain, page, keep_text, keep) for page in pages]


def _read(domain: str, page: SavedPage, keep_text: bool, keep: Sequence[str]) -> TestPage:
    url = page.response.url
    if not is_within(url, [domain]):
        raise UserError(f"{url} is not on {domain}: the class would not be used for it.")
    before = explain(page).item
    if before.problem:
        raise UserError(
            f"{url} gives no article ({before.problem}): choose another page of the site. `wirewatch extract` shows "
            "what it gives."
        )
    page = replace(page if keep_text else scrubbed(page, keep), hint=Hint())
    after = explain(page).item
    if after.problem:
        raise UserError(
            f"{url} gives no article once its words are replaced ({after.problem}). Choose another page, or write a "
            "small one by hand, or keep the words with --keep-text and do not publish it."
        )
    lost = (name for name in ArticleItem.model_fields if getattr(before, name) and not getattr(after, name))
    return TestPage(page, after, tuple(lost))


def write_fixture(class_name: str, page: TestPage) -> Path:
    """Write a page down for the tests of a class; returns the folder.

    Args:
        class_name: the class in full.
        page: the page.

    Raises:
        UserError: that is no checkout.
    """
    _in_checkout()
    answer = page.page.response
    kept = [(name, value) for name, value in answer.headers if name.lower() == "content-type"]
    response = HttpResponse(answer.url, answer.body, status=answer.status, headers=kept)
    folder = CHECKOUT / FIXTURES / class_name
    folder.mkdir(parents=True, exist_ok=True)
    meta = {"adapter": RecordAdapter, "frozen_time": answer.fetched.isoformat()}
    return Fixture.save(folder, inputs=[response, PageParams({})], item=page.item, meta=meta).path


def scrubbed(page: SavedPage, keep: Sequence[str] = ()) -> SavedPage:
    """The page with made-up words, in UTF-8.

    Raises:
        UserError: that failed.
    """
    answer = page.response
    found = read_alone(_scrub, answer.url, answer.body, answer.headers, keep)
    if isinstance(found, Rejected):
        raise UserError(f"The words of {answer.url} cannot be replaced: {found.reason} {found.detail}".rstrip())
    url, body = found
    return replace(
        page, response=replace(answer, url=url, body=body, headers=[("Content-Type", "text/html; charset=utf-8")])
    )


def _scrub(url: str, body: bytes, headers: list[tuple[str, str]], keep: Sequence[str]) -> tuple[str, bytes] | Rejected:
    """Runs in a worker."""
    try:
        new, html = scrub(url, http_response(url, body, headers).text, keep)
        return new, html.encode("utf-8", "replace")
    except Exception as error:  # whatever a site sends
        return Rejected("error", f"{type(error).__name__}: {error}")


def _in_checkout() -> None:
    folder = CHECKOUT / FIXTURES
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}: page objects are written in a checkout of Wirewatch.")
