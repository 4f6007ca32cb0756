"""The report: how a learner is doing, as data. Everything in it is computed from the journal and the learned state."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from quickstudy.autonomy.account import Account, account
from quickstudy.autonomy.gate import Gate
from quickstudy.autonomy.past import read_past
from quickstudy.autonomy.teachers import TeachersReport, make_teachers_report
from quickstudy.autonomy.twice import draw
from quickstudy.job import Job
from quickstudy.journal import Journal
from quickstudy.knowledge import Knowledge
from quickstudy.mind import History
from quickstudy.options import Options

POINTS = 20
BINS = 10


@dataclass(frozen=True, slots=True)
class Point:
    """One stretch of lessons: every task was predicted before its lesson was learned.

    Attributes:
        lessons: how many lessons had been learned at the stretch's end.
        accuracy: share of right predictions in the stretch.
        confidence: mean probability given to these predictions.
        count: how many lessons the stretch has.
    """

    lessons: int
    accuracy: float
    confidence: float
    count: int


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions of similar confidence: their mean confidence, their accuracy, and how many they are."""

    confidence: float
    accuracy: float
    count: int


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often ``proposed`` was said where ``taught`` was right, among the newest 2,000 lessons."""

    taught: str
    proposed: str
    count: int


@dataclass(frozen=True, slots=True)
class Report:
    """How a learner is doing.

    Attributes:
        job: the job's name.
        encoder: the encoder's name.
        lessons: lessons in force.
        decisions: decisions journaled and not forgotten.
        options: options in force.
        waiting: decisions that nobody answered.
        rewards: rewards journaled.
        forgotten: events that were forgotten.
        accuracy: prequential accuracy over time.
        recent_accuracy: over the newest 200 lessons; None before the first.
        calibration: reliability in ten bins of confidence, over the newest 2,000 lessons.
        calibration_error: mean distance of confidence and accuracy over the bins, weighted by count.
        weights: each expert's weight in the pool.
        confusions: the most frequent ones.
        started: time of the first lesson in force, seconds since 1970; None before it.
        newest: time of the newest one.
        autonomy: what it does alone, and what is promised of that.
        teachers: who taught, and how often they are wrong.
    """

    job: str
    encoder: str
    lessons: int
    decisions: int
    options: int
    waiting: int
    rewards: int
    forgotten: int
    accuracy: tuple[Point, ...]
    recent_accuracy: float | None
    calibration: tuple[Bin, ...]
    calibration_error: float | None
    weights: dict[str, float]
    confusions: tuple[Confusion, ...]
    started: float | None
    newest: float | None
    autonomy: Account
    teachers: TeachersReport

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return {**asdict(self), "teachers": self.teachers.to_dict()}


def make_report(job: Job, encoder: str, journal: Journal, knowledge: Knowledge | None, gate: Gate) -> Report:
    """The report of a learner with this journal, knowledge and gate."""
    decisions = rewards = forgotten = 0
    for event in journal.events(kinds=["decision", "lesson"]):
        forgotten += event.forgotten
        decisions += event.kind == "decision" and not event.forgotten
        rewards += event.kind == "lesson" and event.value is not None
    history = knowledge.mind.history if knowledge else History()
    names = knowledge.options.names if knowledge else list(job.options)
    right = history.taught == history.proposed
    times = [standing.at for standing in knowledge.in_force.values()] if knowledge else []
    bins = calibration(history.confidence[-2000:].astype(float), right[-2000:])
    total = sum(part.count for part in bins)
    return Report(
        job=job.name,
        encoder=encoder,
        lessons=len(times),
        decisions=decisions,
        options=len(knowledge.options.current()) if knowledge else len(job.options),
        waiting=len(journal.waiting()),
        rewards=rewards,
        forgotten=forgotten,
        accuracy=stretches(history.confidence.astype(float), right),
        recent_accuracy=float(right[-200:].mean()) if len(right) else None,
        calibration=bins,
        calibration_error=sum(abs(b.confidence - b.accuracy) * b.count for b in bins) / total if total else None,
        weights=(
            {e.name: float(w) for e, w in zip(knowledge.mind.experts, knowledge.mind.pool.weights, strict=True)}
            if knowledge
            else {}
        ),
        confusions=_confusions(history, names),
        started=min(times, default=None),
        newest=max(times, default=None),
        autonomy=account(gate, read_past(journal, gate.node)),
        teachers=make_teachers_report(
            journal, knowledge.options if knowledge else Options(), draw(journal, gate.node), gate.stood_behind
        ),
    )


def stretches(confidence: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> tuple[Point, ...]:
    """Prequential accuracy in at most ``POINTS`` stretches of equal length, oldest first."""
    edges = np.unique(np.linspace(0, len(right), min(POINTS, max(1, len(right) // 10)) + 1).astype(int))
    return tuple(
        Point(int(end), float(right[start:end].mean()), float(confidence[start:end].mean()), int(end - start))
        for start, end in pairwise(edges)
    )


def calibration(confidence: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> tuple[Bin, ...]:
    """Reliability in ``BINS`` equal bins of confidence; empty bins are left out."""
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(float(confidence[places == b].mean()), float(right[places == b].mean()), int((places == b).sum()))
        for b in np.unique(places)
    )


def _confusions(history: History, names: list[str]) -> tuple[Confusion, ...]:
    pairs = zip(history.taught[-2000:].tolist(), history.proposed[-2000:].tolist(), strict=True)
    wrong = Counter((taught, proposed) for taught, proposed in pairs if taught != proposed)
    ordered = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))[:10]
    return tuple(Confusion(names[taught], names[proposed], count) for (taught, proposed), count in ordered)
