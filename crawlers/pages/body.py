"""The running text of an article: the blocks of the page that trafilatura and the container of the text agree on.

trafilatura tells text from furniture well, but often stops too early: at an advertisement, at the next chapter, at the
first entry of a live blog. The container (the innermost element with most of the running text) is complete, but holds
boxes too. So a block is taken where both have it, or where the container has it and it is marked up like the text that
both have. Noise is taken off twice: elements that are none of the text (:mod:`crawlers.pages.noise`) before anything
looks, and paragraphs that only repeat what other fields hold (title, lead, caption, byline) after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages.blocks import UNSPACED, Block, blocks, running_text
from crawlers.pages.choice import Candidate, Choice
from crawlers.pages.metadata import Metadata, clean, same
from crawlers.pages.noise import without_noise, without_other_stories
from crawlers.pages.states import state_texts

# Characters under which a text looks as if the wrong element was taken for noise.
_SHORT = 400
# The same under which the states of scripts are worth reading.
_SCARCE = 1000
# The share of the running text that the child must hold for the container to be in it.
_MAIN = 0.7
_LEAVES = ("p", "li", "blockquote")
# The share of a block's sequences of words that trafilatura must have for the block to be among what it cut out.
_CUT_OUT = 0.7
# The share of links up to which a block can be of the text.
_MOST_LINKED = 0.6
# Of how many characters in the container trafilatura must have lost how much for the container to be believed.
_LOST = 0.3
_LONG = 2000

# Paragraphs that begin so and stay short point to other stories, and so do headings of no other words.
_POINTING = (
    r"(?:(?:\(re\)\s*voir|à lire|à voir|a lire|lire aussi|lire également|lire|voir aussi|sur le même sujet|"
    r"ne manquez pas|read (?:also|more|next)|also read|see (?:also|more)|don['’]t miss|related|watch|more on this|"
    r"lesen sie auch|mehr zum thema|auch interessant|lea también|lee también|vea también|te puede interesar|"
    r"noticias relacionadas|leia (?:também|mais)|veja também|notícias relacionadas|читайте также|смотрите также|"
    r"читать также|اقرأ أيضا|اقرأ أيضًا|leggi anche|lees ook|les også|läs också|soma zaidi|soma pia|tazama pia)"
    r"\s*(?:aussi|également|also|more)?)"
)
_POINTER = re.compile(rf"{_POINTING}\s*[:：|>»]", re.IGNORECASE)
# Paragraphs that are furniture in any article, whole.
_FURNITURE = re.compile(
    rf"(?:{_POINTING}|"
    r"image|photo|vid[ée]o|video|foto|audio|advertisement|publicit[ée]|anzeige|publicidad|реклама|إعلان|"
    r"share(?: this(?: article)?)?|partager(?: cet article)?|teilen|compartir|compartilhar|поделиться|"
    r"(?:share|partager)?\s*\d+\s*(?:min(?:ute)?s?)(?:\s+de\s+lecture|\s+read)?|"
    r"(?:partager\s+)?\d+\s+minutes?\s+de\s+lecture|\d+\s+min(?:ute)?s?\s+(?:read|lesezeit|de lectura|de leitura)|"
    r"chargement du lecteur.*|loading(?: the)? player.*|\w* ?jw ?player ?\w*|copy link|copier le lien|"
    r"by|par|von|por|read more|lire la suite|"
    r"(?:related|recommended|latest|more|trending|popular)(?: news| stories| articles| topics| reading| for you)?|"
    r"you (?:may|might) also like|most (?:read|popular)|what to read next|editor['’]s picks?|"
    r"(?:article|story) continues below(?: advertisement)?|scroll to continue|articles? liés?|articoli correlati|"
    r"das könnte (?:sie|dich) auch interessieren|関連記事|あわせて読みたい|おすすめ情報|"
    r"you are here|vous êtes ici|sie sind hier|usted está aquí|estás aquí|você está aqui|sei qui|вы здесь|أنت هنا|"
    r"listen to this article|écouter cet article)[.…:\s]*",
    re.IGNORECASE,
)
# Paragraphs that ask readers to subscribe or to follow; they name what for.
_ASKS = (
    r"(?:sign(?:ing)? up|subscribe|abonn\w+|inscri\w+|inscreva-se|suscr[íi]b\w+|iscri[vt]\w+|anmeld\w+|informiert|"
    r"подпи\w+|prenumerer\w*)"
)
_LETTER = r"(?:newsletters?|inbox|infolettre|bolet[íi]n|рассылк\w+|nyhetsbrev\w*|postfach)"
_CALL = re.compile(
    rf"\b{_ASKS}\b.{{0,120}}\b{_LETTER}\b|\b{_LETTER}\b.{{0,60}}\b{_ASKS}\b|"
    r"\bfollow (?:us|him|her|them|@?\w+(?: \w+)?) on (?:twitter|facebook|instagram|linkedin|google news|whatsapp|"
    r"telegram|x)\b|"
    r"\b(?:suivez-nous|folgen sie uns|síguenos|siga-nos|seguici|подписывайтесь на)\b",
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
        shown = self._shown
        declared = [(self._declared(), "json-ld articleBody")]
        if _length(shown.value) < _SCARCE:
            declared += state_texts(self.root, self.metadata.url)
        candidates = (*shown.candidates, *(Candidate(texts, origin) for texts, origin in declared if texts))
        texts, origin = max(declared, key=lambda entry: _length(entry[0]))
        if _length(texts) > 2 * _length(shown.value) or len(shown.value) <= 1 < len(texts):
            why = "the server sends the text for machines only, a script shows it"
            return Choice(texts, origin, why, candidates)
        return replace(shown, candidates=candidates)

    @cached_property
    def _shown(self) -> Choice[list[str]]:
        """What readers see of it."""
        url = self.metadata.url
        tree = without_noise(self.root, url, title=self.title)
        found = blocks(tree)
        place = _container(tree, found)
        cut = _Cut(_main_text(tree, url, precise=True))
        both = _texts(_agreed(found, place, cut, self.title))
        inside = _texts(block for block in found if block.element in place)
        candidates: tuple[Candidate[Any], ...] = (Candidate(cut.texts, "trafilatura"), Candidate(inside, "container"))
        why = "trafilatura cuts it out, or it looks like what trafilatura cuts out and stands around it"
        choice = Choice(both, "trafilatura and container", why, candidates)
        # A site may write its text without paragraphs, or call it `comments`: then more noise is better than no text.
        # But a text may just be short: only one that is much longer is believed to be the one.
        for raw in (False, True):
            if _length(choice.value) < _SHORT:
                origin = "trafilatura, whole page" if raw else "trafilatura, more"
                page = without_other_stories(self.root, url, title=self.title) if raw else tree
                other = _main_text(page, url, precise=False)
                candidates = (*candidates, Candidate(other, origin))
                if _length(other) > 2 * _length(choice.value):
                    choice = Choice(other, origin, "the others found little", candidates)
        return replace(choice, candidates=candidates)

    def _declared(self) -> list[str]:
        text = self.metadata.article.get("articleBody")
        if not isinstance(text, str):
            return []
        text = re.sub(r"(?i)</?(?:p|br|div|h\d|li)\b[^<>]*>", "\n", text)
        return [line for line in map(clean, text.split("\n")) if line]


def _container(tree: HtmlElement, found: list[Block]) -> set[HtmlElement]:
    """The elements of the innermost one that holds most of the page's running text."""
    held = running_text(found)
    place = tree
    while True:
        inner = max((child for child in place if child in held), key=lambda child: held[child], default=None)
        if inner is None or inner.tag in _LEAVES or held[inner] < _MAIN * held[place]:
            return set(place.iter())
        place = inner


class _Cut:
    """The lines that trafilatura cut out, and which blocks of the page are among them."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self._keys = {same(text) for text in texts}
        self._runs = {run for text in texts for run in _runs(text)}

    def __contains__(self, block: Block) -> bool:
        runs = _runs(block.text)
        if not runs:
            return same(block.text) in self._keys
        return len(runs & self._runs) >= _CUT_OUT * len(runs)


def _runs(text: str) -> set[str]:
    """The sequences of three words; of six characters where no spaces part the words."""
    if UNSPACED.search(text):
        text = same(text)
        return {text[i : i + 6] for i in range(len(text) - 5)}
    words = re.findall(r"\w+", text.casefold())
    return {" ".join(words[i : i + 3]) for i in range(len(words) - 2)}


def _agreed(found: list[Block], place: set[HtmlElement], cut: _Cut, title: str) -> list[Block]:
    """The blocks that make up the text.

    In the container, those that trafilatura has, and those that look like the running text that it has: it stops at a
    gap, as before an advertisement. Around the container, those that it has and that look alike, or that stand between
    the headline and the container. Headings between them are kept.
    """
    inside = [block.element in place and block.linked <= _MOST_LINKED for block in found]
    has = [block in cut for block in found]
    agreed = [number for number in range(len(found)) if inside[number] and has[number] and found[number].running]
    in_all = sum(block.running for block, within in zip(found, inside, strict=True) if within)
    is_lost = in_all > _LONG and sum(found[number].running for number in agreed) < _LOST * in_all
    looks = {_look(found[number]) for number in agreed}
    stories = {_story(found[number]) for number in agreed}
    first = inside.index(True) if True in inside else 0
    headline = _headline(found[:first], title)
    kept: list[Block] = []
    follows = False  # text that is kept
    for number, block in reversed(list(enumerate(found))):
        alike = _look(block) in looks and _story(block) in stories
        if inside[number]:
            keep = has[number] or alike or is_lost or (block.is_heading and bool(agreed) and number > agreed[0])
        else:
            keep = has[number] and (alike or (headline < number < first and block.running > 0))
        keep = keep and (follows or not block.is_heading)  # else it is the heading of what is left out
        if keep:
            kept.append(block)
        if keep or block.linked > _MOST_LINKED:  # and no line between the heading and its text
            follows = keep
    return kept[::-1]


def _story(block: Block) -> HtmlElement | None:
    """The article element that holds a block: a page may hold several."""
    return next(block.element.iterancestors("article"), None)


def _headline(found: list[Block], title: str) -> int:
    """The place of the headline among blocks; a number beyond all of them where it is not there."""
    title = same(title)
    for number, block in reversed(list(enumerate(found))):
        key = same(block.text)
        if block.is_heading and title and (title in key or (len(key) > 20 and key in title)):
            return number
    return len(found)


def _look(block: Block) -> tuple[str | None, ...]:
    """How a block is marked up: paragraphs of one text are alike in that."""
    outer = block.element.getparent()
    return (
        block.element.tag,
        block.element.get("class"),
        *((None, None) if outer is None else (outer.tag, outer.get("class"))),
    )


def _texts(found: Iterable[Block]) -> list[str]:
    return [text for block in found if (text := clean(block.text.replace("<", "&lt;")))]


def _length(texts: list[str]) -> int:
    return sum(map(len, texts))


def _main_text(tree: HtmlElement, url: str, *, precise: bool) -> list[str]:
    import trafilatura  # here, because the process that reads listings imports this module and has no use for it

    document = trafilatura.bare_extraction(tree, url=url, favor_precision=precise, include_comments=False)
    lines = (document.text or "").split("\n") if document else []
    return [
        line for line in (clean(line.removeprefix("- ").strip("| ").replace("<", "&lt;")) for line in lines) if line
    ]


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
        if (len(text) < 150 and _CREDIT.fullmatch(text)) or (len(text) < 300 and _CALL.search(text)):
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


def stems(text: str) -> set[str]:
    """The beginnings of a text's longer words, by which two texts on one subject meet; pairs of characters where no
    spaces part the words."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    found = {word[:5] for word in words if len(word) > 3 and not UNSPACED.match(word)}
    return found | {run[i : i + 2] for run in words if UNSPACED.match(run) for i in range(len(run) - 1)}
