"""The language of an article, which is not always what its template says."""

# ruff: noqa: E501 - pages read better unbroken
from __future__ import annotations

import pytest
from web_poet import HttpResponse

from crawlers.pages import page_object
from crawlers.pages.article import ArticlePage
from tests.crawlers.pages.made import document, page_of

ENGLISH = "The new ferry between the two lake towns carried its first passengers on Monday morning, an hour later than planned. "
FRENCH = "Le nouveau bac entre les deux villes du lac a transporté ses premiers passagers lundi matin, avec une heure de retard. "
ARABIC = "نقلت العبارة الجديدة بين مدينتي البحيرة أول ركابها صباح الاثنين، متأخرة ساعة عن الموعد المقرر. "


def read(lang: str, text: str, head: str = "") -> ArticlePage:
    title = " ".join(text.split()[:5])
    body = f"<h1>{title}</h1><p>{text * 3}</p>"
    return page_of(document(body, head, title=title, lang=lang), "https://www.example.org/a/ferry")


@pytest.mark.parametrize("lang", ["en", "en-GB", "fr-FR", "", "klingon", "xx"])
@pytest.mark.parametrize(("text", "code"), [(ENGLISH, "en"), (FRENCH, "fr"), (ARABIC, "ar")])
def test_the_text_decides_whatever_the_template_says(lang, text, code):
    assert read(lang, text).language == code


@pytest.mark.parametrize(("lang", "code"), [("wo", "wo"), ("rn-BI", "rn")])
def test_a_language_that_cannot_be_told_from_its_text_is_believed(lang, code):
    text = "Abashikiriji b'ibihugu bihuriye ku kiyaga barabonanye uno musi mu gisagara kuganira amasezerano mashasha. "
    assert read(lang, text).language == code


def test_a_text_in_a_common_language_is_not_in_a_rare_one():
    assert read("wo", FRENCH).language == "fr"


def test_without_a_text_the_page_is_believed():
    html = b'<html lang="pt_BR"><body></body></html>'
    assert page_object(HttpResponse("https://www.example.org/a", html)).language == "pt"


def test_each_declared_code_is_told_with_what_the_text_is_written_in():
    choice = read("en", FRENCH, '<meta property="og:locale" content="de_DE">').choices()["language"]
    assert (choice.value, choice.origin, choice.why) == ("fr", "text", "the text is written in it")
    assert [(c.origin, c.value) for c in choice.candidates] == [
        ("html lang", "en"),
        ("meta og:locale", "de"),
        ("text", "fr"),
    ]
    assert read("fr-CA", FRENCH).choices()["language"].why == "the text is written in it, as the page says"
