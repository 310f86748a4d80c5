"""Crawls one of two groups of the catalogue and extracts it, as a worker of the nightly DAG does: ``… group 0``."""

from __future__ import annotations

import sys

from crawlers.crawl import crawl
from crawlers.extract import extract
from crawlers.plan import plan
from wirewatch.settings import get_settings
from wirewatch.sources import load_sources

if __name__ == "__main__":
    groups = plan(load_sources(get_settings().sources), groups=2)
    extract(crawl(groups[int(sys.argv[1])], "20260101T000000Z-000000"))
