"""One Gaussian for each option, with one covariance shared by all: streaming linear discriminant analysis.

The mean of an option starts at its name (one pseudo-example); the shared covariance starts as an isotropic prior of
``PRIOR_COUNT`` examples. With few lessons this is the strongest expert (Hayes & Kanan, "Lifelong machine learning with
deep streaming linear discriminant analysis", 2020). State: counts, means M, P = inverse of the scatter (d, d), B = M P
and the quadratic terms mᵀPm; one example costs O(d² + d·options) by Welford and Sherman-Morrison steps.
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

SCALE = 0.1
"""Log-likelihoods of d-dimensional vectors are overconfident; the pool weighs a tenth of them."""

PRIOR_COUNT = 400.0
"""How many examples the isotropic prior covariance counts for. Chosen on CLINC150 and HINT3."""

ENOUGH = 0.5
"""So many examples have a mean."""

NOTHING = 1e-9
"""Less than this much of an example is a rounding error."""

SHARPER = 2.0
"""A left-out lesson's log-likelihoods count more than a proposal's. Chosen on CLINC150 and HINT3."""

PRIOR_VARIANCE = 0.5
"""Total variance of the prior covariance: unit vectors lie about this far from their option's mean, squared."""


class Gaussian:
    """Linear discriminant analysis, learned recursively."""

    name = "gaussian"
    initial_weight = 0.1
    mature_weight = 0.09

    def __init__(self, shared: Shared) -> None:
        d = shared.dimension
        self._total = 0.0
        self._counts = np.zeros(16)
        self._means = np.zeros((16, d))
        self._precision = Precision(d, PRIOR_COUNT * PRIOR_VARIANCE / d)
        self._projected = np.zeros((16, d))
        self._quadratic = np.zeros(16)

    def describe(self, vectors: Vector, options: Sequence[int]) -> None:
        """An option's name counts as its first example."""
        self._add_block(vectors, options, [1.0] * len(options))

    def propose(self, query: Query) -> FloatArray:
        """Scaled log-likelihoods (m, options); an option without any example gets the mean of the others."""
        self._grow(query.options)
        n = query.options
        linear = query.vectors.astype(np.float64) @ self._projected[:n].T
        scores = SCALE * (self._total + PRIOR_COUNT) * (linear - 0.5 * self._quadratic[:n])
        empty = self._counts[:n] <= 0
        if empty.any() and not empty.all():
            scores[:, empty] = scores[:, ~empty].mean(axis=1, keepdims=True)
        return scores

    def learn(self, examples: Sequence[Example], query: Query) -> None:
        """One Welford step an example; a block changes P once."""
        if len(examples) == 1:
            self._add(examples[0].vector, examples[0].option, examples[0].trust)
        else:
            self._add_block(
                [example.vector for example in examples],
                [example.option for example in examples],
                [example.trust for example in examples],
            )

    def without(self, vectors: Vector, options: npt.NDArray[np.int64], weights: FloatArray, known: int) -> FloatArray:
        """Probabilities of each learned example as if its option's mean had not seen it; the covariance has.

        Args:
            vectors: float32 (m, d), learned before.
            options: int64 (m,), with which option.
            weights: float64 (m,), and how much of each was learned.
            known: how many options there are.

        Returns:
            float64 (m, known); a row is NaN where too little of the option is left to have a mean.
        """
        self._grow(known)
        rows = vectors.astype(np.float64)
        left = self._counts[options] - weights
        enough = left > ENOUGH
        left = np.where(enough, left, 1.0)[:, None]
        count, weight = self._counts[options][:, None], weights[:, None]
        gains = self._precision.gains(rows)
        scores = gains @ self._means[:known].T - 0.5 * self._quadratic[:known]
        means = (count * self._means[options] - weight * rows) / left
        # (x - ½ m')ᵀ P m' for the mean m' that is left: m'ᵀPm' from mᵀPm, xᵀPm and xᵀPx, without P itself
        along = np.einsum("md,md->m", gains, self._means[options])[:, None]
        own = np.einsum("md,md->m", gains, rows)[:, None]
        square = (
            count**2 * self._quadratic[options][:, None] - 2.0 * count * weight * along + weight**2 * own
        ) / left**2
        scores[np.arange(len(rows)), options] = np.einsum("md,md->m", gains, means) - 0.5 * square[:, 0]
        scores[:, self._counts[:known] <= 0] = -np.inf
        scores *= SHARPER * SCALE * (self._total + PRIOR_COUNT)
        scores -= scores.max(axis=1, keepdims=True)
        probabilities: FloatArray = np.exp(scores)
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        probabilities[~enough] = np.nan
        return probabilities

    def correct(self, example: Example, new: int) -> None:
        """Takes the example from one option and gives it to the other."""
        self._add(example.vector, example.option, -example.trust)
        self._add(example.vector, new, 1.0)

    def rehearse(self, memory: Memory) -> None:
        """Nothing: every example is learned fully at once."""

    def state(self) -> Arrays:
        """Counts, means and the inverse scatter."""
        return {
            "total": np.array(self._total),
            "counts": self._counts.copy(),
            "means": self._means.copy(),
            **self._precision.state(),
            "projected": self._projected.copy(),
            "quadratic": self._quadratic.copy(),
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Counts, means and the inverse scatter."""
        self._total = float(state["total"])
        self._counts, self._means = state["counts"].copy(), state["means"].copy()
        self._precision.restore(state)
        self._projected, self._quadratic = state["projected"].copy(), state["quadratic"].copy()

    def _grow(self, options: int) -> None:
        self._counts, self._quadratic = grown(self._counts, options), grown(self._quadratic, options)
        self._means, self._projected = grown(self._means, options), grown(self._projected, options)

    def _add_block(self, vectors: Vector | Sequence[Vector], options: Sequence[int], weights: Sequence[float]) -> None:
        self._grow(max(options) + 1)
        directions = []
        for vector, option, weight in zip(vectors, options, weights, strict=True):
            count = self._counts[option]
            difference = vector.astype(np.float64) - self._means[option]
            if count > 0:
                directions.append(np.sqrt(count * weight / (count + weight)) * difference)
            self._counts[option] = count + weight
            self._means[option] += weight * difference / (count + weight)
        self._total += sum(weights)
        if directions:
            self._precision.absorb(np.stack(directions))
        self._projected = self._precision.gains(self._means)
        self._quadratic = np.einsum("od,od->o", self._means, self._projected)

    def _add(self, vector: Vector, option: int, weight: float) -> None:
        """Adds an example with a weight, or takes one out whose weight is given as negative."""
        self._grow(option + 1)
        before = self._counts[option]
        after = before + weight if before + weight > NOTHING else 0.0
        difference = vector.astype(np.float64) - self._means[option]
        if before > 0 and after > 0:
            self._scatter(np.sqrt(before * abs(weight) / after) * difference, np.sign(weight))
        self._counts[option] = after
        self._total += weight
        if after > 0:
            self._means[option] += weight * difference / after
        else:
            self._means[option] = 0.0
        projected = self._precision.gains(self._means[option][None])[0]
        self._projected[option] = projected
        self._quadratic[option] = self._means[option] @ projected

    def _scatter(self, direction: FloatArray, sign: float) -> None:
        """Adds a direction to the scatter, or takes it out; the means stay, what follows from P moves with it."""
        half = self._precision.absorb(direction[None])[1][0] if sign > 0 else self._precision.release(direction)
        along = self._means @ half
        self._projected -= sign * np.multiply.outer(along, half)
        self._quadratic -= sign * along * along
