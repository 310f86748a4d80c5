"""When an article was published and when it was changed: what the page says for machines, its address, and what
readers see beside the headline, weighed against each other.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cached_property
from heapq import nsmallest
from itertools import islice, takewhile
from operator import itemgetter
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages.choice import Candidate, Choice
from crawlers.pages.datetext import Found, read_date
from crawlers.pages.metadata import Metadata, Written, as_list, clean, names_of, read_time, same, text_of, types_of
from crawlers.pages.place import Place
from wirewatch.records import Hint

_WEST, _EAST = timedelta(hours=-11), timedelta(hours=14)
"""The widest zones where people live: a local time that is taken for UTC lies at most 14 hours in the future."""
_BETWEEN = (-9.5, -3.5, -2.5, 3.5, 4.5, 5.5, 5.75, 6.5, 8.75, 9.5, 10.5, 12.75)
"""Hours of the zones that are no whole hours from UTC."""
_PUBLISHED = ("articlepublishedtime", "ogarticlepublishedtime", "ogpublishedtime", "datepublished")
"""Names of meta tags in the order in which they are believed, their letters only: sites part them by any mark."""
_RARER = (
    "parselypubdate", "sailthrudate", "dcdateissued", "pubdate", "publishdate", "publicationdate",
    "articledateoriginal",
)  # fmt: skip
_VAGUE = ("dcdate", "date")
"""Those that may be of a change or of the printed issue too: what readers see beside the headline is asked before."""
_MODIFIED = ("articlemodifiedtime", "ogupdatedtime", "datemodified", "lastmodified", "articledateupdated")
_ADDRESS = re.compile(r"/(?P<year>(?:19|20)\d\d)/(?P<month>0?[1-9]|1[0-2])/(?P<day>0?[1-9]|[12]\d|3[01])(?!\d)")
_STATE = re.compile(
    r"""(?:\\?["']|\b)(?:datePublished|publishedAt|published_?at|publish(?:ed)?_?date|publication_?date|first_?publi(?:shed|cation)"""
    r"""(?:_?(?:date|at))?|article_published_time)\\?["']?\s*:\s*\\?["']?(\d[\w:.+ -]{7,34})""",
    re.IGNORECASE,
)
_DATED = re.compile(r"\d{4}|\d{1,2}[./-]\d{1,2}[./-]\d\d")
_CHANGED = re.compile(
    r"\b(?:updated?|modified|edited|revised|reviewed|aktualisiert|geändert|bearbeitet|mise? à jour|modifiée?|"
    r"actuali[sz]ad[oa]|atualizad[oa]|modificad[oa]|aggiornat[oa]|modificato|bijgewerkt|gewijzigd|oppdatert|opdateret|"
    r"uppdaterad|päivitetty|zaktualizowano|aktualizacja|aktualizováno|güncelle\w*|обновлен\w*|изменен\w*|оновлено|"
    r"diperbarui)\b|تحديث|آخر تعديل|更新|수정",
    re.IGNORECASE,
)
_TOLD = re.compile(
    r"\b(?:published|posted|post time|veröffentlicht|erstellt|erschienen|publiée?|publicad[oa]|pubblicato|gepubliceerd|"
    r"publisert|udgivet|publicerad|julkaistu|opublikowano|publikováno|yayın\w*|опубликован\w*|опубліковано|diterbitkan)\b|"
    r"نشر|公開|发布|게시",
    re.IGNORECASE,
)
_ELSE = re.compile(
    r"(?:\b(?:joined|registered|member|since|seit|bis|until|till|depuis|jusqu\w*|desde|hasta|até|copyright|born|geboren)\b|[©†*])"
    r"[\w\s:.,]{0,15}$",
    re.IGNORECASE,
)
"""What stands before a day that is no day of the article."""
_OTHERS = re.compile(
    r"(?:^|[\s_-])(?:comments?|replies|related\w*|sidebar|teasers?|recommend\w*|latest|promo|carousel|most-?(?:read|popular))"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_HEADINGS = ("h1", "h2", "h3")
_READ = (
    "not(parent::script or parent::style or parent::noscript or parent::template or parent::option or parent::title)"
)
_LONG_AGO = timedelta(days=30)
"""A printed issue has a day that is later than that of its texts, by less than this."""
_NEAR = 1500
"""Characters of visible text between the headline and a date of the article, at most."""
_ALONE = 100
"""Characters of a text that is a byline at most; in a longer one the date must stand in front, as in a dateline."""
_DATELINE = re.compile(r"[\s,]*(?:\d\d?[:.h]\d\d(?:\s\w{2,4})?)?\s*[)|:.–—-]")
"""What parts a dateline from the story: a mark, maybe after the time of day."""
_LONG = 200
"""How far into a text a date is looked for."""
_MOST = 200
"""So many candidates of one kind are read, those nearest to the headline where readers see them."""


@dataclass(frozen=True)
class _Reading:
    """A candidate that is a time."""

    candidate: Candidate[Any]
    written: Written
    group: str
    """What says it: candidates of one group come from one place and confirm nothing."""

    @property
    def at(self) -> datetime:
        return self.written.at

    @property
    def day(self) -> date:
        return self.at.date()

    @property
    def earliest(self) -> date:
        """The first day that it can be somewhere: where the zone is not told, or is UTC, the site's may be any."""
        return (self.at + _WEST).date() if self._is_anywhere else self.day

    @property
    def latest(self) -> date:
        """The last such day."""
        return (self.at + _EAST).date() if self._is_anywhere else self.day

    @property
    def _is_anywhere(self) -> bool:
        return self.written.timed and not self.at.utcoffset()


@dataclass(frozen=True)
class Dates:
    """Finds the times of a page's article, in the zone of its site."""

    root: HtmlElement
    metadata: Metadata
    hint: Hint
    fetched: datetime
    """No time of the article is later."""

    # What is chosen -----------------------------------------------------------------------------

    @cached_property
    def published(self) -> Choice[datetime | None]:
        """What is declared for machines, unless the address or two others know better; else what readers see."""
        readings = [*self._declared, *self._readings(self._in_address()), *self._shown]
        readings += self._readings([*self._meta(_VAGUE), *self._hinted()])
        readings = readings or self._readings(self._states()) or self._readings(self._guessed()) or self._scattered()
        if not readings:
            given = (*self._told_machines(), *self._meta(_VAGUE))
            return Choice(None, candidates=tuple(candidate for candidate in given if candidate.value))
        return self._choice(*self._best(readings), readings)

    @cached_property
    def modified(self) -> Choice[datetime | None]:
        """The first candidate that is a time, if it is after the publication."""
        readings, published = self._changes, self.published.value
        if readings and published:
            choice = self._choice(readings[0], "it is the first that is a time", readings)
            if choice.value and choice.value > published:
                return choice
        candidates = tuple(reading.candidate for reading in readings)
        return Choice(None, why="none is after the publication" if readings else "", candidates=candidates)

    def moment(self, value: object) -> datetime | None:
        """The time that a text names, if the article can be of it.

        One that is a few hours ahead of the fetch is a local time without its zone: then the time of the fetch, which
        is the closest that is known to be possible.
        """
        written = self._read(value)
        return self._instant(written.at) if written else None

    # How it is chosen ---------------------------------------------------------------------------

    def _best(self, readings: list[_Reading]) -> tuple[_Reading, str]:
        first = readings[0]
        if len(readings) == 1:
            return first, "it is the only one"
        others = [other for other in readings if other.group != first.group]
        for other in others:
            # An address stays as it was made; what is declared may be of a move to another system.
            if other.group == "address" and other.day < first.earliest:
                return other, "an address keeps the day on which it was made, and that is before what is declared"
        if agreeing := next((other for other in others if _are_near(first, other)), None):
            return first, f"it is the first that is a time, and {agreeing.candidate.origin} agrees"
        if self._is_of_the_machine(first):
            for shown in self._shown:
                if shown.day < first.earliest:
                    return shown, "what is declared is no earlier than the last change, and readers see this"
        for one in readings[1:]:
            confirming = sorted({other.group for other in readings[1:] if _are_near(one, other)})
            if len(confirming) > 1 and (one.day < first.earliest or one.day > first.day + _LONG_AGO):
                return one, f"{' and '.join(confirming)} agree on it, against {first.candidate.origin}"
        return first, "it is the first that is a time"

    def _is_of_the_machine(self, reading: _Reading) -> bool:
        """Whether something is said to be published when it was changed last, or later: when the page was made."""
        changes = [self._instant(change.at) for change in self._changes if change.written.timed]
        return reading.written.timed and any(
            change - self._instant(reading.at) < timedelta(minutes=2) for change in changes
        )

    def _choice(self, chosen: _Reading, why: str, readings: list[_Reading]) -> Choice[datetime | None]:
        """The chosen reading with the time of day and the zone that other readings of the same time know."""
        if not chosen.written.timed:
            for other in readings:
                if other.written.timed and self._local(other, readings).date() == chosen.day:
                    chosen, why = other, f"{why}; this one has the time of day"
                    break
        moment = self._instant(self._local(chosen, readings))
        return Choice(moment, chosen.candidate.origin, why, tuple(reading.candidate for reading in readings))

    def _local(self, chosen: _Reading, readings: list[_Reading]) -> datetime:
        """The time as the site's clock shows it."""
        at = chosen.at
        if at.utcoffset() or (at.tzinfo and not chosen.written.timed):
            return at
        timed = [other.at for other in readings if other.written.timed] if chosen.written.timed else []
        if at.tzinfo and any(o.utcoffset() and o.replace(tzinfo=None) == at.replace(tzinfo=None) for o in timed):
            return at  # said to be of UTC here and of the site's zone there: one is wrong, but not the day
        zone = self._zone(at)
        usual = at.replace(tzinfo=zone).utcoffset() if zone else None
        for offset in (_difference(at, other) for other in timed):
            # A clock of twelve hours, or the time of something else, gives zones far from those where the site is.
            if offset is not None and (usual is None or abs(offset - usual) <= timedelta(hours=4)):
                zone = timezone(offset)
                break
        if at.tzinfo:
            return at.astimezone(zone) if zone else at
        return at.replace(tzinfo=zone or UTC)

    # What the page says -------------------------------------------------------------------------

    @cached_property
    def _declared(self) -> list[_Reading]:
        return self._readings(self._told_machines())

    def _told_machines(self) -> Iterator[Candidate[object]]:
        article = self.metadata.article
        yield from self._of_node(article, "datePublished", "json-ld")
        yield from self._meta(_PUBLISHED)
        yield from self._marked("datePublished")
        yield from self._meta(_RARER)
        for node, own in self.metadata.nodes:
            if own and "WebPage" in types_of(node):
                yield from self._of_node(node, "datePublished", "json-ld WebPage")

    @cached_property
    def _changes(self) -> list[_Reading]:
        return self._readings(self._changed())

    def _changed(self) -> Iterator[Candidate[object]]:
        yield from self._of_node(self.metadata.article, "dateModified", "json-ld")
        yield from self._meta(_MODIFIED)
        yield from self._marked("dateModified")
        yield Candidate(self.hint.modified and self.hint.modified.isoformat(), "hint")

    def _of_node(self, node: dict[str, Any], name: str, origin: str) -> Iterator[Candidate[object]]:
        for value in as_list(node.get(name)):
            yield Candidate(value.get("@value") if isinstance(value, dict) else value, f"{origin} {name}")

    def _meta(self, names: Iterable[str]) -> Iterator[Candidate[object]]:
        for name in names:
            for written, value in self._meta_by_letters.get(name, ()):
                yield Candidate(value, f"meta {written}")

    @cached_property
    def _meta_by_letters(self) -> dict[str, list[tuple[str, str]]]:
        """Names and contents of meta tags; those of microdata are left out, which may be of a comment."""
        found: dict[str, list[tuple[str, str]]] = {}
        for tag in self.root.iter("meta"):
            for name in f"{tag.get('property') or ''} {tag.get('name') or ''}".lower().split():
                value = tag.get("content") or tag.get("value")
                found.setdefault(re.sub(r"[^a-z]", "", name), []).append((name, value))
        return found

    def _marked(self, name: str) -> Iterator[Candidate[object]]:
        for element in self.metadata.itemprops(name):
            if not _OTHERS.search(_scope(element)):
                value = element.get("content") or element.get("datetime") or element.get("value") or text_of(element)
                yield Candidate(value, f"itemprop {name}")

    def _in_address(self) -> Iterator[Candidate[object]]:
        """The day in the folders of the address; in a name it may be what the story is about, or a number."""
        for found in _ADDRESS.finditer(urlsplit(self.metadata.canonical).path):
            yield Candidate(f"{found['year']}-{found['month']:0>2}-{found['day']:0>2}", "address")

    def _states(self) -> Iterator[Candidate[object]]:
        """Dates in scripts, where all are of one day: a page that lists other stories has several."""
        scripts = (
            script.text or "" for script in self.root.iter("script") if "ld+json" not in (script.get("type") or "")
        )
        values = list(islice((value for text in scripts for value in _STATE.findall(text)), _MOST))
        days = {written.at.date() for value in values if (written := read_time(value))}
        return (Candidate(value, "script") for value in values if len(days) == 1)

    def _hinted(self) -> Iterator[Candidate[object]]:
        yield Candidate(self.hint.published and self.hint.published.isoformat(), "hint")

    def _guessed(self) -> Iterator[Candidate[object]]:
        from htmldate import find_date  # takes long to import, and the process that reads listings has no use for it

        latest = self.fetched.date().isoformat()
        try:
            # The extensive search would load the words of 200 languages.
            found = find_date(
                self.root, url=self.metadata.url, original_date=True, max_date=latest, extensive_search=False
            )
        except (ValueError, OverflowError):  # an hour or a zone that no day has
            return
        yield Candidate(found, "htmldate")

    # What readers see ---------------------------------------------------------------------------

    @cached_property
    def _shown(self) -> list[_Reading]:
        """The dates near the headline, and farther ones that are said to be of the publication: the nearest first."""
        return [reading for dated in self._dated if (reading := self._seen(*dated))]

    def _scattered(self) -> list[_Reading]:
        """Those anywhere, also of a change: the only dates that readers see."""
        return [reading for dated in self._dated if (reading := self._seen(*dated, anywhere=True))]

    @cached_property
    def _dated(self) -> list[tuple[int, HtmlElement, str, str]]:
        """The texts that may have a date: distance from the headline, the element, the text before, the text."""
        headings = self._headline
        ends: list[int] = []
        dated: list[tuple[int, int, HtmlElement, str, str]] = []
        offset, label = 0, ""
        for text in self.root.xpath(f".//text()[{_READ}][normalize-space()]"):
            parent = text.getparent()
            if text.is_tail:
                parent = parent.getparent()
            if parent in headings:
                ends.append(offset + len(text))
            elif _DATED.search(text[:_LONG]) or parent.tag == "time":
                dated.append((offset, len(text), parent, label, text[:_LONG]))
            label = clean(text) if len(text) < _ALONE and not _DATED.search(text) else ""
            offset += len(text)
        far = [(_distance(ends, at, at + length), *rest) for at, length, *rest in dated]
        return nsmallest(_MOST, far, key=itemgetter(0))

    def _seen(
        self, distance: int, parent: HtmlElement, label: str, text: str, *, anywhere: bool = False
    ) -> _Reading | None:
        """The date in a text, if it is the article's by what stands around it."""
        text = clean(text)
        found = self._find(text)
        before, after = (found.before, found.after) if found else ("", "")
        words = f"{label[-30:]} {before[-60:]} {after[:20]}"
        told = bool(_TOLD.search(words))
        is_likely = told or anywhere or (distance < _NEAR and not _CHANGED.search(words))
        if not is_likely or self._is_foreign(parent):
            return None
        if parent.tag == "time" and (written := self._read(parent.get("datetime"))):
            return _Reading(Candidate(written.at.isoformat(), "time datetime"), written, "text")
        if not found or not self._is_possible(found.written) or _ELSE.search(f"{label} {before}"):
            return None
        if self._is_in_story(parent, text):
            is_of_the_article = len(before) < 30 and bool(_DATELINE.match(after))
        else:
            is_of_the_article = told or len(f"{before}{after}".encode()) <= 40
        return _Reading(Candidate(text[:_ALONE], "text"), found.written, "text") if is_of_the_article else None

    def _is_in_story(self, parent: HtmlElement, text: str) -> bool:
        """Whether a text is part of a paragraph that is more than a byline."""
        block = next((e for e in (parent, parent.getparent()) if e is not None and e.tag in ("p", "blockquote")), None)
        return len(text if block is None else block.text_content()) > _ALONE

    @cached_property
    def _titles(self) -> str:
        """What the page says its title is, in all places."""
        told = [self.metadata.first_meta("og:title", "twitter:title"), clean(self.metadata.article.get("headline"))]
        return same(" ".join([*told, *(text_of(element) for element in self.root.iter("title"))]))

    @cached_property
    def _headline(self) -> set[HtmlElement]:
        """The headings that the page's title has, those of the first rank if any, with all that is in them."""
        names = {heading: same(heading.text_content()) for heading in self.root.iter(*_HEADINGS)}
        told = [heading for heading, name in names.items() if len(name) >= 8 and name in self._titles]
        first = [heading for heading, name in names.items() if heading.tag == "h1" and name][:1]
        chosen = [heading for heading in told if heading.tag == "h1"] or [*told, *first]
        return {element for heading in chosen for element in heading.iter()}

    @cached_property
    def _around_headline(self) -> set[HtmlElement]:
        return {box for element in self._headline for box in (element, *element.iterancestors())}

    def _is_foreign(self, element: HtmlElement) -> bool:
        """Whether an element is in a box of other stories or of comments, which has no headline of this one."""
        for box in takewhile(lambda box: box not in self._around_headline, (element, *element.iterancestors())):
            names = names_of(box)
            if box.tag in ("footer", "nav", "figure", "figcaption") or _OTHERS.search(names):
                return True
        return False

    # How it is read -----------------------------------------------------------------------------

    def _readings(self, candidates: Iterable[Candidate[object]]) -> list[_Reading]:
        found = []
        for candidate in islice(candidates, _MOST):
            if candidate.value and (written := self._read(candidate.value)):
                found.append(_Reading(candidate, written, candidate.origin.split()[0]))
        return found

    def _read(self, value: object) -> Written | None:
        """A time that the article can be of."""
        written = read_time(value, day_first=self._place.day_first)
        if not written and isinstance(value, str) and (found := self._find(clean(value))):
            written = found.written
        return written if written and self._is_possible(written) else None

    def _find(self, text: str) -> Found | None:
        return read_date(text, self._place.languages, day_first=self._place.day_first)

    def _is_possible(self, written: Written) -> bool:
        latest = self.fetched.replace(tzinfo=None) + _EAST
        return written.at.year >= 1990 and written.at.replace(tzinfo=None) <= latest

    def _instant(self, moment: datetime) -> datetime:
        """The time to the second, its zone as a number, and not after the fetch."""
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        zone = timezone(moment.utcoffset() or timedelta())
        return min(moment, self.fetched).astimezone(zone).replace(microsecond=0)

    # In which zone ------------------------------------------------------------------------------

    @cached_property
    def _place(self) -> Place:
        return Place(self.root, self.metadata)

    def _zone(self, at: datetime) -> tzinfo | None:
        """The zone that the site writes most of its times in, else the one of its country or of its language."""
        return self._usual_zone or self._place.zone(at)

    @cached_property
    def _usual_zone(self) -> tzinfo | None:
        times = {element.get("datetime") for element in islice(self.root.iterfind(".//time[@datetime]"), _MOST)}
        written = [*map(read_time, times), *(reading.written for reading in (*self._declared, *self._changes))]
        offsets = Counter(offset for time in written if time and (offset := time.at.utcoffset()))
        return timezone(offsets.most_common(1)[0][0]) if offsets else None


def _are_near(one: _Reading, other: _Reading) -> bool:
    """Whether two candidates can mean one day."""
    return one.earliest <= other.latest and other.earliest <= one.latest


def _distance(ends: list[int], start: int, end: int) -> int:
    """Characters between a text and the nearest of some places, in page order; those after all else without one."""
    at = bisect(ends, start)
    before, after = ends[at - 1 : at] if at else [], ends[at : at + 1]
    return min([*(start - place for place in before), *(place - end for place in after)], default=_NEAR + start)


def _difference(at: datetime, other: datetime) -> timedelta | None:
    """How far east of UTC the site is, if two times are the same moment and one has what the other lacks: the same
    moment in another zone; the same clock with a zone; or a moment in UTC beside a clock without a zone.
    """
    if other.utcoffset():
        is_same = abs(other - at) < timedelta(minutes=1) if at.tzinfo else other.replace(tzinfo=None) == at
        return other.utcoffset() if is_same else None
    if (at.tzinfo is None) == (other.tzinfo is None):
        return None
    clock, utc = (at, other) if at.tzinfo is None else (other, at)
    apart = clock - utc.replace(tzinfo=None)
    hours = round(apart / timedelta(hours=1) * 4) / 4
    offset = timedelta(hours=hours)
    is_zone = _WEST <= offset <= _EAST and (hours.is_integer() or hours in _BETWEEN)
    return offset if is_zone and abs(apart - offset) < timedelta(minutes=1) else None


def _scope(element: HtmlElement) -> str:
    """What the boxes around an element are called, three levels up."""
    names = []
    for ancestor in element.iterancestors():
        names.append(f"{ancestor.get('class') or ''} {ancestor.get('id') or ''} {ancestor.get('itemprop') or ''}")
        if len(names) == 4 or ancestor.tag in ("article", "main", "body"):
            break
    return " ".join(names)
