"""The prior: similarity to the options' names and descriptions. Works before the first lesson.

A name says much about an option that was never taught and little about one that was taught often. So an option's part
fades with its lessons: log-odds 12·(cosine - mean cosine) · 2 / (2 + lessons of the option). Without this the pool had
to trust names either too little for new options or too much for known ones: on CLINC150 it is worth 4 points on tasks
101 to 300 and 1 point at five lessons an option.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import Arrays, grown
from quickstudy.experts.base import Example, Query, Shared
from quickstudy.experts.memory import Memory
from quickstudy.types import FloatArray, Vector

SCALE = 12.0
"""Turns cosines into logits."""

FADE = 2.0
"""After so many lessons an option's name counts half. Chosen on CLINC150 and HINT3."""


class Prior:
    """Largest cosine to any description of an option, less the mean; it fades with the option's lessons."""

    name = "prior"
    initial_weight = 0.5
    mature_weight = 0.2

    def __init__(self, shared: Shared) -> None:
        self._vectors = np.zeros((16, shared.dimension), dtype=np.float32)
        self._options = np.zeros(16, dtype=np.int64)
        self._size = 0
        self._lessons = np.zeros(16)

    def describe(self, vectors: Vector, options: Sequence[int]) -> None:
        """Another description of each of ``options``."""
        size = self._size + len(options)
        self._vectors, self._options = grown(self._vectors, size), grown(self._options, size)
        self._vectors[self._size : size], self._options[self._size : size] = vectors, options
        self._size = size

    def propose(self, query: Query) -> FloatArray:
        """Scaled cosines (m, options), centred and faded; 0 for options without a description."""
        if not self._size:
            return np.zeros((len(query), query.options))
        cosines = query.vectors.astype(np.float64) @ self._vectors[: self._size].T.astype(np.float64)
        best = np.full((query.options, len(query)), -np.inf)
        np.maximum.at(best, self._options[: self._size], cosines.T)
        missing = np.isinf(best[:, 0])
        if missing.any():
            best[missing] = best[~missing].mean(axis=0)
        best -= best.mean(axis=0)
        taught = np.zeros(query.options)
        known = min(query.options, len(self._lessons))
        taught[:known] = self._lessons[:known]
        return SCALE * (best * (FADE / (FADE + taught))[:, None]).T

    def learn(self, examples: Sequence[Example], query: Query) -> None:
        """Counts the options' lessons."""
        for example in examples:
            self._count(example.option, 1.0)

    def correct(self, example: Example, new: int) -> None:
        """Counts the lesson for the other option."""
        self._count(example.option, -1.0)
        self._count(new, 1.0)

    def rehearse(self, memory: Memory) -> None:
        """Nothing: every example is learned fully at once."""

    def state(self) -> Arrays:
        """The descriptions, and the options' lessons."""
        return {
            "vectors": self._vectors[: self._size].copy(),
            "options": self._options[: self._size].copy(),
            "lessons": self._lessons.copy(),
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """The descriptions, and the options' lessons."""
        self._lessons = state["lessons"].copy()
        self._vectors, self._options = state["vectors"].copy(), state["options"].copy()
        self._size = len(self._options)
        if not self._size:
            self._vectors = np.zeros((16, self._vectors.shape[1]), dtype=np.float32)
            self._options = np.zeros(16, dtype=np.int64)

    def _count(self, option: int, lessons: float) -> None:
        self._lessons = grown(self._lessons, option + 1)
        self._lessons[option] += lessons
