"""The prognosis: what usually follows from a situation on, learned from tasks that have ended.

Ridge regression of a task's further return on features of its situations, one head for each reward term. It is least
squares temporal difference learning with λ = 1 (Boyan 1999, "Least-squares temporal difference learning"): nothing is
bootstrapped, so a single outcome reaches the first of 1,000 steps at full strength, undiscounted. It says what to
expect if work goes on as it did, not what the best options would bring; that is :class:`~.base.Values`.

State: Σ w φφᵀ, Σ w φGᵀ and Σ w GGᵀ over the steps of all tasks: a function of their set, and a task can be taken out
again (``without``). Every step counts the same, or states of long tasks would count less than those of short ones; but
the steps of one task share one fate, so what is known is counted in tasks: sums are divided by the mean length. The
heads are fitted again when experience has grown by a twentieth, so learning costs little; when, depends on the number
of tasks only. Not here: which tasks count, and with which weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import Arrays
from quickstudy.experts.features import RandomFeatures
from quickstudy.experts.threads import one_thread
from quickstudy.types import FloatArray, Vector

FEATURES = 128
"""Random features beside the situation's own vector."""

LONG = 128
"""Longer vectors are seen through random features alone, three times as many: the cost is cubic in their number."""

REGULARISATION = 0.3
"""λ, in tasks."""

GROWTH = 0.05
"""The heads are fitted anew after so much more experience."""


@dataclass(frozen=True, slots=True)
class Heads:
    """Fitted heads.

    Attributes:
        weights: (D, t).
        inverse: (A + λI)⁻¹, (D, D).
        covariance: of one task's return around the heads' mean, (t, t).
    """

    weights: FloatArray
    inverse: FloatArray
    covariance: FloatArray


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected from n situations on.

    Attributes:
        terms: by term, (n, t).
        doubt: how far a situation is from those learned, (n,): the variance of a mean in units of one task's variance.
        covariance: of one task's return around that, (t, t).
    """

    terms: FloatArray
    doubt: FloatArray
    covariance: FloatArray


class Prognosis:
    """Expected returns.

    Args:
        dimension: d, the length of what :func:`view` gives.
        terms: t, how many reward terms there are.
        seed: the job's feature seed.
    """

    def __init__(self, dimension: int, terms: int, seed: int) -> None:
        self._linear = dimension <= LONG
        self._random = RandomFeatures(dimension, FEATURES if self._linear else 3 * FEATURES, seed)
        size = 1 + self._random.count + (dimension if self._linear else 0)
        self._squares = np.zeros((size, size))
        self._products = np.zeros((size, terms))
        self._returns = np.zeros((terms, terms))
        self.tasks = 0
        self._weight = self._length = 0.0
        self._heads: Heads | None = None
        self._next = 1

    def features(self, views: Vector) -> FloatArray:
        """The features (n, D) of situations' views (n, d)."""
        own = [views.astype(np.float64)] if self._linear else []
        return np.hstack([np.ones((len(views), 1)), *own, self._random(views)])

    def learn(self, views: Vector, returns: FloatArray, weight: float = 1.0) -> None:
        """One task that has ended.

        Args:
            views: its situations, (n, d).
            returns: what each step and all after it received, (n, t).
            weight: how many tasks it stands for.
        """
        squares, products, squared = _sums(self.features(views), returns, weight)
        self._squares += squares
        self._products += products
        self._returns += squared
        self._weight += weight
        self._length += weight * len(views)
        self.tasks += 1
        if self.tasks >= self._next:
            self._heads = _fitted(self._squares, self._products, self._returns, self._weight, self._length)
            self._next = self.tasks + max(1, int(GROWTH * self.tasks))

    def expect(self, views: Vector, heads: Heads | None = None) -> Expected | None:
        """What is expected from situations (n, d) on; None before the first task has ended."""
        heads = heads or self._heads
        if heads is None:
            return None
        phi = self.features(views)
        doubt = np.einsum("ij,ij->i", phi @ heads.inverse, phi)
        return Expected(phi @ heads.weights, doubt, heads.covariance)

    def arrays(self) -> Arrays:
        """For a snapshot: everything as arrays, private copies."""
        found = {"squares": self._squares.copy(), "products": self._products.copy(), "returns": self._returns.copy()}
        found["counts"] = np.array([self.tasks, self._next, self._weight, self._length], dtype=np.float64)
        if self._heads is not None:
            found |= {f"heads.{name}": getattr(self._heads, name).copy() for name in _HEADS}
        return found

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """From :meth:`arrays`."""
        self._squares, self._products = arrays["squares"].copy(), arrays["products"].copy()
        self._returns = arrays["returns"].copy()
        tasks, after, self._weight, self._length = arrays["counts"].tolist()
        self.tasks, self._next = int(tasks), int(after)
        if "heads.weights" in arrays:
            self._heads = Heads(**{name: arrays[f"heads.{name}"].copy() for name in _HEADS})

    def without(self, views: Vector, returns: FloatArray, weight: float = 1.0) -> Heads | None:
        """The heads as they would be, had one of the learned tasks never been; None if there was no other."""
        if self._weight - weight < 1e-9:
            return None
        squares, products, squared = _sums(self.features(views), returns, weight)
        return _fitted(
            self._squares - squares,
            self._products - products,
            self._returns - squared,
            self._weight - weight,
            self._length - weight * len(views),
        )


_HEADS = ("weights", "inverse", "covariance")


def view(vector: Vector, numbers: npt.NDArray[np.floating] | None) -> Vector:
    """What the prognosis sees of a situation, float32 (d,).

    The encoder's vector; of an array of m numbers, whose vector has lost its scale, their signed logarithms and a 1.
    """
    if numbers is None:
        return vector
    return np.append(np.sign(numbers) * np.log1p(np.abs(numbers)), 1.0).astype(np.float32)


def returns_from(rewards: FloatArray) -> FloatArray:
    """What each step and all after it received, from what each received: (n, t) to (n, t)."""
    return np.cumsum(rewards[::-1], axis=0)[::-1]


def _sums(phi: FloatArray, returns: FloatArray, weight: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    with one_thread():
        return weight * (phi.T @ phi), weight * (phi.T @ returns), weight * (returns.T @ returns)


def _fitted(squares: FloatArray, products: FloatArray, squared: FloatArray, weight: float, length: float) -> Heads:
    scale = weight / length
    with one_thread():
        ridge = scale * squares + REGULARISATION * np.eye(len(squares))
        inverse = np.asarray(np.linalg.inv(ridge), dtype=np.float64)
        weights = inverse @ (scale * products)
        cross = weights.T @ products
        residual = squared - cross - cross.T + weights.T @ squares @ weights
    return Heads(weights, inverse, residual / length)
