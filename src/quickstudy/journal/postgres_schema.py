"""The tables of a journal in PostgreSQL: made, checked and brought to the newest version, each in one transaction.

A schema holds one journal: ``events`` and ``meta`` as in the file, and ``snapshots`` with at most one row. ``meta``
says whose tables these are and their version. The planner keeps no samples of columns with content (``STATISTICS 0``),
so nothing of a forgotten event stays in its catalogue. Not here: reading and writing events.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import Connection, errors, sql

from quickstudy.errors import JournalCorruptError, JournalError, JournalVersionError

APPLICATION, VERSION = "application", "schema_version"
OWN_META = (APPLICATION, VERSION)
"""Keys of ``meta`` that only PostgreSQL's tables have."""

_CONTENT = ("request_id", '"by"', "answer", "situation", "vector", "data", "value", "probability")

_CREATE = f"""
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE events (
        seq BIGINT PRIMARY KEY,
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        clock BIGINT NOT NULL,
        node TEXT NOT NULL,
        at DOUBLE PRECISION NOT NULL,
        decision_id TEXT,
        task_id TEXT,
        step BIGINT,
        request_id TEXT,
        "by" TEXT,
        answer TEXT,
        value DOUBLE PRECISION,
        mode TEXT,
        probability DOUBLE PRECISION,
        propensity DOUBLE PRECISION,
        coin DOUBLE PRECISION,
        correct SMALLINT,
        situation TEXT,
        vector BYTEA,
        data TEXT,
        forgotten SMALLINT NOT NULL DEFAULT 0,
        ledger TEXT
    );
    CREATE UNIQUE INDEX events_id ON events (id);
    CREATE UNIQUE INDEX events_request ON events (request_id) WHERE request_id IS NOT NULL;
    CREATE INDEX events_decision ON events (decision_id) WHERE decision_id IS NOT NULL;
    CREATE INDEX events_task ON events (task_id) WHERE task_id IS NOT NULL;
    CREATE INDEX events_clock ON events (clock);
    CREATE INDEX events_kind ON events (kind, seq);
    CREATE INDEX events_forgotten ON events (kind) WHERE forgotten = 1;
    ALTER TABLE events {", ".join(f"ALTER COLUMN {name} SET STATISTICS 0" for name in _CONTENT)};
    CREATE TABLE snapshots (one BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one), content BYTEA NOT NULL);
    ALTER TABLE snapshots ALTER COLUMN content SET STORAGE EXTERNAL, ALTER COLUMN content SET STATISTICS 0;
"""

STEPS: tuple[str, ...] = (_CREATE,)
"""From version to version; a new version appends a step and never edits an old one."""


def is_there(connection: Connection[Any], schema: str) -> bool:
    """Whether a schema holds tables of these names."""
    found = connection.execute(
        "SELECT COUNT(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
        "WHERE nspname = %s AND relname IN ('events', 'meta', 'snapshots')",
        (schema,),
    ).fetchone()
    return bool(found and found[0])


def create(connection: Connection[Any], schema: str, meta: Mapping[str, str]) -> None:
    """Makes the tables, inside the caller's transaction; the schema too if it is not there.

    Raises:
        JournalError: code ``bad-encoding``: the database cannot hold every text.
    """
    encoding = _one(connection, "SHOW server_encoding")
    if encoding not in ("UTF8", "SQL_ASCII"):
        raise JournalError(
            f"The database's encoding is {encoding}, which cannot hold every text.",
            next_step="Make the database with: createdb --encoding=UTF8 --template=template0 NAME",
            code="bad-encoding",
        )
    if _one(connection, "SELECT 1 FROM pg_namespace WHERE nspname = %s", schema) is None:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    for step in STEPS:
        connection.execute(step.encode())
    given = {**meta, APPLICATION: "quickstudy", VERSION: str(len(STEPS))}
    connection.cursor().executemany("INSERT INTO meta (key, value) VALUES (%s, %s)", list(given.items()))


def check(connection: Connection[Any], name: str) -> None:
    """Checks that the tables are a journal's and of this version.

    Raises:
        JournalCorruptError: another program's.
        JournalVersionError: a newer quickstudy wrote them.
    """
    try:
        application = _one(connection, "SELECT value FROM meta WHERE key = %s", APPLICATION)
        version = _one(connection, "SELECT value FROM meta WHERE key = %s", VERSION)
    except (errors.UndefinedTable, errors.UndefinedColumn):
        application = version = None
    if application != "quickstudy" or version is None:
        raise JournalCorruptError(
            f"The tables of {name!r} are another program's, not a journal.",
            next_step="Give another schema: postgresql://user@host/database?schema=NAME",
        )
    if int(version) > len(STEPS):
        raise JournalVersionError(
            f"The journal {name!r} has version {version}; this quickstudy knows versions up to {len(STEPS)}.",
            next_step="Upgrade with: pip install --upgrade quickstudy",
        )


def _one(connection: Connection[Any], query: str, *values: str) -> Any:
    found = connection.execute(query.encode(), values or None).fetchone()
    return None if found is None else found[0]
