"""All lessons so far, for learners that are fitted anew: how often is one rule for all of them.

A refit is due when the lessons have grown by a fixed share since the last one. So the number of refits grows as the
logarithm of the lessons, and a learner is never further behind than that share. Not here: fitting.
"""

from __future__ import annotations

import numpy as np

from bench.learners.base import Task
from quickstudy.types import Vector


class Lessons:
    """Vectors and answers in the order they came.

    Args:
        dimension: d, the length of the vectors.
        growth: the share by which the lessons grow until a refit is due; 0.1 is every lesson up to the tenth.
    """

    def __init__(self, dimension: int, growth: float) -> None:
        self._vectors = np.zeros((1024, dimension), dtype=np.float32)
        self._growth = growth
        self.answers: list[str] = []
        self.fitted = 0

    def __len__(self) -> int:
        return len(self.answers)

    @property
    def vectors(self) -> Vector:
        """Float32 (n, d)."""
        return self._vectors[: len(self.answers)]

    def add(self, task: Task, answer: str) -> None:
        """One more."""
        if len(self.answers) == len(self._vectors):
            self._vectors = np.concatenate([self._vectors, np.zeros_like(self._vectors)])
        self._vectors[len(self.answers)] = task.vector
        self.answers.append(answer)

    @property
    def due(self) -> bool:
        """Whether enough lessons came since the last refit."""
        return len(self) > self.fitted and len(self) >= self.fitted * (1.0 + self._growth)
