"""Pursuing rewards: which option to take where nobody taught the right one. The values' side of tasks of many steps.

A job that declares rewards lets its learner pursue them. Then:

- where nothing like the situation was taught, the values choose, and try what is worth trying: a plan where there is
  something to plan, a head for each option where there is not (bandits, texts that never repeat);
- where something was, the experts' answer stands, unless another option is worth more by two standard deviations of
  what is not known of the difference.

So demonstrations come first, and are improved on where rewards show a better way.

Invariants: what is learned is a function of the journal's events in order, and after ``settle`` of their set; choosing
changes nothing. Not here: how values are learned (``judgement.value``), which steps belong together (``episodes``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import Arrays
from quickstudy.journal import Event
from quickstudy.judgement.value import ActionValues, Step, StepValues, Transition
from quickstudy.judgement.value.heads import OptionHeads
from quickstudy.judgement.value.values import ENOUGH, REPEATING
from quickstudy.options import Options
from quickstudy.perception import content_hash, situation_from_json
from quickstudy.types import Decision, FloatArray, Opinion, Situation, Vector

DREAMS = 20
"""Sweeps of planning after each task."""

SURE = 2.0
"""So many standard deviations an option must be better by, to be taken instead of what was taught."""

UNFAMILIAR = 0.5
"""From this novelty on, nothing like a situation was taught."""

OFTEN = 0.95
"""From this share of repeated situations on, a bandit needs no likeness between them: the table speaks."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A step with what came after it.

    Attributes:
        before: its decision.
        rewards: what it received, by term, as far as it counts (t,).
        after: the next step's decision; None where the task truly ended.
    """

    before: Event
    rewards: FloatArray
    after: Event | None


class Pursuit:
    """Values, fed with the steps of tasks.

    Args:
        weights: the reward terms' weights, float64 (t,).
        options: the job's options; their columns are the values' options.
        dimension: the length of what ``prognosis.view`` gives of a situation.
        seed: the job's feature seed.
    """

    def __init__(self, weights: FloatArray, options: Options, dimension: int, seed: int) -> None:
        self._weights, self._options, self._seed = weights, options, seed
        self.values = StepValues(weights, seed=seed)
        self.heads = OptionHeads(dimension, len(weights), seed)
        self._longer = False

    @property
    def by_option(self) -> bool:
        """Whether the options' heads speak: where there is nothing to plan.

        That is so in bandits, where no task had a second step, until each situation was seen 20 times on average; and
        where situations are texts or records that hardly ever repeat, once that is sure.
        """
        values = self.values
        if not self._longer:
            return values.repeated < OFTEN
        return values.speaks == "tabular" and values.repeated < REPEATING and values.transitions > ENOUGH

    def learn(self, followed: Followed) -> None:
        """Learns one step with what came after it."""
        self._longer = self._longer or followed.after is not None
        for transition in self._transitions([followed]):
            self.values.learn(transition)

    def finish(self, steps: Sequence[Event], views: Vector, returns: FloatArray) -> None:
        """Learns what the steps of a task that has ended brought: views (n, d), returns (n, t)."""
        self._longer = self._longer or len(steps) > 1
        columns = [None if event.answer is None else self._options.column(event.answer) for event in steps]
        known = [place for place, column in enumerate(columns) if column is not None]
        if known:
            taken = np.array([columns[place] for place in known], dtype=np.int64)
            self.heads.learn(views[known], taken, returns[known])

    def dream(self) -> None:
        """Plans between two tasks."""
        self.values.dream(DREAMS)

    def rebuild(self, followed: Iterable[Followed]) -> None:
        """The canonical values of a set of steps; what finished tasks brought is a sum, and stays."""
        found = list(followed)
        self._longer = self._longer or any(step.after is not None for step in found)
        self.values = StepValues.rebuilt(self._transitions(found), self._weights, seed=self._seed)

    def reweigh(self, weights: FloatArray) -> None:
        """Other weights for the reward terms: nothing is learned anew, plans are made again; canonical."""
        self._weights = weights
        self.values.reweigh(weights)

    def arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """For a snapshot: arrays (private copies) and a document."""
        arrays, document = self.values.arrays()
        arrays |= {f"heads.{name}": array for name, array in self.heads.arrays().items()}
        return arrays, {**document, "longer": self._longer}

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]], document: Mapping[str, Any]) -> None:
        """From :meth:`arrays`."""
        heads = {name.removeprefix("heads."): array for name, array in arrays.items() if name.startswith("heads.")}
        self.heads.restore(heads)
        self.values.restore({name: array for name, array in arrays.items() if not name.startswith("heads.")}, document)
        self._longer = document["longer"]

    def chosen(
        self, decision: Decision, seen: Vector, names: Sequence[str], *, taught: bool, seed: Sequence[int]
    ) -> Decision:
        """A proposal with the option that is worth taking.

        Args:
            decision: the experts' proposal.
            seen: what ``prognosis.view`` gives of its situation, (d,).
            names: the options that are possible.
            taught: whether anything was ever taught.
            seed: decides what is tried.
        """
        columns = np.array([self._options.required(name) for name in names], dtype=np.int64)
        here = (key_of(decision.situation), numbers_of(decision.situation), columns)
        there, draw = (seen, columns, self._weights), np.random.default_rng(seed)
        if not taught or decision.novelty >= UNFAMILIAR or decision.answer not in names:
            place = self.heads.choose(*there, draw) if self.by_option else self.values.choose(*here, draw)
        else:
            place, heads = names.index(decision.answer), self.by_option
            best = self.heads.best(*there) if heads else self.values.best(*here)
            worth = self.heads.actions(*there) if heads else self.values.actions(*here)
            if best != place and self._surely_better(worth, best, place):
                place = best
        answer = names[place]
        probability = decision.probabilities[answer]
        opinion = Opinion("values", answer, probability, 1.0)
        evidence = replace(decision.evidence, opinions=(*decision.evidence.opinions, opinion))
        return replace(decision, answer=answer, probability=probability, evidence=evidence)

    @staticmethod
    def _surely_better(worth: ActionValues, one: int, other: int) -> bool:
        doubt = float(np.hypot(worth.sds[one], worth.sds[other]))
        return doubt > 0.0 and float(worth.means[one] - worth.means[other]) > SURE * doubt

    def _transitions(self, found: Iterable[Followed]) -> Iterable[Transition]:
        """Steps as the values see them; where an option is not known any more, they are passed over."""
        for followed in found:
            step = self._step(followed.before, followed.rewards)
            nothing = np.zeros_like(followed.rewards)
            after = None if followed.after is None else self._step(followed.after, nothing)
            if step is not None and (after is None) == (followed.after is None):
                yield Transition(step, after)

    def _step(self, event: Event, rewards: FloatArray) -> Step | None:
        """A decision's event as the values see it; None if its option is not known any more."""
        column = self._options.column(event.answer) if event.answer is not None else None
        if column is None or event.situation is None:
            return None
        found = [self._options.column(name) for name in event.data.get("among", [])]
        possible = [one for one in found if one is not None] or [column]
        situation = situation_from_json(event.situation)
        return Step(
            key=key_of(situation),
            numbers=numbers_of(situation),
            columns=np.array(possible, dtype=np.int64),
            column=column,
            rewards=rewards,
            at=event.at,
            first=event.step == 0,
        )


def key_of(situation: Situation) -> str:
    """The state that a situation is: equal situations are one."""
    return content_hash(situation)


def numbers_of(situation: Situation) -> FloatArray:
    """The numbers of an array, float64 (m,); none of a text or record."""
    return np.asarray(situation, dtype=np.float64) if isinstance(situation, np.ndarray) else np.zeros(0)
