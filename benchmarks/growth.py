"""What gets dearer as more is known: telling stories apart by how many are in the news, the crawl state by how many
addresses it knows, and finding what is left to do by how many batches were ever done.

Each size in a process of its own on one core, in processor time. Stories are made up: unit vectors in all directions,
with two countries and three names each; a quarter of the articles are new stories, as of real news. *To load* is what
each batch pays before its first article, twice: once when it is told, once when it is remembered. A state is filled
with the answers of so many articles in batches of 5,000; measured is the last thousand. Batches done are empty, of 340
a day, on the disk and in a bucket of moto's server.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import process_time

import numpy as np
import psutil
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.s3.models import s3_backends
from sqlalchemy.orm import Session

from benchmarks.process import alone, peak_memory
from benchmarks.report import Figures, Table
from enrichment import memory
from enrichment.embedding import DIMENSIONS
from enrichment.stories import Facts, Told
from tests.s3 import S3, s3
from wirewatch import settled
from wirewatch.batches import MANIFEST, Batch, pending, run_name, write
from wirewatch.records import Page, PageKind, PageOutcome, SourceRef, now
from wirewatch.state import State
from wirewatch.state_tables import Applied

EVALUATED = False
STORIES = (1_000, 10_000, 100_000)
ADDRESSES = (1_000, 10_000, 100_000)
BATCHES = (100, 1_000, 10_000)
A_DAY = 340
"""Batches of 169 runs."""
ARTICLES = 100
"""Told apart at each size."""
NEW = 0.25
"""Share of the articles that begin a story: it has four on average."""
_NOW = datetime(2026, 11, 1, tzinfo=UTC)


def measure(evaluation: Path | None = None, limit: int | None = None) -> Figures:
    """Measure at three sizes each.

    Args:
        evaluation: not used: all is made up.
        limit: stories and addresses of the largest size, instead of 100,000; batches are a tenth.
    """
    figures: Figures = {}
    for kind, sizes in (("stories", STORIES), ("state", ADDRESSES), ("done", BATCHES)):
        for size in sizes:
            some = size if limit is None else max(10, size * limit // STORIES[-1])
            taken = alone(f"benchmarks.growth:{kind}", some)
            figures |= {f"growth.{kind}.{size}.{name}": figure for name, figure in taken.items()}
    return figures


def stories(size: int) -> Figures:
    """What a batch takes where so many stories are in the news."""
    home = Path(os.environ["WIREWATCH_HOME"])
    # In a process of its own: what filling takes and gives back would hide what telling takes.
    filling = get_context("fork").Process(target=_fill, args=(home, size))
    filling.start()
    filling.join()
    facts = list(_facts(ARTICLES))
    root, file = (home / "batches").as_uri(), home / "state.sqlite"
    remembered = memory.Memory(f"sqlite:///{file}")
    figures: Figures = {"size": size, "bytes_per_story": file.stat().st_size / size}
    before = psutil.Process().memory_info().rss
    with peak_memory(os.getpid()) as peak:
        for name, some in (("first_s", facts[:1]), ("load_s", facts[:1]), ("all_s", facts)):
            with remembered.alone(root) as session:
                begun = process_time()
                memory.tell(session, some)
                figures[name] = process_time() - begun
    figures["mb"] = max(0, peak() - before) / 2**20
    figures["ms_per_article"] = 1000 * max(0.0, figures["all_s"] - figures["load_s"]) / (ARTICLES - 1)
    return figures


def _fill(home: Path, size: int) -> None:
    remembered = memory.Memory(f"sqlite:///{home}/state.sqlite")
    with Session(remembered.engine) as session:
        session.add_all(memory._row(told) for told in _told(size))
        session.commit()
    remembered.engine.dispose()  # what waits in SQLite's journal comes into the database


def _told(size: int) -> Iterator[Told]:
    chance = np.random.default_rng(7)
    for number in range(size):
        at = _NOW - timedelta(days=7 * number / size)
        centre = chance.normal(size=DIMENSIONS).astype(np.float32)
        yield Told(
            id=f"{number:020x}",
            title="A story that is neither very short nor very long, as headlines are",
            nearest=0.9,
            first_seen=at,
            last_seen=at,
            begun=at,
            ended=at,
            centre=centre,
            articles=4,
            countries=Counter({_country(number): 4, _country(number // 7): 1}),
            names=Counter({f"person:name-{chance.integers(size)}": 2 for _ in range(3)}),
            languages=Counter({"en": 2, "fr": 2}),
            sources=Counter({f"source-{number % 700}.example": 2, f"source-{number % 691}.example": 2}),
        )


def _facts(size: int) -> Iterator[Facts]:
    """Articles, of which :data:`NEW` are near to no story, and the others to the first ones of :func:`_told`."""
    chance = np.random.default_rng(8)
    known = [told.centre for told in _told(size)]
    for number in range(size):
        vector = chance.normal(size=DIMENSIONS) if number < NEW * size else known[number]
        vector = (vector / np.linalg.norm(vector)).astype(np.float32)
        countries = frozenset({_country(number)})
        source = f"source-{number % 700}.example"
        yield Facts(f"a{number:019x}", "A headline", "en", source, _NOW, _NOW, vector, countries, frozenset({"x"}))


def _country(number: int) -> str:
    return chr(65 + number % 26) + chr(65 + number // 26 % 26)


def state(size: int) -> Figures:
    """What a thousand answers take where so many addresses are known."""
    home = Path(os.environ["WIREWATCH_HOME"])
    root, known = (home / "batches").as_uri(), State(f"sqlite:///{home}/state.sqlite")
    for first in range(0, size, 5_000):
        _fetched(root, first, min(5_000, size - first))
    known.catch_up(root)
    known.engine.dispose()
    filled = (home / "state.sqlite").stat().st_size
    _fetched(root, size, 1_000)
    begun = process_time()
    known.catch_up(root)
    return {"size": size, "bytes_per_address": filled / size, "ms_per_address": process_time() - begun}


def _fetched(root: str, first: int, size: int) -> None:
    with write(Batch(root, "pages", f"{first:012}-made")) as out:
        for number in range(first, first + size):
            site = f"source-{number % 700}.example"
            out.add(
                Page(
                    url=f"https://{site}/2026/11/01/world/a-headline-of-some-eight-or-nine-words-{number}.html",
                    source=SourceRef(id=site, name=site, country="FR"),
                    kind=PageKind.ARTICLE,
                    outcome=PageOutcome.FETCHED,
                    fetched=_NOW,
                    digest=f"{number:032x}",
                    etag=f'"{number:016x}"',
                )
            )


def done(size: int) -> Figures:
    """What it takes to find what is left to do, where so many batches are done: in a folder the processor time of a
    look, in a bucket the requests of a run; where no day is known to be settled, and after the upkeep of the night.
    """
    home, figures = Path(os.environ["WIREWATCH_HOME"]), Figures(size=size)
    names = [run_name(now() - timedelta(days=number / A_DAY), "made") for number in range(size)]
    root, day = (home / "batches").as_uri(), f"{now() - timedelta(days=3):%Y%m%d}"
    for stage, name in itertools.product(("pages", "articles"), names):
        (home / "batches" / stage / name).mkdir(parents=True)
        (home / "batches" / stage / name / MANIFEST).touch()
    for figure in ("look_s", "settled_look_s"):
        begun = process_time()
        assert not pending(root, "articles")
        figures[figure] = process_time() - begun
        settled.write(root, day)
    known, remembered = State(f"sqlite:///{home}/state.sqlite"), memory.Memory(f"sqlite:///{home}/state.sqlite")
    with Session(known.engine) as session:
        session.add_all(Applied(stage=stage, name=name) for stage in ("pages", "articles") for name in names)
        session.add_all(memory._Applied(name=name) for name in names)
        session.commit()
    with s3() as store:
        os.environ.update(store.environment)
        root = store.bucket()
        _fill_bucket(root, names)
        figures["requests"] = _requests(store, root, known, remembered)
        settled.write(root, day)
        _requests(store, root, known, remembered)  # the first after the note look at all of them
        figures["settled_requests"] = _requests(store, root, known, remembered)
    return figures


def _fill_bucket(root: str, names: Iterable[str]) -> None:
    """Put what is left of finished batches into a bucket, much faster than by asking: the server is in this process."""
    bucket, _, folder = root.removeprefix("s3://").partition("/")
    for stage, name, file in itertools.product(("pages", "articles", "enriched"), names, ("0-a", "0-b", MANIFEST)):
        s3_backends[ACCOUNT]["aws"].put_object(bucket, f"{folder}/{stage}/{name}/{file}", b"")


def _requests(store: S3, root: str, known: State, remembered: memory.Memory) -> int:
    """The requests with which a run of two batches finds what is left to do: it looks so often for what is pending for
    a stage, for what the state, and for what the memory of stories has yet to take in.
    """

    def remember() -> None:
        with remembered.alone(root):
            pass

    looks = ((6, partial(pending, root, "articles")), (9, partial(known.catch_up, root)), (2, remember))
    requests = 0
    for times, look in looks:
        store.requests.clear()
        look()
        requests += times * sum(store.requests.values())
    return requests


def tables(figures: Figures) -> Iterator[Table]:
    """Stories, and the state."""
    told = ("size", "load_s", "ms_per_article", "mb", "bytes_per_story")
    yield Table(
        "Telling stories apart, by how many are in the news",
        ("stories", "CPU s to load", "CPU ms an article", "memory, MB", "bytes a story"),
        [[figures[f"growth.stories.{size}.{name}"] for name in told] for size in STORIES],
    )
    told = ("size", "ms_per_address", "bytes_per_address")
    yield Table(
        "The crawl state, by how many addresses it knows",
        ("addresses", "CPU ms an address more", "bytes an address"),
        [[figures[f"growth.state.{size}.{name}"] for name in told] for size in ADDRESSES],
    )
    told = ("size", "look_s", "settled_look_s", "requests", "settled_requests")
    yield Table(
        "Finding what is left to do, by how many batches are done",
        ("batches", "CPU s a look", "… days settled", "requests a run", "… days settled"),
        [[figures[f"growth.done.{size}.{name}"] for name in told] for size in BATCHES],
    )


if __name__ == "__main__":
    import sys

    from benchmarks import report

    report.run(sys.modules[__name__])
