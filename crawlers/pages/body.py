"""The running text of an article: what trafilatura cuts out, after and before noise that it leaves in is taken off.

Noise is taken off twice: elements that are none of the text (captions, share bars, players, boxes) before
trafilatura looks, and paragraphs that only repeat what other fields hold (title, lead, caption, byline) after it.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.discovery import site_of
from crawlers.pages.choice import Candidate, Choice
from crawlers.pages.metadata import Metadata, clean, same, text_of

_NOISE_TAGS = (
    "figure figcaption picture aside nav footer form button iframe video audio select dialog template noscript svg"
)
# Whole words of class, id and role, in the ways sites spell them: `share-bar`, `share_bar`, `shareBar`.
_NOISE_WORDS = re.compile(
    r"(?:^|[\s_-])(?:shar(?:e|ing)\w*|social\w*|partag\w*|newsletter\w*|subscri\w*|related\w*|recommend\w*|teasers?|promo\w*|"
    r"comments?|disqus\w*|byline|authors?|author-\w+|caption\w*|legende|credits?|copyright|breadcrumbs?|"
    r"read-?(?:more|also|next)|lire-?aussi|see-?also|more-?on|most-?(?:read|popular)|trending|player|jwplayer\w*|"
    r"audio-?player|reading-?time|whatsapp|telegram|cookies?|consent|advert\w*|ads?|sponsor\w*|paywall|tags?|tag-?list|toolbar|print|"
    r"gallery|carousel|slideshow|infobox|correction-?policy|(?:side-?bar|(?:right|left)-(?:rail|section))(?=\s|$)|"
    r"sr-only|visually-?hidden|element-invisible|screen-reader\w*)(?=$|[\s_-])",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# A wrapper may carry such a word too (`<main class="has-share">`): what holds this share of the text is not noise.
_MOST = 0.3
# Paragraphs of one class up to which the class may mark them as noise: more are how the site writes its text.
_FEW = 3
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# Characters under which a text looks as if the wrong element was taken for noise.
_SHORT = 400

# Paragraphs that are furniture in any article, whole.
_FURNITURE = re.compile(
    r"(?:image|photo|vid[ée]o|video|foto|audio|advertisement|publicit[ée]|anzeige|publicidad|реклама|إعلان|"
    r"share(?: this(?: article)?)?|partager(?: cet article)?|teilen|compartir|compartilhar|поделиться|"
    r"(?:share|partager)?\s*\d+\s*(?:min(?:ute)?s?)(?:\s+de\s+lecture|\s+read)?|"
    r"(?:partager\s+)?\d+\s+minutes?\s+de\s+lecture|\d+\s+min(?:ute)?s?\s+(?:read|lesezeit|de lectura|de leitura)|"
    r"chargement du lecteur.*|loading(?: the)? player.*|\w* ?jw ?player ?\w*|copy link|copier le lien|"
    r"by|par|von|por|read more|lire la suite|"
    r"you are here|vous êtes ici|sie sind hier|usted está aquí|estás aquí|você está aqui|sei qui|вы здесь|أنت هنا|"
    r"listen to this article|écouter cet article)[.…:\s]*",
    re.IGNORECASE,
)
# Paragraphs that begin so and stay short point to other stories.
_POINTER = re.compile(
    r"(?:\(re\)\s*voir|à lire|à voir|a lire|lire aussi|lire également|lire|voir aussi|"
    r"read (?:also|more|next)|also read|see also|"
    r"related|watch|more on this|lesen sie auch|mehr zum thema|lea también|lee también|vea también|te puede interesar|"
    r"leia (?:também|mais)|veja também|читайте также|смотрите также|читать также|اقرأ أيضا|اقرأ أيضًا|"
    r"leggi anche|lees ook|les også|"
    r"läs också|soma zaidi|soma pia|tazama pia)\s*(?:aussi|également|also|more)?\s*[:：|>»]",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"(?:©|\(c\)|photo(?:graph)?s?\s*(?:by|:|/|©)|crédit\w*\s*:|foto\s*:|bild\s*:|image (?:credit|source|caption)\b).*",
    re.I,
)
_BYLINE = re.compile(r"(?:by|par|von|por|di|автор[:]?|بقلم[:]?|na|door|av)\s+(.*)", re.IGNORECASE)
# Who, where and when above the text: a short line with a date and no end of a sentence. Years are of the Gregorian or
# the Persian and Islamic calendars.
_STAMP = re.compile(
    r"(?=.{4,80}$)(?=.*(?:\d.*\b(?:1[34]|19|20)\d\d\b|\b(?:1[34]|19|20)\d\d\b.*\d))(?!.*[.!?…:»”\"。।؟]$)"
    r"\S+(?:\s+\S+){0,10}"
)
_NAME = r"(?:[A-ZÀ-ÞА-Я][\w'’.-]*|and|et|und|y|e|de|da|van|von|der|la|le|al|el)"
_NAMES = re.compile(rf"{_NAME}(?:\s+{_NAME}){{0,7}}")


@dataclass(frozen=True)
class Body:
    """Finds the running text of a page's article."""

    root: HtmlElement
    metadata: Metadata
    title: str

    @cached_property
    def choice(self) -> Choice[list[str]]:
        """The paragraphs of the main text, before repeats of other fields are taken off."""
        texts = paragraphs(self.root, self.metadata.url, title=self.title)
        declared = self._declared()
        candidates = (Candidate(texts, "trafilatura"), Candidate(declared, "json-ld articleBody"))
        if _length(declared) > 2 * _length(texts) or len(texts) <= 1 < len(declared):
            why = "the server sends the text for machines only, a script shows it"
            return Choice(declared, "json-ld articleBody", why, candidates)
        return Choice(texts, "trafilatura", candidates=candidates)

    def _declared(self) -> list[str]:
        text = self.metadata.article.get("articleBody")
        if not isinstance(text, str):
            return []
        text = re.sub(r"(?i)</?(?:p|br|div|h\d|li)\b[^<>]*>", "\n", text)
        return [line for line in map(clean, text.split("\n")) if line]


def paragraphs(root: HtmlElement, url: str, *, title: str = "") -> list[str]:
    """The paragraphs of the page's main text, without page furniture.

    Args:
        root: the page; it is not changed.
        url: its address.
        title: the headline, by which this story is told from others on the page.
    """
    clean_tree = without_noise(root, url, title=title)
    found = _main_text(clean_tree, url, precise=True)
    # A site may write its text without paragraphs, or call it `comments`: then more noise is better than no text. But a
    # text may just be short: only one that is much longer is believed to be the one.
    for raw in (False, True):
        if _length(found) < _SHORT:
            other = _main_text(_of_this_story(root, url, title) if raw else clean_tree, url, precise=False)
            found = other if _length(other) > 2 * _length(found) else found
    return found


def _length(texts: list[str]) -> int:
    return sum(map(len, texts))


def _main_text(tree: HtmlElement, url: str, *, precise: bool) -> list[str]:
    import trafilatura  # here, because the process that reads listings imports this module and has no use for it

    document = trafilatura.bare_extraction(tree, url=url, favor_precision=precise, include_comments=False)
    lines = (document.text or "").split("\n") if document else []
    return [
        line for line in (clean(line.removeprefix("- ").strip("| ").replace("<", "&lt;")) for line in lines) if line
    ]


def without_noise(root: HtmlElement, url: str, *, title: str = "") -> HtmlElement:
    """A copy of the page without the elements that never belong to its text: captions, boxes, bars, other stories."""
    tree = _of_this_story(root, url, title)
    everything = _reading(tree)
    for element in list(tree.iter(*_NOISE_TAGS.split())):
        _drop_noise(element, everything)
    habits = Counter(paragraph.get("class") for paragraph in tree.iter("p"))
    for element in tree.xpath(".//*[@class or @id]"):
        if not is_noise(element):
            continue
        if element.tag != "p" or habits[element.get("class")] <= _FEW:
            _drop_noise(element, everything)
    _open_layout_tables(tree)
    return tree


def _of_this_story(root: HtmlElement, url: str, title: str) -> HtmlElement:
    """A copy of the page without other stories: articles without the headline, teasers under a linked headline."""
    tree = copy.deepcopy(root)
    title = same(title)
    everything = _reading(tree)
    articles = [a for a in tree.iter("article") if next(a.iterancestors("article"), None) is None]
    own = [a for a in articles if title and any(title in same(text_of(h)) for h in a.iter("h1", "h2"))]
    if len(own) == 1 and _reading(own[0]) > _SHORT:
        for article in articles:
            if article is not own[0]:
                _drop_noise(article, everything)
    site = site_of(urlsplit(url).hostname or "")
    teasers: dict[tuple[str, str | None], list[HtmlElement]] = {}
    for link in tree.xpath(".//*[self::h2 or self::h3 or self::h4 or self::h5]/a[@href]"):
        heading = link.getparent()
        block = heading.getparent()
        key = same(link.text_content())
        if len(key) < 20 or key == title or key != same(heading.text_content()) or block.tag in ("body", "main"):
            continue
        if _is_of(site, link.get("href"), url) and 0 < _reading(block) < _SHORT:
            teasers.setdefault((block.tag, block.get("class")), []).append(block)
    for alike in teasers.values():
        if len(alike) > 2:  # one or two may be the article's own parts
            for block in alike:
                _drop_noise(block, everything)
    return tree


def _is_of(site: str, href: str, url: str) -> bool:
    try:
        return site_of(urlsplit(urljoin(url, href)).hostname or "") == site
    except ValueError:
        return False


def _open_layout_tables(tree: HtmlElement) -> None:
    """Make blocks of the tables that only arrange the page, so that what is left are tables of data."""
    parts = [
        part
        for table in tree.iter("table")
        if len(table.findall(".//p")) > 2 or table.find(".//h1") is not None or table.find(".//table") is not None
        for part in (table, *table.xpath("./tr | ./tbody | ./tbody/tr | ./tr/td | ./tbody/tr/td"))
    ]
    for part in parts:
        part.tag = "div"


def without_repeats(texts: Iterable[str], *, title: str, others: Iterable[str], names: Iterable[str]) -> list[str]:
    """The paragraphs without those that other fields hold, and without furniture that carries no mark in the page.

    Args:
        texts: the paragraphs.
        title: the headline; also dropped where it is followed by the site's name.
        others: lead, captions, credits: dropped where a paragraph is one of them.
        names: authors: a paragraph that is their byline is dropped.
    """
    known = {same(text) for text in others if text}
    people = {same(name) for name in names}
    headline = same(title)
    kept: list[str] = []
    for number, text in enumerate(texts):
        key = same(text)
        if not key or key in known or key == headline or (number < 3 and _holds(key, headline)):
            continue
        if _FURNITURE.fullmatch(text) or (len(text) < 200 and _POINTER.match(text)):
            continue
        if len(text) < 150 and _CREDIT.fullmatch(text):
            continue
        if number < 3 and _STAMP.fullmatch(text):
            continue
        byline = _BYLINE.fullmatch(text)
        if number < 3 and byline and len(text) < 60 and _NAMES.fullmatch(byline[1]):
            continue
        if key in people or (
            byline and any(same(byline[1]).startswith(person) for person in people) and len(text) < 120
        ):
            continue
        if any(len(caption) > 40 and key.startswith(caption) and len(key) < len(caption) + 60 for caption in known):
            continue  # a caption and its credit run together
        if kept and text == kept[-1]:
            continue
        kept.append(text)
    return kept


def _holds(key: str, headline: str) -> bool:
    """Whether a line is the headline with little before it (a kicker) or after it (the site's name)."""
    return len(headline) > 20 and len(key) - len(headline) < 30 and (key.startswith(headline) or key.endswith(headline))


def is_noise(element: HtmlElement) -> bool:
    """Whether an element's class or id says that it is none of the text."""
    return element.tag not in ("html", "body", "main", "article") and bool(_NOISE_WORDS.search(_words(element)))


def stems(text: str) -> set[str]:
    """The beginnings of a text's longer words, by which two texts on one subject meet; pairs of characters where no
    spaces part the words."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    found = {word[:5] for word in words if len(word) > 3 and not _UNSPACED.match(word)}
    return found | {run[i : i + 2] for run in words if _UNSPACED.match(run) for i in range(len(run) - 1)}


def _words(element: HtmlElement) -> str:
    return _CAMEL.sub("-", f"{element.get('class') or ''} {element.get('id') or ''}")


def _reading(element: HtmlElement) -> int:
    """Characters of running text: what stands in paragraphs."""
    return sum(len(paragraph.text_content()) for paragraph in element.iter("p"))


def _drop_noise(element: HtmlElement, everything: int) -> None:
    if element.getparent() is None or (everything and _reading(element) > _MOST * everything):
        return
    element.drop_tree()  # keeps the text that follows it
