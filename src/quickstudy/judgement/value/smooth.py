"""Values where situations are numbers that hardly ever repeat: planning in a learned model of the world.

What is kept is a *set*: up to ``GOING`` transitions, ``ENDS`` ends and ``STARTS`` situations with which tasks began,
those with the smallest content hash (a bottom-k sample, which merges). At certain counts a model is fitted to it
(:mod:`.dynamics`), a plan is made (:mod:`.plans`), and the newest plans sit an exam (:mod:`.exam`): those that pass are
in force together. What to explore, the newest plan says alone; whether it is good makes no difference to that.

Invariants: a plan is a function of the set it was made from (sorted by hash). :meth:`Smooth.settle` is a function of
the set alone: plans are made from growing shares of it, as if it had come in the order of its hashes. The sample bounds
time and memory. Not here: situations that repeat (``tabular``), or are no numbers.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import Arrays
from quickstudy.experts.threads import one_thread
from quickstudy.judgement.value.base import ActionValues, Columns, Estimate, Transition
from quickstudy.judgement.value.dynamics import Dynamics, Imagined, Observed
from quickstudy.judgement.value.exam import BEGINNINGS, passed, scores
from quickstudy.judgement.value.plans import Plan, Stack, kernel, worth
from quickstudy.types import FloatArray

GOING, ENDS, STARTS = 6_000, 1_500, 64
"""At most so many transitions, ends and beginnings are kept."""
FIRST_PLAN, GROWTH, LEAST = 50, 1.25, 50
"""Plans are made after so many transitions, then when there are so many times more, but at least so many."""
SEATS = 5
"""At most so many plans are in force."""
SETTLED = 3
"""So many plans are made when all is planned anew."""


class Smooth:
    """Values of situations that are numbers.

    Args:
        weights: the reward terms' weights, float64 (t,).
        discount: γ, of the next step's value, in (0, 1).
        seed: the job's feature seed.

    Attributes:
        dynamics: the newest model; None before the first plan.
        plans: those in force, oldest first.
    """

    def __init__(self, weights: FloatArray, discount: float, seed: int) -> None:
        self.weights = weights
        self.discount = discount
        self.seed = seed
        self.transitions = 0
        self.dynamics: Dynamics | None = None
        self.plans: tuple[Plan, ...] = ()
        self._newest: Plan | None = None
        self._stacks: tuple[Stack, Stack] | None = None
        self._going = _Sample(GOING)
        self._ends = _Sample(ENDS)
        self._starts = _Sample(STARTS)
        self._plan_at = float(FIRST_PLAN)

    def learn(self, transition: Transition) -> None:
        """Keeps one transition, and plans when it is time."""
        self.keep(transition)
        if self.transitions >= self._plan_at and self._going.rows:
            self._plan_at = max(self.transitions * GROWTH, self.transitions + LEAST)
            self._plan(1.0)

    def keep(self, transition: Transition) -> None:
        """Keeps one transition, without planning."""
        step, after = transition.step, transition.after
        row = np.concatenate([step.numbers, step.rewards, [step.column], [] if after is None else after.numbers])
        (self._ends if after is None else self._going).add(_digest(row, step.at), row)
        if step.first:
            self._starts.add(_digest(step.numbers, step.at), step.numbers)
        self.transitions += 1

    def reset(self) -> None:
        """As if nothing had been planned yet; the set stays."""
        self.dynamics, self.plans, self._newest, self._stacks = None, (), None, None
        self._plan_at = float(FIRST_PLAN)

    def settle(self) -> None:
        """Plans anew, from the set."""
        self.reset()
        self._plan_at = max(self.transitions * GROWTH, self.transitions + LEAST)
        for place in reversed(range(SETTLED)):
            if int(len(self._going.rows) * GROWTH**-place) > 0:
                self._plan(GROWTH**-place)

    def state(self, numbers: FloatArray, columns: Columns) -> Estimate:
        """The return to expect; nothing is known before the first plan."""
        if not self.plans:
            return Estimate(0.0, 1.0, np.zeros(len(self.weights)))
        values = self.actions(numbers, columns)
        best = int(np.argmax(values.means))
        terms = np.zeros(len(self.weights))
        for plan in self.plans:
            near = kernel(((numbers - plan.centre) / plan.scale)[None], plan.landmarks)[0]
            terms += (near @ plan.terms[:-1] + plan.terms[-1]) / len(self.plans)
        return Estimate(float(values.means[best]), float(values.sds[best]), terms)

    def actions(self, numbers: FloatArray, columns: Columns) -> ActionValues:
        """What each option leads to."""
        if self.dynamics is None or self._newest is None:
            return ActionValues(np.zeros(len(columns)), np.ones(len(columns)), np.ones(len(columns)))
        known, hopeful, unfamiliar = self._look(self.dynamics, numbers)
        worst, _, best = self._newest.levels.tolist()
        means = np.full(len(columns), worst)
        hopes, doubts = np.full(len(columns), best), np.ones(len(columns))
        places = {int(column): place for place, column in enumerate(self.dynamics.columns)}
        for i, column in enumerate(columns.tolist()):
            if column in places:
                place = places[column]
                means[i], hopes[i], doubts[i] = known[place], hopeful[place], unfamiliar[place]
        return ActionValues(means, doubts * (best - worst), np.maximum(hopes - means, 0.0))

    def best(self, numbers: FloatArray, columns: Columns) -> int:
        """The place in ``columns`` of the best known option; the first one before the first plan."""
        if self.dynamics is None:
            return 0
        known, _ = self._known(self.dynamics, numbers)
        worths = dict(zip(self.dynamics.columns.tolist(), known.tolist(), strict=True))
        return int(np.argmax([worths.get(column, -np.inf) for column in columns.tolist()]))

    def choose(self, numbers: FloatArray, columns: Columns, generator: np.random.Generator) -> int:
        """The most hopeful option; any before the first plan."""
        if not self.plans:
            return int(generator.integers(len(columns)))
        values = self.actions(numbers, columns)
        hopes = values.means + values.bonus
        return int(generator.choice(np.flatnonzero(hopes >= hopes.max())))

    def arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """The set and the plans, as arrays and a document."""
        arrays = {
            **self._going.arrays("going"),
            **self._ends.arrays("ends"),
            **self._starts.arrays("starts"),
        }
        document: dict[str, Any] = {"transitions": self.transitions, "plan_at": self._plan_at}
        if self.dynamics is not None and self._newest is not None:
            arrays |= {f"dynamics.{name}": array for name, array in self.dynamics.arrays().items()}
            for place, plan in enumerate((self._newest, *self.plans)):
                arrays |= {f"{place}.{name}": array for name, array in plan.arrays().items()}
            document["plans"] = len(self.plans)
        return arrays, document

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]], document: Mapping[str, Any]) -> None:
        """From :meth:`arrays`."""
        for name, sample in (("going", self._going), ("ends", self._ends), ("starts", self._starts)):
            sample.restore(name, arrays)
        self.reset()
        self.transitions, self._plan_at = document["transitions"], document["plan_at"]
        if "plans" in document:
            self.dynamics = Dynamics.restore(_part(arrays, "dynamics"))
            self._newest = Plan.restore(_part(arrays, "0"))
            self.plans = tuple(Plan.restore(_part(arrays, f"{1 + place}")) for place in range(document["plans"]))
            self._stacks = Stack(self.plans), Stack([self._newest], hopeful=True)

    # -- inside

    def _plan(self, share: float) -> None:
        """A new model and plan from a share of the set; then the exam."""
        with one_thread():
            seen = self._observed(share)
            self.dynamics = Dynamics.fitted(seen, self.seed)
            self._newest = Plan.made(seen, self.dynamics, self.weights, self.discount)
            plans = (*self.plans, self._newest)
            if len(plans) > 1:
                found = scores(self.dynamics, plans, self._beginnings(seen), self.weights, self.discount)
                worst, _, best = self._newest.levels.tolist()
                plans = tuple(plans[place] for place in passed(found, best - worst, SEATS))
            self.plans = plans
            self._stacks = Stack(self.plans), Stack([self._newest], hopeful=True)

    def _beginnings(self, seen: Observed) -> FloatArray:
        """Where tasks begin, or anything that was seen where that is not known, (n, m)."""
        starts = self._starts.sorted() if self._starts.rows else seen.before
        return starts[:BEGINNINGS]

    def _observed(self, share: float) -> Observed:
        going, ends = self._going.sorted(share), self._ends.sorted(share)
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

    def _known(self, dynamics: Dynamics, numbers: FloatArray) -> tuple[FloatArray, Imagined]:
        """One step ahead: the options' known values, a mean over the plans in force; and what was imagined."""
        assert self._stacks is not None
        imagined = dynamics.imagine(dynamics.standardised(numbers[None]))
        known = self._stacks[0]
        following = known.values(_after(imagined, dynamics))[:, :, None]
        found = worth(imagined, self.weights, self.discount, following, known.poor[:, :, None]).mean(axis=0)[:, 0]
        return found, imagined

    def _look(self, dynamics: Dynamics, numbers: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """One step ahead: known values, hopeful values and unfamiliarity of the model's options."""
        assert self._stacks is not None
        assert self._newest is not None
        means, imagined = self._known(dynamics, numbers)
        unfamiliar, best = imagined.unfamiliar[:, 0], float(self._newest.levels[2])
        going = self.discount * (1.0 - imagined.ends[:, 0])
        following = self._stacks[1].values(_after(imagined, dynamics))[0]
        hopes = imagined.rewards[:, 0] @ self.weights + going * following
        return means, (1.0 - unfamiliar) * hopes + unfamiliar * best, unfamiliar


def _after(imagined: Imagined, dynamics: Dynamics) -> FloatArray:
    """Where one situation's options lead, not standardised, (options, m)."""
    found: FloatArray = imagined.after[:, 0] * dynamics.scale + dynamics.centre
    return found


def _digest(row: FloatArray, at: float) -> int:
    return int.from_bytes(hashlib.blake2b(row.tobytes() + np.float64(at).tobytes(), digest_size=8).digest(), "big")


def _part(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Arrays:
    return {key[len(name) + 1 :]: array for key, array in arrays.items() if key.startswith(f"{name}.")}


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

    def sorted(self, share: float = 1.0) -> FloatArray:
        """The rows by hash, (n, width), or the first share of them; (0, 0) of none."""
        first = sorted(self.rows)[: int(len(self.rows) * share)]
        return np.stack([self.rows[digest] for digest in first]) if first else np.zeros((0, 0))

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
