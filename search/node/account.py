"""The user that the local node runs as: this one, or, as Elasticsearch refuses to run as root, an unprivileged one."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any


@dataclass(frozen=True)
class Account:
    """A user of this system. ``other`` says that it is not the one who runs this process."""

    name: str
    uid: int
    gid: int
    other: bool

    @classmethod
    def for_node(cls) -> Account:
        """The user who runs this process; for root the user ``wirewatch``, made if need be, or else ``nobody``."""
        if os.geteuid() != 0:
            return cls(_name(os.geteuid()), os.geteuid(), os.getegid(), other=False)
        entry = _entry("wirewatch") or _made("wirewatch") or pwd.getpwnam("nobody")
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid, other=True)

    def run(self, command: Sequence[str | Path], timeout: float, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command as this user and return what it said."""
        return subprocess.run(
            command, **self._identity(), capture_output=True, text=True, timeout=timeout, check=False, **options
        )

    def spawn(
        self, command: Sequence[str | Path], output: IO[bytes], cwd: Path, env: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a command as this user, in a session of its own, so that it outlives this process."""
        return subprocess.Popen(
            command,
            **self._identity(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=env,
            start_new_session=True,
            umask=0o077,
        )

    def reaches(self, folder: Path) -> bool:
        """Whether this user may go to a folder, through all the folders above it, and read it."""
        return not self.run(["/bin/sh", "-c", 'cd "$0" && test -r .', folder], timeout=60, cwd="/").returncode

    def own(self, path: Path) -> None:
        """Give a file or folder to this user."""
        if self.other:
            os.chown(path, self.uid, self.gid)

    def _identity(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.other else {}


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _made(name: str) -> pwd.struct_passwd | None:
    """A new system user without a home and a shell, or nothing where this system has no ``useradd``."""
    if useradd := shutil.which("useradd"):
        options = ["--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
        subprocess.run([useradd, *options, name], capture_output=True, check=False)
    return _entry(name)
