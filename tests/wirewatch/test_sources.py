"""A wrong catalogue says file, entry, field and the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from wirewatch.errors import UserError
from wirewatch.sources import choose, load_sources

ROOT = Path(__file__).parents[2]
GOOD = """
- name: Le Matin
  domain: lematin.example
  country: DZ
  languages: [fr]
  feeds: [https://www.lematin.example/feed]
"""


def catalogue(folder: Path, text: str | bytes) -> Path:
    (folder / "dz.yml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def test_the_catalogue_that_we_ship_is_right() -> None:
    assert len(load_sources(ROOT / "sources")) > 30


def test_an_entry_becomes_a_source(tmp_path: Path) -> None:
    (source,) = load_sources(catalogue(tmp_path, GOOD))
    assert (source.ref.id, source.ref.name, source.ref.country) == ("lematin.example", "Le Matin", "DZ")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("country: DZ", "country: Algeria"), r"dz\.yml, entry 1 \(Le Matin\): country"),
        (("country: DZ", "country: NO"), 'write "NO" in quotes'),
        (("feeds:", "feed:"), "feed: Extra inputs"),
        (("https://www.lematin.example/feed", "lematin.example/feed"), "must start with http"),
        (("  feeds: [https://www.lematin.example/feed]", ""), "feeds, sitemaps or sections"),
        (("lematin.example\n", "https://lematin.example/\n"), "domain"),
        (("[fr]", "[fr"), "not valid YAML"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    assert change[0] in GOOD
    with pytest.raises(UserError, match=said):
        load_sources(catalogue(tmp_path, GOOD.replace(*change)))


def test_other_wrong_catalogues(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No catalogue files"):
        load_sources(tmp_path)
    with pytest.raises(UserError, match="is empty"):
        load_sources(catalogue(tmp_path, "[]"))
    with pytest.raises(UserError, match="must be a list"):
        load_sources(catalogue(tmp_path, "name: Le Matin"))
    with pytest.raises(UserError, match="UTF-8"):
        load_sources(catalogue(tmp_path, "- name: Café".encode("latin-1")))
    with pytest.raises(UserError, match=r"lematin\.example is in the catalogue twice"):
        load_sources(catalogue(tmp_path, GOOD + GOOD))


def test_sources_are_chosen_by_domain(tmp_path: Path) -> None:
    sources = load_sources(catalogue(tmp_path, GOOD))
    assert choose(sources, []) == choose(sources, ["lematin.example"]) == sources
    with pytest.raises(UserError, match=r"Not in the catalogue: nowhere\.example"):
        choose(sources, ["nowhere.example"])
