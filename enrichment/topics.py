"""Component ``wirewatch_topics``: what an article is about, by a lexicon of our own in many languages.

The lexicon is ``enrichment/data/topics.yml``; ``docs/add-a-topic.md`` says how it is written. Aho-Corasick finds in one
pass where any term of a language may begin, and a small expression confirms it there (word boundaries, inflections,
the Arabic prefixes). Matching is blind to case. A letter has an accent where the term has one and nowhere else (juge is
not jugé); which one does not matter (económico, econômico). Missing accents are forgiven on capitals (Etat) and in a
text without accents, as people type queries, unless what remains is a stop word: "mais" is never maïs.

The score of a topic is ``x / (1 + x)`` with ``x = points / sqrt(1 + words / 100)``: a term is worth 1 point, 3 in title
or lead, and ``1 + ln n`` times that when it comes n times. Where nothing but broad terms (written ``?term``) speak for
a topic, and fewer than :data:`SEVERAL` different ones, :data:`OFTEN` times in all, it gets :data:`BROAD` of that.
:data:`THRESHOLD` is where x is 1: one mention in the headline or three different terms in an article of 800 words.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import ahocorasick
import numpy as np
import yaml
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from enrichment.embedding import Embedder, embed_passages, embedder
from enrichment.language import stop_words

LEXICON = Path(__file__).parent / "data" / "topics.yml"

THRESHOLD = 0.5
"""Score below which a topic is not reported."""
MOST = 8
"""Topics reported for one article at most."""
BROAD = 1 / 3
"""What broad terms alone are worth: "fire brigade" in a headline is no wildfire, "hospital" in war news not health."""
SEVERAL = 3
OFTEN = 4
"""So many different broad terms, or mentions of them, are as good as others."""
ACCENTED = 1 / 500
"""Share of letters with an accent below which a text counts as written without (an English one with foreign names)."""
NEAR = 48
"""Characters that may lie between the two halves of a ``near`` rule."""
ANALYST_LANGUAGES = ("en", "fr", "es", "pt", "ar", "ru")
"""The languages that labels are in."""

SIMILAR = 0.15
"""Cosine from which a topic counts in a language without terms: see :func:`similar_topics`."""
MOST_SIMILAR = 2

Doc.set_extension("topics", default=(), force=True)

_ARABIC_PREFIX = "(?:[وف]?(?:[بكل]?ال|لل|[بكلس])?)"


class Topic(NamedTuple):
    """A topic of an article."""

    id: str
    score: float
    """Between :data:`THRESHOLD` and 1."""
    words: tuple[str, ...]
    """What in the text earned it, as written there."""


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


def plain(text: str) -> str:
    """The text without combining marks (Arabic vowels, decomposed accents), so that :func:`fold` keeps offsets."""
    return "".join(c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) != "Mn" and c != "ـ")


@cache
def _folded(character: str) -> str:
    if character in "йЙїЇўЎ":  # letters of their own
        return character.lower()
    base = unicodedata.normalize("NFKD", character.lower())[0]
    return {"’": "'", "ʼ": "'", "‘": "'", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ı": "i"}.get(base, base)


def fold(text: str) -> str:
    """Lower case without accents, character for character; white space is a space."""
    return "".join(" " if c.isspace() else _folded(c) for c in text)


@cache
def _accented(character: str) -> bool:
    """Whether a Latin letter has an accent that is never left out (î and û may be, in French)."""
    return (
        "a" <= _folded(character) <= "z" and character.lower() not in "îû" and _folded(character) != character.lower()
    )


def has_accents(text: str) -> bool:
    """Whether a text is written with accents, as far as its letters tell."""
    return sum(map(_accented, text)) > ACCENTED * len(text)


def _accents_fit(written: str, term: str, forgiving: bool) -> bool:
    """Whether letters have accents where those of ``term`` have; they may lack on capitals, or all if ``forgiving``."""
    return all(
        _accented(w) == _accented(t) or (_accented(t) and (forgiving or w.isupper()))
        for w, t in zip(written, term, strict=True)
    )


class _Terms:
    """The terms of one language, ready to be found."""

    def __init__(self, language: str, lexicon: dict[str, Entry]) -> None:
        self.prefix = _ARABIC_PREFIX if language == "ar" else ""
        self.language = language
        self.near_topics: set[str] = set()
        owners: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for entry in lexicon.values():
            for term in dict.fromkeys((*entry.terms.get(language, ()), *_label(entry, language))):
                owners[term].append((entry.id, -1))
            for half, terms in enumerate(entry.near.get(language, ())):
                self.near_topics.add(entry.id)
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
            self.automaton.add_word(beginning, (len(beginning), terms_here))
        self.automaton.make_automaton()
        self._before = re.compile(rf"(?<!\w){self.prefix}$")

    def find(self, written: str, folded: str, forgiving: bool) -> Iterator[tuple[str, int, int, list[tuple[str, int]]]]:
        """Term, start, end and owners (topic, half of a near rule or -1) of every term found."""
        if not len(self.automaton):
            return
        for last, (length, terms) in self.automaton.iter(folded):
            start = last - length + 1
            if not self._at_word_start(folded, start):
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
        if all(list(map(_accented, here)) == list(map(_accented, part)) for here, part in parts):
            return True
        if not all(_accents_fit(here, part, forgiving) for here, part in parts):
            return False
        return found.group() not in stop_words(self.language)

    def _at_word_start(self, folded: str, start: int) -> bool:
        if start == 0 or not (folded[start - 1].isalnum() or folded[start - 1] == "_"):
            return True
        return bool(self.prefix) and bool(self._before.search(folded, max(0, start - 6), start))


@cache  # when first met: to compile all the terms at once takes longer than to understand a query
def _expression(term: str, prefix: str) -> re.Pattern[str]:
    """What a folded term looks like in a folded text; each literal part is a group."""
    words = [r"\w*".join(f"({re.escape(part)})" if part else "" for part in word.split("*")) for word in term.split()]
    between = r"[\s\-]+" + prefix
    return re.compile(between.join(words) + r"(?!\w)")


def _label(entry: Entry, language: str) -> tuple[str, ...]:
    return (entry.labels[language],) if language in entry.labels else ()


@cache
def lexicon() -> dict[str, Entry]:
    """All topics by id."""
    data: dict[str, Any] = yaml.safe_load(LEXICON.read_text("utf-8"))
    entries = {}
    for topic, told in data.items():
        terms, near, broad = {}, {}, {}
        for language, written in told["terms"].items():
            rules = [part for part in _list(written) if "~" in part]
            terms[language] = tuple(part.removeprefix("?") for part in _list(written) if "~" not in part)
            broad[language] = frozenset(part[1:] for part in _list(written) if part.startswith("?"))
            if rules:
                # One rule a language; each half lists its alternatives with bars.
                left, right = rules[0].split("~")
                near[language] = (_list(left, "|"), _list(right, "|"))
        entries[topic] = Entry(topic, f"medtop:{told['iptc']}", told.get("parent"), told["labels"], terms, broad, near)
    return entries


def _list(written: str, separator: str = ",") -> tuple[str, ...]:
    return tuple(part.strip() for part in written.split(separator) if part.strip())


@cache
def _terms(language: str) -> _Terms:
    return _Terms(language, lexicon())


@cache
def languages() -> frozenset[str]:
    """The languages that the lexicon has terms in."""
    return frozenset(language for entry in lexicon().values() for language in entry.terms)


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


def matches(text: str, language: str, accents: bool | None = None) -> list[Match]:
    """Every place in ``text`` where a term of a topic stands. Offsets are those of :func:`plain` of the text.

    ``accents`` says whether whoever wrote the text writes accents; without it the text itself tells.
    """
    found: list[Match] = []
    halves: dict[str, tuple[list[tuple[int, int]], list[tuple[int, int]]]] = defaultdict(lambda: ([], []))
    written = plain(text)
    folded = fold(written)
    forgiving = not (has_accents(written) if accents is None else accents)
    for term, start, end, owners in _terms(language).find(written, folded, forgiving):
        for topic, half in owners:
            if half < 0:
                found.append(Match(topic, term, start, end))
            else:
                halves[topic][half].append((start, end))
    for topic, (left, right) in halves.items():
        for a in left:
            for b in right:
                gap = folded[min(a[1], b[1]) : max(a[0], b[0])]
                if a[0] != b[0] and len(gap) <= NEAR and not re.search(r"[.!?;]\s|  ", gap):
                    found.append(Match(topic, "~", min(a[0], b[0]), max(a[1], b[1])))
                    break
    return _longest(found)


def _longest(found: list[Match]) -> list[Match]:
    """Of the matches of one topic that overlap, the longest."""
    kept: list[Match] = []
    last: dict[str, int] = {}
    for match in sorted(found, key=lambda m: (m.start, -m.end)):
        if match.start >= last.get(match.topic, -1):
            kept.append(match)
            last[match.topic] = match.end
    return kept


def _only_broad(topic: str, found: Counter[str], language: str) -> bool:
    """Whether nothing but a few broad terms speak for a topic."""
    broad = lexicon()[topic].broad.get(language, frozenset())
    return found.keys() <= broad and len(found) < SEVERAL and found.total() < OFTEN


def topics_of(headline: str, body: str, language: str) -> tuple[Topic, ...]:
    """The topics of an article in a language of the lexicon, best first."""
    points: dict[str, float] = defaultdict(float)
    words: dict[str, Counter[str]] = defaultdict(Counter)
    terms: dict[str, Counter[str]] = defaultdict(Counter)
    accents = has_accents(plain(headline + body))
    for text, worth in ((headline, 3.0), (body, 1.0)):
        written = plain(text)
        here: Counter[tuple[str, str]] = Counter()
        for match in matches(text, language, accents):
            here[match.topic, match.term] += 1
            words[match.topic][" ".join(written[match.start : match.end].split())] += 1
        for (topic, term), times in here.items():
            points[topic] += worth * (1 + math.log(times))
            terms[topic][term] += times
    for topic, found in terms.items():
        if _only_broad(topic, found, language):
            points[topic] *= BROAD
    length = math.sqrt(1 + (len(headline.split()) + len(body.split())) / 100)
    scores = {topic: p / length / (1 + p / length) for topic, p in points.items()}
    best = sorted((t for t in scores if scores[t] >= THRESHOLD), key=lambda t: (-scores[t], t))[:MOST]
    return tuple(Topic(t, round(scores[t], 3), tuple(w for w, _ in words[t].most_common(8))) for t in best)


@cache
def _topic_vectors(_: Embedder) -> tuple[tuple[str, ...], NDArray[np.float32], NDArray[np.float32]]:
    """Topic ids, their unit vectors around the mean of all topics, and that mean, by the embedder in use."""
    entries = lexicon().values()
    examples = [", ".join(entry.terms["en"][:8]).replace("*", "") for entry in entries]
    vectors = embed_passages(
        [f"news about {e.labels['en']}: {terms}" for e, terms in zip(entries, examples, strict=True)]
    )
    mean = vectors.mean(axis=0)
    vectors = vectors - mean
    return tuple(lexicon()), vectors / np.linalg.norm(vectors, axis=1, keepdims=True), mean


def similar_topics(embedding: tuple[float, ...]) -> tuple[Topic, ...]:
    """The topics nearest in meaning, for languages that the lexicon has no terms in.

    All vectors of this model point the same way, and some topics are near to everything; so the mean of all topics is
    taken from both sides before the cosine. Measured on the Hausa of MasakhaNEWS (seven labels, topics mapped to them),
    the best topic so has a macro-F1 of .38.
    """
    ids, vectors, mean = _topic_vectors(embedder())
    centred = np.asarray(embedding, dtype=np.float32) - mean
    cosine = vectors @ (centred / np.linalg.norm(centred))
    nearest = [i for i in np.argsort(-cosine)[:MOST_SIMILAR] if cosine[i] >= SIMILAR]
    return tuple(Topic(ids[i], round(float(THRESHOLD + cosine[i] / 2), 3), ()) for i in nearest)


class TopicsComponent:
    """Sets ``doc._.topics``: a tuple of :class:`Topic`, best first."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.has_terms = language in languages()

    def __call__(self, doc: Doc) -> Doc:
        """Find the topics of one document."""
        cut = doc._.headline_end
        if self.has_terms:
            doc._.topics = topics_of(doc.text[:cut], doc.text[cut:], self.language)
        elif doc._.embedding:
            doc._.topics = similar_topics(doc._.embedding)
        return doc


@Language.factory("wirewatch_topics", default_config={"language": None}, assigns=["doc._.topics"])
def make_topics(nlp: Language, name: str, language: str | None) -> TopicsComponent:
    """The component of this module; ``language`` defaults to that of the pipeline."""
    return TopicsComponent(language or nlp.lang)


def best(topics: Iterable[Topic]) -> tuple[str, ...]:
    """The ids alone, in their order."""
    return tuple(topic.id for topic in topics)
