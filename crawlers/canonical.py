"""The one address of an article: the same whether its AMP, mobile or print page was found, with tracking or without.

What a page says of itself is believed unless it is plainly untrue, because templates are wrong on whole sites: an
address that every page shares would make one article of all of them.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from w3lib.url import url_query_cleaner

from crawlers.discovery import clean_url, looks_like_article, site_of

_VARIANT_HOST = re.compile(r"^(?:amp|m|mobile|mobil|movil|wap|print)\.(?=.+\.)")
_VARIANT_END = re.compile(r"(?<=[^/])/(?:amp|amphtml|print)(/?)$", re.IGNORECASE)
_VARIANT_START = re.compile(r"^/(?:amp|print)(/)(?=[^/])", re.IGNORECASE)
_VARIANT_QUERY = re.compile(
    r"(?:amp|print|printable|mobile)(?:=(?:1|true|yes|y|on)?)?|(?:output|outputtype|format|view|mode|template)=(?:amp|print)",
    re.IGNORECASE,
)
_VARIANT_FILE = re.compile(r"\.(?:amp|print)(?=$|\.(?:html?|php|aspx?)$)", re.IGNORECASE)
_INDEX = re.compile(r"(?<=/)(?:index\.(?:html?|php|aspx?|jsp)|default\.aspx?)$", re.IGNORECASE)
_PAGE_OF_IT = re.compile(r"(?:\d{1,3}|page|seite|p\d+|all|full|single|comments?|photos?|gallery|video)", re.IGNORECASE)
_NUMBER = re.compile(r"(?<!\d)(?!(?:19|20)\d\d[01]\d(?:[0-3]\d)?(?!\d))\d{5,}")  # 20230206 is a day, of many articles
_WORD = re.compile(r"[^\W\d_]{3,}")


def canonical_url(
    url: str,
    declared: Iterable[str] = (),
    *,
    hinted: Iterable[str] = (),
    title: str = "",
    linked: Container[str | None] = (),
) -> str:
    """The address by which an article is known.

    Args:
        url: the address that answered.
        declared: what the page says its address is (``<link rel=canonical>``, ``og:url``), the most trusted first.
        hinted: addresses that the page says of an article, which may be another one (JSON-LD): believed only where they
            have a number or all their words in common with ``url`` or ``title``.
        title: the page's headlines, in which an address often has its words.
        linked: addresses that the page links to, by which the host beside ``m.example.org`` is known.

    Returns:
        Of the addresses that are believed, one that has something in common with ``url`` or ``title`` rather than one
        that has not, and no AMP, mobile or print page where there is another; without any, ``url`` without the marks of
        such a page.
    """
    addresses = [address for text in declared if (address := clean_url(text)) and not _is_lie(address, url, title)]
    addresses += [
        address
        for text in hinted
        if (address := clean_url(text)) and not _is_lie(address, url, title) and _is_about(address, url, title, share=1)
    ]
    if not addresses:
        return _INDEX.sub("", _plain(clean_url(url) or url, linked))
    best = min(addresses, key=lambda address: (not _is_about(address, url, title), _plain(address, linked) != address))
    # A template that knows https in one place only knows it all the same.
    twin = "https" + best.removeprefix("http")
    return _plain(twin if best.startswith("http:") and twin in addresses else best, linked)


def _is_lie(address: str, url: str, title: str) -> bool:
    """Whether an address cannot be that of the article that answered at ``url``."""
    there, here = urlsplit(address), urlsplit(clean_url(_plain(url, ())) or url)
    if site_of(there.hostname or "") != site_of(here.hostname or ""):
        return True  # of an agency, of a partner: it would take the article from its source
    numbers, words = _marks(there)
    if there.path.rstrip("/").lower() == here.path.rstrip("/").lower():
        # The number of the article is missing: /story.asp for /story.asp?id=12345.
        return bool(not there.query and not numbers and len(words) < 2 and re.search(r"\d{3}", here.query))
    if not there.path.strip("/") and not there.query:
        return True  # the front page
    if here.path.startswith(there.path.rstrip("/") + "/") and not there.query:
        # A page of the article, or an article of the section.
        rest = here.path[len(there.path.rstrip("/")) :].strip("/").split("/")
        return not (all(map(_PAGE_OF_IT.fullmatch, rest)) or looks_like_article(address) or numbers)
    if _is_about(address, url, title):
        return False
    if not there.query and len(words) < 2 and not re.search(r"\d", there.path):
        return any(_marks(here))  # a section, or `undefined`
    # Another story's, if this one's own address agrees with its headline.
    return len(words) > 2 and not numbers and len(_marks(here)[1] & _words(title)) > 1


def _is_about(address: str, url: str, title: str, share: float = 0.5) -> bool:
    """Whether an address has a number or enough words in common with the page's own address or its headline."""
    numbers, words = _marks(urlsplit(address))
    own_numbers, own_words = _marks(urlsplit(url))
    if numbers & own_numbers:
        return True
    if words and own_words and len(words & own_words) >= share * min(len(words), len(own_words)):
        return True
    return len(words) > 1 and len(words & _words(title)) >= share * len(words)


def _marks(parts: SplitResult) -> tuple[set[str], set[str]]:
    """What tells an article's address from others: its long numbers, and the words of the part that has most."""
    path = unquote(parts.path).lower()
    numbers = set(_NUMBER.findall(path)) | {n for _, value in parse_qsl(parts.query) for n in _NUMBER.findall(value)}
    # Of equals the last: a section comes before the article.
    texts = [_words(part) for part in reversed(re.sub(r"\.\w{2,5}$", "", path).split("/"))]
    return numbers, max(texts, key=len, default=set())


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))


def _plain(url: str, linked: Container[str | None]) -> str:
    """An address without the marks of an AMP, mobile or print page.

    The mobile host goes only where the page links to the same path on the host beside it: many mobile sites have paths
    of their own.
    """
    names = [pair.partition("=")[0] for pair in urlsplit(url).query.split("&") if _VARIANT_QUERY.fullmatch(pair)]
    if names:
        url = url_query_cleaner(url, names, remove=True)
    parts = urlsplit(url)
    path = _VARIANT_FILE.sub("", parts.path)
    for marked in (_VARIANT_END, _VARIANT_START):
        path = marked.sub(r"\1", path)
    plain = parts._replace(path=path).geturl() if path != parts.path else url
    host = _VARIANT_HOST.sub("", parts.netloc)
    beside = [parts._replace(netloc=name, path=path).geturl() for name in (f"www.{host}", host) if host != parts.netloc]
    return next((address for address in beside if address in linked), plain)


def is_variant_host(host: str) -> bool:
    """Whether a host is one of those that show the same articles to telephones or as AMP."""
    return bool(_VARIANT_HOST.match(host))
