"""The words of the loop as frozen data: situations, decisions, evidence.

Invariants: everything here is immutable and free of behaviour beyond reading; arrays inside are never handed out for
writing. What is *not* here: how any of it is computed (stations) or stored (journal).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Scalar: TypeAlias = str | int | float | bool | datetime.date | datetime.datetime | None
Record: TypeAlias = Mapping[str, Scalar]
FloatArray: TypeAlias = npt.NDArray[np.float64]
Vector: TypeAlias = npt.NDArray[np.float32]
Situation: TypeAlias = str | Record | npt.NDArray[np.floating]
Mode: TypeAlias = Literal["act", "audit", "ask"]

NEW_OPTION = "(new option)"
"""In an open job, the key in ``Decision.probabilities`` for "none of the options known so far"."""


class Probabilities(Mapping[str, float]):
    """Probabilities over the options, in the options' order; they sum to 1.

    It reads from one array and builds no dictionary, so it costs nothing with 100,000 options.

    Args:
        names: the options' names, length n.
        values: float64 (n,), non-negative, summing to 1.
    """

    __slots__ = ("_index", "_names", "_values")

    def __init__(self, names: Sequence[str], values: FloatArray) -> None:
        self._names = names
        self._values = values
        self._index: dict[str, int] | None = None

    def __getitem__(self, name: str) -> float:
        if self._index is None:
            self._index = {n: i for i, n in enumerate(self._names)}
        return float(self._values[self._index[name]])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def top(self, k: int = 5) -> list[tuple[str, float]]:
        """The ``k`` most probable options with their probabilities, best first; ties by the options' order."""
        k = min(max(k, 0), len(self._names))
        if k == 0:
            return []
        best = np.argsort(-self._values, kind="stable")[:k] if len(self._values) < 1000 else self._partial_top(k)
        return [(self._names[i], float(self._values[i])) for i in best]

    def _partial_top(self, k: int) -> npt.NDArray[np.intp]:
        least = np.partition(self._values, len(self._values) - k)[len(self._values) - k]
        candidates = np.flatnonzero(self._values >= least)  # more than k where some tie
        return candidates[np.argsort(-self._values[candidates], kind="stable")][:k]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name!r}: {p:.3f}" for name, p in self.top(3))
        more = f", … {len(self) - 3} more" if len(self) > 3 else ""
        return f"Probabilities({{{shown}{more}}})"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A remembered task near the situation.

    Attributes:
        lesson_id: the lesson that taught it (empty for an option's own description).
        situation: what was seen then.
        answer: what was taught, under today's name of the option.
        similarity: cosine in [-1, 1].
        at: when it happened, seconds since 1970.
        by: who taught it, where known.
    """

    lesson_id: str
    situation: Situation | None
    answer: str
    similarity: float
    at: float
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one expert proposes: its best answer, the probability it gives to it, and its weight in the pool."""

    expert: str
    answer: str
    probability: float
    weight: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a decision rests on.

    Attributes:
        neighbours: the nearest remembered tasks, best first.
        opinions: every expert's.
        reliability: how often its proposals were right on tasks like this one, in (0, 1); 0.5 if it knows none.
    """

    neighbours: tuple[Neighbour, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    reliability: float = 0.5


@dataclass(frozen=True, slots=True)
class Value:
    """The return to expect from a situation on, in a task of many steps, if work goes on as it did so far.

    Attributes:
        mean: expected sum of all rewards from here, outcome included, weighed and undiscounted.
        sd: standard deviation of what is not known of ``mean``; it falls with experience.
        spread: standard deviation of one task's return around ``mean``.
        terms: expected sum of each reward term from here, before weights.
        success: probability of a good outcome, in [0, 1]; None while no outcome was told.
        success_sd: standard deviation of what is not known of ``success``.
    """

    mean: float
    sd: float
    spread: float
    terms: Mapping[str, float] = field(hash=False)
    success: float | None = None
    success_sd: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision on one situation.

    Attributes:
        id: globally unique; empty for a prediction, which is not journaled.
        alone: True if the learner answers alone; then no teacher is needed.
        answer: the most probable option, or None while no option is known.
        probability: the calibrated probability that ``answer`` is right, in [0, 1].
        probabilities: all options' probabilities; they sum to 1 (empty while no option is known).
        novelty: how unlike everything learned this is, in [0, 1].
        mode: "act" (answered alone), "audit" (answered, and sent for review) or "ask" (handed over).
        evidence: what it rests on.
        situation: what was seen.
        at: the event's own time, seconds since 1970.
        request_id: the caller's idempotency key, where given.
        value: the return to expect from here, in a task of many steps; None elsewhere, and while no task has ended.
        reason: why it has its mode, in a word or two; empty for a prediction.
    """

    id: str
    alone: bool
    answer: str | None
    probability: float
    probabilities: Probabilities
    novelty: float
    mode: Mode
    evidence: Evidence = field(repr=False)
    situation: Situation = field(repr=False)
    at: float = 0.0
    request_id: str | None = None
    value: Value | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson as it stands in the journal.

    Attributes:
        id: globally unique.
        decision_id: the decision it answers, where there is one.
        answer: the taught option under the name used then; None for a reward, and where no option is right.
        value: the reward; None for a verdict.
        by: who taught, where known.
        at: the event's own time, seconds since 1970.
    """

    id: str
    decision_id: str | None
    answer: str | None
    value: float | None
    by: str | None
    at: float
