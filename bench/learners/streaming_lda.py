"""Streaming linear discriminant analysis (SLDA; Hayes and Kanan 2020, "Lifelong machine learning with deep streaming
linear discriminant analysis", sections 3 and 4.3), on the same vectors.

One mean a class and one covariance for all, updated with every lesson (their equations 1 and 2: the streaming
covariance, its first task of a class measured from a mean of zero, as in their code); scores ``w_k . z + b_k`` with
``w_k = L mean_k``, ``b_k = -(mean_k . L mean_k) / 2`` and ``L = ((1 - e) S + e I)^-1``, shrinkage ``e = 1e-4``. They
recompute L before a test; here before every decision, so it is never behind. Confidence: a softmax of the scores.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.learners.base import Entry, Guess, Setting, Task
from bench.learners.scores import guesses_of_scores
from quickstudy.types import FloatArray

SHRINKAGE = 1e-4


class StreamingDiscriminant:
    """Means, a covariance, and the linear classifier they make."""

    def __init__(self, setting: Setting, seed: int, shrinkage: float = SHRINKAGE, from_zero: bool = True) -> None:
        self._classes = setting.classes
        self._place = {name: i for i, name in enumerate(setting.classes)}
        self._means = np.zeros((len(setting.classes), setting.dimension))
        self._counts = np.zeros(len(setting.classes))
        self._scatter = np.zeros((setting.dimension, setting.dimension))
        self._shrinkage = shrinkage
        self._from_zero = from_zero
        self._weights: FloatArray | None = None
        self._offsets = np.zeros(len(setting.classes))

    def decide(self, task: Task) -> Guess:
        """The class of the largest score."""
        return self.predict([task])[0]

    def learn(self, task: Task, answer: str) -> None:
        """Updates the covariance, then the mean."""
        place, count = self._place[answer], float(self._counts.sum())
        apart = task.vector - self._means[place]
        if self._counts[place] or self._from_zero:
            self._scatter += np.outer(apart, apart) * (count / (count + 1.0))
        self._counts[place] += 1.0
        self._means[place] += apart / self._counts[place]
        self._weights = None

    def predict(self, tasks: Sequence[Task]) -> list[Guess]:
        """The classes of the largest scores."""
        if not self._counts.any():
            return [Guess(None, 0.0, 1.0)] * len(tasks)
        if self._weights is None:
            self._weights = self._solved()
            self._offsets = -0.5 * (self._means * self._weights).sum(axis=1)
        scores = np.stack([task.vector for task in tasks]) @ self._weights.T + self._offsets
        return guesses_of_scores(scores, self._classes, self._counts > 0)

    def _solved(self) -> FloatArray:
        from scipy.linalg import cho_factor, cho_solve

        spread = (1.0 - self._shrinkage) * self._scatter / self._counts.sum()
        spread[np.diag_indices_from(spread)] += self._shrinkage
        solved: FloatArray = cho_solve(cho_factor(spread, check_finite=False), self._means.T, check_finite=False).T
        return solved


ENTRIES = (
    Entry(
        "slda", "streaming LDA", "", False, {"shrinkage": SHRINKAGE, "covariance": "streaming"}, StreamingDiscriminant
    ),
)
