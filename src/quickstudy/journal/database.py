"""What a journal asks of the database that holds it; SQLite and PostgreSQL answer in their own ways.

A journal speaks one SQL: what both know, with ``?`` for values, and a plus before a column (``+kind``) where SQLite is
not to walk its index. All else that differs is a method here. Invariants: an event's number is one more than the
largest; every error leaves as a :class:`~quickstudy.errors.JournalError`. Not here: what events are (``event``), and
what is asked (``reader``, ``store``, ``union``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from quickstudy.journal.event import Row
from quickstudy.journal.snapshot import History, Snapshot

T = TypeVar("T")


class Answer(Protocol):
    """The rows of one statement."""

    def fetchone(self) -> Any:
        """The next row, or None."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Session(Protocol):
    """A transaction under way."""

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Answer:
        """Runs one statement."""

    def insert(self, row: Row, /) -> int:
        """Inserts an event's row and gives its number."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a search asks for.

    Attributes:
        sql: a condition on an event's row; it may let too many through.
        values: its values.
        check: what the situation's JSON must pass besides; None if the condition says all.
    """

    sql: str
    values: tuple[Any, ...]
    check: Callable[[str], bool] | None = None


class Snapshots(Protocol):
    """Where a journal's snapshot lies: a cache that can always be deleted."""

    def write(self, history: History, snapshot: Snapshot) -> None:
        """Writes it, whole or not at all."""

    def read(self) -> tuple[History, Snapshot] | None:
        """Reads it; None if there is none that is whole."""


class Database(Protocol):
    """An open database with the tables ``events`` and ``meta``. Its journal sees to it that one thread at a time asks.

    Attributes:
        name: what messages call it; never with a password.
        read_only: whether it may only be read.
        shared: whether other processes may write it at the same time.
    """

    name: str
    read_only: bool
    shared: bool

    @property
    def path(self) -> str | None:
        """What opens it again, without a password; None in memory."""

    @property
    def snapshots(self) -> Snapshots | None:
        """Where its snapshot lies; None in memory."""

    @property
    def in_turn(self) -> bool:
        """Whether a turn is under way."""

    @property
    def losses(self) -> int:
        """How often the connection was lost and made again."""

    def last_seq(self) -> int:
        """The largest number of an event; 0 if there is none."""

    def rows(self, query: str, values: Sequence[Any] = (), /) -> list[Row]:
        """Reads."""

    def transaction(self, *, durable: bool) -> AbstractContextManager[Session]:
        """A transaction, or a part of the turn under way.

        Args:
            durable: whether it must be on disk at its end.
        """

    def turn(self, body: Callable[[], T], *, again: bool) -> T:
        """Runs something that reads and writes, while nobody else writes; a turn in a turn is a part of it.

        Args:
            body: the work.
            again: whether it may be run once more, from its beginning, when nothing of it was written.
        """

    def view(self) -> AbstractContextManager[None]:
        """Reads within it see one state of the database."""

    def holding(self, field: str, value: Any) -> Condition:
        """Asks for situations with a field that has this value."""

    def scrub(self) -> None:
        """Removes what was forgotten from the files, as far as the database can."""

    def backup(self, path: str | os.PathLike[str]) -> None:
        """Writes a copy to a new journal, whole or not at all."""

    def close(self) -> None:
        """Closes it, and frees its lock."""
