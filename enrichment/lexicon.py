"""The topics we know and the words for them, and where a text has such words.

The lexicon is ``enrichment/data/topics.yml``; ``docs/add-a-topic.md`` says how it is written. Aho-Corasick finds in one
pass where any term of a language may begin, and a small expression confirms it there (word boundaries, inflections,
the Arabic prefixes). Matching is blind to case. A letter has an accent where the term has one and nowhere else (juge is
not jugé); which one does not matter (económico, econômico). Missing accents are forgiven on capitals (Etat) and in a
text without accents, as people type queries, unless what remains is a stop word: "mais" is never maïs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import ahocorasick
import yaml

from enrichment.language import stop_words
from enrichment.letters import accents, accents_fit, fold, has_accents, plain, words
from wirewatch.errors import UserError

LEXICON = Path(__file__).parent / "data" / "topics.yml"
ANALYST_LANGUAGES = ("en", "fr", "es", "pt", "ar", "ru")
"""The languages that labels are in."""
NEAR = 48
"""Characters that may lie between the two halves of a ``near`` rule."""

_ARABIC_PREFIX = "(?:[وف]?(?:[بكل]?ال|لل|[بكلس])?)"


class Match(NamedTuple):
    """Where a term of a topic stands."""

    topic: str
    term: str
    start: int
    end: int


@dataclass(frozen=True)
class Entry:
    """One topic of the lexicon."""

    id: str
    iptc: str
    """Code of the nearest IPTC Media Topic: ``medtop:20000056``."""
    parent: str | None
    labels: dict[str, str]
    terms: dict[str, tuple[str, ...]]
    broad: dict[str, frozenset[str]]
    """Those of the terms that are said of other things too."""
    near: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]


@cache
def lexicon() -> dict[str, Entry]:
    """All topics by id.

    Raises:
        UserError: a topic is written wrongly.
    """
    # The C loader is ten times as fast; a PyYAML without libyaml has none.
    data: dict[str, Any] = yaml.load(LEXICON.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    entries = {topic: _entry(topic, told) for topic, told in data.items()}
    for entry in entries.values():
        _check_parents(entry, entries)
    return entries


def _entry(topic: str, told: dict[str, Any]) -> Entry:
    try:
        if not re.fullmatch(r"\d{8}", told["iptc"]):
            raise UserError(f"{LEXICON}: {topic} has the code {told['iptc']!r}; write the eight digits in quotes.")
        terms, near, broad = {}, {}, {}
        for language, written in told["terms"].items():
            each = _list(written)
            rules = [part for part in each if "~" in part]
            terms[language] = tuple(part.removeprefix("?") for part in each if "~" not in part)
            broad[language] = frozenset(part[1:] for part in each if part.startswith("?"))
            if rules:
                # One rule a language; each half lists its alternatives with bars.
                left, right = rules[0].split("~")
                near[language] = (_list(left, "|"), _list(right, "|"))
        return Entry(topic, f"medtop:{told['iptc']}", told.get("parent"), told["labels"], terms, broad, near)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UserError(f"{LEXICON}: {topic} is not written as docs/add-a-topic.md says ({error}).") from error


def _check_parents(entry: Entry, entries: dict[str, Entry]) -> None:
    passed = {entry.id}
    parent = entry.parent
    while parent:
        if parent not in entries or parent in passed:
            raise UserError(
                f"{LEXICON}: the parent {parent} above {entry.id} is no other topic; name one that is there."
            )
        passed.add(parent)
        parent = entries[parent].parent


def _list(written: str, separator: str = ",") -> tuple[str, ...]:
    return tuple(part.strip() for part in written.split(separator) if part.strip())


@cache
def languages() -> frozenset[str]:
    """The languages that the lexicon has terms in."""
    return frozenset(language for entry in lexicon().values() for language in entry.terms)


def is_broad(match: Match, language: str) -> bool:
    """Whether what was found is said of other things too, so that a question with it does not ask for the topic."""
    entry = lexicon()[match.topic]
    return match.term in entry.broad.get(language, ()) and match.term not in _label(entry, language)


def ancestors(topic: str) -> tuple[str, ...]:
    """The topics above a topic, the nearest first; none for a topic that is no longer in the lexicon."""
    above = []
    parent = lexicon()[topic].parent if topic in lexicon() else None
    while parent:
        above.append(parent)
        parent = lexicon()[parent].parent
    return tuple(above)


def label(topic: str, language: str) -> str | None:
    """What analysts call the topic in one of :data:`ANALYST_LANGUAGES`; None for other languages, and for a topic that
    an article in the index may still carry and the lexicon no longer has.
    """
    return lexicon()[topic].labels.get(language) if topic in lexicon() else None


class _Terms:
    """The terms of one language, ready to be found."""

    def __init__(self, language: str, lexicon: dict[str, Entry]) -> None:
        self.prefix = _ARABIC_PREFIX if language == "ar" else ""
        self.language = language
        owners: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for entry in lexicon.values():
            for term in dict.fromkeys((*entry.terms.get(language, ()), *_label(entry, language))):
                owners[term].append((entry.id, -1))
            for half, terms in enumerate(entry.near.get(language, ())):
                for term in terms:
                    owners[term].append((entry.id, half))
        self.parts: dict[str, tuple[str, ...]] = {}
        begins: dict[str, list[tuple[str, str, list[tuple[str, int]]]]] = defaultdict(list)
        for term, topics in owners.items():
            folded = fold(plain(term))
            self.parts[term] = tuple(part for part in re.split(r"[* ]", plain(term)) if part)
            begins[folded.split("*", 1)[0]].append((term, folded, topics))
        self.automaton = ahocorasick.Automaton()
        for beginning, terms_here in begins.items():
            self.automaton.add_word(self._searched(beginning), (len(beginning), terms_here))
        self.automaton.make_automaton()
        self._before = re.compile(rf"(?<!\w){self.prefix}$")

    def _searched(self, folded: str) -> str:
        """Words with a space before each, so that nothing is found inside them; Arabic ones have prefixes."""
        return folded if self.prefix else " " + words(folded)

    def find(self, written: str, folded: str, forgiving: bool) -> Iterator[tuple[str, int, int, list[tuple[str, int]]]]:
        """Term, start, end and owners (topic, half of a near rule or -1) of every term found."""
        if not len(self.automaton):
            return
        shift = 0 if self.prefix else 1
        for last, (length, terms) in self.automaton.iter(self._searched(folded)):
            start = last - length + 1 - shift
            if self.prefix and not self._before.search(folded, max(0, start - 6), start):
                continue
            for term, folded_term, owners in terms:
                found = _expression(folded_term, self.prefix).match(folded, start)
                if found and self._spelled(term, written, found, forgiving):
                    yield term, start, found.end(), owners

    def _spelled(self, term: str, written: str, found: re.Match[str], forgiving: bool) -> bool:
        """Whether the accents are the term's."""
        if self.prefix:
            return True  # Arabic
        parts = [(written[slice(*found.span(i))], part) for i, part in enumerate(self.parts[term], 1)]
        if all(accents(here) == accents(part) for here, part in parts):
            return True
        if not all(accents_fit(here, part, forgiving) for here, part in parts):
            return False
        return found.group() not in stop_words(self.language)


@cache  # when first met: to compile all the terms at once takes longer than to understand a query
def _expression(term: str, prefix: str) -> re.Pattern[str]:
    """What a folded term looks like in a folded text; each literal part is a group."""
    each = [r"\w*".join(f"({re.escape(part)})" if part else "" for part in word.split("*")) for word in term.split()]
    between = r"[\s\-]+" + prefix
    return re.compile(between.join(each) + r"(?!\w)")


def _label(entry: Entry, language: str) -> tuple[str, ...]:
    return (entry.labels[language],) if language in entry.labels else ()


@cache
def _terms(language: str) -> _Terms:
    return _Terms(language, lexicon())


def matches(text: str, language: str) -> list[Match]:
    """Every place in ``text`` where a term of a topic stands. Offsets are those of :func:`plain` of the text."""
    found: list[Match] = []
    halves: dict[str, tuple[list[tuple[int, int]], list[tuple[int, int]]]] = defaultdict(lambda: ([], []))
    written = plain(text)
    folded = fold(written)
    for term, start, end, owners in _terms(language).find(written, folded, not has_accents(written)):
        for topic, half in owners:
            if half < 0:
                found.append(Match(topic, term, start, end))
            else:
                halves[topic][half].append((start, end))
    for topic, (left, right) in halves.items():
        found += [Match(topic, "~", *span) for span in _pairs(left, right, folded)]
    return _longest(found)


def _pairs(left: list[tuple[int, int]], right: list[tuple[int, int]], folded: str) -> Iterator[tuple[int, int]]:
    """Where one of the left stands near one of the right, in the same sentence."""
    for a in left:
        for b in right:
            gap = folded[min(a[1], b[1]) : max(a[0], b[0])]
            if a[0] != b[0] and len(gap) <= NEAR and not re.search(r"[.!?;]\s|  ", gap):
                yield min(a[0], b[0]), max(a[1], b[1])
                break


def _longest(found: list[Match]) -> list[Match]:
    """Of the matches of one topic that overlap, the longest; a term as it is written before one with any ending."""
    kept: list[Match] = []
    last: dict[str, int] = {}
    for match in sorted(found, key=lambda m: (m.start, -m.end, "*" in m.term)):
        if match.start >= last.get(match.topic, -1):
            kept.append(match)
            last[match.topic] = match.end
    return kept
