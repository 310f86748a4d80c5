"""Which countries and regions a text is about: ``doc._.countries``, ``doc._.regions``, ``doc._.country_mentions``.

**Salience.** Every mention of a country counts, by name, people, adjective or capital. A mention in the title or lead
counts :data:`HEADLINE_WEIGHT`; one in the body counts from 1 at its start down to :data:`LAST_WEIGHT` at its end; a
capital counts a little less than the name, since it may be only where a story was filed. From the third mention on in
the headline, and from the tenth in the body, more of them add nothing, so that a long text is no stronger than a short
one. A country is kept when it is in the headline, or is named at least twice, or is named once in the first
:data:`EARLY` of the body, not counting a lone adjective ("a French cooking class"); and when its score is at least
:data:`SHARE` of the highest. So a country merely named once at the end of a long text is left out; texts under
:data:`SHORT` characters (a third of it where words are written in one or two signs) keep everything.

**Regions** are those that the text names, and those its countries lie in (UN M49), the narrow before the wide.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from enrichment import gazetteer
from enrichment.gazetteer import Mention

HEADLINE_WEIGHT = 4.0
CAPITAL_WEIGHT = 0.8
LAST_WEIGHT = 0.4
EARLY = 0.4
SHARE = 0.12
SHORT = 600
HEADLINE_CAP = 2
BODY_CAP = 10


class CountryMention(NamedTuple):
    """Where a document names a country: offsets in characters of its text, and the ISO 3166-1 alpha-2 code."""

    start: int
    end: int
    code: str


def countries_in(text: str, language: str) -> list[Mention]:
    """Every mention of a country in ``text``, an article's or a query's, in its order."""
    return [mention for mention in gazetteer.find(text, language) if mention.kind != "region"]


def regions_in(text: str, language: str) -> list[Mention]:
    """Every mention of an M49 region in ``text``, in its order; ``code`` is the region's English name."""
    return [mention for mention in gazetteer.find(text, language) if mention.kind == "region"]


def region_chain(code: str) -> tuple[str, ...]:
    """The English names of the M49 regions around a country (ISO code) or a region (English name, itself included),
    the narrow before the wide: ``DZ`` gives Northern Africa, Africa. Empty for a code that nobody knows.
    """
    country = gazetteer.countries().get(code)
    region = country.region if country else gazetteer.region_codes().get(code)
    chain = []
    while region is not None:
        chain.append(gazetteer.regions()[region].name)
        region = gazetteer.regions()[region].parent
    return tuple(chain)


def labels(concept_id: str, language: str) -> str | None:
    """How a language calls ``country:DZ`` or ``region:Northern Africa``: the name that people are shown, then other
    usual names and the adjective, so that a search for "Russian" finds Russia ("Turkey, Türkiye, Turkish"); None for
    other concepts and languages.
    """
    kind, _, name = concept_id.partition(":")
    code = name if kind == "country" else gazetteer.region_codes().get(name) if kind == "region" else None
    if code is None or (kind == "country" and code not in gazetteer.countries()):
        return None
    return ", ".join(gazetteer.names(code, language)) or None


def salient(mentions: Iterable[Mention], headline_end: int, length: int, short: int = SHORT) -> tuple[str, ...]:
    """The codes of the countries that a text of ``length`` characters is about, most salient first; one of fewer than
    ``short`` characters is about all that it names.
    """
    headline: dict[str, float] = {}
    body: dict[str, float] = {}
    count: dict[str, int] = {}
    first: dict[str, int] = {}
    named: set[str] = set()
    for mention in mentions:
        weight = CAPITAL_WEIGHT if mention.kind == "capital" else 1.0
        code = mention.code
        count[code] = count.get(code, 0) + 1
        first.setdefault(code, mention.start)
        if mention.kind != "people":
            named.add(code)
        if mention.start < headline_end:
            headline[code] = min(HEADLINE_CAP, headline.get(code, 0.0) + weight)
        else:
            depth = (mention.start - headline_end) / max(1, length - headline_end)
            body[code] = min(BODY_CAP, body.get(code, 0.0) + weight * (1 - (1 - LAST_WEIGHT) * depth))
    score = {code: HEADLINE_WEIGHT * headline.get(code, 0.0) + body.get(code, 0.0) for code in count}
    least = SHARE * max(score.values(), default=0.0)
    early = headline_end + EARLY * (length - headline_end)
    kept = [
        code
        for code in count
        if length < short
        or (score[code] >= least and (code in headline or count[code] > 1 or (first[code] < early and code in named)))
    ]
    return tuple(sorted(kept, key=lambda code: (-score[code], first[code])))


def _width(region: str) -> int:
    """0 for a region that no other lies in, else one more than the widest within."""
    code = gazetteer.region_codes()[region]
    within = [other.name for other in gazetteer.regions().values() if other.parent == code]
    return 1 + max(map(_width, within)) if within else 0


def regions_of(countries: Iterable[str], named: Iterable[str] = ()) -> tuple[str, ...]:
    """The regions around ``countries`` and the ``named`` ones with what is around them, the narrow before the wide."""
    all_of_them = [name for place in (*countries, *named) for name in region_chain(place)]
    return tuple(sorted(dict.fromkeys(all_of_them), key=_width))


if not Doc.has_extension("countries"):
    Doc.set_extension("countries", default=())
    Doc.set_extension("regions", default=())
    Doc.set_extension("country_mentions", default=())


class Geography:
    """Sets ``doc._.countries`` (ISO codes, most salient first), ``doc._.regions`` (English M49 names, the narrow before
    the wide) and ``doc._.country_mentions`` (:class:`CountryMention`). Where the pipeline has no ``ner``, the mentions
    become the document's ``LOC`` entities.
    """

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp

    def __call__(self, doc: Doc) -> Doc:
        """Finds the places of one document. Its language is ``doc._.language`` if that is set, else the pipeline's."""
        language = (doc._.language if Doc.has_extension("language") else None) or doc.lang_
        headline_end = doc._.headline_end if Doc.has_extension("headline_end") else 0
        mentions = gazetteer.find(doc.text, language)
        countries = [mention for mention in mentions if mention.kind != "region"]
        if "ner" in self._nlp.pipe_names:
            people = [(ent.start_char, ent.end_char) for ent in doc.ents if ent.label_ in {"PER", "PERSON"}]
            countries = [mention for mention in countries if not _named_after(doc.text, mention, people)]
        elif not doc.ents:
            named = (m for m in mentions if m.kind != "people")
            spans = (doc.char_span(m.start, m.end, label="LOC", alignment_mode="expand") for m in named)
            doc.ents = filter_spans([span for span in spans if isinstance(span, Span)])
        short = SHORT // 3 if language in gazetteer.UNSPACED else SHORT
        doc._.countries = salient(countries, headline_end or 0, len(doc.text), short)
        regions = (mention.code for mention in mentions if mention.kind == "region")
        doc._.regions = regions_of(doc._.countries, regions)
        doc._.country_mentions = tuple(CountryMention(m.start, m.end, m.code) for m in countries)
        return doc


def _named_after(text: str, mention: Mention, people: list[tuple[int, int]]) -> bool:
    """Whether the mention is the last word of a person's name: "Michael Jordan"."""
    word = text[mention.start : mention.end]
    if not word[:1].isupper() or " " in word:
        return False
    return any(
        start < mention.start and mention.end == end and text[start:end].count(" ") == 1 for start, end in people
    )


@Language.factory(
    "wirewatch_geography", assigns=["doc._.countries", "doc._.regions", "doc._.country_mentions"], default_config={}
)
def make_geography(nlp: Language, name: str) -> Geography:
    """The factory of :class:`Geography`."""
    return Geography(nlp)
