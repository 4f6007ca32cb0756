"""The URL of a journal in PostgreSQL: ``postgresql://user@host/database?schema=NAME``.

A schema of a database is one journal, ``quickstudy`` if none is named: so one database holds the journals of many jobs,
each with tables of its own that can be granted, vacuumed, dumped and dropped alone. Everything else in the URL goes to
libpq as it stands, so its environment variables, its password file and its services work. Invariants: no password ever
leaves this file in a message. Loads nothing of psycopg.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from quickstudy.errors import JournalError

DEFAULT_SCHEMA = "quickstudy"
_URL = re.compile(r"postgres(ql)?://", re.IGNORECASE)
_SCHEMA = re.compile(r"[a-z0-9_][a-z0-9_-]{0,62}")
_SHOWN = ("host", "hostaddr", "port", "dbname", "user", "service", "sslmode")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a journal is.

    Attributes:
        conninfo: what libpq connects to; it may hold a password.
        schema: the schema's name: lower case letters, digits, _ and -.
        shown: the same for messages, without a password.
    """

    conninfo: str = field(repr=False)
    schema: str
    shown: str


def is_url(path: str | os.PathLike[str]) -> bool:
    """Whether a journal's path is the URL of a database."""
    return isinstance(path, str) and _URL.match(path) is not None


def shown(path: str | os.PathLike[str]) -> str:
    """A journal's path for messages and output; a URL without its password."""
    if not is_url(path):
        return str(path)
    try:
        return parse(str(path)).shown
    except JournalError:
        return "postgresql://..."


def parse(url: str) -> Address:
    """Takes a URL apart.

    Raises:
        JournalError: code ``bad-url``: it is no URL, or names a schema that cannot be one.
    """
    try:
        parts = urlsplit(url)
        options = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise _bad("it cannot be read") from None
    if parts.fragment:
        raise _bad("it has a '#'; in a password, write it as %23")
    schemas = [value for name, value in options if name == "schema"]
    if len(schemas) > 1:
        raise _bad("it names more than one schema")
    schema = schemas[0] if schemas else DEFAULT_SCHEMA
    if not _SCHEMA.fullmatch(schema) or schema.startswith("pg_"):
        raise _bad(f"its schema is {schema!r}; give at most 63 lower case letters, digits, _ and -")
    passed = [(name, value) for name, value in options if name != "schema"]
    conninfo = _joined(parts.netloc, parts.path, passed)
    account, sign, host = parts.netloc.rpartition("@")
    shown = [(name, value) for name, value in passed if name in _SHOWN]
    shown += [("schema", schema)]
    netloc = account.partition(":")[0] + sign + host
    return Address(conninfo, schema, _joined(netloc, parts.path, shown))


def _joined(netloc: str, path: str, options: list[tuple[str, str]]) -> str:
    query = urlencode(options, quote_via=quote, safe="/")
    return f"postgresql://{netloc}{path}" + (f"?{query}" if query else "")


def _bad(why: str) -> JournalError:
    return JournalError(
        f"The journal's URL is wrong: {why}.",
        next_step="For example: postgresql://user@host:5432/database?schema=route",
        code="bad-url",
    )
