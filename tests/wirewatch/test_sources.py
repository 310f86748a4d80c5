"""A wrong catalogue says file, line, field and the way out; entries are written as people write them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from wirewatch.errors import UserError
from wirewatch.sources import (
    SCHEMA,
    Source,
    add_source,
    as_yaml,
    choose,
    country_of,
    json_schema,
    load_catalogue,
    load_sources,
)

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


def source(**fields: object) -> Source:
    given = {"name": "Le Soir", "domain": "lesoir.example", "country": "DZ", "languages": ["fr", "ar"]}
    return Source.model_validate(given | {"feeds": ["https://lesoir.example/rss"]} | fields)


def test_an_entry_becomes_a_source(tmp_path: Path) -> None:
    (found,) = load_sources(catalogue(tmp_path, GOOD))
    assert (found.ref.id, found.ref.name, found.ref.country) == ("lematin.example", "Le Matin", "DZ")
    assert found.listings == {"https://www.lematin.example/feed": "feed"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("country: DZ", "country: Algeria"),
            r"dz\.yml, line 4 \(Le Matin\): country: 'Algeria' is no code of a country",
        ),
        (("country: DZ", "country: UK"), "'UK' is no code of a country"),
        (("country: DZ", "country: NO"), 'write "NO" in quotes'),
        (("[fr]", "[french]"), r"line 5 \(Le Matin\): languages.0: 'french' is no code of a language"),
        (("feeds:", "feed:"), "line 6 .*: feed: there is no such field; do you mean feeds"),
        (("https://www.lematin.example/feed", "lematin.example/feed"), "line 6 .*must start with http"),
        (("  feeds: [https://www.lematin.example/feed]", ""), r"line 2 .*feeds, sitemaps or sections"),
        (("lematin.example\n", "https://lematin.example/\n"), "line 3 .*domain: .* is no domain"),
        (("lematin.example\n", "Lematin.example\n"), "in small letters"),
        (("[fr]", "[fr"), "not valid YAML"),
        (("  feeds", "  tier: often\n  feeds"), r"line 6 \(Le Matin\): tier: must be one of hot, hourly, nightly"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    assert change[0] in GOOD
    with pytest.raises(UserError, match=said):
        load_sources(catalogue(tmp_path, GOOD.replace(*change)))


def test_all_errors_of_all_files_are_said(tmp_path: Path) -> None:
    (tmp_path / "fr.yml").write_text(GOOD.replace("DZ", "Algeria"))
    catalogue(tmp_path, GOOD.replace("[fr]", "french") + GOOD.replace("feeds:", "feed:") + "- x")
    with pytest.raises(UserError) as error:
        load_sources(tmp_path)
    said = str(error.value).splitlines()
    assert [line.split("/")[-1].split(":")[0] for line in said] == [
        "dz.yml, line 5 (Le Matin)",
        "dz.yml, line 12 (Le Matin)",
        "dz.yml, line 13 (x)",
        "fr.yml, line 4 (Le Matin)",
    ]


def test_other_wrong_catalogues(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No catalogue files"):
        load_sources(tmp_path)
    with pytest.raises(UserError, match="is empty"):
        load_sources(catalogue(tmp_path, "[]"))
    with pytest.raises(UserError, match="must be a list"):
        load_sources(catalogue(tmp_path, "name: Le Matin"))
    with pytest.raises(UserError, match="UTF-8"):
        load_sources(catalogue(tmp_path, "- name: Café".encode("latin-1")))
    with pytest.raises(UserError, match=r"dz\.yml, line 7 .*lematin\.example is in the catalogue twice.*line 2"):
        load_sources(catalogue(tmp_path, GOOD + GOOD.lstrip()))


def test_sources_are_chosen_by_domain(tmp_path: Path) -> None:
    sources = load_sources(catalogue(tmp_path, GOOD))
    assert choose(sources, []) == choose(sources, ["lematin.example"]) == sources
    with pytest.raises(UserError, match=r"Not in the catalogue: nowhere\.example"):
        choose(sources, ["nowhere.example"])


def test_a_source_is_written_after_the_others_which_stay_as_they_are(tmp_path: Path) -> None:
    text = "# dailies\n" + GOOD.lstrip() + "  checked: by hand # in May\n\n\n"
    written = add_source(catalogue(tmp_path, text), source())
    assert (tmp_path / "dz.yml").read_text() == text.rstrip("\n") + "\n\n" + as_yaml(source())
    assert written.line == 9 and load_sources(tmp_path)[-1] == source()


def test_a_file_that_is_not_there_is_made(tmp_path: Path) -> None:
    (tmp_path / SCHEMA).write_text(json_schema())
    add_source(tmp_path, source(country="NO", name="Nei: #1"))
    text = (tmp_path / "no.yml").read_text()
    assert text.startswith(f"# yaml-language-server: $schema={SCHEMA}\n- name: 'Nei: #1'\n")
    assert load_sources(tmp_path) == [source(country="NO", name="Nei: #1")]


@pytest.mark.parametrize("text", ["[{name: a}]", "- name: [", "- name: a\n  feeds: 1"])
def test_a_file_in_which_an_entry_would_be_lost_is_left_alone(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match=r"dz\.yml"):
        add_source(catalogue(tmp_path, text), source())
    assert (tmp_path / "dz.yml").read_text() == text


def test_an_entry_is_written_so_that_it_is_read_as_it_was() -> None:
    odd = source(
        name="No: “#1” 'x' \"y\"", languages=["no"], feeds=["https://x.example/a?b=c&d=%D8#e"], tier="hot", render=True
    )
    assert Source.model_validate(yaml.safe_load(as_yaml(odd))[0]) == odd


def test_the_schema_is_that_of_the_model() -> None:
    stale = "sources/schema.json is not that of wirewatch/sources.py: rewrite it with `wirewatch sources schema`"
    assert (ROOT / "sources" / SCHEMA).read_text(encoding="utf-8") == json_schema(), stale


def test_the_schema_refuses_what_the_model_refuses() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(json_schema()))
    good = yaml.safe_load(GOOD)
    assert validator.is_valid(good)
    for change in (
        {"country": "UK"},
        {"languages": ["french"]},
        {"feeds": []},
        {"feeds": ["x.example/feed"]},
        {"tier": "often"},
        {"feed": "x"},
        {"domain": "https://x.example"},
        {"name": ""},
    ):
        wrong = [good[0] | change]
        assert not validator.is_valid(wrong), change
        with pytest.raises(ValueError):
            Source.model_validate(wrong[0])


def test_the_ending_of_a_domain_tells_the_country_where_it_does() -> None:
    ends = ("lemonde.fr", "bbc.co.uk", "eltiempo.com.co", "dohanews.co", "x.com", "eju.tv", "politico.eu", "localhost")
    assert [country_of(domain) for domain in ends] == ["FR", "GB", "CO", None, None, None, None, None]


def test_places_are_those_in_the_files() -> None:
    for written in load_catalogue(ROOT / "sources")[::50]:
        line = written.file.read_text(encoding="utf-8").splitlines()[written.line - 1]
        assert line.removeprefix("- name: ").strip("'\"") == written.entry.name
