"""People, organisations and places of a text: ``doc.ents``, ``doc._.people``, ``doc._.organizations``, ``doc._.places``.

What may be a name comes from the pipeline's named-entity recogniser, or, in a pipeline without one, from how it is written
(:mod:`enrichment.names.patterns`); places and known people and organisations are found in the text of any language. What
each is, is told by all that speaks for it (:mod:`enrichment.names.evidence`, :mod:`enrichment.names.spans`). For people to
read, articles, titles and job titles are trimmed or left out, and one name's spellings and its surname alone are counted
together. The words for that are in ``data/names.yml`` and ``data/name_kinds.yml``.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from spacy.language import Language
from spacy.tokens import Doc, Span

from enrichment.gazetteer import fold
from enrichment.names.evidence import (
    BORROWED_MARK,
    MARK,
    ORGANIZATION,
    PERSON,
    PLACE,
    TRUST,
    UNCASED,
    Sight,
    place_kind,
)
from enrichment.names.patterns import capitalised, titled
from enrichment.names.spans import Candidate, names
from enrichment.names.words import JOB, NO_NAMES, PARTICLES, TITLES

KINDS = {"PER": PERSON, "PERSON": PERSON, "ORG": ORGANIZATION, "LOC": PLACE, "GPE": PLACE, "FAC": PLACE}
"""The recognisers' labels that matter here."""
LABELS = {PERSON: "PER", ORGANIZATION: "ORG", PLACE: "LOC"}
"""What they are called in ``doc.ents`` afterwards."""

_spaces = re.compile(r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_invisible = re.compile(r"[\u00ad\u061c\u180e\u200b\u2060\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """``text`` as recognisers expect it: composed letters (NFC), plain spaces and apostrophes, nothing invisible.

    Line breaks stay. A no-break space would split "Nicholaï\u00a0Patrouchev" into two names.
    """
    text = _invisible.sub("", unicodedata.normalize("NFC", text)).replace("’", "'").replace("ʼ", "'")
    return _spaces.sub(" ", text)


_article = re.compile(
    r"^(?:[LlDd]'|qu'|(?:The|the|l[ea]s?|du|des?|de la|del|el|los|las|o|os|a|as|der|die|das|den|il|lo|gli|i)\s+)(?=\S)"
)
_capital_article = re.compile(r"^(?:L[ea]s?|Du|Des|El|Los|Las|Os?|As?|Der|Die|Das|Il|Lo)\s+(?=\S)")
_possessive = re.compile(r"(?:'s?|'s)$")
_edges = " \t\n\"'«»“”„()[]{}.,;:!?…–—-*|/"


def _trimmed(text: str, language: str) -> str:
    """The words without quotes, possessive and article. A capitalised article goes only where what it leaves is a known
    place ("La Russie") and it is no part of the name ("Le Caire").
    """
    text = text.strip().split("\n")[0].strip(_edges)
    if language == "tr":
        text = re.sub(r"(?<=\w)'\w+$", "", text)
    parts = [part for part in re.split(r"\s+[-–—]\s+", text) if part[:1].isupper()]
    text = _possessive.sub("", parts[0] if parts else text).strip(_edges)
    bare = _capital_article.sub("", text)
    if bare != text and place_kind(bare, language) and not place_kind(text, language):
        return bare
    return _article.sub("", text).strip()


def _person(text: str) -> str:
    """The name without the titles, adjectives and other words before it; empty when nothing is left."""
    words = text.split()
    while words and (
        fold(words[0]) in TITLES or (words[0][0].islower() and (fold(words[0]) not in PARTICLES or len(words) == 1))
    ):
        words = words[1:]
    while len(words) > 1 and words[-1][0].islower():
        words = words[:-1]
    return " ".join(words)


def _name(kind: str, surface: str, language: str) -> tuple[str, str] | None:
    """The kind and, for people to read, the name of what a text says; None where it is no name."""
    name = _trimmed(surface, language)
    if kind == PERSON:
        name = _person(name)
    if len(name) < 2 or fold(name) in NO_NAMES or not any(c.isalpha() for c in name):
        return None
    if kind == PERSON:
        return kind, name
    if JOB.match(fold(name)) or (name == name.lower() != name.upper()):
        return None
    known = place_kind(name, language)
    if known == "people":
        return None
    return PLACE if known and known != "organisation" else kind, name


def _by_frequency(names: Iterable[str]) -> tuple[str, ...]:
    """The distinct names in their most frequent spelling, the most frequent name first, then by first mention."""
    spellings: dict[str, Counter[str]] = {}
    for name in names:
        spellings.setdefault(fold(name), Counter())[name] += 1
    ranked = sorted(spellings.values(), key=lambda counted: -counted.total())
    return tuple(counted.most_common(1)[0][0] for counted in ranked)


def collect(
    found: Iterable[tuple[str, str]], is_place: Callable[[str], bool] = lambda name: True
) -> dict[str, tuple[str, ...]]:
    """Counts (kind, name) pairs together: one kind a name, surnames and unmistakable first names with their full names;
    most frequent first. ``is_place`` says whether what is marked as a place is known as one; if not, it may be a name.
    """
    found = list(found)
    votes: dict[str, Counter[str]] = {}
    for kind, name in found:
        votes.setdefault(fold(name), Counter())[kind] += 1
    full: dict[str, Counter[str]] = {}
    first: dict[str, set[str]] = {}
    spelled: dict[str, Counter[str]] = {}
    for kind, name in found:
        words = fold(name).split()
        if kind == "person" and len(words) > 1:
            full.setdefault(words[-1], Counter())[name] += 1
            first.setdefault(words[0], set()).add(fold(name))
            spelled.setdefault(fold(name), Counter())[name] += 1
    names: dict[str, list[str]] = {"person": [], "organization": [], "place": []}
    for _, name in found:
        key = fold(name)
        kind = votes[key].most_common(1)[0][0]
        if votes[key]["person"] and (" " in key or kind != "place"):
            kind = "person"
        named = kind != "place" or not is_place(name)
        if key in full and named:
            names["person"].append(full[key].most_common(1)[0][0])
        elif kind != "organization" and named and len(first.get(key, ())) == 1:
            names["person"].append(spelled[next(iter(first[key]))].most_common(1)[0][0])
        else:
            names[kind].append(name)
    return {kind: _by_frequency(listed) for kind, listed in names.items()}


for extension in ("people", "organizations", "places"):
    if not Doc.has_extension(extension):
        Doc.set_extension(extension, default=())


class Names:
    """Sets ``doc.ents`` to the names in the text (``PER``, ``ORG``, ``LOC``), and ``doc._.people``,
    ``doc._.organizations`` and ``doc._.places``: tuples of names as the text writes them, the most frequent first.

    ``borrowed`` says that the pipeline's recogniser was made for another language.
    """

    def __init__(self, nlp: Language, borrowed: bool) -> None:
        self._nlp = nlp
        self._borrowed = borrowed

    def __call__(self, doc: Doc) -> Doc:
        """Finds and collects the names of one document."""
        language = (doc._.language if Doc.has_extension("language") else None) or doc.lang_
        sight = Sight(doc, language)
        found = names(sight, self._candidates(sight))
        doc.ents = [Span(doc, one.start, one.end, label=LABELS[one.kind]) for one in found]
        shown = (_name(one.kind, sight.shown(one.start, one.end), language) for one in found)
        counted = collect((name for name in shown if name), lambda name: place_kind(name, language) is not None)
        doc._.people = counted[PERSON]
        doc._.organizations = counted[ORGANIZATION]
        doc._.places = counted[PLACE]
        return doc

    def _candidates(self, sight: Sight) -> Iterator[Candidate]:
        doc, language = sight.doc, sight.language
        marked = [ent for ent in doc.ents if ent.label_ in KINDS] if "ner" in self._nlp.pipe_names else []
        if self._borrowed:
            for one in capitalised(sight):
                over = [ent for ent in marked if ent.start < one.end and one.start < ent.end]
                mark = KINDS[over[0].label_] if over else one.mark
                yield Candidate(one.start, one.end, mark, BORROWED_MARK if over else min(one.weight, UNSEEN))
        elif "ner" in self._nlp.pipe_names:
            trust = TRUST.get(language, {})
            for ent in marked:
                kind = KINDS[ent.label_]
                yield Candidate(ent.start, ent.end, kind, trust.get(kind, MARK))
        elif language in UNCASED:
            for start, end in titled(sight.raw, language):
                span = doc.char_span(start, end, alignment_mode="expand")
                if span is not None:
                    yield Candidate(span.start, span.end, PERSON, MARK)
        else:
            yield from capitalised(sight)


UNSEEN = 0.7
"""What a guess weighs at most, where even a recogniser for another language saw no name."""


@Language.factory(
    "wirewatch_names",
    assigns=["doc.ents", "doc._.people", "doc._.organizations", "doc._.places"],
    default_config={"borrowed": False},
)
def make_names(nlp: Language, name: str, borrowed: bool) -> Names:
    """The factory of :class:`Names`."""
    return Names(nlp, borrowed)
