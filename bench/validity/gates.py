"""The gate under test, without a journal, and two broken ones that are often built.

Ours is the learner's own :class:`quickstudy.autonomy.gate.Gate`, fed with the events that the learner would journal.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from quickstudy.autonomy.coins import new_key
from quickstudy.autonomy.gate import Gate
from quickstudy.autonomy.policy import Signals
from quickstudy.autonomy.settings import Autonomy
from quickstudy.journal import Event

NODE = "gate"


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a gate says: the mode, whether the answer is stood behind, and the number of the ledger that counts it."""

    id: str
    mode: str
    stood: bool
    ledger: str


class Subject(Protocol):
    """A gate under test."""

    def rule(self, number: int, probability: float) -> Ruled:
        """Decides on a task."""

    def verdict(self, id: str, right: bool) -> None:
        """Is told whether a task that was asked or audited was answered right."""

    def bound(self, ledger: str) -> float:
        """How many answers of a ledger it says can be wrong; infinite if it says nothing."""


class OwnGate:
    """The real gate.

    Args:
        target: T.
        confidence: C.
    """

    def __init__(self, target: float, confidence: float) -> None:
        self.gate = Gate(NODE, new_key(), Autonomy(active=True, target_error=target, confidence=confidence))
        self._decisions: dict[str, Event] = {}
        self._clock = 0

    def rule(self, number: int, probability: float) -> Ruled:
        """Rules, and counts the decision."""
        id, at = secrets.token_hex(8), float(number)
        signals = Signals(probability, (1.0 - probability) / 2.0, 0.3, 0.8)
        ruling = self.gate.rule(id, "answer", signals, "", at, always_ask=False)
        event = self._event(
            "decision",
            id,
            at=at,
            mode=ruling.mode,
            propensity=ruling.propensity,
            coin=ruling.coin,
            ledger=ruling.ledger,
            data={
                "score": ruling.score,
                "threshold": ruling.threshold,
                "signals": signals.to_dict(),
                "segment": "",
            },
        )
        self.gate.fold(event, self._decisions.get)
        if ruling.mode != "act":
            self._decisions[id] = event
        return Ruled(id, ruling.mode, ruling.ledger is not None, ruling.ledger or "")

    def verdict(self, id: str, right: bool) -> None:
        """The first verdict; alarms that follow are taken at once, as the learner does."""
        lesson = self._event("lesson", f"lesson-{id}", at=0.0, decision_id=id, correct=right)
        self.gate.fold(lesson, self._decisions.get)
        del self._decisions[id]
        for alarm in self.gate.alarms():
            event = self._event("configure", f"alarm-{self._clock}", at=0.0, data={"alarm": alarm.to_dict()})
            self.gate.fold(event, self._decisions.get)

    def bound(self, ledger: str) -> float:
        """U of a ledger."""
        return float(self.gate.books[ledger].ledger.bound())

    def _event(self, kind: str, id: str, **fields: object) -> Event:
        self._clock += 1
        return Event(id=id, kind=kind, clock=self._clock, node=NODE, **fields)  # type: ignore[arg-type]  # by name


class PlainThreshold:
    """Broken: the threshold at which the accuracy on validation tasks was high enough; then alone, without audits.

    Args:
        target: T.
        validation: how many tasks are asked first.
    """

    def __init__(self, target: float, validation: int = 200) -> None:
        self._target, self._validation = target, validation
        self._seen: dict[str, float] = {}
        self._labelled: list[tuple[float, bool]] = []
        self._threshold = 2.0
        self._count = 0

    def rule(self, number: int, probability: float) -> Ruled:
        """Asked during validation, and below the threshold; alone above it."""
        self._count += 1
        alone = self._count > self._validation and probability >= self._threshold
        id = str(self._count)
        if not alone:
            self._seen[id] = probability
        return Ruled(id, "act" if alone else "ask", alone, "1")

    def verdict(self, id: str, right: bool) -> None:
        """Learns the threshold from validation tasks."""
        probability = self._seen.pop(id)
        if int(id) > self._validation:
            return
        self._labelled.append((probability, right))
        order = sorted(self._labelled, reverse=True)
        wrong = np.cumsum([not right for _, right in order])
        fine = np.flatnonzero(wrong <= self._target * np.arange(1, len(order) + 1))
        self._threshold = order[int(fine[-1])][0] if len(fine) else 2.0

    def bound(self, ledger: str) -> float:
        """Nothing is said."""
        return float("inf")


class RunningShare:
    """Broken: alone while the share of errors among the audits so far is within the target; every tenth is audited.

    Args:
        target: T.
        first: how many tasks are asked first.
        rate: the audit rate.
    """

    def __init__(self, target: float, first: int = 50, rate: float = 0.1) -> None:
        self._target, self._first, self._rate = target, first, rate
        self._coins = np.random.default_rng(secrets.randbits(64))
        self._checked = self._wrong = self._count = 0

    def rule(self, number: int, probability: float) -> Ruled:
        """Asked at first and while the share is too high."""
        self._count += 1
        id = str(self._count)
        if self._count <= self._first or self._wrong > self._target * self._checked:
            return Ruled(id, "ask", True, "1")
        return Ruled(id, "audit" if self._coins.random() < self._rate else "act", True, "1")

    def verdict(self, id: str, right: bool) -> None:
        """Counts."""
        self._checked += 1
        self._wrong += not right

    def bound(self, ledger: str) -> float:
        """Nothing is said."""
        return float("inf")
