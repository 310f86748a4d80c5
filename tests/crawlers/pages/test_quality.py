"""Pages that are no article, each with its reason, and articles that only look like them."""

# ruff: noqa: E501 - pages read better unbroken
from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crawlers.pages import read_article
from tests.crawlers.pages.made import LEAD, PARAGRAPHS, TEXT, TITLE, URL, document, ld, read
from wirewatch.records import Hint

DATE = '<meta property="article:published_time" content="2026-03-09T06:30:00Z">'


def problem(
    body: str, head: str = DATE, *, title: str = TITLE, lang: str = "en", url: str = URL, hint: Hint | None = None
) -> Any:
    return read(document(body, head, title=title, lang=lang), url, hint=hint).problem


def test_an_article_has_no_problem():
    assert problem(f"<h1>{TITLE}</h1>{PARAGRAPHS}") is None


@pytest.mark.parametrize(
    "html", ["", "<html>", "<p>", "<!-- -->", "<h1></h1>", "<title>x</title>", "<a href='::'><h2>x</h2></a>"]
)
def test_a_page_of_hardly_anything_has_a_problem_and_raises_nothing(html):
    assert read_article(URL, html.encode()).problem


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        ('<meta property="og:type" content="video.other">', PARAGRAPHS, "not-article"),
        (
            '<meta property="og:type" content="article">',
            "<p>Thanks. We will use this to get better at it.</p>",
            "no-text",
        ),
        (ld() + f'<meta name="description" content="{LEAD}">', f"<p class=lead>{LEAD}</p>", "no-text"),
        (
            '<meta name="description" content="Coalition parties share ministries; who watches whom is open.">',
            f"<p>{'Your download has been started, please look into the folder of your browser. ' * 4}</p>",
            "other-text",
        ),
    ],
    ids=["video", "post", "lead-only", "notice"],
)
def test_a_page_without_the_text_of_an_article_says_what_it_lacks(head, body, expected):
    assert problem(f"<h1>{TITLE}</h1><div>{body}</div>", head) == expected


@pytest.mark.parametrize("end", ["", "…"])
def test_a_flash_of_one_paragraph_is_an_article_though_its_description_is_its_text(end):
    text = TEXT[0].removesuffix(".") if end else TEXT[0]
    head = ld(description=text + end) + f'<meta property="og:description" content="{text}{end}">'
    assert problem(f"<h1>{TITLE}</h1><div><p>{TEXT[0]}</p></div>", head) is None


# Lists ----------------------------------------------------------------------------------------------


def teasers(
    number: int, *, words: str = "The council met again and could not agree on the next line of the budget"
) -> str:
    return "".join(
        f"<article class='card'><h3><a href='/news/{n}'>Council talks about budget number {n}</a></h3><p>{words}, which is line {n}.</p></article>"
        for n in range(number)
    )


def test_a_page_that_declares_itself_a_list_is_one():
    script = '<script type="application/ld+json">{"@type": "CollectionPage", "name": "Lake news"}</script>'
    assert problem(f"<h1>{TITLE}</h1>{PARAGRAPHS}", script) == "list-page"


@pytest.mark.parametrize("path", ["/news/", "/tag/budget", "/?cat=4"])
def test_a_page_that_is_made_of_teasers_is_a_list(path):
    body = f"<h1>Budget</h1><main>{teasers(12)}</main>"
    assert problem(body, "", title="Budget", url=f"https://www.example.org{path}") == "list-page"


def test_a_front_page_is_a_list_whatever_text_it_has():
    body = f"<h1>{TITLE}</h1>{PARAGRAPHS}<main>{teasers(12)}</main>"
    assert problem(body, "", url="https://www.example.org/") == "list-page"


@pytest.mark.parametrize("dated", [DATE, ""])
def test_an_article_with_teasers_beside_it_is_none(dated):
    body = f"<main><h1>{TITLE}</h1>{PARAGRAPHS * 3}</main><div class='more'>{teasers(12)}</div>"
    assert problem(body, dated, hint=Hint(published=datetime(2026, 3, 9, tzinfo=UTC))) is None


def test_an_article_whose_subheadings_link_elsewhere_is_none():
    body = "".join(
        f"<h2><a href='/guide/{n}'>Landing place number {n}</a></h2><p>{TEXT[n % 3]} {TEXT[n % 2]} {TEXT[2]} {TEXT[1]} {TEXT[0]}</p>"
        for n in range(6)
    )
    assert problem(f"<h1>{TITLE}</h1>{body}", "", hint=Hint(published=datetime(2026, 3, 9, tzinfo=UTC))) is None


# Pages that are not there, and walls ----------------------------------------------------------------


@pytest.mark.parametrize(
    "title",
    [
        "Page not found",
        "404 - Page Not Found | Lakeside Gazette",
        "Error 404",
        "Access Denied",
        "Seite nicht gefunden – Lakeside Gazette",
        "Page introuvable",
        "Página no encontrada",
        "Страница не найдена",
        "الصفحة غير موجودة",
        "页面不存在",
        "ページが見つかりません",
        "Sayfa bulunamadı",
    ],
)
@pytest.mark.parametrize("text", ["Try the search.", f"{LEAD} {TEXT[0]} {TEXT[1]}"])
def test_a_page_that_says_that_it_is_not_there_is_an_error_page(title, text):
    assert problem(f"<h1>{title}</h1><p>{text}</p>", "", title=title) == "error-page"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Just a moment...", "Checking your browser before accessing the site. This takes a few seconds."),
        (
            "www.example.org",
            "Please enable JavaScript and cookies to continue, then reload this page to go on to the site.",
        ),
        (
            "Lakeside Gazette",
            "Verify you are human by completing the action below. The site needs to review your connection.",
        ),
        (
            TITLE,
            "Bitte aktivieren Sie JavaScript in Ihrem Browser, um diese Seite zu sehen, und laden Sie sie dann neu.",
        ),
        ("Example", "Veuillez activer JavaScript pour afficher cette page, puis rechargez-la dans votre navigateur."),
    ],
)
def test_a_page_that_asks_for_a_browser_or_a_human_is_an_error_page(title, text):
    assert problem(f"<h1>{title}</h1><p>{text * 3}</p>", "", title=title) == "error-page"


CONSENT = {
    "en": "We value your privacy. We and our partners store and/or access information on a device, such as cookies, and process personal data for personalised ads and content. You may withdraw your consent at any time.",
    "de": "Weiter mit Werbung lesen: Wir und unsere Partner verarbeiten personenbezogene Daten und speichern Informationen auf einem Gerät. Sie können Ihre Einwilligung jederzeit widerrufen. Alle akzeptieren.",
    "fr": "Avec votre accord, nos partenaires et nous utilisons des cookies. Vous pouvez retirer votre consentement à tout moment ou continuer sans accepter. Accepter et continuer.",
    "es": "Nosotros y nuestros socios utilizamos cookies para almacenar o acceder a información en su dispositivo. Puede retirar su consentimiento cuando quiera. Aceptar y continuar.",
}


@pytest.mark.parametrize("lang", CONSENT)
@pytest.mark.parametrize(
    ("title", "head"), [("Your privacy", ""), (TITLE, ld())], ids=["own-page", "in-place-of-the-text"]
)
def test_a_page_whose_text_asks_for_consent_is_a_wall(lang, title, head):
    assert (
        problem(f"<h1>{title}</h1><p>{CONSENT[lang]}</p><p>{CONSENT[lang]}</p>", head, title=title, lang=lang)
        == "consent-wall"
    )


def test_an_article_with_a_consent_box_is_none():
    body = f"<h1>{TITLE}</h1>{PARAGRAPHS}<div class='cookie-banner'><p>{CONSENT['en']}</p></div>"
    assert problem(body) is None


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Access denied", TEXT * 4),
        (
            "Court says ferry firm may not ask for cookies",
            ["We and our partners, says the ferry firm, store cookies. The court sees that otherwise.", *TEXT * 4],
        ),
        (
            "Just a moment: how the ferry came to the lake",
            ["Just a moment, said the captain, and the ferry was on its way.", *TEXT * 3],
        ),
    ],
)
def test_an_article_that_speaks_of_such_things_is_none(title, text):
    assert problem(f"<h1>{title}</h1>{''.join(f'<p>{one}</p>' for one in text)}", title=title) is None


def test_a_declared_article_may_have_the_title_of_an_error():
    assert (
        problem(
            f"<h1>Forbidden</h1>{PARAGRAPHS}", ld(headline="Forbidden", datePublished="2026-03-09"), title="Forbidden"
        )
        is None
    )


# Another language -----------------------------------------------------------------------------------

ARABIC_TITLE = "العبارة الجديدة تنقل أول ركابها بين مدينتي البحيرة صباح الاثنين"
ENGLISH_NOTICE = "This story is not offered in the place where you are. Please write to our office by the lake if you think that this is wrong, and we will look into it within a week or so. Thank you for your patience with us."


def test_a_notice_in_another_script_than_the_title_is_not_the_text():
    assert problem(f"<h1>{ARABIC_TITLE}</h1><p>{ENGLISH_NOTICE}</p>", title=ARABIC_TITLE, lang="ar") in (
        "other-language",
        "other-text",
    )
    long = f'{DATE}<meta name="description" content="{ARABIC_TITLE} بعد عامين من التأخير">'
    assert problem(f"<h1>2026</h1><p>{ENGLISH_NOTICE}</p>", long, title="2026") in ("other-language", "other-text")


def test_a_notice_in_another_language_than_title_and_description_is_not_the_text():
    title = "Le nouveau bac du lac transporte ses premiers passagers"
    head = f'{DATE}<meta name="description" content="Après deux ans de retard, les bateaux relient de nouveau les deux rives, et les marchands du service public montent les premiers.">'
    notice = "The service is down for a while. Our people are on it and will have it back soon, so come again later in the day, or write to the office of the house if this goes on for longer than you like it to. We are sorry for it."
    assert problem(f"<h1>{title}</h1><p>{notice}</p>", head, title=title, lang="fr") == "other-language"


@pytest.mark.parametrize("lang", ["fr", "ar", "zh", ""])
def test_a_template_with_a_wrong_language_is_no_problem(lang):
    assert problem(f"<h1>{TITLE}</h1>{PARAGRAPHS}", lang=lang) is None


def test_a_name_in_another_script_for_a_headline_is_no_problem():
    text = "نقلت العبارة الجديدة بين مدينتي البحيرة أول ركابها صباح الاثنين، متأخرة ساعة عن الموعد المقرر. " * 12
    assert (
        problem(f"<h1>Samsung Galaxy S26 Ultra</h1><p>{text}</p>", title="Samsung Galaxy S26 Ultra", lang="ar") is None
    )


# No date --------------------------------------------------------------------------------------------


def test_a_page_without_a_date_that_does_not_call_itself_an_article_is_no_news():
    assert problem(f"<h1>{TITLE}</h1>{PARAGRAPHS}", "") == "no-date"


@pytest.mark.parametrize("head", [ld(), '<meta property="og:type" content="article">'])
def test_one_that_calls_itself_an_article_needs_no_date(head):
    assert problem(f"<h1>{TITLE}</h1>{PARAGRAPHS}", head) is None


def test_a_date_in_the_listing_is_a_date():
    assert problem(f"<h1>{TITLE}</h1>{PARAGRAPHS}", "", hint=Hint(published=datetime(2026, 3, 9, tzinfo=UTC))) is None
