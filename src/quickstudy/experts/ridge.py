"""Ridge regression on random features, learned recursively: closed form, so it never forgets.

State: P = (Σφφᵀ + λI)⁻¹ and W = PΣφyᵀ over all examples, with the options' names among them: a name is an option's
first example. Examples are learned in blocks of any size; see :mod:`quickstudy.experts.precision`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import Arrays, grown
from quickstudy.experts.base import Example, Query, Shared
from quickstudy.experts.memory import Memory
from quickstudy.experts.precision import Precision
from quickstudy.types import FloatArray, Vector

SCALE = 8.0
"""Turns regression scores, about 0 to 1, into logits."""

REGULARISATION = 0.1
"""λ; the features have unit norm. Chosen on CLINC150."""

BLOCK = 256
"""Descriptions are learned in blocks of this size: the inner system's cost is cubic in it."""


class Ridge:
    """Recursive least squares on one-hot answers."""

    name = "ridge"
    initial_weight = 0.4
    mature_weight = 0.2

    def __init__(self, shared: Shared) -> None:
        self._features = shared.features
        size = shared.features.count
        self._precision = Precision(size, REGULARISATION)
        self._weights = np.zeros((16, size))

    def scores(self, query: Query) -> FloatArray:
        """Regression scores (m, options): about 1 for a sure answer, about 0 far from everything learned."""
        known = min(query.options, len(self._weights))
        scores = np.zeros((len(query), query.options))
        scores[:, :known] = query.phi @ self._weights[:known].T
        return scores

    def describe(self, vectors: Vector, options: Sequence[int]) -> None:
        """An option's name is its first example."""
        for start in range(0, len(options), BLOCK):
            part = slice(start, start + BLOCK)
            self._learn(self._features(vectors[part]), options[part])

    def propose(self, query: Query) -> FloatArray:
        """Scaled scores (m, options)."""
        return SCALE * self.scores(query)

    def learn(self, examples: Sequence[Example], query: Query) -> None:
        """One recursive least-squares step for the block."""
        self._learn(query.phi, [example.option for example in examples])

    def correct(self, example: Example, new: int) -> None:
        """Moves one example's weight to another option: P depends on situations only, so this is exact."""
        gain = self._precision.gains(self._features(example.vector[None]))[0]
        self._weights = grown(self._weights, max(example.option, new) + 1)
        self._weights[example.option] -= gain
        self._weights[new] += gain

    def rehearse(self, memory: Memory) -> None:
        """Nothing: every example is learned fully at once."""

    def state(self) -> Arrays:
        """P and W."""
        return {**self._precision.state(), "weights": self._weights.copy()}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """P and W."""
        self._precision.restore(state)
        self._weights = state["weights"].copy()

    def _learn(self, phi: FloatArray, options: Sequence[int]) -> None:
        self._weights = grown(self._weights, max(options) + 1)
        error = -(self._weights @ phi.T)
        error[options, np.arange(len(phi))] += 1.0
        root, halves = self._precision.absorb(phi)
        self._weights += (error @ root.T) @ halves
