"""The article's text in the states of scripts, in each shape that sites write them in."""

# ruff: noqa: E501 - pages read better unbroken
from __future__ import annotations

import json
from typing import Any

import pytest
from parsel import Selector

from crawlers.pages.states import state_texts

URL = "https://www.example.org/news/ferry-opens"
TEXT = [
    "The new ferry between the two lake towns carried its first passengers on Monday morning, an hour later than planned.",
    "Traders who used to drive around the lake said that the crossing would save them half a day on every trip to market.",
    "“It is a good day,” said the harbour master. The transport office hopes to add a second boat before the rains.",
]
OTHER = [
    "A bakery in the upper town has closed after eighty years, because nobody wanted to take over the oven and the shop.",
    "Its last loaves were sold before seven in the morning, to a queue that reached as far as the square of the station.",
    "The owner said that she would now sleep as long as other people do, and that she would miss the smell of the bread.",
    "What becomes of the house is not known yet; the council would like to see a library there, or rooms for an office.",
]
HTML = "".join(f"<p>{text}</p>" for text in TEXT)
MENU = {"items": [{"title": "Sport", "url": "/sport"}, {"title": "Weather and traffic", "url": "/weather"}]}


def texts(scripts: str, url: str = URL) -> list[tuple[list[str], str]]:
    head = (
        '<title>Ferry opens on the lake - Example</title><meta property="og:title" content="Ferry opens on the lake">'
    )
    return state_texts(
        Selector(text=f"<html><head>{head}</head><body><div id=root></div>{scripts}</body></html>").root, url
    )


def next_data(props: Any) -> str:
    return f'<script id="__NEXT_DATA__" type="application/json">{json.dumps({"props": {"pageProps": props}, "menu": MENU})}</script>'


def flight(*rows: str) -> str:
    stream = "\n".join(rows)
    half = len(stream) // 2
    return "".join(
        f"<script>self.__next_f.push({json.dumps([1, part])})</script>" for part in (stream[:half], stream[half:])
    )


SHAPES = {
    "a value pushed onto a list": f'<script>window["__Q_R_1_"] = window["__Q_R_1_"] || [];window["__Q_R_1_"].push({json.dumps({"queries": [{"state": {"data": {"contentHtml": HTML}}}]})});</script>',
    "one string of HTML": next_data({"article": {"title": "Ferry opens on the lake", "body": HTML}}),
    "HTML as characters": next_data({"body": HTML.replace("<", "&lt;").replace(">", "&gt;")}),
    "Markdown": next_data({"content": "\n\n".join([TEXT[0], f"**{TEXT[1]}**", TEXT[2]])}),
    "blocks of HTML": next_data({"blocks": [{"type": "html", "content": f"<p>{text}</p>"} for text in TEXT]}),
    "paragraphs as strings": next_data({"story": {"paragraphs": TEXT}}),
    "blocks with other blocks between": next_data(
        {"elements": [{"type": "text", "content": TEXT[0]}, {"type": "image", "text": "A boat on the lake, seen from the pier."}]
         + [{"type": "text", "content": text} for text in TEXT[1:]]}
    ),
    "a tree of nodes": next_data(
        {"content": {"type": "doc", "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": text[:20]}, {"type": "text", "marks": [{"type": "bold"}], "text": text[20:]}]}
            for text in TEXT]}}
    ),
    "nodes within models": next_data(
        {"contents": [{"type": "text", "model": {"blocks": [
            {"type": "paragraph", "model": {"text": text, "blocks": [{"type": "fragment", "model": {"text": text}}]}}]}} for text in TEXT]}
    ),
    "a stream of texts": flight('0:["$","$L1",null,{"body":"$2"}]', f"2:T{len(HTML.encode()):x},{HTML}3:[]"),
    "a stream of elements": flight(
        "1:" + json.dumps(["$", "article", None, {"children": [["$", "p", None, {"children": [text[:9], ["$", "b", None, {"children": text[9:]}]]}] for text in TEXT]}])
    ),
    "a function's result": f'<script>window.__NUXT__=(function(a,b,c){{return {{layout:"default",data:[{{lead:a,show:!0,body:b,more:void 0,size:.5,at:new Date(0),ago:-1.e3,list:[c,c,],}}]}}}}("A lead",{json.dumps(HTML)},null));</script>',
    "a flat list": '<script type="application/json" id="__NUXT_DATA__">' + json.dumps([["Reactive", 1], {"data": 2, "self": 1}, {"body": 3}, [4, 5, 6], *TEXT]) + "</script>",
    "entities": "<script>window.__APOLLO_STATE__ = " + json.dumps(
        {"Post:1": {"content": {"paragraphs": [{"__ref": f"Paragraph:{n}"} for n in range(3)]}}}
        | {f"Paragraph:{n}": {"__typename": "Paragraph", "type": "P", "text": text} for n, text in enumerate(TEXT)}) + ";</script>",
    "a state": f"<script>var x = 1; window.__INITIAL_STATE__ = {json.dumps({'article': {'html': HTML}})}; start(x);</script>",
    "a script's literal": f"<script>const page = {{title: 'Ferry opens on the lake', 'body': '{HTML}', // the text\n}}</script>",
    "globalContent": f"<script>window.Fusion=window.Fusion||{{}};Fusion.globalContent={json.dumps({'content_elements': [{'type': 'text', 'content': text} for text in TEXT]})};Fusion.x='1'</script>",
    "JSON in a string": f"<script>window.DATA = JSON.parse({json.dumps(json.dumps({'article': {'body': TEXT}}))});</script>",
    "JSON in a string alone": f"<script>window.DATA = {json.dumps(json.dumps({'article': {'body': TEXT}}))};</script>",
    "another script": f'<script type="application/json">{json.dumps({"data": json.dumps({"body": HTML})})}</script>',
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_the_text_is_found_in_every_shape(shape: str) -> None:
    assert [found for found, _ in texts(SHAPES[shape])] == [TEXT]


def test_it_is_said_where_the_text_stands() -> None:
    names = [
        texts(SHAPES[shape])[0][1]
        for shape in ("one string of HTML", "a stream of texts", "a state", "JSON in a string", "another script")
    ]
    assert names == [
        "script __NEXT_DATA__",
        "script self.__next_f",
        "script window.__INITIAL_STATE__",
        "script window.DATA",
        "script application/json",
    ]


def test_another_story_is_left_out_even_where_it_is_longer() -> None:
    own = {"headline": "Ferry opens on the lake", "slug": "ferry-opens", "body": TEXT}
    other = {"headline": "A bakery closes", "slug": "bakery-closes", "body": OTHER}
    assert texts(next_data({"stories": [other, own]}))[0][0] == TEXT
    assert texts(next_data({"stories": [other]})) == []


def test_a_story_is_known_by_its_address_where_its_title_differs() -> None:
    own = {"title": "First boat across", "url": "/news/ferry-opens", "body": TEXT}
    assert texts(next_data({"stories": [own]}))[0][0] == TEXT


def test_related_stories_and_comments_are_no_text() -> None:
    assert texts(next_data({"related": [{"text": text} for text in OTHER], "comments": TEXT})) == []


def test_a_notice_that_shares_no_word_with_the_title_is_no_text() -> None:
    notice = "We and our partners keep things on your device. You can change your mind whenever you like. " * 3
    assert texts(next_data({"banner": {"text": notice}})) == []


def test_the_text_beside_the_pages_title_comes_first() -> None:
    longer = {"body": [f"{text} The ferry opens the lake." for text in OTHER]}
    own = {"title": "Ferry opens on the lake", "body": TEXT}
    found = texts(next_data(longer) + f"<script>window.STATE = {json.dumps(own)}</script>")
    assert [origin for _, origin in found] == ["script window.STATE", "script __NEXT_DATA__"]


@pytest.mark.parametrize(
    "scripts",
    [
        "",
        "<script></script><script type>",
        "<script>window.a = {b: c(1), d: `x${1}`}; if (a == {}) { JSON.parse('{') }</script>",
        f"<script>window.a = {'[' * 5000}{' ' * 500}</script>",
        f"<script type='application/json'>{'[' * 100_000}</script>",
        f"<script type='application/json'>{json.dumps([[[None, 1, 2.5, True, {'text': None, 'type': 3, 'title': [1], 'url': 4, 'id': {}}]] * 50])}</script>",
        '<script type="application/json" id="__NUXT_DATA__">[["Reactive",1],{"a":1,"b":-1,"c":99,"d":"x"},' + " " * 200 + "[]]</script>",
        f"<script>self.__next_f.push([1,\"1:Tffff,abc\"]);self.__next_f.push(3);self.__next_f.push([0]);self.__next_f.push([1,2]){' ' * 200}</script>",
        f"<script>window.__NUXT__=(function(a){{return {{a:a,b:{{}}}}}}(new Map(),1{' ' * 500}</script>",
        '<script type="application/json">' + json.dumps({"html": "<p>\ud83d\x00\x0b</p>" * 50, "text": "&lt;p" * 80, "url": "http://[", "title": "x"}) + "</script>",
    ],
)  # fmt: skip
def test_scripts_that_are_no_state_or_broken_give_nothing(scripts: str) -> None:
    assert texts(scripts) == []
    assert texts(scripts, url="") == []
