"""What the cells of a table mean: situations, labels, times.

Invariants: pure functions; a cell's meaning never depends on other rows, so a table can stream. A column that is the
only input stays text, even where it looks like a number; labels are always names.
Not here: reading tables (``tables``).
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from quickstudy.errors import SituationError, TableError
from quickstudy.job import checked_option_name
from quickstudy.perception import checked_situation, content_hash
from quickstudy.types import Scalar, Situation

# No leading zeros: "007" is a name, not a number.
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*", re.ASCII)


def typed(text: str) -> Scalar:
    """A CSV cell as data: empty → None, true/false → bool, a number → float, an ISO date → date, else the text.

    >>> typed(""), typed("TRUE"), typed("3.50"), typed("007"), typed("2024-02-29")
    (None, True, 3.5, '007', datetime.date(2024, 2, 29))
    """
    clean = text.strip()
    if not clean:
        return None
    if clean.lower() in {"true", "false"}:
        return clean.lower() == "true"
    if _NUMBER.fullmatch(clean):
        number = float(clean)
        return number if math.isfinite(number) else clean
    return _dated(clean)


def situation_of(values: Mapping[str, Any], inputs: Sequence[str], *, is_csv: bool) -> Situation:
    """The situation in a row: a text if there is one input column, else a record.

    Raises:
        SituationError: it cannot be perceived: empty, too long, or a nested JSON value.
    """
    if len(inputs) == 1:
        value = values.get(inputs[0])
        if value is None or isinstance(value, dict | list):
            what = "empty" if value is None else type(value).__name__
            raise SituationError(f"Column {inputs[0]!r} is {what}.", next_step="Give a text.")
        return checked_situation(value if isinstance(value, str) else json.dumps(value))
    record: dict[str, Any] = {}
    for name in inputs:
        value = values.get(name)
        record[name] = (typed(value) if is_csv else _dated(value)) if isinstance(value, str) else value
    return checked_situation(record)


def label_of(value: Any) -> str | None:
    """The label in a cell as an option's name; None where there is none. Numbers become text.

    Raises:
        OptionError: a list of labels, or a name that is too long.
    """
    if value is None:
        return None
    if isinstance(value, bool | int | float):
        value = json.dumps(value)
    if isinstance(value, str) and not value.strip():
        return None
    return checked_option_name(value)


def time_of(value: Any) -> float | None:
    """Seconds since 1970 from a number of seconds or an ISO date or time (UTC where no zone is given).

    Raises:
        TableError: neither.

    >>> time_of("1970-01-02"), time_of("12.5")
    (86400.0, 12.5)
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        if isinstance(value, bool):
            raise ValueError
        number = float(value)
        if math.isfinite(number):
            return number
    except (TypeError, ValueError):
        pass
    try:
        moment = datetime.datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise TableError(
            f"{value!r} is not a time.", next_step="Give an ISO date or time, or seconds since 1970."
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()


def row_key(row: str | int, situation: Situation, at: float | None) -> str:
    """A row's stable key: the same row of the same table always gets the same, so nothing counts twice.

    Args:
        row: the row's number, or the value of the table's own id column.
        situation: what the row holds.
        at: the row's time, where it has one.
    """
    content = json.dumps([row, content_hash(situation), at])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _dated(text: str) -> str | datetime.date | datetime.datetime:
    try:
        if _DATE.fullmatch(text):
            return datetime.date.fromisoformat(text)
        if _TIMESTAMP.fullmatch(text):
            return datetime.datetime.fromisoformat(text)
    except ValueError:
        pass
    return text
