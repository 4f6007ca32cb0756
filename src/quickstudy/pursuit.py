"""Pursuing rewards: which option to take where nobody taught the right one. The values' side of tasks of many steps.

A job that declares rewards lets its learner pursue them. Then:

- where nothing like the situation was taught, the values choose, and try what is worth trying;
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
from quickstudy.options import Options
from quickstudy.perception import content_hash, situation_from_json
from quickstudy.types import Decision, FloatArray, Opinion, Situation

DREAMS = 20
"""Sweeps of planning after each task."""

SURE = 2.0
"""So many standard deviations an option must be better by, to be taken instead of what was taught."""

UNFAMILIAR = 0.5
"""From this novelty on, nothing like a situation was taught."""


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
        seed: the job's feature seed.
    """

    def __init__(self, weights: FloatArray, options: Options, seed: int) -> None:
        self._weights, self._options, self._seed = weights, options, seed
        self.values = StepValues(weights, seed=seed)

    def learn(self, followed: Followed) -> None:
        """Learns one step with what came after it."""
        for transition in self._transitions([followed]):
            self.values.learn(transition)

    def dream(self) -> None:
        """Plans between two tasks."""
        self.values.dream(DREAMS)

    def rebuild(self, followed: Iterable[Followed]) -> None:
        """The canonical values of a set of steps."""
        self.values = StepValues.rebuilt(self._transitions(followed), self._weights, seed=self._seed)

    def reweigh(self, weights: FloatArray) -> None:
        """Other weights for the reward terms: nothing is learned anew, plans are made again; canonical."""
        self._weights = weights
        self.values.reweigh(weights)

    def arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """For a snapshot: arrays (private copies) and a document."""
        return self.values.arrays()

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]], document: Mapping[str, Any]) -> None:
        """From :meth:`arrays`."""
        self.values.restore(arrays, document)

    def chosen(self, decision: Decision, names: Sequence[str], *, taught: bool, seed: Sequence[int]) -> Decision:
        """A proposal with the option that is worth taking.

        Args:
            decision: the experts' proposal.
            names: the options that are possible.
            taught: whether anything was ever taught.
            seed: decides what is tried.
        """
        columns = np.array([self._options.required(name) for name in names], dtype=np.int64)
        seen = (key_of(decision.situation), numbers_of(decision.situation), columns)
        if not taught or decision.novelty >= UNFAMILIAR or decision.answer not in names:
            place = self.values.choose(*seen, np.random.default_rng(seed))
        else:
            place, best = names.index(decision.answer), self.values.best(*seen)
            if best != place and self._surely_better(self.values.actions(*seen), best, place):
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
