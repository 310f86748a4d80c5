"""Retention: what is kept no longer of batches, and what killed tries have left behind.

A batch itself is never removed. Its manifest stays, so that no stage takes its work for undone, and so do the records
that the crawl state is made from. What goes are the data files that take the room: the archive (WARC) of a crawl, and
enriched articles. Neither goes while a stage has yet to work on it, nor enriched articles that could not be made anew.

All of it can be killed at any point and run again, and by two processes at once.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from wirewatch import batches, settled
from wirewatch.batches import MANIFEST, RECORDS, REJECTED, STAGES, Batch
from wirewatch.database import compact
from wirewatch.records import now
from wirewatch.settings import get_settings
from wirewatch.state import State
from wirewatch.storage import file_system, is_disk
from wirewatch.words import how_many

log = logging.getLogger(__name__)

TRIES_KEPT = timedelta(days=2)
"""Time after which a file that no manifest names is of a killed try. No task may take half as long."""
_PLACE = re.compile(r"[0-9a-f]{8}-(.+)")
"""What a data file is called in its folder: see :meth:`wirewatch.batches.BatchWriter.place`."""


@dataclass
class Removed:
    """What was removed, or would be."""

    what: str
    files: int = 0
    bytes: int = 0
    folders: set[str] = field(default_factory=set)
    kept: int = 0
    """Batches that are old enough, and stay because they are still needed."""

    def add(self, folder: str, sizes: Iterable[int]) -> None:
        """Count files of a folder, and name it in the log."""
        sizes = list(sizes)
        self.files += len(sizes)
        self.bytes += sum(sizes)
        self.folders.add(folder)
        log.info("%s: %s, %s, %s", self.what, folder, how_many(len(sizes), "file"), megabytes(sum(sizes)))

    def __str__(self) -> str:
        still = f"; {how_many(self.kept, 'batch is', 'batches are')} old enough, but still needed" if self.kept else ""
        files, folders = how_many(self.files, "file"), how_many(len(self.folders), "folder")
        return f"{self.what}: {files} ({megabytes(self.bytes)}) of {folders}{still}"


def words(counts: Mapping[str, int]) -> str:
    """Counts as people read them."""
    return ", ".join(f"{what} {number}" for what, number in counts.items() if number) or "nothing to do"


def megabytes(size: int) -> str:
    """A number of bytes as people read it."""
    return f"{size / 2**20:.1f} MB"


def shorten(*, dry_run: bool = False) -> str:
    """Remove from batches what is older than ``keep.pages_days`` and ``keep.enriched_days`` say.

    Args:
        dry_run: only count.

    Returns:
        What was removed, or would be, in words.
    """
    settings, found = get_settings(), []
    if days := settings.keep.pages_days:
        done = _finished(settings.batches, "articles")
        found.append(_shorten(settings.batches, "pages", days, lambda name: name.endswith(".warc.gz"), done, dry_run))
    if days := settings.keep.enriched_days:
        # What they are made from must be there, and indexed they must be.
        articles = _finished(settings.batches, "articles", RECORDS)
        done = articles & _finished(settings.batches, "indexed")
        found.append(_shorten(settings.batches, "enriched", days, lambda name: name == RECORDS, done, dry_run))
    return "; ".join(map(str, found)) or "all are kept for ever"


def _shorten(root: str, stage: str, days: int, goes: Callable[[str], bool], done: set[str], dry_run: bool) -> Removed:
    removed = Removed(f"{stage} older than {days} days")
    last = f"{now() - timedelta(days=days):%Y%m%dT%H%M%SZ}"
    for name, files in _folders(root, stage).items():
        places = [place for place in files if goes(_name(place))]
        if name[: len(last)] >= last or MANIFEST not in files or not places:
            continue
        if name not in done:
            removed.kept += 1
            continue
        batch = Batch(root, stage, name)
        if not _is_readable(batch):
            continue
        if not dry_run:
            if named := [one for one in batch.manifest().files if goes(one)]:
                batches.forget(batch, named)
            _remove(batch, (files[place].path for place in places))
        removed.add(f"{stage}/{name}", (files[place].size for place in places))
    return removed


def settle(*, dry_run: bool = False) -> str:
    """Note which days are settled (:mod:`wirewatch.settled`): those before the oldest batch that waits for a stage, but
    never the last two, nor one as late as the last crawl, so that this is always found.

    Args:
        dry_run: only look.

    Returns:
        Which days these are, and what waits longer than that, in words.
    """
    root = get_settings().batches
    # The last stage first: what is done meanwhile is taken for undone.
    names = {stage: {batch.name for batch in batches.finished(root, stage)} for stage in reversed(STAGES)}
    if not names["pages"]:
        return "there are no batches yet"
    waiting = {name: before for before, after in pairwise(STAGES) for name in names[before] - names[after]}
    recent = f"{now() - TRIES_KEPT:%Y%m%d}"
    day = min(recent, max(names["pages"])[:8], min(waiting, default=recent)[:8])
    if not dry_run:
        settled.write(root, day)
    old = sorted(name for name in waiting if name < recent)
    for name in old:
        log.warning("%s/%s waits for the next stage.", waiting[name], name)
    done = f"all is done of the days before {day[:4]}-{day[4:6]}-{day[6:]}"
    if not old:
        return done
    wait = how_many(len(old), "batch waits", "batches wait")
    return f"{done}; {wait} for more than {TRIES_KEPT.days} days, the oldest is {waiting[old[0]]}/{old[0]}"


def tidy(*, dry_run: bool = False) -> str:
    """Remove what tries that were killed longer than :data:`TRIES_KEPT` ago have left: files in the folders of batches
    that no manifest names, and folders in ``<home>/tmp``.

    Args:
        dry_run: only count.

    Returns:
        What was removed, or would be, in words.
    """
    settings = get_settings()
    # Files know the real time, whatever `time_shift` says.
    before = datetime.now(UTC) - TRIES_KEPT
    tries, folders = Removed("files of killed tries"), Removed("folders of dead processes and past days")
    for stage in (*STAGES, REJECTED):
        _tidy_stage(settings.batches, stage, before, tries, dry_run)
    for kind in ("crawl", "batch", "enrich", "told"):
        for folder in sorted((settings.home / "tmp").glob(f"{kind}-*")):
            _tidy_folder(folder, before, folders, dry_run)
    return f"{tries}; {folders}"


def forget(*, dry_run: bool = False) -> str:
    """Forget in the crawl state what is older than ``keep.addresses_days`` says: see
    :meth:`wirewatch.state.State.forget`; then give back to the disk what its file has no use for any more.

    Args:
        dry_run: only count.

    Returns:
        What was forgotten, or would be, in words.

    Raises:
        UserError: the state cannot be used.
    """
    settings = get_settings()
    before = now() - timedelta(days=settings.keep.addresses_days)
    state = State(settings.state)
    state.catch_up(settings.batches)
    counts = state.forget(before, dry_run=dry_run)
    given_back = 0 if dry_run else compact(settings.state)
    return f"before {before:%Y-%m-%d}: {words(counts)}" + (
        f"; {megabytes(given_back)} given back to the disk" if given_back else ""
    )


def _tidy_stage(root: str, stage: str, before: datetime, removed: Removed, dry_run: bool) -> None:
    for name, files in _folders(root, stage).items():
        # The files of one try have one beginning: only where there are two some may be of another.
        if MANIFEST in files and len({place[:8] for place in files if place != MANIFEST}) < 2:
            continue
        batch = Batch(root, stage, name)
        if MANIFEST in files and not _is_readable(batch):
            continue
        named = {MANIFEST, *batch.manifest().files.values()} if MANIFEST in files else set()
        left = [file for place, file in files.items() if place not in named and _PLACE.fullmatch(place)]
        old = [file for file in left if _modified(batch, file.path) < before]
        if not old:
            continue
        if not dry_run:
            _remove(batch, (file.path for file in old))
        removed.add(f"{stage}/{name}", (file.size for file in old))


def _tidy_folder(folder: Path, before: datetime, removed: Removed, dry_run: bool) -> None:
    try:
        files = [file for file in folder.rglob("*") if file.is_file()]
        latest = max(path.stat().st_mtime for path in (folder, *files))
        sizes = [file.stat().st_size for file in files]
    except FileNotFoundError:  # it is being written or removed this moment
        return
    if latest < before.timestamp():
        if not dry_run:
            shutil.rmtree(folder, ignore_errors=True)
        removed.add(f"tmp/{folder.name}", sizes)


@dataclass(frozen=True)
class _File:
    path: str
    size: int


def _folders(root: str, stage: str) -> dict[str, dict[str, _File]]:
    """The files of a stage, by folder and by what they are called in it; oldest first, asked for at once."""
    with file_system(f"{root}/{stage}") as (fs, path):
        listed = fs.find(path, detail=True)
    found: dict[str, dict[str, _File]] = defaultdict(dict)
    for place, info in sorted(listed.items()):
        folder, _, file = place.removeprefix(path).strip("/").partition("/")
        if file:
            found[folder][file] = _File(place, info["size"] or 0)
    return found


def _finished(root: str, stage: str, file: str = "") -> set[str]:
    """The names of a stage's finished batches; with a data file of this name, if one is given."""
    return {
        name
        for name, files in _folders(root, stage).items()
        if MANIFEST in files and (not file or file in map(_name, files))
    }


def _is_readable(batch: Batch) -> bool:
    """Whether the manifest of a finished batch can be read. Of one that cannot, which the log names, nothing is
    removed: nobody knows what is needed.
    """
    return any(batches.readable([batch]))


def _name(place: str) -> str:
    """What a data file was added as."""
    found = _PLACE.fullmatch(place)
    return found[1] if found else place


def _modified(batch: Batch, path: str) -> datetime:
    with file_system(batch.url) as (fs, _):
        try:
            moment: datetime = fs.modified(path)
        except FileNotFoundError:  # another process was faster
            return datetime.now(UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _remove(batch: Batch, files: Iterable[str]) -> None:
    """Remove files of a batch, and its folder if nothing is left in it."""
    with file_system(batch.url) as (fs, path):
        for file in files:
            with suppress(FileNotFoundError):  # another process was faster
                fs.rm_file(file)
        if is_disk(fs):
            with suppress(OSError):  # it is not empty
                fs.rmdir(path)
