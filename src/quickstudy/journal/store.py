"""The journal: an append-only record of events in SQLite, the truth that everything learned is computed from.

Invariants: events have ids unique in the world and numbers (``seq``) in order of arrival here; an append is whole or
absent; an event changes only by a merge or by being forgotten; one process writes, any number read. Not here: what
events teach, and how situations become JSON and vectors.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import filelock

from quickstudy.errors import JournalError, JournalMismatchError
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
from quickstudy.journal.event import COLUMNS, Event, Row, canonical_json, from_row, stored, to_row
from quickstudy.journal.migrations import STEPS, Step

PAGE = 1000
_NAMES = ", ".join(COLUMNS)
_SELECT = f"SELECT {_NAMES}, seq FROM events"
_INSERT = f"INSERT INTO events ({_NAMES}) VALUES ({', '.join('?' * len(COLUMNS))})"


class Journal:
    """An open journal; a context manager, safe to share between threads. Make one with :meth:`open`.

    Attributes:
        path: the absolute path of its file; None in memory.
        read_only: whether writing is refused.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: str | None, *, read_only: bool, lock: filelock.BaseFileLock | None
    ) -> None:
        self.path = path
        self.read_only = read_only
        self._connection = connection
        self._file_lock = lock
        self._lock = threading.RLock()
        self._synchronous = ""
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
        except BaseException:
            journal.close()
            raise
        return journal

    def close(self) -> None:
        """Closes the journal and frees its lock; closing twice does nothing."""
        with self._lock:
            if not self._open:
                return
            self._open = False
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
        with self._transaction(durable=durable) as connection:
            return [stored(event, row, connection.execute(_INSERT, row).lastrowid or 0) for event, row in rows]

    def set_meta(self, key: str, value: str) -> None:
        """Writes one value beside the events, durably."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))

    def set_job(self, job_json: str) -> None:
        """Writes the job's document."""
        self.set_meta("job", job_json)

    # ------------------------------------------------------------------ reading

    def get_meta(self, key: str) -> str | None:
        """The value of a key beside the events, or None."""
        rows = self._read("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    @property
    def job_json(self) -> str | None:
        """The job's document, or None."""
        return self.get_meta("job")

    @property
    def identity(self) -> dict[str, str]:
        """What the journal belongs to: its job's name, its encoder's fingerprint, its feature seed."""
        text = self.get_meta("identity")
        return {} if text is None else dict(json.loads(text))

    @property
    def last_seq(self) -> int:
        """The number of the newest event; 0 in an empty journal."""
        return int(self._read("SELECT COALESCE(MAX(seq), 0) FROM events")[0][0])

    @property
    def last_clock(self) -> int:
        """The largest clock of all events, for :meth:`HybridClock.observe`; 0 in an empty journal."""
        return int(self._read("SELECT COALESCE(MAX(clock), 0) FROM events")[0][0])

    def get(self, id: str) -> Event | None:
        """The event with this id, or None."""
        rows = self._read(f"{_SELECT} WHERE id = ?", (id,))
        return from_row(rows[0]) if rows else None

    def get_many(self, ids: Iterable[str]) -> dict[str, Event]:
        """The events with these ids, by id, in the order asked; unknown ids are absent."""
        wanted = list(dict.fromkeys(ids))
        found: dict[str, Event] = {}
        for start in range(0, len(wanted), PAGE):
            some = wanted[start : start + PAGE]
            for row in self._read(f"{_SELECT} WHERE id IN ({', '.join('?' * len(some))})", some):
                found[row[0]] = from_row(row)
        return {id: found[id] for id in wanted if id in found}

    def by_request(self, request_id: str) -> Event | None:
        """The decision with this ``request_id``, or None."""
        rows = self._read(f"{_SELECT} WHERE request_id = ?", (request_id,))
        return from_row(rows[0]) if rows else None

    def lessons_of(self, decision_id: str) -> list[Event]:
        """The lessons of a decision in order of arrival, tombstones included."""
        rows = self._read(f"{_SELECT} WHERE decision_id = ? AND +kind = 'lesson' ORDER BY seq", (decision_id,))
        return [from_row(row) for row in rows]

    def events(
        self,
        *,
        after: int = 0,
        until_seq: int | None = None,
        until_at: float | None = None,
        kinds: Iterable[str] | None = None,
    ) -> Iterator[Event]:
        """Streams events in order of arrival, tombstones and marks included.

        It reads pages and holds no lock and no transaction between them, so events appended meanwhile are seen too.

        Args:
            after: begin behind this number.
            until_seq: end with this number.
            until_at: only events whose own time is at most this, seconds since 1970.
            kinds: only these kinds.
        """
        conditions: list[str] = ["seq > ?"]
        values: list[Any] = []
        if until_seq is not None:
            conditions.append("seq <= ?")
            values.append(until_seq)
        if until_at is not None:
            conditions.append("at <= ?")
            values.append(until_at)
        if kinds is not None:
            wanted = list(kinds)
            # The plus keeps SQLite from walking the index of kinds, which would sort all events for every page.
            conditions.append(f"{'+' if len(wanted) > 1 else ''}kind IN ({', '.join('?' * len(wanted))})")
            values.extend(wanted)
        query = f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY seq LIMIT {PAGE}"
        while rows := self._read(query, [after, *values]):
            for row in rows:
                yield from_row(row)
            after = rows[-1][-1]

    def waiting(self, limit: int | None = None) -> list[Event]:
        """Decisions that were not acted on alone and have no lesson yet, oldest first."""
        rows = self._read(
            f"{_SELECT} WHERE kind = 'decision' AND forgotten = 0 AND mode IS NOT 'act' AND NOT EXISTS "
            "(SELECT 1 FROM events AS lesson WHERE lesson.decision_id = events.id AND +lesson.kind = 'lesson') "
            "ORDER BY seq LIMIT ?",
            (-1 if limit is None else limit,),
        )
        return [from_row(row) for row in rows]

    def count(self, kind: str) -> int:
        """How many events of a kind there are, tombstones apart."""
        return self.counts().get(kind, 0)

    def counts(self) -> dict[str, int]:
        """How many events of each kind there are; tombstones count under ``"forgotten"`` only."""
        every: dict[str, int] = dict(self._read("SELECT kind, COUNT(*) FROM events GROUP BY kind"))
        tombstones: dict[str, int] = dict(
            self._read("SELECT kind, COUNT(*) FROM events WHERE forgotten = 1 GROUP BY kind")
        )
        counts = {kind: number - tombstones.get(kind, 0) for kind, number in every.items()}
        return {**{kind: n for kind, n in counts.items() if n}, "forgotten": sum(tombstones.values())}

    # ------------------------------------------------------------------ inside

    def _read(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except (sqlite3.Error, UnicodeEncodeError, OverflowError) as error:
                raise translated(error, self._name) from error

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

    @property
    def _name(self) -> str:
        return self.path or "(in memory)"

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
