"""Searching situations by a field, with the value's type: 1 is neither "1" nor True.

A field of a situation is a key of its JSON or of its record, or what such a key wraps, as ``{"date": ...}`` does. The
two ways here, SQLite's JSON functions and Python, find the same. Not here: the events' own fields (``reader``).
"""

from __future__ import annotations

import datetime
import json
from functools import partial
from typing import Any

from quickstudy.errors import JournalError
from quickstudy.journal.database import Condition


def plain(field: str, value: object) -> str | int | float | bool | None:
    """A value as JSON holds it.

    Raises:
        JournalError: code ``bad-search``: no situation can hold it.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise JournalError(
        f"A search for {field} has the value {value!r}.",
        next_step="Give text, a number, a bool, a date or None.",
        code="bad-search",
    )


def in_sqlite(field: str, value: object) -> Condition:
    """The condition in SQLite's words."""
    wanted = plain(field, value)
    if wanted is None:
        types = "'null'"
    elif isinstance(wanted, bool):
        wanted, types = int(wanted), "'true'" if wanted else "'false'"
    else:
        types = "'text'" if isinstance(wanted, str) else "'integer', 'real'"
    return Condition(
        "(json_valid(situation) AND EXISTS (SELECT 1 FROM json_tree(situation) AS leaf "
        "JOIN json_tree(situation) AS node ON node.id = leaf.parent "
        f"WHERE leaf.atom IS ? AND leaf.type IN ({types}) "
        "AND ((leaf.key = ? AND leaf.path IN ('$', '$.record')) "
        "OR (node.key = ? AND node.path = '$.record'))))",
        (wanted, field, field),
    )


def in_python(field: str, value: object) -> Condition:
    """A condition that any SQL knows (the field's name occurs), and the rest in Python.

    PostgreSQL's own JSON is no help: one text with a NUL character in any situation breaks the whole query.
    """
    name = json.dumps(field, ensure_ascii=False)
    return Condition("strpos(situation, ?) > 0", (name,), partial(holds, field=field, value=plain(field, value)))


def holds(situation: str, *, field: str, value: str | int | float | bool | None) -> bool:
    """Whether a situation's JSON has a field with this value."""
    try:
        data = json.loads(situation)
    except ValueError:
        return False
    if not isinstance(data, dict):
        return False
    found = [data[field]] if field in data else []
    record = data.get("record")
    if isinstance(record, dict) and field in record:
        inner = record[field]
        found += [inner, *(inner.values() if isinstance(inner, dict) else inner if isinstance(inner, list) else [])]
    return any(_same(one, value) for one in found)


def _same(one: Any, other: Any) -> bool:
    numbers = not isinstance(one, bool) and not isinstance(other, bool)
    if numbers and isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    return type(one) is type(other) and bool(one == other)
