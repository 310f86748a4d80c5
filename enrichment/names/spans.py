"""From what a recogniser marks, or what is written like a name, to names: trimmed, joined, parted, each of one kind.

A name's kind is told by all of its mentions together (:mod:`enrichment.names.evidence`), a surname alone is the person
whom the text names in full, and what is listed together is of one kind.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from enrichment.gazetteer import fold
from enrichment.names.evidence import Sight, best
from enrichment.names.kinds import ORGANIZATION, PERSON, PLACE, is_title
from enrichment.names.words import ARTICLES, LINKS, NO_NAMES, PARTICLES


class Candidate(NamedTuple):
    """Tokens, from and before which, that may be a name."""

    start: int
    end: int
    mark: str | None
    """The kind that a recogniser gave it."""
    weight: float
    """What that counts."""


class Name(NamedTuple):
    """Tokens, from and before which, that are a name, and its kind."""

    start: int
    end: int
    kind: str


SURNAME = 2.5
"""What it weighs that somebody in the text is called so."""
SURE = 3.0
"""From which weight on the neighbours in a list change nothing."""

_INNER = frozenset("- – ' ’ . & \" / + « » · ・".split())  # noqa: SIM905
"""Signs that may be part of a name."""
_AND = frozenset("and und et y e i ed na da ve и й та".split())  # noqa: SIM905


def names(sight: Sight, candidates: Iterable[Candidate]) -> list[Name]:
    """The names of a document, in its order, none overlapping another."""
    pieces = [piece for candidate in candidates for piece in _pieces(sight, candidate)]
    pieces = [_extended(sight, piece) for piece in pieces]
    pieces = _with_certain(sight, pieces)
    told = [(piece, sight.weigh(*piece)) for piece in pieces]
    _share(sight, told)
    kinds = [best(score, piece.mark) for piece, score in told]
    kinds = _listed_alike(sight, pieces, kinds)
    found = (_trimmed(sight, piece, kind) for piece, (kind, _) in zip(pieces, kinds, strict=True) if kind)
    return [name for name in found if name]


def _pieces(sight: Sight, one: Candidate) -> list[Candidate]:
    """A candidate without what stands at its edges, parted at commas, brackets and line ends, and people at "and"."""
    parts: list[list[int]] = [[]]
    for i in range(one.start, one.end):
        text = sight.texts[i]
        cut = not any(c.isalnum() for c in text) and text not in _INNER
        cut = cut or (text == "in" and (i + 1, one.end) in sight.certain)  # "Barclays Bank in Mombasa"
        if cut or (one.mark == PERSON and text in _AND and sight.language != "es"):
            parts.append([])
        else:
            parts[-1].append(i)
    made = []
    for part in parts:
        start, end = _edges(sight, part[0], part[-1] + 1) if part else (0, 0)
        if start < end:
            made.append(Candidate(start, end, one.mark, one.weight))
    return made


def _edges(sight: Sight, start: int, end: int) -> tuple[int, int]:
    """Without articles and small words before, and possessives and signs behind."""
    while start < end and not _may_begin(sight, start):
        start += 1
    if (
        sight.language == "ru"
        and end - start > 1
        and sight.begins[start]
        and sight.words.nouns.get(sight.folded[start]) == PLACE
    ):
        start += sight.texts[start + 1][0].isupper()  # "Город Тверь"
    while start < end and _is_no_end(sight, end - 1):
        end -= 1
    return start, end


def _may_begin(sight: Sight, i: int) -> bool:
    text = sight.texts[i]
    if not text[0].isalnum():
        return False
    if sight.folded[i] in ARTICLES and text[0].islower():
        return False
    if sight.folded[i] in ("the",):
        return False
    word = sight.folded[i]
    if text[0].islower() and (sight.words.nouns.get(word) == PLACE or sight.head_of(i) in (ORGANIZATION, PLACE)):
        return not is_title(word, sight.language)
    return text[0] != text[0].lower() or text[0] == text[0].upper() or any(c.isupper() for c in text)


def _is_no_end(sight: Sight, i: int) -> bool:
    text = sight.texts[i]
    if text in {"'s", "’s", "'", "’"} or not any(c.isalnum() for c in text) or text in LINKS or text in _AND:
        return True
    return text[0].islower() and sight.folded[i] in NO_NAMES


def _extended(sight: Sight, one: Candidate) -> Candidate:
    """With the word before that says what it is: "Universidad de Chile", of which a recogniser saw the last word."""
    if one.mark == PERSON and sight.is_cased:
        return one._replace(start=_initials_before(sight, one.start))
    if sight.language == "en" and (end := _head_after(sight, one.end)):
        one = one._replace(end=end, mark=None)
    i = one.start - 1
    if sight.language == "ru" and i >= 0 and one.mark in (PLACE, None) and sight.folded[i].startswith("сборн"):
        return one._replace(start=i, mark=ORGANIZATION)
    for _ in range(2):  # "Selección de fútbol de Chile"
        if i < 1 or sight.folded[i] not in LINKS - _WHERE or sight.texts[i - 1] in LINKS:
            return one
        head = sight.head_of(i - 1)
        begins = sight.texts[i - 1][0].isupper()
        if head == ORGANIZATION and begins and not is_title(sight.folded[i - 1], sight.language):
            return Candidate(i - 1, one.end, one.mark if one.mark == ORGANIZATION else None, one.weight)
        if begins:
            return one
        i -= 2
    return one


_WHERE = frozenset(["in", "at", "to", "from", "en", "à", "a", "em", "no", "na"])
"""Links after which stands where an organisation is, and no part of its name."""


def _head_after(sight: Sight, end: int) -> int | None:
    """Where a name ends that a recogniser broke off before its head: "Baton Rouge" of "Baton Rouge High School"."""
    found = None
    for i in range(end, min(end + 4, len(sight.texts))):
        if not sight.texts[i][0].isupper():
            break
        if sight.head_of(i) in (ORGANIZATION, PLACE):
            found = i + 1
    return found


def _initials_before(sight: Sight, start: int) -> int:
    """Where a person's name with its initials begins: "L. G. Smith", which tokenisers part in two ways."""
    texts = sight.texts
    while start and re.fullmatch(r"[^\W\d_]\.", texts[start - 1]) and texts[start - 1][0].isupper():
        start -= 1
    while start > 1 and texts[start - 1] == "." and len(texts[start - 2]) == 1 and texts[start - 2].isupper():
        start -= 2
    return start


def _with_certain(sight: Sight, pieces: list[Candidate]) -> list[Candidate]:
    """The pieces and what the gazetteer and the list of the known found, the longer where two overlap."""
    certain = (Candidate(*span, None, 0.0) for span in sight.certain)
    everything = [*pieces, *(_extended(sight, one) if sight.language in ("en", "ru") else one for one in certain)]
    kept: list[Candidate] = []
    taken = bytearray(len(sight.texts))
    for one in sorted(everything, key=lambda c: (c.start - c.end, c.mark is None, c.start)):
        if not any(taken[one.start : one.end]):
            taken[one.start : one.end] = b"x" * (one.end - one.start)
            kept.append(one)
    return sorted(kept)


def _share(sight: Sight, told: list[tuple[Candidate, dict[str, float]]]) -> None:
    """Let the mentions of one name weigh alike, and give surnames what speaks for the full names."""
    by_name: dict[str, list[dict[str, float]]] = defaultdict(list)
    surnames: set[str] = set()
    for piece, score in told:
        name = " ".join(sight.folded[piece.start : piece.end])
        by_name[name].append(score)
        if piece.end - piece.start > 1 and best(score, piece.mark)[0] == PERSON:
            surnames.add(sight.folded[piece.end - 1])
    for name, scores in by_name.items():
        filled = [score for score in scores if score]
        if len(filled) > 1:
            for kind in (PERSON, ORGANIZATION, PLACE):
                mean = sum(score[kind] for score in filled) / len(filled)
                for score in filled:
                    score[kind] = mean
        if name in surnames:
            for score in filled:
                score[PERSON] += SURNAME


def _listed_alike(
    sight: Sight, pieces: list[Candidate], kinds: list[tuple[str | None, float]]
) -> list[tuple[str | None, float]]:
    """The kinds, where three or more names are listed the doubtful ones that of most."""
    changed = list(kinds)
    run: list[int] = []
    for i in range(len(pieces) + 1):
        if run and i < len(pieces) and _is_listed(sight, pieces[i - 1].end, pieces[i].start):
            run.append(i)
            continue
        if len(run) > 2:
            votes = Counter(kinds[j][0] for j in run if kinds[j][0])
            kind, most = votes.most_common(1)[0] if votes else (None, 0)
            for j in run:
                if most > len(run) / 2 and kinds[j][1] < SURE and kinds[j][0]:
                    changed[j] = kind, kinds[j][1]
        run = [i]
    return changed


def _is_listed(sight: Sight, end: int, start: int) -> bool:
    between = [text for text in sight.texts[end:start] if text.strip()]
    return 0 < len(between) < 3 and all(text in {","} or text in _AND for text in between)


def _trimmed(sight: Sight, piece: Candidate, kind: str) -> Name | None:
    """The name without titles and small words at its edges; None where nothing is left or it is no name."""
    start, end = piece.start, piece.end
    if kind == PERSON:
        while start < end - 1 and (is_title(sight.folded[start], sight.language) or _is_small(sight, start)):
            start += 1
        while start < end - 1 and _is_small(sight, end - 1):
            end -= 1
    elif kind == PLACE:
        start = _with_noun(sight, start)
    name = sight.text(start, end)
    folded = fold(name)
    if kind == ORGANIZATION and _is_office(sight, start) and (start, end) not in sight.certain:
        return None
    if len(name) < 2 or folded in NO_NAMES:
        return None
    if kind == PERSON and all(is_title(word, sight.language) for word in folded.split()):
        return None
    if end - start == 1 and _is_bare_head(sight, start):
        return None  # "the Committee"
    if kind != PERSON and name == name.lower() != name.upper():
        return None
    return Name(start, end, kind)


_NOUN_INSIDE = {
    "it": (
        "fiume lago isola monte monti valle mare mar stazione provincia aeroporto stadio oceano golfo",
        "di del della dei",
    ),
    "pt": ("rio lago ilha mar oceano golfo", ""),
    "es": ("río lago isla mar océano golfo monte", ""),
    "ha": ("jihar karamar unguwar", "ta"),
}
"""Small words that a language makes part of a place's name, and what may stand between."""


def _with_noun(sight: Sight, start: int) -> int:
    nouns, links = _NOUN_INSIDE.get(sight.language, ("", ""))
    if start and sight.texts[start - 1] in nouns.split():
        return start - 1
    if start > 1 and sight.texts[start - 1] in links.split() and sight.texts[start - 2] in nouns.split():
        return start - 2
    return start


_MINISTER = re.compile("(?:[a-z]*minist(?:er|re|ro|ra|ri)s?|министр[а-я]*)$")


def _is_office(sight: Sight, start: int) -> bool:
    """Whether it is what somebody is the minister of: "ministre des Affaires étrangères"."""
    while start and (sight.folded[start - 1] in LINKS or sight.folded[start - 1] in ARTICLES):
        start -= 1
    return start > 0 and _MINISTER.match(sight.folded[start - 1]) is not None


def _is_bare_head(sight: Sight, i: int) -> bool:
    """Whether a word alone only says what something is: "the Committee", not "the ECB"."""
    alone = sight.is_cased and not sight.texts[i].isupper() and (i, i + 1) not in sight.certain
    return alone and sight.head_of(i) is not None


def _is_small(sight: Sight, i: int) -> bool:
    text = sight.texts[i]
    return text[0].islower() and sight.folded[i] not in PARTICLES
