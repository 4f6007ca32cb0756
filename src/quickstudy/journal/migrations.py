"""The database's schema, as forward steps from version to version.

``user_version`` of the file counts the steps done. A new version appends a step and never edits an old one; each step
is one transaction, so a killed migration leaves the version before. Not here: reading and writing events.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import TypeAlias

Step: TypeAlias = Callable[[sqlite3.Connection], None]

APPLICATION_ID = int.from_bytes(b"qstd")
"""Written into the file's header: this SQLite file is a quickstudy journal."""


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
    connection.execute(
        """CREATE TABLE events (
            seq INTEGER PRIMARY KEY,
            id TEXT NOT NULL,
            kind TEXT NOT NULL,
            clock INTEGER NOT NULL,
            node TEXT NOT NULL,
            at REAL NOT NULL,
            decision_id TEXT,
            task_id TEXT,
            step INTEGER,
            request_id TEXT,
            by TEXT,
            answer TEXT,
            value REAL,
            mode TEXT,
            probability REAL,
            propensity REAL,
            coin REAL,
            correct INTEGER,
            situation TEXT,
            vector BLOB,
            data TEXT,
            forgotten INTEGER NOT NULL DEFAULT 0
        )"""
    )
    connection.execute("CREATE UNIQUE INDEX events_id ON events (id)")
    connection.execute("CREATE UNIQUE INDEX events_request ON events (request_id) WHERE request_id IS NOT NULL")
    connection.execute("CREATE INDEX events_decision ON events (decision_id) WHERE decision_id IS NOT NULL")
    connection.execute("CREATE INDEX events_task ON events (task_id) WHERE task_id IS NOT NULL")
    connection.execute("CREATE INDEX events_clock ON events (clock)")
    connection.execute("CREATE INDEX events_kind ON events (kind)")
    connection.execute("CREATE INDEX events_forgotten ON events (kind) WHERE forgotten = 1")


def _add_ledger(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE events ADD COLUMN ledger TEXT")


STEPS: tuple[Step, ...] = (_create, _add_ledger)
SCHEMA_VERSION = len(STEPS)


def version_of(connection: sqlite3.Connection) -> int:
    """The schema version of an open database; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, steps: Sequence[Step] = STEPS) -> None:
    """Brings a database to the newest version; does nothing if it is there.

    Args:
        connection: in autocommit mode (``isolation_level=None``).
        steps: all steps from version 0.

    Raises:
        sqlite3.Error: a step failed; the database is as the step before left it.
    """
    for number in range(version_of(connection), len(steps)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            steps[number](connection)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
