"""The pool: a log-linear mixture of the experts, whose few weights are learned online.

p(y) ∝ exp Σₑ wₑ·logitₑ(y), with wₑ ≥ 0 learned by AdaGrad (Duchi et al. 2011) on the prequential log loss: every
lesson is first predicted, then learned. A pool that is trained on what it had not seen is calibrated by construction.

What an expert is worth changes as lessons come in: names count at first, statistics later. So there are two weights for
each expert, one for the beginning and one for the long run, and w moves from the first to the second with the lessons:
w = (1 - s)·w₀ + s·w₁, s = n / (n + 30 + 3·options). Both are learned. Work that comes in bursts teaches a pool little
(see ``bursts``); without w₁ it would keep the beginning's weights for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.types import FloatArray

RATE = 0.1
"""AdaGrad's step. Chosen on CLINC150 and HINT3, as are the next two."""

HALF_WAY = 30.0
HALF_WAY_AN_OPTION = 3.0
"""After so many lessons, and so many more for each option, the weights are half way."""


class Pool:
    """Weights over experts.

    Args:
        initial: the experts' weights before the first lesson, (e,).
        mature: their weights in the long run, before anything was learned about them, (e,); as at first if None.
    """

    def __init__(self, initial: FloatArray, mature: FloatArray | None = None) -> None:
        self._ends = np.stack([initial, initial if mature is None else mature]).astype(np.float64)
        self._squares = np.ones_like(self._ends)
        self._lessons = 0
        self._options = 1

    @property
    def weights(self) -> FloatArray:
        """The weights in force, (e,)."""
        return self._shares() @ self._ends

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
            weight: how much the lesson counts, above 0.
        """
        gradient = np.multiply.outer(self._shares(), logits @ probabilities - logits[:, option])
        self._squares += gradient * gradient
        self._ends -= RATE * weight * gradient / np.sqrt(self._squares)
        np.maximum(self._ends, 0.0, out=self._ends)
        self._lessons += 1
        self._options = len(probabilities)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Weights, AdaGrad's sums, and how many lessons there were about how many options."""
        counts = np.array([self._lessons, self._options])
        return {"ends": self._ends.copy(), "squares": self._squares.copy(), "counts": counts}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """From :meth:`state`."""
        self._ends, self._squares = state["ends"].copy(), state["squares"].copy()
        self._lessons, self._options = (int(count) for count in state["counts"])

    def _shares(self) -> FloatArray:
        """How much the weights of the beginning and of the long run count, (2,)."""
        late = self._lessons / (self._lessons + HALF_WAY + HALF_WAY_AN_OPTION * self._options)
        return np.array([1.0 - late, late])
