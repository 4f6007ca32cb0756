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

LEAST_LEFT = 0.02
"""With an example left out, no direction's variance shrinks below this share of what it was."""

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

    def without(
        self,
        vectors: Vector,
        options: npt.NDArray[np.int64],
        weights: FloatArray,
        scattered: FloatArray,
        known: int,
    ) -> tuple[FloatArray, FloatArray]:
        """What would be proposed for each learned example had it never been learned (leave-one-out, closed form).

        Args:
            vectors: float32 (m, d), learned before.
            options: int64 (m,), with which option.
            weights: float64 (m,), how much each counts in its option's mean.
            scattered: float64 (m,), and how much in the covariance.
            known: how many options there are.

        Returns:
            Scaled log-likelihoods (m, known), -∞ for an option without any example; a row is NaN where too little of
            the example's own option is left to have a mean. And the examples' gains x·P (m, d), for :meth:`reweigh`.
        """
        self._grow(known)
        rows, places = vectors.astype(np.float64), np.arange(len(vectors))
        left = self._counts[options] - weights
        enough = left > ENOUGH
        left = np.where(enough, left, 1.0)
        means, weight = self._means[:known], weights[:, None]
        gains = self._precision.gains(rows)
        mean = ((left + weights)[:, None] * self._means[options] - weight * rows) / left[:, None]
        projected = ((left + weights)[:, None] * self._projected[options] - weight * gains) / left[:, None]
        scores = gains @ means.T - 0.5 * self._quadratic[:known]
        scores[places, options] = _dots(gains, mean) - 0.5 * _dots(mean, projected)
        # the scatter without s·rrᵀ, r = x - the mean that is left: P grows by s·(Pr)(Pr)ᵀ / (1 - s·rᵀPr)
        away, share = gains - projected, left * scattered / (left + scattered)
        factor = share / np.maximum(1.0 - share * _dots(rows - mean, away), LEAST_LEFT)
        along = away @ means.T
        along[places, options] = _dots(mean, away)
        scores += factor[:, None] * along * (_dots(rows, away)[:, None] - 0.5 * along)
        scores *= SCALE * (self._total + PRIOR_COUNT)
        scores[:, self._counts[:known] <= 0] = -np.inf
        scores[~enough] = np.nan
        return scores, gains

    def reweigh(
        self, vectors: Vector, options: npt.NDArray[np.int64], gains: FloatArray | None, changes: FloatArray
    ) -> None:
        """Learned examples count more or less in their options' means; the covariance stays.

        Args:
            vectors: float32 (m, d).
            options: int64 (m,).
            gains: float64 (m, d), x·P, from :meth:`without`; None if they are not known.
            changes: float64 (m,), of their weights.
        """
        rows = vectors.astype(np.float64)
        gains = self._precision.gains(rows) if gains is None else gains
        for option in np.unique(options).tolist():
            own = options == option
            before, change = self._counts[option], changes[own]
            after = before + change.sum()
            if after > NOTHING:
                self._means[option] = (before * self._means[option] + change @ rows[own]) / after
                self._projected[option] = (before * self._projected[option] + change @ gains[own]) / after
                self._quadratic[option] = self._means[option] @ self._projected[option]
                self._counts[option] = after
                self._total += change.sum()

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


def _dots(rows: FloatArray, others: FloatArray) -> FloatArray:
    """The rows' inner products (m,)."""
    products: FloatArray = np.einsum("md,md->m", rows, others)
    return products
