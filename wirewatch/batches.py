"""Batches: the only thing that one stage hands to the next.

A batch is a folder ``<root>/<stage>/<name>/`` at any fsspec URL. Data files come first, ``manifest.json`` last:
a batch without a manifest does not exist, so a killed stage leaves nothing half done. A batch never changes, but that
it loses data files that are kept no longer (:mod:`wirewatch.retention`); the next stage writes a batch of the same name
under its own stage. What a stage still has to do is therefore simply :func:`pending`: the batches of the stage before
that have no successor; days of which all is done are not looked at (:mod:`wirewatch.settled`). Two processes may work
on the same batch at once: each writes files of its own, the first to finish makes the batch, the other's work is thrown
away. See ``docs/decisions.md``.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import secrets
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, TypeVar, cast

import zstandard
from pydantic import Field, ValidationError

from wirewatch import settled
from wirewatch.cost import Meter
from wirewatch.errors import Unavailable, UserError
from wirewatch.records import Record, now
from wirewatch.storage import file_system, folders_with, is_disk
from wirewatch.words import how_many

log = logging.getLogger(__name__)

R = TypeVar("R", bound=Record)

STAGES = ("pages", "articles", "enriched", "indexed", "alerted", "health")
"""The stages in their order, each named for what it writes."""

REJECTED = "rejected"
"""The dead letters: articles that the index refused for what they are, under the name of the batch ``indexed``."""

REPLAY = "-replay-"
"""Stands in the name of a batch that was made anew, between the run that made it and the name of the first one."""

MANIFEST = "manifest.json"
RECORDS = "records.jsonl.zst"


@dataclass(frozen=True)
class Batch:
    """The address of a batch, finished or not."""

    root: str
    """fsspec URL of the folder of all batches."""
    stage: str
    name: str
    """Sorts by time: ``20270131T020000Z-3f9a01-g00``. The same through all the stages."""

    @property
    def url(self) -> str:
        """The folder of this batch."""
        return f"{self.root}/{self.stage}/{self.name}"

    def exists(self) -> bool:
        """Whether the batch is finished."""
        with file_system(f"{self.url}/{MANIFEST}") as (fs, path):
            return cast(bool, fs.exists(path))

    def next(self, stage: str) -> Batch:
        """The batch that ``stage`` makes of this one."""
        return Batch(self.root, stage, self.name)

    def manifest(self) -> Manifest:
        """What the batch says about itself.

        Raises:
            UserError: there is no such batch, it was never finished, or its manifest is damaged.
        """
        return _manifest(self)

    def open(self, name: str) -> IO[bytes]:
        """A data file, for reading, by the name it was added with.

        Raises:
            UserError: it is not kept any more.
        """
        manifest = self.manifest()
        if day := manifest.removed.get(name):
            raise UserError(
                f"{name} of the batch {self.stage}/{self.name} was removed on {day}: it is kept no longer than the "
                "settings WIREWATCH_KEEP__… say."
            )
        with file_system(f"{self.url}/{manifest.files[name]}") as (fs, path):
            return cast(IO[bytes], fs.open(path, "rb"))

    @property
    def is_replay(self) -> bool:
        """Whether it was made anew (see :meth:`replayed` and :mod:`wirewatch.replay`). A replay tells nobody."""
        return REPLAY in self.name

    @property
    def original(self) -> Batch:
        """The batch of the crawl that a replay does anew; of any other batch, itself."""
        return Batch(self.root, self.stage, self.name.rpartition(REPLAY)[2])

    @property
    def replayed_by(self) -> str:
        """The run that made a replay; nothing of any other batch."""
        return self.name.rpartition(REPLAY)[0]

    def replayed(self, run: str) -> Batch:
        """The batch that a run makes when it does the work of this batch once more; ``run`` is of :func:`run_name`."""
        return Batch(self.root, self.stage, f"{run}{REPLAY}{self.original.name}")

    def _damaged(self, how: str) -> UserError:
        return UserError(
            f"The batch {self.url} is damaged: {how}. Put it back from a copy, or remove the folder: "
            "what was in it is then lost, and the rest goes on."
        )

    def read(self, record: type[R]) -> Iterator[R]:
        """The records of the batch, in the order they were written.

        Raises:
            UserError: the batch does not exist, or is not whole.
        """
        return (self._parsed(record, line) for line in self._lines())

    def _parsed(self, record: type[R], line: str | bytes) -> R:
        try:
            return record.model_validate_json(line)
        except ValidationError as error:
            raise self._damaged(f"a line is no {record.__name__}: {error.errors()[0]['msg']}") from error

    def _lines(self) -> Iterator[str]:
        expected, number = self.manifest().records, 0
        try:
            with self.open(RECORDS) as raw, zstandard.ZstdDecompressor().stream_reader(raw) as data:
                for line in io.TextIOWrapper(data, encoding="utf-8"):
                    number += 1
                    yield line
        except (FileNotFoundError, zstandard.ZstdError, UnicodeDecodeError) as error:
            raise self._damaged(str(error)) from error
        if number != expected:
            raise self._damaged(f"it has {number} of its {how_many(expected, 'record')}")

    def find(self, record: type[R], ids: Collection[str]) -> Iterator[R]:
        """The records of these ids, in the order they were written; of a class whose first field is its ``id``.

        Of the others no more than the id is read: much faster than :meth:`read` where the records are big.

        Raises:
            UserError: the batch does not exist, or is not whole.
        """
        wanted = tuple(f'{{"id":"{id}"' for id in ids)
        for line in self._lines():
            if line.startswith(wanted):
                yield self._parsed(record, line)

    def lines(self, record: type[R], name: str) -> Iterator[R]:
        """The records of a further data file of the batch, one a line; none where it has no such file."""
        if name not in self.manifest().files:
            return
        try:
            with self.open(name) as data:
                for line in data:
                    yield self._parsed(record, line)
        except FileNotFoundError as error:
            raise self._damaged(str(error)) from error


class Manifest(Record):
    """The last file of a batch, which makes it exist."""

    stage: str
    name: str
    created: str
    records: int
    counts: dict[str, int]
    """What happened, in numbers: ``fetched``, ``failed:http-403`` … Shown to the operator."""
    files: dict[str, str]
    """Data files by name, and what each is called in the folder. Other files there are of killed tries."""
    removed: dict[str, str] = Field(default_factory=dict)
    """Data files by name that are kept no longer (see :mod:`wirewatch.retention`), and the day they were removed on."""
    bytes: int | None = None
    """Size of the data files. This and what follows is None in batches that were made before it was measured."""
    seconds: float | None = None
    """Of the clock, that the stage took."""
    cpu_seconds: float | None = None
    """Of processors, see :class:`wirewatch.cost.Meter`; what other services did for the stage is not in it."""


@lru_cache(maxsize=64)  # a finished batch never changes
def _manifest(batch: Batch) -> Manifest:
    try:
        with file_system(f"{batch.url}/{MANIFEST}") as (fs, path):
            return Manifest.model_validate_json(fs.cat_file(path))
    except FileNotFoundError:
        raise UserError(
            f"There is no finished batch {batch.stage}/{batch.name} under {batch.root}. "
            "`wirewatch batches --from DATE` lists those that there are."
        ) from None
    except ValidationError as error:
        raise batch._damaged(f"{MANIFEST} cannot be read: {error.errors()[0]['msg']}") from error


@dataclass
class BatchWriter:
    """Collects the records of one batch; :func:`write` makes it."""

    batch: Batch
    counts: dict[str, int] = field(default_factory=dict)
    records: int = 0
    files: dict[str, str] = field(default_factory=dict)
    _lines: Any = None
    _try: str = field(default_factory=lambda: secrets.token_hex(4))

    def add(self, record: Record) -> None:
        """Append a record."""
        self._lines.write(line_of(record))
        self.records += 1

    def count(self, what: str, by: int = 1) -> None:
        """Add to one of the manifest's counts."""
        self.counts[what] = self.counts.get(what, 0) + by

    def add_file(self, name: str, path: str | Path) -> None:
        """Copy a finished local file (a WARC, say) into the batch, where :meth:`Batch.open` finds it by ``name``."""
        with file_system(f"{self.batch.url}/{self.place(name)}") as (fs, at):
            fs.put_file(str(path), at)

    def place(self, name: str) -> str:
        """What a new data file is called in the folder: no other try at the same batch has a file of that name."""
        return self.files.setdefault(name, f"{self._try}-{name}")


def line_of(record: Record) -> bytes:
    """A record as a line of a data file."""
    return record.model_dump_json(exclude_defaults=True).encode() + b"\n"


@contextmanager
def write(batch: Batch, meter: Meter | None = None) -> Iterator[BatchWriter]:
    """Write a batch: add records inside the block; leaving it without an error makes the batch exist.

    If another process has made the same batch meanwhile, that one stays, and what was written here is removed.

    Args:
        batch: the batch.
        meter: of a stage whose work begins before the block: it has run since then.

    Example:
        >>> with write(batch.next("articles")) as out:
        ...     out.add(article)
        ...     out.count("new")
    """
    meter, writer = meter or Meter(), BatchWriter(batch)
    with file_system(batch.url) as (fs, path):
        if is_disk(fs):
            fs.makedirs(path, exist_ok=True)
        raw = fs.open(f"{path}/{writer.place(RECORDS)}", "wb")
    with raw, zstandard.ZstdCompressor().stream_writer(raw, closefd=False) as lines:
        writer._lines = lines
        yield writer
    with file_system(batch.url) as (fs, path):
        size = sum(fs.size(f"{path}/{name}") for name in writer.files.values())
        if is_disk(fs):
            for name in writer.files.values():
                _sync(f"{path}/{name}")
    manifest = Manifest(
        stage=batch.stage,
        name=batch.name,
        created=now().isoformat(),
        records=writer.records,
        counts=dict(sorted(writer.counts.items())),
        files=dict(writer.files),
        bytes=size,
        seconds=meter.seconds,
        cpu_seconds=meter.cpu_seconds,
    )
    if batch.exists() or not _publish(writer, manifest):
        with file_system(batch.url) as (fs, path):
            for name in writer.files.values():
                fs.rm_file(f"{path}/{name}")


def _publish(writer: BatchWriter, manifest: Manifest) -> bool:
    """Write the manifest, whole or not at all; False where another process was faster."""
    root, data = writer.batch.root, _as_json(manifest)
    if writer.batch.name < settled.since(settled.note(root)):
        settled.remove(root)  # else nobody finds it
    with file_system(writer.batch.url) as (fs, path):
        if is_disk(fs):
            # Where two tries get here at the same instant, the later manifest replaces the other; the files of both
            # stay, so whoever has read the first manifest still reads a whole batch.
            _rename(fs, path, writer.place(MANIFEST), data)
            return True
        try:
            fs.pipe_file(f"{path}/{MANIFEST}", data, mode="create")
        except OSError:  # there is one: another's, or ours, if the answer to it was lost and it was sent again
            if not writer.batch.exists():
                raise
            return writer.batch.manifest().files == manifest.files
        return True


def forget(batch: Batch, names: Collection[str]) -> None:
    """Let the manifest of a finished batch say that these data files are kept no longer. It is for the caller to remove
    them, afterwards: killed in between, a file is left that no manifest names, and nothing lacks one that is named.
    """
    manifest = batch.manifest()
    gone = {name: now().date().isoformat() for name in names if name in manifest.files}
    files = {name: place for name, place in manifest.files.items() if name not in gone}
    with file_system(batch.url) as (fs, path):
        changed = manifest.model_copy(
            update={
                "files": files,
                "removed": manifest.removed | gone,
                "bytes": sum(fs.size(f"{path}/{place}") for place in files.values()),
            }
        )
        if is_disk(fs):
            _rename(fs, path, f"{secrets.token_hex(4)}-{MANIFEST}", _as_json(changed))
        else:
            fs.pipe_file(f"{path}/{MANIFEST}", _as_json(changed))
    _manifest.cache_clear()


def _rename(fs: Any, path: str, draft: str, data: bytes) -> None:
    """Write a manifest on a disk, where renaming is atomic; it is on the disk afterwards, whole."""
    fs.pipe_file(f"{path}/{draft}", data)
    _sync(f"{path}/{draft}")
    fs.mv(f"{path}/{draft}", f"{path}/{MANIFEST}")
    _sync(path)


def _sync(path: str) -> None:
    """Wait until a file or folder is on the disk, so that a power cut leaves no manifest of something that is not."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _as_json(manifest: Manifest) -> bytes:
    return manifest.model_dump_json(indent=1, exclude_defaults=True).encode()


@contextmanager
def near(batch: Batch, scratch: Path) -> Iterator[Batch]:
    """The batch itself if it is on a disk, else a copy below ``scratch``: for who reads its files in many places."""
    with file_system(batch.url) as (fs, path):
        on_disk = is_disk(fs)
    if on_disk:
        yield batch
        return
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="batch-", dir=scratch) as folder:
        copy = Path(folder).absolute() / batch.stage / batch.name
        copy.mkdir(parents=True)
        names = [MANIFEST, *batch.manifest().files.values()]
        with file_system(batch.url) as (fs, path):
            fs.get([f"{path}/{name}" for name in names], [str(copy / name) for name in names])
        yield Batch(Path(folder).absolute().as_uri(), batch.stage, batch.name)


def finished(root: str, stage: str, but: Collection[str] = (), ending: str = "", since: str = "") -> list[Batch]:
    """The finished batches of a stage, oldest first; not those whose names are in ``but``, which are not looked at, or
    end otherwise, or come before ``since`` (a day: ``20270129``).
    """
    with file_system(f"{root}/{stage}") as (fs, path):
        names = folders_with(fs, path, MANIFEST, but, ending, since)
    return [Batch(root, stage, name) for name in sorted(names)]


def tries(batch: Batch) -> list[Batch]:
    """A batch and those of its stage that did its work again, all of it (replays) or what had failed, whose names end
    with its own: the finished ones, the latest last.
    """
    again = finished(batch.root, batch.stage, ending=f"-{batch.name}")
    return [batch, *again] if batch.exists() else again


def pending(root: str, stage: str) -> list[Batch]:
    """The batches that ``stage`` has yet to work on: those of the stage before it without a successor, oldest first."""
    before, since = STAGES[STAGES.index(stage) - 1], settled.since(settled.note(root))
    return finished(root, before, but=[batch.name for batch in finished(root, stage, since=since)], since=since)


def run_name(moment: datetime, key: str) -> str:
    """The part of a batch's name that says of which run it is: ``20270131T020000Z-3f9a01``.

    Args:
        moment: when the run began.
        key: tells two runs that began in the same second apart; the same run always has the same.
    """
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}-{hashlib.sha256(key.encode()).hexdigest()[:6]}"


def readable(found: Iterable[Batch], name: Callable[[str], None] = log.error) -> Iterator[Batch]:
    """Those of finished batches whose manifest can be read; the others are named, in the log if nowhere else."""
    for batch in found:
        try:
            batch.manifest()
        except Unavailable:
            raise
        except UserError as error:
            name(str(error))
        else:
            yield batch


def total(batches: Iterable[Batch]) -> dict[str, int]:
    """The counts of several batches, added up."""
    counts: dict[str, int] = {}
    for batch in batches:
        for what, number in batch.manifest().counts.items():
            counts[what] = counts.get(what, 0) + number
    return counts
