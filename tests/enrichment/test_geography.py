from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import spacy
import yaml
from spacy.tokens import Doc

from benchmarks.countries import scores
from enrichment import gazetteer, geography
from enrichment.gazetteer import data
from enrichment.gazetteer.data import own_forms
from enrichment.gazetteer.places import known, words
from enrichment.gazetteer.senses import senses
from enrichment.geography import countries_in, labels, places_in, region_chain, regions_in, regions_of, saliences
from wirewatch.errors import UserError

HERE = Path(__file__).parent
ACCEPTANCE = HERE.parents[2] / "shared" / "eval" / "acceptance" / "tv5monde-algerie-russie.txt"


READ_WRONG = {
    "Маргарита Лондон сыграла главную роль.",  # like "Когда Лондон молчит"
    "The Bank of Japan raised rates while Wellington held firm.",
}
"""Sentences that the gazetteer reads wrong."""


def sentences() -> Iterator[object]:
    for language, listed in yaml.safe_load((HERE / "country_sentences.yml").read_text("utf-8"))["known"].items():
        for text, *codes in listed:
            marks = [pytest.mark.xfail(strict=True)] if text in READ_WRONG else []
            yield pytest.param(language, text, set(" ".join(codes).split()), marks=marks)


@pytest.mark.parametrize(("language", "text", "codes"), list(sentences()))
def test_a_sentence_names_its_countries_and_no_others(language: str, text: str, codes: set[str]) -> None:
    assert {mention.code for mention in countries_in(text, language)} == codes


@pytest.mark.parametrize("part", ["known", "fresh"])
def test_precision_and_recall_are_at_least_95_percent(part: str) -> None:
    score = scores(part)["all"]
    assert score.sentences >= {"known": 200, "fresh": 50}[part]
    assert min(score.precision, score.recall) >= 0.95


def test_mentions_point_at_the_words() -> None:
    text = "Le président algérien a quitté Moscou pour l'Afrique de l'Ouest."
    assert [(text[m.start : m.end], m.code, m.kind) for m in gazetteer.find(text, "fr")] == [
        ("algérien", "DZ", "people"),
        ("Moscou", "RU", "capital"),
        ("Afrique de l'Ouest", "Western Africa", "region"),
    ]


@pytest.mark.parametrize(
    ("text", "language"),
    [("military cooperation in Africa", "en"), ("en Afrique", "fr"), ("страны Африки", "ru"), ("في أفريقيا", "ar"),
     ("países africanos", "es"), ("barani Afrika", "sw"), ("非洲国家", "zh")],
)  # fmt: skip
def test_africa_is_a_region_in_every_language(text: str, language: str) -> None:
    assert [mention.code for mention in regions_in(text, language)] == ["Africa"]


def test_regions_go_from_the_narrow_to_the_wide() -> None:
    assert region_chain("DZ") == ("Maghreb", "Northern Africa", "Africa")
    assert region_chain("KE") == ("African Great Lakes", "Eastern Africa", "Sub-Saharan Africa", "Africa")
    assert region_chain("South America") == ("South America", "Latin America and the Caribbean", "Americas")
    assert region_chain("XX") == ()
    assert regions_of(["KE", "DZ"]) == (
        "African Great Lakes", "Maghreb", "Northern Africa", "Eastern Africa", "Sub-Saharan Africa", "Africa",
    )  # fmt: skip


def test_every_country_lies_in_a_continent() -> None:
    continents = {"Africa", "Americas", "Asia", "Europe", "Oceania"}
    assert all(region_chain(code)[-1] in continents for code in gazetteer.countries())


def test_countries_and_regions_have_labels_in_the_analysts_languages() -> None:
    for code in gazetteer.countries():
        for language in ("en", "fr", "es", "pt", "ar", "ru"):
            assert labels(f"country:{code}", language)
    for name in gazetteer.region_codes():
        assert all(labels(f"region:{name}", language) for language in ("en", "fr", "es", "pt", "ar", "ru"))
    assert labels("country:IL", "ru") == "Израиль, израильский"
    assert labels("region:Northern Africa", "en") == "Northern Africa, North Africa, North African"
    assert labels("country:TR", "en") == "Turkey, Türkiye, Turkish"
    assert labels("country:IR", "pt") == "Irã, Irão, iraniano"
    assert labels("topic:elections", "en") is None
    assert labels("country:XX", "en") is None


def test_every_form_of_the_data_files_is_found_in_its_own_language() -> None:
    for path in sorted(gazetteer.DATA.glob("countries.*.tsv")):
        language = path.name.split(".")[1]
        for code, forms in own_forms(language)[1].items():
            expected = [gazetteer.regions()[code].name] if code in gazetteer.regions() else code.split("+")
            for form in forms:
                word = form.lstrip("^=+")
                ambiguous = any(f"{of}:{gazetteer.fold(word)}" in senses() for of in ("", language))
                if code == "-" or "@" in word or "*" in word or ambiguous:
                    continue
                found = gazetteer.read(f"« {word} » x Y", language).mentions
                assert [m.code for m in found] == expected, (language, form)


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("CI", {"Ivory Coast", "Côte d'Ivoire"}),
        ("GB", {"United Kingdom", "UK", "Britain", "British"}),
        ("US", {"United States", "USA", "US", "America", "American"}),
        ("CD", {"DR Congo", "Congolese"}),
        ("MM", {"Myanmar", "Burma"}),
        ("CZ", {"Czechia", "Czech Republic"}),
    ],
)
def test_a_label_has_the_usual_second_names_and_the_adjective(code: str, names: set[str]) -> None:
    assert names <= set(gazetteer.names(code, "en"))


def test_no_label_is_a_capital() -> None:
    assert "Kremlin" not in gazetteer.names("RU", "en")
    assert gazetteer.label("RU", "en") == "Russia"


def about(text: str, language: str) -> tuple[str, ...]:
    """The countries that a text is about whose headline is its first line."""
    found = saliences(countries_in(text, language), text.index("\n"), len(text))
    return tuple(one.code for one in found if one.about)


def test_a_lone_adjective_in_a_long_text_is_no_country_of_it() -> None:
    filler = "The tenants of the house talked about the new roof for hours. " * 15
    for opening, kept in (("She teaches a French cooking class. ", ()), ("She left France. ", ("FR",))):
        text = "A roof for everybody\n\n" + opening + filler
        assert about(text, "en") == kept


def test_a_name_is_no_adjective_in_scripts_without_capitals_and_after_prefixes() -> None:
    assert [m.kind for m in gazetteer.find("საქართველო", "ka")] == ["country"]
    assert [m.kind for m in gazetteer.find("i-Algeria", "zu")] == ["country"]


def test_a_country_named_once_at_the_end_of_a_long_text_is_left_out() -> None:
    filler = "Les deux délégations ont parlé de commerce et de sécurité pendant plusieurs heures. " * 30
    text = "L'Algérie reçoit la Russie\n\n" + filler + "Un diplomate japonais était aussi présent."
    mentions = countries_in(text, "fr")
    assert {mention.code for mention in mentions} == {"DZ", "RU", "JP"}
    assert about(text, "fr") == ("DZ", "RU")


def test_the_headline_weighs_more_than_a_name_repeated_in_the_body() -> None:
    text = "Le Ghana vote\n\n" + "La France observe le scrutin. " * 4
    assert about(text, "fr") == ("GH", "FR")


def test_the_component_fills_the_document() -> None:
    nlp = spacy.blank("ar")
    nlp.add_pipe("wirewatch_geography")
    doc = nlp("زار الوزير الجزائر وبحث التعاون مع فرنسا في أفريقيا")
    assert doc._.countries == ("DZ", "FR")
    assert doc._.regions == ("Maghreb", "Northern Africa", "Western Europe", "Europe", "Africa")
    assert [doc.text[m.start : m.end] for m in doc._.country_mentions] == ["الجزائر", "فرنسا"]
    assert {ent.label_ for ent in doc.ents} == {"LOC"}


@pytest.mark.skipif(not ACCEPTANCE.is_file(), reason="the acceptance text is not in this checkout")
def test_the_acceptance_text_is_about_algeria_and_russia() -> None:
    text = ACCEPTANCE.read_text("utf-8")
    nlp = spacy.blank("fr")
    nlp.add_pipe("wirewatch_geography")
    doc = nlp.make_doc(text)
    if not Doc.has_extension("headline_end"):
        Doc.set_extension("headline_end", default=0)
    doc._.headline_end = text.index("\nImage")
    doc = nlp(doc)
    assert doc._.countries[:2] == ("DZ", "RU")
    assert {"Northern Africa", "Africa"} <= set(doc._.regions)


def test_a_form_with_an_unknown_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "countries.qq.tsv").write_text("QQ\tnowhere\n", "utf-8")
    gazetteer.countries(), gazetteer.regions()
    monkeypatch.setattr(data, "DATA", tmp_path)
    with pytest.raises(UserError, match="QQ"):
        own_forms("qq")


def test_mentions_never_overlap_and_the_text_is_read_once() -> None:
    text = "Papua New Guinea, South Sudan, Guinea-Bissau and the Democratic Republic of the Congo. " * 50
    mentions = countries_in(text, "en")
    assert len(mentions) == 200
    assert all(one.end <= two.start for one, two in pairwise(mentions))
    assert geography.regions_in(text, "en") == []


@pytest.mark.parametrize(
    ("text", "language", "ids"),
    [
        ("Shelling hit Kharkiv and Sumy, Ukraine said.", "en", ["geonames-706483", "geonames-692194"]),
        ("Une explosion à Oran, en Algérie.", "fr", ["geonames-2485926"]),
        ("Взрыв в Харькове.", "ru", ["geonames-706483"]),
        ("انفجار في مدينة وهران", "ar", ["geonames-2485926"]),
        ("哈尔科夫市遭袭", "zh", ["geonames-706483"]),
        ("Moscow and Algiers agreed.", "en", ["geonames-524901", "geonames-2507480"]),
        ("Elections in New Mexico.", "en", ["US-NM"]),
        ("Das Nice-Agreement und Reading gefiel Paris Hilton in Essen.", "de", []),
        ("Manchester United beat Paris Saint-Germain.", "en", []),
        ("Nice weather in the morning. Reading helps.", "en", []),
    ],
)
def test_cities_and_subdivisions_are_located(text: str, language: str, ids: list[str]) -> None:
    assert [place.id for place in places_in(text, language)] == [f"place:{one}" for one in ids]


def test_a_location_says_where_it_is() -> None:
    (oran,) = places_in("in Oran, Algeria", "en")
    assert (oran.name, oran.country, round(oran.latitude or 0), round(oran.longitude or 0)) == ("Oran", "DZ", 36, -1)


def test_of_two_cities_the_one_in_the_country_that_the_text_names_is_meant() -> None:
    (here,) = places_in("Fog closed the airport of Birmingham, Alabama, in the United States.", "en")[:1]
    (there,) = places_in("Fog closed the airport of Birmingham, the British ministry said.", "en")
    assert (here.country, there.country) == ("US", "GB")


def test_a_place_has_a_label_in_the_language_asked_for() -> None:
    assert labels("place:geonames-2507480", "fr") == "Alger"
    assert labels("place:UA-43", "ru") == "Крым"
    assert labels("place:nowhere", "fr") is None


def test_every_name_of_our_own_means_a_place() -> None:
    for language, names in words()["names"].items():
        missing = [name for name in names if gazetteer.fold(name) not in known(language)]
        assert not missing, (language, missing)


def test_a_group_has_its_members() -> None:
    assert gazetteer.members("BRICS") == set(["BR", "RU", "IN", "CN", "ZA", "EG", "ET", "IR", "AE", "ID"])
    assert not gazetteer.members("ECOWAS") & {"ML", "BF", "NE"}
    assert (len(gazetteer.members("NATO")), len(gazetteer.members("European Union"))) == (32, 27)
    assert gazetteer.members("Northern Africa") > {"DZ", "EG"}
    assert gazetteer.members("Atlantis") == frozenset()


@pytest.mark.parametrize(
    ("text", "language", "code"),
    [
        ("В Сахеле неспокойно", "ru", "Sahel"),
        ("دول الخليج", "ar", "Gulf"),
        ("la Cédéao réagit", "fr", "ECOWAS"),
        ("саммит БРИКС", "ru", "BRICS"),
        ("Der Westbalkan wartet", "de", "Balkans"),
        ("opec output", "en", "OPEC"),
        ("北约峰会", "zh", "NATO"),
    ],
)
def test_regions_and_organisations_that_analysts_name_are_found(text: str, language: str, code: str) -> None:
    assert [mention.code for mention in regions_in(text, language)] == [code]


def test_a_country_brings_the_regions_it_lies_in_and_no_organisation() -> None:
    assert regions_of(["ML"]) == ("Sahel", "Western Africa", "Sub-Saharan Africa", "Africa")
    assert "African Union" in regions_of(["ML"], ["African Union"])


def test_an_organisation_is_no_place() -> None:
    assert gazetteer.find("NATO met in Brussels", "en") == []


def test_every_country_named_is_told_with_its_salience_and_words() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("wirewatch_geography")
    doc = nlp("Algeria and Oran welcomed a Japanese guest. " + "The guests spoke about the harbour for hours. " * 20)
    algeria, japan = doc._.countries_found
    assert (algeria.code, algeria.about, algeria.words) == ("DZ", True, ("Algeria", "Oran"))
    assert (japan.code, japan.about, japan.words) == ("JP", False, ("Japanese",))
    assert algeria.salience > japan.salience
    assert doc._.countries == ("DZ",)


@pytest.mark.parametrize("text", ["", "a", "😀", "\u200d\u0301", "中a\u0623б" * 2000, "\ud800", "A" * 300_000])
def test_any_text_is_read(text: str) -> None:
    for language in ("en", "ar", "zh", "ru", "am", "xx"):
        gazetteer.read(text, language)


def test_a_group_with_an_unknown_member_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gazetteer.countries()
    (tmp_path / "groups.yml").write_text(
        "- {name: Nowhere, kind: region, members: DZ QQ, names: {en: Nowhere}}", "utf-8"
    )
    monkeypatch.setattr(data, "DATA", tmp_path)
    with pytest.raises(UserError, match=r"Nowhere.*QQ"):
        data._groups.__wrapped__()
