"""A snapshot in PostgreSQL: one row that all processes share, so that a new one need not read every event.

Invariant: after a merge or a forgetting no snapshot of the history before is written any more: whoever writes one holds
the history's key in place until it is done. Not here: its bytes (``snapshot``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from quickstudy.errors import JournalError
from quickstudy.journal.event import Row
from quickstudy.journal.snapshot import History, Snapshot, pieces_of, snapshot_of

_KEY = "SELECT value FROM meta WHERE key = 'snapshot_key' FOR SHARE"
_PUT = "INSERT INTO snapshots (content) VALUES (%s) ON CONFLICT (one) DO UPDATE SET content = excluded.content"


class SnapshotTable:
    """The table ``snapshots``.

    Args:
        connect: makes a connection of its own: a snapshot is written beside the work.
        rows: reads in the journal's connection.
    """

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]], rows: Callable[[str], list[Row]]) -> None:
        self._connect, self._rows = connect, rows

    def write(self, history: History, snapshot: Snapshot) -> None:
        """Writes it, whole or not at all; not at all if it is of a history that is no more.

        Raises:
            JournalError: it cannot be written, or is larger than a row can be (1 GB).
        """
        content = b"".join(pieces_of(history, snapshot))
        try:
            with self._connect() as connection, connection.transaction():
                if connection.execute(_KEY).fetchall() == [(history.key,)]:
                    connection.execute(_PUT, (content,))
        except psycopg.Error as error:
            raise JournalError(f"The snapshot was not written: {error.diag.message_primary or error}") from error

    def read(self) -> tuple[History, Snapshot] | None:
        """Reads it; None if there is none that is whole."""
        rows = self._rows("SELECT content FROM snapshots")
        return snapshot_of(bytearray(rows[0][0])) if rows else None
