"""A transaction under way in PostgreSQL: a journal's SQL in psycopg's words, and rows inserted many at a time.

Not here: beginning and ending it (:mod:`quickstudy.journal.postgres`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import psycopg

from quickstudy.journal.database import Answer
from quickstudy.journal.event import COLUMNS, Row

BATCH = 500
"""So many rows are inserted with one statement."""

_NAMES = ", ".join((*COLUMNS, "seq"))
_INSERT = f"INSERT INTO events ({_NAMES}) VALUES ({', '.join(['%s'] * (len(COLUMNS) + 1))})".encode()
_TYPES = {
    "clock": "bigint",
    "step": "bigint",
    "at": "float8",
    "value": "float8",
    "probability": "float8",
    "propensity": "float8",
    "coin": "float8",
    "correct": "smallint",
    "vector": "bytea",
    "forgotten": "smallint",
    "seq": "bigint",
}
_LISTS = ", ".join(f"%s::{_TYPES.get(name, 'text')}[]" for name in (*COLUMNS, "seq"))
_INSERT_MANY = f"INSERT INTO events ({_NAMES}) SELECT * FROM unnest({_LISTS})".encode()
LAST = "SELECT COALESCE(MAX(seq), 0) FROM events"


class PostgresSession:
    """A turn under way.

    Attributes:
        last: the largest number.
        proof: the id of the newest event that was inserted; None if there is none.
        wrote: whether anything was written.
    """

    def __init__(self, connection: psycopg.Connection[Any], last: int) -> None:
        self.last = last
        self.proof: str | None = None
        self.wrote = False
        self._connection = connection
        self._waiting: list[Row] = []

    def execute(self, query: str, values: Sequence[Any] = ()) -> Answer:
        """Runs one statement, after the inserts that wait."""
        self.flush()
        self.wrote |= not query.startswith("SELECT")
        return self._connection.execute(spoken(query), values, binary=True)

    def insert(self, row: Row) -> int:
        """Inserts an event's row and gives its number. Inserts are sent together."""
        self.last += 1
        self.proof, self.wrote = row[0], True
        self._waiting.append((*row, self.last))
        if len(self._waiting) >= BATCH:
            self.flush()
        return self.last

    def flush(self) -> None:
        """Sends the inserts that wait."""
        rows, self._waiting = self._waiting, []
        insert_rows(self._connection, rows)


def insert_rows(connection: psycopg.Connection[Any], rows: Sequence[Row]) -> None:
    """Inserts rows of events, their numbers last, with one statement."""
    for row in rows:
        if not all(value is None or isinstance(value, str | int | float | bytes) for value in row):
            raise psycopg.DataError("a field is neither text nor a number")
    if len(rows) == 1:
        connection.execute(_INSERT, rows[0])
    elif rows:
        connection.execute(_INSERT_MANY, [list(column) for column in zip(*rows, strict=True)])


@lru_cache(maxsize=256)
def spoken(query: str) -> bytes:
    """A journal's SQL in psycopg's words."""
    return query.replace("%", "%%").replace("?", "%s").replace("+kind", "kind").replace("+lesson.", "lesson.").encode()
