"""The journal: an append-only record of events, the truth that everything learned is computed from.

It lies in a SQLite file, which one process writes and any number read, or in PostgreSQL, which any number write.
Invariants: events have ids unique in the world and numbers (``seq``) in order of arrival here; an append is whole or
absent; an event changes only by a merge or by being forgotten. Not here: what events teach, how situations become JSON
and vectors, and all that differs between the two databases (:mod:`quickstudy.journal.database`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from types import TracebackType
from typing import Any

import numpy.typing as npt

from quickstudy.errors import JournalError, JournalMismatchError
from quickstudy.journal.address import is_url
from quickstudy.journal.clock import new_id
from quickstudy.journal.database import Database, Session, T
from quickstudy.journal.event import Event, Row, canonical_json, stored, to_row
from quickstudy.journal.migrations import STEPS, Step
from quickstudy.journal.reader import JournalReader
from quickstudy.journal.snapshot import History, Snapshot, SnapshotWriter
from quickstudy.journal.sqlite import SQLiteDatabase
from quickstudy.journal.union import Changes, forget_rows, merge_rows

NEWEST = 64
"""So many of the newest decisions are held in memory."""

_SET = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


class Journal(JournalReader):
    """An open journal; a context manager, safe to share between threads. Make one with :meth:`open`.

    Attributes:
        read_only: whether writing is refused.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.read_only = database.read_only
        self._snapshots = SnapshotWriter()
        self._newest: dict[str, Event] = {}  # what was decided is usually taught next: then it is not read again
        self._key: str | None = None  # the history's, as far as it was followed; None: as it is
        self._removed = False  # whether the turn under way removed content
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
            path: its file, or a URL like ``postgresql://user@host/database?schema=NAME``; None for a journal in memory.
            identity: what the journal belongs to: ``{"job": ..., "fingerprint": ..., "feature_seed": ...}``. Written
                into a new journal and compared with an old one. None skips the comparison and makes no new file.
            read_only: reads while another process may write; takes no lock.
            steps: the migrations of a file's schema.

        Raises:
            MissingExtraError: a URL, and psycopg is not installed.
            JournalUnreachableError: a URL, and no server answers there.
            JournalError: no folder, a folder as path, no such file, not writable, or the disk is full (see ``code``).
            JournalLockedError: it is open for writing elsewhere.
            JournalMismatchError: it belongs to another job or encoder.
            JournalVersionError: a newer quickstudy wrote it.
            JournalCorruptError: it is truncated, damaged, or no journal at all.
        """
        new = {"identity": canonical_json(dict(identity or {})), "snapshot_key": new_id()}
        database: Database
        if path is not None and is_url(path):
            from quickstudy.journal.postgres import PostgresDatabase

            database = PostgresDatabase.open(str(path), new=None if identity is None else new, read_only=read_only)
        else:
            made = new if path is None or identity is not None else None
            database = SQLiteDatabase.open(path, new=made, read_only=read_only, steps=steps)
        journal = cls(database)
        try:
            journal._check_identity(identity)
            if not read_only and journal.get_meta("scrub") == "pending":
                with suppress(JournalError) if journal.shared else nullcontext():  # who may not can still work
                    journal._scrub()
        except BaseException:
            journal.close()
            raise
        return journal

    def close(self) -> None:
        """Closes the journal and frees its lock; closing twice does nothing."""
        self._snapshots.wait()
        with self._lock:
            self._open = False
            self._newest.clear()
            self._database.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------ writing

    def turn(self, body: Callable[[], T], *, again: bool = True) -> T:
        """Runs something that reads and writes, while no other process writes a shared journal.

        In PostgreSQL all of it is one transaction. It stands when ``body`` returns, or refuses what it was given with
        an error that is no JournalError; after any other error nothing of it was written. When the connection was lost,
        it is found out whether it stands, and if not, ``body`` is run again. A turn in a turn is a part of it. In a
        file, which has one writer, each append stands for itself.

        Args:
            body: the work.
            again: whether it may be run again.

        Raises:
            JournalUnreachableError: the server does not answer. With the code ``journal-unsure`` nobody knows whether
                it was written: repeat it with the same ids.
            JournalLockedError: another process has been writing for too long.
        """
        with self._lock:
            if self.in_turn:
                return body()
            if self.read_only:
                raise JournalError(
                    f"The journal {self._name!r} is open read-only.", next_step="Open it for writing.", code="read-only"
                )
            self._removed = False
            result = self._database.turn(body, again=again)
            if self._removed:
                self._scrub()
            return result

    def follow(self) -> str | None:
        """Takes note that others may have merged or forgotten: what was read before is not believed any more.

        A snapshot that is saved from now on is of the history as it is now, whose key is returned.
        """
        with self._lock:
            self._newest.clear()
            self._key = self.get_meta("snapshot_key")
            return self._key

    def append(self, events: Iterable[Event], *, durable: bool = True) -> list[Event]:
        """Appends events, all or none, and returns them with their numbers.

        Args:
            events: new events; their ``seq`` is ignored.
            durable: True: on disk when this returns (fsync). False: survives ``kill -9``, but the last ones can be lost
                in a power failure. PostgreSQL always writes durably.

        Raises:
            JournalError: ``duplicate-id``, ``duplicate-request``, ``bad-event``, ``read-only``, ``disk-full`` or
                ``closed``; nothing was written.
        """
        rows = [(event, to_row(event)) for event in events]

        def insert() -> list[Event]:
            with self._transaction(durable=durable) as session:
                return _insert(session, rows)

        with self._lock:
            appended = self.turn(insert)
            self._remember(appended)
            return appended

    def newer(self, after: int) -> list[Event]:
        """All events behind a number, at once."""
        with self._lock:
            found = super().newer(after)
            self._remember(found)
            return found

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
        return self._change(lambda session: merge_rows(session, events), extra)

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
        return [event.id for event in self._change(lambda session: forget_rows(session, ids), extra)]

    def set_meta(self, key: str, value: str) -> None:
        """Writes one value beside the events, durably."""

        def write() -> None:
            with self._transaction() as session:
                session.execute(_SET, (key, value))

        self.turn(write)

    def set_job(self, job_json: str) -> None:
        """Writes the job's document."""
        self.set_meta("job", job_json)

    # ------------------------------------------------------------------ copies and snapshots

    def backup(self, path: str | os.PathLike[str]) -> None:
        """Writes a copy of the journal to a new file, or to PostgreSQL, whole or not at all.

        The copy is the same learner's: it has earned the same. Let only one of the two go on working.

        Raises:
            JournalError: there is a journal already (``exists``), or it cannot be written.
        """
        with self._lock:
            self._database.backup(path)

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
            if self._database.snapshots is not None and not self.read_only:
                self._database.snapshots.write(self._history(seq), Snapshot(seq, state, document))

    def write_snapshot_in_background(
        self, seq: int, state: Mapping[str, npt.NDArray[Any]], document: Mapping[str, Any]
    ) -> bool:
        """:meth:`save_snapshot` in a thread. The arrays must be private copies: nobody may change them any more.

        Returns:
            False, and nothing is done, while an earlier one is still being written, in memory, or read-only. A failure
            shows in :attr:`snapshot_error` only.
        """
        with self._lock:
            snapshots = self._database.snapshots
            if snapshots is None or self.read_only:
                return False
            write = partial(snapshots.write, self._history(seq), Snapshot(seq, state, document))
            return self._snapshots.start(write)

    def load_snapshot(self) -> Snapshot | None:
        """The snapshot, if there is one that is whole and belongs to this journal's present history."""
        if self._database.snapshots is None:
            return None
        found = self._database.snapshots.read()
        if found is None:
            return None
        history, snapshot = found
        return snapshot if snapshot.seq <= self.last_seq and history == self._history(snapshot.seq) else None

    @property
    def snapshot_error(self) -> Exception | None:
        """Why the last snapshot in the background failed; None if it did not."""
        return self._snapshots.error

    def _history(self, seq: int) -> History:
        return History(self._key or self.get_meta("snapshot_key") or "", self.id_at(seq))

    # ------------------------------------------------------------------ inside

    def _change(self, change: Callable[[Session], Changes], extra: Iterable[Event]) -> list[Event]:
        """A merge or a forgetting, with what belongs to it if it changes something."""
        more = list(extra)

        def write() -> list[Event]:
            with self._transaction() as session:
                changes = change(session)
                self._newest.clear()
                if changes.ids:
                    _insert(session, [(event, to_row(event)) for event in more])
                    session.execute(_SET, ("snapshot_key", new_id()))
                if changes.removed:
                    session.execute(_SET, ("scrub", "pending"))
            self._removed |= changes.removed
            return sorted(self.get_many(changes.ids).values(), key=lambda event: event.seq)

        return self.turn(write, again=False)

    def _remember(self, events: Sequence[Event]) -> None:
        self._newest |= {event.id: event for event in events[-NEWEST:] if event.kind == "decision"}
        while len(self._newest) > NEWEST:
            del self._newest[next(iter(self._newest))]

    def _scrub(self) -> None:
        """Removes forgotten content from the database.

        A pending scrub is noted in the transaction that forgets, so a killed one is made up for at the next opening.
        """
        # A snapshot of the history before is stale by its key; it must go only where it holds forgotten content.
        self._snapshots.wait()
        self._database.scrub()
        self.set_meta("scrub", "done")

    @contextmanager
    def _transaction(self, *, durable: bool = True) -> Iterator[Session]:
        with self._lock, self._database.transaction(durable=durable) as session:
            yield session

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
                    f"quickstudy export {self._name} lessons.jsonl, then quickstudy import NEW lessons.jsonl --job JOB"
                )
            raise JournalMismatchError(
                f"The journal {self._name!r} belongs to the {word} {mine.get(key)!r}, not {identity.get(key)!r}.",
                next_step=advice,
            )


def _insert(session: Session, rows: Iterable[tuple[Event, Row]]) -> list[Event]:
    return [stored(event, row, session.insert(row)) for event, row in rows]
