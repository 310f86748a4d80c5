"""Generated news sites: any number of articles over any number of host names, from one process.

``python -m benchmarks.site PORT HOSTS ARTICLES`` serves until it is stopped; with a folder of evaluation data after it,
the articles are those of :mod:`benchmarks.press`, in many languages. The hosts are ``site-00.localhost`` and so on.
Each has a feed of all its articles (``/feed.xml``) and answers conditional requests. A page has what pages have around
their text (navigation, teasers, structured data, scripts) and the size of real ones: some 120 kB and 800 elements,
which is about the median of the saved pages of the evaluation sets aeb and mediacloud200. The same arguments always
give the same pages, and no two articles are the same.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from html import escape
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
# fmt: off
PLACES = ["harbour", "council", "valley", "station", "river", "market", "border", "airport", "hospital", "school",
          "museum", "court", "bridge", "port"]
ACTORS = ["minister", "mayor", "union", "company", "judge", "farmer", "teacher", "driver", "committee", "army", "bank",
          "court", "team", "witness"]
DEEDS = ["announced", "rejected", "delayed", "welcomed", "criticised", "approved", "opened", "closed", "promised",
         "questioned", "signed"]
THINGS = ["budget", "agreement", "strike", "reform", "inquiry", "election", "storm", "harvest", "contract", "railway",
          "vaccine", "trial", "loan"]
# fmt: on
TIMES = ["on Monday", "late on Tuesday", "this week", "last month", "after a long debate", "without a vote"]


@dataclass(frozen=True)
class Made:
    """A made-up article."""

    title: str
    paragraphs: Sequence[str]
    published: datetime
    language: str = "en"
    author: str = ""
    lead: str = ""
    script: str = ""
    """What only this page has beside its article."""


Maker = Callable[[int], Made]


def host(number: int) -> str:
    """The name of a host."""
    return f"site-{number:02}.localhost"


def path(number: int) -> str:
    """The path of a host's article."""
    return f"/{day(number):%Y/%m/%d}/{_title(number).lower().replace(' ', '-')}-{number}.html"


def articles_of(number: int, hosts: int, articles: int) -> range:
    """The articles of a host."""
    return range(number, articles, hosts)


def day(number: int) -> datetime:
    """When an article was published; its path says so too."""
    return FIRST + timedelta(minutes=7 * number)


def _words(number: int) -> random.Random:
    return random.Random(f"article {number}")


def _title(number: int) -> str:
    chance = _words(number)
    words = (chance.choice(PLACES), chance.choice(ACTORS), chance.choice(DEEDS), "the", chance.choice(THINGS))
    return " ".join(words).capitalize()


def _sentence(chance: random.Random) -> str:
    return (
        f"The {chance.choice(ACTORS)} of the {chance.choice(PLACES)} {chance.choice(DEEDS)} the "
        f"{chance.choice(THINGS)} {chance.choice(TIMES)}, and the {chance.choice(ACTORS)} said that it was "
        f"{chance.randint(2, 99)} years "
        f"since the {chance.choice(PLACES)} had {chance.choice(DEEDS)} such a {chance.choice(THINGS)}."
    )


def made(number: int) -> Made:
    """An article in English, of sentences that are all built alike."""
    chance = _words(number)
    author = f"{chance.choice(['Ada', 'Ben', 'Cleo', 'Dan'])} {chance.choice(['Moss', 'Reed', 'Stone', 'Wood'])}"
    body = [" ".join(_sentence(chance) for _ in range(chance.randint(2, 5))) for _ in range(chance.randint(8, 20))]
    return Made(_title(number), body, day(number), author=author)


def page(site: str, number: int, make: Maker = made) -> str:
    """The page of an article."""
    article = make(number)
    title, at = escape(article.title), article.published
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.title,
        "datePublished": at.isoformat(),
        "author": {"@type": "Person", "name": article.author},
        "image": f"/images/{number}.jpg",
    }
    paragraphs = "\n".join(f"<p>{escape(text)}</p>" for text in article.paragraphs)
    lead = f'<meta name="description" content="{escape(article.lead)}">' if article.lead else ""
    script = f"<script>{article.script}</script>" if article.script else ""
    return f"""<!doctype html><html lang="{article.language}"><head><meta charset="utf-8">
<title>{title} | {site}</title>
<link rel="canonical" href="{path(number)}"><meta property="og:title" content="{title}">{lead}
<script type="application/ld+json">{json.dumps(data)}</script>{_furniture()[0]}</head><body>{_furniture()[1]}
<main><article><h1>{title}</h1><p class="byline">By {article.author}</p>
<time datetime="{at.isoformat()}">{at:%d %B %Y}</time>
<figure><img src="/images/{number}.jpg" alt="">
<figcaption>The {PLACES[number % 14]} in an earlier year</figcaption></figure>
{paragraphs}</article></main>{_furniture()[2]}{script}</body></html>"""


@lru_cache(1)
def _furniture() -> tuple[str, str, str]:
    """What all pages have in their head, before the article and after it."""
    chance = random.Random("furniture")
    script = "".join(f"window.slot{n}={{id:{n},size:[{chance.randint(90, 900)},250],lazy:true}};" for n in range(1500))
    sections = "".join(f'<li><a href="/{name}">{name.title()}</a></li>' for name in (*PLACES, *THINGS))
    teasers = "".join(
        f'<div class="teaser"><a href="{path(n)}"><img src="/images/{n}.jpg" alt=""><h3>{_title(n)}</h3></a></div>'
        for n in range(150)
    )
    return (
        f"<style>{'.teaser{float:left;margin:0 1em}' * 700}</style><script>{script}</script>",
        f"<header><nav><ul>{sections}</ul></nav></header>",
        f'<aside class="related">{teasers}</aside><footer><ul>{sections}</ul><p>All rights reserved.</p></footer>',
    )


def feed(site: str, port: int, articles: range, make: Maker = made) -> str:
    """The feed of a host."""
    items = "".join(
        f"<item><title>{escape(article.title)}</title><link>http://{site}:{port}{path(n)}</link>"
        f"<pubDate>{article.published:%a, %d %b %Y %H:%M:%S} +0000</pubDate></item>"
        for n, article in zip(articles, map(make, articles), strict=True)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{site}</title>{items}</channel></rss>'


def application(port: int, hosts: int, articles: int, make: Maker = made) -> Starlette:
    """All hosts."""
    numbers = {path(n): n for n in range(articles)}

    @lru_cache(hosts)
    def listed(site: str) -> bytes:
        return gzip.compress(feed(site, port, articles_of(int(site[5:7]), hosts, articles), make).encode(), 1)

    async def answer(request: Request) -> Response:
        site, number = request.url.hostname or "", numbers.get(request.url.path)
        if request.url.path == "/feed.xml":
            body, kind = listed(site), "application/rss+xml"
        elif number is not None:
            body, kind = gzip.compress(page(site, number, make).encode(), 1), "text/html; charset=utf-8"
        else:
            return Response(status_code=404)
        headers = {"ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"', "Content-Encoding": "gzip"}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=kind)

    return Starlette(routes=[Route("/{path:path}", answer)])


if __name__ == "__main__":
    port, hosts, articles = map(int, sys.argv[1:4])
    make = made
    if sys.argv[4:]:
        from benchmarks.press import Press

        make = Press(Path(sys.argv[4]), hosts).article
    served = application(port, hosts, articles, make)
    uvicorn.run(served, host="127.0.0.1", port=port, log_level="error", backlog=4096)
