"""The review of a task: how its value went, and which step turned it. Pure reading.

Each step has the value expected before it and its temporal-difference error: what it received, plus the value expected
after it, minus the value expected before it. The errors of a task add up to its return minus the value at its start,
so they say where the rest was won or lost.

The step that *turned* a task is the one after which its expected return stays changed. A single error is noisy: among
1,000 steps the largest is often chance. So the turn is the change point of the path of expected returns, by the
cumulative-sum statistic (Page 1954; Hinkley 1970), in the direction in which the task went. Measured in
``bench/credit``. Not here: where values come from (``episodes``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from quickstudy.types import FloatArray, Situation

LEAST = 0.05
"""Bits: a lesson that carries less is not asked for."""


@dataclass(frozen=True, slots=True)
class ReviewStep:
    """One step of a task, looked back at.

    Attributes:
        step: its number, from 0.
        decision_id: its decision.
        at: when, seconds since 1970.
        situation: what was seen.
        answer: what the learner proposed.
        taught: what a teacher said, where one did.
        reward: what it received, all terms weighed, the outcome included at the last step.
        value: the return expected before it from there on, judged by all other tasks; None if there are none.
        sd: what is not known of ``value``.
        error: the temporal-difference error; None where ``value`` is, or for the last step of a task of whose
            end nothing is known.
    """

    step: int
    decision_id: str
    at: float
    situation: Situation = field(repr=False, compare=False)
    answer: str | None
    taught: str | None
    reward: float
    value: float | None
    sd: float | None
    error: float | None


@dataclass(frozen=True, slots=True)
class Worth:
    """A kind of lesson, and how much it could teach about this task.

    Attributes:
        lesson: "demonstration", "correction" or "outcome".
        bits: at most, by the learner's own probabilities: what it is sure of already teaches nothing.
        what: what to do.
    """

    lesson: str
    bits: float
    what: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """The lesson that would teach most about one task.

    Attributes:
        task: the task's id.
        lesson: the lesson, and at most how many bits it carries.
    """

    task: str
    lesson: Worth


@dataclass(frozen=True, slots=True)
class Review:
    """A task, looked back at.

    Attributes:
        task: its id.
        state: "running", "ended", "cut off" or "given up".
        outcome: as told at its end; None if nothing was.
        total: the return it got: all rewards and the outcome, weighed.
        steps: its steps in order.
        turned: the number of the step that turned it; None where no value is known, or with fewer than 2 steps.
        change: by how much the expected return changed there, means before and after.
        lessons: which lessons would teach most, best first.
    """

    task: str
    state: str
    outcome: float | None
    total: float
    steps: tuple[ReviewStep, ...] = field(repr=False)
    turned: int | None
    change: float | None
    lessons: tuple[Worth, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        data = asdict(self)
        for step in data["steps"]:
            if isinstance(step["situation"], np.ndarray):
                step["situation"] = step["situation"].tolist()
        return data


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """A task in a list.

    Attributes:
        task: its id.
        state: "running", "ended", "cut off" or "given up".
        steps: how many steps it has.
        outcome: as told at its end; None if nothing was.
        total: the return it got.
        began: when, seconds since 1970.
    """

    task: str
    state: str
    steps: int
    outcome: float | None
    total: float
    began: float


def differences(values: FloatArray, rewards: FloatArray, *, ended: bool) -> FloatArray:
    """Temporal-difference errors, undiscounted.

    Args:
        values: expected before each step, (n,).
        rewards: received after each step, (n,).
        ended: whether the task has ended; if not, the last error is NaN.

    Returns:
        float64 (n,).
    """
    after = np.append(values[1:], 0.0 if ended else math.nan)
    errors: FloatArray = rewards + after - values
    return errors


def turning_step(values: FloatArray, rewards: FloatArray, *, ended: bool) -> tuple[int, float] | None:
    """The step after which the expected return of the whole task stays changed.

    Args:
        values: expected before each step, (n,).
        rewards: received after each step, (n,).
        ended: whether the task has ended; then its return ends the path.

    Returns:
        Its place, and the mean expectation after it minus that before it; None with fewer than two points.
    """
    so_far = np.concatenate([[0.0], np.cumsum(rewards)])
    path = values + so_far[: len(values)]
    if ended:
        path = np.append(path, so_far[-1])
    count = len(path)
    if count < 2:
        return None
    before = np.arange(1, count)
    sums = np.cumsum(path)
    change = (sums[-1] - sums[:-1]) / (count - before) - sums[:-1] / before
    signal = change * np.sqrt(before * (count - before) / count)
    direction = math.copysign(1.0, path[-1] - path[0])
    place = int(np.argmax(direction * signal))
    return place, float(change[place])


def worths(
    probabilities: Sequence[Mapping[str, float]], success: float | None, *, told: bool, failed: bool = True
) -> tuple[Worth, ...]:
    """What kinds of lessons could teach about a task, best first.

    Args:
        probabilities: what each step proposed, by option; without the steps that were taught already.
        success: the probability of a good outcome at the start, where known.
        told: whether the outcome was told, or cannot be told any more.
        failed: whether it may have failed: what went well needs no correction.

    Returns:
        An outcome is worth at most 1 bit; a correction names one of n steps, and the right answer there; a
        demonstration gives the right answer at each.
    """
    doubts = [entropy(shares.values()) for shares in probabilities]
    p = 0.5 if success is None else success
    found = [] if told else [Worth("outcome", entropy((p, 1.0 - p)), "end it, and tell how it went")]
    if doubts:
        found.append(Worth("demonstration", sum(doubts), "teach the right answer at each step"))
    if doubts and failed:
        bits = math.log2(len(doubts)) + max(doubts)
        found.append(Worth("correction", bits, "name the step that was wrong, and teach it"))
    return tuple(sorted((worth for worth in found if worth.bits >= LEAST), key=lambda worth: -worth.bits))


def entropy(shares: Iterable[float]) -> float:
    """The entropy of probabilities, in bits."""
    return sum(-p * math.log2(p) for p in shares if p > 0.0)
