"""The policy: which decisions to stand behind, and how often to audit each of them.

Three questions, answered from the past only, so that the ledger's bound holds whatever they answer:

- *Score*: how likely is a decision right? A logistic regression on its signals, learned online from every verdict,
  each weighted by one over the probability that there would be one.
- *Threshold and audit rates*: with the ledger's c and a price λ (tasks asked for one wrong answer less), a decision
  with predicted error e and audit rate q yields (1 - q) tasks done alone, and lets the bound grow by e·q·s(q, c)/c
  while the target lets it grow by T. The best q is a function of λ·e alone, about its square root; it pays to stand
  behind the decision while (1 - q) > λ·(e·q·s/c - T).
- *Prices*: c and λ are those for which, on the errors predicted for recent decisions, most is done alone while the
  bound keeps within the target now and, by a margin, at a horizon. If there are none, the largest c in use that keeps
  within it now, at the highest price: what is done alone then makes the bound better, hardly slower than shadow would.

In shadow nothing is done alone; there it stands behind what makes the bound better, which is what errs less than T.

Not here: the ledger's mathematics, coins, modes, caps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.autonomy.ledger import Ledger
from quickstudy.experts.arrays import Arrays
from quickstudy.types import NEW_OPTION, Decision, FloatArray

RECENT = 512
"""The predicted errors of so many decisions stand for those to come."""

POINTS = 48
"""Their quantiles are priced at so many points."""

EVERY = 32
"""Prices are set anew after so many decisions."""

FIRST = 40
"""No price is set before so many decisions."""

HORIZON = 0.5
"""The bound is to be within the target when this share more decisions have been made..."""

LEAST_HORIZON = 200
"""... but at least so many."""

MARGIN = 4.0
"""What is left over at the horizon, in jumps of the bound by one wrong answer that is found."""

SAFE = 1.5
"""No audit rate is nearer than this factor to the least that c allows, where an error found would cost too much."""

MOST_WEIGHT = 20.0
"""No verdict counts for more than so many."""

LEAST_ERROR = 1e-4
"""No decision is taken to be surer than this."""

ERRORS: FloatArray = np.geomspace(LEAST_ERROR, 1.0, 400)
"""Where the threshold is sought."""

PRICES: FloatArray = np.geomspace(0.1, 300.0, 29)
"""The values of λ that are tried."""

Q_STEPS: FloatArray = np.concatenate([1.0 + np.geomspace(1e-6, 1.0, 200), np.geomspace(2.02, 1e4, 200)])
Q_PRICES: FloatArray = 1.0 / (np.log1p(-1.0 / Q_STEPS) + 1.0 / (Q_STEPS - 1.0))


@dataclass(frozen=True, slots=True)
class Signals:
    """What a decision says about itself.

    Attributes:
        probability: the pool's probability of its answer, in [0, 1].
        runner_up: the probability of the second best option.
        novelty: how unlike everything learned the situation is, in [0, 1].
        agreement: the pool's weight of the experts that would answer the same, as a share of all, in [0, 1].
        new: the probability of an option not known yet, in [0, 1]; 0 in a closed job.
        reliability: how often proposals were right on tasks like this one, in (0, 1); 0.5 if none is known.
    """

    probability: float
    runner_up: float
    novelty: float
    agreement: float
    new: float = 0.0
    reliability: float = 0.5

    def to_dict(self) -> dict[str, float]:
        """As plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, float]) -> Signals:
        """From :meth:`to_dict`; what is missing is 0, but for the reliability, of which nothing is known then."""
        missing = {field.name: 0.0 if field.default is MISSING else field.default for field in fields(cls)}
        return cls(**{name: float(data.get(name, value)) for name, value in missing.items()})


def signals_of(decision: Decision) -> Signals:
    """The signals of a decision that was proposed."""
    known = [p for name, p in decision.probabilities.top(3) if name != NEW_OPTION]
    opinions = decision.evidence.opinions
    total = sum(opinion.weight for opinion in opinions)
    agreeing = sum(opinion.weight for opinion in opinions if opinion.answer == decision.answer)
    return Signals(
        probability=decision.probability,
        runner_up=known[1] if len(known) > 1 else 0.0,
        novelty=decision.novelty,
        agreement=agreeing / total if total > 0.0 else 0.0,
        new=decision.probabilities.get(NEW_OPTION, 0.0),
        reliability=decision.evidence.reliability,
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """What holds for the next decision.

    Attributes:
        threshold: scores from here up are stood behind.
        open: whether answers may be given alone.
    """

    threshold: float
    open: bool


@dataclass(frozen=True, slots=True)
class Prices:
    """What a plan is made with.

    Attributes:
        target: T, the target it was made for.
        c: the ledger's c that audits are made for; 0 if there is none.
        price: λ, tasks for one wrong answer less.
        threshold: the lowest score that is stood behind while the gate is open.
    """

    target: float
    c: float
    price: float
    threshold: float


CLOSED = Prices(0.0, 0.0, 0.0, 1.0)


class Policy:
    """Score, threshold and audit rate, learned online."""

    def __init__(self) -> None:
        self._weights = np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.4])
        self._spread: FloatArray = np.diag([0.1, 0.05, 0.02, 0.3, 0.1, 0.1])
        self._errors = np.zeros(RECENT)
        self._seen = 0
        self._prices = CLOSED

    def score(self, signals: Signals) -> float:
        """The estimated probability that a decision with these signals is right."""
        return _logistic(float(self._weights @ _inputs(signals)))

    def plan(self, target: float, ledger: Ledger) -> Plan:
        """The threshold in force, and whether answers may be given alone."""
        prices = self._prices_for(target, ledger)
        if prices.c > 0.0 and ledger.allows(target):
            return Plan(prices.threshold, True)
        return Plan(1.0 - target, False)

    def audit_rate(self, score: float, target: float, ledger: Ledger) -> float:
        """The probability, in [q_min, 1], with which a decision of this score is audited while the gate is open."""
        prices = self._prices_for(target, ledger)
        if prices.c <= 0.0:
            return 1.0
        rates = audit_rates(np.array([max(1.0 - score, LEAST_ERROR)]), prices.c, prices.price)
        return min(max(float(rates[0]), ledger.q_min), 1.0)

    def saw(self, score: float, target: float, ledger: Ledger) -> None:
        """A decision was made, asked or not, and is in the ledger: from time to time prices are set anew."""
        self._errors[self._seen % RECENT] = max(1.0 - score, LEAST_ERROR)
        self._seen += 1
        if self._seen % EVERY == 0 or (self._prices.target != target and self._seen >= FIRST):
            self._prices = self._priced(target, ledger)

    def learn(self, signals: Signals, score: float, right: bool, propensity: float) -> None:
        """The first verdict on a decision.

        Args:
            signals: the decision's.
            score: its score then.
            right: whether its answer was right.
            propensity: the probability, known beforehand, that there would be a verdict: 1 if asked, q if audited.
        """
        inputs = _inputs(signals)
        expected = _logistic(float(self._weights @ inputs))
        weight = min(1.0 / propensity, MOST_WEIGHT)
        curvature = weight * max(expected * (1.0 - expected), 1e-3)
        direction = self._spread @ inputs
        self._spread -= np.outer(direction, direction) * curvature / (1.0 + curvature * float(inputs @ direction))
        self._weights += self._spread @ inputs * weight * (right - expected)

    def state(self) -> Arrays:
        """As arrays."""
        prices = self._prices
        return {
            "weights": self._weights.copy(),
            "spread": self._spread.copy(),
            "errors": self._errors.copy(),
            "seen": np.array(self._seen),
            "prices": np.array([prices.target, prices.c, prices.price, prices.threshold]),
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """From :meth:`state`."""
        self._weights, self._spread = state["weights"].copy(), state["spread"].copy()
        self._errors, self._seen = state["errors"].copy(), int(state["seen"])
        self._prices = Prices(*(float(value) for value in state["prices"]))

    def _prices_for(self, target: float, ledger: Ledger) -> Prices:
        return self._prices if target == self._prices.target else self._priced(target, ledger)

    def _priced(self, target: float, ledger: Ledger) -> Prices:
        """The prices with which most of the decisions up to the horizon is done alone."""
        closed = Prices(target, 0.0, 0.0, 1.0)
        if self._seen < FIRST:
            return closed
        recent = np.sort(self._errors[: min(self._seen, RECENT)])
        errors = np.array([part.mean() for part in np.array_split(recent, min(len(recent), POINTS))])
        horizon = max(HORIZON * self._seen, LEAST_HORIZON)
        allowed = target * ledger.answers
        best, most = closed, 0.0
        cautious = closed
        for c, bound in zip(ledger.values, ledger.bounds(), strict=True):
            jump = MARGIN / (-math.expm1(-float(c)))
            if bound + 1.0 > allowed + target:
                continue
            if cautious.c == 0.0:
                cautious = Prices(target, float(c), float(PRICES[-1]), 0.0)
            rates = np.maximum(audit_rates(errors, float(c), PRICES[:, None]), ledger.q_min)
            growth = errors * costs(rates, float(c)) / c
            stood = ((1.0 - rates) > PRICES[:, None] * (growth - target)) & (rates < 1.0)
            alone = np.where(stood, 1.0 - rates, 0.0).mean(axis=1)
            spent = np.where(stood, growth - target, 0.0).mean(axis=1) * horizon
            feasible = bound + 1.0 + spent + jump <= allowed
            if not feasible.any():
                continue
            place = int(np.where(feasible, alone, -1.0).argmax())
            if alone[place] > most:
                most = float(alone[place])
                best = Prices(target, float(c), float(PRICES[place]), 0.0)
        chosen = best if best.c else cautious
        return replace(chosen, threshold=1.0 - largest_error(chosen, ledger.q_min)) if chosen.c else closed


def largest_error(prices: Prices, q_min: float) -> float:
    """The largest predicted error, in [0, 1], that is worth being stood behind at these prices."""
    rates = np.maximum(audit_rates(ERRORS, prices.c, prices.price), q_min)
    growth = ERRORS * costs(rates, prices.c) / prices.c
    worth = ((1.0 - rates) > prices.price * (growth - prices.target)) & (rates < 1.0)
    return float(ERRORS[worth][-1]) if worth.any() else 0.0


def audit_rates(errors: FloatArray, c: float, price: float | FloatArray) -> FloatArray:
    """The best audit probabilities for predicted errors, in (1 - exp(-c), 1].

    They minimise q + price·error·q·s(q, c)/c. With r = q/(1 - exp(-c)) this is where
    log(1 - 1/r) + 1/(r - 1) = c/(price·error), which was tabulated.

    Args:
        errors: predicted probabilities of being wrong, (n,).
        c: the ledger's.
        price: λ, a number or a column (m, 1).
    """
    least = -math.expm1(-c)
    steps = np.exp(np.interp(np.log(price * errors / c), np.log(Q_PRICES), np.log(Q_STEPS)))
    safe = least * SAFE
    rates: FloatArray = np.clip(least * steps, min(safe, 1.0), 1.0)
    return rates


def costs(rates: FloatArray, c: float) -> FloatArray:
    """q·s(q, c): how much the audits of a wrong answer cost on average."""
    cost: FloatArray = -rates * np.log1p(math.expm1(-c) / rates)
    return cost


def _inputs(signals: Signals) -> FloatArray:
    margin = math.log(min(max(signals.probability, 1e-6), 1.0 - 1e-6)) - math.log(max(signals.runner_up, 1e-6))
    odds = _log_odds(signals.probability, 1e-6)
    reliable = _log_odds(signals.reliability, 1e-3)  # 0 where nothing is known: then it changes nothing
    return np.array([1.0, odds, margin - odds, signals.novelty - 0.3, signals.agreement - 0.8, reliable])


def _log_odds(probability: float, least: float) -> float:
    kept = min(max(probability, least), 1.0 - least)
    return math.log(kept / (1.0 - kept))


def _logistic(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(logit, -30.0), 30.0)))
