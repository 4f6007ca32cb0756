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


@dataclass(frozen=True, slots=True)
class Learned:
    """What a report needs of what was learned, as it stood at one moment: nobody waits while the report is made.

    Attributes:
        taught: each lesson's taught column, (n,).
        proposed: the column proposed before it, (n,).
        confidence: the proposal's probability, (n,).
        tasks: how many tasks each lesson stands for, (n,).
        times: of the lessons in force, seconds since 1970.
        weights: each expert's weight in the pool.
        options: as they stood.
    """

    taught: npt.NDArray[np.int32]
    proposed: npt.NDArray[np.int32]
    confidence: FloatArray
    tasks: FloatArray
    times: tuple[float, ...]
    weights: dict[str, float]
    options: Options


def learned(knowledge: Knowledge | None, job: Job) -> Learned:
    """A copy of what a report needs."""
    if knowledge is None:
        options = Options()
        for name in job.options:
            options.add(name)
        nothing = np.zeros(0)
        return Learned(nothing.astype(np.int32), nothing.astype(np.int32), nothing, nothing, (), {}, options)
    history, mind = knowledge.mind.history, knowledge.mind
    return Learned(
        taught=history.taught.copy(),
        proposed=history.proposed.copy(),
        confidence=history.confidence.astype(float),
        tasks=np.array(knowledge.tasks, dtype=float),
        times=tuple(standing.at for standing in knowledge.in_force.values()),
        weights={e.name: float(w) for e, w in zip(mind.experts, mind.pool.weights, strict=True)},
        options=Options.restore(knowledge.options.state()),
    )


def make_report(job: Job, encoder: str, journal: Journal, known: Learned, gate: Gate) -> Report:
    """The report of a learner with this journal, that knew this, and had this gate.

    Args:
        job: the learner's.
        encoder: its encoder's name.
        journal: read a page at a time; others may write it meanwhile.
        known: what it knew.
        gate: a copy; it is not changed.
    """
    decisions = rewards = forgotten = calls = alone = 0
    for event in journal.events(kinds=["decision", "lesson"], light=True):
        forgotten += event.forgotten
        decisions += event.kind == "decision" and not event.forgotten
        rewards += event.kind == "lesson" and event.value is not None
        if event.kind == "decision" and event.request_id is not None and event.request_id.startswith(PREFIX):
            calls += 1
            alone += event.mode == "act"
    right, tasks = known.taught == known.proposed, known.tasks
    bins = calibration(known.confidence[-2000:], right[-2000:], tasks[-2000:])
    total = sum(part.tasks for part in bins)
    return Report(
        job=job.name,
        encoder=encoder,
        lessons=len(known.times),
        decisions=decisions,
        options=len(known.options.current()),
        waiting=len(journal.waiting()),
        rewards=rewards,
        forgotten=forgotten,
        accuracy=stretches(known.confidence, right, tasks),
        recent_accuracy=_mean(right[-RECENT:], tasks[-RECENT:]) if len(right) else None,
        recent_tasks=float(tasks[-RECENT:].sum()),
        calibration=bins,
        calibration_error=sum(abs(b.confidence - b.accuracy) * b.tasks for b in bins) / total if total else None,
        weights=known.weights,
        confusions=_confusions(known),
        started=min(known.times, default=None),
        newest=max(known.times, default=None),
        autonomy=account(gate, read_past(journal, gate.node)),
        teachers=make_teachers_report(journal, known.options, draw(journal, gate.node), gate.stood_behind),
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


def _confusions(known: Learned) -> tuple[Confusion, ...]:
    pairs = zip(known.taught[-2000:].tolist(), known.proposed[-2000:].tolist(), strict=True)
    wrong = Counter((taught, proposed) for taught, proposed in pairs if taught != proposed)
    ordered = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))[:10]
    names = known.options.names
    return tuple(Confusion(names[taught], names[proposed], count) for (taught, proposed), count in ordered)
