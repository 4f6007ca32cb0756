"""The full loop without a journal: decide, ask or audit or act, and learn only from what was asked or audited.

It is what the learner does with a gate, on the mind itself: a coin is a seeded random number, a teacher answers at once
and is always right. Invariant: a task's answer is shown only if it was asked or audited. Not here: other gates than
those given (``gates``), and what is measured (``scenario``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bench.autonomy.worlds import World
from quickstudy.autonomy.policy import Signals
from quickstudy.experts import Example
from quickstudy.job import Job
from quickstudy.mind import Mind, Proposal
from quickstudy.types import FloatArray

ASK, SHADOW, AUDIT, ACT = range(4)
"""What became of a task; in shadow it was asked, and stood behind."""

FIRST = Signals(0.0, 0.0, 1.0, 0.0, 1.0)
"""The signals of a decision without options."""


class Gate(Protocol):
    """Decides what is asked, audited or done alone."""

    def rule(self, signals: Signals) -> int:
        """What becomes of a task: asked, shadow, audit or act."""

    def settle(self, signals: Signals, mode: int, right: bool) -> None:
        """Counts a decision; ``right`` may be looked at only where it was not done alone."""


@dataclass(frozen=True, slots=True)
class Record:
    """What became of a stream.

    Attributes:
        modes: int8 (n,), what became of each task.
        right: bool (n,), whether the proposal was right.
        probability: float64 (n,), of the proposal.
    """

    modes: npt.NDArray[np.int8]
    right: npt.NDArray[np.bool_]
    probability: FloatArray

    @property
    def alone(self) -> npt.NDArray[np.bool_]:
        """Which tasks were done alone, bool (n,)."""
        return np.asarray(self.modes == ACT)

    @property
    def stood(self) -> npt.NDArray[np.bool_]:
        """Which proposals were stood behind, bool (n,)."""
        return np.asarray(self.modes != ASK)


def play(world: World, gate: Gate, progress: Callable[[int, int], None] | None = None) -> Record:
    """One stream, once."""
    learner = _Worker(world)
    count = len(world)
    modes, right, probability = np.zeros(count, dtype=np.int8), np.zeros(count, dtype=bool), np.zeros(count)
    for i in range(count):
        signals, answer = learner.propose(i)
        hit = answer == world.answers[i]
        mode = gate.rule(signals)
        if mode != ACT:
            learner.learn(i)
        gate.settle(signals, mode, bool(hit))
        modes[i], right[i], probability[i] = mode, hit, signals.probability
        if progress and i % 50 == 49:
            progress(i + 1, count)
    return Record(modes, right, probability)


class AskAlways:
    """No autonomy: everything is asked."""

    def rule(self, signals: Signals) -> int:
        """Asked."""
        return ASK

    def settle(self, signals: Signals, mode: int, right: bool) -> None:
        """Nothing."""


class _Worker:
    """A mind on a world; options of an open one are columns in the order of their first lesson."""

    def __init__(self, world: World) -> None:
        job = Job("work", None if world.open else world.names)
        self._world = world
        self._mind = Mind(
            world.vectors.shape[1],
            features=job.features,
            seed=job.feature_seed,
            experts=job.experts,
            open_job=world.open,
        )
        self._options: list[int] = []  # column -> option
        self._columns: dict[int, int] = {}
        if not world.open:
            self._add(list(range(len(world.names))), taught=False)

    def propose(self, i: int) -> tuple[Signals, int]:
        """The signals of task i, and the proposed option; -1 where there is none."""
        proposal = self._mind.propose(self._world.vectors[i : i + 1], np.arange(len(self._options)))
        if not self._options:
            return FIRST, -1
        signals = _signals(proposal, self._mind.pool.weights)
        return signals, self._options[int(proposal.probabilities[0, : len(self._options)].argmax())]

    def learn(self, i: int) -> None:
        """Is told the right answer to task i; learns nothing where none is right."""
        option = int(self._world.answers[i])
        if option < 0:
            return
        if option not in self._columns:
            self._add([option], taught=True)
        column = self._columns[option]
        example = Example(str(i), self._world.vectors[i], column, float(self._world.times[i]))
        self._mind.learn(example, np.arange(len(self._options)))

    def _add(self, options: list[int], *, taught: bool) -> None:
        columns = list(range(len(self._options), len(self._options) + len(options)))
        self._options += options
        self._columns.update(zip(options, columns, strict=True))
        self._mind.describe(None, columns, taught=taught)
        self._mind.describe(self._world.descriptions[options], columns, taught=True)


def _signals(proposal: Proposal, weights: FloatArray) -> Signals:
    """What :func:`quickstudy.autonomy.policy.signals_of` says of the decision that a learner makes of a proposal."""
    count = len(proposal.columns)
    known = proposal.probabilities[0, :count]
    best = int(known.argmax())
    agreeing = float(weights[proposal.logits[:, 0].argmax(axis=1) == best].sum())
    total = float(weights.sum())
    return Signals(
        probability=float(known[best]),
        runner_up=float(np.partition(known, count - 2)[count - 2]) if count > 1 else 0.0,
        novelty=float(proposal.novelty[0]),
        agreement=agreeing / total if total > 0.0 else 0.0,
        new=float(proposal.probabilities[0, count]) if proposal.probabilities.shape[1] > count else 0.0,
    )
