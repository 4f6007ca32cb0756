"""Plans: value functions that are computed in a learned model, and how several of them are read as one.

A plan is made from a set of transitions: landmarks that cover what was seen, and value iteration in the model
(:mod:`.dynamics`) at the landmarks, for all options, with kernel regression in between (Ormoneit & Sen 2002,
"Kernel-based reinforcement learning"; the kernel is Matérn's, which rings little at edges).

Two value functions, as in the table. *Known*: the unfamiliar counts in part as the worst that can be, so a plan does
not lead where nothing was seen. *Hopeful*: it counts as the best that can be (fitted R-max, Jong & Stone 2007).

Invariant: a plan is a function of the set it was made from, in the order in which it is given. Not here: when plans are
made (``smooth``) and which of them are in force (``exam``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import Arrays
from quickstudy.judgement.value.dynamics import Dynamics, Imagined, Observed
from quickstudy.types import FloatArray

FEWEST, LANDMARKS, COVERING, CELL = 300, 1_000, 0.5, 0.3
"""Half as many landmarks as transitions, but at least and at most so many; a share of them covers cells of so many
standard deviations, the others lie where most was seen."""
LENGTH = 0.85
"""Length scale of the kernel between landmarks, in standard deviations, times √m: distances grow with it."""
NUGGET = 0.01
"""λ of the kernel regression."""
SWEEPS, EVALUATIONS = 60, 3
"""Steps of modified policy iteration, and of policy evaluation in each."""
CAUTION = 0.5
"""How far the unfamiliar counts as poor: as the lowest value of all landmarks. If it counted as the worst that can be,
as bad as never getting anywhere, then to stay where nothing happens would look as good as to go."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A plan; all attributes are arrays.

    Attributes:
        centre: of the situations it was made from, (m,).
        scale: their standard deviations, (m,).
        landmarks: standardised numbers, (l, m).
        known: weights of the kernel for the known values, with their level last, (l + 1,).
        hopeful: the same for the hopeful values.
        terms: weights and levels for each reward term's value under the known policy, (l + 1, t).
        levels: the worst that can be, what the unfamiliar is worth in part, the best that can be, (3,).
    """

    centre: FloatArray
    scale: FloatArray
    landmarks: FloatArray
    known: FloatArray
    hopeful: FloatArray
    terms: FloatArray
    levels: FloatArray

    @classmethod
    def made(cls, seen: Observed, dynamics: Dynamics, weights: FloatArray, discount: float) -> Plan:
        """From transitions, of which at least one did not end, and the model fitted to them.

        Args:
            seen: the transitions, n of them.
            dynamics: the model.
            weights: the reward terms' weights, (t,).
            discount: γ.
        """
        landmarks = _landmarks(dynamics.standardised(seen.before[~seen.ended]))
        imagined = dynamics.imagine(landmarks)
        options, count = imagined.ends.shape
        rewards = imagined.rewards @ weights
        given = seen.rewards @ weights
        horizon = 1.0 / (1.0 - discount)
        worst, best = min(float(given.min()), 0.0) * horizon, max(float(given.max()), 0.0) * horizon
        going = discount * (1.0 - imagined.ends)
        unfamiliar = imagined.unfamiliar
        solved = np.linalg.inv(kernel(landmarks, landmarks) + NUGGET * np.eye(count))
        # From the landmarks' values to what follows each option: single precision is read twice as fast, and the
        # kernel regression is far coarser.
        reached = np.empty((options, count, count), dtype=np.float32)
        for option in range(options):
            reached[option] = kernel(imagined.after[option], landmarks) @ solved
        every = np.arange(count)

        def iterate(share: FloatArray, other: float | None) -> tuple[FloatArray, npt.NDArray[np.int64], float]:
            """Modified policy iteration where ``share`` of each outcome is worth ``other``; if None, what is poor."""
            keep, values, level = (1.0 - share) * going, np.zeros(count), 0.0
            for _ in range(SWEEPS):
                instead = float(values.min()) if other is None else other
                fixed = (1.0 - share) * rewards + share * instead
                following = reached @ (values - level).astype(np.float32) + level
                q = fixed + keep * np.clip(following, worst, best)
                choice = np.argmax(q, axis=0)
                values = q[choice, every]
                level = float(np.median(values))
                chosen, kept, always = reached[choice, every], keep[choice, every], fixed[choice, every]
                for _ in range(EVALUATIONS):
                    following = chosen @ (values - level).astype(np.float32) + level
                    values = always + kept * np.clip(following, worst, best)
            return np.append(solved @ (values - level), level), choice, instead

        known, choice, poor = iterate(CAUTION * unfamiliar, None)
        hopeful, _, _ = iterate(unfamiliar, best)
        chosen, kept = reached[choice, every], going[choice, every][:, None]
        found, middle = np.zeros((count, len(weights))), np.zeros(len(weights))
        for _ in range(SWEEPS * EVALUATIONS):
            following = chosen @ (found - middle).astype(np.float32) + middle
            found = imagined.rewards[choice, every] + kept * following
            middle = found.mean(axis=0)
        terms = np.concatenate([solved @ (found - middle), middle[None]])
        levels = np.array([worst, poor, best])
        return cls(dynamics.centre.copy(), dynamics.scale.copy(), landmarks, known, hopeful, terms, levels)

    def arrays(self) -> Arrays:
        """Everything as arrays."""
        return {field.name: getattr(self, field.name).copy() for field in fields(self)}

    @classmethod
    def restore(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Plan:
        """From :meth:`arrays`."""
        return cls(**{field.name: arrays[field.name].copy() for field in fields(cls)})


class Stack:
    """Several plans, read together: p plans, landmarks filled up to the same number.

    Args:
        plans: p of them.
        hopeful: whether their hopeful values are read, not the known ones.
        coarse: whether in single precision, which takes half the time.
    """

    def __init__(self, plans: Sequence[Plan], *, hopeful: bool = False, coarse: bool = False) -> None:
        most = max(len(plan.landmarks) for plan in plans)
        numbers = plans[0].landmarks.shape[1]
        self._centre = np.stack([plan.centre for plan in plans])[:, None]
        self._scale = np.stack([plan.scale for plan in plans])[:, None]
        self._landmarks = np.zeros((len(plans), most, numbers))
        self._weights = np.zeros((len(plans), most, 1))
        self._levels = np.zeros((len(plans), 1))
        for place, plan in enumerate(plans):
            weights = plan.hopeful if hopeful else plan.known
            self._landmarks[place, : len(plan.landmarks)] = plan.landmarks
            self._weights[place, : len(plan.landmarks), 0] = weights[:-1]
            self._levels[place] = weights[-1]
        self._worst, self.poor, self._best = np.stack([plan.levels for plan in plans], axis=1)[:, :, None]
        if coarse:
            self._landmarks, self._weights = self._landmarks.astype(np.float32), self._weights.astype(np.float32)

    def values(self, numbers: FloatArray) -> FloatArray:
        """Each plan's values (p, n) of situations (p, n, m), or of the same ones for all (n, m)."""
        z = ((numbers - self._centre) / self._scale).astype(self._landmarks.dtype)
        found = (kernel(z, self._landmarks) @ self._weights)[:, :, 0] + self._levels
        return np.clip(found, self._worst, self._best)


def worth(
    imagined: Imagined, weights: FloatArray, discount: float, following: FloatArray, poor: FloatArray
) -> FloatArray:
    """What options are worth by the known values: the unfamiliar counts in part as poor.

    Args:
        imagined: what they lead to, (options, n).
        weights: the reward terms' weights, (t,).
        discount: γ.
        following: values of what they lead to, (..., options, n).
        poor: what the unfamiliar is worth in part, to be broadcast.
    """
    share = CAUTION * imagined.unfamiliar
    going = discount * (1.0 - imagined.ends)
    found: FloatArray = (1.0 - share) * (imagined.rewards @ weights + going * following) + share * poor
    return found


def kernel(z: FloatArray, landmarks: FloatArray) -> FloatArray:
    """Matérn's kernel of order 3/2 between (..., n, m) and (..., l, m)."""
    far = z @ np.swapaxes(landmarks, -1, -2)
    far *= -2.0
    far += np.square(z).sum(axis=-1)[..., :, None]
    far += np.square(landmarks).sum(axis=-1)[..., None, :]
    np.maximum(far, 0.0, out=far)
    far *= 3.0 / z.shape[-1] / LENGTH**2
    np.sqrt(far, out=far)
    found = np.exp(-far)
    far += 1.0
    found *= far
    return found


def _landmarks(z: FloatArray) -> FloatArray:
    """The first situations of cells, then others, from standardised numbers (n, m)."""
    wanted = min(max(len(z) // 2, FEWEST), LANDMARKS)
    _, first = np.unique(np.floor(z / CELL), axis=0, return_index=True)
    covering = np.sort(first)[: int(COVERING * wanted)]
    others = np.setdiff1d(np.arange(len(z)), covering, assume_unique=True)
    found: FloatArray = z[np.concatenate([covering, others[: wanted - len(covering)]])]
    return found
