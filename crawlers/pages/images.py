"""The pictures of an article, each with what stands under it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages.choice import Candidate, Choice
from crawlers.pages.metadata import Metadata, Node, as_list, clean, text_of
from wirewatch.records import Image

_CAPTION = re.compile(r"(?:^|[\s_-])(?:caption|legende?|leyenda|bildunterschrift)", re.IGNORECASE)
_CREDIT = re.compile(r"(?:^|[\s_-])(?:credit|copyright|source|photographer|fotograf)", re.IGNORECASE)
_CREDIT_WORDS = r"\(c\)|(?:photos?|credits?|crédits?|créditos?|fotos?|bild|фото|صورة|تصوير|picha|hoto)\s*:"


@dataclass(frozen=True)
class Images:
    """Finds the pictures of a page's article."""

    root: HtmlElement
    metadata: Metadata

    @cached_property
    def choice(self) -> Choice[tuple[Image, ...]]:
        """All the pictures."""
        found = self._all()
        declared = {image.url for image in self._declared()}
        candidates = tuple(
            Candidate(image, "metadata" if image.url in declared else "img") for image in found
        )
        return Choice(found, candidates[0].origin if candidates else "", candidates=candidates)

    def _all(self) -> tuple[Image, ...]:
        """The pictures with caption and credit: the cover of the metadata first, then the figures of the article."""
        found: dict[str, Image] = {}
        figures = {_picture(image.url): image for image in self._shown()}
        for image in [*self._declared(), *figures.values()]:
            key = _picture(image.url)
            shown = figures.get(key, image)
            before = found.get(key, image)
            found[key] = before.model_copy(
                update={"caption": shown.caption or before.caption, "credit": shown.credit or before.credit}
            )
        pictures = list(found.values())
        # The cover's declared copy often has another file name than the one shown first, which has its caption.
        shown_first = next(iter(figures.values()), None)
        if pictures and shown_first and not pictures[0].caption and self._declared():
            pictures[0] = pictures[0].model_copy(update={"caption": shown_first.caption, "credit": shown_first.credit})
            if _picture(shown_first.url) != _picture(pictures[0].url):
                pictures = [p for p in pictures if p.url != shown_first.url]
        return tuple(pictures[:50])

    def _declared(self) -> list[Image]:
        images = []
        for value in as_list(self.metadata.article.get("image")):
            value = self.metadata.resolve(value)
            node: dict[str, Any] = value if isinstance(value, dict) else {"url": value}
            address = next((u for u in (node.get("url"), node.get("contentUrl")) if isinstance(u, str)), "")
            if url := self.metadata.absolute(address):
                caption, credit = _caption_and_credit(clean(node.get("caption")), _credit(node))
                images.append(
                    Image(
                        url=url,
                        caption=caption,
                        credit=credit,
                        width=_pixels(node.get("width")),
                        height=_pixels(node.get("height")),
                    )
                )
        # Several sizes of one picture are one picture: sites list them together.
        images = (
            images[:1] if len({_picture(i.url) for i in images}) > 1 and not any(i.caption for i in images) else images
        )
        if not images and (
            url := self.metadata.absolute(self.metadata.first_meta("og:image", "og:image:url", "twitter:image"))
        ):
            images.append(
                Image(
                    url=url,
                    width=_pixels(self.metadata.first_meta("og:image:width")),
                    height=_pixels(self.metadata.first_meta("og:image:height")),
                )
            )
        return images

    def _shown(self) -> Iterator[Image]:
        """The pictures of the article as readers see them: with what stands beside each."""
        for picture in self.root.xpath("//img[not(ancestor::aside or ancestor::nav or ancestor::footer)]"):
            frame = _frame(picture)
            url = self.metadata.absolute(_source(picture))
            if frame is None or not url:
                continue
            text = next((t for c in frame.iter("figcaption") if (t := text_of(c))), "") or _marked(frame, _CAPTION)
            if not text and not frame.xpath("ancestor::article or ancestor::main"):
                continue
            caption, credit = _caption_and_credit(text, _marked(frame, _CREDIT))
            yield Image(
                url=url,
                caption=caption,
                credit=credit,
                width=_pixels(picture.get("width")),
                height=_pixels(picture.get("height")),
            )


def _source(picture: HtmlElement) -> str:
    """The address of an ``<img>``, which may be loaded late by a script."""
    addresses = [(picture.get(name) or "").strip() for name in ("data-src", "data-original", "src")]
    return next((address for address in addresses if address and not address.startswith("data:")), "")


def _frame(picture: HtmlElement) -> HtmlElement | None:
    """The element that holds a picture and its caption: a figure, or a near ancestor with a part marked as caption."""
    figures = picture.xpath("ancestor::figure[1]")
    if figures:
        return None if figures[0].xpath("ancestor::a") else figures[0]
    for ancestor, _ in zip(picture.iterancestors("div", "section", "p"), range(3), strict=False):
        if len(ancestor.findall(".//img")) > 1 or ancestor.find(".//h1") is not None:
            return None
        if _marked(ancestor, _CAPTION):
            return ancestor
    return None


def _marked(frame: HtmlElement, pattern: re.Pattern[str]) -> str:
    """The text of the first part of a frame whose class or itemprop matches."""
    for part in frame.xpath(".//*[@class or @itemprop]"):
        if pattern.search(f"{part.get('class') or ''} {part.get('itemprop') or ''}") and (text := text_of(part)):
            return text
    return ""


def _picture(url: str) -> str:
    """What two sizes of one picture have in common: the file's name."""
    return re.sub(r"[?#].*", "", url).rstrip("/").rsplit("/", 1)[-1].casefold() or url


def _caption_and_credit(text: str, credit: str) -> tuple[str | None, str | None]:
    """Caption and credit apart, where the caption ends with its credit or with a copyright sign and a name."""
    if credit and text.endswith(credit):
        text = text[: -len(credit)]
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
