"""The prior: similarity to the options' names and descriptions. Works before the first lesson."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.base import Arrays, Example, Query, Shared, grown
from quickstudy.experts.memory import Memory
from quickstudy.types import FloatArray, Vector

SCALE = 12.0
"""Turns cosines into logits."""


class Prior:
    """Largest cosine to any description of an option; options without one get the mean of the others."""

    name = "prior"
    initial_weight = 0.2

    def __init__(self, shared: Shared) -> None:
        self._vectors = np.zeros((16, shared.dimension), dtype=np.float32)
        self._options = np.zeros(16, dtype=np.int64)
        self._size = 0

    def describe(self, vectors: Vector, options: Sequence[int]) -> None:
        """Another description of each of ``options``."""
        size = self._size + len(options)
        self._vectors, self._options = grown(self._vectors, size), grown(self._options, size)
        self._vectors[self._size : size], self._options[self._size : size] = vectors, options
        self._size = size

    def propose(self, query: Query) -> FloatArray:
        """Scaled cosines (m, options)."""
        if not self._size:
            return np.zeros((len(query), query.options))
        cosines = query.vectors.astype(np.float64) @ self._vectors[: self._size].T.astype(np.float64)
        best = np.full((query.options, len(query)), -np.inf)
        np.maximum.at(best, self._options[: self._size], cosines.T)
        missing = np.isinf(best[:, 0])
        if missing.any():
            best[missing] = best[~missing].mean(axis=0)
        return SCALE * best.T

    def learn(self, examples: Sequence[Example], query: Query) -> None:
        """Nothing: names are all it knows."""

    def correct(self, example: Example, new: int) -> None:
        """Nothing."""

    def rehearse(self, memory: Memory) -> None:
        """Nothing: every example is learned fully at once."""

    def state(self) -> Arrays:
        """The descriptions."""
        return {"vectors": self._vectors[: self._size].copy(), "options": self._options[: self._size].copy()}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """The descriptions."""
        self._vectors, self._options = state["vectors"].copy(), state["options"].copy()
        self._size = len(self._options)
        if not self._size:
            self._vectors = np.zeros((16, self._vectors.shape[1]), dtype=np.float32)
            self._options = np.zeros(16, dtype=np.int64)
