"""Fourier features: a seeded smooth view of a few numbers.

cos(Wz + b) with Gaussian directions W approximates the Gaussian kernel of a length scale (Rahimi & Recht 2007); a 1,
the numbers and, where there are few, their products come along, so what is linear or quadratic is learned at once.
The directions are a function of (seed, numbers, count). Not here: scaling the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from quickstudy.types import FloatArray

FEW = 16
"""Products come along up to so many numbers."""


@dataclass(frozen=True, slots=True)
class Fourier:
    """Features of m standardised numbers.

    Attributes:
        numbers: m.
        count: how many cosines.
        length: the kernel's length scale, in standard deviations.
        seed: of the directions.
    """

    numbers: int
    count: int
    length: float
    seed: int

    @property
    def size(self) -> int:
        """How many features there are."""
        products = self.numbers * (self.numbers + 1) // 2 if self.numbers <= FEW else 0
        return self.count + 1 + self.numbers + products

    def __call__(self, z: FloatArray) -> FloatArray:
        """The features (n, size) of numbers (n, m), in their precision."""
        directions, phases = _directions(self.numbers, self.count, self.seed)
        found = np.empty((len(z), self.size), dtype=z.dtype)
        waves = found[:, : self.count]
        np.matmul(z, (directions / self.length).astype(z.dtype, copy=False), out=waves)
        waves += phases
        np.cos(waves, out=waves)
        waves *= np.sqrt(2.0 / self.count)
        found[:, self.count] = 0.5
        rest = found[:, self.count + 1 :]
        rest[:, : self.numbers] = 0.3 * z
        if self.numbers <= FEW:
            first, second = np.triu_indices(self.numbers)
            rest[:, self.numbers :] = 0.1 * z[:, first] * z[:, second]
        return found


@lru_cache(maxsize=8)
def _directions(numbers: int, count: int, seed: int) -> tuple[FloatArray, FloatArray]:
    generator = np.random.default_rng([seed, numbers, count])
    directions = generator.standard_normal((numbers, count))
    phases = generator.uniform(0.0, 2.0 * np.pi, count)
    directions.flags.writeable = phases.flags.writeable = False
    return directions, phases
