"""Names as they are written: organisations, and people whose name stands alone (Lula, 习近平)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import ahocorasick

from enrichment import sound
from enrichment.gazetteer import fold
from enrichment.known.data import organizations, people
from enrichment.known.tokens import Found, is_cased


class _Written(NamedTuple):
    id: str
    exact: str | None
    """Just so; None for any case and endings."""
    languages: frozenset[str]
    before: re.Pattern[str] | None
    rest: re.Pattern[str] | None
    """What follows the literal; None for a whole word."""
    capital: bool


_ARABIC = re.compile("(?:[وف]?(?:[بك]?ال|لل|[بكل])?)?")
_UNSPACED = ("chinese", "korean")


def _written(id_: str, form: str, exact: bool) -> tuple[str, _Written]:
    form, _, codes = form.partition("@")
    languages = frozenset(codes.split("+")) if codes else frozenset()
    kind = sound.script(form)
    folded = fold(form)
    before = rest = None
    if kind == "abjad":
        before, folded = _ARABIC, re.sub("^ال", "", folded)
    elif kind == "cyrillic" and not exact:
        first, *others = folded.split(" ")
        tail = "".join(rf" {re.escape(_stem(word))}\w{{0,4}}" for word in others)
        folded, rest = _stem(first), re.compile(rf"\w{{0,4}}{tail}(?!\w)")
    elif kind == "other":
        before = re.compile("(?:የ|በ|ለ|ከ|እና|ስለ|ወደ|እንደ)?")
    return folded, _Written(
        id_, form if exact and kind != "abjad" else None, languages, before, rest, form[:1].isupper()
    )


def _stem(word: str) -> str:
    return word if word.isupper() or len(word) < 4 else re.sub("(?:[аеёиоуыэюяйь]|[ао]я|ое|ый|ий|ие|ые|ия)$", "", word)


@cache
def _automaton() -> ahocorasick.Automaton:
    listed: dict[str, list[_Written]] = defaultdict(list)
    for one in (*organizations().values(), *people().values()):
        loose = [name for name in one.labels.values() if not name.startswith("~")] + list(one.spellings)
        loose += [one.name] if one.sought and one.name not in one.alone else []
        if one.id.startswith("person:"):
            loose = [name for name in loose if sound.script(name) in _UNSPACED]
        for name in dict.fromkeys(loose):
            literal, written = _written(one.id, name, _is_acronym(name))
            listed[literal].append(written)
        for name in dict.fromkeys(one.alone):
            literal, written = _written(one.id, name, True)
            listed[literal].append(written)
    automaton = ahocorasick.Automaton()
    for literal, all_written in listed.items():
        automaton.add_word(literal, (len(literal), tuple(all_written)))
    automaton.make_automaton()
    return automaton


def _is_acronym(name: str) -> bool:
    return " " not in name and sum(map(str.isupper, name)) > 1


def written_in(text: str, language: str) -> list[Found]:
    """Organisations, and people by names that stand alone, where a text has them; longest first wins."""
    folded = fold(text)
    found: list[Found] = []
    for last, (length, all_written) in _automaton().iter(folded):
        start, end = last + 1 - length, last + 1
        for written in all_written:
            if span := _confirmed(text, folded, start, end, written, language):
                found.append(Found(*span, written.id))
                break
    return longest(found)


def _confirmed(
    text: str, folded: str, start: int, end: int, written: _Written, language: str
) -> tuple[int, int] | None:
    if written.languages and language not in written.languages:
        return None
    if written.exact is not None and text[start:end] != written.exact:
        return None
    if written.capital and not is_cased(text[start : start + 1]):
        return None
    if sound.script(folded[start]) in _UNSPACED:
        return start, end
    begin = start
    while begin and folded[begin - 1].isalnum() and start - begin < 5:
        begin -= 1
    if begin < start and not (written.before and written.before.fullmatch(folded[begin:start])):
        return None
    if written.rest:
        tail = written.rest.match(folded, end)
        return (start, tail.end()) if tail else None
    if end < len(folded) and folded[end].isalnum():
        return None
    article = written.before is _ARABIC and start - begin > 1 and folded[start - 2 : start] == "ال"
    return start - 2 * article, end


def longest(found: Iterable[Found]) -> list[Found]:
    """Without those that overlap a longer one, in the order of the text."""
    kept: list[Found] = []
    taken: set[int] = set()
    for one in sorted(found, key=lambda f: (f.start - f.end, f.start)):
        inside = range(one.start, one.end)
        if taken.isdisjoint(inside):
            kept.append(one)
            taken.update(inside)
    return sorted(kept)
