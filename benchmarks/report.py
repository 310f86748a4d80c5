"""What all benchmarks share: where the evaluation data is, tables, the figures as JSON, and the README.

A benchmark is a module with a docstring that says what it does, a constant ``EVALUATED``, a function
``measure(evaluation, limit)`` that returns its :data:`Figures`, and a function ``tables(figures)``.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Protocol

import psutil
import rich.table
from rich.console import Console

from wirewatch.errors import UserError

Figures = dict[str, float]
"""Measured numbers by flat name: ``replay.crawl.seconds``."""

README = Path(__file__).parent / "README.md"
EVALUATION = Path(__file__).parents[2] / "shared/eval"
"""Where the evaluation data is looked for when nothing else is said: beside the checkout."""


@dataclass(frozen=True)
class Table:
    """A table for people. Numbers are right-aligned."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str | float]]

    def printed(self) -> rich.table.Table:
        """For the terminal."""
        table = rich.table.Table(title=self.title, title_justify="left")
        for head, numeric in zip(self.heads, self._numeric(), strict=True):
            table.add_column(head, justify="right" if numeric else "left")
        for row in self.rows:
            table.add_row(*map(_cell, row))
        return table

    def markdown(self) -> str:
        """For the README."""
        rule = ["--:" if numeric else ":--" for numeric in self._numeric()]
        rows = [self.heads, rule, *(map(_cell, row) for row in self.rows)]
        return "\n".join([f"**{self.title}**", "", *(f"| {' | '.join(row)} |" for row in rows)])

    def _numeric(self) -> list[bool]:
        return [
            bool(self.rows) and all(not isinstance(row[i], str) or row[i] == "" for row in self.rows)
            for i in range(len(self.heads))
        ]


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:.3g}"


class Benchmark(Protocol):
    """A module that measures."""

    __doc__: str | None
    __name__: str
    EVALUATED: bool
    """Whether it needs the evaluation data."""

    def measure(self, evaluation: Path, limit: int | None = None) -> Figures:
        """Do the work and return the figures."""

    def tables(self, figures: Figures) -> Iterator[Table]:
        """The figures for people."""


def run(*benchmarks: Benchmark) -> list[tuple[Benchmark, Figures]]:
    """Measure as the command line says, and print tables.

    Returns:
        Each benchmark and its figures; without those, having said so, that need evaluation data where there is none.
    """
    parser = argparse.ArgumentParser(description=" ".join(_summary(benchmark) for benchmark in benchmarks))
    parser.add_argument("--eval", type=Path, metavar="DIR", help="the evaluation data (default: WIREWATCH_EVAL)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too, as one flat object")
    parser.add_argument("--limit", type=int, metavar="N", help="measure with the first N cases only")
    given = parser.parse_args()
    evaluation = given.eval or Path(os.environ.get("WIREWATCH_EVAL") or EVALUATION)
    console = Console()
    measured = []
    for benchmark in benchmarks:
        if benchmark.EVALUATED and not evaluation.is_dir():
            console.print(
                f"no evaluation data: there is no folder {evaluation} (--eval or WIREWATCH_EVAL names another)"
            )
            continue
        try:
            figures = benchmark.measure(evaluation, given.limit)
        except UserError as error:
            sys.exit(f"Problem: {error}")
        for table in benchmark.tables(figures):
            console.print(table.printed())
        measured.append((benchmark, figures))
    if given.json:
        together = {name: figure for _, figures in measured for name, figure in figures.items()}
        given.json.write_text(json.dumps(together, indent=1) + "\n", encoding="utf-8")
    return measured


def scorer(file: Path) -> ModuleType:
    """An evaluation set's own scorer, as a module.

    Raises:
        UserError: there is none.
    """
    spec = importlib.util.spec_from_file_location(f"{file.parent.name}_score", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise UserError(f"There is no scorer {file}: the evaluation data is not complete.")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def _summary(benchmark: Benchmark) -> str:
    return (benchmark.__doc__ or "").partition("\n")[0]


def write_readme(measured: Sequence[tuple[Benchmark, Figures]]) -> None:
    """Write :data:`README` with a section for each benchmark; one that was not measured now keeps its section."""
    sections = {name: text for name, text in _sections()} | dict(map(_section, measured))
    head = (
        "# Benchmarks\n\n"
        "Written by `make bench` (`python -m benchmarks`), which runs them all; change the code, not this page. "
        "`python -m benchmarks enrichment` runs one and rewrites its section. They need the evaluation data, which is "
        "not part of this repository: `--eval DIR` or `WIREWATCH_EVAL` names its folder.\n\n"
        "What we make of the figures, and when: [notes.md](notes.md).\n\n"
    )
    README.write_text(head + "\n".join(sections[name] for name in sorted(sections)), encoding="utf-8")


def _sections() -> list[tuple[str, str]]:
    """The sections that :data:`README` has, by the name of their benchmark."""
    written = README.read_text(encoding="utf-8").split("\n## ")[1:] if README.exists() else []
    return [(text.partition("\n")[0], f"## {text.rstrip()}\n") for text in written]


def _section(one: tuple[Benchmark, Figures]) -> tuple[str, str]:
    benchmark, figures = one
    name = benchmark.__name__.rpartition(".")[2]
    parts = (
        f"## {name}",
        (benchmark.__doc__ or "").strip().replace("``", "`"),
        f"Measured on {machine()}.",
        f"```\npython -m benchmarks.{name} [--eval DIR] [--json FILE] [--limit N]\n```",
        *(table.markdown() for table in benchmark.tables(figures)),
    )
    return name, "\n\n".join(filter(None, parts)) + "\n"


def machine() -> str:
    """The machine, as far as it matters for speed."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{cores} cores ({platform.machine()}), {memory:.0f} GB of memory, {platform.system()}, "
        f"Python {platform.python_version()}"
    )
