"""Seeded random features: a fixed, shared, non-linear view of a situation's vector.

``features(x)`` approximates the arc-cosine kernel of order 1 (Cho & Saul, "Kernel methods for deep learning", 2009)
with orthogonal random directions (Yu et al., "Orthogonal random features", 2016). The directions are a pure function of
(input dimension, number, seed), so learners of one job share them and their statistics add up.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from quickstudy.experts.threads import one_thread
from quickstudy.types import FloatArray, Vector


class RandomFeatures:
    """Unit-norm ReLU features along orthogonal random directions.

    Args:
        dimension: d, the length of a situation's vector.
        count: D, how many features.
        seed: the job's feature seed.
    """

    def __init__(self, dimension: int, count: int, seed: int) -> None:
        self.dimension = dimension
        self.count = count
        self._directions = _directions(dimension, count, seed)

    def __call__(self, vectors: Vector) -> FloatArray:
        """The features of ``vectors`` (n, d) float32, as (n, D) float64 of unit norm."""
        raw: FloatArray = np.maximum(vectors.astype(np.float64) @ self._directions, 0)
        norms = np.sqrt(np.einsum("ij,ij->i", raw, raw))
        raw /= np.maximum(norms, 1e-12)[:, None]
        return raw


@lru_cache(maxsize=8)
def _directions(dimension: int, count: int, seed: int) -> FloatArray:
    """Random directions (d, D), orthogonal in blocks of d, with the lengths of Gaussian vectors."""
    generator = np.random.default_rng([seed, dimension, count])
    blocks = []
    with one_thread():
        for _ in range(-(-count // dimension)):
            orthogonal, _ = np.linalg.qr(generator.standard_normal((dimension, dimension)))
            lengths = np.sqrt(generator.chisquare(dimension, dimension))
            blocks.append(orthogonal.T * lengths[:, None])
    directions = np.ascontiguousarray(np.concatenate(blocks)[:count].T)
    directions.flags.writeable = False
    return directions
