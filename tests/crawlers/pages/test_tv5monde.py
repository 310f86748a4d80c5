"""The page object for information.tv5monde.com, on a page in the site's shape with a text of our own."""

# ruff: noqa: E501 - pages read better unbroken
from __future__ import annotations

import os
from html import escape
from pathlib import Path

import pytest

from crawlers.pages import http_response, page_object, read_article
from crawlers.pages.item import ArticleItem

URL = "https://information.tv5monde.com/afrique/un-article-1234567"
EVAL = Path(os.environ.get("WIREWATCH_EVAL") or Path(__file__).parents[4] / "shared" / "eval")
ACCEPTANCE = EVAL / "acceptance" / "tv5monde-algerie-russie.txt"

READERS_COPY = """\
Le port de Lomé inaugure son troisième quai

Le nouveau quai du port togolais a été ouvert ce lundi en présence de plusieurs ministres et de quelques centaines de dockers.
Image
Des grues sur le quai du port de Lomé, photographiées depuis le phare un matin de saison sèche.
Des grues sur le quai du port de Lomé, photographiées depuis le phare un matin de saison sèche.
© Agence imaginaire via AP
Partager 3 minutes de lecture
Le quai mesure six cents mètres et peut recevoir deux navires à la fois, selon la direction du port, qui dit avoir tenu le calendrier malgré "des livraisons de ciment en retard".

En mars les dockers avaient cessé le travail pendant deux jours :

(RE)voir : Togo : la grève des dockers vue du marché
TV5 JWPlayer Field
Chargement du lecteur...

La ministre des Transports a affirmé que le prix des conteneurs ne changerait pas avant la fin de l'année.

Le port emploie quatre mille personnes et traite plus de la moitié des marchandises du pays.
"""


def drupal_page(copy: str) -> bytes:
    """The page that a reader's copy was taken from, as Drupal would write it."""
    title, _, lead, label, caption, caption_again, credit, share, *text = copy.splitlines()
    body = ""
    for line in filter(None, map(str.strip, text)):
        if "JWPlayer" in line or line.startswith("Chargement"):
            body += f"<div><div>{escape(line)}</div></div>"
        elif line.startswith("(RE)voir"):
            body += f'<p><strong>(RE)voir : <a href="/x">{escape(line.split(":", 1)[1])}</a></strong></p>'
        else:
            body += f"<p>{escape(line)}</p>"
    return f"""<!DOCTYPE html><html lang="fr" dir="ltr"><head><meta charset="utf-8">
    <title>{escape(title)} | TV5MONDE - Informations</title>
    <link rel="canonical" href="{URL}"><meta property="og:site_name" content="TV5MONDE - Informations">
    <meta property="og:type" content="article"><meta property="og:title" content="{escape(title)}">
    <meta property="og:image" content="/sites/default/files/cover.jpg">
    <meta property="article:published_time" content="2023-02-27T18:35:00+01:00"></head><body>
    <nav><ul><li><a href="/afrique">Afrique</a></li><li><a href="/monde">Monde</a></li></ul></nav>
    <main><article class="node node--type-article">
    <h1><span class="field field--name-title">{escape(title)}</span></h1>
    <div class="field"><p>{escape(lead)}</p></div>
    <div class="field"><div class="field__label">{label}</div><div class="field__item"><article class="media">
      <img src="/sites/default/files/styles/large/cover.jpg" alt="{escape(caption)}">
      <div>{escape(caption)}</div><div>{escape(caption_again)}</div><div>{escape(credit)}</div></article></div></div>
    <div><span>{share.split(" ", 1)[0]}</span> <span>{share.split(" ", 1)[1]}</span></div>
    <div class="field">{body}</div></article>
    <aside><h2>À lire aussi</h2><p><a href="/y">Un tout autre sujet qui ne doit pas être dans le texte de l'article</a></p></aside>
    </main><footer><p>Inscrivez-vous à la newsletter</p></footer></body></html>""".encode()


def plain_page(copy: str) -> bytes:
    """The same text on a page without any markup that would tell noise from text, on a site nobody knows."""
    title, _, *lines = copy.splitlines()
    caption = lines[2]
    text = "".join(f"<p>{escape(line)}</p>" for line in lines if line.strip())
    return f"""<html lang="fr"><head><title>{escape(title)}</title></head><body><h1>{escape(title)}</h1>
    <img src="/cover.jpg" alt="{escape(caption)}">{text}</body></html>""".encode()


def assert_clean(item: ArticleItem, copy: str) -> None:
    """Title, lead and text are what a reader would call so, and everything else of the copy is elsewhere or gone."""
    title, _, lead, _, caption, _, credit, _, *text = copy.splitlines()
    noise = ("JWPlayer", "Chargement", "(RE)voir")
    assert item.title == title
    assert item.lead == lead
    lines = [" ".join(line.split()) for line in text if line.strip() and not any(mark in line for mark in noise)]
    assert item.body.split("\n\n") == lines
    assert item.images[0].caption == caption
    assert item.images[0].credit == credit.lstrip("© ")
    assert item.problem is None


@pytest.mark.parametrize("port", ["", ":8443"])
def test_the_class_of_a_site_is_used_at_any_port(port: str) -> None:
    page = page_object(
        http_response(f"https://information.tv5monde.com{port}/afrique/un-article-1234567", b"<h1>Un</h1>")
    )
    assert type(page).__name__ == "TV5MondePage"


def test_a_page_in_the_sites_shape_gives_clean_fields():
    item = read_article(URL, drupal_page(READERS_COPY))
    assert_clean(item, READERS_COPY)
    assert item.url == URL
    assert item.language == "fr"
    assert item.published.isoformat() == "2023-02-27T18:35:00+01:00"
    assert [image.url for image in item.images] == [
        "https://information.tv5monde.com/sites/default/files/styles/large/cover.jpg"
    ]


@pytest.mark.skipif(not ACCEPTANCE.exists(), reason=f"no evaluation data at {ACCEPTANCE}: set WIREWATCH_EVAL")
def test_the_article_this_project_was_started_for_gives_clean_fields():
    copy = ACCEPTANCE.read_text(encoding="utf-8")
    assert_clean(read_article(URL, drupal_page(copy)), copy)


@pytest.mark.parametrize("given", ["ours", "acceptance"])
def test_the_generic_page_object_leaves_none_of_the_noise_in_the_text(given: str):
    if given == "acceptance" and not ACCEPTANCE.exists():
        pytest.skip(f"no evaluation data at {ACCEPTANCE}: set WIREWATCH_EVAL")
    copy = READERS_COPY if given == "ours" else ACCEPTANCE.read_text(encoding="utf-8")
    item = read_article("https://example.org/a", plain_page(copy))
    _, _, lead, _, caption, _, credit, share, *text = copy.splitlines()
    everything = [item.title, item.lead or "", *item.body.split("\n\n")]
    for noise in ("Image", caption, credit, share, "TV5 JWPlayer Field", "Chargement du lecteur..."):
        assert noise not in everything
    assert not any("(RE)voir" in line for line in everything)
    assert lead in everything
    assert text[0] in everything
