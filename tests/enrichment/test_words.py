import re
from pathlib import Path

import pytest

from enrichment import words
from enrichment.words import lines, translations, weight
from wirewatch.errors import UserError

SCRIPTS = {"ru": "[а-яё]", "ar": "[\u0620-\u064a]", "zh": "[\u4e00-\u9fff]"}


@pytest.mark.parametrize("word", ["election", "Elections", "elected"])
def test_a_word_stands_for_its_family(word: str) -> None:
    said = translations(word, "en")
    assert "élection" in said["fr"] and "выборы" in said["ru"] and "uchaguzi" in said["sw"]
    assert "en" not in said


def test_a_word_of_another_language_leads_to_all_others() -> None:
    said = translations("выборах", "ru")
    assert "election" in said["en"] and "wahl" in said["de"]
    assert "election" in translations("uchaguzi", "sw")["en"]


def test_of_a_word_in_many_lines_those_come_first_that_it_says_most_usually() -> None:
    assert translations("hausse", "fr")["en"][0] in {"rise", "increase", "raise"}
    assert len(translations("de", "fr").get("en", ())) <= words.MEANINGS


def test_a_word_that_nobody_wrote_down_says_nothing_else_and_tells_most() -> None:
    assert translations("Patrushev", "en") == {}
    assert weight("Patrushev", "en") == 1


def test_a_frequent_word_tells_less_than_a_rare_one() -> None:
    assert words.LEAST <= weight("people", "en") < weight("election", "en") < weight("earthquake", "en") < 1


def test_every_line_is_written_in_the_scripts_of_its_languages() -> None:
    wrong = [
        (line.forms["en"], form)
        for line in lines()
        for code, script in SCRIPTS.items()
        for form in line.forms.get(code, ())
        if not re.search(script, form) and not form.startswith("covid")
    ]
    assert wrong == []


def test_every_english_word_stands_once_and_most_say_something_in_every_language() -> None:
    english = [line.forms["en"][0] for line in lines()]
    assert len(english) == len(set(english))
    for code in ("fr", "es", "pt", "de", "it", "ru", "ar", "zh", "sw", "ha"):
        assert sum(code in line.forms for line in lines()) > 0.95 * len(english), code


def test_a_line_with_a_column_too_few_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "words.tsv"
    file.write_text("en\tfr\nhouse\tmaison\ntree\n")
    monkeypatch.setattr(words, "WORDS", file)
    with pytest.raises(UserError, match=r"words\.tsv: the line of 'tree' has 1 column, not 2"):
        lines.__wrapped__()
