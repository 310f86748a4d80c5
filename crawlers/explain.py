"""One page looked at: the article it gives, and what each of its fields was chosen from.

The page is a saved file, or one of the archive, or is asked for as politely as by a crawl. It is read as the extract
stage reads it: in a worker process that has five seconds for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from parsel import Selector
from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from crawlers.archive import ArchivedResponse, read_response
from crawlers.discovery import clean_url, is_within
from crawlers.extract import Rejected, read_alone
from crawlers.find import REFUSALS
from crawlers.pages import http_response, page_object, result_of
from crawlers.pages.article import ArticlePage
from crawlers.pages.charset import encoding_of
from crawlers.pages.choice import Choice
from crawlers.pages.item import ArticleItem
from crawlers.pages.metadata import encodable
from crawlers.survey import fetch
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import Hint, Page, PageKind, Record, article_id, now
from wirewatch.settings import get_settings
from wirewatch.sources import domain_of, load_sources
from wirewatch.state import State

_TAG = re.compile(r"<(?:!doctype\s+html|html|head|body|title|meta|article|main|div|h1|p)\b", re.IGNORECASE)


@dataclass(frozen=True)
class SavedPage:
    """A page, and what is known beside it."""

    response: ArchivedResponse
    """Its address is empty where none is known."""
    hint: Hint
    place: str
    """Where the page is from, for people."""


class Explained(Record):
    """A field of an article, and what it was chosen from."""

    name: str
    value: JsonValue
    origin: str = ""
    why: str = ""
    candidates: tuple[tuple[str, JsonValue], ...] = ()
    """Origin and value of each, in the order in which they are asked."""


class Reading(Record):
    """What a page gives."""

    url: str
    """The address that answered."""
    page_object: str
    """The class that read it."""
    item: ArticleItem
    fields: tuple[Explained, ...]
    """All fields of the item but ``origins`` and ``problem``."""


def page_at(address: str) -> SavedPage:
    """A page by its address: the latest of the archive, else from its site.

    Raises:
        UserError: the address is none, or its site does not give the page.
    """
    if not domain_of(address) or not address.startswith(("http://", "https://")):
        raise UserError(f"{address} is no address of a page. Give one such as https://www.lemonde.fr/afrique/…")
    if found := _archived(address):
        batch, page = found
        return SavedPage(read_response(batch, page), page.hint, f"the archive, batch {batch.name}")
    sources = load_sources(get_settings().sources)
    given = fetch(address, next((source for source in sources if is_within(address, [source.domain])), None))
    if given.reason:
        why = REFUSALS.get(given.reason, "its site did not give it")
        raise UserError(
            f"{given.url} was not fetched: {why} ({given.reason}). A page saved with a browser can be given instead of "
            "the address."
        )
    _refuse_other_than_html(given.body, given.url)
    response = ArchivedResponse(given.url, 200, list(given.headers), given.body, now())
    return SavedPage(response, Hint(), "its site, fetched now and not archived")


def _archived(address: str) -> tuple[Batch, Page] | None:
    """The page of the archive that was fetched last at an address, or at one of the article that has the address."""
    settings, url = get_settings(), clean_url(address) or address
    state = State(settings.state)
    state.catch_up(settings.batches)
    visits = list(state.look_up({address, url}).values())
    for known in state.known([article_id(url)]).values():
        visits += state.addresses(known.source, known.id)
    fetched = {visit.url: visit.read for visit in visits if visit.read and visit.kind == PageKind.ARTICLE}
    if not fetched:
        return None
    last = f"{max(fetched.values()):%Y%m%dT%H%M%SZ}"  # no batch that began later has it
    for batch in reversed(batches.finished(settings.batches, "pages")):
        if batch.name[: len(last)] <= last:
            for page in batch.read(Page):
                if page.url in fetched and page.warc in batch.manifest().files:
                    return batch, page
    return None


def page_in(file: Path, url: str | None = None) -> SavedPage:
    """A page saved as a file.

    Args:
        file: its HTML.
        url: its address; by default, what the page itself says.

    Raises:
        UserError: there is no such file, or it is no page, or its address is not known.
    """
    if not file.is_file():
        raise UserError(f"There is no file {file}. An address begins with http:// or https://.")
    body = file.read_bytes()
    _refuse_other_than_html(body, str(file))
    if not url:
        address = read_alone(_own_address, body)
        if isinstance(address, Rejected) or not address:
            raise UserError(f"{file} names no address of its own (canonical, og:url): say it with --url.")
        url = str(address)
    if not domain_of(url):
        raise UserError(f"{url} is no address of a page: say it with --url https://…")
    return SavedPage(ArchivedResponse(url, 200, [], body, now()), Hint(), f"the file {file}")


def _refuse_other_than_html(body: bytes, name: str) -> None:
    if not _TAG.search(body[:100_000].decode(encoding_of(body, []), "replace")):
        raise UserError(f"{name} is not HTML: no element of a page is in it.")


def _own_address(body: bytes) -> str:
    """Runs in a worker: the address that a page says it has; empty where it says none in full."""
    page = Selector(text=body.decode(encoding_of(body, []), "replace"), type="html")
    named = page.xpath("//link[@rel='canonical']/@href | //meta[@property='og:url']/@content").getall()
    return next((address.strip() for address in named if re.match(r"\s*https?://\w", address)), "")


def explain(page: SavedPage) -> Reading:
    """What a page gives, and why.

    Raises:
        UserError: reading it failed.
    """
    reading = read_alone(_explain, page)
    if isinstance(reading, Rejected):
        said = " ".join(filter(None, (reading.reason, reading.detail)))
        raise UserError(f"{page.response.url} could not be read: {said}. (From {page.place}.)")
    assert isinstance(reading, Reading)
    return reading


def _explain(page: SavedPage) -> Reading | Rejected:
    """Runs in a worker."""
    answer = page.response
    try:
        response = http_response(answer.url, answer.body, answer.headers)
        reader = page_object(response, hint=page.hint, fetched=answer.fetched)
        item = result_of(reader.to_item())
        choices = reader.choices() if isinstance(reader, ArticlePage) else {}
        fields = tuple(
            _explained(name, choices.get(name, Choice(getattr(item, name), type(reader).__name__)))
            for name in ArticleItem.model_fields
            if name not in ("origins", "problem")
        )
        return Reading(url=answer.url, page_object=type(reader).__name__, item=item, fields=fields)
    except Exception as error:  # whatever a site sends does to a parser or a page object
        return Rejected("error", encodable(f"{type(error).__name__}: {error}"))


def _explained(name: str, choice: Choice[object]) -> Explained:
    return Explained(
        name=name,
        value=to_jsonable_python(choice.value, fallback=str),
        origin=choice.origin,
        why=choice.why,
        candidates=tuple((one.origin, to_jsonable_python(one.value, fallback=str)) for one in choice.candidates),
    )
