"""Writes ``world.tsv``, the ground of the map; run ``python -m search.kibana.make_world`` where cities.tsv has news.

Where a country is drawn is the mean of its cities' places, weighed by their inhabitants: among its people, not in the
middle of its deserts. The cities themselves are the ground, one in each square of :data:`STEP` degrees: continents are
known by them, and no shapes are asked for elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

CITIES = Path(__file__).parents[2] / "enrichment/data/cities.tsv"
WORLD = Path(__file__).with_name("world.tsv")
STEP = 2
HEAD = """# The map's ground: of a country its code, of a city none; latitude and longitude. From GeoNames (CC BY 4.0,
# www.geonames.org) by enrichment/data/cities.tsv, written by search/kibana/make_world.py
"""
# Countries that have no city of 100,000 people: their capital, or their islands, to the degree.
SMALL = {
    **{"AD": (42, 2), "AG": (17, -62), "BB": (13, -60), "BN": (5, 115), "BT": (27, 90), "BZ": (17, -89)},
    **{"DM": (15, -61), "FJ": (-18, 178), "FM": (7, 158), "GD": (12, -62), "GL": (64, -52), "KI": (1, 173)},
    **{"KM": (-12, 43), "KN": (17, -63), "LC": (14, -61), "LI": (47, 10), "LU": (50, 6), "MC": (44, 7)},
    **{"MH": (7, 171), "MT": (36, 14), "NR": (-1, 167), "PW": (7, 135), "SB": (-9, 160), "SC": (-5, 55)},
    **{"SM": (44, 12), "ST": (0, 7), "TO": (-21, -175), "TT": (11, -61), "TV": (-9, 179), "VA": (42, 12)},
    **{"VC": (13, -61), "VU": (-18, 168), "WS": (-14, -172)},
}


def main() -> None:
    """Write the file."""
    cities: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
    for line in CITIES.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            _, country, latitude, longitude, thousands, *_ = line.split("\t")
            cities[country].append((float(latitude), float(longitude), int(thousands)))
    places = {country: _middle(there) for country, there in cities.items()}
    places |= {country: place for country, place in SMALL.items() if country not in places}
    ground = {(round(lat / STEP), round(lon / STEP)): (lat, lon) for there in cities.values() for lat, lon, _ in there}
    lines = [f"{code}\t{latitude:.1f}\t{longitude:.1f}\n" for code, (latitude, longitude) in sorted(places.items())]
    lines += [f"\t{latitude:.1f}\t{longitude:.1f}\n" for latitude, longitude in sorted(ground.values())]
    WORLD.write_text(HEAD + "".join(lines), encoding="utf-8")


def _middle(cities: list[tuple[float, float, int]]) -> tuple[float, float]:
    inhabitants = sum(thousands for *_, thousands in cities)
    latitude, longitude = (sum(city[at] * city[2] for city in cities) / inhabitants for at in (0, 1))
    return latitude, longitude


if __name__ == "__main__":
    main()
