"""Which places a text names and is about: ``doc._.countries``, ``doc._.countries_found``, ``doc._.regions``,
``doc._.locations``, ``doc._.country_mentions``.

**Salience.** Every mention of a country counts, by name, people, adjective, capital or another place in it. A mention
in the title or lead counts :data:`HEADLINE_WEIGHT`; one in the body counts from 1 at its start down to
:data:`LAST_WEIGHT` at its end; a capital counts a little less than the name, since it may be only where a story was
filed, and another place less than half. From the third mention on in the headline, and from the tenth in the body, more
of them add nothing, so that a long text is no stronger than a short one. A text is about a country that is in the
headline, or is named once in the first :data:`EARLY` of the body, or is mentioned twice, of which one by name, or
:data:`OFTEN` times by adjectives and places alone ("a French cooking class"); and whose score is at least
:data:`SHARE` of the highest. So a country merely named once at the end of a long text is left out; texts under
:data:`SHORT` characters (a third of it where words are written in one or two signs) are about all that they name.

**Regions** are those that the text names, organisations of countries among them, and those that its countries lie in
(UN M49, and the regions of ``groups.yml``), the narrow before the wide. A country does not bring the organisations that
it belongs to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from enrichment import gazetteer
from enrichment.gazetteer import Location, Mention, Reading
from enrichment.language import texts
from wirewatch.records import CountryFound

HEADLINE_WEIGHT = 4.0
WEIGHT = {"capital": 0.8, "place": 0.4}
"""Of a mention that is neither name nor people of the country."""
LAST_WEIGHT = 0.4
EARLY = 0.4
OFTEN = 3
SHARE = 0.2
SHORT = 600
HEADLINE_CAP = 2
BODY_CAP = 10


class CountryMention(NamedTuple):
    """Where a document names a country: offsets in characters of its text, and the ISO 3166-1 alpha-2 code."""

    start: int
    end: int
    code: str


def countries_in(text: str, language: str) -> list[Mention]:
    """Every mention of a country in ``text``, an article's or a query's, in its order; one by a city or subdivision
    has the kind ``place``.
    """
    return _countries(gazetteer.read(text, language))


def _countries(reading: Reading) -> list[Mention]:
    mentions = [mention for mention in reading.mentions if mention.kind in gazetteer.COUNTRY]
    taken = {mention.start for mention in mentions}
    places = (Mention(one.start, one.end, one.country, "place") for one in reading.locations if one.start not in taken)
    return sorted([*mentions, *places])


def regions_in(text: str, language: str) -> list[Mention]:
    """Every mention of a region or an organisation of countries, in its order; ``code`` is its English name."""
    return [m for m in gazetteer.read(text, language).mentions if m.kind not in gazetteer.COUNTRY]


def places_in(text: str, language: str) -> list[Location]:
    """Every mention of a city or first-level subdivision, in its order."""
    return gazetteer.read(text, language).locations


@cache
def region_chain(code: str) -> tuple[str, ...]:
    """The English names of the regions around a country (ISO code) or a region (English name, itself included), the
    narrow before the wide: ``DZ`` gives Maghreb, Northern Africa, Africa. Around a group of countries are the M49
    regions that hold all of it. Empty for a code that nobody knows.
    """
    country = gazetteer.countries().get(code)
    if country is None and code not in gazetteer.region_codes():
        return ()
    inside = {code} if country else gazetteer.members(code)
    around = [
        region.name
        for region in gazetteer.regions().values()
        if (region.name == code or not region.members or (region.brought and country))
        and inside <= gazetteer.members(region.name)
    ]
    return tuple(sorted(around, key=_width))


def _width(region: str) -> tuple[int, bool]:
    """How many countries a region has; the code's own before those that have the same."""
    return len(gazetteer.members(region)), not gazetteer.regions()[gazetteer.region_codes()[region]].members


def labels(concept_id: str, language: str) -> str | None:
    """How a language calls ``country:DZ``, ``region:Northern Africa`` or ``place:DZ-16``: the name that people are
    shown, then other usual names and the adjective, so that a search for "Russian" finds Russia ("Turkey, Türkiye,
    Turkish"); None for other concepts and languages.
    """
    kind, _, name = concept_id.partition(":")
    if kind == "place":
        return gazetteer.place_label(concept_id, language)
    code = name if kind == "country" else gazetteer.region_codes().get(name) if kind == "region" else None
    if code is None or (kind == "country" and code not in gazetteer.countries()):
        return None
    return ", ".join(gazetteer.names(code, language)) or None


class Salience(NamedTuple):
    """What a text says about a country."""

    code: str
    share: float
    """Between 0 and 1, of all that it says about countries."""
    about: bool


def saliences(mentions: Iterable[Mention], headline_end: int, length: int, short: int = SHORT) -> list[Salience]:
    """The countries that a text of ``length`` characters names, those that it is about first, then the most salient.
    A text of fewer than ``short`` characters is about all that it names.
    """
    headline: dict[str, float] = {}
    body: dict[str, float] = {}
    count: Counter[str] = Counter()
    first: dict[str, int] = {}
    named: dict[str, int] = {}
    for mention in mentions:
        weight = WEIGHT.get(mention.kind, 1.0)
        code = mention.code
        count[code] += 1
        first.setdefault(code, mention.start)
        if mention.kind in ("country", "capital"):
            named.setdefault(code, mention.start)
        if mention.start < headline_end:
            headline[code] = min(HEADLINE_CAP, headline.get(code, 0.0) + weight)
        else:
            depth = (mention.start - headline_end) / max(1, length - headline_end)
            body[code] = min(BODY_CAP, body.get(code, 0.0) + weight * (1 - (1 - LAST_WEIGHT) * depth))
    score = {code: HEADLINE_WEIGHT * headline.get(code, 0.0) + body.get(code, 0.0) for code in count}
    least = SHARE * max(score.values(), default=0.0)
    early = headline_end + EARLY * (length - headline_end)

    def is_about(code: str) -> bool:
        often = count[code] >= (2 if code in named else OFTEN)
        return score[code] >= least and (code in headline or often or named.get(code, length) < early)

    found = [Salience(code, score[code] / sum(score.values()), length < short or is_about(code)) for code in count]
    return sorted(found, key=lambda one: (not one.about, -one.share, first[one.code]))


def regions_of(countries: Iterable[str], named: Iterable[str] = ()) -> tuple[str, ...]:
    """The regions around ``countries`` and the ``named`` ones with what is around them, the narrow before the wide."""
    all_of_them = [name for place in (*countries, *named) for name in region_chain(place)]
    return tuple(sorted(dict.fromkeys(all_of_them), key=_width))


for extension in ("countries", "countries_found", "regions", "locations", "country_mentions"):
    if not Doc.has_extension(extension):
        Doc.set_extension(extension, default=())


class Geography:
    """Sets ``doc._.countries`` (ISO codes of those that the text is about, most salient first),
    ``doc._.countries_found`` (:class:`~wirewatch.records.CountryFound`, every country), ``doc._.regions`` (English
    names, the narrow before the wide), ``doc._.locations`` (:class:`~enrichment.gazetteer.Location`) and
    ``doc._.country_mentions`` (:class:`CountryMention`). Where the pipeline has no ``ner``, the mentions become the
    document's ``LOC`` entities.
    """

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp

    def __call__(self, doc: Doc) -> Doc:
        """Finds the places of one document. Its language is ``doc._.language`` if that is set, else the pipeline's; its
        ``doc._.parts`` in others are read in theirs.
        """
        language = doc._.language or doc.lang_
        headline_end = (doc._.headline_end if Doc.has_extension("headline_end") else 0) or 0
        text = doc.text
        people = [(ent.start_char, ent.end_char) for ent in doc.ents if ent.label_ in {"PER", "PERSON"}]
        readings = [gazetteer.read(one, code, people) for code, one in texts(doc).items()]
        reading = Reading(
            sorted((m for one in readings for m in one.mentions), key=_offsets),
            sorted((m for one in readings for m in one.locations), key=_offsets),
        )
        countries = _countries(reading)
        if "ner" in self._nlp.pipe_names:
            countries = [mention for mention in countries if not _named_after(text, mention, people)]
        elif not doc.ents:
            named = sorted({m[:2] for m in countries if m.kind != "people"} | {m[:2] for m in _regions(reading)})
            spans = (doc.char_span(start, end, label="LOC", alignment_mode="expand") for start, end in named)
            doc.ents = filter_spans([span for span in spans if isinstance(span, Span)])
        short = SHORT // 3 if language in gazetteer.UNSPACED else SHORT
        words: dict[str, Counter[str]] = {}
        for mention in countries:
            words.setdefault(mention.code, Counter())[text[mention.start : mention.end]] += 1
        doc._.countries_found = tuple(
            CountryFound(
                code=one.code,
                salience=round(one.share, 3),
                about=one.about,
                words=tuple(word for word, _ in words[one.code].most_common()),
            )
            for one in saliences(countries, headline_end, len(text), short)
        )
        doc._.countries = tuple(one.code for one in doc._.countries_found if one.about)
        named_regions = (m.code for m in reading.mentions if m.kind not in gazetteer.COUNTRY)
        doc._.regions = regions_of(doc._.countries, named_regions)
        doc._.locations = tuple(reading.locations)
        doc._.country_mentions = tuple(CountryMention(m.start, m.end, m.code) for m in countries)
        return doc


def _offsets(found: Mention | Location) -> tuple[int, int]:
    return found.start, found.end


def _regions(reading: Reading) -> list[Mention]:
    return [mention for mention in reading.mentions if mention.kind == "region"]


def _named_after(text: str, mention: Mention, people: list[tuple[int, int]]) -> bool:
    """Whether the mention is the last word of a person's name: "Michael Jordan"."""
    word = text[mention.start : mention.end]
    if not word[:1].isupper() or " " in word:
        return False
    return any(
        start < mention.start and mention.end == end and text[start:end].count(" ") == 1 for start, end in people
    )


@Language.factory(
    "wirewatch_geography",
    assigns=[
        "doc._.countries",
        "doc._.countries_found",
        "doc._.regions",
        "doc._.locations",
        "doc._.country_mentions",
    ],
    default_config={},
)
def make_geography(nlp: Language, name: str) -> Geography:
    """The factory of :class:`Geography`."""
    return Geography(nlp)
