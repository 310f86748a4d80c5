from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from enrichment import lexicon as module
from enrichment.concepts import label
from enrichment.embedding import DIMENSIONS, use
from enrichment.lexicon import ANALYST_LANGUAGES, ancestors, lexicon, matches
from enrichment.topics import topics_of
from wirewatch.errors import UserError
from wirewatch.records import TopicFound
from wirewatch.settings import get_settings


def found(headline: str, body: str, language: str) -> tuple[TopicFound, ...]:
    return topics_of(f"{headline}\n\n{body}", len(headline), language)


def ids(headline: str, body: str, language: str) -> list[str]:
    return [topic.id for topic in found(headline, body, language)]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("l'état de la coopération militaire entre les armées des deux pays", "fr"),
        ("le partenariat des deux forces armées", "fr"),
        ("военное сотрудничество", "ru"),
        ("о развитии военного и военно-технического сотрудничества", "ru"),
        ("ushirikiano wa kijeshi", "sw"),
        ("التعاون العسكري", "ar"),
        ("وللتعاون العسكري بين البلدين", "ar"),
        ("closer cooperation between their armed forces", "en"),
        ("a new agreement on defence", "en"),
        ("la cooperación militar y técnica", "es"),
        ("cooperação entre as forças armadas dos dois países", "pt"),
        ("die militärische Zusammenarbeit", "de"),
        ("la cooperazione militare", "it"),
    ],
)
def test_military_cooperation_is_found_in_every_language(text: str, language: str) -> None:
    assert "military-cooperation" in ids(text, "", language)


@pytest.mark.parametrize(
    ("headline", "body", "language"),
    [
        (
            "Museum shows two centuries of military uniforms",
            "The buttons were polished by hand. Visitors come in.",
            "en",
        ),
        ("Un musée expose deux siècles d'uniformes militaires", "Les boutons brillent, les visiteurs aussi.", "fr"),
        ("Russia beat Kenya in football friendly", "The striker scored twice. The teams agreed to meet again.", "en"),
        ("Сборная России по футболу обыграла Кению", "Товарищеский матч прошел в Москве.", "ru"),
        (
            "Bakers and millers sign cooperation agreement",
            "Flour will be cheaper. The army of customers is pleased.",
            "en",
        ),
    ],
)
def test_a_museum_of_uniforms_and_a_football_friendly_are_no_military_cooperation(
    headline: str, body: str, language: str
) -> None:
    assert "military-cooperation" not in ids(headline, body, language)


def test_an_article_has_several_topics_best_first_with_the_words_that_earned_them() -> None:
    best_first = found(
        "Cholera spreads after floods",
        "Hospitals are full. The outbreak follows weeks of heavy flooding. Doctors ask for vaccines.",
        "en",
    )
    assert [topic.id for topic in best_first][:2] == ["epidemic", "floods"]
    assert {"Cholera", "outbreak"} <= set(best_first[0].words)
    assert [topic.score for topic in best_first] == sorted((topic.score for topic in best_first), reverse=True)
    assert all(0.5 <= topic.score <= 1 for topic in best_first)


def test_one_word_in_passing_does_not_make_a_topic() -> None:
    body = "The choir sang until midnight and the square was full of people. " * 40
    assert "oil-and-gas" not in ids("A night of song", body + "The singer's father sold oil.", "en")


def test_terms_are_whole_words_unless_a_star_says_otherwise() -> None:
    assert not [m for m in matches("The warden saw a warehouse.", "en") if m.topic == "conflict"]
    assert [m for m in matches("Выборами интересуются избиратели", "ru") if m.topic == "elections"]
    assert not [m for m in matches("Поэтому она молчит", "ru") if m.topic == "culture"]


def test_capitals_and_a_text_without_accents_may_lack_them() -> None:
    assert ids("ELECCIONES EN MEXICO", "", "es") == ids("elecciones en México", "", "es") == ["elections"]
    assert ids("Ecoles fermées à la rentrée", "", "fr") == ["schools"]
    assert [m.topic for m in matches("cooperation militaire", "fr")] == ["military-cooperation"]
    assert [m.topic for m in matches("le coup d'État à Niamey raconté", "fr")] == ["coup"]


@pytest.mark.parametrize(
    ("text", "language", "topic"),
    [
        ("Il a plu, mais la fête a eu lieu. MAIS OUI. Mais non.", "fr", "agriculture"),
        ("Mais il part", "fr", "agriculture"),
        ("Les prix élevés étonnent", "fr", "education"),
        ("Elle est jugée, il l'a jugé très haut", "fr", "justice"),
        ("Il papà è già a casa, perché è più caldo", "it", "religion"),
        ("Die Bände stehen im Regal, die schönen Bücher auch", "de", "crime"),
        ("Такова судьба", "ru", "justice"),
    ],
)
def test_a_word_that_differs_by_its_accent_is_another_word(text: str, language: str, topic: str) -> None:
    assert topic not in {match.topic for match in matches(text, language)}


@pytest.mark.parametrize(
    ("text", "language", "topic"),
    [
        ("La Côte d'Ivoire et Costa de Marfil", "fr", "wildlife"),
        ("Sin embargo, nadie vino", "es", "sanctions"),
        ("Aid for 10 new bridges", "en", "athletics"),
        ("Он не смог приехать, фотографии нет", "ru", "pollution"),
        ("Слоган: умрут последними", "ru", "pilgrimage"),
        ("Die Opposition gewinnt, sie sucht Partner", "de", "companies"),
        ("Katholiken und Protestanten feiern", "de", "protests"),
        ("وقف أمام الباب", "ar", "clergy"),
        ("قالت صحيفة محلية", "ar", "health"),
        ("Taxing questions of the slumber party", "en", "housing"),
        ("Ya yi hakan da kansa, sautin nasa", "ha", "cancer"),
    ],
)
def test_a_stem_or_a_form_that_is_another_word_is_no_term(text: str, language: str, topic: str) -> None:
    assert topic not in {match.topic for match in matches(text, language)}


def test_which_accent_it_is_does_not_matter() -> None:
    assert ids("Encontro anual de ténis", "", "pt") == ids("Encontro anual de tênis", "", "pt") == ["tennis"]


@pytest.mark.parametrize(
    ("headline", "language", "topic"),
    [
        ("Feuerwehr holt Katze vom Baum", "de", "wildfires"),
        ("Singer thanks fans on Twitter", "en", "technology"),
        ("A house on Cocoa Avenue is for sale", "en", "agriculture"),
        ("TV judge storms off the stage", "en", "justice"),
        ("Rakete trifft Krankenhaus", "de", "health"),
        ("L'histoire d'un garçon", "fr", "history"),
        ("Minister of the village church retires", "en", "politics"),
        ("A company of wolves", "en", "companies"),
        ("She wins the race for the bakery", "en", "sport"),
    ],
)
def test_one_broad_word_makes_no_topic_not_even_in_the_headline(headline: str, language: str, topic: str) -> None:
    assert topic not in ids(headline, "", language)


def test_several_broad_words_or_a_narrow_one_beside_make_a_topic() -> None:
    assert "health" in ids("Hospital short of doctors as patients queue", "", "en")
    assert "wildfires" in ids("Firefighters battle forest fire", "", "en")


def test_the_two_halves_of_a_near_rule_must_be_in_one_sentence_and_close() -> None:
    assert "military-cooperation" not in ids(
        "", "They praised the armed forces. Cooperation on fisheries goes on.", "en"
    )


EXAMPLES = yaml.safe_load((Path(__file__).parent / "topic_texts.yml").read_text("utf-8"))


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: f"{text['language']}: {text['headline']}")
def test_topics_of_news_in_every_language(text: dict[str, Any]) -> None:
    topics = ids(text["headline"], text["body"], text["language"])
    assert not set(text["topics"]) - set(topics), topics
    assert not set(text.get("not", ())) & {wide for topic in topics for wide in (topic, *ancestors(topic))}, topics


NEWS = yaml.safe_load((Path(__file__).parent / "topic_news.yml").read_text("utf-8"))


def test_of_the_topics_of_short_news_few_are_wrong_and_few_are_missed() -> None:
    right = wrong = met = missed = 0
    for text in NEWS:
        topics = set(ids(text["headline"], text["body"], text["language"]))
        true = _with_wider({*text["topics"], *text["may"]})
        good = {topic for topic in topics if topic in true or true & set(ancestors(topic))}
        right, wrong = right + len(good), wrong + len(topics - good)
        here = set(text["topics"]) & _with_wider(topics)
        met, missed = met + len(here), missed + len(set(text["topics"]) - here)
    assert right / (right + wrong) >= 0.95
    assert met / (met + missed) >= 0.9


def _with_wider(topics: set[str]) -> set[str]:
    return {wide for topic in topics for wide in (topic, *ancestors(topic))}


def test_evidence_that_is_too_little_for_narrow_topics_counts_for_the_wide_one() -> None:
    wide = found(
        "A long day on the coast",
        "A cargo ship was late. Then the railway stood still. " + "Nobody knew why. " * 40,
        "en",
    )
    assert [topic.id for topic in wide] == ["transport"]
    assert set(wide[0].words) == {"cargo ship", "railway"}


def test_what_stands_in_headline_or_opening_weighs_more_than_what_comes_late() -> None:
    rest = "The mayor spoke of nothing in particular and everybody listened. " * 20
    first = {topic.id: topic.score for topic in found("Cholera", "A tennis match. " + rest, "en")}
    last = {
        topic.id: topic.score for topic in found("Monday", rest + " A tennis match. Cholera. Cholera vaccine.", "en")
    }
    assert first["epidemic"] > last.get("epidemic", 0)


class Meanings:
    """An embedder that knows two things: a text speaks of health, or of football, or of neither."""

    name = "meanings"

    def passage(self, texts):
        rows = np.full((len(texts), DIMENSIONS), 0.01, dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[0] += "health" in text.lower() or "santé" in text.lower()
            row[1] += "football" in text.lower()
            row[2] += 0.5
            row[3:] += np.random.default_rng(len(text)).normal(0, 0.02, DIMENSIONS - 3)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    query = passage


@pytest.fixture
def meanings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], list[float]]]:
    monkeypatch.setenv("WIREWATCH_HOME", str(tmp_path))
    get_settings.cache_clear()
    use(embedder := Meanings())
    yield lambda text: embedder.passage([text])[0].tolist()
    use(None)
    get_settings.cache_clear()


def test_a_language_without_terms_gets_its_topics_by_meaning(meanings: Callable[[str], list[float]]) -> None:
    text = "ጤና ጥበቃ"
    assert topics_of(text, len(text), "am") == ()
    by_meaning = topics_of(text, len(text), "am", meanings("health"))
    assert "health" in {wide for topic in by_meaning for wide in (topic.id, *ancestors(topic.id))}
    assert by_meaning[0].words == () and all(0.5 <= topic.score <= 1 for topic in by_meaning)


def test_meaning_strengthens_the_topics_that_agree_with_it(meanings: Callable[[str], list[float]]) -> None:
    text = "The hospital and the football club. " + "It rained on both. " * 30
    agreed = [
        {topic.id: topic.score for topic in topics_of(text, 0, "en", meanings(about))}
        for about in ("health", "football")
    ]
    assert agreed[0].get("football", 0) < agreed[1]["football"]
    assert agreed[1].get("health", 0) < max(score for topic, score in agreed[0].items() if topic != "football")


def test_many_topics_that_the_meaning_is_a_little_near_to_do_not_make_the_one_above(
    meanings: Callable[[str], list[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    below = [topic for topic in lexicon() if "disasters" in ancestors(topic)]
    monkeypatch.setattr(
        "enrichment.topics._nearness", lambda _: dict.fromkeys(lexicon(), 0.0) | dict.fromkeys(below, 2.5)
    )
    assert not topics_of("Nothing to say", 14, "en", meanings("nothing"))


@pytest.mark.parametrize("text", ["", "x", "🙂🙂", "\ud800", "ﷺ ǅ ŉ İ", "a\u0301" * 1000, "war " * 20_000])
@pytest.mark.parametrize("language", ["en", "ar", "ha", "zh", "??"])
def test_any_text_has_topics_or_none(text: str, language: str) -> None:
    assert isinstance(topics_of(text, min(3, len(text)), language), tuple)


WIDE = ("en", "fr", "es", "pt", "ar", "ru", "de", "it", "sw", "ha")


def test_every_topic_is_complete_and_its_code_in_use() -> None:
    lines = (Path(__file__).parent / "mediatopics.tsv").read_text("utf-8").splitlines()
    codes = {f"medtop:{line.split(chr(9))[0]}" for line in lines if not line.startswith("#")}
    assert len(lexicon()) >= 150
    for topic, entry in lexicon().items():
        assert set(entry.labels) == set(ANALYST_LANGUAGES), topic
        assert all(entry.terms.get(language) for language in WIDE), topic
        assert entry.iptc in codes, topic
        assert topic not in ancestors(topic) and len(ancestors(topic)) <= 3, topic


ON_PURPOSE = {("epidemic", "infectious-diseases"), ("military-cooperation", "military-training")}
"""Cholera is an epidemic as well as a disease; instructors are training as well as cooperation."""


def test_a_term_belongs_to_one_topic() -> None:
    owners: dict[tuple[str, str], list[str]] = defaultdict(list)
    for entry in lexicon().values():
        for language in entry.terms:
            own = [*entry.terms[language], *filter(None, [entry.labels.get(language)])]
            for term in {term.lower() for term in own}:
                owners[language, term].append(entry.id)
    shared = {(term, tuple(sorted(topics))) for term, topics in owners.items() if len(topics) > 1}
    assert not {(term, topics) for term, topics in shared if topics not in ON_PURPOSE}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("war: {iptc: 16, labels: {}, terms: {}}", "war"),
        ("war: {iptc: '16000000', parent: peace, labels: {en: war}, terms: {en: war}}", "peace"),
        ("war: {iptc: '16000000', parent: war, labels: {en: war}, terms: {en: war}}", "war"),
        ("war: {iptc: '16000000', labels: {en: war}}", "terms"),
    ],
)
def test_a_topic_that_is_written_wrongly_is_named(
    written: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "topics.yml").write_text(written, "utf-8")
    monkeypatch.setattr(module, "LEXICON", tmp_path / "topics.yml")
    with pytest.raises(UserError, match=message):
        lexicon.__wrapped__()


def test_labels_are_what_analysts_search() -> None:
    assert label("topic:military-cooperation", "fr") == "coopération militaire"
    assert ancestors("military-cooperation") == ("defence",)
