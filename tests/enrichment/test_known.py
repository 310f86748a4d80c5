from collections.abc import Iterator
from pathlib import Path

import pytest

from enrichment import known
from enrichment.known import data
from wirewatch.errors import UserError


def ids(text: str, language: str) -> list[str]:
    return [found.id for found in known.named_in(text, language)]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The envoy thanked Nikolai Patrushev.", "en"),
        ("L'émissaire a remercié Nicholaï Patrouchev.", "fr"),
        ("Der Gesandte dankte Nikolaj Patruschew.", "de"),
        ("Mjumbe alimshukuru Nikolai Patrushev.", "sw"),
        ("Посланник встретился с Николаем Патрушевым.", "ru"),
        ("شكر المبعوث نيكولاي باتروشيف على الدعوة.", "ar"),
        ("特使感谢帕特鲁舍夫的邀请。", "zh"),
    ],
)
def test_one_person_has_one_id_in_every_spelling_and_script(text: str, language: str) -> None:
    assert ids(text, language) == ["person:nikolai-patrushev"]


@pytest.mark.parametrize("name", ["Николая Патрушева", "Николаю Патрушеву", "Николаем Патрушевым", "Н. Патрушев"])
def test_a_russian_name_is_found_in_its_cases_and_with_an_initial(name: str) -> None:
    assert ids(f"Делегация ждала приезда {name} в среду.", "ru") == ["person:nikolai-patrushev"]


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("وصل الوفد وعبد المجيد تبون إلى القاعة", "person:abdelmadjid-tebboune"),
        ("رسالة لعبدالمجيد تبون", "person:abdelmadjid-tebboune"),
        ("قرار للأمم المتحدة", "organization:united-nations"),
        ("وبالأمم المتحدة", "organization:united-nations"),
    ],
)
def test_arabic_prefixes_are_no_part_of_a_name(text: str, id_: str) -> None:
    assert ids(text, "ar") == [id_]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("a summit of the African Union", "en"),
        ("un sommet de l'Union africaine", "fr"),
        ("мнение Африканского союза", "ru"),
        ("قمة الاتحاد الأفريقي", "ar"),
        ("mkutano wa Umoja wa Afrika", "sw"),
    ],
)
def test_an_organisation_has_one_id_in_every_language(text: str, language: str) -> None:
    assert ids(text, language) == ["organization:african-union"]


def test_an_acronym_is_found_only_as_it_is_written() -> None:
    assert ids("Selon l'OMS, non", "fr") == ["organization:world-health-organization"]
    assert ids("who is there? nobody", "en") == []


def test_a_trade_name_is_no_word_that_differs_by_an_accent() -> None:
    assert ids("Über Nacht fiel Schnee. Die Fahrer von Uber warteten.", "de") == ["organization:uber"]


@pytest.mark.parametrize("text", ["M. Kaboré et M. Hassan ont parlé.", "M. Silva a voté."])
def test_monsieur_is_no_initial(text: str) -> None:
    assert known.people_in(text, "fr") == []


@pytest.mark.parametrize("name", ["Meg Johnson", "Bill Cotton", "Anthony Blanchet", "Donna Trumpet", "M. Abubakar"])
def test_a_name_that_only_sounds_like_a_known_one_is_another(name: str) -> None:
    assert known.people_in(f"Yesterday {name} spoke.", "en") == []


def test_a_first_name_of_somebody_else_makes_another_person() -> None:
    assert ids("Le boulanger Marcel Patrouchev a gagné le prix.", "fr") == []
    assert ids("Ali Bongo and Omar Bongo", "en") == ["person:ali-bongo", "person:omar-bongo"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("patrouchev alger", ["person:nikolai-patrushev"]),
        ("otan sahel", ["organization:nato"]),
        ("теббун", ["person:abdelmadjid-tebboune"]),
        ("السيسي", ["person:abdel-fattah-el-sisi"]),
        ("johnson", []),
        ("bongo", []),
        ("who", []),
        ("", []),
    ],
)
def test_a_query_names_people_in_any_case_and_guesses_none_of_several(query: str, found: list[str]) -> None:
    assert [one.id for one in known.find(query, "en")] == found


def test_a_label_is_the_name_in_a_language_or_else_the_english_one() -> None:
    assert known.label("person:nikolai-patrushev", "fr") == "Nikolaï Patrouchev"
    assert known.label("person:nikolai-patrushev", "sw") == "Nikolai Patrushev"
    assert known.label("organization:african-union", "ru") == "Африканский союз"
    assert known.label("person:~nkl-btrxf", "en") is None


def test_every_line_of_the_data_is_read_and_its_english_name_is_found() -> None:
    assert len(known.people()) > 1200 and len(known.organizations()) > 450
    # Said in small letters, by surname alone or with common words, a few are not; no more than that.
    people = [one for one in known.people().values() if len(one.name.split()) > 1]
    missed = [one.id for one in people if one.id not in ids(one.name, "en")]
    assert len(missed) < len(people) / 50, missed


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(data, "DATA", tmp_path)
    cached = (data.people, data.organizations)
    for one in cached:
        one.cache_clear()
    yield tmp_path
    for one in cached:
        one.cache_clear()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ada-example KE Ada Example", "people.tsv, line 2: 1 column"),
        ("ada-example\tKE\tAda Example\tminister\tfr Ada; Exemple", 'people.tsv, line 2: "Exemple" is neither'),
        ("ada-example\tKE\tAda Example\tminister\tfr Ada\tmore", "people.tsv, line 2: 6 columns"),
        ("ada-example\tKE\tAda Example\tminister\tQ12a", 'people.tsv, line 2: "Q12a" is neither'),
        ("ada-example\tKE\tAda Example\tminister\tQ0", 'people.tsv, line 2: "Q0" is neither'),
        ("ada-example\tKE\tAda Example\tminister\tQ12; Q13", "people.tsv, line 2: Q13 is its second .* after Q12"),
    ],
)
def test_a_bad_line_of_people_is_named(folder: Path, line: str, told: str) -> None:
    (folder / "people.tsv").write_text(f"# People\n{line}\n", encoding="utf-8")
    with pytest.raises(UserError, match=told):
        known.people()


def test_a_bad_line_of_organisations_is_named(folder: Path) -> None:
    line = "example\tcompany\tKE\tExample\tNowhere"
    (folder / "organizations.tsv").write_text(f"# Organisations\n{line}\n", encoding="utf-8")
    with pytest.raises(UserError, match=r'organizations.tsv, line 2: "Nowhere" is neither'):
        known.organizations()


def test_an_id_is_given_once(folder: Path) -> None:
    line = "ada-example\tKE\tAda Example\tminister"
    (folder / "people.tsv").write_text(f"{line}\n{line}\n", encoding="utf-8")
    with pytest.raises(UserError, match=r'people.tsv, line 2: "ada-example" stands there twice'):
        known.people()


def test_a_wikidata_item_is_read_and_is_no_spelling(folder: Path) -> None:
    line = "ada-example\tKE\tAda Example\tminister\tfr Ada Exemple; Q12; +Ada N. Example"
    (folder / "people.tsv").write_text(f"{line}\n", encoding="utf-8")
    (ada,) = known.people().values()
    assert (ada.wikidata, ada.labels, ada.spellings) == ("Q12", {"fr": "Ada Exemple"}, ("Ada N. Example",))


def test_two_lines_are_not_one_wikidata_item(folder: Path) -> None:
    lines = "ada-example\tKE\tAda Example\tminister\tQ12\nida-example\tKE\tIda Example\tminister\tQ12\n"
    (folder / "people.tsv").write_text(lines, encoding="utf-8")
    with pytest.raises(UserError, match=r'people.tsv, line 2: Q12 is "ada-example" in Wikidata'):
        known.people()
