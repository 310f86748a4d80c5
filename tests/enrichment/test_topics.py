import pytest

from enrichment.concepts import label
from enrichment.topics import ANALYST_LANGUAGES, THRESHOLD, ancestors, lexicon, matches, topics_of


def ids(headline: str, body: str, language: str) -> list[str]:
    return [topic.id for topic in topics_of(headline, body, language)]


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
    found = topics_of(
        "Cholera spreads after floods",
        "Hospitals are full. The outbreak follows weeks of heavy flooding. Doctors ask for vaccines.",
        "en",
    )
    assert [topic.id for topic in found][:2] == ["epidemic", "floods"]
    assert {"Cholera", "outbreak"} <= set(found[0].words)
    assert [topic.score for topic in found] == sorted((topic.score for topic in found), reverse=True)
    assert all(THRESHOLD <= topic.score <= 1 for topic in found)


def test_one_word_in_passing_does_not_make_a_topic() -> None:
    body = "The choir sang until midnight and the square was full of people. " * 40
    assert "oil-and-gas" not in ids("A night of song", body + "The singer's father sold oil.", "en")


def test_terms_are_whole_words_unless_a_star_says_otherwise() -> None:
    assert not [m for m in matches("The warden saw a warehouse.", "en") if m.topic == "conflict"]
    assert [m for m in matches("Выборами интересуются избиратели", "ru") if m.topic == "elections"]
    assert not [m for m in matches("Поэтому она молчит", "ru") if m.topic == "culture"]


def test_capitals_and_a_text_without_accents_may_lack_them() -> None:
    assert ids("ELECCIONES EN MEXICO", "", "es") == ids("elecciones en México", "", "es") == ["elections"]
    assert ids("Ecoles fermées à la rentrée", "", "fr") == ["education"]
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


def test_which_accent_it_is_does_not_matter() -> None:
    assert ids("Encontro anual de ténis", "", "pt") == ids("Encontro anual de tênis", "", "pt") == ["sport"]


@pytest.mark.parametrize(
    ("headline", "language", "topic"),
    [
        ("Feuerwehr holt Katze vom Baum", "de", "wildfires"),
        ("Singer thanks fans on Twitter", "en", "technology"),
        ("A house on Cocoa Avenue is for sale", "en", "agriculture"),
        ("TV judge storms off the stage", "en", "justice"),
        ("Rakete trifft Krankenhaus", "de", "health"),
        ("L'histoire d'un garçon", "fr", "history"),
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


def test_every_topic_is_complete() -> None:
    assert len(lexicon()) >= 60
    for topic, entry in lexicon().items():
        assert set(entry.labels) == set(ANALYST_LANGUAGES), topic
        assert set(entry.terms) >= {*ANALYST_LANGUAGES, "de", "it", "sw"}, topic
        assert entry.iptc.startswith("medtop:") and len(entry.iptc) == len("medtop:") + 8, topic
        assert topic not in ancestors(topic)


def test_labels_are_what_analysts_search() -> None:
    assert label("topic:military-cooperation", "fr") == "coopération militaire"
    assert ancestors("military-cooperation") == ("defence",)
