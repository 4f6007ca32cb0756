"""The journal: an append-only record of events in SQLite, the truth that everything learned is computed from.

Invariants: events have ids unique in the world and numbers (``seq``) in order of arrival here; an append is whole or
absent; an event changes only by a merge or by being forgotten; one process writes, any number read. Not here: what
events teach, and how situations become JSON and vectors.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import filelock
import numpy.typing as npt

from quickstudy.errors import JournalError, JournalLockedError, JournalMismatchError
from quickstudy.journal.clock import new_id
from quickstudy.journal.connection import (
    check_header,
    connect,
    connect_in_memory,
    create,
    resolved,
    translated,
    write_lock,
)
from quickstudy.journal.event import COLUMNS, Event, Row, canonical_json, stored, to_row
from quickstudy.journal.migrations import STEPS, Step
from quickstudy.journal.reader import JournalReader
from quickstudy.journal.snapshot import (
    History,
    Snapshot,
    SnapshotWriter,
    read_snapshot,
    remove_snapshot,
    write_snapshot,
)
from quickstudy.journal.union import Changes, forget_rows, merge_rows

NEWEST = 64
"""So many of the newest decisions are held in memory."""

_NAMES = ", ".join(COLUMNS)
_INSERT = f"INSERT INTO events ({_NAMES}) VALUES ({', '.join('?' * len(COLUMNS))})"


class Journal(JournalReader):
    """An open journal; a context manager, safe to share between threads. Make one with :meth:`open`.

    Attributes:
        path: the absolute path of its file; None in memory.
        read_only: whether writing is refused.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: str | None, *, read_only: bool, lock: filelock.BaseFileLock | None
    ) -> None:
        super().__init__(connection, path)
        self.read_only = read_only
        self._file_lock = lock
        self._snapshots = SnapshotWriter()
        self._synchronous = ""
        self._newest: dict[str, Event] = {}  # what was decided is usually taught next: then it is not read again
        self._open = True

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str] | None,
        *,
        identity: Mapping[str, str] | None,
        read_only: bool = False,
        steps: Sequence[Step] = STEPS,
    ) -> Journal:
        """Opens a journal, or makes a new one.

        Args:
            path: its file; None for a journal in memory.
            identity: what the journal belongs to: ``{"job": ..., "fingerprint": ..., "feature_seed": ...}``. Written
                into a new journal and compared with an old one. None skips the comparison and makes no new file.
            read_only: reads while another process may write; takes no lock.
            steps: the schema's migrations.

        Raises:
            JournalError: no folder, a folder as path, no such file, not writable, or the disk is full (see ``code``).
            JournalLockedError: it is open for writing elsewhere.
            JournalMismatchError: it belongs to another job or encoder.
            JournalVersionError: a newer quickstudy wrote it.
            JournalCorruptError: it is truncated, damaged, or no journal at all.
        """
        meta = {"identity": canonical_json(dict(identity or {})), "snapshot_key": new_id()}
        if path is None:
            return cls(connect_in_memory(steps, meta), None, read_only=False, lock=None)
        file = resolved(path)
        exists = os.path.exists(file)
        if exists:
            check_header(file)
        elif read_only or identity is None:
            raise JournalError(f"There is no journal {file!r}.", next_step="Check the path.", code="no-journal")
        if read_only:
            journal = cls(connect(file, read_only=True, steps=steps), file, read_only=True, lock=None)
        else:
            lock = write_lock(file)
            try:
                if not os.path.exists(file):
                    create(file, steps, meta)
                journal = cls(connect(file, read_only=False, steps=steps), file, read_only=False, lock=lock)
            except BaseException:
                lock.release()
                raise
        try:
            journal._check_identity(identity)
            if not read_only and journal.get_meta("scrub") == "pending":
                journal._scrub()
        except BaseException:
            journal.close()
            raise
        return journal

    def close(self) -> None:
        """Closes the journal and frees its lock; closing twice does nothing."""
        self._snapshots.wait()
        with self._lock:
            if not self._open:
                return
            self._open = False
            self._newest.clear()
            try:
                if not self.read_only and self.path is not None:
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.Error:
                pass  # The log stays beside the journal and is read at the next opening.
            finally:
                self._connection.close()
                if self._file_lock is not None:
                    self._file_lock.release()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------ writing

    def append(self, events: Iterable[Event], *, durable: bool = True) -> list[Event]:
        """Appends events, all or none, and returns them with their numbers.

        Args:
            events: new events; their ``seq`` is ignored.
            durable: True: on disk when this returns (fsync). False: survives ``kill -9``, but the last ones can be lost
                in a power failure.

        Raises:
            JournalError: ``duplicate-id``, ``duplicate-request``, ``bad-event``, ``read-only``, ``disk-full`` or
                ``closed``; nothing was written.
        """
        rows = [(event, to_row(event)) for event in events]
        with self._lock:
            with self._transaction(durable=durable) as connection:
                appended = _insert(connection, rows)
            self._newest |= {event.id: event for event in appended[-NEWEST:] if event.kind == "decision"}
            while len(self._newest) > NEWEST:
                del self._newest[next(iter(self._newest))]
            return appended

    def get(self, id: str) -> Event | None:
        """The event with this id, or None."""
        with self._lock:
            return self._newest.get(id) or super().get(id)

    def union(self, events: Iterable[Event], *, extra: Iterable[Event] = ()) -> list[Event]:
        """Merges events: all or none of them. See :mod:`quickstudy.journal.union` for what stands where two differ.

        Args:
            events: of another journal, in any order; marks among them are left out.
            extra: new events of this journal, such as a mark, appended only if the merge changed something.

        Returns:
            The events that are new, or were replaced or forgotten by the merge, as they stand now, in order of
            arrival; without ``extra``.

        Raises:
            JournalError: as in :meth:`append`; nothing was merged. Code ``scrub``: all is merged, but the content of
                forgotten events is still to be removed from the file.
        """
        with self._lock:
            with self._transaction() as connection:
                changes = merge_rows(connection, events)
                self._commit_changes(connection, changes, extra)
            self._after(changes)
            return sorted(self.get_many(changes.ids).values(), key=lambda event: event.seq)

    def forget(self, ids: Iterable[str], *, extra: Iterable[Event] = ()) -> list[str]:
        """Makes events tombstones, with the decisions and lessons on the same situation, and scrubs the files.

        Nothing of their content stays in the database, its log, its free pages or the snapshot. Copies of the file made
        earlier (backups, file systems with history) are beyond reach.

        Args:
            ids: of any events; unknown ids, tombstones and marks are passed over.
            extra: new events of this journal, such as a mark, appended only if something was forgotten.

        Returns:
            The ids of all events that were forgotten now, in order of arrival.

        Raises:
            JournalError: as in :meth:`append`; nothing was forgotten. Code ``scrub``: they are forgotten, but their
                content is still to be removed from the file.
        """
        with self._lock:
            with self._transaction() as connection:
                changes = forget_rows(connection, ids)
                self._commit_changes(connection, changes, extra)
            self._after(changes)
            found = self.get_many(changes.ids).values()
            return [event.id for event in sorted(found, key=lambda event: event.seq)]

    def set_meta(self, key: str, value: str) -> None:
        """Writes one value beside the events, durably."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))

    def set_job(self, job_json: str) -> None:
        """Writes the job's document."""
        self.set_meta("job", job_json)

    # ------------------------------------------------------------------ copies and snapshots

    def backup(self, path: str | os.PathLike[str]) -> None:
        """Writes a copy of the journal to a new file, whole or not at all.

        Raises:
            JournalError: the file exists (``exists``), or cannot be written.
        """
        target = resolved(path)
        if os.path.exists(target):
            raise JournalError(f"{target!r} exists already.", next_step="Give another path.", code="exists")
        partial = target + ".new"
        try:
            with self._lock:
                copy = sqlite3.connect(partial, isolation_level=None)
                try:
                    self._connection.backup(copy)
                finally:
                    copy.close()
            os.replace(partial, target)
        except sqlite3.Error as error:
            raise translated(error, target if self._open else self._name) from error
        finally:
            remove_snapshot(partial)

    def save_snapshot(self, seq: int, state: Mapping[str, npt.NDArray[Any]], document: Mapping[str, Any]) -> None:
        """Writes a snapshot of the learned state beside the journal; does nothing in memory or read-only.

        Args:
            seq: the number of the last event that the state contains.
            state: plain arrays by name.
            document: anything else that JSON can hold.

        Raises:
            OSError: the disk is full or not writable.
            TypeError: something that a snapshot cannot hold.
        """
        self._snapshots.wait()
        with self._lock:
            if self.path is not None and not self.read_only:
                write_snapshot(self._snapshot_path, self._history(seq), Snapshot(seq, state, document))

    def write_snapshot_in_background(
        self, seq: int, state: Mapping[str, npt.NDArray[Any]], document: Mapping[str, Any]
    ) -> bool:
        """:meth:`save_snapshot` in a thread. The arrays must be private copies: nobody may change them any more.

        Returns:
            False, and nothing is done, while an earlier one is still being written, in memory, or read-only. A failure
            shows in :attr:`snapshot_error` only.
        """
        with self._lock:
            if self.path is None or self.read_only:
                return False
            return self._snapshots.start(self._snapshot_path, self._history(seq), Snapshot(seq, state, document))

    def load_snapshot(self) -> Snapshot | None:
        """The snapshot, if there is one that is whole and belongs to this journal's present history."""
        if self.path is None:
            return None
        found = read_snapshot(self._snapshot_path)
        if found is None:
            return None
        history, snapshot = found
        return snapshot if snapshot.seq <= self.last_seq and history == self._history(snapshot.seq) else None

    @property
    def snapshot_error(self) -> Exception | None:
        """Why the last snapshot in the background failed; None if it did not."""
        return self._snapshots.error

    @property
    def _snapshot_path(self) -> str:
        return f"{self.path}.snapshot"

    def _history(self, seq: int) -> History:
        rows = self._read("SELECT id FROM events WHERE seq = ?", (seq,))
        return History(self.get_meta("snapshot_key") or "", rows[0][0] if rows else "")

    # ------------------------------------------------------------------ inside

    def _commit_changes(self, connection: sqlite3.Connection, changes: Changes, extra: Iterable[Event]) -> None:
        """What belongs to the transaction of a merge or a forgetting that changed something."""
        self._newest.clear()
        if not changes.ids:
            return
        _insert(connection, [(event, to_row(event)) for event in extra])
        meta = [("snapshot_key", new_id()), *([("scrub", "pending")] if changes.removed else [])]
        connection.executemany("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", meta)

    def _after(self, changes: Changes) -> None:
        # A snapshot of the history before is stale by its key; it must go only where it holds forgotten content.
        if changes.removed:
            self._snapshots.wait()
            self._scrub()

    def _scrub(self) -> None:
        """Removes forgotten content from the files.

        ``secure_delete`` alone is not enough: SQLite leaves stale copies of cells that it moved between pages
        (measured: 1 in 3,000 forgotten texts was still in the file). VACUUM writes every page anew. A pending scrub is
        noted in the transaction that forgets, so a killed one is made up for at the next opening.
        """
        try:
            if self.path is not None:
                remove_snapshot(self._snapshot_path)
            self._connection.execute("VACUUM")
            busy = self.path is not None and self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if busy:
                raise JournalLockedError("another process is reading it")
            self.set_meta("scrub", "done")
        except (sqlite3.Error, OSError, JournalError) as error:
            raise JournalError(
                f"The events are forgotten, but their content may still be in the file {self._name!r}: {error}.",
                next_step="Close its readers, make room on the disk, and open the journal again: it is removed then.",
                code="scrub",
            ) from error

    @contextmanager
    def _transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self.read_only:
                raise JournalError(
                    f"The journal {self._name!r} is open read-only.", next_step="Open it for writing.", code="read-only"
                )
            connection = self._connection
            try:
                synchronous = "FULL" if durable else "NORMAL"
                if synchronous != self._synchronous:
                    connection.execute(f"PRAGMA synchronous = {synchronous}")
                    self._synchronous = synchronous
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                if self._open and connection.in_transaction:
                    connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error | UnicodeEncodeError | OverflowError):
                    raise translated(error, self._name) from error
                raise

    def _check_identity(self, identity: Mapping[str, str] | None) -> None:
        if identity is None:
            return
        mine = self.identity
        words = {"job": "job", "fingerprint": "encoder", "feature_seed": "feature seed"}
        for key in dict.fromkeys([*words, *mine, *identity]):
            if mine.get(key) == identity.get(key):
                continue
            word = words.get(key, key)
            advice = "Give another path to start a journal for this job."
            if key != "job":
                advice = (
                    f"Keep the journal's {word}, or export its lessons and import them into a new journal: "
                    f"quickstudy export {self._name} lessons.jsonl, then quickstudy import NEW lessons.jsonl"
                )
            raise JournalMismatchError(
                f"The journal {self._name!r} belongs to the {word} {mine.get(key)!r}, not {identity.get(key)!r}.",
                next_step=advice,
            )


def _insert(connection: sqlite3.Connection, rows: Iterable[tuple[Event, Row]]) -> list[Event]:
    return [stored(event, row, connection.execute(_INSERT, row).lastrowid or 0) for event, row in rows]
