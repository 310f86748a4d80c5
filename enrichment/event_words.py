"""The words that tell events: ``enrichment/data/events.yml``, and where a text has them.

Aho-Corasick finds in one pass over the folded text where a term of the language may stand; word boundaries, endings and
the words that must stand near confirm it there. ``docs/add-an-event.md`` says how the terms are written.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import ahocorasick
import yaml

from enrichment.gazetteer import DATA, fold
from wirewatch.errors import UserError
from wirewatch.records import Event

FILE = "events.yml"
NEAR = 60
"""Characters within which the words after ``~`` must stand, on either side."""
CUES = ("by", "with", "to", "object", "against", "in", "from", "of", "between", "aside")
"""What the small word before an actor says of it, whatever the language; ``object`` may be a case as well."""
ROLES = ("source", "target", "none")


@dataclass(frozen=True)
class Kind:
    """A kind of event: its type and mode, and how its actors stand."""

    type: str
    mode: str | None
    contexts: tuple[str, ...] = ()
    together: bool = False
    """All actors take part alike."""
    apart: bool = False
    """Actors joined by "and" do it with somebody else: "Russia and Ukraine export grain"."""
    alone: bool = False
    """One actor is enough."""
    governs: bool = False
    """What follows in the clause is what is claimed, threatened or refused: no event."""
    gives_way: bool = False
    """Tells nothing where another event follows in the clause."""
    official: bool = False
    """A country does it by somebody in an office: "British tourists visited Kenya" is none."""
    active: bool = False
    """Its verbs are never passive: "est arrivé"."""
    roles: dict[str, str] = field(default_factory=dict)
    """What an actor after one of :data:`CUES` is, where it is not as usual."""
    noun_roles: dict[str, str] = field(default_factory=dict)


class Term(NamedTuple):
    """A term of a language."""

    kind: str
    """Key of :func:`kinds`; empty for what is no event."""
    noun: bool
    open: bool
    """Whether the last word may go on."""
    rest: re.Pattern[str] | None
    """What follows the literal, up to the end of the term."""
    near: re.Pattern[str] | None
    accented: str | None
    """The literal with its accents, where it has any: "votó" is not "voto"."""


class Hit(NamedTuple):
    """Where a text has a term."""

    start: int
    end: int
    kind: str
    verb: bool
    noun: bool
    """Both where the word may be either: "attack"."""


class Grammar(NamedTuple):
    """The small words of a language, as patterns for folded text."""

    cues: re.Pattern[str]
    last_cue: re.Pattern[str]
    """One of them at the end of a term."""
    cue_of: dict[str, str]
    accented: frozenset[str]
    """Cues that have an accent where they are one: "à" is not "a"."""
    joins: re.Pattern[str]
    anew: re.Pattern[str]
    """What begins with "and" and an actor: "… and Mexico said"."""
    breaks: re.Pattern[str]
    passive: re.Pattern[str] | None
    by: re.Pattern[str]
    before_noun: re.Pattern[str] | None
    negated: re.Pattern[str]
    planned: re.Pattern[str]
    relative: re.Pattern[str]
    """Which of the breaks stand for what is named before them."""
    infinitive: tuple[str, ...]
    """What stands before one that tells what somebody is to do: "to", "pour"."""
    offices: re.Pattern[str]
    sport: re.Pattern[str]


def _list(written: str | None, separator: str = ",") -> list[str]:
    return [part.strip() for part in (written or "").split(separator) if part.strip()]


def _words(listed: Iterable[str]) -> str:
    """An expression for any of the words or phrases; ``*`` stands for any ending."""
    ordered = sorted({fold(word) for word in listed}, key=len, reverse=True)
    return "|".join(rf"\b{re.escape(word).replace(chr(92) + '*', chr(92) + 'w*')}{_edge(word)}" for word in ordered)


def _edge(word: str) -> str:
    return "" if word[-1:] in "*'" else r"\b"


@cache
def _data() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((DATA / FILE).read_text("utf-8"))
    return told


@cache
def kinds() -> dict[str, Kind]:
    """The kinds of events by their key, ``consult/visit``.

    Raises:
        UserError: an entry has a setting, a small word or a role that does not exist.
    """
    found = {}
    for key, told in _data()["events"].items():
        type_, _, mode = key.partition("/")
        known = {
            "contexts",
            "together",
            "apart",
            "alone",
            "governs",
            "gives_way",
            "official",
            "active",
            "roles",
            "noun_roles",
        }
        if unknown := told.keys() - known - _data()["languages"].keys():
            raise UserError(f"{FILE}, {key}: {', '.join(sorted(unknown))} is neither a setting nor a language.")
        for cue, role in [*told.get("roles", {}).items(), *told.get("noun_roles", {}).items()]:
            if cue not in CUES or role not in ROLES:
                raise UserError(f"{FILE}, {key}: roles are `{'|'.join(CUES)}: {'|'.join(ROLES)}`, not {cue}: {role}.")
        settings = {name: told[name] for name in known - {"contexts", "noun_roles"} if name in told}
        # What is said of verbs goes for nouns too, but for "of" and "by", and what is said of nouns goes before.
        nouns = {cue: role for cue, role in told.get("roles", {}).items() if cue != "by"} | told.get("noun_roles", {})
        found[key] = Kind(type_, mode or None, tuple(_list(told.get("contexts"))), noun_roles=nouns, **settings)
    return found


@cache
def _labels() -> dict[str, dict[str, str]]:
    """The labels by concept id.

    Raises:
        UserError: a kind has none.
    """
    called = {_concept(kind.type, kind.mode): _data()["labels"].get(key) for key, kind in kinds().items()}
    if unnamed := [concept for concept, labels in called.items() if not labels]:
        raise UserError(f"{FILE}, labels: what is {' and '.join(unnamed)} called in the analysts' languages?")
    return called


def _concept(type_: str, mode: str | None) -> str:
    return f"event:{mode or type_}"


def concept(event: Event) -> str:
    """The concept id of an event: ``event:visit``, or where it has no mode its type's, ``event:sanction``."""
    return _concept(event.type, event.mode)


def label(concept: str, language: str) -> str | None:
    """What one of the analysts' languages calls a kind of event (concept id); None where it is not known."""
    return _labels().get(concept, {}).get(language)


@cache
def languages() -> frozenset[str]:
    """The languages that have terms."""
    return frozenset(_data()["languages"])


@cache
def grammar(language: str) -> Grammar:
    """The small words of one of :func:`languages`."""
    told = _data()["languages"][language]
    cue_of = {fold(word): cue for cue, words in told["cues"].items() for word in _list(words)}
    if unknown := told["cues"].keys() - set(CUES):
        raise UserError(f"{FILE}, {language}: there are no cues {', '.join(sorted(unknown))}, only {', '.join(CUES)}.")
    joins = "|".join(re.escape(fold(word)) for word in _list(told["and"]))
    passive, nouns = _list(told.get("passive")), _list(told.get("noun_after"))
    by = _words(word for word, cue in cue_of.items() if cue == "by")
    return Grammar(
        cues=re.compile(_words(cue_of)),
        last_cue=re.compile(rf" (?:{_words(cue_of)})$"),
        cue_of=cue_of,
        accented=frozenset(
            fold(word) for words in told["cues"].values() for word in _list(words) if fold(word) != word
        ),
        joins=re.compile(rf"(?:[\w'.-]+ ){{0,5}}?[\w'.-]*,? (?:{joins}) (?:[\w'.-]+ ?){{0,4}}$"),
        anew=re.compile(rf"\b(?P<and>{joins}) (?:\w{{1,3}}[ '])?$"),
        breaks=re.compile(rf"[;:()—–\n]|{_QUOTED}|{_words(_list(told['breaks']))}"),
        passive=re.compile(rf"(?:{_words(passive)})(?: \w+){{0,2}} $") if passive else None,
        by=re.compile(rf" (?:\w+ ){{0,1}}(?:{by})"),
        before_noun=re.compile(rf"\b(?:{'|'.join(re.escape(fold(word)) for word in nouns)}) ?$") if nouns else None,
        negated=re.compile(_words(_list(told["not"])) + (r"|n't\b" if language == "en" else "")),
        planned=re.compile(_words(_list(told["planned"]))),
        relative=re.compile(_words(_list(told["relative"]))),
        infinitive=tuple(f" {word} " for word in _list(told.get("infinitive"))),
        offices=re.compile(_words(_list(told["offices"]))),
        sport=re.compile(_words(_list(told["sport"]))),
    )


def _terms(key: str, noun: bool, written: str, endings: list[str]) -> Iterator[tuple[str, Term]]:
    for term in _list(written):
        left, _, right = term.partition("~")
        near = re.compile(_words(_list(right, "|"))) if right else None
        for form in _list(left, "|"):
            yield from _forms(key, noun, form, near, endings)


def _forms(
    key: str, noun: bool, form: str, near: re.Pattern[str] | None, endings: list[str]
) -> Iterator[tuple[str, Term]]:
    if "@" in form:
        stem, tail = form.split("@", 1)
        for ending in endings:
            yield from _forms(key, noun, stem + ending + tail, near, endings)
        return
    literal, star, rest = form.partition("*")
    following = None
    if rest:
        following = re.compile(r"\w*" + re.escape(fold(rest)).replace(r"\*", r"\w*"))
    spelled = literal.lower() if fold(literal) != literal.lower() else None
    yield fold(literal), Term(key, noun, form.endswith("*") if rest else bool(star), following, near, spelled)


@cache
def _automaton(language: str) -> ahocorasick.Automaton:
    endings = [ending.strip() for ending in _data()["languages"][language]["endings"].split(",")]
    listed: dict[str, list[Term]] = defaultdict(list)
    for literal, term in _terms("", True, _data()["nothing"].get(language, ""), endings):
        listed[literal].append(term)
    for key in kinds():
        told = _data()["events"][key].get(language) or {}
        for noun, name in ((False, "verbs"), (True, "nouns")):
            for literal, term in _terms(key, noun, told.get(name, ""), endings):
                if term not in listed[literal]:
                    listed[literal].append(term)
    automaton = ahocorasick.Automaton()
    for literal, terms in listed.items():
        automaton.add_word(literal, (len(literal), tuple(terms)))
    automaton.make_automaton()
    return automaton


_QUOTED = r"(?<=[,.!?:] )[«\"“]|(?<=[,.!?])\s?[»\"”]|[»\"”](?=,)"
"""Where a quotation begins or ends that is more than a word of somebody: "a “serious” threat"."""
_word_end = re.compile(r"\w*")


def candidates(text: str, folded: str, language: str) -> list[tuple[int, int, Term]]:
    """Where a text, given as it is and folded, has a term, whatever must stand near it."""
    found = []
    size = len(folded)
    for last, (length, terms) in _automaton(language).iter(folded):
        start, end = last + 1 - length, last + 1
        if start and (folded[start - 1].isalnum() or folded[start - 1] == "_"):
            continue
        for term in terms:
            if term.accented and text[start:end].lower() != term.accented and not text[start:end].isupper():
                continue
            stop = end
            if term.rest:
                if not (rest := term.rest.match(folded, end)):
                    continue
                stop = rest.end()
            elif term.open:
                stop = _word_end.match(folded, end).end()  # type: ignore[union-attr]
            if stop < size and folded[stop].isalnum() and folded[stop - 1] != "'":
                continue
            found.append((start, stop, term))
    return found


def hits(folded: str, found: list[tuple[int, int, Term]], start: int, end: int, language: str) -> list[Hit]:
    """The terms that stand in a sentence, the longest where several overlap, in its order; ``found`` are the
    :func:`candidates` in it.
    """
    there = [one for one in found if one[2].near is None or _is_near(folded, one, start, end)]
    nothing = [one[:2] for one in there if not one[2].kind]
    kept: list[Hit] = []
    order = list(kinds())
    last_cue = grammar(language).last_cue
    # The longest first, then what needs a word near it, then the kind that stands first in the file.
    ranked = sorted(
        (one for one in there if one[2].kind),
        key=lambda one: (one[0], -one[1], one[2].near is None, order.index(one[2].kind), one[2].noun),
    )
    for begin, stop, term in ranked:
        if any(begin < after and before < stop for before, after in nothing):
            continue
        if kept and begin < kept[-1].end:
            if (begin, stop, term.kind) == kept[-1][:3]:
                kept[-1] = Hit(begin, stop, term.kind, True, True)
            continue
        if term.noun:  # of "strikes on" the "on" says what the actor behind it is
            stop -= len(small.group()) if (small := last_cue.search(folded, begin, stop)) else 0
        kept.append(Hit(begin, stop, term.kind, not term.noun, term.noun))
    return kept


def _is_near(folded: str, one: tuple[int, int, Term], start: int, end: int) -> bool:
    begin, stop, term = one
    assert term.near is not None
    before, after = max(start, begin - NEAR), min(end, stop + NEAR)
    return bool(term.near.search(folded, stop, after) or term.near.search(folded, before, begin))


@cache
def context_words(language: str) -> dict[str, re.Pattern[str]]:
    """What in a folded sentence tells a context."""
    listed = ((context, _list(told.get(language))) for context, told in _data()["contexts"].items())
    return {context: re.compile(_words(words)) for context, words in listed if words}


@cache
def context_topics() -> dict[str, str]:
    """The contexts by the topics that bring them."""
    return {topic: name for name, told in _data()["contexts"].items() for topic in _list(told.get("topics"))}
