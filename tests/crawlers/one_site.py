"""What the tests of the crawl share: one site on loopback with whatever answers, and a crawl's settings and results."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import pytest

from crawlers.plan import Group
from tests.loopback import Headers, serving
from wirewatch.batches import Batch
from wirewatch.records import Page, PageKind, PageOutcome
from wirewatch.settings import Settings, get_settings
from wirewatch.sources import Source

RUNS = ("20270101T020000Z", "20270102T020000Z", "20270103T020000Z")


def addresses(batch: Batch, kind: PageKind, outcome: PageOutcome) -> list[str]:
    return sorted(unquote(p.url) for p in batch.read(Page) if p.kind == kind and p.outcome == outcome)


def fetched(batch: Batch) -> list[str]:
    return addresses(batch, PageKind.ARTICLE, PageOutcome.FETCHED)


def failures(batch: Batch) -> dict[str, str | None]:
    return {p.url: p.reason for p in batch.read(Page) if p.outcome is PageOutcome.FAILED}


def crawl_settings(environment: pytest.MonkeyPatch, home: Path, **crawl: object) -> Settings:
    """Settings without politeness, that also the crawling process sees."""
    environment.setenv("WIREWATCH_HOME", str(home))
    for name, value in ({"delay": 0, "per_site": 8, "allow_private": True} | crawl).items():
        environment.setenv(f"WIREWATCH_CRAWL__{name.upper()}", str(value))
    get_settings.cache_clear()
    return get_settings()


@dataclass
class Site:
    """A site on loopback whose answers are given by path."""

    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    next: dict[str, str] = field(default_factory=dict)
    port: int = 0

    def url(self, path: str, host: str = "paper.localhost") -> str:
        return f"http://{host}:{self.port}{path}"

    def page(self, path: str, body: bytes | str = b"<p>Text</p>", status: int = 200, **headers: str) -> str:
        raw = body.encode() if isinstance(body, str) else body
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = (status, {"Content-Type": "text/html"} | given, raw)
        return self.url(path)

    def answers_later(self, path: str, body: str) -> None:
        """The second time a path is asked for, this is there."""
        self.next[path] = body

    def feed(self, *paths: str) -> str:
        items = "".join(
            f"<item><title>{n}</title><link>{path if '//' in path else self.url(path)}</link>"
            f"<pubDate>Mon, 06 Feb 2023 10:{59 - n:02}:00 GMT</pubDate></item>"
            for n, path in enumerate(paths)
        )
        return self.page("/feed", f"<rss version='2.0'><channel>{items}</channel></rss>", ETag=f'"{hash(items)}"')

    def source(self, **listings: tuple[str, ...]) -> Group:
        listings = listings or {"feeds": (self.url("/feed"),)}
        source = Source(name="Paper", domain="paper.localhost", country="DZ", languages=("fr", "ar"), **listings)
        return Group(name="g00", sources=(source,))

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@contextmanager
def served() -> Iterator[Site]:
    """A site, while the block lasts."""
    site, stopped = Site(), threading.Event()

    def answer(path: str, asked: Headers) -> tuple[int, Headers, bytes]:
        site.asked.append((path, dict(asked)))
        status, headers, body = site.pages.get(path, (404, {}, b""))
        if path in site.next:
            site.page(path, site.next.pop(path))
        if path == "/never":
            stopped.wait(20)
        if "ETag" in headers and asked.get("If-None-Match") == headers["ETag"]:
            return 304, headers, b""
        return status, headers, body

    with serving(answer) as site.port:
        yield site
        stopped.set()
