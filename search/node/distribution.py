"""The server itself: Elasticsearch as released, put together with Maven from what Maven Central has (see pom.xml)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from wirewatch.errors import UserError
from wirewatch.machine import locked

VERSION = "9.4.3"
POM = Path(__file__).with_name("pom.xml")

Progress = Callable[[str], None]
"""Is told in a few words what is being done, again and again while it lasts."""


def assemble(folder: Path, jdk: Path, progress: Progress) -> Path:
    """The unpacked server in ``folder``, downloaded (once, into the user's Maven cache) and put together if need be.

    Args:
        folder: where it is kept, under its version; it may be shared by any number of nodes.
        jdk: the Java that runs Maven.
        progress: is told how far the download is.

    Raises:
        UserError: there is no Maven, no room, or the download failed.
    """
    server = folder / f"elasticsearch-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "assemble.lock", lambda: progress("Waiting for another command that fetches Elasticsearch")):
        if server.exists():
            return server
        need_room(folder, 3)
        for left_over in folder.glob("assembling-*"):
            shutil.rmtree(left_over)
        work = Path(tempfile.mkdtemp(prefix="assembling-", dir=folder))
        try:
            _fetch(work, jdk, progress)
            (unpacked,) = work.glob("server/*/elasticsearch")
            module = unpacked / "modules/x-pack-kql"
            (work / "kql").rename(module)
            (work / "descriptor/META-INF/es-plugins/x-pack-kql/plugin-descriptor.properties").rename(
                module / "plugin-descriptor.properties"
            )
            _open_to_all(unpacked)
            unpacked.rename(server)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return server


def need_room(folder: Path, gigabytes: int) -> None:
    """Raise a UserError unless the disk that ``folder`` lies on has so much room."""
    free = shutil.disk_usage(folder).free
    if free < gigabytes * 10**9:
        raise UserError(
            f"The local node needs {gigabytes} GB of disk at {folder}, and {free / 10**9:.1f} GB are free. "
            "Make room, or set WIREWATCH_HOME to a folder on another disk."
        )


def _fetch(into: Path, jdk: Path, progress: Progress) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise UserError(
            "Maven (mvn) fetches the local Elasticsearch node, and it is not on the path. Install it (for example "
            "`apt install maven` or `brew install maven`), or name an unpacked Elasticsearch in WIREWATCH_NODE_HOME, "
            "or a running one in ELASTICSEARCH_URL."
        )
    progress("Fetching Elasticsearch with Maven")
    said: list[str] = []
    with subprocess.Popen(
        [maven, "--file", POM, "--strict-checksums", "-Dstyle.color=never", f"-Dinto={into}", "package"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=into,
        env={**os.environ, "JAVA_HOME": str(jdk)},
    ) as process:
        assert process.stdout is not None
        for line in _lines(process.stdout):
            # Maven writes "Progress (1): 12/950 MB" over and over on one line.
            if transfer := re.match(r"Progress \(\d+\): (.*\d/\d.*)", line):
                progress(f"Downloading Elasticsearch, once: {transfer[1].strip()}")
            elif "Configured Artifact: org.sonarsource" in line:
                progress("Unpacking Elasticsearch")
            elif line.strip():
                said.append(line)
    if process.returncode:
        errors = [line.removeprefix("[ERROR] ") for line in said if line.startswith("[ERROR]")] or said[-5:]
        raise UserError(
            f"Maven could not fetch the local Elasticsearch node: {' '.join(errors[:2])} "
            "Check that this machine reaches Maven Central (~/.m2/settings.xml names a mirror or proxy) and try again."
        )


def _lines(stream: IO[bytes]) -> Iterator[str]:
    """The lines of a stream as they come, where a carriage return ends a line too."""
    line = b""
    while piece := os.read(stream.fileno(), 65536):
        *complete, line = re.split(rb"[\r\n]+", line + piece)
        for part in complete:
            yield part.decode(errors="replace")
    yield line.decode(errors="replace")


def _open_to_all(folder: Path) -> None:
    """Let every user read a folder: the node may run as another one."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
