"""The account: what a learner does alone, what is promised of it, and what can still be wrong. Pure reading.

Invariant: everything in it is computed from the journal and from the gate that the journal makes. Not here: printing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from quickstudy.autonomy.books import Book
from quickstudy.autonomy.gate import Gate
from quickstudy.autonomy.past import UNKNOWN, WRONG, Past
from quickstudy.autonomy.settings import Autonomy
from quickstudy.autonomy.whatif import Nine, nines

CLAIM = (
    "Whenever the learner answers alone: of the V answers it has stood behind so far, at most T% are wrong, with "
    "probability at least C over the audit coins."
)
"""The promise, word for word."""

STOOD_BEHIND = (
    '"Stood behind": the score passed the threshold in force before any verdict: in shadow, audited or unchecked.'
)
NOT_PROMISED = "Nothing is promised about the next answer, a recent window, or the teacher's own errors."

RECENT = 200
SHOWN = 6
"""Of so many ledgers V is said in one line; all are in the table."""


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One ledger.

    Attributes:
        name: its name.
        segment: the part of the work it is about; empty for all of it; None if all of it was forgotten.
        state: "alone" (it answers alone), "shadow" (everything is asked), or why it was closed.
        confidence: with which its own bound holds; all ledgers' bounds hold together with the confidence in force.
        answers: V, answers stood behind.
        shadow: of these, in shadow.
        audited: of these, audited by a coin.
        unchecked: of these, given alone and not checked.
        errors: found wrong by audits and in shadow.
        pending: without a verdict yet; they count as wrong.
        bound: U, at most so many of the V are wrong.
        can_still_be_wrong: how many of the unchecked ones can be wrong.
        allowed: how many the target allows to be wrong.
        corrections: answers given alone that were corrected unasked.
        confirmed: answers given alone that were confirmed unasked.
    """

    name: str
    segment: str | None
    state: str
    confidence: float
    answers: int
    shadow: int
    audited: int
    unchecked: int
    errors: int
    pending: int
    bound: int
    can_still_be_wrong: int
    allowed: int
    corrections: int
    confirmed: int


@dataclass(frozen=True, slots=True)
class Saving:
    """What the gate saves beside asking about everything, at the user's prices.

    Attributes:
        expected: with the errors that are expected among the unchecked answers.
        least: with as many errors as the bounds allow.
        asking: what asking about everything would have cost.
    """

    expected: float
    least: float
    asking: float


@dataclass(frozen=True, slots=True)
class Account:
    """What a learner does alone.

    Attributes:
        claim: what is promised, word for word.
        settings: the settings in force.
        decisions: decisions of this learner.
        alone: of these, answered alone.
        audits: of these, answered and audited.
        asked: of these, asked.
        share_alone: alone / decisions; None before the first.
        recent_share_alone: the same for the newest 200.
        audits_waiting: audits without a verdict.
        answers: V in the open ledgers.
        bound: U in the open ledgers.
        expected_error: the share of the answers stood behind that is probably wrong, from audits weighted by 1/q; None
            before the first verdict.
        ledgers: all, the closed ones too.
        nines: at each level of reliability, how much would be done alone.
        saving: where prices are given.
    """

    claim: str
    settings: dict[str, Any]
    decisions: int
    alone: int
    audits: int
    asked: int
    share_alone: float | None
    recent_share_alone: float | None
    audits_waiting: int
    answers: int
    bound: int
    expected_error: float | None
    ledgers: tuple[LedgerLine, ...]
    nines: tuple[Nine, ...]
    saving: Saving | None

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return asdict(self)

    @property
    def target(self) -> float:
        """T: the target error, or less where prices say so."""
        return Autonomy.from_dict(self.settings).target

    @property
    def letters(self) -> str:
        """What the claim's letters stand for now."""
        settings = self.settings
        answers = f"V = {self.answers:,}"
        if settings["guarantee_by"] is not None:
            parts = [line.answers for line in self.ledgers if line.state in ("alone", "shadow")]
            each = ", ".join(f"{count:,}" for count in parts[:SHOWN]) + (", …" if len(parts) > SHOWN else "")
            answers = f"V = {each or 0}, a claim for each {settings['guarantee_by']} by itself"
        why = "" if self.target == settings["target_error"] else " (by the prices)"
        return f"Now {answers}, T = {100 * self.target:g}{why}, C = {100 * settings['confidence']:g}%."

    def promise(self) -> str:
        """The claim, and what its letters stand for now."""
        return f"{self.claim} {self.letters}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the open ledgers say now.

    Attributes:
        answers: V, answers stood behind.
        bound: U, at most so many of them are wrong.
        target: T.
        waiting: audits and questions in shadow without a verdict.
    """

    answers: int
    bound: int
    target: float
    waiting: int

    @property
    def share(self) -> float | None:
        """U / V; None before the first answer."""
        return self.bound / self.answers if self.answers else None


def standing(gate: Gate) -> Standing:
    """What the open ledgers of a gate say now; it takes no time that grows with the journal."""
    answers, bound = gate.stood_behind
    return Standing(
        answers=answers,
        bound=bound,
        target=gate.settings.target,
        waiting=len(gate.pending),
    )


def account(gate: Gate, past: Past) -> Account:
    """The account of a learner.

    Args:
        gate: its gate; it is not changed.
        past: its past decisions.
    """
    settings = gate.settings
    alone, audited = past.alone, past.audited
    lines = tuple(_line(gate, book) for book in gate.books.values())
    answers, bound = gate.stood_behind
    stood = ~np.isnan(past.propensity)
    checked = stood & (past.verdict != UNKNOWN) & ~alone
    found = checked & (past.verdict == WRONG)
    errors = float((1.0 / past.propensity[found]).sum())
    count = len(past)
    return Account(
        claim=CLAIM,
        settings=settings.to_dict(),
        decisions=count,
        alone=int(alone.sum()),
        audits=int(audited.sum()),
        asked=int(count - alone.sum() - audited.sum()),
        share_alone=float(alone.mean()) if count else None,
        recent_share_alone=float(alone[-RECENT:].mean()) if count else None,
        audits_waiting=sum(q < 1.0 for _, q, _ in gate.pending.values()),
        answers=answers,
        bound=bound,
        expected_error=min(1.0, errors / float(stood.sum())) if checked.any() else None,
        ledgers=lines,
        nines=tuple(nines(gate, past)),
        saving=_saving(gate, past, lines),
    )


def _line(gate: Gate, book: Book) -> LedgerLine:
    ledger, target = book.ledger, gate.settings.target
    bound = ledger.bound()
    able = book.segment is not None and gate.current.get(book.segment) == book.name and gate.is_open(book.segment)
    return LedgerLine(
        name=book.name,
        segment=book.segment,
        state=book.closed or ("alone" if able else "shadow"),
        confidence=ledger.confidence,
        answers=ledger.answers,
        shadow=book.shadow,
        audited=ledger.audited - book.shadow,
        unchecked=ledger.unchecked,
        errors=ledger.errors,
        pending=ledger.pending,
        bound=bound,
        can_still_be_wrong=bound - ledger.certain,
        allowed=int(target * ledger.answers + 1e-9),
        corrections=book.corrections,
        confirmed=book.confirmed,
    )


def _saving(gate: Gate, past: Past, lines: tuple[LedgerLine, ...]) -> Saving | None:
    settings = gate.settings
    if settings.price_wrong is None or settings.price_ask is None:
        return None
    alone, audited = past.alone, past.audited
    asking = settings.price_ask * len(past)
    spent = settings.price_ask * float(len(past) - alone.sum() - audited.sum())
    spent += (settings.price_audit or 0.0) * float(audited.sum())
    doubt = float(np.nan_to_num(1.0 - past.score[alone]).sum())
    worst = sum(max(line.can_still_be_wrong, line.corrections) for line in lines)
    return Saving(
        expected=asking - spent - settings.price_wrong * doubt,
        least=asking - spent - settings.price_wrong * worst,
        asking=asking,
    )
