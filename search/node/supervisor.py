"""The local node: a real Elasticsearch that Wirewatch starts, looks after and stops on this machine.

It outlives the command that started it. Everything it has lies in ``.wirewatch/node``: the server, its configuration,
data, logs and snapshots, the password, which only the user of Wirewatch can read, and the certificate of the authority
by which its clients know it.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from search.node import certificates
from search.node.account import Account
from search.node.distribution import VERSION, Progress, assemble, locked, need_room
from search.node.java import find_jdk
from wirewatch.errors import UserError
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
            launcher = None if self._pids() else self._launch(*self._server(tell), tell)
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
        return self._server(tell)[0]

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
            password = self._password()
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

    def _server(self, tell: Progress) -> tuple[Path, Path]:
        """The folder of the server, and that of the JDK to run it with."""
        official = self.settings.node_home and self.settings.node_home.resolve()
        bundled = official / "jdk" if official and (official / "jdk").exists() else None
        jdk = find_jdk(self._account, bundled)
        server = official or assemble(self.folder, jdk, tell)
        if not self._account.reaches(server):
            raise UserError(
                f"The local node runs as the user {self._account.name}, who cannot read {server}. Set "
                "WIREWATCH_NODE_HOME to an unpacked Elasticsearch in a folder that is open to all users."
            )
        if not (server / "lib").is_dir():
            raise UserError(f"WIREWATCH_NODE_HOME={server} is no unpacked Elasticsearch: it has no folder lib.")
        return server, jdk

    def _launch(self, server: Path, jdk: Path, tell: Progress) -> subprocess.Popen[bytes]:
        """Start the server's launcher, which returns when the server is up, or has failed."""
        need_room(self.folder, 1)
        self._configure(server, jdk)
        tell("Starting Elasticsearch")
        script = server / "bin/elasticsearch"
        if script.exists():
            launcher: list[str | Path] = [script]
        else:
            classes = f"{server}/lib/tools/server-launcher/*"
            launcher = [*self._java(jdk), "-cp", classes, "org.elasticsearch.server.launcher.ServerLauncher"]
        with (self.folder / "start.log").open("wb") as output:
            return self._account.spawn([*launcher, "--daemonize"], output, cwd=server, env=self._environ(server, jdk))

    def _configure(self, server: Path, jdk: Path) -> None:
        """Write the node's configuration anew; make its password and its certificates if it has none."""
        ours = Path(__file__).parent
        for name in ("config", "data", "logs", "snapshots", "tmp"):
            (self.folder / name).mkdir(mode=0o700, exist_ok=True)
            self._account.own(self.folder / name)
        port = self._port()
        if port is None or not _is_free(port):
            port = _free_port()
            _write(self.folder / "port", str(port))
        options = {
            "path.data": self.data,
            "path.logs": self.log.parent,
            "path.repo": [self.snapshots, *self._further_snapshots()],
            "http.port": port,
            "transport.port": _free_port(),
        }
        if (server / "modules/ingest-geoip").exists():
            options["ingest.geoip.downloader.enabled"] = False
        lines = [f"{name}: {json.dumps(value, default=str)}\n" for name, value in options.items()]
        self._write_config("elasticsearch.yml", (ours / "elasticsearch.yml").read_text() + "\n" + "".join(lines))
        self._write_config("log4j2.properties", (ours / "log4j2.properties").read_text())
        # The server's own options, less its garbage collector's log: 2 GB of no use here.
        java = re.sub(r"(?m)^-Xlog:gc.*\n", "", (server / "config/jvm.options").read_text())
        heap = self.settings.node_heap
        # Without this a new node copies its built-in roles into an index, and refuses every login while it makes that.
        roles = "-Des.queryable_built_in_roles_enabled=false"
        self._write_config("jvm.options", f"{java}\n-Xms{heap}\n-Xmx{heap}\n{roles}\n{self._mark}\n")
        self._make_secrets(server, jdk)

    def _further_snapshots(self) -> list[Path]:
        """The folder that the settings name for snapshots, made if need be, where it is none within our own."""
        folder = Path(self.settings.elasticsearch.snapshots)
        if not folder.is_absolute():
            return []
        if not folder.exists():
            folder.mkdir(parents=True, mode=0o700)
            self._account.own(folder)
        return [folder]

    def _make_secrets(self, server: Path, jdk: Path) -> None:
        """A random password, and the key and certificates by which it is known. All are made once."""
        password = self._password()
        keystore = self.folder / "config/elasticsearch.keystore"
        if password and keystore.exists() and self.ca.exists():
            return
        keystore.unlink(missing_ok=True)
        if not password:
            password = secrets.token_urlsafe(24)
            _write(self.folder / "password", password, mode=0o600)
        made = certificates.make()
        self._write_config("node.key", made.key, mode=0o600)
        self._write_config("node.crt", made.node)
        self._write_config("ca.crt", made.authority)
        _write(self.ca, made.authority)
        script = server / "bin/elasticsearch-keystore"
        if script.exists():
            keystore_tool: list[str | Path] = [script]
        else:
            keystore_tool = [
                *self._java(jdk),
                "-Dcli.name=keystore",
                "-Dcli.libs=lib/tools/keystore-cli",
                f"-Des.path.home={server}",
                f"-Des.path.conf={self.folder / 'config'}",
                "-Des.distribution.type=zip",
                "-Des.java.type=ES_JAVA_HOME",
                "-cp",
                f"{server}/lib/*:{server}/lib/cli-launcher/*",
                "org.elasticsearch.launcher.CliToolLauncher",
            ]
        command = [*keystore_tool, "add", "--force", "--stdin", "bootstrap.password"]
        environ = self._environ(server, jdk)
        done = self._account.run(
            command, timeout=120, cwd=self.folder / "config", env=environ, input=password, umask=0o077
        )
        if done.returncode:
            # The keystore is made last: without it the next start begins anew.
            keystore.unlink(missing_ok=True)
            raise UserError(f"The local node could not be set up: {(done.stderr or done.stdout).strip()[-500:]}")

    def _write_config(self, name: str, text: str, mode: int = 0o644) -> None:
        # Made in our own folder and moved: root never writes through a link that the node's user may have put there.
        new = self.folder / f"{name}.config"
        _write(new, text, mode)
        self._account.own(new)
        new.replace(self.folder / "config" / name)

    def _java(self, jdk: Path) -> list[str | Path]:
        return [jdk / "bin/java", "-Xms4m", "-Xmx64m", "-XX:+UseSerialGC", self._mark]

    def _environ(self, server: Path, jdk: Path) -> dict[str, str]:
        """All that the server sees of the environment: no secret of Wirewatch, nobody's Java options."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
        return kept | {
            "HOME": str(self.folder),
            "ES_HOME": str(server),
            "ES_PATH_CONF": str(self.folder / "config"),
            "ES_TMPDIR": str(self.folder / "tmp"),
            "ES_JAVA_HOME": str(jdk),
            "JAVA": str(jdk / "bin/java"),
            "JAVA_TYPE": "ES_JAVA_HOME",
            "ES_DISTRIBUTION_TYPE": "zip",
        }

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

    @property
    def _mark(self) -> str:
        """An argument by which this node's processes are known: no process id that goes stale or is reused."""
        return f"-Dwirewatch.node={hashlib.sha256(str(self.folder).encode()).hexdigest()[:20]}"

    def _pids(self) -> list[int]:
        """The node's processes: none, the server's, or while it starts also its launcher's, the server's last."""
        return sorted(pid for pid, arguments in _processes() if self._mark in arguments)

    def _stop(self) -> None:
        for sign, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 10)):
            for pid in self._pids():
                try:
                    os.kill(pid, sign)
                except ProcessLookupError:
                    pass
                except PermissionError:
                    raise UserError("The local node was started by another user. Stop it as that user.") from None
            deadline = time.monotonic() + seconds
            while self._pids() and time.monotonic() < deadline:
                time.sleep(0.1)

    def _port(self) -> int | None:
        text = _read(self.folder / "port")
        return int(text) if text.isdecimal() else None

    def _password(self) -> str:
        return _read(self.folder / "password")

    def _url(self) -> str | None:
        port = self._port()
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


def _read(file: Path) -> str:
    """What a file says; nothing where there is none."""
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        return ""


def _write(file: Path, text: str, mode: int = 0o644) -> None:
    """Write a file that is there whole or not at all, whenever this process is killed."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as opened:
        opened.write(text)
    new.replace(file)


def _processes() -> Iterator[tuple[int, list[str]]]:
    """Every process that this user can see, with its arguments."""
    if sys.platform == "linux":
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                yield int(folder.name), (folder / "cmdline").read_text(errors="replace").split("\0")
            except OSError:
                continue  # It has ended since.
    else:
        listed = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True)
        for line in listed.stdout.splitlines():
            pid, *arguments = line.split()
            yield int(pid), arguments


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
