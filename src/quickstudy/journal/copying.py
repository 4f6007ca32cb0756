"""A whole journal from one database to another: events with their numbers, marks, the learner's id and its coins' key.

The copy is the same learner's, so it has earned the same. Not here: merging, which takes over what was learned alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from quickstudy.errors import JournalError
from quickstudy.journal.address import is_url, parse
from quickstudy.journal.connection import create, resolved
from quickstudy.journal.database import Database
from quickstudy.journal.event import COLUMNS, Row
from quickstudy.journal.migrations import STEPS

PAGE = 1000


def copy_journal(source: Database, target: str | os.PathLike[str]) -> None:
    """Writes a copy, whole or not at all.

    Args:
        source: an open journal's database.
        target: a new file, or a URL with a schema that holds no journal.

    Raises:
        JournalError: code ``exists``: there is something already; or it cannot be written.
    """
    meta = {key: value for key, value in source.rows("SELECT key, value FROM meta") if key not in _OF_TABLES}
    if not is_url(target):
        file = resolved(target)
        if os.path.exists(file):
            raise _exists(file)
        create(file, STEPS, meta, _rows(source))
        return
    from quickstudy.journal.postgres import PostgresDatabase

    made = PostgresDatabase(parse(str(target)), read_only=False)
    try:
        if not made.create(meta, _rows(source)):
            raise _exists(made.name)
    finally:
        made.close()


_OF_TABLES = ("application", "schema_version")  # a file says these in its header


def _rows(source: Database) -> Iterator[Row]:
    query = f"SELECT {', '.join(COLUMNS)}, seq FROM events WHERE seq > ? ORDER BY seq LIMIT {PAGE}"
    after = 0
    while rows := source.rows(query, (after,)):
        yield from rows
        after = rows[-1][-1]


def _exists(name: str) -> JournalError:
    return JournalError(f"{name!r} exists already.", next_step="Give another path or schema.", code="exists")
