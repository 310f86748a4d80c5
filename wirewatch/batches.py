"""Batches: the only thing that one stage hands to the next.

A batch is a folder ``<root>/<stage>/<name>/`` at any fsspec URL. Data files come first, ``manifest.json`` last:
a batch without a manifest does not exist, so a killed stage leaves nothing half done. A batch never changes; the next
stage writes a batch of the same name under its own stage. What a stage still has to do is therefore simply
:func:`pending`: the batches of the stage before that have no successor. See ``docs/decisions.md``.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar, cast

import fsspec
import zstandard

from wirewatch.errors import UserError
from wirewatch.records import Record, now

R = TypeVar("R", bound=Record)

STAGES = ("pages", "articles", "enriched", "indexed", "alerted")
"""The stages in their order, each named for what it writes."""

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Batch:
    """The address of a batch, finished or not."""

    root: str
    """fsspec URL of the folder of all batches."""
    stage: str
    name: str
    """Sorts by time: ``20270131T020000Z-a3``. The same through all the stages."""

    @property
    def url(self) -> str:
        """The folder of this batch."""
        return f"{self.root}/{self.stage}/{self.name}"

    def exists(self) -> bool:
        """Whether the batch is finished."""
        fs, path = fsspec.core.url_to_fs(f"{self.url}/{MANIFEST}")
        return cast(bool, fs.exists(path))

    def next(self, stage: str) -> Batch:
        """The batch that ``stage`` makes of this one."""
        return Batch(self.root, stage, self.name)

    def manifest(self) -> Manifest:
        """What the batch says about itself.

        Raises:
            UserError: there is no such batch, or it was never finished.
        """
        try:
            with self.open(MANIFEST) as file:
                return Manifest.model_validate_json(file.read())
        except FileNotFoundError:
            raise UserError(
                f"There is no finished batch {self.stage}/{self.name} under {self.root}. "
                "`wirewatch batches` lists those that there are."
            ) from None

    def open(self, file: str) -> IO[bytes]:
        """A data file, for reading."""
        return cast(IO[bytes], fsspec.open(f"{self.url}/{file}", "rb").open())

    def read(self, record: type[R]) -> Iterator[R]:
        """The records of the batch, in the order they were written.

        Raises:
            UserError: the batch does not exist.
        """
        for name in self.manifest().files:
            if name.endswith(".jsonl.zst"):
                with self.open(name) as raw, zstandard.ZstdDecompressor().stream_reader(raw) as data:
                    for line in io.TextIOWrapper(data, encoding="utf-8"):
                        yield record.model_validate_json(line)


class Manifest(Record):
    """The last file of a batch, which makes it exist."""

    stage: str
    name: str
    created: str
    records: int
    counts: dict[str, int]
    """What happened, in numbers: ``fetched``, ``failed:http-403`` … Shown to the operator."""
    files: dict[str, str]
    """Data files and the SHA-256 of each."""


@dataclass
class BatchWriter:
    """Collects the records of one batch; :func:`write` makes it."""

    batch: Batch
    counts: dict[str, int] = field(default_factory=dict)
    records: int = 0
    _lines: Any = None
    _files: dict[str, str] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Append a record."""
        self._lines.write(record.model_dump_json(exclude_defaults=True).encode() + b"\n")
        self.records += 1

    def count(self, what: str, by: int = 1) -> None:
        """Add to one of the manifest's counts."""
        self.counts[what] = self.counts.get(what, 0) + by

    def add_file(self, name: str, local_path: str) -> None:
        """Copy a finished local file (a WARC, say) into the batch."""
        digest = hashlib.sha256()
        with Path(local_path).open("rb") as source, fsspec.open(f"{self.batch.url}/{name}", "wb") as target:
            while block := source.read(1 << 20):
                digest.update(block)
                target.write(block)
        self._files[name] = digest.hexdigest()


class _Hashing(io.RawIOBase):
    """A file that remembers the SHA-256 of what was written to it."""

    def __init__(self, target: IO[bytes]) -> None:
        self.target, self.digest = target, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.digest.update(data)
        return self.target.write(data)


@contextmanager
def write(batch: Batch) -> Iterator[BatchWriter]:
    """Write a batch: add records inside the block; leaving it without an error makes the batch exist.

    Example:
        >>> with write(batch.next("articles")) as out:
        ...     out.add(article)
        ...     out.count("new")
    """
    writer = BatchWriter(batch)
    fs, path = fsspec.core.url_to_fs(batch.url)
    fs.makedirs(path, exist_ok=True)
    with fsspec.open(f"{batch.url}/records.jsonl.zst", "wb") as raw:
        hashing = _Hashing(raw)
        with zstandard.ZstdCompressor().stream_writer(cast(IO[bytes], hashing), closefd=False) as lines:
            writer._lines = lines
            yield writer
    manifest = Manifest(
        stage=batch.stage,
        name=batch.name,
        created=now().isoformat(),
        records=writer.records,
        counts=dict(sorted(writer.counts.items())),
        files={"records.jsonl.zst": hashing.digest.hexdigest(), **writer._files},
    )
    # Renaming on a local disk is atomic, and so is copying on object stores: the manifest is there whole or not at all.
    fs.pipe_file(f"{path}/{MANIFEST}.tmp", json.dumps(manifest.model_dump(), indent=1).encode())
    fs.mv(f"{path}/{MANIFEST}.tmp", f"{path}/{MANIFEST}")


def finished(root: str, stage: str) -> list[Batch]:
    """The finished batches of a stage, oldest first."""
    fs, path = fsspec.core.url_to_fs(f"{root}/{stage}")
    names = {found.rstrip("/").split("/")[-2] for found in fs.glob(f"{path}/*/{MANIFEST}")}
    return [Batch(root, stage, name) for name in sorted(names)]


def pending(root: str, stage: str) -> list[Batch]:
    """The batches that ``stage`` has yet to work on: those of the stage before it without a successor, oldest first."""
    before = STAGES[STAGES.index(stage) - 1]
    done = {batch.name for batch in finished(root, stage)}
    return [batch for batch in finished(root, before) if batch.name not in done]


def total(batches: Iterable[Batch]) -> dict[str, int]:
    """The counts of several batches, added up."""
    counts: dict[str, int] = {}
    for batch in batches:
        for what, number in batch.manifest().counts.items():
            counts[what] = counts.get(what, 0) + number
    return counts
