"""People, organisations and places of a text: ``doc._.people``, ``doc._.organizations``, ``doc._.places``.

The names come from the pipeline's named-entity recogniser, or, in a pipeline without one, from the gazetteer. What a
recogniser marks is not yet a name: articles, titles and job titles are trimmed or left out, one name's spellings and
its surname alone are counted together, and a name that it marked differently in two places gets the kind that most of
its mentions have; what it takes for a place and the text introduces like a person is a person. The words for that are
in ``data/names.yml``.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import yaml
from spacy.language import Language
from spacy.tokens import Doc, Span

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


_article = re.compile(
    r"^(?:[LlDd]'|qu'|(?:The|the|l[ea]s?|du|des?|de la|del|el|los|las|o|os|a|as|der|die|das|den|il|lo|gli|i)\s+)(?=\S)"
)
_capital_article = re.compile(r"^(?:L[ea]s?|Du|Des|El|Los|Las|Os?|As?|Der|Die|Das|Il|Lo)\s+(?=\S)")
_possessive = re.compile(r"(?:'s?|'s)$")
_edges = " \t\n\"'«»“”„()[]{}.,;:!?…–—-*|/"

_words: dict[str, Any] = yaml.safe_load((gazetteer.DATA / "names.yml").read_text("utf-8"))


def _folded(listed: dict[str, str]) -> frozenset[str]:
    return frozenset(fold(word) for words in listed.values() for word in words.split())


TITLES = _folded(_words["titles"])
"""Words that stand before a person's name and are no part of it."""

PARTICLES = frozenset(_words["particles"].split())
"""Words in lower case that are part of a person's name."""

NO_NAMES = _folded(_words["no_names"])
"""Single words that are no name on their own: "visite d'État" is no place."""

LINKS = frozenset(word for words in _words["links"].values() for word in words.split())
"""Words that tie a title to what it is the title of; a place may follow them directly, a person's name does not."""

NOT_FIRST = NO_NAMES | _folded(_words["place_words"])
"""Words that begin the names of places and are no first names."""

_saying = "|".join(fold(verb) for verbs in _words["saying"].values() for verb in verbs)
_says = re.compile(rf"(?:, [^,.]{{1,80}},)? (?:(?:a|ha|has|had|avait) )?(?:{_saying})(?!\w)")

_jobs = "|".join(fold(job) for jobs in _words["jobs"].values() for job in jobs)
_job = re.compile(rf"(?:(?:vice|sous|ex|former|ancien)[- ])*(?:{_jobs})(?!\w)|.*\b(?:minister|president|secretary)$")
"""What a recogniser takes for an organisation and is somebody's job, folded."""


def _trimmed(text: str, language: str) -> str:
    """The words without quotes, possessive and article. A capitalised article goes only where what it leaves is a known
    place ("La Russie") and it is no part of the name ("Le Caire").
    """
    text = text.strip().split("\n")[0].strip(_edges)
    parts = [part for part in re.split(r"\s+[-–—]\s+", text) if part[:1].isupper()]
    text = _possessive.sub("", parts[0] if parts else text).strip(_edges)
    bare = _capital_article.sub("", text)
    if bare != text and _place(bare, language) and not _place(text, language):
        return bare
    return _article.sub("", text).strip()


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


def _place(name: str, language: str) -> str | None:
    """The kind of mention that the whole name is, by the gazetteer; None where it is none."""
    mentions = gazetteer.find(name, language)
    return mentions[0].kind if len(mentions) == 1 and mentions[0][:2] == (0, len(name)) else None


def _name(kind: str, surface: str, language: str) -> tuple[str, str] | None:
    """The kind and the name of one entity; None where it is no name."""
    name = _trimmed(surface, language)
    if kind == "person":
        name = _person(name)
    if len(name) < 2 or fold(name) in NO_NAMES or not any(c.isalpha() for c in name):
        return None
    if kind != "person" and (_job.match(fold(name)) or (name == name.lower() != name.upper())):
        return None
    known = _place(name, language)
    if known == "people":
        return None
    return "place" if known else kind, name


def _is_introduced(text: str, start: int, end: int, language: str) -> bool:
    """Whether the text speaks of two or three words as of a person: after a title ("secrétaire du Conseil de sécurité
    russe X Y", not "maire de X Y") or before a verb of saying. Nothing that the gazetteer knows is meant so.
    """
    name = text[start:end]
    words = name.split()
    if not 1 < len(words) < 4 or not all(word[0].isupper() for word in words) or gazetteer.find(name, language):
        return False
    return fold(words[0]) not in NOT_FIRST and (
        bool(_says.match(fold(text[end : end + 120]))) or _titled(text, start, language)
    )


def _titled(text: str, start: int, language: str) -> bool:
    """Whether a title, with what it is the title of, stands directly before ``start``."""
    before = re.split(r"[.,;:!?()\"«»\n]", text[max(0, start - 100) : start])[-1].replace("'", "' ").split()
    if not before or before[-1].lower() in LINKS:
        return False
    for i in range(len(before) - 1, -1, -1):
        word, left = before[i], before[i - 1] if i else ""
        if fold(word) in TITLES:
            return True
        belongs = word.lower() in LINKS or left.lower() in LINKS or word[0].isupper() or left[:1].isupper()
        if not belongs and _place(word, language) != "people":
            return False
    return False


def _places_by_gazetteer(text: str, language: str) -> list[tuple[str, str]]:
    mentions = gazetteer.find(text, language)
    return [("place", text[mention.start : mention.end]) for mention in mentions if mention.kind != "people"]


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


def _kind(kind: str, ent: Span, language: str) -> str:
    introduced = kind == "place" and _is_introduced(ent.doc.text, ent.start_char, ent.end_char, language)
    return "person" if introduced else kind


class Names:
    """Sets ``doc._.people``, ``doc._.organizations`` and ``doc._.places``: tuples of names as the text writes them,
    the most frequent first.
    """

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp

    def __call__(self, doc: Doc) -> Doc:
        """Collects the names of one document."""
        language = (doc._.language if Doc.has_extension("language") else None) or doc.lang_
        if "ner" in self._nlp.pipe_names:
            marked = [(KINDS[ent.label_], ent) for ent in doc.ents if ent.label_ in KINDS]
            named = (_name(_kind(kind, ent, language), ent.text, language) for kind, ent in marked)
            names = collect((name for name in named if name), lambda name: _place(name, language) is not None)
        else:
            names = collect(_places_by_gazetteer(doc.text, language))
        doc._.people = names["person"]
        doc._.organizations = names["organization"]
        doc._.places = names["place"]
        return doc


@Language.factory("wirewatch_names", assigns=["doc._.people", "doc._.organizations", "doc._.places"])
def make_names(nlp: Language, name: str) -> Names:
    """The factory of :class:`Names`."""
    return Names(nlp)
