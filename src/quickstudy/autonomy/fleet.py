"""The bound of a fleet: several learners of one job, each with ledgers of its own, taken together.

Journals may have been merged, so the same event can be in several; it counts once, by its id. A learner's events are
folded in the order of its own clock, which is the order in which it journaled them. Invariant: nothing is written.
Not here: merging what was learned (:class:`quickstudy.Learner`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from quickstudy.autonomy.gate import Gate
from quickstudy.autonomy.settings import Autonomy
from quickstudy.journal import Event, Journal


@dataclass(frozen=True, slots=True)
class FleetMember:
    """One learner: its id, V and U of all its ledgers, and the confidence with which they hold together."""

    learner: str
    answers: int
    bound: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Fleet:
    """All learners together.

    Attributes:
        members: the learners that stood behind an answer.
        answers: V, answers stood behind by any of them.
        bound: U: at most so many of these are wrong.
        confidence: with which U holds: 1 less the sum of what the members leave open.
    """

    members: tuple[FleetMember, ...]
    answers: int
    bound: int
    confidence: float


def fleet_bound(journals: Iterable[Journal]) -> Fleet:
    """The bound of all learners whose decisions are in some journals.

    Args:
        journals: open, also read-only; of one job. A learner's own journal should be among them: what is in none of
            them cannot be counted.
    """
    events: dict[str, Event] = {}
    for journal in journals:
        for event in journal.events(kinds=["configure", "decision", "lesson"]):
            held = events.get(event.id)
            if held is None or (event.forgotten and not held.forgotten):
                events[event.id] = event
    gates: dict[str, Gate] = {}
    for event in sorted(events.values(), key=lambda event: (event.clock, event.id)):
        gate = gates.setdefault(event.node, Gate(event.node, None, Autonomy()))
        gate.fold(event, events.get)
    members = []
    for learner, gate in sorted(gates.items()):
        ledgers = [book.ledger for book in gate.books.values()]
        if ledgers:
            doubt = sum(1.0 - ledger.confidence for ledger in ledgers)
            answers, bound = sum(ledger.answers for ledger in ledgers), sum(ledger.bound() for ledger in ledgers)
            members.append(FleetMember(learner, answers, bound, 1.0 - doubt))
    return Fleet(
        tuple(members),
        sum(member.answers for member in members),
        sum(member.bound for member in members),
        max(0.0, 1.0 - sum(1.0 - member.confidence for member in members)),
    )
