"""A journal's database in SQLite: one file, one writer. See :mod:`quickstudy.journal.database` for what is asked of it.

Not here: opening the file and its lock (:mod:`quickstudy.journal.connection`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import filelock

from quickstudy.errors import JournalError, JournalLockedError
from quickstudy.journal.address import is_url
from quickstudy.journal.connection import (
    check_header,
    connect,
    connect_in_memory,
    create,
    resolved,
    translated,
    write_lock,
)
from quickstudy.journal.copying import copy_journal
from quickstudy.journal.database import Answer, Condition, T
from quickstudy.journal.event import COLUMNS, Row
from quickstudy.journal.migrations import STEPS, Step
from quickstudy.journal.searching import in_sqlite
from quickstudy.journal.snapshot import SnapshotFile, remove_snapshot

_INSERT = f"INSERT INTO events ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
_REFUSED = (sqlite3.Error, UnicodeEncodeError, OverflowError)


class SQLiteSession:
    """A transaction under way."""

    __slots__ = ("_connection", "execute")

    execute: Callable[..., Answer]

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.execute = connection.execute

    def insert(self, row: Row) -> int:
        """Inserts an event's row and gives its number."""
        return self._connection.execute(_INSERT, row).lastrowid or 0


class SQLiteDatabase:
    """A journal's database in a file or in memory. Make one with :meth:`open`.

    Attributes:
        connection: to the file.
    """

    shared = in_turn = False
    losses = 0

    def __init__(
        self, connection: sqlite3.Connection, path: str | None, *, read_only: bool, lock: filelock.BaseFileLock | None
    ) -> None:
        self.connection = connection
        self.path = path
        self.name = path or "(in memory)"
        self.read_only = read_only
        self.snapshots = None if path is None else SnapshotFile(f"{path}.snapshot")
        self._file_lock = lock
        self._session = SQLiteSession(connection)
        self._synchronous = ""
        self._open = True

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str] | None,
        *,
        new: Mapping[str, str] | None,
        read_only: bool,
        steps: Sequence[Step] = STEPS,
    ) -> SQLiteDatabase:
        """Opens a file, or makes a new one.

        Args:
            path: the file; None for memory.
            new: what a new journal's ``meta`` begins with; None makes none.
            read_only: reads while another process may write; takes no lock.
            steps: the schema's migrations.

        Raises:
            JournalError: see :meth:`quickstudy.journal.Journal.open`.
        """
        if path is None:
            return cls(connect_in_memory(steps, dict(new or {})), None, read_only=False, lock=None)
        file = resolved(path)
        if os.path.exists(file):
            check_header(file)
        elif read_only or new is None:
            raise JournalError(f"There is no journal {file!r}.", next_step="Check the path.", code="no-journal")
        if read_only:
            return cls(connect(file, read_only=True, steps=steps), file, read_only=True, lock=None)
        lock = write_lock(file)
        try:
            if not os.path.exists(file):
                create(file, steps, dict(new or {}))
            return cls(connect(file, read_only=False, steps=steps), file, read_only=False, lock=lock)
        except BaseException:
            lock.release()
            raise

    def last_seq(self) -> int:
        """The largest number."""
        return int(self.rows("SELECT COALESCE(MAX(seq), 0) FROM events")[0][0])

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """Reads."""
        try:
            return self.connection.execute(query, values).fetchall()
        except _REFUSED as error:
            raise translated(error, self.name) from error

    @contextmanager
    def transaction(self, *, durable: bool) -> Iterator[SQLiteSession]:
        """A transaction."""
        connection = self.connection
        try:
            synchronous = "FULL" if durable else "NORMAL"
            if synchronous != self._synchronous:
                connection.execute(f"PRAGMA synchronous = {synchronous}")
                self._synchronous = synchronous
            connection.execute("BEGIN IMMEDIATE")
            yield self._session
            connection.execute("COMMIT")
        except BaseException as error:
            if self._open and connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, _REFUSED):
                raise translated(error, self.name) from error
            raise

    def turn(self, body: Callable[[], T], *, again: bool) -> T:
        """The work alone: a file has one writer, so each of its transactions stands for itself."""
        return body()

    def view(self) -> AbstractContextManager[None]:
        """Nothing: the one writer sees what it wrote."""
        return nullcontext()

    def holding(self, field: str, value: Any) -> Condition:
        """Asks for situations with a field that has this value."""
        return in_sqlite(field, value)

    def scrub(self) -> None:
        """Removes forgotten content from the files.

        ``secure_delete`` alone is not enough: SQLite leaves stale copies of cells that it moved between pages
        (measured: 1 in 3,000 forgotten texts was still in the file). VACUUM writes every page anew.
        """
        try:
            if self.snapshots is not None:
                self.snapshots.remove()
            self.connection.execute("VACUUM")
            busy = self.path is not None and self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if busy:
                raise JournalLockedError("another process is reading it")
        except (sqlite3.Error, OSError, JournalError) as error:
            raise JournalError(
                f"The events are forgotten, but their content may still be in the file {self.name!r}: {error}.",
                next_step="Close its readers, make room on the disk, and open the journal again: it is removed then.",
                code="scrub",
            ) from error

    def backup(self, path: str | os.PathLike[str]) -> None:
        """Writes a copy to a new file or to PostgreSQL, whole or not at all."""
        if is_url(path):
            copy_journal(self, path)
            return
        target = resolved(path)
        if os.path.exists(target):
            raise JournalError(f"{target!r} exists already.", next_step="Give another path.", code="exists")
        partial = target + ".new"
        try:
            copy = sqlite3.connect(partial, isolation_level=None)
            try:
                self.connection.backup(copy)
            finally:
                copy.close()
            os.replace(partial, target)
        except sqlite3.Error as error:
            raise translated(error, target if self._open else self.name) from error
        finally:
            remove_snapshot(partial)

    def close(self) -> None:
        """Closes the file and frees its lock; closing twice does nothing."""
        if not self._open:
            return
        self._open = False
        try:
            if not self.read_only and self.path is not None:
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error:
            pass  # The log stays beside the journal and is read at the next opening.
        finally:
            self.connection.close()
            if self._file_lock is not None:
                self._file_lock.release()
