"""Elements of a page that are none of its article's text: captions, share bars, players, boxes, other stories."""

from __future__ import annotations

import copy
import re
from collections import Counter
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.discovery import site_of
from crawlers.pages.blocks import blocks, running_text
from crawlers.pages.metadata import parted, same, text_of

_NOISE_TAGS = (
    "figure figcaption picture aside nav footer form button iframe video audio select dialog template noscript svg"
)
# Whole words of class, id and role, in the ways sites spell them: `share-bar`, `share_bar`, `shareBar`. `paywall` alone
# marks the text that is behind one, as schema.org's example does; `print` marks what is printed, which the text is.
_NOISE_WORDS = re.compile(
    r"(?:^|[\s_-])(?:shar(?:e|ing)\w*|social\w*|partag\w*|newsletter\w*|subscri\w*|related\w*|recommend\w*|teasers?|promo\w*|"
    r"comments?|disqus\w*|byline|authors?|author-\w+|caption\w*|legende|credits?|copyright|breadcrumbs?|"
    r"read-?(?:more|also|next)|lire-?aussi|see-?also|more-?on|most-?(?:read|popular)|trending|player|jwplayer\w*|"
    r"audio-?player|reading-?time|whatsapp|telegram|cookies?|consent|advert\w*|ads?|sponsor\w*|paywall(?=[_-])|tags?|tag-?list|"
    r"toolbar|no-?print|print-(?:none|button|link)|modal|pop-?up|lightbox|"
    r"gallery|carousel|slideshow|infobox|fact-?box|correction-?policy|(?:side-?bar|(?:right|left)-(?:rail|section))(?=\s|$)|"
    r"sr-only|visually-?hidden|element-invisible|screen-reader\w*)(?=$|[\s_-])",
    re.IGNORECASE,
)
# Characters from which an id is a heading made into an address (`more-on-the-ferry-and-its-crew`) and names no kind.
_SLUG = 30
# A wrapper may carry such a word too (`<main class="has-share">`): what holds this share of the text is not noise.
_MOST = 0.3
# Paragraphs of one class up to which the class may mark them as noise: more are how the site writes its text.
_FEW = 3
# Characters of running text from which an article under the headline is the whole one.
_STORY = 400
# The same up to which a block under a linked headline is a teaser.
_TEASER = 400
# The same from which a table cell holds text and no datum.
_CELL = 400


def without_noise(root: HtmlElement, url: str, *, title: str = "") -> HtmlElement:
    """A copy of the page without the elements that never belong to its text: captions, boxes, bars, other stories."""
    tree = copy.deepcopy(root)
    etree.strip_elements(tree, etree.Comment, etree.ProcessingInstruction, "script", "style", "link", with_tail=False)
    _Cleaning(tree).take_off(url, title)
    return tree


def without_other_stories(root: HtmlElement, url: str, *, title: str = "") -> HtmlElement:
    """A copy of the page without other articles and teasers."""
    tree = copy.deepcopy(root)
    _Cleaning(tree).other_stories(url, title)
    return tree


def is_noise(element: HtmlElement) -> bool:
    """Whether an element's class or id says that it is none of the text."""
    name = element.get("id") or ""
    return element.tag not in _NEVER_NOISE and _is_noise(
        f"{element.get('class') or ''} {name if len(name) < _SLUG else ''}"
    )


@lru_cache(maxsize=20_000)  # a page has few different ones, and a site's pages have the same
def _is_noise(words: str) -> bool:
    return bool(_NOISE_WORDS.search(parted(words)))


# Parts of a table bear the name of what their row is about.
_NEVER_NOISE = frozenset(["html", "body", "main", "article", "tbody", "tr", "td", "th"])


class _Cleaning:
    """Takes off what is noise, unless it holds much of the page's running text."""

    def __init__(self, tree: HtmlElement) -> None:
        self._tree = tree
        self._running = running_text(blocks(tree))
        self._everything = self._running.get(tree, 0)

    def take_off(self, url: str, title: str) -> None:
        self.other_stories(url, title)
        for element in list(self._tree.iter(*_NOISE_TAGS.split())):
            if element.tag != "figure" or element.find(".//table") is None:
                self._drop(element)
        habits = Counter(paragraph.get("class") for paragraph in self._tree.iter("p"))
        for element in self._tree.xpath(".//*[@class or @id]"):
            if is_noise(element) and (element.tag != "p" or habits[element.get("class")] <= _FEW):
                self._drop(element)
        self._open_layout_tables()

    def _drop(self, element: HtmlElement) -> None:
        if element.getparent() is not None and self._running.get(element, 0) <= _MOST * self._everything:
            element.drop_tree()  # keeps the text that follows it

    def other_stories(self, url: str, title: str) -> None:
        """Articles without the headline, and teasers under a linked headline."""
        title = same(title)
        articles = [a for a in self._tree.iter("article") if next(a.iterancestors("article"), None) is None]
        own = [a for a in articles if title and any(title in same(text_of(h)) for h in a.iter("h1", "h2"))]
        if len(own) == 1 and self._running.get(own[0], 0) > _STORY:
            for article in articles:
                if article is not own[0]:  # however much of the page it is
                    article.drop_tree()
        site = site_of(urlsplit(url).hostname or "")
        teasers: dict[tuple[str, str | None], list[HtmlElement]] = {}
        for link in self._tree.xpath(".//*[self::h2 or self::h3 or self::h4 or self::h5]/a[@href]"):
            heading = link.getparent()
            block = heading.getparent()
            key = same(link.text_content())
            if len(key) < 20 or key == title or key != same(heading.text_content()) or block.tag in ("body", "main"):
                continue
            is_short = block.find(".//p") is not None and self._running.get(block, 0) < _TEASER
            if is_short and _is_of(site, link.get("href"), url):
                teasers.setdefault((block.tag, block.get("class")), []).append(block)
        for alike in teasers.values():
            if len(alike) > 2:  # one or two may be the article's own parts
                for block in alike:
                    self._drop(block)

    def _open_layout_tables(self) -> None:
        """Make blocks of the tables that only arrange the page, so that what is left are tables of data."""
        parts = [
            part
            for table in self._tree.iter("table")
            if self._only_arranges(table)
            for part in (table, *table.xpath("./tr | ./tbody | ./tbody/tr | ./tr/td | ./tbody/tr/td"))
        ]
        for part in parts:
            part.tag = "div"

    def _only_arranges(self, table: HtmlElement) -> bool:
        return (
            len(table.findall(".//p")) > 2
            or any(table.find(f".//{inner}") is not None for inner in ("h1", "table"))
            or any(self._running.get(cell, 0) > _CELL for cell in table.iter("td"))
        )


def _is_of(site: str, href: str, url: str) -> bool:
    try:
        return site_of(urlsplit(urljoin(url, href)).hostname or "") == site
    except ValueError:
        return False
