"""OPML 2.0: the catalogue for feed readers, and the lists of feed readers for the catalogue.

Readers know only feeds, so that what else the catalogue knows stands in attributes of a namespace of our own, at the
first outline of a source: what was exported is imported as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from babel import Locale
from lxml import etree  # type: ignore[import-untyped]
from pydantic import ValidationError

from wirewatch.catalogue import wording
from wirewatch.errors import UserError
from wirewatch.records import now
from wirewatch.sources import FEED_HOSTS, Source, country_of, domain_of

NAMESPACE = "https://wirewatch.invalid/opml"
_OURS = f"{{{NAMESPACE}}}"
_LISTS = ("languages", "sitemaps", "sections")
_WORDS = ("domain", "country", "tier", "checked")


def export(sources: Iterable[Source]) -> bytes:
    """The sources as OPML, grouped by country; an outline for each feed, or one for a source without feeds."""
    root = etree.Element("opml", version="2.0", nsmap={"w": NAMESPACE})
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = "Sources of Wirewatch"
    body = etree.SubElement(root, "body")
    folders: dict[str, Any] = {}
    for source in sources:
        if source.country not in folders:
            country = Locale("en").territories.get(source.country, source.country)
            folders[source.country] = etree.SubElement(body, "outline", text=country)
        ours = {_OURS + name: getattr(source, name) for name in _WORDS}
        ours |= {_OURS + name: " ".join(getattr(source, name)) for name in _LISTS}
        ours[_OURS + "render"] = "true" if source.render else ""
        for feed in source.feeds or (None,):
            site = f"https://{source.domain}/"
            given = {"text": source.name, "title": source.name, "language": next(iter(source.languages), "")}
            given |= {"type": "rss", "xmlUrl": feed, "htmlUrl": site} if feed else {"type": "link", "url": site}
            given |= ours or {_OURS + "domain": source.domain}
            ours = {}
            etree.SubElement(folders[source.country], "outline", {name: text for name, text in given.items() if text})
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)
    return text


@dataclass
class Import:
    """What an OPML file holds."""

    sources: list[Source] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    """What is not among them, and why: a sentence each."""
    homeless: list[str] = field(default_factory=list)
    """Domains whose country is not known."""


def read(file: Path, country: str | None = None, language: str | None = None) -> Import:
    """The sources in an OPML file of any feed reader; the feeds of one site are one source.

    Args:
        file: the file.
        country: of the sources of which neither the file nor the domain's ending tells it.
        language: of the sources of which the file does not tell it.

    Raises:
        UserError: the file cannot be read, or is no OPML.
    """
    found, sites = Import(), dict[str, dict[str, Any]]()
    for outline in _outlines(file):
        given = dict(outline.attrib)
        # Some readers write xmlurl.
        plain = {name.lower(): text.strip() for name, text in given.items() if not name.startswith("{")}
        feed, name = plain.get("xmlurl"), plain.get("title") or plain.get("text")
        ours = {name: given.get(_OURS + name, "") for name in (*_WORDS, *_LISTS, "render")}
        if not feed and not ours["domain"]:
            continue  # a folder, or a link
        domain = ours["domain"] or domain_of(plain.get("htmlurl", "")) or _domain_of_feed(feed or "")
        if not domain:
            found.skipped.append(f"{name or feed}: line {outline.sourceline} does not tell whose feed {feed} is.")
            continue
        site = sites.setdefault(domain, {"domain": domain, "name": name or domain, "feeds": [], "checked": ""})
        if feed and feed not in site["feeds"]:
            site["feeds"].append(feed)
        site |= {name: text.split() for name in _LISTS if (text := ours[name])}
        site |= {name: text for name in (*_WORDS, "render") if (text := ours[name])}
        languages = [plain.get("language", "")[:2].lower(), language or ""]
        site.setdefault("languages", [code for code in languages if len(code) == 2][:1])
    for domain, site in sites.items():
        site.setdefault("country", country_of(domain) or country)
        site["checked"] = site["checked"] or f"{now():%Y-%m-%d}, imported from {file.name}; not visited"
        if site["country"] is None:
            found.homeless.append(domain)
            continue
        try:
            found.sources.append(Source.model_validate(site))
        except ValidationError as error:
            found.skipped.append(f"{site['name']} ({domain}): {wording(error, Source)}.")
    return found


def _outlines(file: Path) -> Iterator[Any]:
    """All outlines of a file, however deep."""
    # Without DTDs, entities and network, as for everything that others write.
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        tree = etree.fromstring(file.read_bytes(), parser).getroottree()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from None
    except etree.XMLSyntaxError as error:
        raise UserError(f"{file} is not valid XML: {error}") from None
    if tree.docinfo.internalDTD is not None:
        raise UserError(f"{file} has a document type declaration, which OPML needs not: remove it.")
    if tree.getroot().tag != "opml":
        raise UserError(f"{file} is no OPML: its outermost element is <{tree.getroot().tag}>.")
    yield from tree.getroot().iter("outline")


def _domain_of_feed(url: str) -> str:
    """The domain of the site whose feed is at an address; empty where a service carries it."""
    domain = domain_of(url)
    if any(domain == host or domain.endswith("." + host) for host in FEED_HOSTS):
        return ""
    first, _, rest = domain.partition(".")
    return rest if first in ("feeds", "feed", "rss") and "." in rest else domain
