"""Component ``wirewatch_entities``: one entity for one person, organisation or place, however a text calls it.

Known ones (:mod:`enrichment.known`) are found by full name in the text itself. The recogniser's other people and
organisations are learned: their id is made of how they sound, ``person:~nkl-btrxf`` (:func:`enrichment.sound.key` of
each word), so that it is the same in every spelling and script as far as the sound is. A surname alone is whoever the
text names in full; a known person's, where nobody in the text has it, only if one person alone has it and the text
names the country. Places are those of :mod:`enrichment.geography`; of the recogniser's, those that it does not know.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from spacy.language import Language
from spacy.tokens import Doc

import enrichment.names  # noqa: F401 - its extensions of Doc
from enrichment import gazetteer, known, sound
from enrichment.gazetteer import fold
from enrichment.known import Found
from enrichment.sounds import sounds
from wirewatch.records import Entity

Doc.set_extension("entities", default=(), force=True)
Doc.set_extension("sounds", default=(), force=True)
Doc.set_extension("entity_mentions", default=(), force=True)


LEARNED_PERSON = "person:~"
"""With it begin the ids of people whom no data file knows."""


def learned_id(kind: str, name: str) -> str:
    """The id of one whom no data file knows: ``person:~nkl-btrxf``. Organisations keep their letters:
    ``organization:~banque-d-algerie``.
    """
    parts = known.words(name)
    if kind == "person":
        keys = [sound.key(word.text) or fold(word.text) for word in parts if fold(word.text) not in known.PARTICLES]
        return LEARNED_PERSON + ("-".join(keys) or fold(name))
    return f"{kind}:~{re.sub('[^a-z0-9]+', '-', sound.latin(name)).strip('-') or fold(name)}"


def is_learned(id_: str) -> bool:
    """Whether no data file knows it."""
    return ":~" in id_


def is_surname(id_: str) -> bool:
    """Whether it is somebody of whom a text has one name only: that may be anybody's."""
    return id_.startswith(LEARNED_PERSON) and "-" not in id_


def called(entities: Iterable[Entity], kind: str) -> tuple[str, ...]:
    """The names of those of a kind (``person``, ``organization``, ``place``), each once."""
    return tuple(dict.fromkeys(entity.name for entity in entities if entity.id.startswith(f"{kind}:")))


def _surnames(doc: Doc, text: str, full: list[Found]) -> list[Found]:
    """Where the text has a surname alone: of somebody it names in full, or of the one known person it can mean."""
    here: dict[str, set[str]] = defaultdict(set)
    for one in full:
        inside = known.words(text[one.start : one.end])
        if one.id.startswith("person:") and len(inside) > 1:
            surname = inside[0 if known.people()[one.id].surname_first else -1].text
            for form in known.folded(surname):
                here[form].add(one.id)
    told = {mention.code for mention in doc._.country_mentions} if Doc.has_extension("country_mentions") else set()
    covered = bytearray(len(text) + 1)
    for one in full:
        covered[one.start : one.end] = b"x" * (one.end - one.start)
    return [
        Found(word.start + known.prefix(word.text, person), word.end, person)
        for word in known.words(text)
        if not covered[word.start] and known.is_cased(word.text) and (person := _whose(word.text, here, told))
    ]


def _whose(word: str, here: dict[str, set[str]], told: set[str]) -> str | None:
    """The person whose surname a word is, or None: the only one of the name that the text has in full, or else the
    only one known if the text is about the country.
    """
    named = {person for form in known.folded(word) if len(form) > 1 for person in here.get(form, ())} if here else None
    if named:
        return named.pop() if len(named) == 1 else None
    person = known.by_surname(word)
    return person if person and known.people()[person].country in told else None


def _learned(kind: str, names: Iterable[str], text: str, taken: list[Found]) -> list[Entity]:
    """Those of the recogniser's names that are none of the known ones, each with its surname alone."""
    covered = {fold(text[one.start : one.end]) for one in taken}
    entities: dict[str, Counter[str]] = {}
    display: dict[str, str] = {}
    names = [name for name in names if fold(name) not in covered]
    # The long names first, so that a surname alone finds the full name.
    for name in sorted(names, key=lambda name: -len(name.split())):
        if kind == "person" and _is_part(name, covered):
            continue
        id_ = learned_id(kind, name)
        if kind == "person" and " " not in name:
            last = id_.removeprefix(LEARNED_PERSON)
            id_ = next((other for other in entities if other.endswith(f"-{last}")), id_)
        entities.setdefault(id_, Counter())[name] += max(1, text.count(name))
        display.setdefault(id_, name)
    ranked = {name: i for i, name in enumerate(names)}
    order = sorted(entities, key=lambda id_: min(ranked[name] for name in entities[id_]))
    return [_entity(id_, display[id_], entities[id_]) for id_ in order]


def _is_part(name: str, covered: set[str]) -> bool:
    """Whether a name is a known person's, with a word more or less than was found."""
    return any(f" {fold(name)} " in f" {one} " or f" {one} " in f" {fold(name)} " for one in covered if " " in one)


def _entity(id_: str, name: str, spelled: Counter[str]) -> Entity:
    told = known.get(id_)
    return Entity(
        id=id_,
        name=name,
        spellings=tuple(spelling for spelling, _ in spelled.most_common()),
        mentions=spelled.total(),
        wikidata=told.wikidata if told else None,
    )


def _places(doc: Doc, text: str, language: str, taken: list[Found]) -> list[Entity]:
    """The cities and subdivisions of a document, and the recogniser's other places but for countries and regions."""
    spelled: dict[str, Counter[str]] = defaultdict(Counter)
    called: dict[str, str] = {}
    for one in doc._.locations:
        spelled[one.id][" ".join(text[one.start : one.end].split())] += 1
        called[one.id] = one.name
    covered = {fold(spelling) for counted in spelled.values() for spelling in counted}
    covered |= {fold(text[one.start : one.end]) for one in taken}
    for name in doc._.places:
        if fold(name) not in covered and not _is_part(name, covered) and not gazetteer.find(name, language):
            id_ = learned_id("place", name)
            called[id_] = name
            spelled[id_][name] += max(1, text.count(name))
    return [_entity(id_, called[id_], counted) for id_, counted in spelled.items()]


def entities(doc: Doc, language: str) -> tuple[list[Entity], list[Found]]:
    """The people, organisations and places of a document, most frequent first, and where the known people and
    organisations stand.
    """
    text = doc.text  # put together from the tokens whenever it is asked for
    full = list(doc._.known_names)
    mentions = known.longest([*full, *_surnames(doc, text, full)])
    spelled: dict[str, Counter[str]] = defaultdict(Counter)
    for one in mentions:
        spelled[one.id][" ".join(text[one.start : one.end].split())] += 1
    found = [_entity(id_, known.name(id_), counted) for id_, counted in spelled.items()]
    found += _learned("person", doc._.people, text, mentions)
    found += _learned("organization", doc._.organizations, text, mentions)
    found += _places(doc, text, language, mentions)
    return sorted(found, key=lambda entity: -entity.mentions), mentions


@Language.component(
    "wirewatch_entities",
    assigns=[
        "doc._.entities",
        "doc._.entity_mentions",
        "doc._.people",
        "doc._.organizations",
        "doc._.places",
        "doc._.sounds",
    ],
)
def set_entities(doc: Doc) -> Doc:
    """Sets ``doc._.entities`` (:class:`~wirewatch.records.Entity`), ``doc._.entity_mentions`` (:class:`Found`: where
    the known people and organisations stand, in the order of the text), ``doc._.people``, ``doc._.organizations`` and
    ``doc._.places`` (what those entities are called) and ``doc._.sounds`` (see :func:`enrichment.sounds.sounds`).
    """
    language = doc._.language or doc.lang_
    found, mentions = entities(doc, language)
    doc._.entities = tuple(found)
    doc._.entity_mentions = tuple(mentions)
    doc._.people, doc._.organizations, doc._.places = (
        called(found, kind) for kind in ("person", "organization", "place")
    )
    doc._.sounds = sounds(doc.text, language)
    return doc
