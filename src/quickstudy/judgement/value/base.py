"""What tasks of many steps are made of, and what every value function offers.

A task is a trajectory: steps in order, each with the rewards that came after it and before the next. A value function
learns *transitions*: a step with the step after it, or with nothing where the task truly ended. A task that was cut off
(truncated, or still running) has no such end: its last step is not learned.

Invariants: what is learned is a function of the transitions, and the canonical state (:meth:`Values.settle`) of their
*set*: neither order nor who saw them matters. To forget, learn what remains anew. Reading (``state``, ``actions``,
``choose``) changes nothing. Rewards stay apart by term; weights are applied when values are read.

Not here: the journal, encoders, when to ask, and the methods themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import Arrays
from quickstudy.types import FloatArray

Columns = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One decision inside a task, and what came of it.

    Attributes:
        key: content hash of the situation; equal keys are the same state.
        numbers: the situation itself where it is an array, float64 (m,), with its scale; empty for texts and records.
        columns: the options that were possible, int64 (k,).
        column: the option that was taken.
        rewards: what was received after this step and before the next, by term, float64 (terms,).
        at: the event's own time, seconds since 1970.
        first: whether its task began with it.
    """

    key: str
    numbers: FloatArray
    columns: Columns
    column: int
    rewards: FloatArray
    at: float
    first: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Transition:
    """A step, and the step after it: None where the task truly ended."""

    step: Step
    after: Step | None


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """The discounted return to expect from a situation.

    Attributes:
        mean: expected return, all terms weighed.
        sd: standard deviation of what is not known of ``mean``; it falls with experience.
        terms: expected return by term before weights, float64 (terms,).
    """

    mean: float
    sd: float
    terms: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class ActionValues:
    """What each possible option leads to.

    Attributes:
        means: expected return, float64 (k,).
        sds: standard deviations of these, float64 (k,).
        bonus: what trying it is worth beyond its mean, float64 (k,); 0 where it is known well.
    """

    means: FloatArray
    sds: FloatArray
    bonus: FloatArray


class Values(Protocol):
    """A value function. Learning happens in ``learn``, planning in ``learn`` and ``dream``; the rest reads."""

    def learn(self, transition: Transition) -> None:
        """Takes one transition online, and plans a little."""

    def dream(self, budget: int) -> None:
        """Plans with what was learned: at most ``budget`` sweeps. To be called between tasks."""

    def settle(self) -> None:
        """The canonical state: plans anew, from nothing, with all that was learned. After a rebuild."""

    def state(self, key: str, numbers: FloatArray, columns: Columns) -> Estimate:
        """The return to expect from a situation if the best known options are taken from here."""

    def actions(self, key: str, numbers: FloatArray, columns: Columns) -> ActionValues:
        """The same for each of ``columns`` (k,)."""

    def choose(self, key: str, numbers: FloatArray, columns: Columns, generator: np.random.Generator) -> int:
        """The place in ``columns`` (not the column) of the option to try in order to learn, and to do well."""

    def arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """For a snapshot: arrays (private copies) and a document."""

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]], document: Mapping[str, Any]) -> None:
        """From :meth:`arrays`."""
