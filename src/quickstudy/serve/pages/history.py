"""How a learner's autonomy went: the share done alone, and the bound beside the errors found, over its decisions.

Computed from the journal alone, once, and kept in step afterwards. The bound is that of the newest ledger in force, on
its first n answers, with the verdicts known today; at the right end it is the bound in force. Invariant: reads only.
Not here: the ledger's mathematics (:mod:`quickstudy.autonomy.ledger`).
"""

from __future__ import annotations

from dataclasses import dataclass

from quickstudy.autonomy.gate import Gate
from quickstudy.autonomy.ledger import Ledger
from quickstudy.journal import Event, Journal

STRETCHES = 40


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some decisions in a row: how many there were up to its end, and which shares had which mode."""

    decisions: int
    alone: float
    audited: float
    asked: float


@dataclass(frozen=True, slots=True)
class Shown:
    """After so many answers stood behind: at most ``bound`` of them are wrong, about ``errors`` probably are.

    ``errors`` is None as long as none of them has a verdict.
    """

    answers: int
    bound: int
    errors: float | None


@dataclass(frozen=True, slots=True)
class Alarm:
    """A drift alarm: when, which ledger it closed, and why."""

    at: float
    ledger: str
    reason: str


@dataclass(frozen=True, slots=True)
class History:
    """The course of a learner's autonomy.

    Attributes:
        stretches: shares over time, oldest first.
        shown: the newest ledger's bound over its answers.
        ledger: that ledger's name; None before the first.
        alarms: drift alarms, oldest first.
    """

    stretches: tuple[Stretch, ...]
    shown: tuple[Shown, ...]
    ledger: str | None
    alarms: tuple[Alarm, ...]


def history(journal: Journal, gate: Gate) -> History:
    """The history of the learner whose gate it is."""
    modes: list[str] = []
    stood: dict[str, tuple[float, str]] = {}
    verdicts: dict[str, bool] = {}
    alarms: list[Alarm] = []
    newest = next(reversed(gate.current.values()), None)
    for event in journal.events(kinds=("decision", "lesson", "configure"), light=True):
        if event.node != gate.node:
            continue
        if event.kind == "decision":
            modes.append(str(event.mode))
            if event.ledger == newest and event.propensity is not None and newest is not None:
                stood[event.id] = (event.propensity, str(event.mode))
        elif event.kind == "lesson" and event.correct is not None and event.decision_id is not None:
            verdicts.setdefault(event.decision_id, event.correct)
        elif event.kind == "configure" and (found := journal.get(event.id)) is not None:
            verdicts |= {id: bool(right) for id, right in found.data.get("verdicts", []) if id not in verdicts}
            alarms += _alarm(found)
    shown: tuple[Shown, ...] = ()
    if newest is not None:
        ledger = gate.books[newest].ledger
        shown = _replayed(list(stood.items()), verdicts, ledger.confidence, ledger.q_min)
    return History(_stretches(modes), shown, newest, tuple(alarms))


def _stretches(modes: list[str]) -> tuple[Stretch, ...]:
    found = []
    count = min(STRETCHES, max(1, len(modes) // 20))
    for place in range(count if modes else 0):
        start, end = place * len(modes) // count, (place + 1) * len(modes) // count
        part = modes[start:end]
        shares = [part.count(mode) / len(part) for mode in ("act", "audit", "ask")]
        found.append(Stretch(end, *shares))
    return tuple(found)


def _replayed(
    stood: list[tuple[str, tuple[float, str]]], verdicts: dict[str, bool], confidence: float, q_min: float
) -> tuple[Shown, ...]:
    ledger, found = Ledger(confidence, q_min), []
    errors, checked = 0.0, False
    points = {(place + 1) * len(stood) // STRETCHES for place in range(STRETCHES)}
    for number, (id, (q, mode)) in enumerate(stood, 1):
        looked_at = mode != "act"
        ledger.stand(q, audited=looked_at)
        if looked_at and id in verdicts:
            ledger.verdict(q, wrong=not verdicts[id], number=number)
            errors, checked = errors + (0.0 if verdicts[id] else 1.0 / q), True
        if number in points:
            found.append(Shown(number, ledger.bound(), min(errors, float(number)) if checked else None))
    return tuple(found)


def _alarm(event: Event) -> list[Alarm]:
    alarm = event.data.get("alarm")
    return [] if alarm is None else [Alarm(event.at, str(alarm.get("ledger", "")), str(alarm.get("reason", "drift")))]
