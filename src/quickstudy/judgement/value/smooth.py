"""Values where situations are numbers that hardly ever repeat: planning in a learned model of the world.

What is kept is a *set*: up to ``GOING`` transitions and ``ENDS`` ends, those with the smallest content hash (a
bottom-k sample, which merges). At certain counts a plan is made from it: a model (:mod:`.dynamics`), landmarks that
cover what was seen, and value iteration in the model at the landmarks, for all options, with kernel regression in
between (Ormoneit & Sen 2002, "Kernel-based reinforcement learning"; the kernel is Matérn's, which rings little at
edges).

Two value functions, as in the table. *Known*: the unfamiliar counts in part as the worst that can be, so a plan does
not lead where nothing was seen. *Hopeful*: it counts as the best that can be (fitted R-max, Jong & Stone 2007).

Invariants: a plan is a function of the set it was made from (sorted by hash), so :meth:`Smooth.settle` is a function of
the set alone. The sample bounds time and memory. Not here: situations that repeat (``tabular``), or are no numbers.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import Arrays
from quickstudy.experts.threads import one_thread
from quickstudy.judgement.value.base import ActionValues, Columns, Estimate, Transition
from quickstudy.judgement.value.dynamics import Dynamics, Observed
from quickstudy.types import FloatArray

GOING, ENDS = 6_000, 1_500
"""At most so many transitions, and so many ends, are kept."""
FIRST_PLAN, GROWTH, LEAST = 50, 1.25, 50
"""Plans are made after so many transitions, then when there are so many times more, but at least so many."""
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
    """A plan.

    Attributes:
        dynamics: the model.
        landmarks: standardised numbers, (l, m).
        known: weights of the kernel for the known values, with their level last, (l + 1,).
        hopeful: the same for the hopeful values.
        terms: weights and levels for each reward term's value under the known policy, (l + 1, t).
        worst: the worst that can be.
        poor: what the unfamiliar is worth in part.
        best: the best that can be.
    """

    dynamics: Dynamics
    landmarks: FloatArray
    known: FloatArray
    hopeful: FloatArray
    terms: FloatArray
    worst: float
    poor: float
    best: float


class Smooth:
    """Values of situations that are numbers.

    Args:
        weights: the reward terms' weights, float64 (t,).
        discount: γ, of the next step's value, in (0, 1).
        seed: the job's feature seed.
    """

    def __init__(self, weights: FloatArray, discount: float, seed: int) -> None:
        self.weights = weights
        self.discount = discount
        self.seed = seed
        self.transitions = 0
        self.plan: Plan | None = None
        self._going = _Sample(GOING)
        self._ends = _Sample(ENDS)
        self._plan_at = float(FIRST_PLAN)

    def learn(self, transition: Transition) -> None:
        """Keeps one transition, and plans when it is time."""
        self.keep(transition)
        if self.transitions >= self._plan_at and self._going.rows:
            self._plan_at = max(self.transitions * GROWTH, self.transitions + LEAST)
            self.settle()

    def keep(self, transition: Transition) -> None:
        """Keeps one transition, without planning."""
        step, after = transition.step, transition.after
        row = np.concatenate([step.numbers, step.rewards, [step.column], [] if after is None else after.numbers])
        digest = hashlib.blake2b(row.tobytes() + np.float64(step.at).tobytes(), digest_size=8).digest()
        (self._ends if after is None else self._going).add(int.from_bytes(digest, "big"), row)
        self.transitions += 1

    def settle(self) -> None:
        """Plans from the set."""
        if self._going.rows:
            with one_thread():
                self.plan = self._planned()

    def reweigh(self, weights: FloatArray) -> None:
        """Other weights for the reward terms; the transitions stay."""
        self.weights = weights
        self.settle()

    def state(self, numbers: FloatArray, columns: Columns) -> Estimate:
        """The return to expect; nothing is known before the first plan."""
        if self.plan is None:
            return Estimate(0.0, 1.0, np.zeros(len(self.weights)))
        values = self.actions(numbers, columns)
        best = int(np.argmax(values.means))
        z = self.plan.dynamics.standardised(numbers[None])
        kernel = _kernel(z, self.plan.landmarks)
        terms = (kernel @ self.plan.terms[:-1] + self.plan.terms[-1])[0]
        return Estimate(float(values.means[best]), float(values.sds[best]), terms)

    def actions(self, numbers: FloatArray, columns: Columns) -> ActionValues:
        """What each option leads to."""
        plan = self.plan
        if plan is None:
            return ActionValues(np.zeros(len(columns)), np.ones(len(columns)), np.ones(len(columns)))
        known, hopeful, unfamiliar = self._look(plan, numbers)
        means = np.full(len(columns), plan.worst)
        hopes, doubts = np.full(len(columns), plan.best), np.ones(len(columns))
        places = {int(column): place for place, column in enumerate(plan.dynamics.columns)}
        for i, column in enumerate(columns.tolist()):
            if column in places:
                place = places[column]
                means[i], hopes[i], doubts[i] = known[place], hopeful[place], unfamiliar[place]
        return ActionValues(means, doubts * (plan.best - plan.worst), np.maximum(hopes - means, 0.0))

    def choose(self, numbers: FloatArray, columns: Columns, generator: np.random.Generator) -> int:
        """The most hopeful option; any before the first plan."""
        if self.plan is None:
            return int(generator.integers(len(columns)))
        values = self.actions(numbers, columns)
        hopes = values.means + values.bonus
        return int(generator.choice(np.flatnonzero(hopes >= hopes.max())))

    def arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """The set and the plan, as arrays and a document."""
        arrays = {**self._going.arrays("going"), **self._ends.arrays("ends")}
        document: dict[str, Any] = {"transitions": self.transitions, "plan_at": self._plan_at}
        if self.plan is not None:
            arrays |= {f"dynamics.{name}": array for name, array in self.plan.dynamics.arrays().items()}
            arrays |= {f"plan.{name}": getattr(self.plan, name).copy() for name in _PLAN}
            document |= {name: getattr(self.plan, name) for name in _LEVELS}
        return arrays, document

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]], document: Mapping[str, Any]) -> None:
        """From :meth:`arrays`."""
        self._going.restore("going", arrays)
        self._ends.restore("ends", arrays)
        self.transitions, self._plan_at = document["transitions"], document["plan_at"]
        self.plan = None
        if "worst" in document:
            dynamics = {name[9:]: array for name, array in arrays.items() if name.startswith("dynamics.")}
            parts: dict[str, Any] = {name: arrays[f"plan.{name}"].copy() for name in _PLAN}
            self.plan = Plan(Dynamics.restore(dynamics), **parts, **{name: document[name] for name in _LEVELS})

    # -- inside

    def _observed(self) -> Observed:
        going, ends = self._going.sorted(), self._ends.sorted()
        terms = len(self.weights)
        numbers = (going.shape[1] - terms - 1) // 2
        both = np.concatenate([going[:, : numbers + terms + 1], ends.reshape(len(ends), numbers + terms + 1)])
        after = np.concatenate([going[:, numbers + terms + 1 :], both[len(going) :, :numbers]])
        return Observed(
            both[:, :numbers],
            both[:, numbers + terms].astype(np.int64),
            both[:, numbers : numbers + terms],
            after,
            np.arange(len(both)) >= len(going),
            (len(ends) / max(self._ends.offered, 1)) / (len(going) / max(self._going.offered, 1)) if len(ends) else 1.0,
        )

    def _planned(self) -> Plan:
        seen = self._observed()
        dynamics = Dynamics.fitted(seen, self.seed)
        landmarks = _landmarks(dynamics.standardised(seen.before[~seen.ended]))
        imagined = dynamics.imagine(landmarks)
        options, count = imagined.ends.shape
        rewards = imagined.rewards @ self.weights
        given = seen.rewards @ self.weights
        horizon = 1.0 / (1.0 - self.discount)
        worst, best = min(float(given.min()), 0.0) * horizon, max(float(given.max()), 0.0) * horizon
        going = self.discount * (1.0 - imagined.ends)
        unfamiliar = imagined.unfamiliar
        solved = np.linalg.inv(_kernel(landmarks, landmarks) + NUGGET * np.eye(count))
        reached = _kernel(imagined.after.reshape(options * count, -1), landmarks).reshape(options, count, count)
        every = np.arange(count)

        def fitted(values: FloatArray, level: FloatArray) -> FloatArray:
            return np.concatenate([solved @ (values - level), level])

        def iterate(share: FloatArray, other: float | None) -> tuple[FloatArray, npt.NDArray[np.int64], float]:
            """Modified policy iteration where ``share`` of each outcome is worth ``other``; if None, what is poor."""
            keep, weights, values = (1.0 - share) * going, np.zeros(count + 1), np.zeros(count)
            for _ in range(SWEEPS):
                instead = float(values.min()) if other is None else other
                fixed = (1.0 - share) * rewards + share * instead
                q = fixed + keep * np.clip(reached @ weights[:-1] + weights[-1], worst, best)
                choice = np.argmax(q, axis=0)
                values = q[choice, every]
                level = np.median(values, keepdims=True)
                weights = fitted(values, level)
                chosen, kept, always = reached[choice, every], keep[choice, every], fixed[choice, every]
                for _ in range(EVALUATIONS):
                    values = always + kept * np.clip(chosen @ weights[:-1] + weights[-1], worst, best)
                    weights = fitted(values, level)
            return weights, choice, instead

        known, choice, poor = iterate(CAUTION * unfamiliar, None)
        hopeful, _, _ = iterate(unfamiliar, best)
        chosen, kept = reached[choice, every], going[choice, every][:, None]
        terms = np.zeros((count + 1, len(self.weights)))
        for _ in range(SWEEPS * EVALUATIONS):
            found = imagined.rewards[choice, every] + kept * (chosen @ terms[:-1] + terms[-1])
            terms = fitted(found, found.mean(axis=0, keepdims=True))
        return Plan(dynamics, landmarks, known, hopeful, terms, worst, poor, best)

    def _look(self, plan: Plan, numbers: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """One step ahead: known values, hopeful values and unfamiliarity of the model's options."""
        imagined = plan.dynamics.imagine(plan.dynamics.standardised(numbers[None]))
        kernel = _kernel(imagined.after[:, 0], plan.landmarks)
        rewards = imagined.rewards[:, 0] @ self.weights
        going = self.discount * (1.0 - imagined.ends[:, 0])
        unfamiliar = imagined.unfamiliar[:, 0]
        known = rewards + going * np.clip(kernel @ plan.known[:-1] + plan.known[-1], plan.worst, plan.best)
        hopeful = rewards + going * np.clip(kernel @ plan.hopeful[:-1] + plan.hopeful[-1], plan.worst, plan.best)
        share = CAUTION * unfamiliar
        known = (1.0 - share) * known + share * plan.poor
        hopeful = (1.0 - unfamiliar) * hopeful + unfamiliar * plan.best
        return known, hopeful, unfamiliar


_LEVELS = ("worst", "poor", "best")
_PLAN = ("landmarks", "known", "hopeful", "terms")


class _Sample:
    """The rows with the smallest hashes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.offered = 0
        self.rows: dict[int, FloatArray] = {}
        self._largest: list[int] = []

    def add(self, digest: int, row: FloatArray) -> None:
        if digest in self.rows:
            return
        self.offered += 1
        if len(self.rows) == self.most:
            if digest > -self._largest[0]:
                return
            del self.rows[-heapq.heapreplace(self._largest, -digest)]
        else:
            heapq.heappush(self._largest, -digest)
        self.rows[digest] = row

    def sorted(self) -> FloatArray:
        """The rows by hash, (n, width); (0, 0) of none."""
        if not self.rows:
            return np.zeros((0, 0))
        return np.stack([self.rows[digest] for digest in sorted(self.rows)])

    def arrays(self, name: str) -> Arrays:
        return {
            f"{name}.rows": self.sorted(),
            f"{name}.digests": np.array(sorted(self.rows), dtype=np.uint64),
            f"{name}.offered": np.array(self.offered),
        }

    def restore(self, name: str, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        digests = [int(digest) for digest in arrays[f"{name}.digests"]]
        self.offered = int(arrays[f"{name}.offered"])
        self.rows = dict(zip(digests, arrays[f"{name}.rows"].copy(), strict=True))
        self._largest = [-digest for digest in digests]
        heapq.heapify(self._largest)


def _landmarks(z: FloatArray) -> FloatArray:
    """The first situations of cells, then others, from standardised numbers (n, m)."""
    wanted = min(max(len(z) // 2, FEWEST), LANDMARKS)
    _, first = np.unique(np.floor(z / CELL), axis=0, return_index=True)
    covering = np.sort(first)[: int(COVERING * wanted)]
    others = np.setdiff1d(np.arange(len(z)), covering, assume_unique=True)
    found: FloatArray = z[np.concatenate([covering, others[: wanted - len(covering)]])]
    return found


def _kernel(z: FloatArray, landmarks: FloatArray) -> FloatArray:
    """Matérn's kernel of order 3/2 between (n, m) and (l, m)."""
    squares = np.square(z).sum(axis=1)[:, None] + np.square(landmarks).sum(axis=1) - 2.0 * z @ landmarks.T
    far = np.sqrt(3.0 * np.maximum(squares, 0.0) / z.shape[1]) / LENGTH
    found: FloatArray = (1.0 + far) * np.exp(-far)
    return found
