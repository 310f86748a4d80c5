"""Runs all benchmarks and rewrites their README."""

from __future__ import annotations

from benchmarks import crawl, enrichment, extraction, habits, replay, report

ALL = (crawl, extraction, habits, enrichment, replay)

if __name__ == "__main__" and len(measured := report.run(*ALL)) == len(ALL):
    report.write_readme(measured)
