"""Situations as checked, canonical data: validation, JSON and content hash.

Invariants: :func:`checked_situation` returns plain Python data (stripped text, a dict in field order, a read-only
float64 array) or raises a :class:`SituationError` that names the field. :func:`situation_from_json` returns exactly
what :func:`situation_to_json` was given, once checked; situations that are equal in values and types have equal JSON
and hash.

Not here: how a situation becomes a vector (``encoder``, ``records``). Data is checked for what it is, not for what
it means: ``"12"`` stays text and ``12`` stays a number.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np

from quickstudy.errors import SituationError
from quickstudy.types import FloatArray, Scalar, Situation

Kind: TypeAlias = Literal["text", "record", "array"]

MAX_CHARACTERS = 1_000_000
"""Longest text, and longest JSON of a record, in characters."""
MAX_FIELDS = 1_000
"""Most fields of a record."""
MAX_ARRAY_LENGTH = 65_536
"""Most numbers in an array."""


def situation_kind(situation: object) -> Kind:
    """Whether a situation is text, a record or an array, judged by its type alone.

    Raises:
        SituationError: it is something else; the message says what to give instead.
    """
    if isinstance(situation, str):
        return "text"
    if isinstance(situation, Mapping):
        return "record"
    if isinstance(situation, np.ndarray):
        return "array"
    given = type(situation).__name__
    if isinstance(situation, bytes | bytearray | memoryview):
        raise SituationError(f"The situation is {given}, not text.", next_step='Decode it: data.decode("utf-8").')
    if isinstance(situation, list | tuple):
        raise SituationError(
            f"The situation is a {given}.",
            next_step="For numbers, give np.array(values, dtype=float); for several situations, use the _many methods.",
        )
    raise SituationError(
        f"The situation is {given}.", next_step="Give text, a record (a dict of plain values) or a 1-D float array."
    )


def checked_situation(situation: object) -> Situation:
    """A normalised copy of a situation: stripped text, a plain dict sorted by field, or a read-only float64 array.

    Args:
        situation: text of at most 1,000,000 characters; a mapping of at most 1,000 field names to text, numbers, bools,
            dates or None; or a 1-D array of at most 65,536 real, finite numbers.

    Raises:
        SituationError: it cannot be perceived; the message names the field and the next step.

    >>> checked_situation("  hello ")
    'hello'
    >>> checked_situation({"vendor": "Acme", "amount": 3})
    {'amount': 3, 'vendor': 'Acme'}
    """
    if isinstance(situation, str):
        return _checked_text(situation)
    if isinstance(situation, Mapping):
        return _checked_record(situation)
    if isinstance(situation, np.ndarray):
        return _checked_array(situation)
    situation_kind(situation)  # raises: it is none of the three
    raise AssertionError("unreachable")


def situation_to_json(situation: Situation) -> str:
    """One line of canonical JSON: sorted keys, no spaces; :func:`situation_from_json` reads it back exactly.

    Arrays are base64 of little-endian float64; dates are ISO 8601; ``-0.0`` becomes ``0.0``, which equals it.

    Raises:
        SituationError: the situation cannot be perceived.

    >>> situation_to_json({"paid": True, "on": datetime.date(2024, 5, 1)})
    '{"record":{"on":{"date":"2024-05-01"},"paid":true}}'
    """
    return _json_of_checked(checked_situation(situation))


def situation_from_json(text: str) -> Situation:
    """The situation that :func:`situation_to_json` wrote.

    Raises:
        SituationError: the text is no situation's JSON.
    """
    try:
        data = json.loads(text)
        (kind, content), *rest = data.items()
        if rest:
            raise ValueError("more than one key")
        if kind == "text" and isinstance(content, str):
            return checked_situation(content)
        if kind == "record":
            return checked_situation({name: _scalar_from_json(value) for name, value in content.items()})
        if kind == "array" and content["dtype"] == "<f8":
            raw = binascii.a2b_base64(content["data"], strict_mode=True)
            return checked_situation(np.frombuffer(raw, dtype="<f8"))
        raise ValueError(f"unknown kind {kind!r}")
    except SituationError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error) as error:
        raise SituationError(
            f"This is no situation's JSON: {text[:80]!r} ({error}).",
            next_step="Give what situation_to_json wrote.",
        ) from error


def content_hash(situation: Situation) -> str:
    """The sha256 of a situation's canonical JSON, as 64 hexadecimal digits."""
    return hash_of_checked(checked_situation(situation))


def hash_of_checked(situation: Situation) -> str:
    """:func:`content_hash` of a situation that :func:`checked_situation` returned; it is not checked again."""
    return hashlib.sha256(_json_of_checked(situation).encode("utf-8")).hexdigest()


def _json_of_checked(situation: Situation) -> str:
    content: dict[str, Any]
    if isinstance(situation, str):
        content = {"text": situation}
    elif isinstance(situation, np.ndarray):
        data = base64.b64encode(situation.astype("<f8").tobytes()).decode("ascii")
        content = {"array": {"data": data, "dtype": "<f8"}}
    else:
        content = {"record": {name: _scalar_to_json(value) for name, value in situation.items()}}
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)


def _checked_text(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        raise SituationError(
            f"The text has {len(text):,} characters: {text[:40]!r}….",
            next_step=f"Give at most {MAX_CHARACTERS:,}: shorten it, or decide on its parts.",
        )
    clean = str.__str__(text).strip()
    if not clean:
        raise SituationError(f"The text is empty: {text[:40]!r}.", next_step="Give at least one word.")
    _check_unicode(clean, "The text")
    return clean


def _check_unicode(text: str, what: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SituationError(
            f"{what} is not valid Unicode: a lone surrogate at character {error.start}.",
            next_step='Read the source with its real encoding, or with errors="replace".',
        ) from error


def _checked_record(record: Mapping[Any, Any]) -> dict[str, Scalar]:
    if len(record) > MAX_FIELDS:
        raise SituationError(
            f"The record has {len(record):,} fields.", next_step=f"Give at most {MAX_FIELDS:,}; drop the rest."
        )
    for name in record:
        if not isinstance(name, str) or not name.strip():
            raise SituationError(
                f"The record has a field with the name {name!r}.", next_step="Use non-empty text as field names."
            )
        _check_unicode(name, f"The field name {name!r}")
    checked = {str.__str__(name): _checked_scalar(name, record[name]) for name in sorted(record)}
    if all(value is None or (isinstance(value, str) and not value.strip()) for value in checked.values()):
        raise SituationError(
            f"This is an empty record: {str(dict(record))[:80]}.", next_step="Fill in at least one field."
        )
    length = len(_json_of_checked(checked))
    if length > MAX_CHARACTERS:
        longest = max(checked, key=lambda name: len(str(checked[name])))
        raise SituationError(
            f"The record has {length:,} characters as JSON; the longest field is {longest!r}.",
            next_step=f"Give at most {MAX_CHARACTERS:,}: shorten or drop fields.",
        )
    return checked


def _checked_scalar(name: str, value: object) -> Scalar:
    if isinstance(value, np.datetime64):
        if np.isnat(value):
            raise _missing_date(name)
        value = value.item() if np.datetime_data(value)[0] == "D" else value.astype("datetime64[us]").item()
    elif isinstance(value, np.integer | np.bool_) and not isinstance(value, np.timedelta64):
        value = value.item()
    elif isinstance(value, np.floating):
        value = float(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        _check_unicode(value, f"The field {name!r}")
        return str.__str__(value)
    if isinstance(value, int | float):
        return _checked_number(name, value)
    if isinstance(value, datetime.datetime):
        return _checked_datetime(name, value)
    if isinstance(value, datetime.date):
        return datetime.date(value.year, value.month, value.day)
    raise SituationError(
        f"The field {name!r} holds {type(value).__name__}: {str(value)[:40]!r}.",
        next_step="A field holds text, a number, a bool, a date or None; "
        "spread nested values over fields of their own, convert the rest with str() or float().",
    )


def _checked_number(name: str, value: int | float) -> int | float:
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        shown = str(float(value)) if isinstance(value, float) else "a whole number above 1.8e308"
        raise SituationError(f"The field {name!r} is {shown}.", next_step="Give a finite number, or None if missing.")
    return int(value) if isinstance(value, int) else float(value) + 0.0


def _checked_datetime(name: str, value: datetime.datetime) -> datetime.datetime:
    if value != value:  # pandas.NaT calls itself a datetime
        raise _missing_date(name)
    offset = value.utcoffset()
    zone = None if offset is None else datetime.timezone(offset)
    date = (value.year, value.month, value.day)
    return datetime.datetime(*date, value.hour, value.minute, value.second, value.microsecond, tzinfo=zone)


def _missing_date(name: str) -> SituationError:
    return SituationError(f"The field {name!r} is a missing date.", next_step="Give None if it is missing.")


def _scalar_to_json(value: Scalar) -> Any:
    if isinstance(value, datetime.datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, datetime.date):
        return {"date": value.isoformat()}
    return value


def _scalar_from_json(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "datetime":
        return datetime.datetime.fromisoformat(content)
    if kind == "date":
        return datetime.date.fromisoformat(content)
    raise ValueError(f"unknown value {value!r}")


def _checked_array(array: np.ndarray[Any, Any]) -> FloatArray:
    if array.ndim != 1:
        raise SituationError(
            f"The array has the shape {array.shape}.", next_step="Give a 1-D array, for example with .ravel()."
        )
    if array.dtype.kind not in "iuf":
        raise SituationError(
            f"The array holds {array.dtype}, not real numbers.", next_step="Convert it: array.astype(float)."
        )
    if not 1 <= array.size <= MAX_ARRAY_LENGTH:
        raise SituationError(
            f"The array has {array.size:,} numbers.", next_step=f"Give between 1 and {MAX_ARRAY_LENGTH:,}."
        )
    if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        raise SituationError("The array has masked numbers.", next_step="Fill them: array.filled(0.0).")
    with np.errstate(over="ignore"):
        numbers = np.array(array, dtype=np.float64, copy=True, subok=False) + 0.0
    bad = np.flatnonzero(~np.isfinite(numbers))
    if bad.size:
        raise SituationError(
            f"The array has {bad.size:,} numbers that are NaN or infinite, the first at index {bad[0]}.",
            next_step="Replace them with finite numbers.",
        )
    numbers.setflags(write=False)
    return numbers
