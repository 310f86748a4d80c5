"""People's names in scripts without capitals: after titles, and what Chinese writes as it does foreign names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import dropwhile

import yaml

from enrichment import gazetteer, known
from enrichment.gazetteer import fold
from enrichment.language import stop_words

_titles: dict[str, str] = yaml.safe_load((gazetteer.DATA / "name_titles.yml").read_text("utf-8"))

_END = (
    "(?=说|称|表示|指出|强调|认为|宣布|介绍|访问|出席|抵达|率|在|和|与|将|向|对|于|会|的|是|[，。、；：！？）”\\s]|$)"
)

_ADVERB = ("ًا", "اً")
"""What Arabic adverbs end with, and no names."""


@cache
def _titled(language: str) -> re.Pattern[str] | None:
    """A title and the words after it; in Chinese also what is written as foreign names are."""
    if language not in _titles:
        return None
    listed = sorted((title.strip() for title in _titles[language].split(",")), key=len, reverse=True)
    titles = "|".join(map(re.escape, listed))
    if language == "zh":
        sounds, family = _titles["sounds"], _titles["family"]
        foreign = f"[{sounds}]{{1,6}}(?:[·・][{sounds}]{{1,8}}){{1,3}}"
        return re.compile(
            rf"(?P<name>{foreign})|(?:{titles})(?P<after>[{sounds}]{{2,6}}|[{family}][\u4e00-\u9fff]{{1,2}}?){_END}"
        )
    word = r"[^\W\d_][^\s،,.;:!?؛؟।॥።፣()\"«»]*"
    return re.compile(rf"(?<![^\W_])\w{{0,2}}(?:{titles})(?=\s+(?P<after>{word}(?:\s+{word}){{0,3}}))")


def titled(text: str, language: str) -> Iterator[tuple[int, int]]:
    """Characters, from and before which, of people's names: two words after a title, three after "Abd"; the country
    that the title is of may stand between ("وزیر خارجه روسیه سرگئی لاوروف").
    """
    pattern = _titled(language)
    if pattern is None:
        return
    for found in pattern.finditer(text):
        if language == "zh":
            yield found.span(found.lastgroup or 0)
            continue
        words = list(dropwhile(lambda one: gazetteer.find(one[0], language), re.finditer(r"\S+", found["after"])))
        stop = next((i for i, one in enumerate(words) if _is_no_name(one[0], language)), len(words))
        length = min(stop, 3 if words and words[0][0] in {"عبد", "أبو", "ابو"} else 2)
        if words and known.by_surname(words[0][0]):
            length = 1  # what follows "President Trump" is no part of the name
        elif length < 2:
            continue
        yield found.start("after") + words[0].start(), found.start("after") + words[length - 1].end()


def _is_no_name(word: str, language: str) -> bool:
    return fold(word) in _stops(language) or word.endswith(_ADVERB) or bool(gazetteer.find(word, language))


@cache
def _stops(language: str) -> frozenset[str]:
    return frozenset(map(fold, stop_words(language))) | frozenset(fold(_titles["after"]).split())
