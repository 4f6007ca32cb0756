"""The demo's run, apart from its screen: what a learner did on a stream of labelled phrases, and its curves.

Invariant: everything shown (accuracy, share sure, calibration) is prequential: counted before the phrase was taught.
Not here: the terminal (``screen``), the command (``demo``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from quickstudy.cli.asking import in_words
from quickstudy.types import Decision

if TYPE_CHECKING:
    from quickstudy.autonomy.account import Standing

WINDOW = 200
SURE = 0.9
"""From which probability the learner counts as sure."""
CALIBRATION_BINS = 10


@dataclass(frozen=True, slots=True)
class Example:
    """One decision worth showing: phrase → answer, right or wrong, and the nearest remembered phrase."""

    kind: str
    phrase: str
    answer: str
    right_answer: str
    probability: float
    like: str
    like_answer: str

    @property
    def right(self) -> bool:
        """Whether the answer was right."""
        return self.answer == self.right_answer


@dataclass(slots=True)
class Run:
    """What happened so far, one entry a phrase.

    Attributes:
        total: how many phrases there are.
        right: whether the first answer was right.
        probability: how sure it was.
        accuracy: share right among the last 200.
        sure: share with a probability of at least 0.9 among the last 200.
        accuracy_if_sure: share right among these, NaN where there are none.
        examples: the latest of each kind, see :meth:`add`.
        modes: act, audit or ask.
        stood: whether the answer was stood behind.
        standing: what the learner's ledgers say now.
    """

    total: int
    right: list[bool] = field(default_factory=list)
    probability: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    sure: list[float] = field(default_factory=list)
    accuracy_if_sure: list[float] = field(default_factory=list)
    examples: dict[str, Example] = field(default_factory=dict)
    modes: list[str] = field(default_factory=list)
    stood: list[bool] = field(default_factory=list)
    standing: Standing | None = None

    @property
    def done(self) -> int:
        """How many phrases were done."""
        return len(self.right)

    def add(self, decision: Decision, right_answer: str, *, show: bool = True) -> None:
        """Counts one decision; with ``show`` it may replace the example of its kind.

        The kinds: it was sure and right; it was not sure (and would ask); it was sure and wrong.
        """
        is_right = decision.answer == right_answer
        self.right.append(is_right)
        self.probability.append(decision.probability)
        self.modes.append(decision.mode)
        self.stood.append(decision.mode != "ask" or decision.reason == "shadow")
        right, sure = self.right[-WINDOW:], [p >= SURE for p in self.probability[-WINDOW:]]
        n_sure = sum(sure)
        self.accuracy.append(sum(right) / len(right))
        self.sure.append(n_sure / len(sure))
        both = sum(r and s for r, s in zip(right, sure, strict=True))
        self.accuracy_if_sure.append(both / n_sure if n_sure else math.nan)
        near = next((n for n in decision.evidence.neighbours if isinstance(n.situation, str) and n.lesson_id), None)
        if near is None or decision.answer is None:
            return
        kind = "unsure" if decision.probability < SURE else ("right" if is_right else "wrong")
        if show or kind not in self.examples:
            self.examples[kind] = Example(
                kind=kind,
                phrase=in_words(decision.situation, 200),
                answer=decision.answer,
                right_answer=right_answer,
                probability=decision.probability,
                like=in_words(str(near.situation), 200),
                like_answer=near.answer,
            )

    @property
    def alone(self) -> float:
        """Share answered alone among the last 200."""
        latest = self.modes[-WINDOW:]
        return latest.count("act") / len(latest) if latest else 0.0

    def error(self, wanted: Sequence[bool]) -> float | None:
        """The true share of wrong answers among the phrases marked ``wanted``; None if there are none."""
        right = [right for right, wants in zip(self.right, wanted, strict=True) if wants]
        return 1.0 - sum(right) / len(right) if right else None

    def calibration(self) -> list[tuple[float, float, int]]:
        """(mean probability, share right, count) of each used bin of ten."""
        bins: list[list[tuple[float, bool]]] = [[] for _ in range(CALIBRATION_BINS)]
        for p, right in zip(self.probability, self.right, strict=True):
            bins[min(int(p * CALIBRATION_BINS), CALIBRATION_BINS - 1)].append((p, right))
        return [
            (sum(p for p, _ in part) / len(part), sum(right for _, right in part) / len(part), len(part))
            for part in bins
            if part
        ]

    def to_dict(self) -> dict[str, Any]:
        """The summary as plain data."""
        n = self.done
        sure = [p >= SURE for p in self.probability]
        both = sum(r and s for r, s in zip(self.right, sure, strict=True))
        first = self.right[:100]
        return {
            "tasks": n,
            "of": self.total,
            "accuracy": sum(self.right) / n if n else None,
            "accuracy_first_100": sum(first) / len(first) if first else None,
            "accuracy_last_200": self.accuracy[-1] if n else None,
            "sure_last_200": self.sure[-1] if n else None,
            "sure": sum(sure) / n if n else None,
            "accuracy_if_sure": both / sum(sure) if any(sure) else None,
            "mean_probability": sum(self.probability) / n if n else None,
            "alone": self.modes.count("act"),
            "alone_last_200": self.alone,
            "audits": self.modes.count("audit"),
            "alone_error": self.error([mode == "act" for mode in self.modes]),
            "stood_behind": sum(self.stood),
            "stood_behind_error": self.error(self.stood),
            "bound": self.standing.share if self.standing else None,
        }
