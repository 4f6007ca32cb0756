"""How values read on the page: situations, shares, counts, times. Pure functions.

Invariant: everything here returns plain text, never markup; templates escape it. Not here: what is shown (the other
view models), and how it looks (``static``).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from quickstudy.types import Situation

SHORT = 140
"""So many characters of a situation stand on one line."""

LONG = 20_000
"""So many characters of a text are shown, a quarter of that of a record's field."""

NUMBERS = 12
"""So many numbers of an array are shown."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record, as text; ``empty`` where it holds nothing."""

    name: str
    value: str
    empty: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A situation as it is shown.

    Attributes:
        kind: ``"text"``, ``"record"``, ``"array"``, or ``"gone"`` where it was forgotten or is not known.
        text: a text as it is, an array in words; empty for a record.
        fields: a record's fields.
        short: all of it on one line, cut.
    """

    kind: Literal["text", "record", "array", "gone"]
    text: str
    fields: tuple[Field, ...]
    short: str


GONE = Seen("gone", "", (), "(forgotten)")


def seen(situation: Situation | None) -> Seen:
    """A situation as it is shown; None is one that is gone.

    >>> seen({"vendor": "Acme", "amount": 12.5}).short
    'vendor: Acme, amount: 12.5'
    """
    if situation is None:
        return GONE
    if isinstance(situation, str):
        return Seen("text", cut(situation, LONG), (), one_line(situation))
    if isinstance(situation, Mapping):
        fields = tuple(
            Field(str(name), cut(plain(value), LONG // 4), value is None or value == "")
            for name, value in situation.items()
        )
        filled = ", ".join(f"{field.name}: {field.value}" for field in fields if not field.empty)
        return Seen("record", "", fields, one_line(filled))
    numbers = ", ".join(f"{number:.3g}" for number in situation[:NUMBERS])
    more = f", … ({len(situation):,} numbers)" if len(situation) > NUMBERS else ""
    return Seen("array", numbers + more, (), one_line(f"[{numbers}{more}]"))


def plain(value: object) -> str:
    """A record's value as text.

    >>> plain(True), plain(3.0), plain(1234.5), plain(None)
    ('yes', '3', '1234.5', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)


def cut(text: str, limit: int) -> str:
    """A text of at most ``limit`` characters, and how many there are if it is longer.

    >>> cut("abcdef", 3)
    'abc… (6 characters in all)'
    """
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters in all)"


def one_line(text: str, limit: int = SHORT) -> str:
    """A text on one line, cut to ``limit`` characters."""
    line = " ".join(text[: 4 * limit].split())
    return line if len(line) <= limit and len(text) <= 4 * limit else line[: limit - 1].rstrip() + "…"


def chance(probability: float) -> str:
    """A probability of an answer, in whole percents that never claim certainty.

    >>> chance(0.0), chance(0.004), chance(0.42), chance(0.999)
    ('0%', '<1%', '42%', '>99%')
    """
    if probability <= 0.0:
        return "0%"
    if probability < 0.01:
        return "<1%"
    return ">99%" if probability > 0.99 else f"{probability:.0%}"


def share(value: float | None, digits: int = 1) -> str:
    """A share in percent, without trailing zeros; a dash where there is none.

    >>> share(0.02), share(0.1234), share(None)
    ('2%', '12.3%', '–')
    """
    if value is None:
        return "–"
    text = f"{100 * value:.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


def count(number: float | None) -> str:
    """A count with its thousands apart; a dash where there is none."""
    return "–" if number is None else f"{number:,.0f}"


def several(number: int, one: str, many: str | None = None) -> str:
    """A count with its noun.

    >>> several(1, "task"), several(1200, "task"), several(0, "try", "tries")
    ('1 task', '1,200 tasks', '0 tries')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def iso(at: float) -> str:
    """A time for machines: ISO 8601 in UTC; empty for one that no calendar holds."""
    try:
        return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return ""


def when(at: float) -> str:
    """A time for people, in UTC; the page's script puts it into the reader's zone.

    >>> when(0.0)
    '1 Jan 1970, 00:00'
    """
    try:
        moment = datetime.datetime.fromtimestamp(at, datetime.UTC)
    except (OverflowError, ValueError, OSError):
        return f"{at:.0f} s since 1970"
    return f"{moment.day} {moment:%b %Y, %H:%M}"
