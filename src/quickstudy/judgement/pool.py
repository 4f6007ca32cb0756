"""The pool: a log-linear mixture of the experts, whose few weights are learned online.

p(y) ∝ exp Σₑ wₑ·logitₑ(y), with wₑ ≥ 0 learned by AdaGrad (Duchi et al. 2011) on the prequential log loss: every
lesson is first predicted, then learned. A pool that is trained on what it had not seen is calibrated by construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.types import FloatArray

RATE = 0.1
"""AdaGrad's step. Chosen on CLINC150 and HINT3."""


class Pool:
    """Weights over experts.

    Args:
        initial: the experts' weights before the first lesson, (e,).
    """

    def __init__(self, initial: FloatArray) -> None:
        self.weights = np.array(initial, dtype=np.float64)
        self._squares = np.ones_like(self.weights)

    def probabilities(self, logits: FloatArray) -> FloatArray:
        """Probabilities (m, options) from the experts' logits (e, m, options)."""
        mixed: FloatArray = np.einsum("e,emo->mo", self.weights, logits)
        mixed -= mixed.max(axis=1, keepdims=True)
        np.exp(mixed, out=mixed)
        mixed /= mixed.sum(axis=1, keepdims=True)
        return mixed

    def learn(self, logits: FloatArray, probabilities: FloatArray, option: int, weight: float = 1.0) -> None:
        """One step on one lesson.

        Args:
            logits: float64 (e, options).
            probabilities: the pool's, (options,).
            option: the place of the taught option.
            weight: how much the lesson counts, in (0, 1].
        """
        gradient = logits @ probabilities - logits[:, option]
        self._squares += gradient * gradient
        self.weights -= RATE * weight * gradient / np.sqrt(self._squares)
        np.maximum(self.weights, 0.0, out=self.weights)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Weights and AdaGrad's sums."""
        return {"weights": self.weights.copy(), "squares": self._squares.copy()}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Weights and AdaGrad's sums."""
        self.weights, self._squares = state["weights"].copy(), state["squares"].copy()
