"""Synthetic situations for the cost scenario only: clustered directions, as real vectors are.

An option has several clusters; a situation is its cluster's centre plus noise of the same length, so two situations of
one cluster have a cosine near 0.5. Arrays of length 639 become vectors of length 640, like those of texts (384 numbers
of MiniLM, 256 of spelling).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bench.learners.base import Task
from bench.streams import START
from quickstudy.types import FloatArray

LENGTH = 639
CLUSTERS = 10
"""Clusters an option."""


class Clusters:
    """A source of labelled synthetic tasks.

    Args:
        options: how many options.
        seed: seeds centres and tasks.
    """

    def __init__(self, options: int, seed: int) -> None:
        self._generator = np.random.default_rng(seed)
        self._options = options
        self._clusters = min(CLUSTERS, max(1, 20_000 // options))
        centres = self._generator.normal(size=(options * self._clusters, LENGTH)).astype(np.float32)
        self._centres = centres / np.linalg.norm(centres, axis=1, keepdims=True)
        self.names = tuple(f"option {i:05d}" for i in range(options))
        self._made = 0

    def tasks(self, count: int) -> Iterator[tuple[Task, str]]:
        """The next ``count`` tasks with their answers."""
        for _ in range(count):
            cluster = int(self._generator.integers(len(self._centres)))
            noise = self._generator.normal(size=LENGTH)
            values: FloatArray = self._centres[cluster] + noise / np.linalg.norm(noise)
            values = values / np.linalg.norm(values)
            vector = np.append(values, 0.0).astype(np.float32)
            self._made += 1
            yield Task(values, vector, START + self._made), self.names[cluster // self._clusters]
