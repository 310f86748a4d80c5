"""A manifest says what its stage cost, whatever processes did the work."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from wirewatch.batches import Batch, Manifest, write
from wirewatch.cost import Meter
from wirewatch.records import IndexOutcome

BURN = """
import sys, time
while time.process_time() < {}: pass
print("done", flush=True)
sys.stdin.read()
"""


def started(seconds: float, **how: bool) -> subprocess.Popen[bytes]:
    """A process that has used some seconds of a processor, and lives on."""
    command = [sys.executable, "-c", BURN.format(seconds)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **how)  # type: ignore[call-overload]
    assert process.stdout.readline()
    return process  # type: ignore[no-any-return]


def test_processes_count_that_were_started_whether_they_have_ended_or_not(tmp_path: Path) -> None:
    batch = Batch(tmp_path.as_uri(), "indexed", "20270101T000000Z-a")
    meter = Meter()
    ended, living, own = started(0.5), started(0.5), started(2, start_new_session=True)
    try:
        ended.communicate()
        with write(batch, meter) as out:
            out.add(IndexOutcome(id="0" * 20, version="0" * 16, outcome="created"))
            begun = time.process_time()
            while time.process_time() < begun + 0.5:
                pass
        manifest = batch.manifest()
        # What is there for others too, in a session of its own, would add two seconds while it lives. Ticks are lost.
        assert 1.4 <= (manifest.cpu_seconds or 0) < 2
        assert (manifest.seconds or 0) >= 1.5, "the work before the block counts"
    finally:
        living.communicate()
        own.communicate()
    written = sum(file.stat().st_size for file in tmp_path.glob("indexed/*/*records*"))
    assert manifest.bytes == written > 0


def test_manifests_of_before_it_was_measured_can_be_read(tmp_path: Path) -> None:
    old = Manifest.model_validate(
        {"stage": "pages", "name": "a", "created": "2026-01-01", "records": 0, "counts": {}, "files": {}}
    )
    assert (old.bytes, old.seconds, old.cpu_seconds) == (None, None, None)
