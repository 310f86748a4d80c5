"""People, organisations and places of a text: ``doc._.people``, ``doc._.organizations``, ``doc._.places``.

The names come from the pipeline's named-entity recogniser, or, in a pipeline without one, from the gazetteer (put
``wirewatch_geography`` before this component). What a recogniser marks is not yet a name: articles, titles and job
titles are trimmed or left out, one name's spellings and its surname alone are counted together, and a name that it
marked differently in two places gets the kind that most of its mentions have.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from spacy.language import Language
from spacy.tokens import Doc

from enrichment import gazetteer
from enrichment.gazetteer import fold

KINDS = {"PER": "person", "PERSON": "person", "ORG": "organization", "LOC": "place", "GPE": "place", "FAC": "place"}
"""The recognisers' labels that matter here."""

_spaces = re.compile(r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_invisible = re.compile(r"[\u00ad\u200b\u2060\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """``text`` as recognisers expect it: composed letters (NFC), plain spaces and apostrophes, nothing invisible.

    Line breaks stay. A no-break space would split "Nicholaï\u00a0Patrouchev" into two names.
    """
    text = _invisible.sub("", unicodedata.normalize("NFC", text)).replace("’", "'").replace("ʼ", "'")
    return _spaces.sub(" ", text)


ARTICLES = re.compile(
    r"^(?:(?:l|d|qu)'|(?:l[ea]s?|du|des|de la|the|el|los|las|o|os|a|as|der|die|das|il|lo|gli|i)\s+)(?=\S)", re.I
)
_possessive = re.compile(r"(?:'s?|'s)$")
_edges = " \t\n\"'«»“”„()[]{}.,;:!?…–—-*|/"

TITLES = frozenset(
    fold(word)
    for word in """président présidente premier première ministre ministres vice-président secrétaire général générale colonel
    chef cheffe roi reine prince princesse cheikh pape monseigneur ambassadeur ambassadrice député députée sénateur sénatrice
    maire gouverneur directeur directrice porte-parole capitaine commandant maréchal amiral docteur professeur maître m. mme mm. mlle me dr
    pr ex-président ancien ancienne opposant émir sultan
    president vice-president prime minister premier secretary general colonel captain major king queen prince princess pope
    senator representative congressman governor mayor ambassador chancellor director spokesman spokeswoman chairman mr mr. mrs mrs. ms ms. dr.
    sir lord lady professor judge justice former foreign defence defense sheikh emir lieutenant lt. gen. col. admiral marshal chief
    presidente presidenta ministro ministra primer primera secretario secretaria canciller rey reina príncipe princesa papa senador
    senadora diputado diputada gobernador gobernadora alcalde alcaldesa embajador embajadora director directora portavoz coronel sr. sra. señor señora
    primeiro primeira secretário secretária deputado deputada governador governadora prefeito prefeita embaixador embaixadora
    porta-voz senhor senhora rei rainha expresidente ex-presidente""".split()
)
"""Words that stand before a person's name and are no part of it."""

PARTICLES = frozenset(
    "al el ben bin ibn bint ould de da di do dos das du del della van von der den la le ter y e abu abou d'".split()
)
"""Words in lower case that are part of a person's name."""

JOB = re.compile(
    r"^(?:(?:vice|sous|ex|former|ancien)[- ])*(?:ministre|président|présidente|premier ministre|secrétaire|chef|directeur|directrice|porte-parole|"
    r"ambassadeur|gouverneur|procureur|minister|president|prime minister|secretary|chief|spokes\w+|foreign minister|"
    r"defen[cs]e minister|ambassador|governor|ministro|ministra|presidente|presidenta|primer ministro|secretari[oa]|"
    r"canciller|primeiro-ministro|secretári[oa]|embaixador|embajador)(?!\w)|(?:minister|president|secretary)$",
    re.I,
)
"""What a recogniser takes for an organisation and is somebody's job."""

NO_NAMES = frozenset(
    fold(word)
    for word in """État États Etat nation nations pays gouvernement président image photo vidéo archives lire voir partager
    monde ouest est nord sud occident orient state states government president world west east north south parliament
    army police foreign ministry ministère armée parlement assemblée estado gobierno governo país presidente ejército exército
    monsieur madame covid-19 covid lundi mardi mercredi jeudi vendredi samedi dimanche monday tuesday wednesday thursday
    friday saturday sunday""".split()
)
"""Single words that are no name on their own: "visite d'État" is no place."""


def _trimmed(text: str) -> str:
    text = text.strip().split("\n")[0].strip(_edges)
    text = _possessive.sub("", text).strip(_edges)
    return ARTICLES.sub("", text).strip()


def _person(text: str) -> str:
    """The name without the titles, adjectives and other words before it; empty when nothing is left."""
    words = text.split()
    while words and (
        fold(words[0]) in TITLES or (words[0][0].islower() and (fold(words[0]) not in PARTICLES or len(words) == 1))
    ):
        words = words[1:]
    while words and words[-1][0].islower():
        words = words[:-1]
    return " ".join(words)


def _is_place(name: str, language: str) -> bool:
    mentions = gazetteer.find(name, language)
    return len(mentions) == 1 and mentions[0].start == 0 and mentions[0].end == len(name)


def _name(kind: str, surface: str, language: str) -> tuple[str, str] | None:
    """The kind and the name of one entity; None where it is no name."""
    name = _trimmed(surface)
    if kind == "person":
        name = _person(name)
    if len(name) < 2 or fold(name) in NO_NAMES or not any(c.isalpha() for c in name):
        return None
    if kind != "person" and (JOB.search(name) or (name == name.lower() != name.upper())):
        return None
    if kind != "place" and _is_place(name, language):
        return "place", name
    return kind, name


def _places_by_gazetteer(doc: Doc) -> list[tuple[str, str]]:
    if not Doc.has_extension("country_mentions"):
        return []
    names = (doc.text[mention.start : mention.end] for mention in doc._.country_mentions)
    return [("place", name) for name in names if not name[0].islower()]


def _by_frequency(names: Iterable[str]) -> tuple[str, ...]:
    """The distinct names in their most frequent spelling, the most frequent name first, then by first mention."""
    spellings: dict[str, Counter[str]] = {}
    for name in names:
        spellings.setdefault(fold(name), Counter())[name] += 1
    ranked = sorted(spellings.values(), key=lambda counted: -counted.total())
    return tuple(counted.most_common(1)[0][0] for counted in ranked)


def collect(found: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Counts (kind, name) pairs together: one kind a name, surnames with their full names; most frequent first."""
    found = list(found)
    votes: dict[str, Counter[str]] = {}
    for kind, name in found:
        votes.setdefault(fold(name), Counter())[kind] += 1
    full: dict[str, Counter[str]] = {}
    for kind, name in found:
        words = fold(name).split()
        if kind == "person" and len(words) > 1:
            full.setdefault(words[-1], Counter())[name] += 1
    names: dict[str, list[str]] = {"person": [], "organization": [], "place": []}
    for _, name in found:
        key = fold(name)
        kind = votes[key].most_common(1)[0][0]
        if votes[key]["person"] and (" " in key or kind != "place"):
            kind = "person"
        if key in full and kind != "place":
            names["person"].append(full[key].most_common(1)[0][0])
        else:
            names[kind].append(name)
    return {kind: _by_frequency(listed) for kind, listed in names.items()}


for extension in ("people", "organizations", "places"):
    if not Doc.has_extension(extension):
        Doc.set_extension(extension, default=())


class Names:
    """Sets ``doc._.people``, ``doc._.organizations`` and ``doc._.places``: tuples of names as the text writes them,
    the most frequent first.
    """

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp

    def __call__(self, doc: Doc) -> Doc:
        """Collects the names of one document from ``doc.ents`` or ``doc._.country_mentions``."""
        language = (doc._.language if Doc.has_extension("language") else None) or doc.lang_
        if "ner" in self._nlp.pipe_names:
            named = (_name(KINDS[ent.label_], ent.text, language) for ent in doc.ents if ent.label_ in KINDS)
            names = collect(name for name in named if name)
        else:
            names = collect(_places_by_gazetteer(doc))
        doc._.people = names["person"]
        doc._.organizations = names["organization"]
        doc._.places = names["place"]
        return doc


@Language.factory("wirewatch_names", assigns=["doc._.people", "doc._.organizations", "doc._.places"])
def make_names(nlp: Language, name: str) -> Names:
    """The factory of :class:`Names`."""
    return Names(nlp)
