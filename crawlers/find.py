"""Where an article is, by its address or its id: the batch that has its latest text; or why there is none.

All of it is known from the batches and the crawl state: nothing is asked of a site or of Elasticsearch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from crawlers.canonical import canonical_url
from crawlers.discovery import clean_url, is_within
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import EXTRACTIONS, Extraction, Page, PageKind, PageOutcome, article_id
from wirewatch.settings import get_settings
from wirewatch.sources import domain_of, load_sources
from wirewatch.state import State
from wirewatch.state_tables import Visit
from wirewatch.words import how_many

REFUSALS = {
    "robots": "the robots.txt of its host forbids it",
    "robots-unavailable": "the robots.txt of its host cannot be had",
    "retry-after": "the site asks to be left alone for now",
    "dns": "there is no such host",
    "connection": "the host does not answer",
    "timeout": "the host does not answer in time",
    "private-address": "the host is in a private network",
}
"""Why a page could not be had, by the reason's word."""
SHORTEST = 6
"""Digits of an id that are enough, where no other one begins so."""


@dataclass(frozen=True)
class Found:
    """An article that was extracted."""

    id: str
    batch: Batch
    """Of the stage ``articles``, with its latest text."""


def find(asked: str) -> Found:
    """The article at an address (without ``https://``, with tracking, redirected: whatever leads to it), or of an id.

    Raises:
        UserError: there is none; it says what became of the address.
    """
    settings = get_settings()
    state = State(settings.state)
    state.catch_up(settings.batches)
    id = _of_id(state, asked.lower()) if re.fullmatch(r"[0-9a-fA-F]+", asked) else _of_address(state, asked)
    return Found(id, Batch(settings.batches, "articles", state.known([id])[id].batch))


def _of_id(state: State, beginning: str) -> str:
    if len(beginning) < SHORTEST:
        raise UserError(f"{beginning} may begin many ids: give at least {SHORTEST} digits, or the article's address.")
    ids = state.ids(beginning, most=4)
    if len(ids) > 1:
        raise UserError(f"Several articles have an id that begins with {beginning}: {', '.join(ids[:3])} … Give more.")
    if not ids:
        raise UserError(
            f"No article has the id {beginning}. `wirewatch search … --json` shows ids; an address does too."
        )
    return ids[0]


def _of_address(state: State, asked: str) -> str:
    addresses = list(_spelled(asked))
    if not addresses:
        raise UserError(
            f"{asked} is neither an address nor an id. Give one such as https://www.lemonde.fr/afrique/…, or the first "
            f"{SHORTEST} digits of an id."
        )
    ids = [article_id(address) for address in addresses]
    if known := state.known(ids):
        return next(id for id in ids if id in known)
    visits = state.look_up(addresses)
    if articles := [visit.article for visit in visits.values() if visit.article]:
        return articles[0]
    raise UserError(_why_not(state, addresses, list(visits.values())))


def _spelled(asked: str) -> Iterator[str]:
    """How the address may have been written by its site; none for a text that is no address."""
    rest = asked.partition("://")[2] if re.match(r"https?://", asked) else asked
    schemes = ("http", "https") if asked.startswith("http:") else ("https", "http")
    for address in [f"{scheme}://{rest}" for scheme in schemes]:
        cleaned = clean_url(address)
        if cleaned and ("." in domain_of(cleaned) or rest != asked):
            yield from dict.fromkeys((address, cleaned, canonical_url(cleaned)))


def _why_not(state: State, addresses: list[str], visits: list[Visit]) -> str:
    """A sentence on why there is no article at an address."""
    if visits:
        return _of_visit(max(visits, key=lambda visit: visit.asked))
    if waiting := state.listed(addresses):
        return (
            f"{waiting.url} is listed by {waiting.source} since {waiting.since:%d %b %Y}, and was not asked for yet, "
            "because a run takes no more of one source: the next `wirewatch run` goes on."
        )
    url = addresses[0]
    sources = load_sources(get_settings().sources)
    source = next((source for source in sources if is_within(url, [source.domain])), None)
    if source is None:
        domain = domain_of(url)
        return f"{domain} is not in the catalogue: `wirewatch sources add https://{domain}/` adds it."
    return (
        f"No listing of {source.domain} has had {url} so far; known of it: "
        f"{how_many(state.articles(source.domain), 'article')}. "
        f"`wirewatch crawl --source {source.domain}` looks once more, and `wirewatch sources check --source "
        f"{source.domain}` shows whether its listings work."
    )


def _of_visit(visit: Visit) -> str:
    """Why an address that was asked for has no article."""
    if visit.kind == PageKind.LISTING:
        return f"{visit.url} lists articles of {visit.source}, and is none. Give the address of one of them."
    for batch, page in _requests(visit):
        when = f"{page.fetched:%d %b %Y %H:%M}"
        if page.part_of:
            return f"{page.url} is a further page of {page.part_of}: give that address."
        if page.outcome is PageOutcome.FAILED:
            why = f" ({REFUSALS[page.reason]})" if page.reason in REFUSALS else ""
            return (
                f"{page.url} could not be fetched on {when}: {page.reason}{why}. `wirewatch sources health --source "
                f"{page.source.id}` says how its site is."
            )
        extracted = batch.next("articles")
        if not extracted.exists():
            return f"{page.url} was fetched on {when} and waits to be extracted: `wirewatch extract`."
        for receipt in extracted.lines(Extraction, EXTRACTIONS):
            if receipt.url == page.url and receipt.outcome == "failed":
                reason = " ".join(filter(None, (receipt.reason, receipt.detail)))
                return (
                    f"{page.url} was fetched on {when} and gave no article: {reason}. "
                    f"`wirewatch extract {page.url} --explain` shows what was read in it."
                )
    return f"{visit.url} was asked for on {visit.asked:%d %b %Y %H:%M}; the batch that says what came back is gone."


def _requests(visit: Visit) -> Iterable[tuple[Batch, Page]]:
    """When an address was asked for and something came of it, the last time first."""
    last = f"{visit.asked:%Y%m%dT%H%M%SZ}"  # no batch that began later has it
    for batch in reversed(batches.finished(get_settings().batches, "pages")):
        if batch.name[: len(last)] <= last:
            for page in batch.read(Page):
                if page.url == visit.url and page.outcome is not PageOutcome.UNCHANGED:
                    yield batch, page
