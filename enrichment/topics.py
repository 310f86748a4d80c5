"""Component ``wirewatch_topics``: what an article is about, by the words it uses and by its meaning.

The words are those of ``enrichment/lexicon.py``. A term is worth 1 point, :data:`OPENING` near the beginning and, on
top, :data:`HEADLINE` in title or lead, each ``1 + ln n`` times that when it comes n times. Where nothing but broad
terms (written ``?term``) speak for a topic, and fewer than :data:`SEVERAL` different ones, :data:`OFTEN` times in all,
it gets :data:`BROAD` of that. The evidence is points / sqrt(1 + words / 100).

The meaning is the article's vector beside that of each topic. A topic that is nearer than the others gains up to
``e ** (4 * NEARER)`` times its evidence, a farther one loses up to a third; one that is much nearer has some even where
its words are not those we know. Without terms in the article's language the meaning is all there is.

The score is ``x / (1 + x)``, x the evidence. A topic is reported from 0.5 on, where x is 1: one mention in the headline
or three different terms in an article of 800 words. What is less counts for the topic above: ship and train make
"transport".
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

import enrichment.language  # noqa: F401 - its extensions of Doc
from enrichment.embedding import Embedder, embed_passages, embedder
from enrichment.letters import plain
from enrichment.lexicon import ancestors, languages, lexicon, matches
from wirewatch.language import Part, by_language
from wirewatch.records import TopicFound

MOST = 8
"""Topics reported for one article at most."""
BESIDE = 1 / 5
"""Share of the best topic's evidence below which another is not reported: the article is not about it."""
WORDS = 8
"""Words reported for one topic at most."""
HEADLINE = 3.0
OPENING = 1.5
BEGINNING = 600
"""Characters after title and lead that count as the opening."""
BROAD = 1 / 3
"""What broad terms alone are worth: "fire brigade" in a headline is no wildfire, "hospital" in war news not health."""
SEVERAL = 2
OFTEN = 4
"""So many different broad terms, or mentions of them, are as good as others."""

# How near a topic is, is counted in standard deviations of all topics around the article: that says the same in every
# language, while the cosine is lower in those that the model knows less. The numbers were chosen on the articles of
# MasakhaNEWS that `python -m benchmarks.topics` measures with, so its figures are a little too good.
NEARER = 0.2
CLEARLY = 1.5
"""From here on the meaning is evidence of its own: so much for each further standard deviation."""
MEANING = 0.6
MEANING_ALONE = 1.3
"""The same in a language without terms."""
CALLED = {"en": "News about {}", "fr": "Actualité : {}"}
"""The vector of a topic is the mean of these, with its label. More languages and examples of terms were no better."""

Doc.set_extension("topics", default=(), force=True)

Evidence = dict[str, float]


def topics_of(
    text: str, headline_end: int, language: str, meaning: Sequence[float] = (), parts: Sequence[Part] = ()
) -> tuple[TopicFound, ...]:
    """The topics of an article, best first.

    Args:
        text: title and lead, which end at ``headline_end``, and body.
        headline_end: the offset where they end.
        language: ISO 639-1 code.
        meaning: the article's embedding; without it the words decide.
        parts: what of the text is in other languages.
    """
    evidence, words = _by_words(by_language(text, language, parts), headline_end)
    added: Evidence = {}
    if meaning:
        near = _nearness(meaning)
        evidence = {topic: found * _agreement(near[topic]) for topic, found in evidence.items()}
        added = _by_meaning(near, MEANING if language in languages() else MEANING_ALONE)
    enough = _enough(evidence, added, words)
    least = BESIDE * max(enough.values(), default=0)
    best_first = sorted((t for t in enough if enough[t] >= least), key=lambda t: (-enough[t], t))[:MOST]
    return tuple(
        TopicFound(
            id=topic,
            score=round(enough[topic] / (1 + enough[topic]), 3),
            words=tuple(word for word, _ in words[topic].most_common(WORDS)),
        )
        for topic in best_first
    )


def _by_words(texts: Mapping[str, str], headline_end: int) -> tuple[Evidence, dict[str, Counter[str]]]:
    """What the words of a text, by the languages that read it, say, and how often each of them says it."""
    places: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    words: dict[str, Counter[str]] = defaultdict(Counter)
    length = 0
    for language, text in texts.items():
        text = plain(text)
        length += len(text.split())
        for match in matches(text, language):
            where = _place(match.start - headline_end)
            places[match.topic, match.term][where] += 1
            words[match.topic][" ".join(text[match.start : match.end].split())] += 1
    points: Evidence = defaultdict(float)
    terms: dict[str, Counter[str]] = defaultdict(Counter)
    for (topic, term), here in places.items():
        points[topic] += _points(here)
        terms[topic][term] = here.total()
    return {
        topic: found * (BROAD if _only_broad(topic, terms[topic], texts) else 1) / math.sqrt(1 + length / 100)
        for topic, found in points.items()
    }, words


def _place(after_headline: int) -> str:
    return "headline" if after_headline < 0 else "opening" if after_headline < BEGINNING else "rest"


def _points(places: Counter[str]) -> float:
    """What one term is worth, by where it stands how often."""
    headline, opening, body = places["headline"], places["opening"], places["opening"] + places["rest"]
    points = HEADLINE * (1 + math.log(headline)) if headline else 0.0
    return points + ((OPENING if opening else 1.0) * (1 + math.log(body)) if body else 0.0)


def _only_broad(topic: str, found: Counter[str], languages: Iterable[str]) -> bool:
    """Whether nothing but a few broad terms speak for a topic."""
    broad = frozenset().union(*(lexicon()[topic].broad.get(language, ()) for language in languages))
    return found.keys() <= broad and len(found) < SEVERAL and found.total() < OFTEN


def _agreement(nearness: float) -> float:
    """How much more, or less, the words for a topic are worth as the meaning agrees with them."""
    return math.exp(NEARER * min(4.0, max(-2.0, nearness)))


def _by_meaning(near: Evidence, worth: float) -> Evidence:
    """What the meaning is evidence of by itself."""
    return {topic: worth * (nearness - CLEARLY) for topic, nearness in near.items() if nearness > CLEARLY}


def _nearness(meaning: Sequence[float]) -> dict[str, float]:
    """How near each topic is to an article, in standard deviations above or below the mean of all topics.

    All vectors of such a model point the same way, and some topics are near to everything: so the mean of all topics
    is taken from both sides before the cosine.
    """
    vectors, mean = _topic_vectors(embedder())
    centred = np.asarray(meaning, dtype=np.float32) - mean
    cosine = vectors @ centred / max(float(np.linalg.norm(centred)), 1e-9)
    around = (cosine - cosine.mean()) / max(float(cosine.std()), 1e-9)
    return dict(zip(lexicon(), around.tolist(), strict=True))


@cache
def _topic_vectors(_: Embedder) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Unit vectors of the topics around the mean of all, a row each, and that mean, by the embedder in use."""
    labels = [entry.labels for entry in lexicon().values()]
    texts = [called.format(label[language]) for language, called in CALLED.items() for label in labels]
    rows = embed_passages(texts).reshape(len(CALLED), len(labels), -1).mean(axis=0)
    mean = rows.mean(axis=0)
    rows = rows - mean
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), mean


def _enough(evidence: Evidence, added: Evidence, words: dict[str, Counter[str]]) -> Evidence:
    """The topics with enough evidence. What the words say of a topic without counts for the topic above it; what the
    meaning adds does not, as topics under one roof mean much the same: their sum would say it several times.
    """
    enough: Evidence = {}
    below = defaultdict(float, evidence)
    for topic in _narrow_first():
        parent = lexicon()[topic].parent
        if below[topic] + added.get(topic, 0.0) >= 1:
            enough[topic] = below[topic] + added.get(topic, 0.0)
        elif parent:
            below[parent] += below[topic]
            words[parent] += words[topic]
    return enough


@cache
def _narrow_first() -> tuple[str, ...]:
    return tuple(sorted(lexicon(), key=lambda topic: -len(ancestors(topic))))


class TopicsComponent:
    """Sets ``doc._.topics``: a tuple of :class:`TopicFound`, best first."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, doc: Doc) -> Doc:
        """Find the topics of one document."""
        doc._.topics = topics_of(doc.text, doc._.headline_end, self.language, doc._.embedding, doc._.parts)
        return doc


@Language.factory("wirewatch_topics", default_config={"language": None}, assigns=["doc._.topics"])
def make_topics(nlp: Language, name: str, language: str | None) -> TopicsComponent:
    """The component of this module; ``language`` defaults to that of the pipeline."""
    return TopicsComponent(language or nlp.lang)


def best(topics: Iterable[TopicFound]) -> tuple[str, ...]:
    """The ids alone, in their order."""
    return tuple(topic.id for topic in topics)
