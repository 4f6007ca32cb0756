"""A book: a ledger with what belongs to it: its segment, its detector of drift, its alarms, what was counted apart.

Invariant: a book is a function of the events that were entered, in order. Not here: which book an event goes to
(``gate``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.autonomy import drift
from quickstudy.autonomy.drift import Drift
from quickstudy.autonomy.ledger import Ledger

HOUR_MINUTES, DAY_MINUTES = 60, 24 * 60


@dataclass(frozen=True, slots=True)
class Alarm:
    """Why a ledger is closed and its part of the work goes back to shadow.

    Attributes:
        ledger: its name.
        reason: in words.
        evidence: how many times likelier what was seen is under a change for the worse; 0 if that is not the reason.
        answers: answers stood behind so far.
        errors: errors found by audits and in shadow.
        corrections: answers given alone that were corrected unasked.
        bound: how many can be wrong.
        target: T.
    """

    ledger: str
    reason: str
    evidence: float
    answers: int
    errors: int
    corrections: int
    bound: int
    target: float

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Alarm:
        """From :meth:`to_dict`."""
        return cls(**data)


@dataclass(slots=True)
class Book:
    """A ledger and what belongs to it.

    Attributes:
        name: see :mod:`quickstudy.autonomy.segments`.
        segment: the part of the work; None if all of its decisions were forgotten.
        ledger: the counts and the bound.
        drift: the detector.
        shadow: answers stood behind in shadow.
        alone: answers given alone and not audited.
        corrections: how many of these were corrected unasked.
        confirmed: how many of these were confirmed unasked.
        closed: why nothing is entered any more; empty while it is open.
        first: time of the first entry, seconds since 1970.
        newest: time of the newest one.
    """

    name: str
    segment: str | None
    ledger: Ledger
    drift: Drift = field(default_factory=Drift)
    shadow: int = 0
    alone: int = 0
    corrections: int = 0
    confirmed: int = 0
    closed: str = ""
    first: float | None = None
    newest: float | None = None

    def stand(self, target: float, q: float, *, mode: str, at: float) -> None:
        """An answer stood behind."""
        self.ledger.stand(q, audited=mode != "act")
        self.drift.stand(target, q)
        self.shadow += mode == "ask"
        self.alone += mode == "act"
        self.first = at if self.first is None else self.first
        self.newest = at

    def verdict(self, target: float, q: float, *, right: bool, number: int) -> None:
        """The first verdict on an answer that was asked or audited: the ``number``-th that was entered."""
        self.ledger.verdict(q, wrong=not right, number=number)
        if not right:
            self.drift.wrong(target, q)

    def uncalled(self, *, right: bool) -> None:
        """A lesson on an answer that was given alone."""
        self.corrections += not right
        self.confirmed += right

    def allows(self, target: float) -> bool:
        """Whether one more answer may be given alone."""
        return self.ledger.allows(target, self.corrections)

    def alarm(self, target: float) -> Alarm | None:
        """The alarm that is due, or None."""
        evidence = self.drift.evidence if self.drift.due else 0.0
        too_many = self.corrections > 0 and self.corrections > self.ledger.bound() - self.ledger.certain
        if self.closed or not (evidence or too_many):
            return None
        errors = self.ledger.errors
        reason = (
            drift.words(evidence, errors, target)
            if evidence
            else f"{self.corrections} answers given alone were corrected unasked, more than the bound allows"
        )
        return Alarm(
            self.name, reason, evidence, self.ledger.answers, errors, self.corrections, self.ledger.bound(), target
        )

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """As arrays."""
        return {**self.ledger.state(), **self.drift.state()}

    def document(self) -> dict[str, Any]:
        """The rest of the state, as plain data."""
        names = ("name", "segment", "shadow", "alone", "corrections", "confirmed", "closed", "first", "newest")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def restore(cls, document: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Book:
        """From :meth:`document` and :meth:`state`."""
        book = cls(ledger=Ledger.restore(arrays), **document)
        book.drift.restore(arrays)
        return book


class Recent:
    """How many answers were given alone, by minute, in the days around the newest ones.

    Times are the decisions' own, and need not come in order: a table may be sorted from the newest row down.

    Args:
        counts: pairs (minute, count).
    """

    def __init__(self, counts: Sequence[tuple[int, int]] = ()) -> None:
        self._counts = dict(counts)

    def add(self, at: float) -> None:
        """One more, at a time in seconds since 1970."""
        minute = int(at // 60)
        self._counts[minute] = self._counts.get(minute, 0) + 1
        if len(self._counts) > 2 * DAY_MINUTES:
            self._counts = {m: count for m, count in self._counts.items() if abs(m - minute) <= DAY_MINUTES}

    def full(self, per_hour: int | None, per_day: int | None, at: float) -> bool:
        """Whether one more would be too many in any hour or day that it falls into; minutes count whole."""
        minute = int(at // 60)
        return any(
            cap is not None and self._most(minute, span) >= cap
            for cap, span in ((per_hour, HOUR_MINUTES), (per_day, DAY_MINUTES))
        )

    def state(self) -> list[tuple[int, int]]:
        """Pairs (minute, count)."""
        return sorted(self._counts.items())

    def _most(self, minute: int, span: int) -> int:
        """The largest count in any stretch of so many minutes around this one."""
        near = np.zeros(2 * span + 1, dtype=np.int64)
        for other, count in self._counts.items():
            if abs(other - minute) <= span:
                near[other - minute + span] = count
        sums = np.concatenate([[0], np.cumsum(near)])
        return int((sums[span + 1 :] - sums[: span + 1]).max())
