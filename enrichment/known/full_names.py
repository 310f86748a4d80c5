"""People by first name and surname, as they sound, and by a surname that only one of them has."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, lru_cache

from enrichment import sound
from enrichment.gazetteer import fold
from enrichment.known.data import common, people
from enrichment.known.tokens import PARTICLES, Found, Word, bare, folded, is_cased, keys, name_words, words
from enrichment.language import stop_words

CASELESS = 7
"""The same in scripts without capitals, where any word may look like a name."""
SURNAME = 4
"""Consonants of a surname that alone is known by its sound."""
SIMILAR = 0.75
"""How alike two Latin spellings of a name must be (difflib's ratio) that sound alike."""
SHORT_SIMILAR = 0.8
"""The same for names of at most four letters."""
ENOUGH = 5
"""Consonants that first name and surname must have together, to be known by their sound alone."""
MISTER = {"fr": "M"}
"""What looks like an initial and says Mr: "M. Kaboré" may be any of them."""


@dataclass(frozen=True, slots=True)
class _Form:
    """A full name of a person."""

    id: str
    given: tuple[Word, ...]
    """The words but the surname, in their order."""
    surname: Word
    surname_first: bool


@cache
def _forms() -> dict[tuple[str, str], list[_Form]]:
    """Full names by script and key of the surname. In a script in which a person has no name, the Latin ones stand."""
    scripts = ("latin", "cyrillic", "abjad", "other")
    by_key: dict[tuple[str, str], list[_Form]] = defaultdict(list)
    for person in people().values():
        names = (person.name, *person.labels.values(), *person.spellings)
        names = tuple(dict.fromkeys(name.lstrip("~") for name in names))
        missing = [kind for kind in scripts if kind not in map(sound.script, names)]
        for name in names:
            parts = name_words(words(name))
            if len(parts) < 2 or sound.script(name) not in scripts:
                continue
            surname, given = (parts[0], parts[1:]) if person.surname_first else (parts[-1], parts[:-1])
            form = _Form(person.id, tuple(given), surname, person.surname_first)
            kinds = [sound.script(name), *(missing if sound.script(name) == "latin" else ())]
            for key in keys(surname.text):
                for kind in kinds:
                    by_key[kind, key].append(form)
    return dict(by_key)


@lru_cache(maxsize=50_000)
def _candidates(word: str) -> tuple[_Form, ...]:
    """The full names whose surname a word may be."""
    kind, forms = sound.script(word), _forms()
    found = {id(form): form for key in keys(word) for form in forms.get((kind, key), ())}
    return tuple(form for form in found.values() if _same(word, form.surname.text))


@lru_cache(maxsize=50_000)
def _same(written: str, known: str) -> int:
    """2 where two words are one name letter by letter, 1 where they sound the same and, in one script, look alike, 0
    where not.
    """
    if folded(known)[0] in folded(written):
        return 2
    if not keys(written) & keys(known):
        return 0
    if sound.script(written) != sound.script(known):
        return int(len(min(keys(known), key=len)) > 1)
    least = SIMILAR if len(known) > 4 else SHORT_SIMILAR
    return int(any(_alike(form, folded(known)[0], least) for form in folded(written)))


def _alike(a: str, b: str, least: float) -> bool:
    matcher = SequenceMatcher(None, a, b)
    # The first two are upper bounds of the third, which takes ten times as long.
    return matcher.real_quick_ratio() >= least and matcher.quick_ratio() >= least and matcher.ratio() >= least


def _initial(written: str, known: str) -> bool:
    return len(written) == 1 and fold(written) == fold(known[0])


def _fits(form: _Form, beside: list[Word], surname: Word) -> tuple[int, int, int]:
    """How many of the words beside a surname belong to the form (0 for none), whether it is all of its words, and how
    many are so letter by letter.
    """
    exact = _same(surname.text, form.surname.text)
    often = not common().isdisjoint((folded(surname.text)[0], folded(form.surname.text)[0]))
    by_initial = exact == 2 and not often
    given = list(form.given)
    matched, letters = 0, 0
    consonants = min((len(key) for key in keys(surname.text)), default=0)
    # From the surname outwards; a first name may be left out, a foreign one may not stand between.
    for word in beside:
        place = next(
            (
                i
                for i in (range(len(given)) if form.surname_first else reversed(range(len(given))))
                if _same(word.text, given[i].text) or (by_initial and _initial(word.text, given[i].text))
            ),
            None,
        )
        if place is None:
            break
        letters += _same(word.text, given[place].text) == 2 or _initial(word.text, given[place].text)
        matched += 1
        consonants += min((len(key) for key in keys(word.text)), default=0)
        given = given[place + 1 :] if form.surname_first else given[:place]
    sure = (exact == 2 and letters == matched) or (exact == 2 and letters and consonants >= ENOUGH)
    if often and (exact < 2 or letters < matched):  # Paul Johnson is not Pål Jonson
        return 0, 0, 0
    if not matched or not (sure or consonants >= (ENOUGH if surname.text[0] != surname.text[0].lower() else CASELESS)):
        return 0, 0, 0
    return matched, int(matched == len(form.given)), letters + exact


def people_in(text: str, language: str) -> list[Found]:
    """The known people whose first name and surname stand in a text, in its order."""
    stops, mister = stop_words(language), MISTER.get(language)
    parts = name_words(
        [
            word
            for word in words(text)
            if (is_cased(word.text) and word.text != mister) or text[word.start - 1 : word.start] == "-"
        ]
    )
    found: list[Found] = []
    for i, word in enumerate(parts):
        candidates = _candidates(word.text)
        if not candidates or word.text in stops:
            continue
        before, after = _run(text, parts, i, -1), _run(text, parts, i, 1)
        best: dict[str, tuple[tuple[int, int, int], int]] = {}
        for form in candidates:
            beside = after if form.surname_first else before
            fit = _fits(form, beside, word)
            if fit[0] and fit > best.get(form.id, ((0, 0, 0), 0))[0]:
                best[form.id] = fit, (1 if form.surname_first else -1) * fit[0]
        top = max((fit for fit, _ in best.values()), default=None)
        winners = [(person, reach) for person, (fit, reach) in best.items() if fit == top]
        if len(winners) == 1:
            person, reach = winners[0]
            other = before[-reach - 1] if reach < 0 else after[reach - 1]
            first, last = min(word, other), max(word, other)
            found.append(Found(first.start + prefix(first.text, person), last.end, person))
    return found


@lru_cache(maxsize=10_000)
def prefix(word: str, person: str) -> int:
    """How many letters of the first word of a name are not the name but "and", "of", "for" before it."""
    known = people()[person]
    names = {
        fold(part.text)
        for name in (*known.labels.values(), *known.spellings)
        for part in (*words(name), *name_words(words(name)))
    }
    names |= {name.removeprefix("ال") for name in names}
    if fold(word) in names or sound.script(word) not in ("abjad", "other"):
        return 0
    return max((len(word) - len(form) for form in bare(word) if fold(form) in names and word.endswith(form)), default=0)


def _run(text: str, parts: list[Word], i: int, step: int) -> list[Word]:
    """Up to four words beside the i-th that may belong to the same name, the nearest first."""
    run: list[Word] = []
    last = parts[i]
    for word in parts[i + 1 : i + 5] if step > 0 else reversed(parts[max(0, i - 4) : i]):
        gap = text[last.end : word.start] if step > 0 else text[word.end : last.start]
        if not _gap(gap):
            break
        run.append(word)
        last = word
    return run


@lru_cache(maxsize=5_000)
def _gap(between: str) -> bool:
    """Whether what stands between two words lets them be one name: spaces, hyphens, particles."""
    return len(between) < 16 and all(
        fold(part) in PARTICLES for part in re.split(r"[ .'’ʼ\u00a0\u200c\u2010-]+", between) if part
    )


@lru_cache(maxsize=10_000)
def by_surname(word: str) -> str | None:
    """The one known person whose surname a word is, letter by letter or, in another script, by its sound; None where
    there are several, or where the surname is a common one, a first name or short.
    """
    several_names = common() | _first_names()
    if len(word) < 4 or any(form in several_names for form in folded(word)[: None if "а" <= word[-1] <= "я" else 1]):
        return None
    candidates = _candidates(word)
    exact = {form.id for form in candidates if _same(word, form.surname.text) == 2}
    if not exact and (sound.script(word) == "latin" or min(map(len, keys(word)), default=0) < SURNAME):
        return None
    several = exact or {form.id for form in candidates}
    return next(iter(several)) if len(several) == 1 and not any(map(_has_common_surname, several)) else None


def _has_common_surname(person: str) -> bool:
    """Whether the surname of a person is a common one."""
    parts = name_words(words(people()[person].name))
    return fold(parts[0 if people()[person].surname_first else -1].text) in common()


@cache
def _first_names() -> frozenset[str]:
    return frozenset(fold(word.text) for forms in _forms().values() for form in forms for word in form.given)
