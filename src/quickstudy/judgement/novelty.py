"""Novelty: how unlike everything learned a situation is; and how likely its answer is an option not seen yet.

The score joins three views, each of which alone is weaker (chosen on CLINC150's validation splits): the largest ridge
score, which is near 1 for a sure answer and near 0 far away; the mean cosine to the nearest examples; and the softmax
expert's log-sum-exp, an energy (Liu et al., "Energy-based out-of-distribution detection", 2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.memory import Neighbours
from quickstudy.types import FloatArray

NEAREST = 5

COSINE = 1.5
ENERGY = 0.1
"""What the cosine and the energy (about 13 for known work) count for beside the ridge score."""


def novelty(scores: FloatArray, logits: FloatArray, neighbours: Neighbours) -> FloatArray:
    """Novelty (m,) in [0, 1].

    Args:
        scores: ridge scores (m, options).
        logits: the softmax expert's (m, options).
        neighbours: the nearest examples.
    """
    largest = scores.max(axis=1, initial=0.0)
    peak = logits.max(axis=1, initial=0.0)
    energy = peak + np.log(np.maximum(np.exp(logits - peak[:, None]).sum(axis=1), 1e-300))
    near = neighbours.similarity[:, :NEAREST]
    cosine = near.mean(axis=1) if near.size else np.zeros(len(scores))
    known: FloatArray = (largest + COSINE * cosine + ENERGY * energy) / (2.0 + COSINE)
    return np.clip(1.0 - known, 0.0, 1.0)


class NewOption:
    """In an open job: the probability that the answer is an option that was never taught.

    A logistic regression on novelty and on the share of lessons so far that brought a new option, learned online.
    """

    def __init__(self) -> None:
        self._weights = np.array([-3.0, 5.0, 1.0])
        self._squares = np.ones(3)
        self._lessons = 0
        self._new = 0

    def probability(self, novelty: FloatArray) -> FloatArray:
        """Probability (m,) of a new option, given novelty (m,)."""
        logits: FloatArray = self._inputs(novelty) @ self._weights
        probability: FloatArray = 1.0 / (1.0 + np.exp(-logits))
        return probability

    def learn(self, novelty: float, was_new: bool) -> None:
        """One lesson: how novel its situation was, and whether its option was new."""
        inputs = self._inputs(np.array([novelty]))[0]
        error = float(self.probability(np.array([novelty]))[0]) - was_new
        gradient = error * inputs
        self._squares += gradient * gradient
        self._weights -= 0.2 * gradient / np.sqrt(self._squares)
        self._lessons += 1
        self._new += was_new

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Weights and counts."""
        counts = np.array([self._lessons, self._new])
        return {"weights": self._weights.copy(), "squares": self._squares.copy(), "counts": counts}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Weights and counts."""
        self._weights, self._squares = state["weights"].copy(), state["squares"].copy()
        self._lessons, self._new = (int(count) for count in state["counts"])

    def _inputs(self, novelty: FloatArray) -> FloatArray:
        rate = (self._new + 1.0) / (self._lessons + 2.0)
        odds = np.full_like(novelty, np.log(rate / (1.0 - rate + 1e-9)))
        return np.column_stack([np.ones_like(novelty), novelty, odds])
