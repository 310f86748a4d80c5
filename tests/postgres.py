"""A PostgreSQL of the tests' own: the server that Debian installs, on loopback, in a folder that goes with it."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy.exc import OperationalError

from tests.loopback import unused_ports

PROGRAMS = "/usr/lib/postgresql/*/bin"
"""Where Debian keeps them, by version; they are not on the search path."""


@contextmanager
def postgres() -> Iterator[sqlalchemy.URL]:
    """Run a PostgreSQL server; the URL's user may make databases. The test is skipped where none is installed."""
    programs = max((found.parent for found in Path("/").glob(f"{PROGRAMS[1:]}/initdb")), default=None)
    if programs is None:
        pytest.skip(f"PostgreSQL is not in {PROGRAMS}: apt-get install postgresql")
    # The server refuses to run as root; Debian makes this user for it.
    user = pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    folder = Path(tempfile.mkdtemp(prefix="wirewatch-postgres-"))
    password, port = secrets.token_hex(16), unused_ports()
    (folder / "password").write_text(password)
    for path in (folder, folder / "password"):
        os.chown(path, user.pw_uid, user.pw_gid)
    options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
    try:
        with (folder / "log").open("wb") as log:
            subprocess.run(
                [
                    programs / "initdb", "--pgdata", folder / "data", "--pwfile", folder / "password", "--no-sync",
                    "--username=tester", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8",
                ],
                **options, cwd=folder, stdout=log, stderr=log, check=True,
            )  # fmt: skip
            server = subprocess.Popen(
                [
                    programs / "postgres", "-D", folder / "data", "-p", str(port), "-c", "listen_addresses=127.0.0.1",
                    "-c", "unix_socket_directories=", "-c", "fsync=off",
                ],
                **options, cwd=folder, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            url = sqlalchemy.URL.create("postgresql+psycopg", "tester", password, "127.0.0.1", port, "postgres")
            _wait(url, server, folder / "log")
            yield url
        finally:
            server.send_signal(signal.SIGQUIT)  # at once, without writing what is about to be removed
            server.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(server: sqlalchemy.URL) -> sqlalchemy.URL:
    """What looks like an empty database: a schema, since a database of its own is 300 files to make and remove."""
    name = f"test_{secrets.token_hex(6)}"
    engine = sqlalchemy.create_engine(server)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    engine.dispose()
    return server.update_query_dict({"options": f"-csearch_path={name}"})


def _wait(url: sqlalchemy.URL, server: subprocess.Popen[bytes], log: Path) -> None:
    engine = sqlalchemy.create_engine(url)
    while True:
        try:
            engine.connect().close()
        except OperationalError:
            if server.poll() is not None:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}") from None
            try:
                server.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
        else:
            return engine.dispose()
