"""Dates as readers see them: in words and numbers, in the page's language and its calendar."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.localedata import locale_identifiers

from crawlers.pages.metadata import Written, zone_named

_WORD = r"[^\W\d_]{2,}(?:['’][^\W\d_]+)?"
_MONTH = rf"(?P<month>{_WORD}(?:[\s/]{{1,3}}{_WORD})?)"  # in the Levant in two languages: "نيسان / أبريل"
_DAY = r"(?<!\d)(?P<day>[0-3]?\d)"
_YEAR = r"(?P<year>\d{4})(?!\d)"
_OF = r"(?:\s*(?:(?:de|del|do|da|of|di)\b|d['’]))?\s*"
_ENDINGS = r"(?:st|nd|rd|th|er|re|[oa]\b|[º°.]|-?[eа-я]{1,2}\b)?"
_SHAPES = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        r"(?<!\d)(?P<year>\d{4})\s?[年년]\s?(?P<number>\d{1,2})\s?[月월]\s?(?P<day>\d{1,2})",
        rf"{_DAY}\s?(?:tháng|thg)\s?(?P<number>\d{{1,2}})[\s,/-]*(?:năm\s)?{_YEAR}",
        r"(?<![\d./-])(?P<year>\d{4})(?P<mark>[-/.])\s?(?P<number>\d{1,2})(?P=mark)\s?(?P<day>\d{1,2})(?!\d)",
        r"(?<![\d./:-])(?P<one>\d{1,2})(?P<mark>\s?[-/.|])\s?(?P<two>\d{1,2})(?P=mark)\s?(?P<year>\d{4}|\d\d)(?![\d:./-]\d|\d)",
        rf"{_DAY}{_ENDINGS}[\s,./-]*{_OF}{_MONTH}[\s,./-]*{_OF}{_YEAR}",
        rf"{_MONTH}\.?\s*{_DAY}{_ENDINGS}[\s,]+{_OF}{_YEAR}",
        rf"(?<!\d)(?P<year>\d{{4}})[.,]?(?:\s?m\.|\s?г\.)?\s+(?:gada\s+)?{_MONTH}[.,]?\s+(?P<day>[0-3]?\d)(?!\d)",
    )
)
_CLOCK = re.compile(
    r"(?<![\d:.])(?P<hour>[012]?\d)\s?(?:[:h時시]|(?<=\d)\.(?=\d\d(?:\D|$)))\s?(?P<minute>[0-5]\d)(?!\d|[.:]\d{3,})"
    r"(?::(?P<second>[0-5]\d))?\s*(?P<half>[ap]\.?\s?m\b\.?|صباح|مساء|ص\b|م\b|ق\.?ظ|ب\.?ظ)?"
    r"\s*\(?(?P<zone>(?:GMT|UTC)\s?[+-]\s?\d{1,2}(?::?\d\d)?|[+-]\d\d:?\d\d(?!\d)|[A-Z]{2,5}\b)?",
    re.IGNORECASE,
)
_AFTERNOON = re.compile(r"p|مساء|م|ب")
_PERSIAN = ["فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"]
# Letters that Arabic keyboards write for Persian ones.
_SPELLINGS = str.maketrans(
    {"ي": "ی", "ك": "ک", "\u200c": None, "\u200e": None, "\u200f": None, "\xa0": " ", "\u202f": " "}
)
_LONGEST = 150


@dataclass(frozen=True)
class Found:
    """A date in a text."""

    written: Written
    before: str
    after: str
    """The rest of the text, the time of day in it."""


def read_date(text: str, languages: tuple[str, ...], *, day_first: bool) -> Found | None:
    """The first date in a short text, with the time of day beside it.

    Args:
        text: at most 150 characters are read.
        languages: names of locales (``pt_BR``); months are written in any of them, or in English.
        day_first: whether 1/2/2031 is the 1st of February there. With dots it always is.
    """
    text = _plain(text[:_LONGEST])
    for shape in _SHAPES:
        for found in shape.finditer(text):
            if day := _day(found, languages, day_first):
                before, after = text[: found.start()], text[found.end() :]
                return Found(_with_clock(day, f"{before} | {after}"), before, after)
    return None


def _plain(text: str) -> str:
    """The text with the digits and letters that dates are compared in."""
    text = "".join(str(unicodedata.digit(mark, mark)) if not mark.isascii() else mark for mark in text)
    return unicodedata.normalize("NFKC", text.translate(_SPELLINGS))


def _day(found: re.Match[str], languages: tuple[str, ...], day_first: bool) -> date | None:
    part = found.groupdict()
    year = int(part["year"])
    if part.get("month"):
        month, day = _month(part["month"], languages, year), int(part["day"])
    elif part.get("number"):
        month, day = int(part["number"]), int(part["day"])
    else:
        one, two = int(part["one"]), int(part["two"])
        first = part["mark"].strip() == "." or day_first
        day, month = (one, two) if (first and two <= 12) or one > 12 else (two, one)
        year += 2000 if year < 100 else 0
    try:
        if 1300 < year < 1500:
            return _from_persian(year, month, day)
        # Thailand counts from the Buddha's death.
        return date(year - 543 if 2500 < year < 2700 else year, month, day)
    except ValueError:
        return None


def _month(words: str, languages: tuple[str, ...], year: int) -> int:
    """The number of a month, 0 for other words; the first letters are enough where they fit one month only."""
    # Hebrew writes "in" as a letter before the month.
    for spelling in (words, *re.split(r"[\s/]+", words), words.removeprefix("ב")):
        name = spelling.casefold().strip(". ")
        if year < 1500 and name in _PERSIAN:
            return _PERSIAN.index(name) + 1
        for language in (*languages, "en") if year >= 1500 else ():
            months = month_names(language)
            if name in months:
                return months[name]
            begun = {number for month, number in months.items() if len(name) >= 3 and month.startswith(name)}
            if len(begun) == 1:
                return begun.pop()
    return 0


@lru_cache(maxsize=300)  # pages may claim any language
def month_names(language: str) -> dict[str, int]:
    """Months as CLDR writes them in a language, in all its countries and cases, by lower-case name."""
    base = language.split("_")[0]
    names: dict[str, int] = {}
    for locale in (language, base, *(name for name in locale_identifiers() if name.startswith(f"{base}_"))):
        try:
            months = Locale.parse(locale).months
        except (ValueError, UnknownLocaleError):
            continue
        for use in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[use][width].items():
                    spelled = name.translate(_SPELLINGS).casefold().strip(". ")
                    if not any(mark.isdigit() for mark in spelled):
                        names.setdefault(spelled, number)
    return names


def _from_persian(year: int, month: int, day: int) -> date:
    """A day of the Iranian calendar, by its cycle of 33 years with 8 leap days.

    Raises:
        ValueError: there is no such day.
    """
    if not (1 <= month <= 12 and 1 <= day <= (31 if month <= 6 else 30)):
        raise ValueError
    since = year - 979
    days = 365 * since + since // 33 * 8 + (since % 33 + 3) // 4 + 30 * (month - 1) + min(month - 1, 6) + day - 1
    return date(1600, 3, 20) + timedelta(days)


def _with_clock(day: date, rest: str) -> Written:
    """The day with the time of day and the zone that the rest of the text tells."""
    found = _CLOCK.search(rest)
    if not found:
        return Written(datetime.combine(day, time()), timed=False)
    hour, half = int(found["hour"]), (found["half"] or "").casefold()
    if half and hour <= 12:
        hour = hour % 12 + (12 if _AFTERNOON.match(half) else 0)
    if hour > 23:
        return Written(datetime.combine(day, time()), timed=False)
    clock = time(hour, int(found["minute"]), int(found["second"] or 0), tzinfo=_zone(found["zone"]))
    return Written(datetime.combine(day, clock), timed=True)


def _zone(name: str | None) -> tzinfo | None:
    number = re.search(r"([+-])\s?(\d{1,2}):?(\d\d)?", name or "")
    offset = int(f"{number[1]}1") * (int(number[2]) * 3600 + int(number[3] or 0) * 60) if number else None
    return zone_named((name or "").upper(), offset)
