"""Random projection and ridge regression (RanPAC; McDonnell et al. 2023, sections 4.1 and 4.3, without tuning of the
backbone), on the same vectors.

``h = relu(x W)`` with W standard normal and M = 10,000 columns; one-hot answers regressed on h with a ridge ``lambda``:
the class of the largest output. As in the paper, lambda is the one of 10^-8 ... 10^9 with the smallest squared error on
a fifth of the lessons after fitting the others: every fifth one, so that classes that come one after the other are in
both parts. The paper chooses it a task (a block of classes); in a stream it is chosen whenever lessons have doubled,
from the eighth on (1 before). The solution is renewed at a decision once the lessons have grown by 2% (after every
lesson up to the fiftieth), and before the test; while there are fewer lessons than M it is cheaper by lessons than by
features, and the same: ``W = H' (H H' + lambda I)^-1 Y``. Single precision; a lambda whose system is not positive
definite in it is passed over. Confidence: the output, which estimates a probability by least squares, cut to [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.learners.base import Entry, Guess, Setting, Task
from bench.learners.lessons import Lessons
from quickstudy.types import Vector

FEATURES, GROWTH = 10_000, 0.02
RIDGES = tuple(10.0**power for power in range(-8, 10))
SETTINGS = {"features": FEATURES, "ridges": "1e-8 ... 1e9 by every fifth lesson", "solved after": "2% more lessons"}


class ProjectedRidge:
    """All lessons' features, the products between them, and the last solution."""

    def __init__(self, setting: Setting, seed: int, features: int = FEATURES) -> None:
        self._classes = setting.classes
        self._place = {name: i for i, name in enumerate(setting.classes)}
        projection = np.random.default_rng(seed).standard_normal((setting.dimension, features), dtype=np.float32)
        self._projection: Vector = projection
        self._lessons = Lessons(setting.dimension, GROWTH)
        self._products = np.zeros((1024, 1024), dtype=np.float32)
        self._features = np.zeros((1024, features), dtype=np.float32)
        self._weights: Vector = np.zeros((features, len(setting.classes)), dtype=np.float32)
        self._ridge, self._chosen_at = 1.0, 4

    def decide(self, task: Task) -> Guess:
        """The class of the largest output."""
        if self._lessons.due:
            self._solve()
        return self._guesses([task])[0]

    def learn(self, task: Task, answer: str) -> None:
        """Keeps the lesson."""
        self._lessons.add(task, answer)

    def predict(self, tasks: Sequence[Task]) -> list[Guess]:
        """The classes of the largest outputs, by all lessons."""
        if len(self._lessons) > self._lessons.fitted:
            self._solve()
        return self._guesses(tasks)

    def _guesses(self, tasks: Sequence[Task]) -> list[Guess]:
        if not len(self._lessons):
            return [Guess(None, 0.0, 1.0)] * len(tasks)
        outputs = self._featured(np.stack([task.vector for task in tasks])) @ self._weights
        best = outputs.argmax(axis=1)
        tops = np.clip(outputs[np.arange(len(outputs)), best], 0.0, 1.0)
        return [Guess(self._classes[i], float(top), 1.0 - float(top)) for i, top in zip(best, tops, strict=True)]

    def _featured(self, vectors: Vector) -> Vector:
        featured: Vector = np.maximum(vectors @ self._projection, 0.0)
        return featured

    def _solve(self) -> None:
        old, count = self._lessons.fitted, len(self._lessons)
        self._make_room(count)
        self._features[old:count] = self._featured(self._lessons.vectors[old:])
        self._products[old:count, :count] = self._features[old:count] @ self._features[:count].T
        self._products[:old, old:count] = self._products[old:count, :old].T
        targets = np.zeros((count, len(self._classes)), dtype=np.float32)
        targets[np.arange(count), [self._place[answer] for answer in self._lessons.answers]] = 1.0
        products = self._products[:count, :count]
        if count >= 2 * self._chosen_at:
            self._ridge, self._chosen_at = best_ridge(products, targets, self._ridge), count
        solution = solved(products, targets, self._ridge)
        while solution is None:
            self._ridge *= 10.0
            solution = solved(products, targets, self._ridge)
        self._weights = self._features[:count].T @ solution
        self._lessons.fitted = count

    def _make_room(self, count: int) -> None:
        room = len(self._products)
        if count > room:
            more = max(2 * room, count)
            self._products = np.pad(self._products, (0, more - room))
            self._features = np.pad(self._features, ((0, more - room), (0, 0)))


def best_ridge(products: Vector, targets: Vector, default: float) -> float:
    """The ridge with the smallest squared error on every fifth lesson after fitting the others.

    Args:
        products: (n, n), between the lessons' features.
        targets: (n, k), one-hot.
        default: if no ridge can be solved.
    """
    held = np.arange(len(products)) % 5 == 4
    fitted, tested = products[np.ix_(~held, ~held)], products[np.ix_(held, ~held)]
    errors: dict[float, float] = {}
    for ridge in RIDGES:
        solution = solved(fitted, targets[~held], ridge)
        if solution is not None:
            errors[ridge] = float(np.square(tested @ solution - targets[held]).mean())
    return min(errors, key=lambda ridge: errors[ridge]) if errors else default


def solved(products: Vector, targets: Vector, ridge: float) -> Vector | None:
    """``(products + ridge I)^-1 targets``; None if that is not positive definite in single precision."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    system = products.copy()
    system[np.diag_indices_from(system)] += np.float32(ridge)
    try:
        factor = cho_factor(system, overwrite_a=True, check_finite=False)
    except LinAlgError:
        return None
    solution: Vector = cho_solve(factor, targets, check_finite=False)
    return solution


ENTRIES = (Entry("ranpac", "random projection + ridge", "", False, SETTINGS, ProjectedRidge),)
