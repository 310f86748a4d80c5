"""Tells what a marked or capitalised part of a text names: a person, an organisation, a place or nothing of these.

Everything that speaks for a kind adds to it: the recogniser's mark, words inside the name ("University", "River"),
words around it ("the city of", "President"), what the gazetteer and the list of known people and organisations say,
a first name. The kind with most wins, if that is enough. The words are in ``data/name_kinds.yml``; the weights are set
by hand, so that one sure sign outweighs a recogniser and two weak ones do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from spacy.tokens import Doc

from enrichment import known
from enrichment.gazetteer import fold
from enrichment.names.introduced import is_introduced
from enrichment.names.kinds import (
    ORGANIZATION,
    PERSON,
    PLACE,
    UNCASED,
    first_names,
    is_place_name,
    is_title,
    place_kind,
    well_known_places,
    words_of,
)  # fmt: skip
from enrichment.names.words import ARTICLES, LINKS, SAYS

ENOUGH = 1.0
"""Below it nothing is said of what a recogniser did not mark."""

LONE = 1.6
"""Of the mark of a person in one word: the least sure one."""
LONE_FIRST = 0.6
"""The same where a sentence begins, where every word has a capital, unless they say something."""
_adjective = re.compile("(?:ая|ое|ые|ие|ыми|ими|ым|им|ий|ой)$")
SUBJECT = {
    "sw": re.compile(
        r"(?P<person>a(?:li|me|na|ta|ki)\w{3,}|ambaye)\b|(?P<organization>i(?:li|me|na)(?:sema|toa|tanga|fanya|kana)\w*)"
    ),
}
"""What in a language says that the word before it is who acts, folded."""


class Certain(NamedTuple):
    """What a document is known to name."""

    kind: str
    text: str
    """Without what is written as one word with it: الجزائر of والجزائر."""


class Sight:
    """A document with what is known of its words, looked up once."""

    def __init__(self, doc: Doc, language: str) -> None:
        self.doc = doc
        self.language = language
        self.is_cased = language not in UNCASED
        self.words = words_of(language)
        self.raw: str = doc.text  # Doc makes it anew each time
        self.texts = [token.text for token in doc]
        folded = fold(self.raw)
        self.folded = [folded[token.idx : token.idx + len(token)] for token in doc]
        self.begins = _sentence_starts(self.texts)
        self.known = known.named_in(self.raw, language)
        self.certain = _certain(doc, self.raw, language, self.known)
        self.certain_starts = {start for start, _ in self.certain}
        self.place_starts = {end: start for (start, end), one in self.certain.items() if one.kind == PLACE}
        self.longer = {(start, i) for start, end in self.certain for i in range(start + 1, end + 1)}

    def text(self, start: int, end: int) -> str:
        """What stands from one token to before another."""
        first, last = self._offsets(start, end)
        return self.raw[first:last]

    def _offsets(self, start: int, end: int) -> tuple[int, int]:
        last = self.doc[end - 1]
        return self.doc[start].idx, last.idx + len(last)

    def shown(self, start: int, end: int) -> str:
        """The same without what is no part of the name, where that is known."""
        known_one = self.certain.get((start, end))
        return known_one.text if known_one else self.text(start, end)

    def weigh(self, start: int, end: int, mark: str | None, weight: float) -> dict[str, float]:
        """What speaks for each kind; nothing at all where it surely is none of them."""
        score = {PERSON: 0.0, ORGANIZATION: 0.0, PLACE: 0.0}
        if mark:
            score[mark] += min(weight, self._lone(start, end)) if mark == PERSON and end - start == 1 else weight
        name = self.text(start, end)
        called_so = (start, end) in self.certain
        if found := self.certain.get((start, end)):
            score[found.kind] += 4.0
        elif (called := place_kind(name, self.language)) == "people":
            return {}
        elif called:
            score[ORGANIZATION if called == "organisation" else PLACE] += 3.0
        elif is_place_name(name, self.language):
            score[PLACE] += 1.0
        elif mark != PERSON and self._only_begins_a_sentence(start, end):
            return {}
        well_known = fold(name) in well_known_places()
        if well_known:
            score[PLACE] += 3.0
        head = None if well_known else self._head(start, end)
        if head == "other":
            return {}
        if head:
            score[head] += 3.0
        self._weigh_letters(start, end, score, head)
        self._weigh_around(start, end, score)
        if mark in (PLACE, None) and end - start > 1 and self.is_cased and not called_so and not head:
            introduced = is_introduced(self.raw, *self._offsets(start, end), self.language)
            score[PERSON] += 3.0 * introduced
        return score

    def _lone(self, start: int, end: int) -> float:
        if not self.begins[start]:
            return LONE
        after = self._offsets(start, end)[1]
        return LONE if SAYS.match(fold(self.raw[after : after + 120])) else LONE_FIRST

    def _only_begins_a_sentence(self, start: int, end: int) -> bool:
        """Whether words have a capital only for that: "Казахская кухня", in Russian an adjective alone too."""
        if not self.begins[start] or self._head(start, end):
            return False
        if end - start == 1:
            before_noun = end < len(self.texts) and self.texts[end][0].islower()
            return self.language == "ru" and before_noun and _adjective.search(self.folded[start]) is not None
        return all(text[0].islower() for text in self.texts[start + 1 : end])

    def _head(self, start: int, end: int) -> str | None:
        """The kind that a word of the name says: the last one, or the one before "of"."""
        inside = range(start, end)
        link = next((i for i in inside if i > start and self.folded[i] in LINKS), None)
        ends = [link - 1, start] if link is not None else [end - 1, start]
        for i in dict.fromkeys(ends if end - start > 1 else ()):
            if kind := self.head_of(i):
                return kind
        rest = [kind for i in inside if end - start > 1 and (kind := self.head_of(i))]
        return rest[0] if rest and rest[0] != "other" else None

    def head_of(self, i: int) -> str | None:
        """The kind that a word says a name with it is."""
        word = self.folded[i]
        if kind := self.words.heads.get(word):
            return kind
        if self.words.stems and (found := self.words.stems.match(word)):
            return found.lastgroup
        return None

    def _weigh_letters(self, start: int, end: int, score: dict[str, float], head: str | None) -> None:
        texts = self.texts[start:end]
        capitals = [text for text in texts if text[0].isupper()]
        given = self.folded[start] in first_names()
        if given and not head:
            score[PERSON] += 2.0 if 1 < len(capitals) < 5 else 0.7
        elif len(texts) == 1 and "." in texts[0][:-1] and texts[0][0].isupper():
            score[ORGANIZATION] += 0.5
        if len(texts) == 1 and 1 < len(texts[0]) < 7 and texts[0].isupper() and texts[0].isalpha():
            score[ORGANIZATION] += 1.5
        if len(capitals) > 1 and not given:
            score[ORGANIZATION] += 0.2
        if len(capitals) > 1 and re.fullmatch(r"[^\W\d_]\.?", texts[0]) and not head:
            score[PERSON] += 1.0  # J. Smith

    def _weigh_around(self, start: int, end: int, score: dict[str, float]) -> None:
        i = start - 1
        if i < 0:
            return
        before = self.folded[i]
        if before in self.words.places_before:
            score[PLACE] += 0.8
        if before in ARTICLES and self.language != "de":
            score[PERSON] -= 1.0  # "the Danube": people have none
        if is_title(before, self.language):
            score[PERSON] += 1.5
        noun = self.words.nouns.get(before)
        if noun is None and before in LINKS and i:
            noun = self.words.nouns.get(self.folded[i - 1])
            noun = noun if noun == PLACE else None
        if noun:
            score[noun] += 1.5
        if (subject := SUBJECT.get(self.language)) and (found := subject.match(" ".join(self.folded[end : end + 2]))):
            score[found.lastgroup or PERSON] += 1.2
        if before in {'"', "«", "“"} and end < len(self.texts) and self.folded[end] in {'"', "»", "”"}:
            quoted = self.language != "ru"  # there clubs and papers stand between quotes, elsewhere works
            score[ORGANIZATION] -= 1.5 * quoted
            score[PLACE] -= 1.0 * quoted


def best(score: dict[str, float], mark: str | None) -> tuple[str | None, float]:
    """The kind that most speaks for, the mark where it is even; None where it is not enough."""
    if not score:
        return None, 0.0
    kind = max(score, key=lambda one: (score[one], one == mark))
    return (kind, score[kind]) if score[kind] >= ENOUGH else (None, score[kind])


_ENDS = frozenset('.!?…:;"“”«»‹›-–—•*|()')


def _sentence_starts(texts: Sequence[str]) -> list[bool]:
    """Of each token, whether its capital may be that of a sentence."""
    return [i == 0 or texts[i - 1][-1:] in _ENDS or texts[i - 1].isspace() for i in range(len(texts))]


def _certain(doc: Doc, text: str, language: str, known_names: Sequence[known.Found]) -> dict[tuple[int, int], Certain]:
    """What the gazetteer and the list of the known find in the text, by tokens, from and before which."""
    found: dict[tuple[int, int], Certain] = {}

    def add(start: int, end: int, kind: str) -> None:
        span = doc.char_span(start, end, alignment_mode="expand")
        if span is not None and len(span) and text[end : span.end_char][:1] != "-":  # "SPD-Politikerin"
            found.setdefault((span.start, span.end), Certain(kind, text[start:end]))

    for one in known_names:
        add(one.start, one.end, PERSON if one.id.startswith("person:") else ORGANIZATION)
    for location in doc._.locations:
        add(location.start, location.end, PLACE)
    for mention in doc._.country_mentions:
        kind = place_kind(text[mention.start : mention.end], language)
        if kind and kind != "people":
            add(mention.start, mention.end, PLACE)
    return found
