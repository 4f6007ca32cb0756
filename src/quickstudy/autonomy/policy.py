"""The policy: how likely an answer is right, from which score it is stood behind, and how often it is audited.

A policy may be arbitrarily bad: it costs work, never the guarantee. Everything it knows is a fold of the labelled
decisions, each weighted by one over the probability of its having been labelled, so that what is learned from asked and
audited tasks holds for all. Not here: the gate, which decides whether a score above the threshold is answered alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.autonomy.ledger import Ledger
from quickstudy.types import NEW_OPTION, Decision, FloatArray

WINDOW = 1000
"""How many labelled decisions the threshold is chosen on."""

HEAVIEST = 10.0
"""The largest weight that one labelled decision gets."""

RATE = 0.3


@dataclass(frozen=True, slots=True)
class Signals:
    """What a score is made of; journaled with the decision.

    Attributes:
        probability: of the answer, in [0, 1].
        runner_up: of the second most probable option.
        novelty: in [0, 1].
        agreement: the weighted share of experts whose best answer is this one.
        nearest: cosine to the nearest remembered task with this answer; 0 without one.
        new: the probability of an option not known yet.
    """

    probability: float
    runner_up: float
    novelty: float
    agreement: float
    nearest: float
    new: float

    def to_dict(self) -> dict[str, float]:
        """As plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, float]) -> Signals:
        """From :meth:`to_dict`; what is missing is 0."""
        return cls(**{field.name: float(data.get(field.name, 0.0)) for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class Plan:
    """From which score an answer is stood behind, and whether the policy would answer alone now."""

    threshold: float
    open: bool


def signals_of(decision: Decision) -> Signals:
    """The signals of a proposal."""
    top = [p for name, p in decision.probabilities.top(3) if name != NEW_OPTION]
    opinions = decision.evidence.opinions
    total = sum(opinion.weight for opinion in opinions)
    agreeing = sum(opinion.weight for opinion in opinions if opinion.answer == decision.answer)
    near = [n.similarity for n in decision.evidence.neighbours if n.answer == decision.answer]
    new = decision.probabilities.get(NEW_OPTION, 0.0)
    return Signals(
        probability=decision.probability,
        runner_up=top[1] if len(top) > 1 else 0.0,
        novelty=decision.novelty,
        agreement=agreeing / total if total > 0.0 else 0.0,
        nearest=max(near, default=0.0),
        new=new,
    )


class Policy:
    """A small logistic regression for the score; a window of labelled decisions for the threshold."""

    def __init__(self) -> None:
        self._weights = np.array([-0.5, 1.0, 0.0, 0.0, 0.0])
        self._squares = np.ones(5)
        self._scores = np.zeros(WINDOW)
        self._right = np.zeros(WINDOW)
        self._heavy = np.zeros(WINDOW)
        self._count = 0
        self._plans: dict[float, float] = {}

    def score(self, signals: Signals) -> float:
        """The estimated probability of being right, in (0, 1)."""
        return 1.0 / (1.0 + math.exp(-float(np.clip(self._inputs(signals) @ self._weights, -30.0, 30.0))))

    def plan(self, target: float, ledger: Ledger) -> Plan:
        """From which score an answer is stood behind, and whether it may be answered alone.

        The lowest threshold is taken at which at most half the target of the labelled decisions above it were wrong.
        """
        if target not in self._plans:
            self._plans[target] = self._threshold(0.5 * target)
        return Plan(self._plans[target], ledger.allows(target))

    def audit_rate(self, score: float, target: float, ledger: Ledger) -> float:
        """The probability of an audit, in [q_min, 1]: what the bound's slack calls for, more where doubt is."""
        slack = max(target * (ledger.answers + 1) - ledger.certain, 1e-9)
        doubt = min(3.0, max(0.5, math.sqrt((1.0 - score) / (0.5 * target))))
        return min(1.0, max(ledger.q_min, 8.0 / slack * doubt))

    def learn(self, signals: Signals, score: float, right: bool, propensity: float) -> None:
        """A labelled decision.

        Args:
            signals: the decision's.
            score: what was said then.
            right: whether the first verdict agreed.
            propensity: the probability with which it was to be labelled, in (0, 1].
        """
        weight = min(1.0 / propensity, HEAVIEST)
        inputs = self._inputs(signals)
        gradient: FloatArray = (self.score(signals) - right) * inputs
        self._squares += gradient * gradient
        self._weights -= RATE * weight * gradient / np.sqrt(self._squares)
        place = self._count % WINDOW
        self._scores[place], self._right[place], self._heavy[place] = score, right, weight
        self._count += 1
        self._plans.clear()

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """As arrays, private copies."""
        return {
            "weights": self._weights.copy(),
            "squares": self._squares.copy(),
            "window": np.stack([self._scores, self._right, self._heavy]),
            "count": np.array(self._count),
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """From :meth:`state`."""
        self._weights, self._squares = state["weights"].copy(), state["squares"].copy()
        self._scores, self._right, self._heavy = (row.copy() for row in state["window"])
        self._count = int(state["count"])
        self._plans.clear()

    def _inputs(self, signals: Signals) -> FloatArray:
        p = min(max(signals.probability, 1e-4), 1.0 - 1e-4)
        return np.array([1.0, math.log(p / (1.0 - p)), signals.novelty, signals.agreement, signals.nearest])

    def _threshold(self, error: float) -> float:
        size = min(self._count, WINDOW)
        if size < 20:
            return 1.0
        order = np.argsort(-self._scores[:size], kind="stable")
        heavy = self._heavy[order]
        wrong = np.cumsum(heavy * (1.0 - self._right[order]))
        fine = np.flatnonzero(wrong <= error * np.cumsum(heavy))
        if not len(fine):
            return 1.0
        return float(self._scores[order[fine[-1]]])
