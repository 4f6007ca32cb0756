"""How the permitted doubt 1 - C is shared out among ledgers, so that all their claims hold together.

Ledgers come in *families*, numbered 1, 2, 3, … A family is opened by the first answer stood behind, by an alarm of an
undivided family, and by a change of ``confidence``, ``q_min`` or ``guarantee_by``. An undivided family has one ledger,
number 0. A family that is divided by answer or by a field has ledgers 1, 2, 3, … in order of appearance; an alarm of a
segment makes it appear again. A ledger's name is ``"family.number"``; it says nothing of the segment, so a forgotten
decision can keep it.

Family 1 gets 3/4 of the doubt, family f > 1 gets 1/(4·f·(f - 1)); these sum to 1. (1/(f·(f + 1)) sums to 1 as well, but
gives the first ledger only a half, which costs every user more evidence to make an alarm cheaper.) Ledger n of a
divided family gets 6/(π²·n²) of its family's share. By the union bound, with probability at least C no claim of any
ledger is ever false.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from quickstudy.errors import JournalCorruptError
from quickstudy.types import Situation

WHOLE = ""
"""The segment of an undivided family."""


def share(name: str) -> float:
    """The share of 1 - C that a ledger gets, in (0, 1).

    >>> share("1.0"), round(share("2.0"), 3), round(share("1.1"), 3)
    (0.75, 0.125, 0.456)
    """
    family, number = numbers(name)
    whole = 0.75 if family == 1 else 0.25 / (family * (family - 1))
    return whole if number == 0 else whole * 6.0 / (math.pi**2 * number**2)


def ledger_confidence(confidence: float, name: str) -> float:
    """The confidence with which a ledger's own bound holds."""
    return 1.0 - (1.0 - confidence) * share(name)


def numbers(name: str) -> tuple[int, int]:
    """A ledger's family and number.

    Raises:
        JournalCorruptError: it is no ledger's name.
    """
    family, dot, number = name.partition(".")
    if not (dot and family.isdigit() and number.isdigit() and int(family) > 0):
        raise JournalCorruptError(f"{name!r} is no ledger.", next_step="Restore the journal from a backup.")
    return int(family), int(number)


def segment_of(guarantee_by: str | None, answer: str | None, situation: Situation) -> str:
    """The segment that a decision belongs to, as text."""
    if guarantee_by is None:
        return WHOLE
    if guarantee_by == "answer":
        return f"answer={answer}"
    value = situation.get(guarantee_by) if isinstance(situation, Mapping) else None
    return f"{guarantee_by}={'(none)' if value is None else value}"
