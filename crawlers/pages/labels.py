"""Under what a site files an article: its section and its tags."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages.choice import Candidate, Choice
from crawlers.pages.metadata import Metadata, as_list, clean, names_of, same, text_of, types_of

_TAGS = r"(?:tags?|tag-?list|topics?|themen?|temas?|keywords?|etiquetas?|mots?-?cles?|schlagw(?:o|ö)rte?r?|hashtags?)"
_TAG_CLASS = re.compile(rf"(?:^|[\s_-]){_TAGS}(?=$|[\s_-])", re.IGNORECASE)
_TAG_PATH = re.compile(rf"(?:^|/)(?:{_TAGS}|tagged|tagg|mot|aihe|aiheet|emne|amne)/", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"(?:^|[\s_-])(?:menu|nav|navbar|navigation|sidebar|widget|footer|header|tag-?cloud|breadcrumbs?|trending|teasers?|cards?)"
    r"(?=$|[\s_-])",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z\d])(?=[A-Z])")
_COUNT = re.compile(r"\s*\(\d+[^)]*\)$")
_MACHINE = re.compile(r"[\da-f]{8}-[\da-f-]{27}|_.*|\d{6,}|.*:.*|[\w.-]+\.(?:com|org|net)", re.IGNORECASE)
"""What sites file for their machines: identifiers, names with a leading underscore, ``type:article``, hosts."""
# As in "topics/ferry".
_PATH = re.compile(r"[a-z_]+/(?=\S)")
_NO_SECTION = re.compile(
    r"home|home ?page|start|startseite|accueil|inicio|início|portada|главная|الرئيسية|ホーム|トップ|"
    r"tags|undefined|null|none|uncategori[sz]ed|[\d\W]*",
    re.IGNORECASE,
)
"""The front page, and what content systems write where an editor wrote nothing."""

LONGEST_TAG = 60
"""Characters; a longer link text is a headline."""


@dataclass(frozen=True)
class Labels:
    """Finds the section and the tags of a page's article."""

    root: HtmlElement
    metadata: Metadata
    title: str

    @cached_property
    def section(self) -> Choice[str | None]:
        """The first candidate that is not the front page, the site or the headline, as it is best written."""
        candidates = tuple(Candidate(text, origin) for text, origin in self._sections() if text)
        named = [c for c in candidates if same(c.value) not in self._no_labels and not _NO_SECTION.fullmatch(c.value)]
        if not named:
            return Choice(None, candidates=candidates)
        # Some write a section as in its address: "public-service". Then another place may have its name.
        best = next((c for c in named if same(c.value) == same(named[0].value) and not c.value.islower()), named[0])
        why = "it is the first that names neither the front page nor the site nor the article"
        return Choice(best.value, best.origin, why, candidates)

    @cached_property
    def tags(self) -> Choice[tuple[str, ...]]:
        """The keywords of the first place that has any."""
        for places in (self._declared, self._linked, self._named):  # each takes longer than the one before
            if candidates := tuple(Candidate(tags, place) for found, place in places() if (tags := self._clean(found))):
                return Choice(candidates[0].value, candidates[0].origin, "it is the first place with tags", candidates)
        return Choice(())

    @cached_property
    def _no_labels(self) -> set[str]:
        """What is no label although sites write it among them: the headline, the site, the authors."""
        authors = map(self.metadata.resolve, as_list(self.metadata.article.get("author")))
        names = [clean(author.get("name") if isinstance(author, dict) else author) for author in authors]
        title = self.title if " " in self.title else ""  # a word may be both
        return {same(name) for name in (title, *self.metadata.site_names, *names) if name}

    def _sections(self) -> Iterator[tuple[str, str]]:
        for value in as_list(self.metadata.article.get("articleSection")):
            yield _first(clean(value)), "json-ld articleSection"
        for name in ("article:section", "parsely-section", "section"):
            yield _first(self.metadata.first_meta(name)), f"meta {name}"
        for element in self.metadata.itemprops("articleSection"):
            yield _first(text_of(element)), "itemprop articleSection"
        for name in self._path:
            yield name, "json-ld BreadcrumbList"
        for link in self.root.xpath("//*[contains(@class, 'breadcrumb') and not(self::html or self::body)]//a"):
            if self._leads_on(link.get("href")):
                yield text_of(link).strip(" /|>»›"), "breadcrumb"

    @property
    def _path(self) -> list[str]:
        """The names in the JSON-LD breadcrumb, without the front page and the page's own at its end."""
        paths = (node for node, own in self.metadata.nodes if own and "BreadcrumbList" in types_of(node))
        steps = as_list(next(paths, {}).get("itemListElement"))[:-1]
        names = []
        for step in (step for step in steps if isinstance(step, dict)):
            item = step["item"] if isinstance(step.get("item"), dict) else {"@id": step.get("item")}
            if self._leads_on(item.get("@id") or item.get("url")):
                names.append(clean(step.get("name")) or clean(item.get("name")))
        return names

    def _leads_on(self, address: object) -> bool:
        """Whether an address is not the front page's."""
        return not isinstance(address, str) or bool(urlsplit(self.metadata.absolute(address)).path.strip("/"))

    def _declared(self) -> Iterator[tuple[list[Any], str]]:
        """The places whose keywords are the article's."""
        meta = self.metadata.meta
        for name in ("news_keywords", "parsely-tags"):
            yield meta.get(name, [])[:1], f"meta {name}"
        yield as_list(self.metadata.article.get("keywords")), "json-ld keywords"
        yield meta.get("article:tag", []), "meta article:tag"
        yield [clean(e.get("content")) or text_of(e) for e in self.metadata.itemprops("keywords")], "itemprop keywords"
        yield [text_of(link) for link in self.root.iter("a") if _relations(link) == {"tag"}], "a rel=tag"

    def _linked(self) -> Iterator[tuple[list[Any], str]]:
        """Where tags may be without a word to say so, and ``meta keywords``: many sites give all pages the same."""
        yield self._marked_links(), "links to tags"
        yield self.metadata.meta.get("keywords", [])[:1], "meta keywords"

    def _named(self) -> Iterator[tuple[list[Any], str]]:
        yield self._named_links(), "links to what the text names"

    def _clean(self, source: list[Any]) -> tuple[str, ...]:
        """The keywords of a place, each once, without those that are no labels or for machines."""
        values = map(self.metadata.resolve, source)
        names = [clean(value.get("name") if isinstance(value, dict) else value) for value in values]
        parts = [part.strip() for name in names for part in re.split(r"[,;،、]", name)]
        kept = [part for part in parts if 0 < len(part) <= LONGEST_TAG and same(part) not in self._no_labels]
        tags = [part for part in kept if not _MACHINE.fullmatch(part)]
        if all(map(_PATH.match, tags)):
            tags = [_PATH.sub("", tag) for tag in tags]
        return tuple(dict.fromkeys(tags))

    # The tags that readers see -------------------------------------------------------------------

    def _marked_links(self) -> list[str]:
        """The first list of links that the page marks as tags."""
        marked = (box for box, links in self._lists.items() if sum(map(_is_marked, links)) * 2 > len(links))
        return next(filter(None, map(self._tags_in, marked)), [])

    def _named_links(self) -> list[str]:
        """The first list of links most of which the text names."""
        text = " ".join(text_of(paragraph) for paragraph in self.root.iter("p")).casefold()
        lists = (names for names in map(self._tags_in, self._lists) if len(names) > 1)
        return next((names for names in lists if sum(name.casefold() in text for name in names) * 2 > len(names)), [])

    @cached_property
    def _lists(self) -> dict[HtmlElement, list[HtmlElement]]:
        """The links after the headline, outside menus and teasers, by the element that holds a list of them."""
        boxes: dict[HtmlElement, list[HtmlElement]] = defaultdict(list)
        headline = False
        for element in self.root.iter("h1", "a"):
            if element.tag == "h1":
                headline = headline or bool(text_of(element))
            elif headline and not (element.get("href") or "#").startswith("#") and not _is_elsewhere(element):
                boxes[_list_of(element)].append(element)
        return boxes

    def _tags_in(self, box: HtmlElement) -> list[str]:
        """What the links of a list say; empty if there is much more than tags in it."""
        names = list(dict.fromkeys(_COUNT.sub("", text_of(link).strip(" ,;#")) for link in self._lists[box]))
        names = [name for name in names if 1 < len(name) <= LONGEST_TAG]
        return names if len(text_of(box)) <= 2 * sum(map(len, names)) + 40 else []


def _first(sections: str) -> str:
    """The first of several sections in one string."""
    return re.split(r",(?=\S)", sections)[0].strip()


def _words(element: HtmlElement) -> str:
    return _CAMEL.sub("-", names_of(element))


def _relations(link: HtmlElement) -> set[str]:
    return set((link.get("rel") or "").lower().split())


def _is_elsewhere(link: HtmlElement) -> bool:
    """Whether a link belongs to another part of the page than the article."""
    if "category" in _relations(link):
        return True
    for depth, element in enumerate(link.iterancestors()):
        if element.tag in ("article", "main", "body"):
            return False
        if element.tag in ("p", "footer", "aside") or (element.tag == "nav" and not _TAG_CLASS.search(_words(element))):
            return element.tag != "p" or len(text_of(element)) > 2 * len(text_of(link)) + 40
        if depth < 5 and _ELSEWHERE.search(words := _words(element)) and not _TAG_CLASS.search(words):
            return True
    return False


def _list_of(link: HtmlElement) -> HtmlElement:
    """The element that holds a link and its like; where it has none, the one that holds the link alone."""
    box = link.getparent()
    for _ in range(3):
        above = box.getparent()
        if (
            above is None
            or len(list(islice(box.iter("a"), 2))) > 1
            or any(child.tag != box.tag for child in above.iterchildren("*"))
        ):
            break
        box = above
    return box


def _is_marked(link: HtmlElement) -> bool:
    """Whether the page says that a link leads to a tag: by its address or by a class of its list."""
    try:
        path = urlsplit(link.get("href")).path
    except ValueError:
        return False
    near = [link, *list(link.iterancestors())[:3]]
    return bool(_TAG_PATH.search(path)) or any(_TAG_CLASS.search(_words(element)) for element in near)
