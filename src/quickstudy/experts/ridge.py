"""Ridge regression on random features, learned recursively: closed form, so it never forgets.

State: P = (Σφφᵀ + λI)⁻¹ and W = PΣφyᵀ over all examples, with the options' names among them: a name is an option's
first example. Examples are learned in blocks of any size by recursive least squares (Plackett 1950), which costs
O(D² + D·options) an example. Single examples change P lazily: their rank-one terms wait in a buffer of ``PENDING``
columns, so that P, the largest thing in memory, is read once a lesson and written once in ``PENDING`` lessons.
Only P's lower triangle is kept up to date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import blas, cho_factor, cho_solve, lapack

from quickstudy.experts.base import Arrays, Example, Query, Shared, grown
from quickstudy.types import FloatArray, Vector

SCALE = 8.0
"""Turns regression scores, about 0 to 1, into logits."""

REGULARISATION = 0.1
"""λ; the features have unit norm. Chosen on CLINC150."""

PENDING = 32


class Ridge:
    """Recursive least squares on one-hot answers."""

    name = "ridge"
    initial_weight = 0.6

    def __init__(self, shared: Shared) -> None:
        self._features = shared.features
        size = shared.features.count
        self._precision = np.asfortranarray(np.eye(size) / REGULARISATION)
        self._weights = np.zeros((size, 16), order="F")
        self._pending = np.zeros((size, PENDING), order="F")
        self._waiting = 0

    def scores(self, query: Query) -> FloatArray:
        """Regression scores (m, options): about 1 for a sure answer, about 0 far from everything learned."""
        known = min(query.options, self._weights.shape[1])
        scores = np.zeros((len(query), query.options))
        scores[:, :known] = query.phi @ self._weights[:, :known]
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
        phi = self._features(example.vector[None])
        gain = self._gains(phi)[:, 0]
        self._weights = grown(self._weights, max(example.option, new) + 1, axis=1)
        self._weights[:, example.option] -= gain
        self._weights[:, new] += gain

    def state(self) -> Arrays:
        """P, its waiting terms, and W."""
        return {
            "precision": lapack.dtrttp(self._precision, uplo="L")[0],
            "pending": self._pending[:, : self._waiting].T.copy(),
            "weights": self._weights.T.copy(),
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """P, its waiting terms, and W."""
        self._precision = lapack.dtpttr(len(self._precision), state["precision"], uplo="L")[0]
        self._weights = state["weights"].T.copy(order="F")
        self._waiting = len(state["pending"])
        self._pending[:, : self._waiting] = state["pending"].T

    def _learn(self, phi: FloatArray, options: Sequence[int]) -> None:
        self._weights = grown(self._weights, max(options) + 1, axis=1)
        gains = self._gains(phi)
        error = -(phi @ self._weights)
        error[np.arange(len(phi)), options] += 1.0
        if len(phi) == 1:
            inner = 1.0 + float(phi[0] @ gains[:, 0])
            blas.dger(1.0 / inner, gains[:, 0], error[0], a=self._weights, overwrite_a=1)
            self._pending[:, self._waiting] = gains[:, 0] / np.sqrt(inner)
            self._waiting += 1
            if self._waiting == PENDING:
                self._settle()
            return
        self._settle()
        factor = cho_factor(np.eye(len(phi)) + phi @ gains, lower=True)
        self._weights += gains @ cho_solve(factor, error)
        root = blas.dtrsm(1.0, np.asfortranarray(factor[0]), gains, side=1, lower=1, trans_a=1)
        blas.dsyrk(-1.0, root, beta=1.0, c=self._precision, lower=1, overwrite_c=1)

    def _gains(self, phi: FloatArray) -> FloatArray:
        """PΦᵀ (D, m) for features (m, D), the waiting terms included."""
        if len(phi) == 1:
            gains = blas.dsymv(1.0, self._precision, phi[0], lower=1)[:, None]
        else:
            gains = blas.dsymm(1.0, self._precision, phi.T, lower=1)
        if self._waiting:
            waiting = self._pending[:, : self._waiting]
            gains -= waiting @ (waiting.T @ phi.T)
        return gains

    def _settle(self) -> None:
        if self._waiting:
            waiting = self._pending[:, : self._waiting]
            blas.dsyrk(-1.0, waiting, beta=1.0, c=self._precision, lower=1, overwrite_c=1)
            self._waiting = 0
