"""The words of ``data/names.yml``, that tell names from what is not one, folded."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import yaml

from enrichment import gazetteer
from enrichment.gazetteer import fold

_words: dict[str, Any] = yaml.safe_load((gazetteer.DATA / "names.yml").read_text("utf-8"))


def _folded(listed: dict[str, str]) -> frozenset[str]:
    return frozenset(fold(word) for words in listed.values() for word in words.split())


TITLES = _folded(_words["titles"])
"""Words that stand before a person's name and are no part of it."""

PARTICLES = frozenset(_words["particles"].split())
"""Words in lower case that are part of a person's name."""

ARTICLES = frozenset(fold(_words["articles"]).split())
"""Articles, and prepositions that hold one."""

NO_NAMES = _folded(_words["no_names"])
"""Single words that are no name on their own: "visite d'État" is no place."""


@cache
def no_names_of(language: str) -> frozenset[str]:
    """Those of one language alone."""
    return frozenset(fold(_words["no_names"].get(language, "")).split())


LINKS = frozenset(word for words in _words["links"].values() for word in words.split())
"""Words that tie a title to what it is the title of; a place may follow them directly, a person's name does not."""

NOT_FIRST = NO_NAMES | _folded(_words["place_words"])
"""Words that begin the names of places and are no first names."""

_saying = "|".join(fold(verb) for verbs in _words["saying"].values() for verb in verbs)
SAYS = re.compile(rf"(?:, [^,.]{{1,80}},)? (?:(?:a|ha|has|had|avait) )?(?:{_saying})(?!\w)")
"""A verb of saying after a name, folded."""

_jobs = "|".join(fold(job) for jobs in _words["jobs"].values() for job in jobs)
JOB = re.compile(rf"(?:(?:vice|sous|ex|former|ancien)[- ])*(?:{_jobs})(?!\w)|.*\b(?:minister|president|secretary)$")
"""What a recogniser takes for an organisation and is somebody's job, folded."""
