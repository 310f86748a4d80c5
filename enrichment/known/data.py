"""The lines of ``data/people.tsv`` and ``data/organizations.tsv``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from enrichment.gazetteer import fold
from wirewatch.errors import UserError
from wirewatch.words import how_many

DATA = Path(__file__).parent.parent / "data"


@dataclass(frozen=True, slots=True)
class Known:
    """A line of the data files."""

    id: str
    """Concept id: ``person:nikolai-patrushev``, ``organization:african-union``."""
    country: str
    name: str
    roles: str
    """What the person is or was, with years; the kind of organisation."""
    labels: dict[str, str]
    """Its name in the languages where that is not the English one."""
    spellings: tuple[str, ...]
    alone: tuple[str, ...]
    """What means it just as it is written."""
    surname_first: bool = False
    sought: bool = True
    """Whether its English name may be looked for in texts."""
    wikidata: str | None = None
    """Its item in Wikidata: ``Q7747``."""


def _lines(name: str, columns: int) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate((DATA / name).read_text("utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            cells = line.split("\t")
            if not 3 <= len(cells) <= columns or not cells[0]:
                raise UserError(
                    f"{name}, line {number}: {how_many(len(cells), 'column')} between tabs; see the top of the file."
                )
            yield number, cells + [""] * (columns - len(cells))


def _known(file: str, number: int, kind: str, cells: tuple[str, str, str, str, str]) -> Known:
    slug, country, name, roles, names = cells
    labels, spellings, alone = {}, [], []
    wikidata = None
    for one in filter(None, names.split("; ")):
        if one[0] == "+":
            spellings.append(one[1:])
        elif one[0] == "=":
            alone.append(one[1:])
        elif re.match(r"[a-z]{2} \S", one):
            labels[one[:2]] = one[3:]
        elif not re.fullmatch(r"Q[1-9]\d*", one):
            raise UserError(f'{file}, line {number}: "{one}" is neither "fr Name", "+Name", "=Name" nor "Q123".')
        elif wikidata:
            raise UserError(f"{file}, line {number}: {one} is its second Wikidata item, after {wikidata}; keep one.")
        else:
            wikidata = one
    return Known(
        f"{kind}:{slug}", country, name.lstrip("*~"), roles, labels, tuple(spellings), tuple(alone),
        name.startswith("*"), not name.startswith("~"), wikidata,
    )  # fmt: skip


def _by_id(file: str, found: Iterable[tuple[int, Known]]) -> dict[str, Known]:
    by_id: dict[str, Known] = {}
    by_item: dict[str, str] = {}
    for number, one in found:
        if one.id in by_id:
            raise UserError(f'{file}, line {number}: "{one.id.partition(":")[2]}" stands there twice; take another id.')
        if one.wikidata and (other := by_item.setdefault(one.wikidata, one.id)) != one.id:
            raise UserError(f'{file}, line {number}: {one.wikidata} is "{other.partition(":")[2]}" in Wikidata.')
        by_id[one.id] = one
    return by_id


@cache
def people() -> dict[str, Known]:
    """The known people by concept id."""
    file = "people.tsv"
    lines = ((number, cells) for number, cells in _lines(file, 5) if cells[0] != "-")
    return _by_id(
        file,
        (
            (number, _known(file, number, "person", (slug, country, name, roles, names)))
            for number, (slug, country, name, roles, names) in lines
        ),
    )


@cache
def organizations() -> dict[str, Known]:
    """The known organisations by concept id."""
    file = "organizations.tsv"
    return _by_id(
        file,
        (
            (number, _known(file, number, "organization", (slug, country, name, kind, names)))
            for number, (slug, kind, country, name, names) in _lines(file, 5)
        ),
    )


@cache
def common() -> frozenset[str]:
    """Surnames, folded, that alone mean nobody."""
    lines = (cells for _, cells in _lines("people.tsv", 5) if cells[0] == "-")
    return frozenset(fold(word) for cells in lines for word in cells[4].split())


def get(concept: str) -> Known | None:
    """What is known under a concept id."""
    return people().get(concept) or organizations().get(concept)


def label(concept: str, language: str) -> str | None:
    """What a language calls a known person or organisation ("Union africaine"); None for others."""
    known = get(concept)
    if known is None:
        return None
    return known.labels.get(language, known.name).lstrip("~")


def name(concept: str) -> str:
    """What a known person or organisation is called in English."""
    found = get(concept)
    return found.name if found else concept
