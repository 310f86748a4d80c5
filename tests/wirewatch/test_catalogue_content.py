"""The catalogue that we ship: wide enough, and without the mistakes that lists of addresses have."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import pytest
import yaml
from babel import Locale

from wirewatch.sources import FEED_HOSTS, SCHEMA, Source, as_yaml, load_catalogue, load_sources

FOLDER = Path(__file__).parents[2] / "sources"
FILES = sorted(FOLDER.glob("*.yml"))
AFRICA = (
    "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU MW MZ NA NE NG RW"
    " SC SD SL SN SO SS ST SZ TD TG TN TZ UG ZA ZM ZW"
)
ELSEWHERE = {
    "elmundo.es": "uecdn.es",
    "bbc.com": "bbci.co.uk",
    "news.sky.com": "skynews.com",
}
"""Where an outlet keeps its feeds that has a domain for it."""


@cache
def sources() -> list[Source]:
    return load_sources(FOLDER)


def test_it_is_as_wide_as_it_has_to_be() -> None:
    assert len(sources()) >= 250
    assert len({source.country for source in sources()}) >= 70
    assert sum(source.country in AFRICA.split() for source in sources()) >= 35
    assert len({language for source in sources() for language in source.languages}) >= 25


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_file_is_valid_by_the_schema_and_says_so_to_editors(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.startswith(f"# yaml-language-server: $schema={SCHEMA}\n")
    jsonschema.validate(yaml.load(text, yaml.CSafeLoader), json.loads((FOLDER / SCHEMA).read_text(encoding="utf-8")))


def test_each_entry_is_in_the_file_of_its_country_and_written_like_all_others() -> None:
    catalogue = load_catalogue(FOLDER)
    for file in FILES:
        entries = [written.entry for written in catalogue if written.file == file]
        assert {entry.country.lower() for entry in entries} == {file.stem}
        assert file.read_text(encoding="utf-8").partition("\n")[2] == "\n".join(map(as_yaml, entries))


def test_countries_and_languages_exist() -> None:
    english = Locale("en")
    for source in sources():
        assert source.country in english.territories, source.domain
        assert source.languages and set(source.languages) <= english.languages.keys(), source.domain
        assert len(set(source.languages)) == len(source.languages)


def test_each_entry_says_from_where_and_when_its_addresses_are_known() -> None:
    assert [source.domain for source in sources() if not re.match(r"20\d\d-\d\d-\d\d, \w", source.checked)] == []


def test_listings_are_on_the_outlets_own_domain_or_with_a_feed_service() -> None:
    for source in sources():
        own = (source.domain, ELSEWHERE.get(source.domain, source.domain), *FEED_HOSTS)
        for url in source.listings:
            host = urlsplit(url).hostname or ""
            assert any(host == domain or host.endswith("." + domain) for domain in own), url


def test_no_address_is_listed_twice_and_none_is_odd() -> None:
    urls = [url for source in sources() for url in source.listings]
    same = Counter(re.sub(r"^https?://(www\.)?", "", url).rstrip("/").lower() for url in urls)
    assert [url for url, times in same.items() if times > 1] == []
    assert [url for url in urls if not url.isascii() or re.search(r"[\s#]", url)] == []
    assert [source.domain for source in sources() if source.domain.startswith("www.")] == []


def test_section_pages_are_only_where_there_is_nothing_better() -> None:
    assert [source.domain for source in sources() if source.sections and (source.feeds or source.sitemaps)] == []
