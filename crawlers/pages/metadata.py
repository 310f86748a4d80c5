"""What a page says about itself for machines: JSON-LD, microdata, meta tags, links and ``<time>``.

Everything here only reads; which of several answers is believed is decided by the fields of
:class:`crawlers.pages.article.ArticlePage`.
"""

from __future__ import annotations

import html
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from dateutil import parser as dates  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.canonical import canonical_url, is_variant_host
from crawlers.discovery import clean_url

Node = dict[str, Any]

_ARTICLE_TYPES = {"Report", "BlogPosting", "LiveBlogPosting", "SocialMediaPosting", "Review"}
_LIST_TYPES = {"CollectionPage", "ItemList", "SearchResultsPage"}
# Nodes under these belong to other pages.
_OTHERS = {"itemListElement", "relatedLink", "isPartOf", "mentions", "citation", "liveBlogUpdate", "recommendations"}
_MAX_DEPTH = 12
# Zones that sites write by name, in seconds east of UTC.
_ZONES = {
    name: int(hours * 3600)
    for name, hours in {
        "UTC": 0, "GMT": 0, "Z": 0,
        "WET": 0, "WEST": 1, "BST": 1, "WAT": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "CAT": 2, "SAST": 2,
        "EET": 2, "EEST": 3, "EAT": 3, "MSK": 3, "TRT": 3, "PKT": 5, "IST": 5.5, "WIB": 7, "ICT": 7, "SGT": 8, "HKT": 8,
        "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "BRT": -3, "ART": -3, "EDT": -4, "EST": -5, "CDT": -5, "CST": -6,
        "MDT": -6, "MST": -7, "PDT": -7, "PST": -8,
    }.items()
}  # fmt: skip
# What RDFa of content systems (Drupal's, say) calls properties that schema.org has.
_RDFA = {
    "dc:title": "headline",
    "dc:creator": "author",
    "dc:date": "datePublished",
    "dc:created": "datePublished",
    "dc:issued": "datePublished",
    "dc:modified": "dateModified",
}
_UNREAD = {"script", "style", "template", "noscript", "rt", "rp"}  # the last two: how Japanese signs are read aloud
_BLOCKS = {
    "p",
    "div",
    "br",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "section",
    "blockquote",
    "td",
    "tr",
    "figcaption",
}


def encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which no file can hold: sites cut JSON strings within an emoji."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")


def clean(text: object) -> str:
    """One line of readable text: entities and tags gone, white space collapsed; empty for anything but text."""
    if not isinstance(text, str):
        return ""
    text = html.unescape(text)
    if "<" in text:
        text = html.unescape(re.sub(r"</?[a-zA-Z][^<>]*>", " ", text))
    text = encodable(text)
    return re.sub(r"[\s\u200b\u00ad\ufeff]+", " ", text.replace("\u00ad", "").replace("\u200b", "")).strip()


def same(text: str) -> str:
    """A form in which two spellings of one text are equal: no case, no punctuation, no white space."""
    return re.sub(r"[\W_]+", "", text).casefold()


_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def parted(names: str) -> str:
    """Names of classes and the like with the words of each parted: ``share-Bar`` for ``shareBar``."""
    return _CAMEL.sub("-", names)


def names_of(element: HtmlElement) -> str:
    """Class and id of an element, as they stand there."""
    return f"{element.get('class') or ''} {element.get('id') or ''}"


def as_list(value: Any) -> list[Any]:
    """A JSON-LD value, which may be absent, single or several, as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True)
class Written:
    """A time as a site writes it."""

    at: datetime
    """Without a zone where none is written."""
    timed: bool
    """Whether a time of day is written; midnight sharp is none, unless it is that of a zone other than UTC."""


def parse_time(text: object) -> datetime | None:
    """A point in time as sites write it for machines, in UTC; UTC where no zone is given: see :func:`read_time`."""
    written = read_time(text)
    if not written:
        return None
    try:
        return (written.at if written.at.tzinfo else written.at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_time(text: object, *, day_first: bool = False) -> Written | None:
    """A time as sites write it for machines: ISO 8601, RFC 2822, Unix seconds.

    None for what names no day (``May 2024``) and for times before 1990.

    Args:
        text: anything; what is no text and no number is no time.
        day_first: whether 1/2/2031 is the 1st of February. 1.2.2031 always is.
    """
    value = str(text).partition(".")[0] if isinstance(text, int | float) else clean(text)
    if re.fullmatch(r"1\d{9}(\d{3})?", value):
        return Written(datetime.fromtimestamp(int(value[:10]), UTC), timed=True)
    if not re.search(r"\d{4}", value) or len(value) > 60:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        first = bool(re.match(r"\d\d?\.", value)) or (day_first and not re.match(r"\d{4}", value))
        try:
            # What is not written is taken from the default: without a day or a month, the two readings differ.
            moment, other = (
                dates.parse(value, default=datetime(1, n, n), tzinfos=zone_named, dayfirst=first) for n in (1, 2)
            )
        except (ValueError, OverflowError, TypeError):
            return None
        if moment != other:
            return None
    try:
        timed = any(moment.timetuple()[3:6]) or bool(moment.utcoffset())
    except ValueError:  # a zone of more than a day
        return None
    return Written(moment, timed) if 1990 <= moment.year < 9999 else None


def zone_named(name: str | None, offset: int | None = None) -> tzinfo | None:
    """The zone that sites write by a name. A number beside it decides: ``+0800 (CST)`` is China's, not America's."""
    known = {"ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles"}
    if offset is None and name in known:
        return ZoneInfo(known[name])
    seconds = _ZONES.get(name or "") if offset is None else offset
    return timezone(timedelta(seconds=seconds)) if seconds is not None and abs(seconds) < 86400 else None


def same_page(one: str, other: str) -> bool:
    """Whether two addresses mean one page: scheme, ``www.``, tracking and a closing slash do not count."""

    def key(url: str) -> tuple[str, str, str]:
        parts = urlsplit(clean_url(url) or url)
        return parts.netloc.removeprefix("www."), parts.path.rstrip("/"), parts.query

    return key(one) == key(other)


def text_of(element: HtmlElement) -> str:
    """The text of an element in one line; blocks and line breaks part words, scripts and comments are left out."""
    parts = []
    for text in element.xpath(".//text()"):
        before = text.getparent()
        if text.is_text and before.tag in _UNREAD:
            continue
        parts.append(f" {text}" if before.tag in _BLOCKS else str(text))
    return clean("".join(parts).replace("<", "&lt;"))


@dataclass(frozen=True)
class Metadata:
    """The machine-readable part of one page."""

    root: HtmlElement
    url: str
    """The address that answered."""

    @cached_property
    def meta(self) -> dict[str, list[str]]:
        """Contents of meta tags by lower-cased ``property``, ``name`` or ``itemprop``, in page order."""
        found: dict[str, list[str]] = {}
        for tag in self.root.iter("meta"):
            # Some sites write `value`, as in a form.
            content = clean(tag.get("content") or tag.get("value"))
            for attribute in ("property", "name", "itemprop"):
                for name in (tag.get(attribute) or "").lower().split():
                    if content:
                        found.setdefault(name, []).append(content)
        return found

    def first_meta(self, *names: str) -> str:
        """The first content that any of the meta names has, asked in order; empty without one."""
        return next((self.meta[name][0] for name in names if name in self.meta), "")

    def absolute(self, address: str) -> str:
        """An address of the page in full; empty if it is none."""
        if not address.strip():
            return ""  # and not the page itself
        try:
            full = urljoin(self.url, encodable(address).strip())
            return full if urlsplit(full).scheme in ("http", "https") and urlsplit(full).hostname else ""
        except ValueError:
            return ""

    @cached_property
    def canonical(self) -> str:
        """The article's one address: see :func:`crawlers.canonical.canonical_url`."""
        links = [tag for tag in self.root.iter("link") if "canonical" in (tag.get("rel") or "").lower().split()]
        declared = [self.absolute(link.get("href")) for link in links if (link.get("href") or "").strip()]
        headings = [text_of(heading) for heading in self.root.iter("title", "h1")]
        return canonical_url(
            self.url,
            [*declared, *map(self.absolute, self.meta.get("og:url", ()))],
            hinted=[address for node, own in self.nodes if own for address in self._addresses(node)],
            title=" ".join([self.first_meta("og:title"), *headings]),
            linked=self._linked() if is_variant_host(urlsplit(self.url).netloc) else (),
        )

    def _addresses(self, node: Node) -> Iterator[str]:
        """What a JSON-LD node says the address of its article is."""
        if any(map(_is_article, types_of(node))):
            for value in (*as_list(node.get("mainEntityOfPage")), *as_list(node.get("url"))):
                address = value.get("@id") if isinstance(value, dict) else value
                if isinstance(address, str) and address:
                    yield self.absolute(address)

    def _linked(self) -> set[str | None]:
        return {clean_url(self.absolute(link.get("href") or "")) for link in islice(self.root.iter("a", "link"), 2000)}

    @cached_property
    def nodes(self) -> list[tuple[Node, bool]]:
        """Every JSON-LD node with a type, in page order, and whether it is the page's own and not of a list on it."""
        documents = [
            value
            for script in self.root.iter("script")
            if "ld+json" in (script.get("type") or "").lower()
            for value in json_documents(script.text_content())
        ]
        return [found for document in documents for found in _walk(document, own=True, depth=0)]

    @cached_property
    def _by_id(self) -> dict[str, Node]:
        return {node["@id"]: node for node, _ in reversed(self.nodes) if isinstance(node.get("@id"), str)}

    def resolve(self, value: Any) -> Any:
        """The node that a reference (``{"@id": …}``) stands for; anything else as it is."""
        if isinstance(value, dict) and "@type" not in value and isinstance(value.get("@id"), str):
            return self._by_id.get(value["@id"], value)
        return value

    @cached_property
    def types(self) -> set[str]:
        """All the schema.org types that JSON-LD claims for this page."""
        return {kind for node, own in self.nodes if own for kind in types_of(node)}

    @cached_property
    def is_declared_list(self) -> bool:
        """Whether the page says it is a list and not an article."""
        return not self.article and bool(self.types & _LIST_TYPES) and self.first_meta("og:type") != "article"

    @cached_property
    def article(self) -> Node:
        """The JSON-LD node of the article that this page is about; empty if there is none.

        Of several, the one whose address is this page's wins, then the one whose headline stands in the page's title,
        then the first that is not part of a list.
        """
        title = same(" ".join([self.first_meta("og:title"), *(text_of(t) for t in self.root.iter("title", "h1"))]))

        def rank(entry: tuple[Node, bool]) -> tuple[bool, bool, bool, int]:
            node, own = entry
            headline = same(clean(node.get("headline") or node.get("name")))
            return (self._is_here(node), bool(headline) and headline in title, own, len(node))

        candidates = [entry for entry in self.nodes if any(_is_article(kind) for kind in types_of(entry[0]))]
        best = max(candidates, key=rank, default=None)
        # A node of a list that matches neither address nor headline is another story.
        return best[0] if best and any(rank(best)[:3]) else {}

    def _is_here(self, node: Node) -> bool:
        main = node.get("mainEntityOfPage")
        addresses = [node.get("url"), node.get("@id"), main.get("@id") if isinstance(main, dict) else main]
        return any(
            same_page(self.absolute(address), here)
            for address in addresses
            if isinstance(address, str) and urlsplit(self.absolute(address)).path.strip("/")
            for here in (self.canonical, self.url)
        )

    @cached_property
    def site_names(self) -> tuple[str, ...]:
        """What the site calls itself, its host among it; some may be empty."""
        return tuple(self._site_names())

    def _site_names(self) -> Iterator[str]:
        yield self.first_meta("og:site_name")
        yield self.first_meta("application-name")
        publisher = self.resolve(next(iter(as_list(self.article.get("publisher"))), None))
        yield clean(publisher.get("name")) if isinstance(publisher, dict) else clean(publisher)
        host = (urlsplit(self.url).hostname or "").removeprefix("www.")
        yield host
        yield host.rsplit(".", 1)[0]

    def itemprops(self, name: str) -> Iterator[HtmlElement]:
        """The elements of a property in microdata or RDFa, in page order."""
        return iter(self._marked.get(name, ()))

    @cached_property
    def _marked(self) -> dict[str, list[HtmlElement]]:
        found: dict[str, list[HtmlElement]] = defaultdict(list)
        # What a comment or a picture has of its own is none of the article's. Meta tags are in `meta`.
        own = "[not(self::meta)][not(ancestor-or-self::*[contains(@typeof, 'Comment') or contains(@typeof, 'Image')])]"
        for element in self.root.xpath(f".//*[@itemprop or @property{own}]"):
            names = element.get("itemprop", "").split()
            names += [_RDFA.get(name, name.removeprefix("schema:")) for name in element.get("property", "").split()]
            for name in dict.fromkeys(names):
                found[name].append(element)
        return found


def types_of(node: Node) -> list[str]:
    """The schema.org types of a node without their namespace."""
    return [re.split(r"[/#:]", kind)[-1] for kind in as_list(node.get("@type")) if isinstance(kind, str)]


def _is_article(kind: str) -> bool:
    return kind.endswith("Article") or kind in _ARTICLE_TYPES


def _walk(value: Any, *, own: bool, depth: int) -> Iterator[tuple[Node, bool]]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for part in value:
            yield from _walk(part, own=own, depth=depth + 1)
    elif isinstance(value, dict):
        if "@type" in value:
            yield value, own
        for key, part in value.items():
            if isinstance(part, dict | list):
                yield from _walk(part, own=own and key not in _OTHERS, depth=depth + 1)


def json_documents(text: str) -> list[Any]:
    """The JSON documents of a script element, usual mistakes repaired; empty if it is beyond repair."""
    text = re.sub(r"^\s*(<!--|<!\[CDATA\[|//<!\[CDATA\[)|(-->|(//)?\]\]>)\s*$", "", text).strip().rstrip(";")
    decoder = json.JSONDecoder(strict=False)
    for attempt in (text, re.sub(r",(\s*[}\]])", r"\1", text), html.unescape(text)):
        try:
            return [decoder.raw_decode(attempt)[0]]
        except (ValueError, RecursionError):
            continue
    return []
