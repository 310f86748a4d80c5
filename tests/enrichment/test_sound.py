from pathlib import Path

import pytest
import yaml

from enrichment import known, sound
from enrichment.sounds import sounds

SPELLINGS = yaml.safe_load((Path(__file__).parent / "name_spellings.yml").read_text("utf-8"))


def agree(asked: str, written: str) -> bool:
    """Whether somebody who types a word finds another by a key."""
    there = {key for form in known.bare(written) for key in sound.heard(form)}
    return not there.isdisjoint(sound.asked(asked))


def test_spellings_of_one_name_have_a_key_in_common() -> None:
    pairs = [(names[0], name) for names in SPELLINGS["same"] for name in names[1:]]
    assert sum(agree(*pair) for pair in pairs) > 0.93 * len(pairs)


def test_most_names_that_differ_have_no_key_in_common() -> None:
    # The pairs were written to be confused. Of two names at random hardly any agree.
    assert sum(agree(*pair) for pair in SPELLINGS["different"]) < 0.5 * len(SPELLINGS["different"])
    names = [names[0] for names in SPELLINGS["same"]]
    pairs = [(one, other) for i, one in enumerate(names) for other in names[:i]]
    assert sum(bool(known.keys(one) & known.keys(other)) for one, other in pairs) < 0.002 * len(pairs)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Премьер-министр Македонии Зоран Заев приехал в Брюссель.", "ru"),
        ("Парламент поддержал договор с Заевым.", "ru"),
        ("قال زاييف إن الاتفاق جيد", "ar"),
        ("马其顿总理扎埃夫表示欢迎", "zh"),
    ],
)
def test_an_english_word_finds_the_name_in_other_scripts(text: str, language: str) -> None:
    assert not set(sound.asked("Zaev")).isdisjoint(sounds(text, language))
    assert set(sound.asked("Macron")).isdisjoint(sounds(text, language))


def test_words_of_the_language_are_no_names() -> None:
    assert sounds("Погода была хорошей и тёплой. Дети играли во дворе.", "ru") == ()
    assert sounds("Zoran Zaev came to Brussels.", "en") == ()


@pytest.mark.parametrize("text", ["", "a", "Я", "ـ", "🙂🙃", "\u0301\u0301", "中", "ꙮ", "𐍈𐌰", "Ⅷ", "١٢٣"])
def test_any_text_has_sounds_or_none(text: str) -> None:
    assert isinstance(sounds(text, "zh"), tuple)
    assert isinstance(sound.asked(text), tuple) and isinstance(sound.heard(text), tuple)
    assert isinstance(sound.key(text), str)
