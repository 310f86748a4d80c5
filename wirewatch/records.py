"""The records that flow from stage to stage, one documented class each.

A record is what one line of a batch file holds. The order of the classes is the order of the stages:
:class:`Page` (crawl) → :class:`Article` and :class:`Extraction` (extract) → :class:`EnrichedArticle` (enrich) →
:class:`IndexOutcome` (index) → :class:`Notice` (alert) → :class:`SourceHealth` (health).

All times are timezone-aware UTC, to the second.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from datetime import date as Day
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from wirewatch.settings import get_settings


def utc_second(moment: datetime) -> datetime:
    """The same instant in UTC, cut to the second."""
    return moment.astimezone(UTC).replace(microsecond=0)


def now() -> datetime:
    """The current time as Wirewatch records it; the setting ``time_shift`` moves it, to simulate a week."""
    return utc_second(datetime.now(UTC) + timedelta(seconds=get_settings().time_shift))


Time = Annotated[AwareDatetime, AfterValidator(utc_second)]


class Record(BaseModel):
    """Base of every record: immutable, and strict about unknown fields so that a typo is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceRef(Record):
    """The outlet an article comes from, as the index shows it."""

    id: str
    """The catalogue's id of the source: its domain."""
    name: str
    country: str
    """ISO 3166-1 alpha-2 code of the outlet's country."""


class PageKind(StrEnum):
    """What the crawler asked an address for."""

    LISTING = "listing"
    """A feed, a news sitemap or a section page: it lists articles."""
    ARTICLE = "article"
    PART = "part"
    """A further page of an article, see :attr:`Page.part_of`."""


class PageOutcome(StrEnum):
    """What came back."""

    FETCHED = "fetched"
    UNCHANGED = "unchanged"
    """The server answered 304, or the same bytes as last time."""
    FAILED = "failed"


class Hint(Record):
    """What a listing said about an article before it was fetched: a fallback, never preferred to the page."""

    title: str | None = None
    summary: str | None = None
    published: Time | None = None
    modified: Time | None = None
    listing: str | None = None
    """The address of the listing. Its archived response may hold the article's text: see ``crawlers/fallback.py``."""


class Page(Record):
    """One request of a crawl and its outcome. A failed one is recorded with its reason, never dropped."""

    url: str
    """The address that was asked for."""
    moved: str | None = None
    """The address that answered, where redirects led to another one."""
    source: SourceRef
    kind: PageKind
    outcome: PageOutcome
    reason: str | None = None
    """Why it failed: ``http-403``, ``robots``, ``timeout``, ``too-large``, ``dns`` …"""
    fetched: Time
    bytes: int = 0
    """Received for it, headers and redirects included."""
    seconds: float = 0.0
    """From the request to the whole answer."""
    digest: str | None = None
    """A hash of what was fetched: of an article's page its bytes, of a listing its entries."""
    entries: int | None = None
    """Of a listing that was read: the articles it lists."""
    new: int | None = None
    """Of those, the ones that were never seen before."""
    retry_after: Time | None = None
    """The site asked not to be asked before then (429 or 503 with Retry-After)."""
    etag: str | None = None
    last_modified: str | None = None
    """The ``Last-Modified`` header as the server wrote it."""
    part_of: str | None = None
    """Of a further page of an article: the address of its first page. The pages stand in their order."""
    warc: str | None = None
    """The WARC file of this batch that holds the response; None unless fetched."""
    offset: int | None = None
    """Where the response record starts in that file, in bytes."""
    hint: Hint = Hint()


GONE = ("http-404", "http-410")
"""Reasons of failed pages that say that a page was removed."""
ROBOTS_UNAVAILABLE = "robots-unavailable"
"""The reason of a page that was not asked for because its host's robots.txt could not be had."""


class Postponed(Record):
    """An article that was listed and not asked for, because a run takes no more: a line of :data:`POSTPONED`, a file
    of a ``pages`` batch. The next runs ask for it, whether it is still listed or not."""

    url: str
    source: str
    """Id of the source."""
    at: Time
    hint: Hint = Hint()


POSTPONED = "postponed.jsonl"


class Image(Record):
    """A picture of an article. Its caption and credit belong here and never into the body."""

    url: str
    caption: str | None = None
    credit: str | None = None
    width: int | None = None
    height: int | None = None


class Access(StrEnum):
    """How far an article is open to readers."""

    OPEN = "open"
    METERED = "metered"
    """All of the text is there; the site counts how much one reads."""
    TEASER = "teaser"
    """Only the beginning is there, the rest for those who pay or register."""


class Update(Record):
    """An entry of a live blog."""

    at: Time | None = None
    title: str | None = None
    body: str
    """Paragraphs separated by one blank line; they stand in the article's body too."""


class Change(Record):
    """How a site changed the text of an article: each part as a unified diff without context, None where it stayed."""

    version: str
    """The version that was replaced."""
    at: Time
    """When the new text was fetched."""
    title: str | None = None
    lead: str | None = None
    body: str | None = None
    """Line by line, a paragraph a line."""


class Article(Record):
    """A news article as it was cut out of its page."""

    id: str
    """First 20 hex digits of SHA-256 of its first canonical address: see :func:`article_id`. It stays when a site gives
    the article another address."""
    url: str
    """The canonical address."""
    source: SourceRef
    title: str
    lead: str | None = None
    """The standfirst, where the page has one; it is not repeated in the body."""
    body: str
    """Paragraphs separated by one blank line."""
    authors: tuple[str, ...] = ()
    """People."""
    agencies: tuple[str, ...] = ()
    """Who else is credited with the text: news agencies, desks, the outlet itself where it names no writer."""
    published: Time | None = None
    modified: Time | None = None
    language: str | None = None
    """ISO 639-1 code of the language that the text is written in."""
    section: str | None = None
    tags: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    """The cover first."""
    access: Access = Access.OPEN
    updates: tuple[Update, ...] = ()
    """The entries of a live blog, in the order of the page; none of another article."""
    origins: dict[str, str] = Field(default_factory=dict)
    """Where in the page each field was found (``json-ld headline``, ``h1`` …), by its name."""
    first_seen: Time
    fetched: Time
    version: str
    """Content hash: see :func:`content_version`. The same text is always the same version."""
    history: tuple[Change, ...] = ()
    """The changes that led to this version, the latest last; the last 50."""
    extracted_from: Literal["page", "feed"] = "page"
    """``feed``: the page was refused or behind a paywall, and this is the text that the feed carried."""
    gone: Time | None = None
    """When the site was first seen to have removed it (404, 410). The text stays."""


class Extraction(Record):
    """What became of one page: a line of :data:`EXTRACTIONS`, the second file of an ``articles`` batch."""

    url: str
    """The page's address, as it was asked for."""
    source: str
    """Id of the source."""
    outcome: Literal["new", "updated", "unchanged", "duplicate", "moved", "gone", "returned", "failed"]
    """``duplicate``: the page of an article that is known under another address; ``moved``: a known article has another
    canonical address now; ``returned``: it was gone and is there again; ``failed``: no article, see :attr:`reason`."""
    article: str | None = None
    """Id of the article, unless failed."""
    reason: str | None = None
    """Why there is no article; ``incomplete`` where further pages of one, told by :attr:`detail`, could not be had or
    read. A known text is not cut down for that: it stays."""
    detail: str | None = None
    """What log and file add to the reason."""
    extracted_from: Literal["page", "feed"] = "page"
    fields: tuple[str, ...] = ()
    """The fields of the article that the page gave."""


EXTRACTIONS = "extractions.jsonl"


class Blocks(Record):
    """The blocks of a text (its lead and paragraphs) as the page gave it: a line of :data:`BLOCKS`, a file of an
    ``articles`` batch. What comes back on most pages of a site is learned from them: see ``crawlers/habits.py``."""

    article: str
    """Id of the article."""
    source: str
    """Id of the source."""
    first_seen: Time
    """When the article was first seen."""
    title: str
    """Hash of the headline."""
    blocks: tuple[str, ...]
    """Hashes of the blocks, in their order."""


BLOCKS = "blocks.jsonl"


class Habit(Record):
    """A block that was taken out of articles, because it comes back on most pages of its site: a line of
    :data:`HABITS`, a file of an ``articles`` batch."""

    source: str
    """Id of the source."""
    block: str
    """Its hash."""
    text: str
    """Its beginning, as one of the pages wrote it."""
    at: Time
    """When the latest page with it was fetched."""


HABITS = "habits.jsonl"


class Entity(Record):
    """A person, an organisation or a place that a text names."""

    id: str
    """Concept id, the same in every language and script: ``person:nikolai-patrushev``, ``organization:african-union``,
    ``place:DZ-16``."""
    name: str
    """What it is called here, in Latin letters where we know them."""
    spellings: tuple[str, ...] = ()
    """What the text calls it, most frequent first."""
    mentions: int = 1
    wikidata: str | None = None
    """Wikidata's id of it (``Q7747``), where our data files know it."""


class CountryFound(Record):
    """A country that a text names."""

    code: str
    """ISO 3166-1 alpha-2."""
    salience: float
    """Between 0 and 1: its share of all that the text says about countries, the headline counted more."""
    about: bool
    """Whether the text is about it, or merely names it."""
    words: tuple[str, ...] = ()
    """What in the text means it, most frequent first."""


class TopicFound(Record):
    """A topic of a text."""

    id: str
    score: float
    """Between 0.5 and 1."""
    words: tuple[str, ...] = ()
    """What in the text earned it; none where its meaning alone did."""


class Event(Record):
    """Who did what with whom, as one sentence says it. Types and contexts are those of PLOVER."""

    type: str
    """PLOVER's event type in small letters: ``cooperate``, ``consult``, ``aid``, ``sanction``, ``assault`` …"""
    mode: str | None = None
    """What kind of it: ``visit``, ``meet``, ``sign``, ``supply-arms``, ``train`` …"""
    contexts: tuple[str, ...] = ()
    """``military``, ``diplomatic``, ``economic`` …"""
    sources: tuple[str, ...] = ()
    """Concept ids of who did it: countries (``country:RU``), organisations, people."""
    targets: tuple[str, ...] = ()
    """Concept ids of whom it was done with or to."""
    countries: tuple[str, ...] = ()
    """ISO 3166-1 alpha-2 codes of the countries among both."""
    regions: tuple[str, ...] = ()
    """English names of the regions these lie in."""
    date: Day | None = None
    """When, where the sentence says it."""
    sentence: str
    words: tuple[str, ...] = ()
    """What in the sentence told the type."""


class EnrichedArticle(Article):
    """An article with what it is about."""

    parts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Its paragraphs in other languages than :attr:`language`, by ISO 639-1 code, the language with most of them first;
    only of languages that a twentieth of the text is in."""
    people: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    """Names, one for each :attr:`entities` of the kind, most frequent first."""
    entities: tuple[Entity, ...] = ()
    """Whom and what it names, most frequent first."""
    locations: tuple[str, ...] = ()
    """Where the cities that it names lie: ``36.75,3.06``, degrees of latitude and longitude."""
    countries: tuple[str, ...] = ()
    """ISO 3166-1 alpha-2 codes of the countries it is about, most salient first."""
    countries_found: tuple[CountryFound, ...] = ()
    """Every country it names, most salient first."""
    regions: tuple[str, ...] = ()
    """English names of the regions it names or its countries lie in (UN M49, and those that analysts use: Sahel, Gulf,
    NATO), the narrow before the wide."""
    topics: tuple[str, ...] = ()
    """Topic ids of ``enrichment/data/topics.yml``, best score first."""
    topics_found: tuple[TopicFound, ...] = ()
    """The same with what earned them."""
    events: tuple[Event, ...] = ()
    """In the order of the text."""
    concepts: tuple[str, ...] = ()
    """Concept ids: ``country:DZ``, ``region:Africa``, ``topic:military-cooperation``, ``person:nikolai-patrushev``,
    ``organization:african-union``, ``place:DZ-16``, ``event:visit``."""
    labels: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Labels of :attr:`concepts` by analyst language (en, fr, es, pt, ar, ru)."""
    sounds: tuple[str, ...] = ()
    """Phonetic keys of the names in a text of another script than Latin: by them a name is found across scripts."""
    embedding: tuple[float, ...] = ()
    """384 unit-length numbers for title and lead (multilingual-e5-small)."""
    passages: tuple[tuple[float, ...], ...] = ()
    """The same for the pieces of the body that follow, in their order."""
    story_id: str | None = None
    """Id of the story, over sites, days and languages, that it belongs to: the id of the story's first article."""


class Story(Record):
    """Articles on one event, as far as they are known after a batch: a line of :data:`STORIES`, a file of an
    ``enriched`` batch."""

    id: str
    """Id of its first article."""
    title: str
    """Headline of the article nearest to all its others."""
    size: int
    """Articles."""
    languages: tuple[str, ...]
    sources: tuple[str, ...]
    """Ids of the outlets."""
    first_seen: Time
    last_seen: Time
    merged_into: str | None = None
    """Id of the older story that it turned out to be: its articles are that one's now."""


def merged(stories: Iterable[Story]) -> dict[str, str]:
    """Those of the stories that became part of another, by id, with the id of the one they are in at the end: in one
    batch that other may have become part of a third.
    """
    into = {story.id: story.merged_into for story in stories if story.merged_into}
    for younger, older in into.items():
        while older in into:
            older = into[older]
        into[younger] = older
    return into


STORIES = "stories.jsonl"


class Word(Record):
    """A word that an analyst types."""

    text: str
    forms: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """What texts in other languages say for it, by language."""
    sounds: tuple[str, ...] = ()
    """Phonetic keys of a word that may be a name: see :attr:`EnrichedArticle.sounds`."""


class Asked(Record):
    """One of the things that a question asks for: a concept as it was typed, or a word that is none."""

    text: str
    concepts: tuple[str, ...] = ()
    """Concept ids, any of which it may mean."""
    words: tuple[Word, ...] = ()
    """The words of it."""
    weight: float = 1.0
    """How much it tells, up to 1: frequent words tell less."""


class Meaning(Record):
    """What enrichment understands of a text that an analyst types: the query side of :class:`EnrichedArticle`."""

    text: str
    language: str
    asked: tuple[Asked, ...] = ()
    embedding: tuple[float, ...] = ()

    @property
    def concepts(self) -> tuple[str, ...]:
        """All concept ids."""
        return tuple(dict.fromkeys(concept for asked in self.asked for concept in asked.concepts))


class IndexOutcome(Record):
    """What the index said to one article of a run: the receipt by which alerts know what is new."""

    id: str
    version: str
    outcome: Literal["created", "updated", "unchanged", "failed"]
    reason: str | None = None


class Rejected(Record):
    """An article that the index refused for what it is: a record of a dead-letter batch."""

    article: EnrichedArticle
    reason: str
    """In Elasticsearch's words."""


class Cited(Record):
    """An article as a notice tells of it."""

    id: str
    title: str
    url: str
    source: SourceRef
    language: str | None = None
    published: Time | None = None
    why: tuple[str, ...] = ()
    """Pieces of its text with what matched between ``<em>`` and ``</em>``. The rest is text as it is: not HTML."""
    concepts: tuple[str, ...] = ()
    """Labels of the concepts that matched."""


NoticeKind = Literal["new", "developing", "spike", "silence", "rule", "operator"]


class Notice(Record):
    """What an alert has to tell: a story, once, or that there is more or less than usual."""

    id: str
    """Deterministic in alert, story and kind, so that nothing is told twice: see :func:`notice_id`."""
    kind: NoticeKind = "new"
    """``rule`` is what a rule of Kibana wrote, ``operator`` the digest for the operator."""
    alert: str
    """Name of the alert."""
    story: str
    """Id of the story; of what is no story, what is told only once (a day)."""
    title: str
    """Of the story's first matching article, or what there is to say."""
    url: str = ""
    articles: tuple[Cited, ...] = ()
    """Those that matched, the first ones found."""
    members: tuple[str, ...] = ()
    """Ids of all articles of the story that matched, cited or not."""
    size: int = 1
    """How many those are."""
    told_size: int | None = None
    """How many they were when it was told; of several messages, in the one that went out first."""
    sources: tuple[str, ...] = ()
    """Ids of the outlets of the articles that matched."""
    created: Time
    due: Time | None = None
    """When it is to be sent; None while too few sources report it, and of what is sent to nobody."""
    slot: str = ""
    """Notices with the same are sent together: the alert (by the id that it had then: it may be renamed), and the run
    or the moment that they are gathered for."""
    state: Literal["waiting", "due", "told", "muted", "dropped"] = "due"
    """Waiting for more sources; due; told to all channels; muted and never sent; dropped as its alert is gone."""
    run: str
    """The batch that brought its first article."""


class Delivery(Record):
    """A message to a channel: written before it is sent, marked after."""

    id: str
    """Deterministic in slot and channel: see :func:`delivery_id`."""
    alert: str
    channel: str
    """As the alert names it: no secret."""
    notices: tuple[str, ...]
    """Ids."""
    sizes: dict[str, int] = {}
    """Of how many articles each of those told when it was sent last, by id."""
    state: Literal["sending", "sent", "failed", "dead", "unsure"]
    """Failed ones are sent again at ``next``, dead ones no more; of an unsure one nobody knows whether its repetition
    arrived: the process was killed in the middle of it."""
    attempts: int = 1
    repeated: bool = False
    """Whether it may have arrived before, so that it goes out with ids that end in :data:`AGAIN`."""
    at: Time
    """Of the latest attempt."""
    next: Time | None = None
    error: str | None = None
    """Why the channel did not take it; without secrets."""


AGAIN = "-again"
"""Ends the id of a message, and of its notices, that may have been sent before: a receiver that has the id without it
can drop it."""


def article_id(canonical_url: str) -> str:
    """The id of the article at a canonical address: the same address is always the same document."""
    return hashlib.sha256(canonical_url.encode()).hexdigest()[:20]


def content_version(title: str, lead: str | None, body: str) -> str:
    """A hash over what readers read, so that a changed template or advertisement is not a new version."""
    return hashlib.sha256("\x1f".join((title, lead or "", body)).encode()).hexdigest()[:16]


def notice_id(alert: str, story: str, kind: NoticeKind = "new") -> str:
    """The id of the notice by which an alert tells of a story."""
    return hashlib.sha256("\x1f".join((alert, story, kind)).encode()).hexdigest()[:20]


def delivery_id(slot: str, channel: str) -> str:
    """The id of the message to a channel that has the notices of a slot."""
    return hashlib.sha256("\x1f".join((slot, channel)).encode()).hexdigest()[:20]


class ListingHealth(Record):
    """How a listing did in one run."""

    url: str
    outcome: PageOutcome
    reason: str | None = None
    entries: int | None = None
    new: int | None = None


class SourceHealth(Record):
    """How a source did in one run: a line of a ``health`` batch, and a document of ``wirewatch-source-health``."""

    id: str
    """Made of run and source: doing it again makes the same document."""
    run: str
    """Name of the batch."""
    source: SourceRef
    at: Time
    """When the run began."""
    requests: int = 0
    new: int = 0
    """Articles; and so ``updated``."""
    updated: int = 0
    unchanged: int = 0
    """Listings and pages that were as they had been."""
    duplicates: int = 0
    """Pages of an article that is known under another address."""
    gone: int = 0
    """Articles that the site has removed."""
    refused: int = 0
    """Of the failed ones those that the site does not let us have: 401, 402, 403, 429, 451, robots.txt, opt-outs."""
    failed: dict[str, int] = Field(default_factory=dict)
    """Requests that failed and pages that gave no article, by reason. A removed page is no failure."""
    from_feed: int = 0
    """Articles whose page was refused or had no text, and whose text is the feed's."""
    pages: int = 0
    """Pages of articles that were fetched."""
    articles: int = 0
    """Of those, the ones that gave an article: the yield of extraction is ``articles / pages``."""
    fields: dict[str, int] = Field(default_factory=dict)
    """Of those, by field, the ones that gave it."""
    bytes: int = 0
    seconds: float = 0.0
    """Of all requests, added up."""
    listings: tuple[ListingHealth, ...] = ()
