"""The node's server: how the programs of an unpacked Elasticsearch are called, and what they see of the environment."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

Command = list[str | Path]


def mark_of(folder: Path) -> str:
    """An argument by which the processes of a folder's node are known: no process id that goes stale or is reused."""
    return f"-Dwirewatch.node={hashlib.sha256(str(folder).encode()).hexdigest()[:20]}"


@dataclass(frozen=True)
class Server:
    """An unpacked Elasticsearch, as the node in a folder runs it."""

    home: Path
    """Where it is unpacked."""
    jdk: Path
    folder: Path
    """The node's."""

    @property
    def launcher(self) -> Command:
        """Starts it, and returns when it is up, or has failed."""
        script = self.home / "bin/elasticsearch"
        if script.exists():
            return [script]
        classes = f"{self.home}/lib/tools/server-launcher/*"
        return [*self._java, "-cp", classes, "org.elasticsearch.server.launcher.ServerLauncher"]

    @property
    def keystore(self) -> Command:
        """Keeps its secret settings."""
        script = self.home / "bin/elasticsearch-keystore"
        if script.exists():
            return [script]
        return [
            *self._java,
            "-Dcli.name=keystore",
            "-Dcli.libs=lib/tools/keystore-cli",
            f"-Des.path.home={self.home}",
            f"-Des.path.conf={self.folder / 'config'}",
            "-Des.distribution.type=zip",
            "-Des.java.type=ES_JAVA_HOME",
            "-cp",
            f"{self.home}/lib/*:{self.home}/lib/cli-launcher/*",
            "org.elasticsearch.launcher.CliToolLauncher",
        ]

    @property
    def environ(self) -> dict[str, str]:
        """All that they see of the environment: no secret of Wirewatch, nobody's Java options."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
        return kept | {
            "HOME": str(self.folder),
            "ES_HOME": str(self.home),
            "ES_PATH_CONF": str(self.folder / "config"),
            "ES_TMPDIR": str(self.folder / "tmp"),
            "ES_JAVA_HOME": str(self.jdk),
            "JAVA": str(self.jdk / "bin/java"),
            "JAVA_TYPE": "ES_JAVA_HOME",
            "ES_DISTRIBUTION_TYPE": "zip",
        }

    @property
    def _java(self) -> Command:
        return [self.jdk / "bin/java", "-Xms4m", "-Xmx64m", "-XX:+UseSerialGC", mark_of(self.folder)]
