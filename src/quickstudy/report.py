"""The report: how a learner is doing, as data. Everything in it is computed from the journal and the learned state.

Accuracy and calibration are of tasks, not of lessons. A learner that works alone is taught mostly what is hard; so a
lesson on an audit counts for 1/q tasks, q the probability that there would be one (Hájek's estimator of a mean). It is
not cut off: that would bring the bias back. So a few lessons can weigh much; how many there are, and for how many tasks
they stand, is beside every share. Corrections that nobody asked for count as one task each.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from quickstudy.autonomy.account import Account, account
from quickstudy.autonomy.gate import Gate
from quickstudy.autonomy.past import read_past
from quickstudy.autonomy.teachers import TeachersReport, make_teachers_report
from quickstudy.autonomy.twice import draw
from quickstudy.calls import PREFIX, Calls, calls_of
from quickstudy.job import Job
from quickstudy.journal import Journal
from quickstudy.knowledge import Knowledge
from quickstudy.mind import History
from quickstudy.options import Options
from quickstudy.types import FloatArray

Hits: TypeAlias = npt.NDArray[np.bool_]

POINTS = 20
BINS = 10
RECENT = 200


@dataclass(frozen=True, slots=True)
class Point:
    """One stretch of lessons: every task was predicted before its lesson was learned.

    Attributes:
        lessons: how many lessons had been learned at the stretch's end.
        accuracy: share of the stretch's tasks that were predicted right.
        confidence: mean probability given to these predictions.
        count: how many lessons the stretch has.
        tasks: how many tasks they stand for.
    """

    lessons: int
    accuracy: float
    confidence: float
    count: int
    tasks: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions of similar confidence: their mean confidence, their accuracy, how many, and for how many tasks."""

    confidence: float
    accuracy: float
    count: int
    tasks: float


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
        recent_tasks: how many tasks these lessons stand for.
        calibration: reliability in ten bins of confidence, over the newest 2,000 lessons.
        calibration_error: mean distance of confidence and accuracy over the bins, weighted by tasks.
        weights: each expert's weight in the pool.
        confusions: the most frequent ones.
        started: time of the first lesson in force, seconds since 1970; None before it.
        newest: time of the newest one.
        autonomy: what it does alone, and what is promised of that.
        teachers: who taught, and how often they are wrong.
        calls: how many calls of a model it saved; None if it stands in front of none.
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
    recent_tasks: float
    calibration: tuple[Bin, ...]
    calibration_error: float | None
    weights: dict[str, float]
    confusions: tuple[Confusion, ...]
    started: float | None
    newest: float | None
    autonomy: Account
    teachers: TeachersReport
    calls: Calls | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return {**asdict(self), "teachers": self.teachers.to_dict()}


def make_report(job: Job, encoder: str, journal: Journal, knowledge: Knowledge | None, gate: Gate) -> Report:
    """The report of a learner with this journal, knowledge and gate."""
    decisions = rewards = forgotten = calls = alone = 0
    for event in journal.events(kinds=["decision", "lesson"]):
        forgotten += event.forgotten
        decisions += event.kind == "decision" and not event.forgotten
        rewards += event.kind == "lesson" and event.value is not None
        if event.kind == "decision" and event.request_id is not None and event.request_id.startswith(PREFIX):
            calls += 1
            alone += event.mode == "act"
    history = knowledge.mind.history if knowledge else History()
    names = knowledge.options.names if knowledge else list(job.options)
    right = history.taught == history.proposed
    times = [standing.at for standing in knowledge.in_force.values()] if knowledge else []
    tasks = np.array(knowledge.tasks if knowledge else [])
    bins = calibration(history.confidence[-2000:].astype(float), right[-2000:], tasks[-2000:])
    total = sum(part.tasks for part in bins)
    return Report(
        job=job.name,
        encoder=encoder,
        lessons=len(times),
        decisions=decisions,
        options=len(knowledge.options.current()) if knowledge else len(job.options),
        waiting=len(journal.waiting()),
        rewards=rewards,
        forgotten=forgotten,
        accuracy=stretches(history.confidence.astype(float), right, tasks),
        recent_accuracy=_mean(right[-RECENT:], tasks[-RECENT:]) if len(right) else None,
        recent_tasks=float(tasks[-RECENT:].sum()),
        calibration=bins,
        calibration_error=sum(abs(b.confidence - b.accuracy) * b.tasks for b in bins) / total if total else None,
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
        calls=calls_of(journal, calls, alone),
    )


def stretches(confidence: FloatArray, right: Hits, tasks: FloatArray) -> tuple[Point, ...]:
    """Prequential accuracy in at most ``POINTS`` stretches of equally many lessons, oldest first.

    Args:
        confidence: of each prediction, (n,).
        right: whether it was right, (n,).
        tasks: how many tasks it stands for, (n,).
    """
    edges = np.unique(np.linspace(0, len(right), min(POINTS, max(1, len(right) // 10)) + 1).astype(int))
    points = []
    for start, end in pairwise(edges.tolist()):
        weights = tasks[start:end]
        accuracy, sure = _mean(right[start:end], weights), _mean(confidence[start:end], weights)
        points.append(Point(end, accuracy, sure, end - start, float(weights.sum())))
    return tuple(points)


def calibration(confidence: FloatArray, right: Hits, tasks: FloatArray) -> tuple[Bin, ...]:
    """Reliability in ``BINS`` equal bins of confidence; empty bins are left out. Takes what :func:`stretches` takes."""
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = []
    for place in np.unique(places):
        inside = places == place
        weights = tasks[inside]
        sure, accuracy = _mean(confidence[inside], weights), _mean(right[inside], weights)
        bins.append(Bin(sure, accuracy, int(inside.sum()), float(weights.sum())))
    return tuple(bins)


def _mean(values: FloatArray | Hits, weights: FloatArray) -> float:
    return float(np.average(values, weights=weights))


def _confusions(history: History, names: list[str]) -> tuple[Confusion, ...]:
    pairs = zip(history.taught[-2000:].tolist(), history.proposed[-2000:].tolist(), strict=True)
    wrong = Counter((taught, proposed) for taught, proposed in pairs if taught != proposed)
    ordered = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))[:10]
    return tuple(Confusion(names[taught], names[proposed], count) for (taught, proposed), count in ordered)
