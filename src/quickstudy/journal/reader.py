"""Reading a journal: single events, streams, counts and searches.

Invariants: reading changes nothing; no lock and no transaction outlives a call, so a slow reader never stops a writer.
Not here: opening and writing (:mod:`quickstudy.journal.store`).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from quickstudy.errors import JournalError
from quickstudy.journal.database import Database
from quickstudy.journal.event import COLUMNS, Event, Row, from_row
from quickstudy.types import Scalar

PAGE = 1000
_SELECT = f"SELECT {', '.join(COLUMNS)}, seq FROM events"
_SELECT_LIGHT = f"SELECT {', '.join('NULL' if c in ('vector', 'data') else c for c in COLUMNS)}, seq FROM events"
_SEARCHED = frozenset(("id", "kind", "node", "decision_id", "task_id", "request_id", "by", "answer"))


class JournalReader:
    """The reading half of :class:`~quickstudy.journal.store.Journal`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.RLock()
        self._end: int | None = None  # what is read of a shared journal ends here

    @property
    def path(self) -> str | None:
        """What opens it again: the absolute path of its file, or its URL without a password; None in memory."""
        return self._database.path

    @property
    def shared(self) -> bool:
        """Whether other processes may write it at the same time."""
        return self._database.shared

    @property
    def in_turn(self) -> bool:
        """Whether a turn is under way; see :meth:`quickstudy.journal.Journal.turn`."""
        return self._database.in_turn

    @property
    def losses(self) -> int:
        """How often the connection to a database server was lost and made again."""
        return self._database.losses

    @contextmanager
    def until(self, seq: int) -> Iterator[None]:
        """Inside, streams of events and :attr:`last_seq` end with a number, though others go on writing.

        It holds no lock and no transaction, so it can last. What others merge or forget meanwhile shows, and changes
        the ``snapshot_key``.
        """
        self._end = seq
        try:
            yield
        finally:
            self._end = None

    @contextmanager
    def view(self) -> Iterator[None]:
        """What is read inside is one state of a shared journal, for looking at it. It keeps a forgetting waiting."""
        with self._lock, self._database.view():
            yield

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
        with self._lock:
            return self._database.last_seq() if self._end is None else self._end

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
        found = {row[0]: from_row(row) for row in self._among(f"{_SELECT} WHERE id", wanted)}
        return {id: found[id] for id in wanted if id in found}

    def situations_of(self, lesson_ids: Iterable[str]) -> dict[str, tuple[str | None, str | None]]:
        """What lessons were about, by lesson id: the situation's JSON, their own or their decision's, and who taught.

        Reads these two columns only: every decision shows its nearest lessons. Unknown ids are absent.
        """
        query = (
            'SELECT lesson.id, COALESCE(lesson.situation, decision.situation), lesson."by" FROM events AS lesson '
            "LEFT JOIN events AS decision ON decision.id = lesson.decision_id WHERE lesson.id"
        )
        return {id: (situation, by) for id, situation, by in self._among(query, list(lesson_ids))}

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
        light: bool = False,
    ) -> Iterator[Event]:
        """Streams events in order of arrival, tombstones and marks included.

        It reads pages and holds no lock and no transaction between them, so events appended meanwhile are seen too.

        Args:
            after: begin behind this number.
            until_seq: end with this number.
            until_at: only events whose own time is at most this, seconds since 1970.
            kinds: only these kinds.
            light: without vectors and ``data``, which takes half the time.
        """
        conditions: list[str] = ["seq > ?"]
        values: list[Any] = []
        if self._end is not None:
            until_seq = self._end if until_seq is None else min(until_seq, self._end)
        if until_seq is not None:
            conditions.append("seq <= ?")
            values.append(until_seq)
        if until_at is not None:
            conditions.append("at <= ?")
            values.append(until_at)
        if kinds is not None:
            wanted = list(kinds)
            if not wanted:
                return
            # The plus keeps SQLite from walking the index of kinds, which would sort all events for every page.
            conditions.append(f"{'+' if len(wanted) > 1 else ''}kind IN ({', '.join('?' * len(wanted))})")
            values.extend(wanted)
        select = _SELECT_LIGHT if light else _SELECT
        query = f"{select} WHERE {' AND '.join(conditions)} ORDER BY seq LIMIT {PAGE}"
        while rows := self._read(query, [after, *values]):
            for row in rows:
                yield from_row(row)
            after = rows[-1][-1]

    def newer(self, after: int) -> list[Event]:
        """All events behind a number, at once."""
        return [from_row(row) for row in self._read(f"{_SELECT} WHERE seq > ? ORDER BY seq", (after,))]

    def id_at(self, seq: int) -> str:
        """The id of the event with this number; empty if there is none."""
        rows = self._read("SELECT id FROM events WHERE seq = ?", (seq,))
        return str(rows[0][0]) if rows else ""

    def in_tasks(self, *, after: int = 0, task_id: str | None = None) -> Iterator[Event]:
        """Streams the events of tasks of many steps in order of arrival, tombstones included.

        Args:
            after: begin behind this number.
            task_id: only this task's.
        """
        which, values = ("= ?", [task_id]) if task_id is not None else ("IS NOT NULL", [])
        bound = "" if self._end is None else " AND seq <= ?"
        ends = [] if self._end is None else [self._end]
        query = f"{_SELECT} WHERE task_id {which} AND seq > ?{bound} ORDER BY seq LIMIT {PAGE}"
        while rows := self._read(query, [*values, after, *ends]):
            for row in rows:
                yield from_row(row)
            after = rows[-1][-1]

    def waiting(self, limit: int | None = None, *, after: int = 0) -> list[Event]:
        """Decisions that were not acted on alone and have no lesson yet, oldest first.

        Steps of tasks that have ended wait no longer, audits apart.

        Args:
            limit: at most so many; all if None.
            after: begin behind this number.
        """
        rows = self._read(
            f"{_SELECT} WHERE seq > ? AND kind = 'decision' AND forgotten = 0 AND COALESCE(mode, '') <> 'act' "
            "AND NOT EXISTS (SELECT 1 FROM events AS lesson "
            "WHERE lesson.decision_id = events.id AND +lesson.kind = 'lesson') "
            "AND (task_id IS NULL OR mode = 'audit' OR task_id NOT IN (SELECT ended.task_id FROM events AS ended "
            "WHERE ended.kind = 'task' AND ended.step IS NOT NULL AND ended.mode IS NULL)) "
            f"ORDER BY seq{'' if limit is None else ' LIMIT ?'}",
            (after,) if limit is None else (after, limit),
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

    def find(self, /, **fields: Scalar) -> list[str]:
        """The ids of events that hold all these values, in order of arrival; tombstones and marks are never found.

        Args:
            fields: ``id``, ``kind``, ``node``, ``decision_id``, ``task_id``, ``request_id``, ``by`` and ``answer`` are
                the event's own; any other name is a field of the situation, such as ``vendor="Acme"``, or ``text=`` for
                a whole text. Values are compared with their type: 1 is neither "1" nor True.

        Raises:
            JournalError: code ``bad-search``: no field, or a value that no situation can hold.
        """
        if not fields:
            raise JournalError(
                "A search names no field.", next_step='For example find(vendor="Acme").', code="bad-search"
            )
        conditions: list[str] = ["forgotten = 0", "kind <> 'mark'"]
        values: list[Any] = []
        checks: list[Callable[[str], bool]] = []
        for field, value in fields.items():
            if field not in _SEARCHED:
                asked = self._database.holding(field, value)
                conditions.append(asked.sql)
                values.extend(asked.values)
                checks += [] if asked.check is None else [asked.check]
            elif isinstance(value, str):
                conditions.append(f"{field} = ?")
                values.append(value)
            else:
                conditions.append(f"{field} IS NULL" if value is None else "1 = 0")
        found = self._read(f"SELECT id, situation FROM events WHERE {' AND '.join(conditions)} ORDER BY seq", values)
        return [id for id, situation in found if all(check(situation) for check in checks)]

    def _among(self, query: str, ids: Sequence[str]) -> Iterator[Row]:
        """The rows of a query that ends with the name of an id, where it is one of ``ids``; a page at a time."""
        for start in range(0, len(ids), PAGE):
            some = ids[start : start + PAGE]
            yield from self._read(f"{query} IN ({', '.join('?' * len(some))})", some)

    def _read(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        with self._lock:
            return self._database.rows(query, values)

    @property
    def _name(self) -> str:
        return self._database.name
