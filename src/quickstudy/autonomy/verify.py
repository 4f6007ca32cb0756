"""Verification: every coin, verdict and bound of a journal computed again, from the journal alone.

It reads the events of the journal's own learner in order of arrival and trusts none of what they say of the gate: coins
come from the key, bounds from the ledger's formula, verdicts from the lessons; modes follow from coins and audit
probabilities, and each answer alone from the bound before it. It uses neither the gate nor the policy: thresholds and
audit probabilities are checked (a score reaches its threshold, a probability is at least ``q_min``), not chosen again.
The bound holds whatever chose them.

What it cannot see: whether the teacher was right; and whether somebody who could write the file replaced the key and
all that follows from it, or took decisions out with their lessons and numbered the other events anew. A forgotten
decision has lost its score and threshold; all else of it is still checked.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, replace
from typing import Any

from quickstudy.autonomy.coins import KEY_NAME, coin
from quickstudy.autonomy.ledger import Ledger
from quickstudy.autonomy.segments import ledger_confidence
from quickstudy.autonomy.settings import Autonomy
from quickstudy.errors import JournalCorruptError
from quickstudy.journal import Event, Journal
from quickstudy.options import Options

KINDS = ("configure", "decision", "lesson", "option")
MOST_PROBLEMS = 100
"""So many problems are listed; the others are only counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not fit: the event's id, its number in the journal, and what is wrong with it."""

    event: str
    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class CheckedLedger:
    """A ledger as it was computed again.

    Attributes:
        name: its name.
        segment: the part of the work, where known.
        confidence: with which its bound holds.
        answers: V, answers stood behind.
        alone: of these, given alone without an audit.
        audited: of these, audited or asked.
        errors: of these, found wrong.
        pending: of these, without a verdict; they count as wrong.
        bound: U, at most so many of the V are wrong.
        share: U / V.
        closed: whether it takes no more answers.
    """

    name: str
    segment: str | None
    confidence: float
    answers: int
    alone: int
    audited: int
    errors: int
    pending: int
    bound: int
    share: float
    closed: bool


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked, and what does not fit.

    Attributes:
        decisions: decisions of this learner, forgotten ones included.
        coins: coins computed again.
        bounds: bounds computed again, one for each answer given alone or audited by a coin.
        verdicts: first verdicts checked.
        forgotten: decisions whose score could not be checked.
        others: decisions of other learners, which a merge brought: only their own journals can prove them.
        problems: what does not fit, the first 100.
        problem_count: how many there are.
        ledgers: all ledgers at the end.
    """

    decisions: int
    coins: int
    bounds: int
    verdicts: int
    forgotten: int
    others: int
    problems: tuple[Problem, ...]
    problem_count: int
    ledgers: tuple[CheckedLedger, ...]

    @property
    def right(self) -> bool:
        """Whether everything fits."""
        return self.problem_count == 0

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return {"right": self.right, **dataclasses.asdict(self)}


def verify(journal: Journal) -> Verification:
    """Computes everything again that the gate of a journal's learner has said.

    Args:
        journal: open, also read-only.

    Raises:
        JournalCorruptError: an event cannot be read at all, or nothing says whose journal it is.
    """
    checker = _Checker(journal)
    before = 0
    for event in journal.events():
        checker.follows(event, before)
        before = event.seq
        if event.kind in KINDS:
            checker.take(event)
    return checker.result()


@dataclass(slots=True)
class _Stood:
    ledger: str
    q: float
    number: int
    judged: bool = False


@dataclass(slots=True)
class _Checker:
    journal: Journal
    node: str | None = None
    key: str = ""
    settings: Autonomy = field(default_factory=Autonomy)
    options: Options = field(default_factory=Options)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    segments: dict[str, str | None] = field(default_factory=dict)
    alone: dict[str, int] = field(default_factory=dict)
    corrected: dict[str, int] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    stood: dict[str, _Stood] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("d", "c", "b", "v", "f", "o", "p"), 0))
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.node = self.journal.get_meta("learner")
        if self.node is None:
            raise JournalCorruptError(
                f"The journal {self.journal.path!r} does not say which learner's it is, so nothing can be verified.",
                next_step="If a learner never opened it, there is nothing to verify; else restore it from a backup.",
            )
        self.key = self.journal.get_meta(KEY_NAME) or ""

    def follows(self, event: Event, before: int) -> None:
        """Checks that no event is missing between this one and the one before, by their numbers."""
        if missing := event.seq - before - 1:
            self._wrong(event, f"{missing:,} events before it are missing from the journal")

    def take(self, event: Event) -> None:
        """Checks one event; what cannot be understood does not fit either."""
        try:
            self._take(event)
        except (LookupError, TypeError, ValueError, AttributeError, JournalCorruptError) as error:
            self._wrong(event, f"it cannot be read: {type(error).__name__}: {error}")

    def _take(self, event: Event) -> None:
        if event.kind == "option":
            if not event.forgotten:
                self.options.apply(event)
        elif event.node != self.node:
            self.counts["o"] += event.kind == "decision"
        elif event.kind == "configure":
            self._configure(event)
        elif event.kind == "decision":
            self._decision(event)
        elif event.decision_id is not None:
            self._lesson(event)

    def result(self) -> Verification:
        """What was found."""
        ledgers = [
            CheckedLedger(
                name=name,
                segment=self.segments[name],
                confidence=ledger.confidence,
                answers=ledger.answers,
                alone=self.alone[name],
                audited=ledger.audited,
                errors=ledger.errors,
                pending=ledger.pending,
                bound=ledger.bound(),
                share=ledger.bound() / max(ledger.answers, 1),
                closed=name in self.closed,
            )
            for name, ledger in self.ledgers.items()
        ]
        n = self.counts
        counts = (n["d"], n["c"], n["b"], n["v"], n["f"], n["o"])
        return Verification(*counts, tuple(self.problems), n["p"], tuple(ledgers))

    def _wrong(self, event: Event, what: str) -> None:
        self.counts["p"] += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(event.id, event.seq, what))

    def _configure(self, event: Event) -> None:
        if "alarm" in event.data:
            self.closed.add(event.data["alarm"]["ledger"])
        for id, right in event.data.get("verdicts", []):
            self.counts["v"] += 1
            self._adopt(event, id, bool(right))
        if "settings" in event.data:
            new, old = Autonomy.from_dict(event.data["settings"]), self.settings
            if (new.confidence, new.q_min, new.guarantee_by) != (old.confidence, old.q_min, old.guarantee_by):
                self.closed.update(self.ledgers)
            self.settings = new

    def _decision(self, event: Event) -> None:
        self.counts["d"] += 1
        self.counts["f"] += event.forgotten
        q, name = event.propensity, event.ledger
        if q is None or name is None:
            if event.mode != "ask" or q is not None or name is not None:
                self._wrong(event, f"it has the mode {event.mode}, but is in no ledger")
            return
        self._check_coin(event, q)
        ledger = self._ledger(event, name)
        if not ledger.q_min <= q <= 1.0:
            self._wrong(event, f"its probability of an audit is {q}, outside [{ledger.q_min}, 1]")
            return
        if event.mode != "ask":
            self.counts["b"] += 1
            self._check_alone(event, ledger, name)
        elif q != 1.0:
            self._wrong(event, f"it was asked with a probability of {q}, not 1")
        audited = event.mode != "act"
        if q == 1.0 and not audited:
            self._wrong(event, "it was sure to be audited, and was answered alone")
            return
        ledger.stand(q, audited=audited)
        self.alone[name] += not audited
        self.stood[event.id] = _Stood(name, q, ledger.answers, judged=not audited)

    def _check_coin(self, event: Event, q: float) -> None:
        self.counts["c"] += 1
        expected = coin(self.key, event.id) if self.key else None
        if event.coin != expected:
            self._wrong(event, f"its coin is {event.coin}; the key gives {expected}")
        elif event.mode == "act" and event.coin is not None and event.coin < q:
            self._wrong(event, f"its coin {event.coin:.6f} says audit, and it was answered alone")
        elif event.mode == "audit" and event.coin is not None and event.coin >= q:
            self._wrong(event, f"its coin {event.coin:.6f} says no audit, and it was audited")
        if not event.forgotten and not event.data["score"] >= event.data["threshold"]:
            self._wrong(event, f"its score {event.data['score']} is below {event.data['threshold']}")

    def _check_alone(self, event: Event, ledger: Ledger, name: str) -> None:
        settings = self.settings
        if not settings.active or settings.paused:
            self._wrong(event, "it was answered while autonomy was off or paused")
        if name in self.closed:
            self._wrong(event, f"it was answered under ledger {name}, which was closed")
        if not event.forgotten and event.data["target"] != settings.target:
            self._wrong(event, f"it was answered for the target {event.data['target']}, not {settings.target}")
        bound = max(ledger.bound(), ledger.certain + self.corrected.get(name, 0))
        if bound + 1 > settings.target * (ledger.answers + 1) + 1e-9:
            self._wrong(
                event, f"of {ledger.answers} answers {bound} could be wrong: too many for {settings.target:.2%}"
            )

    def _ledger(self, event: Event, name: str) -> Ledger:
        if name not in self.ledgers:
            self.ledgers[name] = Ledger(ledger_confidence(self.settings.confidence, name), self.settings.q_min)
            self.segments[name], self.alone[name] = None, 0
        if "segment" in event.data:
            self.segments[name] = event.data["segment"]
        return self.ledgers[name]

    def _lesson(self, event: Event) -> None:
        id = str(event.decision_id)
        first = id not in self.answered
        if event.is_verdict or event.correct is not None:
            self.answered.add(id)
        if event.correct is None:
            return
        self.counts["v"] += 1
        if not first:
            self._wrong(event, "it counts as a first verdict, but the decision had one")
            return
        if self.journal.get(id) is None:
            self._wrong(event, f"it is a verdict on {id}, which is not in the journal")
            return
        self._check_verdict(event, id)
        stood = self.stood.get(id)
        if stood is not None and not stood.judged:
            stood.judged = True
            self.ledgers[stood.ledger].verdict(stood.q, wrong=not event.correct, number=stood.number)
        elif stood is not None and not event.correct:
            self.corrected[stood.ledger] = self.corrected.get(stood.ledger, 0) + 1

    def _adopt(self, event: Event, id: str, right: bool) -> None:
        """A verdict that a merge brought."""
        stood, lessons = self.stood.get(id), self.journal.lessons_of(id)
        if stood is None or stood.judged or id in self.answered:
            self._wrong(event, f"it takes over a verdict on {id}, which did not wait for one")
            return
        first = min((e for e in lessons if e.node != self.node), key=lambda e: (e.clock, e.id), default=None)
        if first is None:
            self._wrong(event, f"it takes over a verdict on {id}, which nobody gave")
            return
        self._check_verdict(replace(first, correct=right), id)
        self.answered.add(id)
        stood.judged = True
        self.ledgers[stood.ledger].verdict(stood.q, wrong=not right, number=stood.number)

    def _check_verdict(self, event: Event, decision_id: str) -> None:
        decision = self.journal.get(decision_id)
        if event.forgotten or decision is None or decision.forgotten:
            return
        said, taught = str(decision.answer), str(event.answer)
        mine, theirs = self.options.column(said), self.options.column(taught)
        alike = said == taught or (mine is not None and mine == theirs)
        same = decision.answer is not None and event.answer is not None and alike
        if same != event.correct:
            self._wrong(event, f"it says {'right' if event.correct else 'wrong'}: {said!r} against {taught!r}")
