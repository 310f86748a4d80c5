"""What the local node is started with: its configuration, written anew each time, and its secrets, made once."""

from __future__ import annotations

import json
import os
import re
import secrets
from pathlib import Path

from search.node import certificates
from search.node.account import Account
from search.node.server import Server, mark_of
from wirewatch.errors import UserError
from wirewatch.machine import free_port, is_free
from wirewatch.settings import Settings


def port_of(folder: Path) -> int | None:
    """The port of the node in a folder; None where it never had one."""
    text = _read(folder / "port")
    return int(text) if text.isdecimal() else None


def password_of(folder: Path) -> str:
    """The password of the node in a folder; empty where it has none yet.

    Raises:
        PermissionError: it is another user's.
    """
    return _read(folder / "password")


class Configuration:
    """The files that the server of the node in a folder reads.

    The folders below the node's belong to the account that it runs as, the node's own and the files in it to this user.
    """

    def __init__(self, folder: Path, account: Account, server: Server, settings: Settings) -> None:
        self.folder, self.account, self.server, self.settings = folder, account, server, settings
        self.ca = folder / "ca.crt"

    def write(self) -> None:
        """Write the configuration; make password and certificates if there are none.

        Raises:
            UserError: the server's tool for secret settings failed; the message tells what it said.
        """
        ours = Path(__file__).parent
        for name in ("config", "data", "logs", "snapshots", "tmp"):
            (self.folder / name).mkdir(mode=0o700, exist_ok=True)
            self.account.own(self.folder / name)
        self._write("elasticsearch.yml", (ours / "elasticsearch.yml").read_text() + "\n" + self._options())
        self._write("log4j2.properties", (ours / "log4j2.properties").read_text())
        self._write("jvm.options", self._java_options())
        self._make_secrets()

    def _options(self) -> str:
        """What is different from node to node, as lines of YAML."""
        options = {
            "path.data": self.folder / "data",
            "path.logs": self.folder / "logs",
            "path.repo": [self.folder / "snapshots", *self._further_snapshots()],
            "http.port": self._port(),
            "transport.port": free_port(),
        }
        if (self.server.home / "modules/ingest-geoip").exists():
            options["ingest.geoip.downloader.enabled"] = False
        return "".join(f"{name}: {json.dumps(value, default=str)}\n" for name, value in options.items())

    def _port(self) -> int:
        """The port that it had before, if nobody else has taken it."""
        port = port_of(self.folder)
        if port is None or not is_free(port):
            port = free_port()
            _write(self.folder / "port", str(port))
        return port

    def _further_snapshots(self) -> list[Path]:
        """The folder that the settings name for snapshots, made if need be, where it is none within our own."""
        folder = Path(self.settings.elasticsearch.snapshots)
        if not folder.is_absolute():
            return []
        if not folder.exists():
            folder.mkdir(parents=True, mode=0o700)
            self.account.own(folder)
        return [folder]

    def _java_options(self) -> str:
        # The server's own options, less its garbage collector's log: 2 GB of no use here.
        java = re.sub(r"(?m)^-Xlog:gc.*\n", "", (self.server.home / "config/jvm.options").read_text())
        heap = self.settings.node_heap
        # Without this a new node copies its built-in roles into an index, and refuses every login while it makes that.
        roles = "-Des.queryable_built_in_roles_enabled=false"
        return f"{java}\n-Xms{heap}\n-Xmx{heap}\n{roles}\n{mark_of(self.folder)}\n"

    def _make_secrets(self) -> None:
        """A random password, and the key and certificates by which it is known. All are made once."""
        password = password_of(self.folder)
        keystore = self.folder / "config/elasticsearch.keystore"
        if password and keystore.exists() and self.ca.exists():
            return
        keystore.unlink(missing_ok=True)
        if not password:
            password = secrets.token_urlsafe(24)
            _write(self.folder / "password", password, mode=0o600)
        made = certificates.make()
        self._write("node.key", made.key, mode=0o600)
        self._write("node.crt", made.node)
        self._write("ca.crt", made.authority)
        _write(self.ca, made.authority)
        command = [*self.server.keystore, "add", "--force", "--stdin", "bootstrap.password"]
        done = self.account.run(
            command,
            timeout=120,
            cwd=self.folder / "config",
            env=self.server.environ,
            input=password,
            umask=0o077,
        )
        if done.returncode:
            # The keystore is made last: without it the next start begins anew.
            keystore.unlink(missing_ok=True)
            raise UserError(f"The local node could not be set up: {(done.stderr or done.stdout).strip()[-500:]}")

    def _write(self, name: str, text: str, mode: int = 0o644) -> None:
        # Made in our own folder and moved: root never writes through a link that the node's user may have put there.
        new = self.folder / f"{name}.config"
        _write(new, text, mode)
        self.account.own(new)
        new.replace(self.folder / "config" / name)


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
