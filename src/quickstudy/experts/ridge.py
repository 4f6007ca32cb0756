"""Ridge regression on random features, learned recursively: closed form, so it never forgets.

State: P = (Σφφᵀ + λI)⁻¹ and W = PΣφyᵀ over all examples, with the options' names among them: a name is an option's
first example. Examples are learned in blocks of any size by recursive least squares (Plackett 1950), which costs
O(D² + D·options) an example. Single examples change P lazily: their rank-one terms wait in a buffer of ``PENDING``
columns, so that P, the largest thing in memory, is read once a lesson and written once in ``PENDING`` lessons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.base import Arrays, Example, Query, Shared, grown
from quickstudy.experts.memory import Memory
from quickstudy.types import FloatArray, Vector

SCALE = 8.0
"""Turns regression scores, about 0 to 1, into logits."""

REGULARISATION = 0.1
"""λ; the features have unit norm. Chosen on CLINC150."""

PENDING = 32


class Ridge:
    """Recursive least squares on one-hot answers."""

    name = "ridge"
    initial_weight = 0.4

    def __init__(self, shared: Shared) -> None:
        self._features = shared.features
        size = shared.features.count
        self._precision = np.eye(size) / REGULARISATION
        self._weights = np.zeros((16, size))
        self._pending = np.zeros((PENDING, size))
        self._waiting = 0

    def scores(self, query: Query) -> FloatArray:
        """Regression scores (m, options): about 1 for a sure answer, about 0 far from everything learned."""
        known = min(query.options, len(self._weights))
        scores = np.zeros((len(query), query.options))
        scores[:, :known] = query.phi @ self._weights[:known].T
        return scores

    def describe(self, vectors: Vector, options: Sequence[int]) -> None:
        """An option's name is its first example."""
        self._learn(self._features(vectors), options)

    def propose(self, query: Query) -> FloatArray:
        """Scaled scores (m, options)."""
        return SCALE * self.scores(query)

    def learn(self, examples: Sequence[Example], query: Query) -> None:
        """One recursive least-squares step for the block."""
        self._learn(query.phi, [example.option for example in examples])

    def correct(self, example: Example, new: int) -> None:
        """Moves one example's weight to another option: P depends on situations only, so this is exact."""
        gain = self._gains(self._features(example.vector[None]))[0]
        self._weights = grown(self._weights, max(example.option, new) + 1)
        self._weights[example.option] -= gain
        self._weights[new] += gain

    def rehearse(self, memory: Memory) -> None:
        """Nothing: every example is learned fully at once."""

    def state(self) -> Arrays:
        """P, its waiting terms, and W."""
        return {
            "precision": self._precision.copy(),
            "pending": self._pending[: self._waiting].copy(),
            "weights": self._weights.copy(),
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """P, its waiting terms, and W."""
        self._precision, self._weights = state["precision"].copy(), state["weights"].copy()
        self._waiting = len(state["pending"])
        self._pending[: self._waiting] = state["pending"]

    def _learn(self, phi: FloatArray, options: Sequence[int]) -> None:
        self._weights = grown(self._weights, max(options) + 1)
        gains = self._gains(phi)
        error = -(self._weights @ phi.T)
        error[options, np.arange(len(phi))] += 1.0
        if len(phi) == 1:
            inner = 1.0 + float(phi[0] @ gains[0])
            self._weights += np.multiply.outer(error[:, 0] / inner, gains[0])
            self._pending[self._waiting] = gains[0] / np.sqrt(inner)
            self._waiting += 1
            if self._waiting == PENDING:
                self._settle()
            return
        self._settle()
        root = np.linalg.cholesky(np.eye(len(phi)) + gains @ phi.T)
        halves = np.linalg.solve(root, gains)
        self._weights += np.linalg.solve(root, error.T).T @ halves
        self._precision -= halves.T @ halves

    def _gains(self, phi: FloatArray) -> FloatArray:
        """ΦP (m, D) for features (m, D), the waiting terms included."""
        gains = phi @ self._precision
        if self._waiting:
            waiting = self._pending[: self._waiting]
            gains -= (phi @ waiting.T) @ waiting
        return gains

    def _settle(self) -> None:
        if self._waiting:
            waiting = self._pending[: self._waiting]
            self._precision -= waiting.T @ waiting
            self._waiting = 0
