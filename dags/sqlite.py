"""How the parts of Airflow share one SQLite database: each waits its turn to write.

`wirewatch up` names :data:`CONNECT` as ``AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS``. Airflow writes many things
within a savepoint, after it has looked what there is. For Python's driver that begins a transaction that only reads,
and SQLite lets none write that has read what another changed since: "database is locked" comes at once, however long
it would wait.
"""

from __future__ import annotations

import sqlite3
from typing import Any


class Cursor(sqlite3.Cursor):
    """Begins a transaction that may write where a savepoint would begin one that reads."""

    def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
        """As that of any cursor."""
        if sql.startswith("SAVEPOINT") and not self.connection.in_transaction:
            super().execute("BEGIN IMMEDIATE")
        return super().execute(sql, *given)


class Connection(sqlite3.Connection):
    """A connection with such cursors."""

    def cursor(self, *_: Any) -> Cursor:
        """As that of any connection."""
        return super().cursor(Cursor)


CONNECT = {"factory": Connection, "timeout": 60.0}
"""What ``sqlite3.connect`` is given: also the seconds for which one waits that is to write."""
