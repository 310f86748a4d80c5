"""The benchmark of the crawler measures what it says it does, on sites that are always the same."""

from __future__ import annotations

import os
from pathlib import Path

from lxml.html import fromstring

from benchmarks import crawl
from benchmarks.report import Table
from benchmarks.site import articles_of, page, path
from crawlers.pages import read_article


def test_the_generated_articles_differ_and_are_the_same_every_time() -> None:
    numbers = [number for host in range(20) for number in articles_of(host, 20, 200)]
    assert sorted(numbers) == list(range(200)) and len({path(number) for number in numbers}) == 200
    assert page("site-00.localhost", 7) == page("site-00.localhost", 7) != page("site-00.localhost", 8)


def test_a_generated_page_has_the_size_of_a_real_one_and_an_article_in_it() -> None:
    text = page("site-03.localhost", 3)
    assert 100_000 < len(text) < 150_000 and 600 < sum(1 for _ in fromstring(text).iter()) < 1000
    article = read_article(f"http://site-03.localhost{path(3)}", text.encode())
    assert article.problem is None and article.published and len(article.body) > 2000
    assert "All rights reserved" not in article.body


def test_the_crawl_is_measured_and_a_second_one_transfers_next_to_nothing(tmp_path: Path) -> None:
    core = min(os.sched_getaffinity(0))
    with crawl.sites(40, core) as port:
        figures = crawl._fetching(tmp_path / "home", port, 40, [core], "few") | crawl._again(tmp_path / "home", [core])
    assert figures["crawl.few.articles"] == 40 and figures["crawl.wirewatch.few.of_scrapy"] > 0
    assert figures["crawl.second.bytes"] > 0 and figures["crawl.second.share"] < 0.02


def test_the_tables_show_every_aim() -> None:
    named = ("few", "many")
    figures = {f"crawl.{name}.articles": 20.0 for name in named}
    figures |= {f"crawl.scrapy.{name}.pages_per_s": 400.0 for name in named}
    parts = ("pages_per_s", "of_scrapy", "mb", "of_news_please")
    figures |= {f"crawl.wirewatch.{name}.{part}": 0.7 for name in named for part in parts}
    tools = ("wirewatch", "trafilatura", "news_please")
    figures |= {f"crawl.{tool}.{name}.extracted_per_s": 20.0 for name in named for tool in tools}
    figures |= {"crawl.first.bytes": 1e6}
    figures |= {"crawl.second.bytes": 1e4, "crawl.second.share": 0.01}
    tables = list(crawl.tables(figures))
    assert all(isinstance(table, Table) for table in tables)
    assert [aim in table.title for table, aim in zip(tables, ("0.7", "5 times", "2 %"), strict=True)] == [True] * 3
