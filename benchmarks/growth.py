"""What gets dearer as more is known: telling stories apart by how many are in the news, the crawl state by how many
addresses it knows, and finding what is left to do by how many batches were ever done.

Each size in a process of its own on one core, in processor time. Stories are made up, with two countries and three
names each. They are of 200 subjects, so that .5 % of all pairs are nearer than .35 (of the 119 articles of the demo
newsroom .4 %); a quarter of the articles are new stories, as of real news. *To load* is what a batch pays before its
first article; an article is told once, and remembered when the batch is finished. A state is filled with the answers of
so many articles in batches of 5,000; measured is the last thousand. Batches done are empty, of 340 a day, on the disk
and in a bucket of moto's server.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import process_time

import numpy as np
import psutil
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.s3.models import s3_backends
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from benchmarks.process import alone, peak_memory
from benchmarks.report import Figures, Table
from enrichment import memory
from enrichment.embedding import DIMENSIONS
from enrichment.stories import Facts, Told
from tests.s3 import S3, s3
from wirewatch import settled
from wirewatch.batches import MANIFEST, Batch, line_of, pending, run_name, write
from wirewatch.database import lots
from wirewatch.records import STORIES as TOLD
from wirewatch.records import EnrichedArticle, Page, PageKind, PageOutcome, SourceRef, Story, now
from wirewatch.state import State
from wirewatch.state_tables import Applied

EVALUATED = False
STORIES = (1_000, 10_000, 100_000)
ADDRESSES = (1_000, 10_000, 100_000)
BATCHES = (100, 1_000, 10_000)
A_DAY = 340
"""Batches of 169 runs."""
ARTICLES = 500
"""Told apart at each size: a batch."""
NEW = 0.25
"""Share of the articles that begin a story: it has four on average."""
SUBJECTS = 200
_NOW = now()


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
    facts = list(_facts(size))
    root, file = (home / "batches").as_uri(), home / "state.sqlite"
    remembered = memory.Memory(f"sqlite:///{file}")
    figures: Figures = {"size": size, "bytes_per_story": file.stat().st_size / size}
    before = psutil.Process().memory_info().rss
    with peak_memory(os.getpid()) as peak:
        for name, some in (("first_s", facts[:1]), ("load_s", facts[:1]), ("all_s", facts)):
            with remembered.alone(root) as session:
                begun = process_time()
                found, changed = memory.tell(session, some)
                figures[name] = process_time() - begun
        _write(root, facts, found, changed)
        begun = process_time()
        with remembered.alone(root):
            figures["remembered_ms_per_article"] = 1000 * (process_time() - begun) / ARTICLES
    figures["mb"] = max(0, peak() - before) / 2**20
    figures["ms_per_article"] = 1000 * max(0.0, figures["all_s"] - figures["load_s"]) / (ARTICLES - 1)
    return figures


def _write(root: str, facts: list[Facts], found: dict[str, str], changed: list[Story]) -> None:
    """A finished batch of articles of which no more is known than what tells their stories."""
    with write(Batch(root, "enriched", "made")) as out, NamedTemporaryFile() as stories:
        for one in facts:
            out.add(
                EnrichedArticle(
                    id=one.article,
                    url=f"https://{one.source}/{one.article}",
                    source=SourceRef(id=one.source, name=one.source, country="FR"),
                    title=one.title,
                    body=one.title,
                    first_seen=one.first_seen,
                    fetched=one.first_seen,
                    version=one.article,
                    language=one.language,
                    countries=tuple(one.countries),
                    embedding=tuple(np.asarray(one.vector).tolist()),
                    story_id=found[one.article],
                )
            )
        stories.write(b"".join(map(line_of, changed)))
        stories.flush()
        out.add_file(TOLD, Path(stories.name))


def _fill(home: Path, size: int) -> None:
    remembered = memory.Memory(f"sqlite:///{home}/state.sqlite")
    with Session(remembered.engine) as session:
        for lot in lots(_told(size)):
            session.add_all(map(memory._row, lot))
            session.flush()
            session.expunge_all()
        session.commit()
    remembered.engine.dispose()  # what waits in SQLite's journal comes into the database


def _told(size: int) -> Iterator[Told]:
    chance = np.random.default_rng(7)
    subjects = [_direction(chance) for _ in range(SUBJECTS)]
    for number in range(size):
        at = _NOW - timedelta(days=7 * number / size)
        centre = 4 * (0.85 * subjects[number % SUBJECTS] + _direction(chance))
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


def _direction(chance: np.random.Generator) -> NDArray[np.float32]:
    vector = chance.normal(size=DIMENSIONS).astype(np.float32)
    return vector / np.linalg.norm(vector)


def _facts(size: int) -> Iterator[Facts]:
    """Articles, of which :data:`NEW` are near to no story, and the others to one of the first of :func:`_told`."""
    chance = np.random.default_rng(8)
    known = [told.centre / 4 for told in itertools.islice(_told(size), ARTICLES)]
    for number in range(ARTICLES):
        vector = 0.7 * _direction(chance)
        if number >= NEW * ARTICLES:
            vector += known[number % len(known)]
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
    told = ("size", "load_s", "ms_per_article", "remembered_ms_per_article", "mb", "bytes_per_story")
    yield Table(
        "Telling stories apart, by how many are in the news",
        (
            *("stories", "CPU s to load", "CPU ms an article", "CPU ms to remember one", "memory, MB"),
            "bytes a story",
        ),
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
