from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from benchmarks import events as benchmark
from enrichment import event_words
from enrichment.documents import document
from enrichment.events import MOST, sentences
from enrichment.pipelines import pipeline
from tests.enrichment.articles import article
from wirewatch.errors import UserError
from wirewatch.records import Event

NEWSROOM = Path(__file__).parents[1] / "newsroom/articles"


def read(title: str, body: str, language: str, published: datetime | None = None) -> tuple[Event, ...]:
    """The events of an article that is known to have topics and a day."""
    nlp = pipeline(language)
    doc = document(nlp, article(title, body).model_copy(update={"published": published}))
    doc._.language = language
    doc = nlp.get_pipe("wirewatch_topics")(doc)
    for _, component in benchmark.reader(language):
        doc = component(doc)
    found: tuple[Event, ...] = doc._.events
    return found


def one(text: str, language: str = "en") -> Event:
    (event,) = benchmark.read(text, language)
    return event


def sides(event: Event) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    return event.mode or event.type, event.sources, event.targets


def test_the_demo_articles_military_cooperation_between_algeria_and_russia_is_a_filter() -> None:
    told = yaml.safe_load((NEWSROOM / "maghreb-matin/algerie-russie-cooperation-militaire.yml").read_text("utf-8"))
    body = f"{told['lead']}\n\n{told['body']}"
    found = [
        event
        for event in read(told["title"], body, "fr", told["published"])
        if event.type in ("cooperate", "consult")
        and "military" in event.contexts
        and {"country:DZ", "country:RU"} <= {*event.sources, *event.targets}
    ]
    assert {event.type for event in found} == {"cooperate", "consult"}
    assert all(set(event.countries) == {"DZ", "RU"} and "Africa" in event.regions for event in found)
    met = next(event for event in found if event.type == "consult")
    assert met.date == date(2023, 2, 27)
    assert met.words == ("rencontré",)
    assert met.sentence.startswith("Le secrétaire du Conseil de sécurité russe a rencontré lundi")


@pytest.mark.parametrize("language", ["en", "fr", "es", "ru"])
def test_the_labelled_sentences_are_read_as_labelled(language: str) -> None:
    """On those that the patterns were made with; what the others give is for the benchmark to say."""
    for told in benchmark.labelled("open")[language]:
        assert benchmark.found_in(told.text, language) == told.facts, told.text


def test_the_labelled_set_has_both_halves_and_enough_traps() -> None:
    some = [one for part in ("open", "held") for listed in benchmark.labelled(part).values() for one in listed]
    assert len(some) >= 150
    assert sum(not one.facts["type"] for one in some) >= 30
    assert len({one.text for one in some}) == len(some)


@pytest.mark.parametrize(
    ("text", "language", "told"),
    [
        ("Kenya attacked Somalia.", "en", ("attack", ("country:KE",), ("country:SO",))),
        ("Somalia was attacked by Kenya.", "en", ("attack", ("country:KE",), ("country:SO",))),
        ("Kenya's attack on Somalia surprised many.", "en", ("attack", ("country:KE",), ("country:SO",))),
        ("The attack by Kenya on Somalia surprised many.", "en", ("attack", ("country:KE",), ("country:SO",))),
        ("Kenya launched an attack against Somalia.", "en", ("attack", ("country:KE",), ("country:SO",))),
        ("Le Kenya a attaqué la Somalie.", "fr", ("attack", ("country:KE",), ("country:SO",))),
        ("La Somalie a été attaquée par le Kenya.", "fr", ("attack", ("country:KE",), ("country:SO",))),
        ("L'attaque du Kenya contre la Somalie a surpris.", "fr", ("attack", ("country:KE",), ("country:SO",))),
        ("Kenia atacó a Somalia.", "es", ("attack", ("country:KE",), ("country:SO",))),
        ("Кения напала на Сомали.", "ru", ("attack", ("country:KE",), ("country:SO",))),
        ("Россию обвинила Польша.", "ru", ("accuse", ("country:PL",), ("country:RU",))),
    ],
)
def test_source_and_target_do_not_depend_on_how_the_sentence_is_turned(
    text: str, language: str, told: tuple[str, tuple[str, ...], tuple[str, ...]]
) -> None:
    assert sides(one(text, language)) == told


def test_who_acts_together_is_source_in_the_order_of_the_sentence() -> None:
    assert sides(one("Talks between Chad, Libya and Egypt began."))[1:] == (
        ("country:TD",),
        ("country:LY", "country:EG"),
    )


def test_a_known_person_stands_for_himself_and_for_his_country() -> None:
    event = one("Sergei Lavrov visited Algeria.")
    assert event.sources == ("person:sergei-lavrov", "country:RU")
    assert event.countries == ("RU", "DZ")


@pytest.mark.parametrize(
    "text",
    [
        "Rwanda denied attacking Congo.",
        "Kenya will not attack Somalia.",
        "Mali urged France to attack Niger.",
        "Kenya attacked the problem of debt with help from Uganda.",
        "Kenya attacked well in the first round against Uganda, the coach said.",
        "Attack!",
        "Kenya and Uganda are neighbours.",
    ],
)
def test_what_is_denied_demanded_or_only_said_like_that_is_no_event(text: str) -> None:
    assert benchmark.read(text, "en") == ()


def test_what_is_accused_or_threatened_is_not_done() -> None:
    assert [event.type for event in benchmark.read("Mali accused France of attacking Niger.", "en")] == ["accuse"]
    assert [event.type for event in benchmark.read("Iran threatened to bomb Israel.", "en")] == ["threaten"]


def test_what_is_planned_is_hypothetical_and_what_was_long_ago_historical() -> None:
    assert "hypothetical" in one("Lavrov's Russia will attack Ukraine.").contexts
    assert "hypothetical" not in one("Russia attacked Ukraine.").contexts
    published = datetime(2023, 5, 1, tzinfo=UTC)
    (event,) = read("Anniversary", "Italy invaded Ethiopia in 1935.", "en", published)
    assert "historical" in event.contexts


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        ("Kenya attacked Somalia on Monday.", "en", date(2023, 2, 27)),
        ("Kenya attacked Somalia yesterday.", "en", date(2023, 2, 28)),
        ("Kenya attacked Somalia on 12 May 2022.", "en", date(2022, 5, 12)),
        ("Kenya attacked Somalia on February 3rd.", "en", date(2023, 2, 3)),
        ("Kenya's president will visit Somalia on Friday.", "en", date(2023, 3, 3)),
        ("Le Kenya a attaqué la Somalie mercredi.", "fr", date(2023, 3, 1)),
        ("Le Kenya a attaqué la Somalie le 1er février.", "fr", date(2023, 2, 1)),
        ("Kenia atacó a Somalia el 12 de enero.", "es", date(2023, 1, 12)),
        ("Кения напала на Сомали в понедельник.", "ru", date(2023, 2, 27)),
        ("Кения напала на Сомали 3 февраля 2023 года.", "ru", date(2023, 2, 3)),
        ("Kenya attacked Somalia.", "en", None),
    ],
)
def test_the_date_counts_from_the_day_of_publication(text: str, language: str, day: date | None) -> None:
    (event,) = read("-", text, language, datetime(2023, 3, 1, 9, tzinfo=UTC))
    assert event.date == day


def test_without_a_day_of_publication_only_a_full_date_is_one() -> None:
    assert one("Kenya attacked Somalia on Monday.").date is None
    assert one("Kenya attacked Somalia on 12 May 2022.").date == date(2022, 5, 12)


def test_contexts_come_from_the_sentence_and_from_what_the_article_is_about() -> None:
    assert "economic" in one("Kenya and Uganda signed a trade agreement on oil.").contexts
    plain = "Kenya met Uganda."
    title = "Armed forces of both countries deepen military cooperation, defence ministers say"
    about = [event for event in read(title, plain, "en") if event.type == "consult"]
    assert "military" in about[0].contexts
    assert "military" not in one(plain).contexts


def test_what_an_article_is_about_is_lent_to_no_event_that_tells_of_something_else() -> None:
    title = "Armed forces of both countries deepen military cooperation, defence ministers say"
    for text in ("The fisheries ministers of Kenya and Uganda met.", "Kenya's parliament voted on a budget."):
        (event,) = read(title, text, "en")
        assert "military" not in event.contexts


def test_who_only_tells_where_something_is_or_comes_from_is_no_actor() -> None:
    assert benchmark.read("A Paris-based lawyer was arrested by the police of Kenya.", "en") == ()
    assert one("Russian-occupied Ukraine was attacked by Poland.").sources == ("country:PL",)


def test_nobody_meets_or_attacks_only_his_own_country() -> None:
    assert benchmark.read("Kenya met Kenya's president William Ruto.", "en") == ()


def test_an_event_is_told_once_and_not_endlessly() -> None:
    assert len(read("-", "Kenya attacked Somalia. Kenya has attacked Somalia again.", "en")) == 1
    names = ["Kenya", "Uganda", "Chad", "Niger", "Mali", "Togo", "Benin", "Ghana", "Gabon", "Sudan", "Egypt", "Libya"]
    many = " ".join(f"{a} attacked {b}." for a in names for b in names if a != b)
    assert len(read("-", many, "en")) == MOST


def test_sentences_end_where_they_end() -> None:
    text = "M. Lavrov est venu. Il a parlé ! « Bien. » Titre\nEncore U.S. President Biden spoke."
    assert [text[start:end] for start, end in sentences(text)] == [
        "M. Lavrov est venu.",
        "Il a parlé !",
        "« Bien. »",
        "Titre",
        "Encore U.S. President Biden spoke.",
    ]


@pytest.mark.parametrize(
    "text", ["", "a", "😀", "…", "attack " * 3000, "Mali " * 3000, "Mali attacked " * 2000, "\n.\n" * 500]
)
@pytest.mark.parametrize("language", ["en", "fr", "es", "ru"])
def test_any_text_can_be_read(text: str, language: str) -> None:
    assert len(benchmark.read(text, language)) <= MOST


def test_a_language_without_terms_has_no_events() -> None:
    assert benchmark.read("Kenia griff Somalia an.", "de") == ()


def test_a_wrong_role_in_the_data_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"languages": {"en": {}}, "events": {"consult/meet": {"roles": {"beside": "target"}}}}
    monkeypatch.setattr(event_words, "_data", lambda: wrong)
    event_words.kinds.cache_clear()
    try:
        with pytest.raises(UserError, match=r"events.yml, consult/meet: roles are .* not beside: target"):
            event_words.kinds()
    finally:
        monkeypatch.undo()
        event_words.kinds.cache_clear()
