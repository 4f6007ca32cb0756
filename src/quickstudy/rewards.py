"""Reward terms: what a job is rewarded for, by name, with weights. Immutable.

A task's rewards are kept by term, and every term has a value of its own; weights are applied when values are read, so
they can be changed without learning anew. A term that *saturates* counts within one task only up to a limit: more of
it is worth nothing, so that no single reward is pursued without end.

Two terms are always there, with weight 1 unless the job says otherwise: ``reward``, for a number without a name, and
``outcome``, for how the task ended. Not here: how returns are learned (``judgement.value``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from quickstudy.errors import JobError, LessonError
from quickstudy.types import FloatArray

REWARD, OUTCOME = "reward", "outcome"
"""The names of the two terms that are always there."""

WEIGHTS = "weights"
"""Why a mark was written in the journal when the terms or their weights changed."""


@dataclass(frozen=True, slots=True)
class RewardTerm:
    """One term.

    Attributes:
        weight: what one unit of it is worth.
        saturates: within one task its sum counts from minus this to this; None for no limit.
    """

    weight: float = 1.0
    saturates: float | None = None

    def to_plain(self) -> float | dict[str, float]:
        """As a job file writes it: the weight alone, or a table."""
        return self.weight if self.saturates is None else {"weight": self.weight, "saturates": self.saturates}


@dataclass(frozen=True, slots=True)
class Rewards:
    """All terms of a job, in order: those that it declares, then ``reward`` and ``outcome``."""

    terms: Mapping[str, RewardTerm]

    @property
    def names(self) -> tuple[str, ...]:
        """The terms' names (t,)."""
        return tuple(self.terms)

    @property
    def weights(self) -> FloatArray:
        """The terms' weights, float64 (t,)."""
        return np.array([term.weight for term in self.terms.values()])

    @property
    def saturate(self) -> bool:
        """Whether any term does."""
        return any(term.saturates is not None for term in self.terms.values())

    def array(self, amounts: Mapping[str, float]) -> FloatArray:
        """Amounts by term as float64 (t,)."""
        return np.array([float(amounts.get(name, 0.0)) for name in self.terms])

    def counted(self, amounts: FloatArray) -> FloatArray:
        """What of a task's rewards counts.

        Args:
            amounts: what each step received, float64 (n, t).

        Returns:
            float64 (n, t): the same, where a term's sum from the first step on stays within its limit.
        """
        if not self.saturate:
            return amounts
        limits = np.array([math.inf if term.saturates is None else term.saturates for term in self.terms.values()])
        sums = np.clip(np.cumsum(amounts, axis=0), -limits, limits)
        return np.diff(sums, axis=0, prepend=np.zeros((1, len(limits))))

    def checked(self, given: object) -> dict[str, float]:
        """A reward as amounts by term.

        Args:
            given: a finite number, which is the term ``reward``; or a dict of term → finite number.

        Raises:
            LessonError: an unknown term, or something that is no finite number.
        """
        amounts: dict[Any, Any] = dict(given) if isinstance(given, Mapping) else {REWARD: given}
        for name, amount in amounts.items():
            if name not in self.terms:
                raise LessonError(
                    f"The job has no reward term {name!r}.",
                    next_step=f"Its terms: {', '.join(self.terms)}. Declare others with Job(..., rewards={{...}}).",
                    code="unknown-reward",
                )
            if finite(amount) is None:
                raise LessonError(f"The reward is {str(amount)[:80]!r}.", next_step="Give a finite number, like 1.0.")
        return {str(name): float(amount) for name, amount in amounts.items()}


def finite(given: object) -> float | None:
    """A number of Python's or NumPy's as a float; None if it is none, or not finite. True and False are none."""
    if isinstance(given, bool | np.bool_) or not isinstance(given, int | float | np.integer | np.floating):
        return None
    try:
        number = float(given)
    except OverflowError:  # a whole number above 1.8e308
        return None
    return number if math.isfinite(number) else None


def checked_rewards(job: str, given: Mapping[str, Any] | None) -> dict[str, RewardTerm]:
    """The terms that a job declares.

    Args:
        job: the job's name, for messages.
        given: name → weight, or name → ``{"weight": ..., "saturates": ...}``.

    Raises:
        JobError: a name or a number that makes no sense.

    >>> checked_rewards("route", {"done": 1.0, "care": {"weight": 0.5, "saturates": 5.0}})["care"]
    RewardTerm(weight=0.5, saturates=5.0)
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise JobError(f"rewards of job {job!r} are {given!r}.", next_step='Give a dict, like {"done": 1.0}.')
    terms = {}
    for name, value in given.items():
        if not isinstance(name, str) or not name.strip():
            raise JobError(f"A reward of job {job!r} has the name {name!r}.", next_step="Give text.")
        plain = value.to_plain() if isinstance(value, RewardTerm) else value
        table = dict(plain) if isinstance(plain, Mapping) else {"weight": plain}
        if unknown := sorted(set(table) - {"weight", "saturates"}):
            raise JobError(
                f"Reward {name!r} of job {job!r} has the key {unknown[0]!r}.", next_step="Known: weight, saturates."
            )
        weight, saturates = table.get("weight", 1.0), table.get("saturates")
        for what, number in (("weight", weight), *([] if saturates is None else [("limit", saturates)])):
            if finite(number) is None:
                raise JobError(
                    f"The {what} of reward {name!r} of job {job!r} is {number!r}.", next_step="Give a finite number."
                )
        if saturates is not None and saturates <= 0:
            raise JobError(
                f"Reward {name!r} of job {job!r} saturates at {saturates!r}.", next_step="Give a number above 0."
            )
        terms[name.strip()] = RewardTerm(float(weight), None if saturates is None else float(saturates))
    return terms


def all_rewards(declared: Mapping[str, RewardTerm]) -> Rewards:
    """The declared terms with the two that are always there."""
    return Rewards({**declared, **{name: RewardTerm() for name in (REWARD, OUTCOME) if name not in declared}})
