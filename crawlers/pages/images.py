"""The pictures of an article, each with what stands under it.

A picture is read together with its frame: the figure, or else the largest box around it that holds no other picture
and little text. In the frame its caption and credit are looked for, and for captions outside any frame the picture
before them.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any
from urllib.parse import unquote

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages.choice import Candidate, Choice
from crawlers.pages.metadata import Metadata, Node, as_list, clean, names_of, parted, same, same_page, text_of
from wirewatch.records import Image

_CAPTION = re.compile(
    r"(?:^|[\s_-])(?:caption|legende?|leyenda|bildunterschrift|bildtext|didascalia|pie-?(?:de-?)?foto|"
    r"(?:image|img|photo|picture|media|foto|bild)-?(?:info|text|title|subtitle|description|desc)|info-?(?:text|description))",
    re.IGNORECASE,
)
_CREDIT = re.compile(r"(?:^|[\s_-])(?:credit|copyright|source|photographer|fotograf|autor-foto)", re.IGNORECASE)
_CREDIT_WORDS = (
    r"\(c\)|\((?:\w+ )?photos?/|\(?(?:photo(?:graph)?s?|pictures?|images?) by\b|"
    r"(?:photo(?:graph)?s?|images?|pictures?|credits?|crédits?|créditos?|fotos?|bild(?:er|rechte|nachweis|quelle)?|quelle|source|kuva|kilde|"
    r"фото|источник|صورة|تصوير|المصدر|picha|hoto)\s*:"
)
# Boxes whose pictures are of other stories, of people who write, or of the site.
_OTHERS = re.compile(
    r"(?:^|[\s_-])(?:related|recommend\w*|teasers?|promo\w*|authors?|autor(?:es)?|byline|bio|avatar|profile|newsletter\w*|"
    r"advert\w*|ads?|sponsor\w*|banner|logos?|icons?|emoji|comments?|most-?(?:read|popular)|trending|sidebar|social|"
    r"share|sharing|menu|nav|footer)(?=$|[\s_-])",
    re.IGNORECASE,
)
_HEADINGS = ("h1", "h2", "h3", "h4")
# Parts of a file's name that tell one size of a picture from another.
_SIZE = re.compile(
    r"(?:[a-z]{0,2}\d{2,4}[x:]\d{2,4}.*|[whsvmxy]\d{1,4}|[1-9]\d{1,2}0|scaled|original|large|medium|small|big|thumb\w*|"
    r"xlarge|preview|square|wide|crop|full|hd|webp|jpe?g|png|avif|gif)",
    re.IGNORECASE,
)
_NO_PICTURE = re.compile(r"\.svg|gravatar|/avatars?[/_-]|brandlogo|[/_-]logo[._-]|/icons?/", re.IGNORECASE)
_OF_THE_TEXT = "self::figure[ancestor::article or ancestor::main]"
_LEVELS = 6
"""How far above a picture its frame may stand."""
_NEAR = 60
"""Elements up to which a caption may stand after its picture."""
_SMALL = 100
"""Pixels up to which a picture is an icon, a face or what counts readers."""
_MOST = 800
"""Characters of text that a frame may hold: a caption with its credit."""
_MANY, _ASKED = 50, 2000
"""How many pictures an article has at most, and how many of a page are looked at."""


@dataclass(frozen=True)
class _Found:
    """A picture, where it was found, and what it shows: equal for all its sizes."""

    image: Image
    origin: str
    place: int = 0
    """Where in the page it stands."""

    @cached_property
    def motif(self) -> str:
        return _motif(self.image.url)


@dataclass(frozen=True)
class Images:
    """Finds the pictures of a page's article."""

    root: HtmlElement
    metadata: Metadata

    @cached_property
    def choice(self) -> Choice[tuple[Image, ...]]:
        """The pictures, the cover first: what readers see on top, or else what the page declares as its picture."""
        declared, shown = list(self._declared()), list(islice(self._shown(), _MANY))
        candidates = tuple(Candidate(found.image, found.origin) for found in [*declared, *shown])
        if not candidates:
            return Choice(())
        cover, why = self._cover(declared, shown)
        copies: dict[str, list[_Found]] = {cover.motif: [cover]}
        for found in [*shown, *declared]:
            # What is declared and not shown is the cover by another name, or a part of it.
            hidden = found in declared[:1] and not any(found.motif == other.motif for other in shown)
            copies.setdefault(cover.motif if hidden else found.motif, []).append(found)
        return Choice(tuple(map(_merged, copies.values()))[:_MANY], cover.origin, why, candidates)

    def _cover(self, declared: list[_Found], shown: list[_Found]) -> tuple[_Found, str]:
        """The picture of the article, and why it is the one."""
        top = next((f for f in shown if f.place < self._text_begins and f.image.caption), None)
        if top and top.motif not in {found.motif for found in declared}:
            return top, "readers see it above the text"
        if not declared:
            return shown[0], "it is the first that readers see"
        copy = next((found for found in shown if found.motif == (top or declared[0]).motif), None)
        return (copy, "the page declares it and readers see it") if copy else (declared[0], "the page declares it")

    # What the page declares ---------------------------------------------------------------------

    def _declared(self) -> Iterator[_Found]:
        """The picture of the metadata: JSON-LD's, several sizes of which are one, else that of the meta tags."""
        found = [f for value in as_list(self.metadata.article.get("image")) if (f := self._node(value))]
        if len({one.motif for one in found}) > 1 and not any(one.image.caption for one in found):
            found = found[:1]
        if found:
            yield from found
            return
        for name in ("og:image", "og:image:url", "twitter:image"):
            if url := self.metadata.absolute(self.metadata.first_meta(name)):
                width, height = (_pixels(self.metadata.first_meta(f"og:image:{side}")) for side in ("width", "height"))
                yield _Found(Image(url=url, width=width, height=height), f"meta {name}")
                return

    def _node(self, value: Any) -> _Found | None:
        """A picture as JSON-LD gives it: an address, or a node with caption, credit and size."""
        value = self.metadata.resolve(value)
        node: Node = value if isinstance(value, dict) else {"url": value}
        address = next((u for u in (node.get("url"), node.get("contentUrl")) if isinstance(u, str)), "")
        url = self.metadata.absolute(address)
        if not url:
            return None
        caption, credit = _caption_and_credit(clean(node.get("caption")), _credit(node))
        size = {side: _pixels(node.get(side)) for side in ("width", "height")}
        return _Found(Image(url=url, caption=caption, credit=credit, **size), "json-ld image")

    # What readers see ---------------------------------------------------------------------------

    @cached_property
    def _place(self) -> dict[HtmlElement, int]:
        return {element: number for number, element in enumerate(self.root.iter())}

    @cached_property
    def _text_begins(self) -> int:
        """Where the second long paragraph of the page stands: pictures above it are on top of the article."""
        long = (p for p in self.root.iter("p") if len(p.text_content()) > 100 and not p.xpath("ancestor::figure"))
        return next((self._place[p] for p in islice(long, 1, None)), len(self._place))

    def _shown(self) -> Iterator[_Found]:
        """The pictures of the article as readers see them: with what stands beside each."""
        asked = islice(filter(_is_picture, self._place), _ASKED)
        addresses = ((picture, url) for picture in asked if (url := self._address(picture)))
        pictures = list(islice(addresses, 4 * _MANY))
        framed = {picture: _frame(picture) for picture, _ in pictures}
        texts = {picture: self._caption(picture, frame) for picture, frame in framed.items()}
        texts |= self._captions_after([picture for picture, _ in pictures], texts)
        for picture, url in pictures:
            frame, text = framed[picture], texts[picture]
            if not text and (self._is_in_a_box(picture) or not frame.xpath(_OF_THE_TEXT)):
                continue
            caption, credit = _caption_and_credit(text, next(filter(None, map(text_of, _parts(frame, _CREDIT))), ""))
            size = {side: _pixels(picture.get(side)) for side in ("width", "height")}
            image = Image(url=url, caption=caption, credit=credit, **size)
            origin = "figure" if frame.tag == "figure" else "img"
            yield _Found(image, origin, self._place[picture])

    def _captions_after(self, pictures: list[HtmlElement], texts: dict[HtmlElement, str]) -> dict[HtmlElement, str]:
        """The captions outside a picture's frame, by the last picture before each: marked, or its alternative text."""
        bare = [picture for picture in pictures if not texts[picture]]
        places = [self._place[picture] for picture in bare]
        known = {text for text in texts.values() if text}
        found: dict[HtmlElement, str] = {}
        for part in self.root.iter("figcaption", "div", "p", "span", "small", "em") if bare else ():
            number = bisect(places, self._place[part]) - 1
            if number < 0 or bare[number] in found or self._place[part] - places[number] > _NEAR:
                continue
            alternative = same(bare[number].get("alt") or "")
            if not (
                part.tag == "figcaption"
                or _CAPTION.search(parted(part.get("class") or ""))
                or (len(alternative) > 20 and same(part.text_content()) == alternative)
            ):
                continue
            text = text_of(part)
            if (
                text
                and text not in known
                and len(text) <= _MOST
                and not (self._is_linked(part) or self._is_in_a_box(part))
            ):
                found[bare[number]] = text
                known.add(text)
        return found

    def _address(self, picture: HtmlElement) -> str:
        """The address of a picture in full; empty if it belongs to the site or its menus, or is none to look at."""
        if picture.xpath("ancestor::nav or ancestor::footer"):
            return ""
        if any(sum(1 for _ in islice(aside.iter("img"), 2)) > 1 for aside in picture.iterancestors("aside")):
            return ""
        url = self.metadata.absolute(_source(picture))
        if _NO_PICTURE.search(url) or _is_small(picture, url):
            return ""
        if self._is_linked(picture):
            # A frame with a caption beside the link is that of a picture with a page of its own; a portrait links too.
            frame = _frame(picture)
            captions = [*frame.iter("figcaption"), *_parts(frame, _CAPTION)]
            if not self._marked_caption(frame) or any(self._leads_away(a) for part in captions for a in part.iter("a")):
                return ""
        return url

    def _caption(self, picture: HtmlElement, frame: HtmlElement) -> str:
        """What stands under a picture: in its frame, in an attribute, or in the element that it is described by."""
        text = self._marked_caption(frame) or clean(picture.get("data-caption"))
        described = picture.get("aria-describedby")
        if text or not described or frame.tag == "figure":
            return text
        return next((text_of(part) for part in self.root.xpath("//*[@id=$id]", id=described)), "")

    def _marked_caption(self, frame: HtmlElement) -> str:
        """The caption that a frame says it has, and which does not lead to another story."""
        captions = [*frame.iter("figcaption"), *_parts(frame, _CAPTION)]
        return next((text for part in captions if (text := text_of(part)) and not self._is_linked(part)), "")

    def _is_linked(self, part: HtmlElement) -> bool:
        """Whether an element, or nearly all the text in it, leads to another page."""
        if any(map(self._leads_away, part.iterancestors("a"))):
            return True
        linked = sum(len(link.text_content()) for link in part.iter("a") if self._leads_away(link))
        return linked > 0.8 * len(part.text_content().strip()) > 0

    def _is_in_a_box(self, picture: HtmlElement) -> bool:
        """Whether the class of what is around a picture, the article left out, says that it is none of its."""
        for box in (picture, *picture.iterancestors()):
            if box.tag in ("article", "main", "body") or box in self._around_headlines:
                return False
            if _OTHERS.search(parted(names_of(box))):
                return True
        return False

    @cached_property
    def _around_headlines(self) -> set[HtmlElement]:
        return {box for headline in self.root.iter("h1") for box in headline.iterancestors()}

    def _leads_away(self, link: HtmlElement) -> bool:
        """Whether a link goes to another page, and not to a larger copy of the picture that it holds."""
        address = self.metadata.absolute(link.get("href") or "")
        if not address or re.search(r"\.(?:jpe?g|png|webp|gif|avif)\b", address, re.IGNORECASE):
            return False
        return not any(same_page(address, here) for here in (self.metadata.url, self.metadata.canonical))


def _merged(copies: list[_Found]) -> Image:
    """The first of several copies of a picture, with what the others say of it."""
    images = [found.image for found in copies]
    told = next((image for image in images if image.caption), images[0])
    credit = told.credit or next((image.credit for image in images if image.credit), None)
    return images[0].model_copy(update={"caption": told.caption, "credit": credit})


def _is_small(picture: HtmlElement, url: str) -> bool:
    """Whether a picture is an icon, a face, or what counts readers."""
    asked = [] if picture.get("srcset") else re.findall(r"[?&](?:w|h|width|height)=(\d+)(?=&|$)", url)
    sides = [side for size in (picture.get("width"), picture.get("height"), *asked) if (side := _pixels(size))]
    return bool(sides) and max(sides) <= _SMALL


def _is_picture(element: HtmlElement) -> bool:
    """Whether an element is an ``<img>`` or one that a script makes one of (``<amp-img>``, ``<lazy-image>``)."""
    tag = element.tag
    return tag == "img" or (isinstance(tag, str) and "-" in tag and ("img" in tag or "image" in tag))


def _source(picture: HtmlElement) -> str:
    """The address of a picture, which may be loaded late by a script, or stand in a ``<source>`` around it."""
    attributes = [(name, value) for name, value in picture.items() if "src" in name or name == "data-original"]
    # What a script loads late is the picture; `src` holds its place until then.
    for name, value in sorted(attributes, key=lambda attribute: attribute[0] == "src"):
        if "srcset" not in name and _is_address(value):
            return str(value).strip()
    sources = [a for a in picture.iterancestors("source", "picture") if a.tag == "source"]
    sets = (value for element in (picture, *sources) for name, value in element.items() if "srcset" in name)
    return next((address for value in sets if _is_address(address := _largest(value))), "")


def _largest(srcset: str) -> str:
    """The address of the largest picture of a set: ``a.jpg 320w, b.jpg 640w``. Addresses may hold commas."""
    sized = [part.split() for part in re.split(r",\s|,(?=https?:|//)", srcset) if part.strip()]
    return max(sized, key=lambda part: int(re.sub(r"\D.*", "", part[-1]) or 0), default=[""])[0].rstrip(",")


def _is_address(value: str) -> bool:
    """Whether an attribute holds the address of a picture, and not of what is shown until it is loaded."""
    value = value.strip()
    return ("." in value or "/" in value) and not re.search(r"\s|^data:|placeholder|transparent|spacer|blank\.", value)


def _frame(picture: HtmlElement) -> HtmlElement:
    """The figure of a picture, else the largest near box that holds no other picture, no headline and little text."""
    frame = picture
    figure = next(picture.iterancestors("figure"), None)
    outer = (a for a in picture.iterancestors() if a.tag not in ("picture", "source"))
    for number, ancestor in enumerate(outer):
        if figure is None and (number == _LEVELS or len(ancestor.text_content()) > _MOST):
            break
        if ancestor.tag in ("article", "main", "body") or next(ancestor.iter(*_HEADINGS), None) is not None:
            break
        if len(_motifs(ancestor)) > 1:
            break
        frame = ancestor
        if ancestor is figure:
            break
    return frame


def _motifs(box: HtmlElement) -> set[str]:
    """The pictures in a box, several sizes of one being one."""
    sources = (_source(picture) for picture in islice(box.iter("img"), 20))
    return {_motif(source) for source in sources if source and not _NO_PICTURE.search(source)}


def _parts(frame: HtmlElement, pattern: re.Pattern[str]) -> Iterator[HtmlElement]:
    """The parts of a frame whose class or itemprop matches."""
    for part in frame.xpath(".//*[@class or @itemprop]"):
        if pattern.search(parted(f"{part.get('class') or ''} {part.get('itemprop') or ''}")):
            yield part


@lru_cache(1000)
def _motif(url: str) -> str:
    """What all sizes of one picture have in common: the file's name without what tells its size."""
    sent = re.search(r"[?&](?:url|src|image)=(http[^&]+)", url)  # by a service that changes its size
    path = unquote(unquote(sent[1] if sent else re.sub(r"[?#].*", "", url))).rstrip("/").casefold()
    folder, _, name = path.rpartition("/")
    kept = [part for part in re.split(r"[-_.~]", name) if part and not _SIZE.fullmatch(part)]
    if not re.search(r"\d{5}", name):  # the number of the picture may be that of its folder
        kept += re.findall(r"\d{6,}", folder)[-1:]
    return "-".join(kept) if len("".join(kept)) > 4 else url


def _caption_and_credit(text: str, credit: str) -> tuple[str | None, str | None]:
    """Caption and credit apart, where the caption ends with its credit or with a copyright sign and a name."""
    at = text.rfind(credit) if len(credit) > 5 else -1
    if credit and text.endswith(credit):
        text = text[: -len(credit)]
    elif at >= 0 and len(text) - at - len(credit) < 40:  # the agency after the name
        text, credit = text[:at], text[at:]
    elif not credit and (mark := re.search(rf"\s*(?:©|{_CREDIT_WORDS})\s*(.{{2,100}})$", text, re.IGNORECASE)):
        text, credit = text[: mark.start()], mark[0]
    credit = re.sub(rf"^[\s|/(©]*(?:{_CREDIT_WORDS})?[\s©]*", "", credit, flags=re.IGNORECASE).strip(" )|")
    return text.strip(" |/(") or None, credit or None


def _credit(node: Node) -> str:
    for key in ("creditText", "copyrightNotice", "copyrightHolder", "author", "creator"):
        value = node.get(key)
        if name := clean(value.get("name") if isinstance(value, dict) else value):
            return name
    return ""


def _pixels(value: object) -> int | None:
    match = re.fullmatch(
        r"(\d{1,5})(?:\.0)?(?:px)?", str(value.get("value") if isinstance(value, dict) else value).strip()
    )
    return int(match[1]) if match and int(match[1]) > 0 else None
