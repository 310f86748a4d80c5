"""How a site says that it does not want a page to be kept, and what of that the settings honour.

Read from the answer's headers and from the first :data:`HEAD` bytes of the page: `X-Robots-Tag`, ``<meta
name="robots">`` (also under the name of our own crawler), and the W3C TDM Reservation Protocol: the header and the meta
element ``tdm-reservation``, and the file :data:`POLICY` of a host.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from html import unescape
from urllib.parse import urlsplit

from scrapy.http import Response

from wirewatch.settings import CrawlSettings

HEAD = 64 * 1024
"""Bytes of a page that are looked at."""
POLICY = "/.well-known/tdmrep.json"
"""Where a host says which of its paths are reserved."""
MOST_RULES = 1000
"""Rules of such a file that are kept."""

_META = re.compile(rb"<meta\s[^>]{1,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(name|content)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_RULES_WITH_VALUES = ("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview")
"""Robots rules that have a colon of their own: what stands before it is no crawler's name."""

Rule = tuple[re.Pattern[str], bool]
"""The paths of a rule of :data:`POLICY`, and whether they are reserved."""


class OptOuts:
    """Finds the opt-outs that the settings honour."""

    def __init__(self, crawl: CrawlSettings) -> None:
        self.bot = re.split(r"[/\s]", crawl.user_agent, maxsplit=1)[0].lower()
        self.robots = [
            name
            for name, honoured in (("noindex", crawl.honour_noindex), ("noarchive", crawl.honour_noarchive))
            if honoured
        ]
        self.tdm = crawl.honour_tdm
        self._words = [word.encode() for word in ("robots", "tdm-reservation", self.bot)]

    def reason(self, response: Response) -> str | None:
        """Why a page must not be kept: ``noindex``, ``noarchive`` or ``tdm-opt-out``; None where it may be."""
        said = dict(self._metas(response.body[:HEAD]))
        robots = {rule for name in ("robots", self.bot) for rule in _rules(said.get(name, ""))}
        for line in response.headers.getlist("X-Robots-Tag"):
            robots |= self._tag(line.decode("latin-1"))
        if "none" in robots:
            robots.add("noindex")
        for name in self.robots:
            if name in robots:
                return name
        # What stands in the page comes before what the header says.
        reserved = said.get("tdm-reservation") or (response.headers.get("tdm-reservation") or b"").decode("latin-1")
        return "tdm-opt-out" if self.tdm and reserved.strip() == "1" else None

    def _metas(self, head: bytes) -> Iterator[tuple[str, str]]:
        """Name and content of the meta elements that are of interest; most pages have none, which is found fast."""
        lower = head.lower()
        if not any(word in lower for word in self._words):
            return
        for element in _META.findall(head):
            if any(word in element.lower() for word in self._words):
                values = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(element.decode("latin-1"))}
                yield unescape(values.get("name", "")).strip().lower(), unescape(values.get("content", ""))

    def _tag(self, line: str) -> set[str]:
        """The rules of an X-Robots-Tag that are for us; one with a name before it is for that crawler."""
        name, colon, rest = line.partition(":")
        name = name.strip().lower()
        if colon and "," not in name and name not in _RULES_WITH_VALUES:
            return set(_rules(rest)) if name == self.bot else set()
        return set(_rules(line))


def _rules(text: str) -> Iterable[str]:
    return (rule.strip().lower() for rule in text.split(","))


def policy(body: bytes) -> list[Rule]:
    """The rules of a host's file :data:`POLICY`; empty where it is none."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return []
    rules = []
    for rule in given[:MOST_RULES] if isinstance(given, list) else ():
        if isinstance(rule, dict) and isinstance(rule.get("location"), str):
            rules.append((_pattern(rule["location"]), str(rule.get("tdm-reservation")) == "1"))
    return rules


def is_reserved(rules: list[Rule], url: str) -> bool:
    """Whether a host reserves the page at an address: as the first rule says that is for its path."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return next((reserved for pattern, reserved in rules if pattern.match(path)), False)


def _pattern(location: str) -> re.Pattern[str]:
    """Paths as robots.txt writes them (RFC 9309, 2.2.3): ``*`` is anything, ``$`` at the end is the end."""
    end = location.endswith("$")
    # Stars in a row would take the expression exponentially long.
    parts = re.split(r"\*+", location.removesuffix("$"))
    return re.compile(".*?".join(map(re.escape, parts)) + ("$" if end else ""), re.DOTALL)
