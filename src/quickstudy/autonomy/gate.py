"""The gate: decides whether an answer is given alone, audited, or asked for. A fold of this learner's own events.

Invariants: a ruling depends on earlier events only, and is made before its coin is looked at; what is stood behind is
fixed by score and threshold alone. :meth:`Gate.rule` changes nothing; :meth:`Gate.fold` takes one event, in the order
of arrival, and gives the same state when the journal is read again. Events of other learners, which a merge brings,
take no part. The guarantee rests on the ledger and on this file, not on the policy.

Not here: what the policy knows (``policy``), what is learned of the job (``knowledge``), writing events (``record``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.autonomy.books import Alarm, Book, Recent
from quickstudy.autonomy.coins import coin
from quickstudy.autonomy.familiar import Familiar
from quickstudy.autonomy.ledger import Ledger
from quickstudy.autonomy.policy import Plan, Policy, Signals
from quickstudy.autonomy.segments import ledger_confidence, numbers
from quickstudy.autonomy.settings import LEDGER_SETTINGS, Autonomy
from quickstudy.journal import Event
from quickstudy.types import Mode

FORMAT = 2
"""Version of the snapshot's part; another one is folded again from events."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the gate says of one decision.

    Attributes:
        mode: "act", "audit" or "ask".
        reason: in a word or two; see :data:`REASONS`.
        score: the estimated probability that the answer is right.
        threshold: from which score an answer is stood behind now; None where that was not looked at.
        propensity: the probability of being audited; None if the answer is not stood behind.
        coin: in [0, 1); None if the answer is not stood behind.
        ledger: the name of the ledger that counts it; None if the answer is not stood behind.
        target: T in force.
    """

    mode: Mode
    reason: str
    score: float
    threshold: float | None
    propensity: float | None
    coin: float | None
    ledger: str | None
    target: float


REASONS = {
    "sure": "it is sure enough, and has shown that it can be",
    "audit": "it would answer alone; the coin says that a teacher looks at it",
    "shadow": "it is sure enough, but has not shown enough yet",
    "unsure": "it is not sure enough",
    "too dear": "asking costs less than what a wrong answer or an audit is likely to cost",
    "paused": "it is paused",
    "always ask": "this option is never answered alone",
    "cap": "it has answered as many alone as it may for now",
    "new": "the answer is probably an option that it does not know",
    "far": "it is far from everything that was learned",
    "nothing known": "it knows no option",
}
"""Why a decision has its mode."""


class Gate:
    """The state of one learner's autonomy.

    Args:
        node: the learner's id; only its own events count.
        key: the journal's key of coins; None in a learner that cannot decide.
        settings: those of the job, in force until the journal has some.
    """

    def __init__(self, node: str, key: str | None, settings: Autonomy) -> None:
        self.node = node
        self.settings = settings
        self.declared: dict[str, Any] | None = None  # what the newest configure event said
        self.policy = Policy()
        self.pricers: dict[str, Policy] = {}  # segment -> its own prices, where the guarantee is divided
        self.familiar = Familiar()
        self.books: dict[str, Book] = {}
        self.current: dict[str, str] = {}  # segment -> ledger
        self.pending: dict[str, tuple[str, float, int]] = {}  # decision -> ledger, q, number
        self._key = key
        self._family, self._appeared = 1, 0
        self._recent = Recent()

    # -- ruling

    def rule(
        self, decision_id: str, answer: str | None, signals: Signals, segment: str, at: float, *, always_ask: bool
    ) -> Ruling:
        """The mode of a decision; changes nothing.

        Args:
            decision_id: the id that the journal gives it.
            answer: the proposed answer.
            signals: the proposal's.
            segment: the part of the work that it belongs to.
            at: its own time.
            always_ask: whether the answer is an option that is never answered alone.
        """
        settings = self.settings
        target, score = settings.target, self.policy.score(signals)
        reason = self._before_the_coin(answer, signals, at, always_ask)
        if reason is not None:
            return Ruling("ask", reason, score, None, None, None, None, target)
        book = self._book_of(segment)
        ledger = book.ledger
        pricer = self.pricer(segment)
        plan = pricer.plan(target, ledger)
        threshold = plan.threshold
        is_open = self._opens(book, plan)
        q = min(1.0, max(ledger.q_min, pricer.audit_rate(score, target, ledger))) if is_open else ledger.q_min
        if not settings.pays(score, q):
            return Ruling("ask", "too dear", score, threshold, None, None, None, target)
        if score < threshold:
            return Ruling("ask", "unsure", score, threshold, None, None, None, target)
        assert self._key is not None
        flip = coin(self._key, decision_id)
        if not is_open:
            return Ruling("ask", "shadow", score, threshold, 1.0, flip, book.name, target)
        mode, reason = ("audit", "audit") if flip < q else ("act", "sure")
        return Ruling("act" if mode == "act" else "audit", reason, score, threshold, q, flip, book.name, target)

    def is_open(self, segment: str) -> bool:
        """Whether answers of a segment can be given alone now, if they are sure enough; changes nothing."""
        book = self._book_of(segment)
        plan = self.pricer(segment).plan(self.settings.target, book.ledger)
        return not self.settings.paused and self._opens(book, plan)

    def ledger_of(self, segment: str) -> Ledger:
        """The ledger that the next answer stood behind in a segment would enter."""
        return self._book_of(segment).ledger

    @property
    def stood_behind(self) -> tuple[int, int]:
        """V and U of the ledgers in force: answers stood behind, and at most how many of them are wrong."""
        ledgers = [self.books[name].ledger for name in self.current.values()]
        return sum(ledger.answers for ledger in ledgers), sum(ledger.bound() for ledger in ledgers)

    def pricer(self, segment: str) -> Policy:
        """The policy that sets thresholds and audit rates in a segment; scores come from the one policy for all."""
        return self.policy if self.settings.guarantee_by is None else self.pricers.get(segment) or Policy()

    def alarms(self) -> list[Alarm]:
        """Alarms that are due and not journaled yet."""
        target = self.settings.target
        found = (self.books[name].alarm(target) for name in self.current.values())
        return [alarm for alarm in found if alarm is not None]

    # -- folding

    def fold(self, event: Event, find: Callable[[str], Event | None]) -> None:
        """Takes one event, in order of arrival.

        Args:
            event: any; those of other learners and kinds are passed over.
            find: gives the decision of an id.
        """
        if event.node != self.node:
            return
        if event.kind == "configure":
            self._fold_configure(event, find)
        elif event.kind == "decision":
            if event.propensity is not None and event.ledger is not None:
                self._fold_decision(event, event.ledger, event.propensity)
            if event.data.get("threshold") is not None:
                ledger = (
                    self.ledger_of(event.data["segment"]) if event.ledger is None else self.books[event.ledger].ledger
                )
                self._saw(event, ledger)
        elif event.kind == "lesson" and event.correct is not None and event.decision_id is not None:
            decision = find(event.decision_id)
            if decision is not None:
                self._fold_verdict(bool(event.correct), decision)

    def _fold_configure(self, event: Event, find: Callable[[str], Event | None]) -> None:
        data = event.data
        for decision_id, right in data.get("verdicts", []):
            if decision_id in self.pending and (decision := find(decision_id)) is not None:
                self._fold_verdict(bool(right), decision)
        if "alarm" in data:
            book = self.books.get(data["alarm"]["ledger"])
            if book is not None and not book.closed:
                book.closed = Alarm.from_dict(data["alarm"]).reason
                self._retire(book)
        if "settings" in data:
            new = Autonomy.from_dict(data["settings"])
            changed = any(getattr(new, name) != getattr(self.settings, name) for name in LEDGER_SETTINGS)
            self.settings, self.declared = new, dict(data)
            if changed:
                for name in self.current.values():
                    self.books[name].closed = "the settings that are fixed for a ledger were changed"
                self.current.clear()
                self.pricers.clear()
                if any(numbers(name)[0] == self._family for name in self.books):
                    self._family, self._appeared = self._family + 1, 0

    def _fold_decision(self, event: Event, name: str, q: float) -> None:
        family, number = numbers(name)
        segment = event.data.get("segment")
        book = self.books.get(name)
        if book is None:
            book = self.books[name] = self._new_book(name, segment)
            self._family, self._appeared = family, max(self._appeared, number)
        if segment is not None and not book.closed:
            book.segment = segment
            self.current[segment] = name
        book.stand(self.settings.target, q, mode=str(event.mode), at=event.at)
        if event.mode == "act":
            self._recent.add(event.at)
        else:
            self.pending[event.id] = (name, q, book.ledger.answers)

    def _saw(self, event: Event, ledger: Ledger) -> None:
        if self.settings.guarantee_by is not None:
            self.pricers.setdefault(event.data["segment"], Policy())
        self.pricer(event.data["segment"]).saw(float(event.data["score"]), self.settings.target, ledger)

    def _fold_verdict(self, right: bool, decision: Event) -> None:
        if decision.node != self.node:
            return
        propensity = 1.0
        if decision.id in self.pending:
            name, propensity, number = self.pending.pop(decision.id)
            self.books[name].verdict(self.settings.target, propensity, right=right, number=number)
        elif decision.mode == "act" and decision.ledger is not None:
            self.books[decision.ledger].uncalled(right=right)
            return  # whether such a task is labelled depends on who complains, so the policy does not learn from it
        if "signals" in decision.data and not decision.forgotten:
            signals = Signals.from_dict(decision.data["signals"])
            self.policy.learn(signals, float(decision.data["score"]), right, propensity)
            if right:
                self.familiar.learn(signals.novelty)

    # -- snapshot

    def state(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """As arrays and a document."""
        arrays = {f"policy/{key}": value for key, value in self.policy.state().items()}
        arrays |= {f"familiar/{key}": value for key, value in self.familiar.state().items()}
        for name, book in self.books.items():
            arrays |= {f"book/{name}/{key}": value for key, value in book.state().items()}
        for place, pricer in enumerate(self.pricers.values()):
            arrays |= {f"pricer/{place}/{key}": value for key, value in pricer.state().items()}
        document = {
            "pricers": list(self.pricers),
            "format": FORMAT,
            "settings": self.settings.to_dict(),
            "declared": self.declared,
            "books": {name: book.document() for name, book in self.books.items()},
            "current": self.current,
            "pending": [[id, *entry] for id, entry in self.pending.items()],
            "family": [self._family, self._appeared],
            "recent": self._recent.state(),
        }
        return arrays, document

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]], document: Mapping[str, Any]) -> bool:
        """From :meth:`state`; False, and nothing is changed, if another version wrote it."""
        if document.get("format") != FORMAT:
            return False
        parts: dict[str, dict[str, npt.NDArray[Any]]] = {}
        for path, value in arrays.items():
            part, key = path.rsplit("/", 1)
            parts.setdefault(part, {})[key] = np.asarray(value)
        self.settings, self.declared = Autonomy.from_dict(document["settings"]), document["declared"]
        self.policy.restore(parts["policy"])
        self.familiar.restore(parts["familiar"])
        self.pricers = {segment: Policy() for segment in document["pricers"]}
        for place, pricer in enumerate(self.pricers.values()):
            pricer.restore(parts[f"pricer/{place}"])
        self.books = {name: Book.restore(text, parts[f"book/{name}"]) for name, text in document["books"].items()}
        self.current = dict(document["current"])
        self.pending = {id: (name, q, number) for id, name, q, number in document["pending"]}
        self._family, self._appeared = document["family"]
        self._recent = Recent(document["recent"])
        return True

    def copy(self) -> Gate:
        """One that nothing changes, for reading while the learner goes on."""
        twin = Gate(self.node, self._key, self.settings)
        twin.restore(*self.state())
        return twin

    # -- inside

    def _before_the_coin(self, answer: str | None, signals: Signals, at: float, always_ask: bool) -> str | None:
        settings = self.settings
        if answer is None:
            return "nothing known"
        if settings.paused:
            return "paused"
        if always_ask:
            return "always ask"
        if self._recent.full(settings.per_hour, settings.per_day, at):
            return "cap"
        if signals.new > signals.probability:
            return "new"
        if self.familiar.is_far(signals.novelty):
            return "far"
        return None

    def _opens(self, book: Book, plan: Plan) -> bool:
        target = self.settings.target
        return self.settings.active and plan.open and book.alarm(target) is None and book.allows(target)

    def _book_of(self, segment: str) -> Book:
        """The book that the next answer stood behind in a segment would enter."""
        name = self.current.get(segment) or self._next_name()
        return self.books.get(name) or self._new_book(name, segment)

    def _next_name(self) -> str:
        return f"{self._family}.{0 if self.settings.guarantee_by is None else self._appeared + 1}"

    def _new_book(self, name: str, segment: str | None) -> Book:
        confidence = ledger_confidence(self.settings.confidence, name)
        return Book(name, segment, Ledger(confidence, self.settings.q_min))

    def _retire(self, book: Book) -> None:
        self.current = {segment: name for segment, name in self.current.items() if name != book.name}
        family, number = numbers(book.name)
        if number == 0 and family == self._family:
            self._family, self._appeared = family + 1, 0
