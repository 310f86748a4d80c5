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
    r"about(-us)?|accounts?|advertise|apps?|auteurs?|authors?|autor(e[ns])?|careers|cart|categor(y|ies)|contact(s|o|-us)?|cookies"
    r"|events|faq|feeds?|help|impressum|imprint|jobs?|kontakt|legal|log(in|out)|mentions-legales|newsletters?|page|podcasts"
    r"|policy|privacy(-policy)?|profile|register|rss|search|shop|sign(in|up)|sitemap|staff|subscri(be|ption)|tags?|team"
    r"|temas?|terms(-of-(service|use))?|topics?|users?"
)
"""Parts of a path that lead to anything but an article."""

LONGEST_URL = 2000
"""Characters of an address: browsers take little more, and an index of PostgreSQL takes 2,704 bytes."""

SESSION = re.compile(
    r"(?:phpsessid|jsessionid|aspsessionid\w*|sess(?:ion)?_?id|cfid|cftoken|zenid|oscsid|sid(?==[0-9a-f]{16,}$))(?==).*",
    re.IGNORECASE | re.ASCII,
)
"""Query parameters, with their values, that say which visit it is."""

_SIMPLE = re.compile(r"https?://[a-z0-9.-]+/[A-Za-z0-9._~/-]*")
_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid)=[^/?#;]*", re.IGNORECASE)
_DEFAULT_PORT = re.compile(r"^(?:(http://[^/?#]+):80|(https://[^/?#]+):443)(?=[/?#]|$)")
_FILE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|ico|css|js|json|xml|rss|pdf|zip|mp[34]|m4a|m3u8|wav|og[ag]|webm|avi|mov|ics|apk|docx?"
    r"|xlsx?)$",
    re.IGNORECASE,
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
    """The address by which an article is asked for: escaped, without fragment, tracking, session and default port.

    A relative one is completed with ``base``. Returns None where it is no web address at all, or one of more than
    :data:`LONGEST_URL` characters.
    """
    url = url.strip()
    if len(url) > LONGEST_URL:
        return None
    if _SIMPLE.fullmatch(url):
        return url  # nothing to do for most of the 50,000 addresses of a sitemap
    try:
        url = urljoin(base, url)
        if _SIMPLE.fullmatch(url):
            return url
        parts = urlsplit(_PATH_SESSION.sub("", url))
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
            return None
        parts.port  # noqa: B018 - raises where it is no number
        safe = safe_url_string(parts.geturl())
    except ValueError:
        return None
    safe = _DEFAULT_PORT.sub(r"\1\2", safe)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    needless = [name for name, value in pairs if TRACKING.fullmatch(name) or SESSION.fullmatch(f"{name}={value}")]
    cleaned = url_query_cleaner(safe, needless, remove=True) if needless else safe.partition("#")[0]
    return cleaned if len(cleaned) <= LONGEST_URL else None


def looks_like_article(url: str, text: str = "") -> bool:
    """Whether a link, with the text it stands under, is likely to lead to an article and not to a section or a form.

    A link does when nothing in its path speaks against it (:data:`NOT_ARTICLES`, a file that is no page) and one of
    these speaks for it: a last part of four words or more (``cease-fire-holds-in-north``); a date in the path; a
    headline as its text, below the top level or with a number of five digits or more.
    """
    if leads_elsewhere(url):
        return False
    parts = urlsplit(url)
    path = unquote(parts.path)
    segments = [segment for segment in path.lower().split("/") if segment] or [""]
    # The last part that has words; some sites end addresses with a number, others with index.html.
    last = segments[-1].partition(".")[0]
    if last in ("index", "default") or last.isdecimal():
        last = segments[-2] if len(segments) > 1 else last
    words = len(_WORDS.findall(last))
    if words >= 4 or (words >= 2 and _DATE.search(path)):
        return True
    return is_headline(text) and bool(len(segments) >= 2 or re.search(r"\d{5,}", segments[-1] + "?" + parts.query))


def leads_elsewhere(url: str) -> bool:
    """Whether an address can be none of an article: a front page, a file that is no page, :data:`NOT_ARTICLES`."""
    parts = urlsplit(url)
    path = unquote(parts.path).lower()
    segments = [segment for segment in path.split("/") if segment]
    if not segments:
        return not re.search(r"\d{3}", parts.query)  # /?p=12345
    return bool(_FILE.search(path)) or any(map(NOT_ARTICLES.fullmatch, segments))


def is_headline(text: str) -> bool:
    """Whether a link's text is long enough for a headline: five words, or ten letters of a script without spaces."""
    return len(text.split()) >= 5 or len(_UNSPACED.findall(text)) >= 10
