"""Gates for the loop: ours without a journal, and plain calibrated thresholds, which audit nothing."""

from __future__ import annotations

import numpy as np

from bench.autonomy.loop import ACT, ASK, AUDIT, SHADOW
from quickstudy.autonomy.ledger import Ledger
from quickstudy.autonomy.policy import Policy, Signals


class OwnGate:
    """Ledger and policy, with seeded coins.

    Attributes:
        ledger: the counts.
        broken: whether the promise was ever false while an answer was given alone.
        audits: audits so far, besides what was asked.
        opened: after how many decisions the first answer was not sure to be asked; -1 before.
    """

    def __init__(self, target: float, seed: int, *, confidence: float = 0.95, q_min: float = 0.01) -> None:
        self.ledger = Ledger(confidence, q_min)
        self.policy = Policy()
        self.broken = False
        self.opened = -1
        self.audits = 0
        self._target = target
        self._coins = np.random.default_rng([seed, 7])
        self._decided = 0
        self._wrong = 0
        self._score, self._rate = 0.0, 1.0

    def rule(self, signals: Signals) -> int:
        """What becomes of a task."""
        self._score, self._rate = self.policy.score(signals), 1.0
        self._decided += 1
        plan = self.policy.plan(self._target, self.ledger)
        if signals.new > signals.probability or self._score < plan.threshold:
            return ASK
        if not plan.open:
            return SHADOW
        if self.opened < 0:
            self.opened = self._decided
        self._rate = self.policy.audit_rate(self._score, self._target, self.ledger)
        return AUDIT if self._coins.random() < self._rate else ACT

    def settle(self, signals: Signals, mode: int, right: bool) -> None:
        """Counts the decision."""
        if mode != ASK:
            self.ledger.stand(self._rate, audited=mode != ACT)
            self._wrong += not right  # only to see whether the promise holds
            self.broken |= mode == ACT and self._wrong > self._target * self.ledger.answers
        if mode in (SHADOW, AUDIT):
            self.ledger.verdict(self._rate, wrong=not right)
        if mode != ACT:
            self.policy.learn(signals, self._score, right, self._rate)
        self.audits += mode == AUDIT
        self.policy.saw(self._score, self._target, self.ledger)


class PlainThreshold:
    """What is often done: a threshold from a validation set, then everything above it alone, and no audits.

    The first tasks are asked; the threshold is the lowest at which at most T of those above it were wrong. It is
    chosen anew after every answer, from all that was asked.
    """

    def __init__(self, target: float, validation: int = 300) -> None:
        self._target = target
        self._validation = validation
        self._probabilities: list[float] = []
        self._right: list[bool] = []
        self._threshold = 2.0

    def rule(self, signals: Signals) -> int:
        """Alone above the threshold."""
        return ACT if signals.probability >= self._threshold else ASK

    def settle(self, signals: Signals, mode: int, right: bool) -> None:
        """Learns from what was asked."""
        if mode == ACT:
            return
        self._probabilities.append(signals.probability)
        self._right.append(right)
        if len(self._right) >= self._validation and len(self._right) % 20 == 0:
            order = np.argsort(-np.array(self._probabilities), kind="stable")
            wrong = np.cumsum(~np.array(self._right)[order])
            fine = np.flatnonzero(wrong <= self._target * np.arange(1, len(order) + 1))
            self._threshold = self._probabilities[order[fine[-1]]] if len(fine) else 2.0
