"""What addresses tell: whose site they are on, what is mere tracking in them, whether they look like an article."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

import tldextract.tldextract
from w3lib.url import safe_url_string, url_query_cleaner

TRACKING = re.compile(
    r"utm_.+|mtm_.+|pk_.+|hsa_.+|_hs.+|at_(medium|campaign|custom\d|link_.+|ptr_.+)|ns_(mchannel|source|campaign|linkname|fee)"
    r"|fbclid|gclid|gclsrc|dclid|msclkid|twclid|yclid|igshid|igsh|mc_[ce]id|mkt_tok|oly_(anon|enc)_id|vero_id|wickedid"
    r"|cmpid|ocid|ftag|ncid|xtor|xtref|smid|spm|_ga|_gl|ref_src|ref_url|s_cid|wt_mc|wtmc|traffic_source|rss",
    re.IGNORECASE,
)
"""Query parameters that say where a reader came from and never which article it is."""

NOT_ARTICLES = re.compile(
    r"about(-us)?|accounts?|advertise|apps?|auteurs?|authors?|autor(es)?|careers|cart|categor(y|ies)|contact(s|o|-us)?|cookies"
    r"|events|faq|feeds?|help|impressum|imprint|jobs|kontakt|legal|log(in|out)|mentions-legales|newsletters?|page|podcasts"
    r"|policy|privacy(-policy)?|profile|register|rss|search|shop|sign(in|up)|sitemap|staff|subscri(be|ption)|tags?|team"
    r"|temas?|terms(-of-(service|use))?|topics?|users?"
)
"""Parts of a path that lead to anything but an article."""

_FILE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|ico|css|js|json|xml|rss|pdf|zip|mp[34]|m4a|m3u8|avi|mov|docx?|xlsx?)$", re.I
)
_DATE = re.compile(r"/(?:19|20)\d\d[/-]?(?:0?[1-9]|1[0-2])(?:[/-]?(?:[0-2]?\d|3[01]))?[/-]")
_UNSPACED = re.compile("[\u0e00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Letters of scripts that write words without spaces: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""
_WORDS = re.compile(r"[^\W\d_]+")


def site_of(host: str) -> str:
    """The registered domain of a host: what politeness goes by. A host under no public suffix is a site of its own."""
    host = host.partition(":")[0].lower()
    return tldextract.tldextract.TLD_EXTRACTOR(host).top_domain_under_public_suffix or host


def is_within(url: str, domains: Iterable[str]) -> bool:
    """Whether an address is on one of these domains or on a subdomain of one."""
    host = (urlsplit(url).hostname or "").lower()
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def clean_url(url: str, base: str = "") -> str | None:
    """The address by which an article is remembered: escaped, without fragment and without tracking parameters.

    A relative one is completed with ``base``. Returns None where it is no web address at all.
    """
    try:
        parts = urlsplit(urljoin(base, url.strip()))
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
            return None
        parts.port  # noqa: B018 - raises where it is no number
        safe = safe_url_string(parts.geturl())
    except ValueError:
        return None
    tracking = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True) if TRACKING.fullmatch(name)]
    return url_query_cleaner(safe, tracking, remove=True) if tracking else safe.partition("#")[0]


def looks_like_article(url: str, text: str = "") -> bool:
    """Whether a link, with the text it stands under, is likely to lead to an article and not to a section or a form.

    A link does when nothing in its path speaks against it (:data:`NOT_ARTICLES`, a file that is no page) and one of
    these speaks for it: a last part of four words or more (``cease-fire-holds-in-north``); a date in the path; a
    headline as its text, below the top level or with a number of five digits or more.
    """
    parts = urlsplit(url)
    path = unquote(parts.path)
    segments = [segment for segment in path.lower().split("/") if segment]
    if not segments or _FILE.search(path) or any(map(NOT_ARTICLES.fullmatch, segments)):
        return False
    # The last part that has words; some sites end addresses with a number, others with index.html.
    last = segments[-1].partition(".")[0]
    if last in ("index", "default") or last.isdecimal():
        last = segments[-2] if len(segments) > 1 else last
    words = len(_WORDS.findall(last))
    if words >= 4 or (words >= 2 and _DATE.search(path)):
        return True
    headline = len(text.split()) >= 5 or len(_UNSPACED.findall(text)) >= 10
    return headline and bool(len(segments) >= 2 or re.search(r"\d{5,}", segments[-1] + "?" + parts.query))
