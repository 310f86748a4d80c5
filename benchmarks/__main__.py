"""Runs all benchmarks, or those that are named, and rewrites their sections of the README."""

from __future__ import annotations

import sys

from benchmarks import (
    about,
    alerts,
    crawl,
    enrichment,
    extraction,
    growth,
    habits,
    hot,
    pipeline,
    relevance,
    replay,
    report,
    scale,
    search,
)

ALL = {
    "about": about,
    "alerts": alerts,
    "crawl": crawl,
    "enrichment": enrichment,
    "extraction": extraction,
    "growth": growth,
    "habits": habits,
    "hot": hot,
    "pipeline": pipeline,
    "relevance": relevance,
    "replay": replay,
    "scale": scale,
    "search": search,
}

if __name__ == "__main__":
    named = [argument for argument in sys.argv[1:] if argument in ALL]
    sys.argv[1:] = [argument for argument in sys.argv[1:] if argument not in ALL]
    report.write_readme(report.run(*(ALL[name] for name in named or ALL)))
