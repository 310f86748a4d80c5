"""Articles that go on over several pages: by its address alone, which page of which article one is.

Light: the crawler asks this of every article's page. Whether a page's links are those of a pager, and not of comments
or pictures, is read in another process: see :mod:`crawlers.pages.parts`.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

MOST_PARTS = 10
"""Further pages of one article that are asked for."""
_NAMES = r"(?:pages?|paged|pageno|page_?num(?:ber)?|page_?no|pg|p|pagina|seite|sayfa|strona|side|sida)"
_QUERY = re.compile(rf"({_NAMES})=([2-9]|[1-9]\d)", re.IGNORECASE)
# `/story/2`, `/story/seite-2`, `/story_2.html`, `/story-p2.html`, `/story-seite-2`. Not `/story/page/2`: so the most
# widespread content system numbers its lists. Not `/story-2`: so it tells two stories of one title apart.
_WORD = r"(?:pages?|pg|p|pagina|seite|sayfa|strona|side|sida)"
_PATH = re.compile(rf"/(?:{_WORD}[-_]?|(?:pagina|seite)/)?([2-9]|[1-9]\d)", re.IGNORECASE)
_FILE = re.compile(rf"[-_,/](?:{_WORD}[-_]?)?([2-9]|[1-9]\d)", re.IGNORECASE)
_SLUG = re.compile(r"[-_](?:page|pagina|seite)[-_]?([2-9]|[1-9]\d)", re.IGNORECASE)
_EXTENSION = re.compile(r"\.\w{2,5}$")

_NAME_BEFORE = re.compile(rb"[?&;]" + _NAMES.encode() + rb"$", re.IGNORECASE)
_LONGEST_NAME = 12
_BEHIND = re.compile(rb"[-_,/](?:" + _WORD.encode() + rb"[-_/]?)?(\d\d?)(?![\w%])", re.IGNORECASE)


def part_number(first: str, url: str) -> int | None:
    """Which page of the article at ``first`` an address is, from 2 on; None if it is none of its further pages."""
    one, other = urlsplit(first), urlsplit(url)
    if one.netloc.removeprefix("www.") != other.netloc.removeprefix("www."):
        return None
    path, further = one.path.rstrip("/"), other.path.rstrip("/")
    if further == path:
        more = [pair for pair in other.query.split("&") if pair not in _plain_query(one.query).split("&")]
        found = _QUERY.fullmatch(more[0]) if len(more) == 1 else None
        return int(found[2]) if found else None
    if not path or _plain_query(one.query) != other.query:
        return None
    extension = ending[0] if (ending := _EXTENSION.search(path)) else ""
    stem = path.removesuffix(extension)
    if not further.startswith(stem) or not further.endswith(extension):
        return None
    mark = further[len(stem) :].removesuffix(extension)
    found = (_FILE.fullmatch(mark) if extension else None) or _PATH.fullmatch(mark) or _SLUG.fullmatch(mark)
    return int(found[1]) if found else None


def _plain_query(query: str) -> str:
    """A query without the mark of a first page."""
    pairs = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True)]
    kept = [(name, value) for name, value in pairs if not (value == "1" and re.fullmatch(_NAMES, name, re.IGNORECASE))]
    return query if kept == pairs else urlencode(kept)


def may_go_on(url: str, body: bytes, number: int = 2) -> bool:
    """Whether a page of an article names an address that may be its page of this number. It costs a look through the
    bytes.

    Args:
        url: the address of the article's first page.
        body: one of its pages.
        number: from 2 on.
    """
    if _is_asked_for(number, body):
        return not any(map(_QUERY.fullmatch, urlsplit(url).query.split("&")))  # it is a further page itself
    last = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    stem = _EXTENSION.sub("", last)
    return any(_is_followed(spelt.encode(), number, body) for spelt in {stem, unquote(stem)} if spelt)


def _is_asked_for(number: int, body: bytes) -> bool:
    """Whether `?page=2` stands anywhere in the page. (A regular expression alone takes five times as long.)"""
    sign = b"=%d" % number
    place = body.find(sign)
    while place >= 0:
        end = place + len(sign)
        if _NAME_BEFORE.search(body, max(place - _LONGEST_NAME, 0), place) and not body[end : end + 1].isdigit():
            return True
        place = body.find(sign, end)
    return False


def _is_followed(stem: bytes, number: int, body: bytes) -> bool:
    """Whether the last part of the address stands anywhere in the page with the mark of that page behind it."""
    place = body.find(stem)
    while place >= 0:
        place += len(stem)
        if (mark := _BEHIND.match(body, place)) and int(mark[1]) == number:
            return True
        place = body.find(stem, place)
    return False
