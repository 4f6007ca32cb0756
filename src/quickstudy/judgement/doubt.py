"""Doubt: how likely a lesson is right. Teachers err, and what is replayed again and again must not be their errors.

A taught answer is right with probability 1 - ε. A wrong one is any other option, or one that looks likely here: half
of ε is spread evenly over the others, half falls off with the answer's rank ρ among them as 1 / (ρ·(ρ + 1)). If the
learner gives probability p to the taught answer, the chance that the lesson is right, its *trust*, is

    t = (1 - ε)·p / ((1 - ε)·p + ε·a),    a = 1 / (2·(options - 1)) + 1 / (2·ρ·(ρ + 1)).

To learn with weight t is to follow the gradient of the noisy answer's likelihood (expectation-maximisation, as in
Sukhbaatar et al., "Training convolutional networks with noisy labels", 2014); ε is the mean of 1 - t. A learner who
knows little finds good teachers strange too: so only ε·ε² / (ε² + 0.1²) of it is held against the lessons, next to
nothing of a few percent and most of a fifth.

p must not know the lesson: it is the pool's, from before it was learned, and later the shared-covariance Gaussian's
with the lesson left out. Not here: who taught (a teacher's own error rate), and what to do with doubtful lessons.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.types import FloatArray

SMALLEST = 1e-12
"""No answer is less likely than this: a trust is above 0."""

FIRST_ERROR = 0.02
FIRST_LESSONS = 50.0
"""What ε is at the beginning, and how many lessons that guess counts for."""

OWN_ERROR = 0.1
"""Up to about this share the learner rather looks for the error in itself. Chosen on CLINC150 and HINT3."""

WINDOW = 300.0
"""Afterwards ε is a running mean over about so many lessons."""


class Doubt:
    """The share of wrong lessons, estimated as they come."""

    def __init__(self) -> None:
        self.error = FIRST_ERROR
        self._lessons = FIRST_LESSONS

    def trust(self, probabilities: FloatArray, options: npt.NDArray[np.int64]) -> FloatArray:
        """How likely each taught answer is right, (m,) in (0, 1].

        Args:
            probabilities: float64 (m, o), from before the lessons were learned or as if they had not been.
            options: int64 (m,), the taught ones' places.
        """
        held = self.error * self.error**2 / (self.error**2 + OWN_ERROR**2)
        return _trust(probabilities, options, held)

    def learn(self, probabilities: FloatArray, option: int) -> None:
        """One lesson: its probabilities (o,) from before it, and the taught option's place."""
        trust = _trust(probabilities[None], np.array([option]), self.error)[0]
        self.error += (1.0 - trust - self.error) / min(self._lessons + 1.0, WINDOW)
        self._lessons += 1.0

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """ε and how many lessons it is from."""
        return {"error": np.array([self.error, self._lessons])}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """From :meth:`state`."""
        self.error, self._lessons = (float(value) for value in state["error"])


def _trust(probabilities: FloatArray, options: npt.NDArray[np.int64], error: float) -> FloatArray:
    count = probabilities.shape[1]
    if count < 2:
        return np.ones(len(probabilities))
    given = probabilities[np.arange(len(probabilities)), options]
    rank = np.maximum((probabilities > given[:, None]).sum(axis=1), 1)
    wrong = error * 0.5 * (1.0 / (count - 1) + 1.0 / (rank * (rank + 1.0)))
    right = (1.0 - error) * np.maximum(given, SMALLEST)
    trust: FloatArray = right / (right + wrong)
    return trust
