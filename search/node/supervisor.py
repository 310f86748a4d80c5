"""The local node: a real Elasticsearch that Wirewatch starts, looks after and stops on this machine.

It outlives the command that started it. Everything it has lies in ``.wirewatch/node``: the server, its configuration,
data, logs and snapshots, the password, which only the user of Wirewatch can read, and the certificate of the authority
by which its clients know it.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from search.node.account import Account
from search.node.configuration import Configuration, password_of, port_of
from search.node.distribution import VERSION, Progress, assemble, need_room
from search.node.java import find_jdk
from search.node.server import Server, mark_of
from wirewatch.errors import UserError
from wirewatch.machine import locked, processes, wait_until
from wirewatch.settings import Settings

USER = "elastic"
START_SECONDS = 240
STOP_SECONDS = 60
ELSEWHERE = Path("/var/lib/wirewatch")
"""Where root's node is kept if the node's user may not go to Wirewatch's own folder."""


@dataclass(frozen=True)
class NodeStatus:
    """What is known of the local node at one moment."""

    running: bool
    """Whether its process lives."""
    ready: bool
    """Whether it answers; a node takes 20 to 60 seconds to get there."""
    url: str | None
    """Where it answers, or did when it last ran."""
    pid: int | None
    version: str | None
    """Of the Elasticsearch that answers."""
    data: Path
    log: Path


class Node:
    """The local Elasticsearch of one Wirewatch home.

    Any number of these objects, in any number of processes, may stand for the same node: what they know is on the disk
    and in the list of processes.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @property
    def folder(self) -> Path:
        """Where the node has everything it has."""
        return (self.settings.home / "node").resolve()

    @property
    def data(self) -> Path:
        """The folder of its indices."""
        return self.folder / "data"

    @property
    def snapshots(self) -> Path:
        """The folder (``path.repo``) that a snapshot repository of type ``fs`` may lie in."""
        return self.folder / "snapshots"

    @property
    def log(self) -> Path:
        """Its log file."""
        return self.folder / "logs/wirewatch.log"

    @property
    def ca(self) -> Path:
        """The certificate authority that vouches for it: another process that sits on its port is not believed."""
        return self.folder / "ca.crt"

    def start(self, progress: Progress | None = None) -> None:
        """Start the node and wait until it answers; if it runs already, only wait.

        Args:
            progress: is told in a few words what is being done, again and again while it lasts.

        Raises:
            UserError: something that the node needs is missing, or it did not start; the message tells what it said.
        """
        tell = progress or _nothing
        self._make_folder(tell)
        with locked(self.folder / "lock", lambda: tell("Waiting for another command that starts or stops the node")):
            if not self.ca.exists():
                self._stop()  # It was started by a Wirewatch whose node spoke no TLS.
            launcher = None if self._pids() else self._launch(self._server(tell), tell)
            self._wait_until_ready(launcher, tell)

    @property
    def server(self) -> Path | None:
        """The folder of the unpacked server, if it is here already."""
        found = self.settings.node_home or self.folder / f"elasticsearch-{VERSION}"
        return found if found.is_dir() else None

    def install(self, progress: Progress | None = None) -> Path:
        """Get what ``start`` would run, if it is not here yet, and return the folder of the unpacked server.

        Raises:
            UserError: as ``start`` does.
        """
        tell = progress or _nothing
        self._make_folder(tell)
        return self._server(tell).home

    def stop(self) -> None:
        """Stop the node: ask it to, wait, and end it by force if it takes more than ``STOP_SECONDS``."""
        if not self.folder.exists():
            return
        with locked(self.folder / "lock"):
            self._stop()

    def status(self) -> NodeStatus:
        """How the node is."""
        pids = self._pids()
        answer = self._get("/") if pids else None
        return NodeStatus(
            running=bool(pids),
            ready=answer is not None,
            url=self._url(),
            pid=pids[-1] if pids else None,
            version=answer["version"]["number"] if answer else None,
            data=self.data,
            log=self.log,
        )

    def connection(self) -> tuple[str, str, str]:
        """URL, user and password with which the node is reached; :attr:`ca` tells that it is the node.

        Raises:
            UserError: it was never started here, or by another user.
        """
        url = self._url()
        try:
            password = password_of(self.folder)
        except PermissionError:
            raise UserError(
                f"The local node in {self.folder} belongs to another user. Run this command as that user, or set "
                "WIREWATCH_HOME to a folder of your own."
            ) from None
        if not url or not password:
            raise UserError("The local node was never started. Start it with `wirewatch node start`.")
        return url, USER, password

    # -- starting ------------------------------------------------------------------------------------------------

    @cached_property
    def _account(self) -> Account:
        return Account.for_node()

    def _make_folder(self, tell: Progress) -> None:
        """Make the node's folder, at a place that the node's user may go to."""
        link = self.settings.home / "node"
        try:
            link.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"{link} cannot be made: {error.strerror}. Set WIREWATCH_HOME to a folder that you may write to."
            ) from None
        if self._account.reaches(self.folder):
            return
        if link.is_symlink() or any(path.name != "lock" for path in link.iterdir()):
            raise UserError(
                f"The local node runs as the user {self._account.name}, who may not go to {self.folder}. "
                f"Allow it (chmod a+x on the folders above), or set WIREWATCH_HOME to a folder open to all users."
            )
        ELSEWHERE.mkdir(parents=True, exist_ok=True, mode=0o755)
        place = Path(tempfile.mkdtemp(prefix="node-", dir=ELSEWHERE))
        place.chmod(0o755)
        shutil.rmtree(link)
        link.symlink_to(place)
        tell(f"{link} is closed to the user {self._account.name}: the node is kept in {place}")

    def _server(self, tell: Progress) -> Server:
        """The server, put together if need be, and the JDK to run it with."""
        official = self.settings.node_home and self.settings.node_home.resolve()
        bundled = official / "jdk" if official and (official / "jdk").exists() else None
        jdk = find_jdk(self._account, bundled)
        home = official or assemble(self.folder, jdk, tell)
        if not self._account.reaches(home):
            raise UserError(
                f"The local node runs as the user {self._account.name}, who cannot read {home}. Set "
                "WIREWATCH_NODE_HOME to an unpacked Elasticsearch in a folder that is open to all users."
            )
        if not (home / "lib").is_dir():
            raise UserError(f"WIREWATCH_NODE_HOME={home} is no unpacked Elasticsearch: it has no folder lib.")
        return Server(home, jdk, self.folder)

    def _launch(self, server: Server, tell: Progress) -> subprocess.Popen[bytes]:
        """Start the server's launcher, which returns when the server is up, or has failed."""
        need_room(self.folder, 1)
        Configuration(self.folder, self._account, server, self.settings).write()
        tell("Starting Elasticsearch")
        with (self.folder / "start.log").open("wb") as output:
            return self._account.spawn([*server.launcher, "--daemonize"], output, cwd=server.home, env=server.environ)

    def _wait_until_ready(self, launcher: subprocess.Popen[bytes] | None, tell: Progress) -> None:
        begun = time.monotonic()
        while self._get("/") is None:
            waited = time.monotonic() - begun
            left = launcher.poll() if launcher else None
            launching = launcher is not None and left is None
            if left or not (launching or self._pids()):
                raise UserError(f"Elasticsearch did not start. It said: {self._last_words()} (More in {self.log}.)")
            if waited > START_SECONDS:
                self._stop()
                raise UserError(
                    f"Elasticsearch did not answer within {START_SECONDS} seconds and was stopped. "
                    f"It said last: {self._last_words()} (More in {self.log}.)"
                )
            tell(f"Starting Elasticsearch: {waited:.0f} s")
            time.sleep(0.5)
        # An index that cannot be read is shown by every search of it; the others are of use without it.
        self._get(
            "/_cluster/health?wait_for_status=yellow&wait_for_no_initializing_shards=true&timeout=30s", timeout=40
        )
        if launcher:
            launcher.wait()

    def _last_words(self) -> str:
        """The end of what it wrote, less the tracebacks."""
        lines: list[str] = []
        for path in (self.log, self.folder / "start.log"):
            if path.exists():
                written = path.read_text(errors="replace").splitlines()
                lines += [line for line in written if line.strip() and not line.startswith(("\t", "  "))][-5:]
        return "\n".join(["", *lines, ""]) if lines else "nothing."

    # -- the process -----------------------------------------------------------------------------------------------

    def _pids(self) -> list[int]:
        """The node's processes: none, the server's, or while it starts also its launcher's, the server's last."""
        mark = mark_of(self.folder)
        return sorted(pid for pid, called in processes() if mark in called)

    def _stop(self) -> None:
        for sign, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 10)):
            for pid in self._pids():
                try:
                    os.kill(pid, sign)
                except ProcessLookupError:
                    pass
                except PermissionError:
                    raise UserError("The local node was started by another user. Stop it as that user.") from None
            wait_until(lambda: not self._pids(), seconds)

    def _url(self) -> str | None:
        port = port_of(self.folder)
        return f"https://127.0.0.1:{port}" if port else None

    def _get(self, path: str, timeout: float = 5) -> dict[str, Any] | None:
        """What the node answers, or nothing if it does not, or not yet."""
        try:
            url, user, password = self.connection()
        except UserError:
            return None
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        try:
            trusted = ssl.create_default_context(cafile=self.ca)
            with closing(
                http.client.HTTPSConnection(url.removeprefix("https://"), timeout=timeout, context=trusted)
            ) as connection:
                connection.request("GET", path, headers={"Authorization": f"Basic {login}"})
                response = connection.getresponse()
                answer: dict[str, Any] = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError):
            return None
        return answer if response.status == 200 else None


def _nothing(message: str) -> None:
    """Tell nobody."""
