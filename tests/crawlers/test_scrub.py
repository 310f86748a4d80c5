"""A page whose words are replaced has the shape of the real one, and nothing of its text."""

from __future__ import annotations

import json
import re

from crawlers.pages import read_article
from crawlers.scrub import scrub

URL = "https://www.lagoon.example/world/the-ferry-sails-again-12345.html"
BODY = [
    "Die Fähre legte am Dienstag, 6. Mai 2031, ab, und wer an Bord war, sang bis zur Insel.",
    "„Wir sind um 7:30 Uhr gefahren“, sagte die Kapitänin; die FÄHRE werde nun täglich fahren.",
]


def page(*paragraphs: str, head: str = "", lang: str = "de") -> str:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f'<html lang="{lang}"><head>{head}</head><body><article><h1>The ferry sails</h1>{text}</article></body></html>'
    )


def shape(text: str) -> str:
    return re.sub(r"[^\W\d_]", lambda letter: "A" if letter[0].isupper() else "a", text)


def texts(html: str, pattern: str = r"<p>(.*?)</p>") -> list[str]:
    return re.findall(pattern, html, re.DOTALL)


def test_words_become_others_of_the_same_length_and_case_and_dates_stay() -> None:
    _, html = scrub(URL, page(*BODY))
    assert [shape(text) for text in texts(html)] == [shape(text) for text in BODY]
    assert "6. Mai 2031" in html and "7:30" in html
    kept = set(re.findall(r"[^\W\d_]+", " ".join(BODY))) & set(re.findall(r"[^\W\d_]+", " ".join(texts(html))))
    assert kept <= {"Dienstag", "Mai", "am"}


def test_the_same_word_becomes_the_same_one_everywhere() -> None:
    head = (
        '<title>The ferry sails</title><meta property="og:title" content="The ferry sails">'
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "THE FERRY SAILS"}</script>'
    )
    _, html = scrub(URL, page('<img alt="The ferry sails" src="/a.jpg">', head=head))
    (made,) = texts(html, "<h1>(.*?)</h1>")
    assert made != "The ferry sails" and html.count(made) == 4 and made.upper() in html


def test_nothing_of_the_text_hides_elsewhere_in_the_page() -> None:
    secret = "The captain sang all night"
    quoted = json.dumps(secret)
    head = f"""<!-- {secret} --><style>/* {secret} */</style><script>var a = {quoted};</script>
    <meta name="description" content="{secret}"><script type="application/json">{quoted}</script>
    <script type="application/ld+json">{{"@type": "NewsArticle",
    "articleBody": "<p title='{secret}'>{secret}&nbsp;</p>",
    "author": [{{"name": {quoted}}}], "keywords": {json.dumps(secret.split())}}}</script>
    <script type="application/ld+json">broken {quoted}</script>"""
    body = f"""<a href="https://x.example/share?text=The+captain+sang+all+night&u=https%3A%2F%2Fa.example%2Fthe-captain-sang"
    data-title="{secret}" data-props='{{"a": {quoted}}}' onclick="say({quoted})" aria-label="{secret}">x</a>
    <a href="mailto:?body={secret}">x</a><img srcset="/the-captain-sang-all-night.jpg 2x" title="{secret}">
    <h2 id="the-captain-sang-all-night">x</h2>
    <a href="//a.example/?u=https%3A%2F%2Fb.example%2Fcaptain-sang%3F%2F%2F">x</a>
    <noscript>{secret}</noscript><svg><text>{secret}</text></svg><template><p>{secret}</p></template>
    <textarea>{secret}</textarea><input value="{secret}"><iframe srcdoc="{secret}"></iframe>"""
    url, html = scrub("https://lagoon.example/world/the-captain-sang-all-night", page(body, head=head))
    assert not re.search(r"captain|sang|night", url + html, re.IGNORECASE)


def test_addresses_keep_their_shape_and_what_machines_read_stays() -> None:
    head = f"""<link rel="canonical" href="{URL}"><meta property="og:type" content="article">
    <meta name="robots" content="noindex, follow"><meta property="og:locale" content="de_DE">
    <script type="application/ld+json">{{"@context": "https://schema.org", "@type": ["NewsArticle", "Article"],
    "datePublished": "2031-05-06T07:08:00+02:00", "inLanguage": "de", "isAccessibleForFree": "False",
    "mainEntityOfPage": "{URL}", "wordCount": 12}}</script>"""
    url, html = scrub(URL, page(*BODY, head=head))
    assert re.fullmatch(r"https://www\.lagoon\.example/world/[a-z]{3}-[a-z]{5}-[a-z]{5}-[a-z]{5}-12345\.html", url)
    assert url != URL and html.count(url) == 2
    assert 'content="article"' in html and 'content="noindex, follow"' in html and 'content="de_DE"' in html
    data = json.loads(texts(html, r"ld\+json\">(.*?)</script>")[0])
    assert data["@type"] == ["NewsArticle", "Article"] and data["datePublished"] == "2031-05-06T07:08:00+02:00"
    assert (data["inLanguage"], data["isAccessibleForFree"], data["wordCount"]) == ("de", "False", 12)


def test_scripts_without_spaces_are_replaced_letter_by_letter() -> None:
    _, html = scrub(
        URL, page("港の渡し船は火曜日に出た。", "Паром вышел из гавани.", "غادرت العبارة الميناء", lang="ja")
    )
    assert not re.search("渡し船|Паром|العبارة", html)
    assert [len(text) for text in texts(html)] == [13, 22, 21]


def test_any_page_is_read() -> None:
    for html in (
        "",
        "<p",
        "<html><body><script type='application/ld+json'>[1, null, {}]</script>",
        "<!-- only -->",
        "\x00",
    ):
        url, made = scrub("https://x.example/", html)
        assert url == "https://x.example/" and read_article(url, made.encode()).problem
