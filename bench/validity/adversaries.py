"""Streams against which the promise must hold: each knows the gate's rule and its state, and nothing of its coins.

A stream says of each task how probable its answer seems and how probable it is to be wrong, looking at what happened
before. Invariant: whether an answer is wrong is drawn before its coin, and does not depend on it. Not here: the gates
(``gates``), and counting (``play``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class View:
    """What the adversary sees before a task.

    Attributes:
        share: how much of the stream is over, in [0, 1).
        target: T.
        open: whether the last answer that was stood behind was given without asking.
        slack: how many more of the answers stood behind may be wrong while the promise is kept; the adversary knows
            which ones were wrong.
        found: how many tasks ago an audit found an error.
    """

    share: float
    target: float
    open: bool
    slack: float
    found: int


@dataclass(frozen=True, slots=True)
class Task:
    """How probable an answer seems to be right, and how probable it is to be wrong."""

    probability: float
    error: float


@dataclass(frozen=True, slots=True)
class Teacher:
    """How audits and questions are answered.

    Attributes:
        late: the mean delay in tasks; 0 for at once.
        never: the share that nobody ever answers.
        errs: the share of wrong answers that the teacher calls right, and of right ones called wrong.
    """

    late: float = 0.0
    never: float = 0.0
    errs: float = 0.0


Stream = Callable[[View, np.random.Generator], Task]


def calibrated(mean: float, generator: np.random.Generator, spread: float = 4.0) -> Task:
    """A task whose probability is what it seems; the mean error is ``mean``."""
    error = min(0.95, mean * float(generator.gamma(1.0 / spread, spread)))
    return Task(1.0 - error, error)


def stationary(view: View, generator: np.random.Generator) -> Task:
    """Half as many errors as the target, as probable as they seem."""
    return calibrated(0.5 * view.target, generator)


def too_hard(view: View, generator: np.random.Generator) -> Task:
    """Half again as many errors as the target allows, and no way to tell which."""
    return Task(1.0 - 0.3 * view.target, 1.5 * view.target)


def slow_drift(view: View, generator: np.random.Generator) -> Task:
    """Errors grow from a fifth of the target to four times the target."""
    return Task(1.0 - 0.2 * view.target, view.target * (0.2 + 3.8 * view.share))


def sudden_drift(view: View, generator: np.random.Generator) -> Task:
    """Errors jump from a fifth of the target to five times the target, in the middle."""
    return Task(1.0 - 0.2 * view.target, view.target * (0.2 if view.share < 0.5 else 5.0))


def overconfident(view: View, generator: np.random.Generator) -> Task:
    """Errors are ten times as frequent as they seem."""
    seems = calibrated(0.1 * view.target, generator)
    return Task(seems.probability, min(0.9, 10.0 * seems.error))


def constant(view: View, generator: np.random.Generator) -> Task:
    """Every answer seems as probable as the others; a little less than the target is wrong."""
    return Task(0.9, 0.9 * view.target)


def turned_round(view: View, generator: np.random.Generator) -> Task:
    """The surer, the wronger."""
    sure = float(generator.random())
    return Task(0.8 + 0.19 * sure, 2.0 * view.target * sure)


def bursts(view: View, generator: np.random.Generator) -> Task:
    """Right in shadow; wrong as soon as the gate is open and there is slack, until an audit finds an error."""
    attack = view.open and view.slack > 0.0 and view.found > 20
    return Task(1.0 - 0.1 * view.target, 1.0 if attack else 0.0)


def break_through(view: View, generator: np.random.Generator) -> Task:
    """Wrong whenever the gate is open; right otherwise."""
    return Task(1.0 - 0.1 * view.target, 0.8 if view.open else 0.0)


def last_step(view: View, generator: np.random.Generator) -> Task:
    """Wrong with a chance that grows as the promise comes near to breaking; the last error is tried again and again."""
    near = view.open and view.slack < 8.0
    return Task(1.0 - 0.1 * view.target, 0.9 if near else 2.0 * view.target)


def label_shift(view: View, generator: np.random.Generator) -> Task:
    """Two kinds of work that look alike; the one with ten times the errors becomes frequent."""
    hard = generator.random() < 0.05 + 0.9 * (view.share > 0.4)
    return Task(0.97, view.target * (3.0 if hard else 0.3))


def worse_model(view: View, generator: np.random.Generator) -> Task:
    """The probabilities mean less and less."""
    honest = calibrated(0.5 * view.target, generator)
    return Task(honest.probability, (1.0 - view.share) * honest.error + view.share * 2.0 * view.target)


@dataclass(frozen=True, slots=True)
class Kind:
    """A stream with its teacher."""

    stream: Stream
    teacher: Teacher = Teacher()


KINDS: dict[str, Kind] = {
    "stationary": Kind(stationary),
    "too-hard": Kind(too_hard),
    "slow-drift": Kind(slow_drift),
    "sudden-drift": Kind(sudden_drift),
    "overconfident": Kind(overconfident),
    "constant": Kind(constant),
    "turned-round": Kind(turned_round),
    "bursts": Kind(bursts),
    "break-through": Kind(break_through),
    "last-step": Kind(last_step),
    "label-shift": Kind(label_shift),
    "worse-model": Kind(worse_model),
    "late": Kind(slow_drift, Teacher(late=40.0)),
    "never": Kind(constant, Teacher(never=0.02)),
    "teacher-2": Kind(slow_drift, Teacher(errs=0.02)),
    "teacher-10": Kind(slow_drift, Teacher(errs=0.1)),
    "late-bursts": Kind(bursts, Teacher(late=15.0)),
}


def delay(teacher: Teacher, generator: np.random.Generator) -> float:
    """After how many tasks a verdict comes; infinite for never."""
    if teacher.never and generator.random() < teacher.never:
        return math.inf
    return float(generator.exponential(teacher.late)) if teacher.late else 0.0
