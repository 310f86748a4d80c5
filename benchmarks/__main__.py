"""Runs all benchmarks and rewrites their README."""

from __future__ import annotations

from benchmarks import replay, report

if __name__ == "__main__" and (measured := report.run(replay)):
    report.write_readme(measured)
