"""Fixtures of the tests of the crawl."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crawlers.one_site import Site, crawl_settings, served
from wirewatch.settings import Settings, get_settings


@pytest.fixture
def crawling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Settings]]:
    """Settings of one's own, which can be changed."""

    def use(home: Path = tmp_path, **crawl: object) -> Settings:
        return crawl_settings(monkeypatch, home, **crawl)

    use()
    yield use
    get_settings.cache_clear()


@pytest.fixture
def settings(crawling: Callable[..., Settings]) -> Settings:
    """The same, where nothing is crawled."""
    return crawling()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets Wirewatch's clock so many hours ahead of ours."""

    def shift(hours: float) -> None:
        monkeypatch.setenv("WIREWATCH_TIME_SHIFT", str(hours * 3600))
        get_settings.cache_clear()

    return shift


@pytest.fixture
def site() -> Iterator[Site]:
    with served() as site:
        yield site


@pytest.fixture
def in_the_crawling_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Runs code at the start of every crawling process."""

    def do(code: str) -> None:
        (tmp_path / "sitecustomize.py").write_text(code)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return do
