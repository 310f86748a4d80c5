"""Which pictures a page has, and what stands under each, on pages written for it."""

# ruff: noqa: E501 - pages read better unbroken

from __future__ import annotations

import json
from typing import Any

import pytest

from crawlers.pages.choice import Choice
from tests.crawlers.pages.made import TEXT, TITLE, document, page_of, read
from wirewatch.records import Image

SITE = "https://www.example.org"
CAPTION = "The ferry leaves the southern pier with its first passengers."
BODY = "\n\n".join(TEXT)


def page(markup: str, *, head: str = "", below: str = "") -> str:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in TEXT)
    return document(f"<article><h1>{TITLE}</h1>{markup}<div>{text}</div></article>{below}", head)


def images(markup: str, **more: str) -> tuple[Image, ...]:
    return read(page(markup, **more)).images


def choice(html: str) -> Choice[tuple[Image, ...]]:
    return page_of(html).choices()["images"]


def ld(image: Any) -> str:
    node = {"@type": "NewsArticle", "headline": TITLE, "image": image}
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


def og(address: str) -> str:
    return f'<meta property="og:image" content="{SITE}{address}">'


# Captions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "markup",
    [
        f"<figure><img src='/a.jpg'><figcaption>{CAPTION}</figcaption></figure>",
        f"<div class='wp-caption'><img src='/a.jpg'><p class='wp-caption-text'>{CAPTION}</p></div>",
        f"<div><img src='/a.jpg'><span class='newsCaption'>{CAPTION}</span></div>",
        f"<div><div><img src='/a.jpg'></div><div itemprop='caption'>{CAPTION}</div></div>",
        f"<div class='image'><figure><img src='/a.jpg'></figure></div><figcaption>{CAPTION}</figcaption>",
        f"<div><img src='/a.jpg' alt='{CAPTION}'></div><div class='meta2'><span>{CAPTION}</span></div>",
        f"<img src='/a.jpg' aria-describedby='c1'><div id='c1'>{CAPTION}</div>",
        f"<figure><img src='/a.jpg' data-caption='{CAPTION}'></figure>",
        f"<figure><a href='/a-large.jpg'><img src='/a.jpg'></a><figcaption>{CAPTION}</figcaption></figure>",
        f"<figure><a href='/gallery/5'><img src='/a.jpg'></a><figcaption>{CAPTION}</figcaption></figure>",
        f"<figure><lazy-image src='/a.jpg'></lazy-image><figcaption>{CAPTION}</figcaption></figure>",
        f"<button><div class='embed'><img src='/a.jpg'><figcaption><p>{CAPTION}</p></figcaption></div></button>",
        f"<aside><img src='/a.jpg'><p class='caption'>{CAPTION}</p></aside>",
    ],
    ids=[
        "figure", "wp-caption", "camel-case", "itemprop", "outside", "alternative", "described-by", "data", "zoom",
        "gallery", "element", "button", "aside",
    ],
)  # fmt: skip
def test_a_caption_is_found_in_any_markup_and_is_not_in_the_text(markup):
    item = read(page(markup))
    (image,) = item.images
    assert (image.url, image.caption) == (f"{SITE}/a.jpg", CAPTION)
    assert item.body == BODY


@pytest.mark.parametrize(
    ("caption", "credit"),
    [
        ("{} <span class='credit'>Photo: Jo Otieno</span>", "Jo Otieno"),
        ("{} <span class='credit'>Jo Otieno</span> /AP", "Jo Otieno /AP"),
        ("{} © Jo Otieno / AP", "Jo Otieno / AP"),
        ("{} (AP Photo/Jo Otieno)", "AP Photo/Jo Otieno"),
        ("{} Photograph by Jo Otieno", "Jo Otieno"),
        ("{} (Quelle: Jo Otieno/dpa)", "Jo Otieno/dpa"),
        ("{}", None),
    ],
)
def test_a_credit_is_apart_from_its_caption(caption, credit):
    (image,) = images(f"<figure><img src='/a.jpg'><figcaption>{caption.format(CAPTION)}</figcaption></figure>")
    assert (image.caption, image.credit) == (CAPTION, credit)


def test_every_picture_of_a_gallery_has_its_own_caption():
    slides = "".join(
        f"<div class='slide'><img src='/boat-{n}.jpg'><div class='info-description'><p>Boat number {n} on the lake</p></div></div>"
        for n in "123"
    )
    found = images(f"<figure class='gallery'>{slides}</figure>")
    assert [(image.url, image.caption) for image in found] == [
        (f"{SITE}/boat-{n}.jpg", f"Boat number {n} on the lake") for n in "123"
    ]


def test_captions_after_their_pictures_go_to_the_picture_before_each():
    figures = "".join(f"<figure><img src='/boat-{n}.jpg'></figure><p class='caption'>Boat number {n}</p>" for n in "12")
    assert [(i.url[-5], i.caption) for i in images(figures)] == [("1", "Boat number 1"), ("2", "Boat number 2")]


# The cover ------------------------------------------------------------------------------------------


def figure(address: str, caption: str = CAPTION) -> str:
    return f"<figure><img src='{address}'><figcaption>{caption}</figcaption></figure>"


@pytest.mark.parametrize(
    ("declared", "shown"),
    [
        ("/img/ferry.jpg?w=1200", "/img/ferry.jpg?w=600"),
        ("/img/ferry-1200x630.jpg", "/img/ferry-600x400.jpg"),
        ("/img/w1200_h630_ferry_4711.jpg", "/img/w600_h400_ferry_4711.webp"),
        ("/img/8406340.jpg", "/resize/600?url=https%3A%2F%2Fwww.example.org%2Fimg%2F8406340.jpg"),
        ("/17835497/large/boat", "/17835497/small/boat"),
    ],
    ids=["query", "suffix", "prefix", "service", "folder"],
)
def test_sizes_of_one_picture_are_one_picture(declared, shown):
    (image,) = images(figure(shown), head=og(declared))
    assert (image.url, image.caption) == (f"{SITE}{shown}", CAPTION)


@pytest.mark.parametrize("names", [("ferry-1", "ferry-2"), ("101/boat", "102/boat"), ("dsc_4711", "dsc_4712")])
def test_pictures_with_names_alike_are_several(names):
    if "/" in names[0]:
        names = tuple(f"{name.split('/')[0]}000123/{name.split('/')[1]}" for name in names)
    assert len(images("".join(figure(f"/{name}.jpg", f"{CAPTION} {name}") for name in names))) == 2


def test_the_picture_above_the_text_is_the_cover_and_not_another_one_made_for_networks():
    found = images(figure("/ferry.jpg"), head=og("/share-card.jpg"))
    assert [image.url for image in found] == [f"{SITE}/ferry.jpg"]


def test_the_declared_picture_is_the_cover_where_readers_see_none_above_the_text():
    html = page("", head=og("/ferry.jpg")).replace(TEXT[2], TEXT[2] + figure("/pier.jpg"))
    assert [image.url for image in read(html).images] == [f"{SITE}/ferry.jpg", f"{SITE}/pier.jpg"]


def test_pictures_of_json_ld_have_their_caption_credit_and_size():
    node = {"@type": "ImageObject", "url": "/a.jpg", "caption": CAPTION, "creditText": "Jo Otieno", "width": "800px"}
    (image,) = images("", head=ld([node | {"height": {"value": 600}}]))
    assert (image.caption, image.credit, image.width, image.height) == (CAPTION, "Jo Otieno", 800, 600)


def test_each_candidate_says_where_it_stands():
    pictures = figure("/a.jpg") + f"<div><img src='/b.jpg'><p class='caption'>{CAPTION} B</p></div>"
    found = choice(page(pictures, head=ld(f"{SITE}/a.jpg")))
    assert [candidate.origin for candidate in found.candidates] == ["json-ld image", "figure", "img"]
    assert choice(page("", head=og("/a.jpg"))).origin == "meta og:image"
    assert found.why


# Addresses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attributes",
    [
        "src='/a.jpg'",
        "src='data:image/gif;base64,R0lGOD' data-src='/a.jpg'",
        "src='/img/placeholder.png' data-original='/a.jpg'",
        "src='/transparent.gif' data-srcset='/s.jpg 320w, /a.jpg 1200w, /m.jpg 640w'",
        "srcset='/s.jpg 1x,https://www.example.org/a.jpg 2x'",
        "data-lazyload-srcset='/a.jpg'",
    ],
)
def test_a_picture_that_a_script_loads_late_has_its_address(attributes):
    (image,) = images(f"<figure><img {attributes}><figcaption>{CAPTION}</figcaption></figure>")
    assert image.url == f"{SITE}/a.jpg"


def test_a_picture_may_stand_in_the_source_beside_it_or_where_no_script_runs():
    source = "<picture><source srcset='/a.jpg 640w'><img alt=''></picture>"
    noscript = "<img class='lazy'><noscript><img src='/b.jpg'></noscript>"
    found = images(
        "".join(f"<figure>{p}<figcaption>{CAPTION} {n}</figcaption></figure>" for n, p in enumerate((source, noscript)))
    )
    assert [image.url for image in found] == [f"{SITE}/a.jpg", f"{SITE}/b.jpg"]


@pytest.mark.parametrize(
    "markup",
    [
        "<figure><a href='/other'><img src='/a.jpg'><figcaption>Another story of the lake</figcaption></a></figure>",
        "<figure><a href='/other'><img src='/a.jpg'></a><figcaption><a href='/other'>Another story</a></figcaption></figure>",
        "<figure><a href='/authors/jo'><img src='/jo.jpg'></a><figcaption>By <a href='/authors/jo'>Jo Otieno</a>, 9:30</figcaption></figure>",
        "<div class='author-box'><figure><img src='/jo.jpg'></figure></div>",
        "<figure><img src='/site-logo.png'></figure>",
        "<figure><img src='/ferry.svg'><figcaption>A ferry</figcaption></figure>",
        "<figure><img src='/count.gif' width='1' height='1'></figure>",
        "<figure><img src='/face.jpg?width=100&height=100'></figure>",
        "<nav><figure><img src='/a.jpg'><figcaption>Lake</figcaption></figure></nav>",
        "<aside><img src='/a.jpg'><p class='caption'>One</p><img src='/b.jpg'><p class='caption'>Two</p></aside>",
        "<img src='/a.jpg'>",
    ],
    ids=["teaser", "linked-caption", "portrait", "author", "logo", "icon", "pixel", "face", "menu", "sidebar", "unframed"],
)  # fmt: skip
def test_pictures_of_others_are_none_of_the_article(markup):
    assert images(markup) == ()


# Odd pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "image",
    [5, None, True, [], [None, 3], {"url": 5}, {"url": ["/a.jpg"]}, {"@id": "#none"}, {"url": "http://["}, "", {"caption": ["a"]}],
)  # fmt: skip
def test_an_image_in_json_ld_that_is_none_does_no_harm(image):
    assert images("", head=ld(image)) == ()


@pytest.mark.parametrize(
    "markup",
    ["<img>", "<figure></figure>", "<img src=''>", "<img srcset=','>", "<img srcset='a 1w,, 2w'>", "<img src='http://['>",
     "<figure><img src='data:x'><figcaption></figcaption></figure>", "<img aria-describedby='none'>"],
)  # fmt: skip
def test_a_picture_without_address_is_none(markup):
    assert images(markup) == ()
