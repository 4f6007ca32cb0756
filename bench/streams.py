"""Streams of tasks, and what one learner does on one: decide, then learn, task after task.

Invariants: every learner gets the same tasks in the same order with the same vectors; a task's answer is shown only
after its decision. The order depends on the seed alone. Not here: what is measured on the outcome (``scores``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.learners.base import Guess, StreamLearner, Task
from quickstudy.types import FloatArray, Situation, Vector

START = 1_600_000_000.0
"""The time of the first task where the data have none, in seconds since 1970; then one task a second."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Tasks with their answers.

    Attributes:
        situations: what is seen (n).
        vectors: float32 (n, d), for peers that take vectors; the learner under test encodes to the same.
        answers: the right answers (n).
        times: seconds since 1970 (n).
    """

    situations: Sequence[Situation]
    vectors: Vector
    answers: Sequence[str]
    times: Sequence[float]

    def __len__(self) -> int:
        return len(self.answers)

    def __iter__(self) -> Iterator[tuple[Task, str]]:
        for i, answer in enumerate(self.answers):
            yield Task(self.situations[i], self.vectors[i], self.times[i]), answer

    def taken(self, order: npt.NDArray[np.int64]) -> Stream:
        """The tasks at the places ``order``, in that order; times stay where they are, so they rise."""
        situations = [self.situations[i] for i in order]
        return Stream(situations, self.vectors[order], [self.answers[i] for i in order], self.times[: len(order)])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened on a stream.

    Attributes:
        hits: bool (n), whether the decision was right.
        confidences: float64 (n), the probability the learner gave to its answer.
        decide_seconds: float64 (n).
        teach_seconds: float64 (n).
    """

    hits: npt.NDArray[np.bool_]
    confidences: FloatArray
    decide_seconds: FloatArray
    teach_seconds: FloatArray


def make_stream(
    situations: Sequence[Situation], vectors: Vector, answers: Sequence[str], times: Sequence[float] | None = None
) -> Stream:
    """A stream; without ``times``, one task a second."""
    return Stream(situations, vectors, answers, times or [START + i for i in range(len(answers))])


def shuffled(count: int, seed: int) -> npt.NDArray[np.int64]:
    """A random order of ``count`` places."""
    return np.random.default_rng(seed).permutation(count).astype(np.int64)


def class_after_class(answers: Sequence[str], seed: int) -> npt.NDArray[np.int64]:
    """An order in which one class follows the other; classes, and tasks within a class, in random order."""
    generator = np.random.default_rng(seed)
    classes = sorted(set(answers))
    rank = dict(zip(classes, generator.permutation(len(classes)).tolist(), strict=True))
    mixed = generator.permutation(len(answers)).tolist()
    return np.array(sorted(mixed, key=lambda i: rank[answers[i]]), dtype=np.int64)


def live_through(learner: StreamLearner, stream: Stream, progress: Callable[[int, int], None] | None = None) -> Outcome:
    """Decide, compare, learn, for every task of a stream."""
    count = len(stream)
    hits = np.zeros(count, dtype=bool)
    confidences, deciding, teaching = np.zeros(count), np.zeros(count), np.zeros(count)
    for i, (task, answer) in enumerate(stream):
        begun = time.perf_counter()
        guess = learner.decide(task)
        decided = time.perf_counter()
        learner.learn(task, answer)
        deciding[i], teaching[i] = decided - begun, time.perf_counter() - decided
        hits[i], confidences[i] = guess.answer == answer, guess.confidence
        if progress and i % 50 == 49:
            progress(i + 1, count)
    return Outcome(hits, confidences, deciding, teaching)


def only_taught(learner: StreamLearner, stream: Stream, progress: Callable[[int, int], None] | None = None) -> None:
    """Learn every task of a stream without deciding; for peers, where only what they know afterwards is measured."""
    for i, (task, answer) in enumerate(stream):
        learner.learn(task, answer)
        if progress and i % 50 == 49:
            progress(i + 1, len(stream))


def right_guesses(guesses: Sequence[Guess], answers: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which guesses are right, bool (n)."""
    return np.array([guess.answer == answer for guess, answer in zip(guesses, answers, strict=True)], dtype=bool)
