"""The fold of a journal: options, lessons in force, and the mind that they make.

Two ways in, as in :mod:`quickstudy.mind`. ``apply`` takes one event online. ``rebuild`` computes the canonical state of
the set of events so far; a *mark* in the journal says that this was done, so a replay does it again at the same place.
Canonical means: options and replacements are resolved in the order of the hybrid logical clock (ties by id), then the
lessons in force are relived in the order of their own times (ties by id). Arrival order plays no part.

A lesson on a decision stands under (decision, teacher): the same teacher's next lesson on it replaces the first, other
teachers' lessons stand beside it. A lesson without a decision stands under its own id.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from quickstudy.errors import JournalCorruptError
from quickstudy.experts import Example
from quickstudy.experts.arrays import Arrays
from quickstudy.job import Job
from quickstudy.journal import Event, Journal
from quickstudy.mind import Mind, Proposal, columns_of
from quickstudy.options import Options
from quickstudy.perception.records import described_record_vectors
from quickstudy.rewards import WEIGHTS
from quickstudy.types import Vector

Key: TypeAlias = tuple[str, str]
Progress: TypeAlias = Callable[[int, int], None]
FORMAT = 6
"""Version of the snapshot's document; another one is rebuilt from events."""

HEAVIEST = 5.0
"""The largest weight of one lesson."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A lesson in force: its id, clock, the option's column, and the event's own time."""

    lesson_id: str
    clock: int
    column: int
    at: float


class Knowledge:
    """What a journal teaches.

    Args:
        job: the job.
        kind: what situations are: "text", "record" or "array".
        dimension: d, the length of their vectors.

    Attributes:
        tasks: how many tasks each prediction in the mind's history stands for, not cut off: see :func:`tasks_of`.
    """

    def __init__(self, job: Job, kind: str, dimension: int) -> None:
        self.job = job
        self.kind = kind
        self.dimension = dimension
        self._start()

    def propose(self, vectors: Vector, names: Sequence[str] | None = None) -> tuple[list[str], Proposal]:
        """The mind's proposal for situations (m, d) over the options in force, or over ``names`` only."""
        self._flush()
        columns = self.active if names is None else np.array([self.options.required(n) for n in names], dtype=np.int64)
        proposal = self.mind.propose(vectors, columns)
        if names is not None and self.job.open:  # only these are possible: nothing is left to a new one
            known = proposal.probabilities[:, :-1]
            shares = known / np.maximum(known.sum(axis=1, keepdims=True), 1e-300)
            proposal = replace(proposal, probabilities=shares)
        return [self.options.names[column] for column in columns], proposal

    def apply(self, event: Event, vector: Vector | None, old_vector: Callable[[], Vector] | None = None) -> None:
        """Takes one event online.

        Args:
            event: an option or lesson event; others teach nothing.
            vector: for a lesson: the situation's vector (d,).
            old_vector: gives the vector of the lesson that this one replaces; ``vector`` itself if None.
        """
        if event.forgotten:
            return
        if event.kind == "option":
            self._apply_option(event)
        elif event.kind == "lesson" and event.answer is not None and vector is not None:
            self._flush()
            column = self.options.column(event.answer)
            if column is None:
                column = self.options.add(event.answer)
                self.mind.describe(None, [column], taught=True)
                self._refresh()
            key = standing_key(event)
            old = self.in_force.get(key)
            if old is None:
                self.mind.learn(Example(event.id, vector, column, event.at, weight_of(event)), self.active)
                self.tasks += [tasks_of(event)] * (self.mind.history.size - len(self.tasks))
            elif (event.clock, event.id) <= (old.clock, old.lesson_id):
                return
            else:
                previous = Example(old.lesson_id, old_vector() if old_vector else vector, old.column, old.at)
                self.mind.correct(previous, column, event.id, event.at)
            self.in_force[key] = Standing(event.id, event.clock, column, event.at)

    def rebuild(self, events: Iterable[Event], progress: Progress | None = None) -> None:
        """The canonical state of a set of events."""
        self._start()
        vectors: dict[str, Vector] = {}
        folded: list[Event] = []
        for event in events:
            if event.forgotten:
                continue
            if event.vector is not None and event.kind in ("decision", "lesson"):
                vectors[event.id] = event.vector
            if event.kind == "option" or (event.kind == "lesson" and event.answer is not None):
                folded.append(event)
        folded.sort(key=lambda event: (event.clock, event.id))
        described: dict[int, list[Vector]] = {}
        declared: set[int] = set()
        merged: dict[int, int] = {}
        latest: dict[Key, tuple[Event, int]] = {}
        for event in folded:
            if event.kind == "option":
                action, column, into = self.options.apply(event)
                if into is not None and into != column:
                    merged[column] = into
                if action in ("add", "rename") and not event.data.get("taught"):
                    declared.add(column)
                found = described.setdefault(column, [])
                if event.vector is not None and not any(np.array_equal(event.vector, other) for other in found):
                    found.append(event.vector)
            else:
                latest[standing_key(event)] = (event, self.options.add_if_unknown(str(event.answer)))
        self._relive(vectors, latest, described, declared, merged, progress)

    def state(self) -> tuple[Arrays, dict[str, Any]]:
        """For a snapshot: arrays (private copies) and a document."""
        self._flush()
        standing = [[*key, s.lesson_id, s.clock, s.column, s.at] for key, s in self.in_force.items()]
        arrays = self.mind.state()
        arrays["in_force"] = np.frombuffer(json.dumps(standing).encode(), dtype=np.uint8)
        arrays["tasks"] = np.array(self.tasks)
        return arrays, {"format": FORMAT, "kind": self.kind, "options": self.options.state()}

    @classmethod
    def restore(
        cls, job: Job, dimension: int, arrays: Mapping[str, npt.NDArray[Any]], document: Mapping[str, Any]
    ) -> Knowledge | None:
        """From :meth:`state`; None if another version wrote it."""
        if document.get("format") != FORMAT:
            return None
        knowledge = cls(job, document["kind"], dimension)
        knowledge.options = Options.restore(document["options"])
        for decision, by, lesson_id, clock, column, at in json.loads(bytes(arrays["in_force"])):
            knowledge.in_force[decision, by] = Standing(lesson_id, clock, column, at)
        knowledge.tasks = np.asarray(arrays["tasks"]).tolist()
        knowledge.mind.restore({name: value for name, value in arrays.items() if name not in ("in_force", "tasks")})
        knowledge._refresh()
        return knowledge

    def _start(self) -> None:
        job = self.job
        self.options = Options()
        self.mind = Mind(
            self.dimension,
            features=job.features,
            seed=job.feature_seed,
            experts=job.experts,
            open_job=job.open,
        )
        self.tasks: list[float] = []
        self.in_force: dict[Key, Standing] = {}
        self.active = np.zeros(0, dtype=np.int64)
        self._waiting: list[tuple[int, Vector | None, bool]] = []

    def _apply_option(self, event: Event) -> None:
        action, column, into = self.options.apply(event)
        if into is not None and into != column:
            raise JournalCorruptError(
                f"Option event {event.id!r} joins two options without a mark after it.",
                next_step="Report this; the journal's events are intact.",
            )
        if action in ("add", "rename"):
            self._waiting.append((column, event.vector, bool(event.data.get("taught"))))
        self._refresh()

    def _flush(self) -> None:
        """Describes the options that wait for it, in one block."""
        waiting, self._waiting = self._waiting, []
        for taught in (False, True):
            columns = [column for column, _, was_taught in waiting if was_taught is taught]
            if columns:
                self.mind.describe(None, columns, taught=taught)
        vectors = [(column, vector) for column, vector, _ in waiting if vector is not None]
        if vectors and self.kind != "array":
            placed = self._placed([vector for _, vector in vectors])
            self.mind.describe(placed, [column for column, _ in vectors], taught=True)

    def _placed(self, descriptions: Sequence[Vector]) -> Vector:
        """Descriptions' text vectors in the situations' space."""
        stacked: Vector = np.stack(descriptions)
        return described_record_vectors(stacked) if self.kind == "record" else stacked

    def _relive(
        self,
        vectors: Mapping[str, Vector],
        latest: Mapping[Key, tuple[Event, int]],
        described: Mapping[int, list[Vector]],
        declared: set[int],
        merged: Mapping[int, int],
        progress: Progress | None,
    ) -> None:
        examples, tasks = [], {}
        for key, (event, first_column) in latest.items():
            column = first_column
            while column in merged:
                column = merged[column]
            vector = event.vector if event.vector is not None else vectors.get(str(event.decision_id))
            if vector is None:
                continue
            self.in_force[key] = Standing(event.id, event.clock, column, event.at)
            examples.append(Example(event.id, vector, column, event.at, weight_of(event)))
            tasks[event.at, event.id] = tasks_of(event)
        descriptions: dict[int, list[Vector]] = {}
        for first_column, found in described.items():
            column = first_column
            while column in merged:
                column = merged[column]
            descriptions.setdefault(column, []).extend(found)
        taught = {example.option for example in examples}
        known = {merged.get(column, column) for column in declared}
        for column in range(len(self.options)):
            if column not in known and column not in taught:
                self.options.active[column] = False
        self.mind.describe(None, list(range(len(self.options))), taught=True)
        first = sorted(known - set(merged))
        self.mind.describe(None, first)
        if self.kind != "array":
            pairs = [(column, vector) for column in first for vector in descriptions.get(column, [])]
            if pairs:
                self.mind.describe(self._placed([vector for _, vector in pairs]), [column for column, _ in pairs])
        self._refresh()

        def describe(column: int) -> Vector | None:
            found = descriptions.get(column)
            return self._placed(found) if found and self.kind != "array" else None

        self.mind.relive(examples, self.active, describe, progress)
        lived = [tasks[key] for key in sorted(tasks)]
        self.tasks = lived[len(lived) - self.mind.history.size :]  # the first ones were not predicted: no option yet

    def _refresh(self) -> None:
        self.active = columns_of(self.options.active)


def standing_key(lesson: Event) -> Key:
    """What a lesson stands under: its decision and teacher, or its own id."""
    return (lesson.decision_id, lesson.by or "") if lesson.decision_id else (lesson.id, "")


def weight_of(lesson: Event) -> float:
    """How many tasks a lesson stands for: one over the probability that its task was audited, at most ``HEAVIEST``.

    Once a learner works alone, it is taught what it asks and a few of the others; what is weighed here (the experts'
    pool) would otherwise be fitted to hard tasks only. Cut off, because a few heavy lessons teach less than they shake
    (Ionides 2008, "Truncated importance sampling").
    """
    return min(tasks_of(lesson), HEAVIEST)


def tasks_of(lesson: Event) -> float:
    """One over the probability that a lesson's task was audited; 1 for every other lesson, asked for or not."""
    return 1.0 / lesson.propensity if lesson.propensity else 1.0


def replay(journal: Journal, job: Job, kind: str, dimension: int, progress: Progress | None = None) -> Knowledge:
    """The state of a journal, computed from its events alone: rebuilt at the last mark, then online."""
    knowledge = Knowledge(job, kind, dimension)
    mark = last_mark(journal)
    if mark:
        knowledge.rebuild(journal.events(until_seq=mark), progress)
    catch_up(journal, knowledge, mark, progress)
    return knowledge


def last_mark(journal: Journal, after: int = 0) -> int:
    """The number of the last mark at which lessons were lived through again; 0 if there is none.

    Marks that say that the rewards' weights changed are about tasks alone (:mod:`quickstudy.episodes`).
    """
    marks = journal.events(after=after, kinds=["mark"])
    return max((event.seq for event in marks if event.data.get("why") != WEIGHTS), default=0)


def folding_order(journal: Journal) -> list[Event]:
    """The option events as a replay folds them: by clock up to the last mark, then in order of arrival."""
    mark = last_mark(journal)
    events = [event for event in journal.events(kinds=["option"]) if not event.forgotten]
    return sorted(events, key=lambda e: (0, e.clock, e.id) if e.seq <= mark else (1, e.seq, ""))


def catch_up(journal: Journal, knowledge: Knowledge, after: int, progress: Progress | None = None) -> None:
    """Applies the events after ``after`` online."""
    total = journal.last_seq
    for event in journal.events(after=after, kinds=["option", "lesson"]):
        knowledge.apply(event, vector_of(journal, event), replaced_vector(journal, knowledge, event))
        if progress and event.seq % 50 == 0:
            progress(event.seq, total)


def vector_of(journal: Journal, lesson: Event) -> Vector | None:
    """The vector of a lesson's situation: its own, or its decision's."""
    if lesson.kind != "lesson" or lesson.vector is not None or lesson.decision_id is None:
        return lesson.vector
    decision = journal.get(lesson.decision_id)
    return decision.vector if decision else None


def replaced_vector(journal: Journal, knowledge: Knowledge, lesson: Event) -> Callable[[], Vector] | None:
    """Gives the vector of the lesson that ``lesson`` replaces, if that lesson had one of its own."""
    standing = knowledge.in_force.get(standing_key(lesson))
    if standing is None:
        return None

    def find() -> Vector:
        old = journal.get(standing.lesson_id)
        found = vector_of(journal, old) if old else None
        if found is None:
            raise JournalCorruptError(f"Lesson {standing.lesson_id!r} has lost its situation.")
        return found

    return find
