"""Finding a Java that can run Elasticsearch: a JDK, 21 or newer, with ``jdk.jlink`` (a trimmed JRE lacks it)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from search.node.account import Account
from wirewatch.errors import UserError

OLDEST = 21
INSTALLED = (
    "/usr/lib/jvm/*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "/opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
)
"""Where systems keep their Javas, as shell patterns."""


def find_jdk(account: Account, bundled: Path | None = None) -> Path:
    """The home of the first JDK that is new enough and that ``account`` may run.

    The one that ``ES_JAVA_HOME`` names is the only one looked at. Without it: the one that the server brings along
    (``bundled``), ``JAVA_HOME`` (often an old one, meant for something else), the folders in ``INSTALLED``, ``java`` on
    the path.

    Raises:
        UserError: there is none; the message says what was found and why it will not do.
    """
    if named := os.environ.get("ES_JAVA_HOME"):
        home = Path(named).absolute()
        if why_not := _why_not(home, account):
            raise UserError(
                f"ES_JAVA_HOME={named} {why_not}. Name the folder of a JDK {OLDEST} or newer there, or leave it unset."
            )
        return home
    refused = []
    for home in dict.fromkeys(_candidates(bundled)):
        why_not = _why_not(home, account)
        if why_not is None:
            return home
        refused.append(f"{home} {why_not}")
    found = f" Found: {'; '.join(refused)}." if refused else ""
    raise UserError(
        f"Elasticsearch needs a JDK {OLDEST} or newer, and there is none.{found} "
        "Install one (for example from https://adoptium.net) or name its folder in ES_JAVA_HOME."
    )


def _candidates(bundled: Path | None) -> Iterator[Path]:
    if bundled:
        yield bundled
    if named := os.environ.get("JAVA_HOME"):
        yield Path(named).absolute()
    for pattern in INSTALLED:
        # One entry for each Java: systems also put links to them there.
        yield from sorted({path.resolve() for path in Path("/").glob(pattern[1:]) if (path / "bin/java").exists()})
    if java := shutil.which("java"):
        yield Path(java).resolve().parent.parent


def _why_not(home: Path, account: Account) -> str | None:
    """Why the Java in ``home`` cannot run Elasticsearch, or nothing."""
    try:
        listed = account.run([home / "bin/java", "--list-modules"], timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return f"has no bin/java that the user {account.name} can run"
    modules = dict(re.findall(r"^([\w.]+)@(\d+)", listed.stdout, re.MULTILINE))
    if listed.returncode or "java.base" not in modules:
        return "is older than 9 or does not run"
    if int(modules["java.base"]) < OLDEST:
        return f"is {modules['java.base']}"
    if "jdk.jlink" not in modules:
        return "is no complete JDK (it lacks jdk.jlink)"
    return None
