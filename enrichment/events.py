"""Component ``wirewatch_events``: who did what with whom, sentence by sentence: ``doc._.events``.

Types, modes and contexts have the names of PLOVER, the ontology that political event data is coded in; ``vote`` and
``appoint`` are ours. A sentence tells an event where it has a term of ``data/events.yml`` and actors: countries (by
name, people, capital), and the organisations and people that :mod:`enrichment.entities` finds; a known person,
government body or army acts for the country too. :mod:`enrichment.event_roles` tells source from target. In events done
together (meet, sign, trade) all take part alike: whom the sentence names first is the source, the others the targets.

What a sentence denies, demands, or reports as an accusation, threat or refusal is no event (the accusation is one).
What is planned or possible is one, with PLOVER's context ``hypothetical``; where the sentence has a year long past, the
context is ``historical``. Sport is left out.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import lru_cache
from itertools import takewhile

import dateparser
from spacy.language import Language
from spacy.tokens import Doc

from enrichment import event_words, geography, known, lexicon, topics
from enrichment.entities import is_learned
from enrichment.event_roles import Actor, Sentence, Told
from enrichment.event_words import Hit
from enrichment.gazetteer import fold
from wirewatch.records import Event

MOST = 20
"""Events of one article at most."""
LONGEST = 600
"""Characters of a sentence; what is longer is a list or a table."""
TOPICS = 2
"""So many of the article's best topics bring their context to its events whose sentence says no other."""
STATE = ("government", "armed-forces")
"""The kinds of organisations that act for their country."""
BYSTANDERS = ("agency", "sport")
"""Those that only tell of events, or play."""
PAST = 2
"""Years before the article's own, from which what a sentence tells is history."""
SPORT = "sport"
"""The topic of articles in which nobody attacks and nobody meets."""

Doc.set_extension("events", default=(), force=True)

_ASIDE = re.compile(r"(?i)\b(?:pro|про)-$")
_SAID_OF = re.compile(
    r"-(?:based|born|backed|donated|supplied|funded|built|trained|linked|occupied|administered|held|controlled|made|style)\b"
)
"""Whom these go with does nothing: "pro-Palestine protests", "a Washington-based lawyer"."""
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b(?!\s?(?:%|km|euros|dollars|tonnes))")
_END = re.compile(r"[.!?…](?:\s?»)?[\"'”’)\]]*\s+(?=[\"'«“„‘(\[¿¡—–-]*\s?[A-ZÀ-ÞЀ-Я0-9])|\n+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-ZА-Я]|Mr|Mrs|Ms|Dr|Drs|Gen|Col|Lt|Maj|Sgt|Capt|Sen|Rep|Gov|St|Prof|MM|Mme|Mlle|Sra?|Dra?|EE|No|vs|im|им|г|гг|ул"
    r"|тыс|млн|млрд|руб)|\b[A-Z]\.[A-Z])\.$"
)


def sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a text begin and end. "M. Lavrov" and "U.S." end none."""
    found, start = [], 0
    for stop in _END.finditer(text):
        end = stop.start() + len(stop.group().rstrip())
        if stop.group()[0] == "." and _ABBREVIATION.search(text, max(start, stop.start() - 8), stop.start() + 1):
            continue
        if end > start:
            found.append((start, end))
        start = stop.end()
    if start < len(text):
        found.append((start, len(text)))
    return found


def events_in(doc: Doc, language: str) -> tuple[Event, ...]:
    """The events that a document tells, in the order of its text, each once, at most :data:`MOST`."""
    best = topics.best(doc._.topics)
    if best[:1] == (SPORT,) or SPORT in (lexicon.ancestors(best[0]) if best else ()):
        return ()
    text = doc.text
    folded = fold(text)
    # A term without actors in its sentence tells nothing: most sentences are passed over here.
    candidates = sorted(event_words.candidates(text, folded, language), key=lambda one: one[0])
    actors = _actors(doc) if candidates else []
    if not actors:
        return ()
    published = doc._.published
    about = _contexts_of_topics(best)
    found: dict[tuple[object, ...], Event] = {}
    starts, beginnings = [actor.start for actor in actors], [one[0] for one in candidates]
    for start, end in sentences(text):
        inside = candidates[bisect_left(beginnings, start) : bisect_left(beginnings, end)]
        who = actors[bisect_left(starts, start) : bisect_left(starts, end)]
        if (
            not inside
            or not who
            or end - start > LONGEST
            or event_words.grammar(language).sport.search(folded, start, end)
        ):
            continue
        hits = event_words.hits(folded, inside, start, end, language)
        sentence = Sentence(text, folded, start, end, who, hits, language)
        for told in _once(sentence.told()):
            event = _event(sentence, told, about, published)
            found.setdefault((event.type, event.mode, event.sources, event.targets), event)
            if len(found) == MOST:
                return tuple(found.values())
    return tuple(found.values())


def _actors(doc: Doc) -> list[Actor]:
    """Whom the document names, in its order; a country within another's name ("Bank of Algeria") is none."""
    parties = (one for one in doc._.entity_mentions if not one.id.startswith("place:"))
    named = [Actor(one.start, one.end, (one.id, *_country(one.id))) for one in parties]
    named += _learned(doc, named)
    taken = sorted((one.start, one.end) for one in named)
    begins = [start for start, _ in taken]
    found = [one for one in named if (other := known.get(one.ids[0])) is None or other.roles not in BYSTANDERS]
    for mention in doc._.country_mentions:
        i = bisect_left(begins, mention.start + 1) - 1
        if i < 0 or taken[i][1] <= mention.start:
            found.append(Actor(mention.start, mention.end, (f"country:{mention.code}",)))
    text = doc.text
    return sorted(
        one
        for one in found
        if not _ASIDE.search(text, max(0, one.start - 4), one.start) and not _SAID_OF.match(text, one.end)
    )


def _country(id_: str) -> tuple[str, ...]:
    """The country that a known person, government body or army acts for."""
    one = known.get(id_)
    acts = one and one.country and (id_.startswith("person:") or one.roles in STATE)
    return (f"country:{one.country}",) if one and acts else ()


def _learned(doc: Doc, named: Iterable[Actor]) -> Iterator[Actor]:
    """People and organisations that the recogniser marked and no data file knows."""
    learned = (one for one in doc._.entities if is_learned(one.id) and not one.id.startswith("place:"))
    ids = {spelling: one.id for one in learned for spelling in one.spellings}
    taken = {place for one in named for place in range(one.start, one.end)} if ids else set()
    for ent in doc.ents if ids else ():
        if (id_ := ids.get(ent.text)) and ent.start_char not in taken:
            yield Actor(ent.start_char, ent.end_char, (id_,))


def _once(told: Iterable[Told]) -> list[Told]:
    """What one sentence tells of the same actors and type counts once, by the term that has a mode."""
    kept: dict[tuple[object, ...], Told] = {}
    for one in told:
        kind = event_words.kinds()[one.hit.kind]
        key = (kind.type, frozenset((*one.sources, *one.targets)))
        if key not in kept or (kind.mode and not event_words.kinds()[kept[key].hit.kind].mode):
            kept[key] = one
    return list(kept.values())


def _event(sentence: Sentence, told: Told, about: Iterable[str], published: datetime | None) -> Event:
    kind = event_words.kinds()[told.hit.kind]
    start, end = sentence.start, sentence.end
    patterns = event_words.context_words(sentence.language).items()
    said = [name for name, pattern in patterns if pattern.search(sentence.folded, start, end)]
    planned = sentence.is_planned(told.hit)
    named = dict.fromkeys((*told.sources, *told.targets))
    countries = tuple(id_.removeprefix("country:") for id_ in named if id_.startswith("country:"))
    past = published is not None and any(
        published.year - int(year) >= PAST for year in _YEAR.findall(sentence.text, start, end)
    )
    # What the article is about says nothing of a vote, nor of two ministers who talk of fishing.
    lent = about if not kind.alone and set(said) <= {"diplomatic"} else ()
    contexts = dict.fromkeys((*kind.contexts, *said, *lent))
    contexts |= dict.fromkeys(name for name, so in (("hypothetical", planned), ("historical", past)) if so)
    return Event(
        type=kind.type,
        mode=kind.mode,
        contexts=tuple(contexts),
        sources=told.sources,
        targets=told.targets,
        countries=countries,
        regions=geography.regions_of(countries),
        date=_date(sentence, published, planned),
        sentence=" ".join(sentence.text[start:end].split()),
        words=(_written(sentence, told.hit),),
    )


def _written(sentence: Sentence, hit: Hit) -> str:
    return " ".join(sentence.text[hit.start : hit.end].split())


def _contexts_of_topics(best: tuple[str, ...]) -> tuple[str, ...]:
    """The contexts that an article's best topics, or topics above them, bring."""
    brings = event_words.context_topics()
    chains = ((topic, *lexicon.ancestors(topic)) for topic in best[:TOPICS])
    return tuple(dict.fromkeys(brings[topic] for chain in chains for topic in chain if topic in brings))


# Dates

_MONTHS = {
    "en": "january|february|march|april|may|june|july|august|september|october|november|december",
    "fr": "janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre",
    "es": "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre",
    "ru": "января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря",
}
_DAYS = {
    "en": "monday|tuesday|wednesday|thursday|friday|saturday|sunday|yesterday|today|tomorrow",
    "fr": "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|hier|aujourd'hui|demain|avant-hier",
    "es": "lunes|martes|miercoles|jueves|viernes|sabado|domingo|ayer|hoy|anteayer",
    "ru": "понедельник|вторник|среду|четверг|пятницу|субботу|воскресенье|вчера|сегодня|завтра|позавчера",
}


@lru_cache
def _dates(language: str) -> re.Pattern[str]:
    """A day as the language writes it in folded text."""
    month, of = _MONTHS[language], r"(?: de)?" if language == "es" else ""
    day = rf"\d{{1,2}}(?:er|st|nd|rd|th)?{of} (?:{month})(?:,?{of} \d{{4}})?"
    first = rf"(?:{month}) \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?|" if language == "en" else ""
    return re.compile(rf"\b(?:{first}{day}|(?:{_DAYS[language]}))(?!\w|:)")


def _date(sentence: Sentence, published: datetime | None, planned: bool) -> date | None:
    """The day that the sentence names first; weekdays and days without a year count from the day of publication."""
    found = _dates(sentence.language).search(sentence.folded, sentence.start, sentence.end)
    if not found:
        return None
    written = sentence.text[found.start() : found.end()].lower()
    if published is None and not written[-4:].isdigit():
        return None
    return _parsed(written, sentence.language, published.date() if published else None, planned)


@lru_cache(maxsize=4096)
def _parsed(written: str, language: str, today: date | None, planned: bool) -> date | None:
    settings: dict[str, object] = {
        "PREFER_DATES_FROM": "future" if planned else "past",
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    if today:
        # "On Monday" in Monday's paper is that day: dateparser takes the past as before now, so now is its last minute.
        day = _weekday(written, language)
        if day is not None:
            ahead = (day - today.weekday()) % 7
            return date.fromordinal(today.toordinal() + (ahead if planned or not ahead else ahead - 7))
        settings["RELATIVE_BASE"] = datetime(today.year, today.month, today.day, 23, 59)
    try:
        moment = dateparser.parse(written, languages=[language], settings=settings)
    except (ValueError, OverflowError):
        return None
    return moment.date() if moment else None


def _weekday(written: str, language: str) -> int | None:
    names = list(takewhile(lambda name: name not in ("yesterday", "hier", "ayer", "вчера"), _DAYS[language].split("|")))
    return names.index(fold(written)) if fold(written) in names else None


@Language.component("wirewatch_events", assigns=["doc._.events"])
def set_events(doc: Doc) -> Doc:
    """Sets ``doc._.events`` (:class:`~wirewatch.records.Event`) of a document in one of the languages of
    ``data/events.yml``, from ``doc._.country_mentions``, ``doc._.entity_mentions``, ``doc._.entities``,
    ``doc._.topics`` and ``doc._.published``.
    """
    language = doc._.language or doc.lang_
    if language in event_words.languages():
        doc._.events = events_in(doc, language)
    return doc
