"""What each option brings, where situations hardly ever repeat: a head for each option, and Thompson sampling.

The contextual bandit, and tasks of several steps whose situations are texts or records that are new every time. Ridge
regression of a task's further return on features of its situations, one head for each option and reward term (Agrawal
& Goyal 2013, "Thompson sampling for contextual bandits with linear payoffs"): an option is tried as often as it may be
the best one. What is not known of a return counts in units of the spread of all returns, and an option that was never
taken is expected to bring what options bring on average.

State: Σφφᵀ and ΣφGᵀ for each option, and n, ΣG, ΣGGᵀ over all: sums over steps, so a function of their set. Invariant:
reading changes nothing; a head is solved when it is read, if it has learned since. Not here: which steps count, and
whether these heads are asked (``pursuit``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import Arrays
from quickstudy.experts.features import RandomFeatures
from quickstudy.experts.threads import one_thread
from quickstudy.judgement.value.base import ActionValues, Columns
from quickstudy.types import FloatArray, Vector

FEATURES = 128
"""Random features of a situation; memory is quadratic in their number, for each option."""

REGULARISATION = 1.0
"""λ, in steps."""

BOLD = 0.5
"""Draws are so much narrower than what is not known: the spread of all returns also holds what situations explain."""

TIE = 1e-9
"""Options that are worth the same, but for so much, are drawn from."""


class OptionHeads:
    """Expected returns of options.

    Args:
        dimension: d, the length of what ``prognosis.view`` gives.
        terms: t, how many reward terms there are.
        seed: the job's feature seed.
    """

    def __init__(self, dimension: int, terms: int, seed: int) -> None:
        self._random = RandomFeatures(dimension, FEATURES, seed)
        self._size, self._terms = FEATURES + 1, terms
        self._squares: dict[int, FloatArray] = {}
        self._products: dict[int, FloatArray] = {}
        self._steps = 0.0
        self._sum, self._squared = np.zeros(terms), np.zeros((terms, terms))
        self._inverses: dict[int, FloatArray] = {}

    def learn(self, views: Vector, columns: Columns, returns: FloatArray) -> None:
        """The steps of one task that has ended.

        Args:
            views: its situations, (n, d).
            columns: which options were taken, (n,).
            returns: what each step and all after it received, (n, t).
        """
        features = self._features(views)
        for column in np.unique(columns).tolist():
            taken = columns == column
            phi, received = features[taken], returns[taken]
            with one_thread():
                squares, products = phi.T @ phi, phi.T @ received
            self._squares[column] = self._squares[column] + squares if column in self._squares else squares
            self._products[column] = self._products[column] + products if column in self._products else products
            self._inverses.pop(column, None)
        self._steps += len(columns)
        self._sum += returns.sum(axis=0)
        self._squared += returns.T @ returns

    def actions(self, view: Vector, columns: Columns, weights: FloatArray) -> ActionValues:
        """What each of ``columns`` (k,) brings in a situation (d,), its terms weighed (t,)."""
        phi, average = self._features(view[None])[0], self._sum / max(self._steps, 1.0)
        covariance = self._squared / max(self._steps, 1.0) - np.outer(average, average)
        spread = math.sqrt(max(float(weights @ covariance @ weights), 0.0))
        means = np.full(len(columns), float(average @ weights))
        sds = np.full(len(columns), spread * math.sqrt(float(phi @ phi) / REGULARISATION))
        for place, column in enumerate(columns.tolist()):
            if column in self._squares:
                with one_thread():
                    solved = self._inverse(column) @ phi
                    centred = self._products[column] - np.outer(self._squares[column][0], average)
                means[place] += float(solved @ centred @ weights)
                sds[place] = spread * math.sqrt(max(float(phi @ solved), 0.0))
        return ActionValues(means, sds, BOLD * sds)

    def best(self, view: Vector, columns: Columns, weights: FloatArray) -> int:
        """The place in ``columns`` of the best known option."""
        return int(self.actions(view, columns, weights).means.argmax())

    def choose(self, view: Vector, columns: Columns, weights: FloatArray, generator: np.random.Generator) -> int:
        """The place in ``columns`` of the option to try: the best one in a draw from what returns may be."""
        worth = self.actions(view, columns, weights)
        drawn = worth.means + worth.bonus * generator.standard_normal(len(columns))
        return int(generator.choice(np.flatnonzero(drawn >= drawn.max() - TIE)))

    def arrays(self) -> Arrays:
        """For a snapshot: everything as arrays, private copies."""
        columns, size, terms = sorted(self._squares), self._size, self._terms
        return {
            "columns": np.array(columns, dtype=np.int64),
            "squares": np.array([self._squares[c] for c in columns]).reshape(-1, size, size),
            "products": np.array([self._products[c] for c in columns]).reshape(-1, size, terms),
            "totals": np.concatenate([[self._steps], self._sum, self._squared.ravel()]),
        }

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """From :meth:`arrays`."""
        columns, terms = arrays["columns"].tolist(), self._terms
        self._squares = {column: arrays["squares"][i].copy() for i, column in enumerate(columns)}
        self._products = {column: arrays["products"][i].copy() for i, column in enumerate(columns)}
        totals = arrays["totals"]
        self._steps, self._sum = float(totals[0]), totals[1 : 1 + terms].copy()
        self._squared = totals[1 + terms :].reshape(terms, terms).copy()
        self._inverses = {}

    def _features(self, views: Vector) -> FloatArray:
        return np.hstack([np.ones((len(views), 1)), self._random(views)])

    def _inverse(self, column: int) -> FloatArray:
        if column not in self._inverses:
            ridge = self._squares[column] + REGULARISATION * np.eye(self._size)
            self._inverses[column] = np.asarray(np.linalg.inv(ridge), dtype=np.float64)
        return self._inverses[column]
