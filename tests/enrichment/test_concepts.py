from enrichment.concepts import concept_ids, label, labels_of


def test_a_topic_brings_the_topics_above_it() -> None:
    assert concept_ids(("DZ",), ("Northern Africa", "Africa"), ("refugees", "epidemic")) == (
        "country:DZ",
        "region:Northern Africa",
        "region:Africa",
        "topic:refugees",
        "topic:epidemic",
        "topic:migration",
        "topic:society",
        "topic:health",
    )


def test_concepts_have_labels_in_the_languages_of_analysts() -> None:
    labels = labels_of(["country:DZ", "region:Africa", "topic:elections"])
    assert labels["en"] == ("Algeria, Algerian", "Africa, African", "elections")
    assert labels["fr"] == ("Algérie, algérien", "Afrique, africain", "élections")
    assert set(labels) == {"en", "fr", "es", "pt", "ar", "ru"}
    assert all(len(names) == 3 for names in labels.values())


def test_what_has_no_name_has_no_label() -> None:
    assert labels_of([]) == {}
    assert label("country:QQ", "en") is None
