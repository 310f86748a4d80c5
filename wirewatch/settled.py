"""Settled days: of runs whose batches have all gone through all stages, so that nobody who looks for work looks there.

Batches are never removed, and to list those of years takes minutes in a bucket. So the upkeep
(:func:`wirewatch.retention.settle`) looks at all of them once a day, and notes beside the stages the first day that is
not settled; who looks for work lists what is of that day or later. A batch of a settled day that is finished all the
same (of a run that was begun anew after a week, or under a clock that goes wrong) first removes the note. Without it
everything is listed, so that it may be removed at any time, and what it says is believed for a day at most.
"""

from __future__ import annotations

import re
import secrets
from contextlib import suppress

from wirewatch.storage import file_system

FILE = "settled"
LENGTH = 25
"""Bytes of a note. Of a file that is read to its end s3fs asks the size first."""
_NOTE = re.compile(r"\d{8} [0-9a-f]{16}")


def note(root: str) -> str:
    """What was noted last for the batches below ``root``, no note twice; empty where nothing is."""
    try:
        with file_system(f"{root}/{FILE}") as (fs, path):
            found: str = fs.cat_file(path, start=0, end=LENGTH).decode(errors="replace")
    except FileNotFoundError:
        return ""
    return found if _NOTE.fullmatch(found) else ""  # on a disk it may be half written


def since(note: str) -> str:
    """The first day that a note does not call settled, as names of batches begin: ``20270129``; empty, as which all
    names are or come after, of no note.
    """
    return note[:8]


def write(root: str, day: str) -> None:
    """Note the first day that is not settled."""
    with file_system(f"{root}/{FILE}") as (fs, path):
        fs.pipe_file(path, f"{day} {secrets.token_hex(8)}".encode())


def remove(root: str) -> None:
    """Let everything be listed."""
    with suppress(FileNotFoundError), file_system(f"{root}/{FILE}") as (fs, path):
        fs.rm_file(path)
