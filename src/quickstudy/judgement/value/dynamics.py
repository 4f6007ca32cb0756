"""What happens next where situations are numbers: a model of the world, fitted in closed form.

For each option, from standardised numbers on Fourier features: ridge regression of the *change* of every number and of
every reward term, its strength and length scale chosen by exact leave-one-out errors; logistic regression of whether
the task ends; and *unfamiliarity*, the posterior variance of Bayesian linear regression as a share of the prior's: 1
where the option was never tried, near 0 where it is known.

Invariant: a function of the transitions in the order in which they are given. Not here: which transitions (``smooth``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import Arrays
from quickstudy.judgement.value.fourier import Fourier
from quickstudy.types import FloatArray

COSINES = 200
LENGTHS = (1.5, 3.0, 6.0)
"""Length scales that are tried for changes and rewards, in standard deviations."""
STRENGTHS = (1e-6, 1e-4, 1e-2, 1.0)
"""λ of the ridge regressions that are tried."""
NEAR = 1.5
"""Length scale of ends and of unfamiliarity."""
END_STRENGTH = 0.01
"""λ of the logistic regression."""
DOUBT_STRENGTH = 0.1
"""λ of unfamiliarity: a tenth of a visit's noise."""
PER_OPTION = 2_000
"""At most so many transitions fit an option, besides all ends."""
FARTHEST = 6.0
"""A change is at most so many standard deviations of all changes."""
ROUNDS = 8
"""Newton steps of the logistic regression."""


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """Transitions as arrays.

    Attributes:
        before: numbers, (n, m).
        column: the option taken, int64 (n,).
        rewards: by term, (n, t).
        after: numbers after it, (n, m); anything where it ended.
        ended: bool (n,).
        oversampled: how many times more of all ends are among these than of all other transitions.
    """

    before: FloatArray
    column: npt.NDArray[np.int64]
    rewards: FloatArray
    after: FloatArray
    ended: npt.NDArray[np.bool_]
    oversampled: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Imagined:
    """What would happen, for n situations and each option.

    Attributes:
        after: standardised numbers, (options, n, m).
        rewards: by term, (options, n, t).
        ends: probability of an end, (options, n).
        unfamiliar: in [0, 1], (options, n).
    """

    after: FloatArray
    rewards: FloatArray
    ends: FloatArray
    unfamiliar: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Dynamics:
    """A fitted model; all attributes are arrays, with one block of columns an option."""

    centre: FloatArray
    scale: FloatArray
    spread: FloatArray
    columns: npt.NDArray[np.int64]
    length: float
    seed: int
    changes: FloatArray
    gains: FloatArray
    lowest: FloatArray
    highest: FloatArray
    ends: FloatArray
    doubts: FloatArray

    @classmethod
    def fitted(cls, seen: Observed, seed: int) -> Dynamics:
        """Fitted to transitions, of which at least one did not end."""
        centre = seen.before.mean(axis=0)
        scale = seen.before.std(axis=0)
        scale[scale < 1e-9] = 1.0
        z = (seen.before - centre) / scale
        change = np.where(seen.ended[:, None], 0.0, (seen.after - seen.before) / scale)
        spread = change[~seen.ended].std(axis=0) + 1e-9
        change = np.clip(change / spread, -FARTHEST, FARTHEST)
        columns = np.unique(seen.column)
        rows, oversampled = [], []
        for column in columns:
            mine = seen.column == column
            going, over = np.flatnonzero(mine & ~seen.ended), np.flatnonzero(mine & seen.ended)
            rows.append(np.concatenate([going[:PER_OPTION], over]))
            oversampled.append(seen.oversampled * max(len(going) / PER_OPTION, 1.0))
        numbers = z.shape[1]
        best: tuple[float, float, FloatArray, FloatArray] | None = None
        for length in LENGTHS:
            features = Fourier(numbers, COSINES, length, seed)
            error, changes, gains = 0.0, [], []
            for mine in rows:
                going = mine[~seen.ended[mine]]
                weights, left = _ridge(features(z[going]), change[going])
                changes.append(weights)
                error += left
                weights, left = _ridge(features(z[mine]), seen.rewards[mine])
                gains.append(weights)
            if best is None or error < best[0]:
                best = error, length, np.hstack(changes), np.hstack(gains)
        assert best is not None
        near = Fourier(numbers, COSINES, NEAR, seed)
        ends, doubts = np.zeros((near.size, len(columns))), []
        for place, mine in enumerate(rows):
            phi = near(z[mine])
            if seen.ended[mine].any():
                ends[:, place] = _logistic(phi, seen.ended[mine])
                ends[near.count, place] -= np.log(oversampled[place]) / 0.5  # King & Zeng 2001, "prior correction"
            else:
                ends[near.count, place] = -100.0  # the constant feature: it has never ended
            inverse = np.linalg.inv(phi.T @ phi + DOUBT_STRENGTH * np.eye(near.size))
            doubts.append(np.linalg.cholesky(DOUBT_STRENGTH * inverse))
        return cls(
            centre,
            scale,
            spread,
            columns,
            best[1],
            seed,
            best[2],
            best[3],
            seen.rewards.min(axis=0),
            seen.rewards.max(axis=0),
            ends,
            np.hstack(doubts),
        )

    def coarse(self) -> Dynamics:
        """The same in single precision, which takes half the time or less."""
        arrays = {name: getattr(self, name) for name in self.__slots__ if name not in ("length", "seed", "columns")}
        return replace(self, **{name: array.astype(np.float32) for name, array in arrays.items()})

    def standardised(self, numbers: FloatArray) -> FloatArray:
        """Numbers (n, m) in standard deviations from the mean."""
        found: FloatArray = (numbers - self.centre) / self.scale
        return found

    def imagine(self, z: FloatArray) -> Imagined:
        """What each option would lead to from standardised numbers (n, m)."""
        n, m = z.shape
        options, terms = len(self.columns), len(self.lowest)
        phi = Fourier(m, COSINES, self.length, self.seed)(z)
        near = Fourier(m, COSINES, NEAR, self.seed)(z)
        change = np.clip(phi @ self.changes, -FARTHEST, FARTHEST).reshape(n, options, m) * self.spread
        rewards = np.clip((phi @ self.gains).reshape(n, options, terms), self.lowest, self.highest)
        ends = 1.0 / (1.0 + np.exp(-np.clip(near @ self.ends, -30.0, 30.0)))
        unfamiliar = np.square(near @ self.doubts).reshape(n, options, -1).sum(axis=2)
        return Imagined(
            np.ascontiguousarray((z[:, None, :] + change).transpose(1, 0, 2)),
            np.ascontiguousarray(rewards.transpose(1, 0, 2)),
            np.ascontiguousarray(ends.T),
            np.minimum(unfamiliar.T, 1.0),
        )

    def arrays(self) -> Arrays:
        """Everything as arrays."""
        found = {name: np.asarray(getattr(self, name)) for name in self.__slots__}
        return {name: array.copy() for name, array in found.items()}

    @classmethod
    def restore(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Dynamics:
        """From :meth:`arrays`."""
        whole = {name: arrays[name].copy() for name in cls.__slots__ if name not in ("length", "seed")}
        return cls(**whole, length=float(arrays["length"]), seed=int(arrays["seed"]))


def _ridge(phi: FloatArray, targets: FloatArray) -> tuple[FloatArray, float]:
    """Ridge regression with the λ of the lowest leave-one-out error, for each target apart.

    Returns:
        Weights (p, t), and the targets' mean squared leave-one-out errors, summed.
    """
    if len(phi) == 0:
        return np.zeros((phi.shape[1], targets.shape[1])), 0.0
    values, vectors = np.linalg.eigh(phi.T @ phi)
    values = np.maximum(values, 0.0)
    rotated = phi @ vectors
    products = rotated.T @ targets
    squares = np.square(rotated)
    weights = np.zeros((phi.shape[1], targets.shape[1]))
    errors = np.full(targets.shape[1], np.inf)
    for strength in STRENGTHS:
        found = products / (values + strength)[:, None]
        leverage = squares @ (1.0 / (values + strength))
        left = (targets - rotated @ found) / np.maximum(1.0 - leverage, 1e-3)[:, None]
        error = np.square(left).mean(axis=0)
        better = error < errors
        errors[better] = error[better]
        weights[:, better] = vectors @ found[:, better]
    return weights, float(errors.sum())


def _logistic(phi: FloatArray, hits: npt.NDArray[np.bool_]) -> FloatArray:
    """Logistic regression (p,) by Newton's method."""
    weights = np.zeros(phi.shape[1])
    for _ in range(ROUNDS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(phi @ weights, -15.0, 15.0)))
        slope = phi.T @ (chance - hits) + END_STRENGTH * weights
        curve = (phi * (chance * (1.0 - chance) + 1e-6)[:, None]).T @ phi + END_STRENGTH * np.eye(len(weights))
        weights -= np.linalg.solve(curve, slope)
    return weights
