"""The Mischief: a site outside the demo, each page of which tries to break a crawler in one way.

What there is: the keys of :data:`PAGES`. ``/feed?of=loop&of=drip`` is a feed of those pages.
"""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable, Iterable
from functools import cache
from urllib.parse import urljoin

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

SENTENCE = "The council met for the third time this week and agreed to repair the old bridge before the winter. "
TEXT = "".join(f"<p>{number}. {SENTENCE * 2}</p>" for number in range(1, 7))
BOMB = 100 * 2**20
"""Bytes of a bomb once it is unpacked; packed it has a thousandth."""
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
ENTITIES = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
LAUGHS = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "laugh">{ENTITIES}]>'
FILE = (
    '<?xml version="1.0"?><!DOCTYPE x SYSTEM "{base}/secret?dtd" '
    '[<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY n SYSTEM "{base}/secret?entity">]>'
)

ADDRESSES = {
    "to-loopback": "http://127.0.0.1:{port}/secret",
    "to-loopback-v6": "http://[::1]:{port}/secret",
    "to-mapped-v6": "http://[::ffff:127.0.0.1]:{port}/secret",
    "to-metadata": "http://169.254.169.254/latest/meta-data/",
    "to-private": "http://10.0.0.1/",
    "to-decimal": "http://2130706433:{port}/secret",
    "to-hex": "http://0x7f000001:{port}/secret",
    "to-octal": "http://0177.0.0.1:{port}/secret",
    "to-short": "http://127.1:{port}/secret",
    "to-inside": "http://intranet.mischief.localhost:{port}/secret",
    "to-file": "file:///etc/passwd",
}
"""Pages that redirect to where a crawler must not go. ``intranet.`` is a name that a test has resolve to 10.0.0.1."""


def answer(request: Request) -> Response | None:
    """What the site answers: None for a page that it does not have."""
    name = request.url.path.removeprefix("/")
    if name in ADDRESSES:
        # As it stands: Starlette would escape brackets.
        return Response(status_code=302, headers={"location": _fill(ADDRESSES[name], request)})
    page = PAGES.get(name.partition("/")[0])
    return page(request) if page else None


def _base(request: Request) -> str:
    return f"http://{request.headers['host']}"


def _fill(text: str, request: Request) -> str:
    return text.replace("{base}", _base(request)).replace("{port}", str(request.url.port or 80))


def _page(body: str | bytes, title: str = "Council agrees to repair the old bridge", head: str = "") -> Response:
    text = body.encode() if isinstance(body, str) else body
    start = f"<!DOCTYPE html><html lang=en><head><title>{title}</title>{head}"
    start += f'<meta property="og:type" content="article"></head><body><article><h1>{title}</h1>'
    return Response(start.encode() + text + b"</article></body></html>", headers={"content-type": "text/html"})


def _xml(text: str) -> Response:
    return Response(text, headers={"content-type": "application/xml"})


def _rss(links: Iterable[str], start: str = "", title: str = "News from the council") -> Response:
    items = "".join(f"<item><title>{title} {n}</title><link>{link}</link></item>" for n, link in enumerate(links))
    return _xml(f'{start}<rss version="2.0"><channel><title>Mischief</title>{items}</channel></rss>')


def _urls(links: Iterable[str], start: str = "") -> Response:
    rows = "".join(f"<url><loc>{link}</loc><n:news><n:title>News</n:title></n:news></url>" for link in links)
    return _xml(f'{start}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="{NEWS}">{rows}</urlset>')


@cache
def _bomb(start: bytes, end: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    megabyte = b" " * 2**20
    middle = b"".join(packer.compress(megabyte) for _ in range(BOMB // len(megabyte)))
    return packer.compress(start) + middle + packer.compress(end) + packer.flush()


def _feed(request: Request) -> Response:
    return _rss(urljoin(_base(request), name) for name in request.query_params.getlist("of"))


def _loop(request: Request) -> Response:
    turn = int(request.query_params.get("turn", "0")) + 1
    return RedirectResponse(f"/loop?turn={turn}", 302)


def _drip(request: Request) -> Response:
    async def drops() -> AsyncIterator[bytes]:
        yield b"<html><body>"
        while not await request.is_disconnected():
            yield b"<p>drop</p>"
            await asyncio.sleep(0.05)

    return StreamingResponse(drops(), media_type="text/html")


def _huge(request: Request) -> Response:
    async def flood() -> AsyncIterator[bytes]:
        yield b"<html><body>"
        while not await request.is_disconnected():
            yield b"<p>flood</p>" * 10_000
            await asyncio.sleep(0)

    return StreamingResponse(flood(), media_type="text/html")


def _endless_sitemap(request: Request) -> Response:
    async def rows() -> AsyncIterator[bytes]:
        yield b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        number = 0
        while not await request.is_disconnected():
            lot = range(number, number + 500)
            yield "".join(f"<url><loc>{_base(request)}/text?n={n}</loc></url>" for n in lot).encode()
            number += 500
            await asyncio.sleep(0)

    return StreamingResponse(rows(), media_type="application/xml")


def _endless_index(request: Request) -> Response:
    """Each index lists twenty further ones, none of which was seen before."""
    path = request.url.path
    rows = "".join(f"<sitemap><loc>{_base(request)}{path}/{n}</loc></sitemap>" for n in range(20))
    return _xml(f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</sitemapindex>')


def _endless_pages(request: Request) -> Response:
    number = int(request.query_params.get("page", "1"))
    link = f'<h2><a href="/text?n=p{number}">The council of the town met for the {number}th time</a></h2>'
    following = f"?page={number + 1}"
    return _page(
        f'{link}<a rel="next" class="next" href="{following}">Next</a>',
        "Council",
        f'<link rel="next" href="{following}">',
    )


def _entities(request: Request, start: str, entity: str) -> Response:
    """A feed or, below ``…/sitemap``, a sitemap that uses an entity in a title and in an address."""
    start = _fill(start, request)
    links = [f"{_base(request)}/text?n=1", f"{_base(request)}/text?n=&{entity};"]
    if request.url.path.endswith("sitemap"):
        return _urls(links, start)
    return _rss(links, start, f"News &{entity};")


def _links(request: Request) -> Response:
    links = "".join(
        f'<h2><a href="/text/2023/02/council-meets-once-more-{n}">The council met for the {n}th time</a></h2> '
        for n in range(100_000)
    )
    return _page(links)


def _header_bomb(request: Request) -> Response:
    page = _page(TEXT)
    for number in range(20_000):
        page.headers.append(f"x-bomb-{number}", "x" * 100)
    return page


def _header_long(request: Request) -> Response:
    page = _page(TEXT)
    page.headers["x-bomb"] = "x" * 10_000_000
    return page


def _snoop(request: Request) -> Response:
    """A page whose script asks for what it must not have, in every way it knows, and shows what it got."""
    own = request.url.port
    asked = [_fill(address, request) for name, address in ADDRESSES.items() if name != "to-file"]
    asked += [f"/{name}" for name in ADDRESSES]
    asked += [f"http://localhost:{own}/secret", "file:///etc/passwd", f"http://127.0.0.1:{own}/secret"]
    script = f"""<script>
      const port = {own};
      const loot = document.body.appendChild(document.createElement("p"));
      loot.id = "loot";
      loot.textContent = "looking";
      const tries = {asked!r}.map(url => fetch(url).then(r => r.text(), () => "").then(t => loot.textContent += t));
      const add = (name, from) => {{
        const e = document.createElement(name);
        e.src = e.href = e.data = from; e.rel = "stylesheet";
        document.body.append(e);
      }};
      const names = ["script", "link", "iframe", "img", "object", "video"];
      for (const name of names) add(name, `http://127.0.0.1:${{port}}/secret?${{name}}`);
      add("iframe", "/secret-frame");
      navigator.sendBeacon(`http://127.0.0.1:${{port}}/secret?beacon`, "x");
      try {{ new WebSocket(`ws://127.0.0.1:${{port}}/secret?socket`); }} catch (e) {{}}
      try {{ new EventSource(`http://127.0.0.1:${{port}}/secret?events`); }} catch (e) {{}}
      const work = new Blob([`fetch("http://127.0.0.1:${{port}}/secret?worker")`]);
      try {{ new Worker(URL.createObjectURL(work)); }} catch (e) {{}}
      try {{ window.open(`http://127.0.0.1:${{port}}/secret?window`); }} catch (e) {{}}
      Promise.all(tries).then(() => {{
        loot.textContent += " done";
        location = `http://127.0.0.1:${{port}}/secret?location`;
      }});
    </script>"""
    return _page(TEXT + script)


def _script(code: str) -> Response:
    return _page(f"{TEXT}<script>{code}</script>")


DEPTH = 100_000
PAGES: dict[str, Callable[[Request], Response]] = {
    "feed": _feed,
    "secret": lambda r: Response("top secret", headers={"access-control-allow-origin": "*"}),
    "text": lambda r: _page(TEXT, f"Council meets for the {r.query_params.get('n', '')}th time"),
    # scripts
    "snoop": _snoop,
    "grows": lambda r: _script(
        "for (let n = 0; n < 1e4; n++) document.body.append('more and more and more and more ')"
    ),
    "hangs": lambda r: _script("while (true);"),
    "fetches-huge": lambda r: _script("fetch('/huge').then(r => r.text()).then(t => document.body.append(t))"),
    "drips": lambda r: _script("fetch('/drip').then(r => r.text()).then(t => document.body.append(t))"),
    # size and time
    "loop": _loop,
    "drip": _drip,
    "huge": _huge,
    "bomb": lambda r: Response(
        _bomb(b"<html><body>", b""), headers={"content-type": "text/html", "content-encoding": "gzip"}
    ),
    "bomb-bomb": lambda r: Response(
        gzip.compress(_bomb(b"<html><body>", b"")),
        headers={"content-type": "text/html", "content-encoding": "gzip, gzip"},
    ),
    "bomb-sitemap": lambda r: Response(
        _bomb(b"<urlset><url><loc>", b"</loc></url></urlset>"), headers={"content-type": "application/gzip"}
    ),
    "header-bomb": _header_bomb,
    "header-long": _header_long,
    # without end
    "endless-sitemap": _endless_sitemap,
    "endless-index": _endless_index,
    "endless-pages": _endless_pages,
    "links": _links,
    "feed-of-100000": lambda r: _rss(f"{_base(r)}/text?n={n}" for n in range(100_000)),
    # XML
    "laughs": lambda r: _entities(r, LAUGHS, "l9"),
    "entity": lambda r: _entities(r, FILE, "f"),
    "entity-from-net": lambda r: _entities(r, FILE, "n"),
    "no-http": lambda r: _rss(
        ["data:text/html,&lt;p>x", "javascript:alert(1)", "file:///etc/passwd", f"{_base(r)}/text?n=1"]
    ),
    "no-http-links": lambda r: _page(
        "".join(
            f'<h2><a href="{link}">The council of the town met for the third time</a></h2>'
            for link in (
                "data:text/html,x",
                "javascript:alert(1)",
                "file:///etc/passwd",
                "/text/2023/02/council-meets-again-1",
            )
        )
    ),
    # HTML and text
    "deep": lambda r: _page("<div>" * DEPTH + TEXT + "</div>" * DEPTH, "Council digs deep"),
    "deep-inline": lambda r: _page(TEXT + "<b><i>" * DEPTH, "Council leans over"),
    "refresh": lambda r: _page(
        TEXT, "Council moves on", head='<meta http-equiv="refresh" content="0; url=http://127.0.0.1/secret">'
    ),
    "nul": lambda r: _page(TEXT.replace(". ", ".\0 ").encode() + b"\0" * 10_000, "Council adds nothing"),
    "no-charset": lambda r: _page(TEXT.replace("council", "conseil d'été").encode("cp1252"), "Council is silent"),
    "wrong-charset": lambda r: Response(
        _page(TEXT.replace("council", "conseil d'été").encode("cp1252"), "Council says something else").body,
        headers={"content-type": "text/html; charset=utf-16"},
    ),
    "nonsense-charset": lambda r: Response(
        _page(TEXT.replace("council", "conseil d'été"), "Council speaks Klingon").body,
        headers={"content-type": "text/html; charset=klingon"},
    ),
}
