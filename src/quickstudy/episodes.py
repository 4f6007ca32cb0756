"""The tasks of many steps of a journal, as a fold: which steps each had, what they received, how it ended.

A task is a group of events that share a ``task_id``: one ``task`` event that begins it, a decision a step, lessons and
rewards on these, at most one ``task`` event that gives it up (it has a mode), and one that ends it (it has a number of
steps). What it teaches:

- the *prognosis*, once, when it has ended: what usually follows from here;
- the *values*, where the job declares rewards, a step at a time: what is best to do (:mod:`quickstudy.pursuit`).

Two ways in, as in :mod:`quickstudy.knowledge`. ``fold`` takes events as they come. ``rebuild`` computes the canonical
state of a set of events, each task as a whole, in the order in which they ended (hybrid logical clock, ties by id); a
mark in the journal says that this was done. A reward for a task that has ended already counts from the next mark on.

Invariants: a forgotten step leaves a gap, over which nothing is learned; a task that was given up and not let run
teaches no prognosis, and one that was let run to check stands for as many as its coin let through. Not here: when to
give up (``autonomy.stopping``), writing events (``tasks``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import Arrays
from quickstudy.job import Job
from quickstudy.journal import Event, Journal, Snapshot
from quickstudy.judgement.value.prognosis import Expected, Prognosis, returns_from, view
from quickstudy.options import Options
from quickstudy.perception import situation_from_json
from quickstudy.pursuit import Followed, Pursuit
from quickstudy.rewards import OUTCOME, WEIGHTS
from quickstudy.types import FloatArray, Situation, Value, Vector

FORMAT = 2
"""Version of what a snapshot holds of tasks; another one is replayed from events."""

HEAVIEST = 10.0
"""The largest weight of one task."""


@dataclass(slots=True)
class Episode:
    """One task as far as it is known.

    Attributes:
        id: its id.
        steps: the decisions in order, forgotten ones left out.
        amounts: decision id → what it received, by term.
        taught: decision id → the option taught last.
        given_up: the event that gave it up, or let it run to check.
        end: the event that ended it.
    """

    id: str
    steps: list[Event] = field(default_factory=list)
    amounts: dict[str, dict[str, float]] = field(default_factory=dict)
    taught: dict[str, str] = field(default_factory=dict)
    given_up: Event | None = None
    end: Event | None = None

    def add(self, event: Event) -> None:
        """Takes one event of the task."""
        if event.forgotten:
            return
        if event.kind == "decision":
            self.steps.append(event)
        elif event.kind == "task" and event.mode is not None:
            self.given_up = event
        elif event.kind == "task" and event.step is not None:
            self.end = event
        elif event.kind == "lesson" and event.decision_id is not None:
            if event.answer is not None:
                self.taught[event.decision_id] = event.answer
            elif event.value is not None:
                received = self.amounts.setdefault(event.decision_id, {})
                for term, amount in amounts_of(event).items():
                    received[term] = received.get(term, 0.0) + amount

    def ordered(self) -> Episode:
        """The same with its steps in order, each once: of two with one number the earlier by clock stays."""
        self.steps.sort(key=lambda event: (event.step or 0, event.clock, event.id))
        self.steps = [e for i, e in enumerate(self.steps) if not i or e.step != self.steps[i - 1].step]
        return self

    @property
    def outcome(self) -> float | None:
        """What was told about its end: 1 or 0, or a number; None if nothing was."""
        return None if self.end is None else self.end.value

    @property
    def cut_off(self) -> bool:
        """Whether it was broken off: its end says nothing."""
        return self.end is not None and bool(self.end.data.get("cut_off"))

    @property
    def handed_over(self) -> bool:
        """Whether the learner gave it up for good."""
        return self.given_up is not None and self.given_up.mode == "ask"

    @property
    def whole(self) -> bool:
        """Whether it ran to its end, and something was told about it: then its return is known."""
        told = self.outcome is not None or bool(self.amounts)
        return self.end is not None and not self.cut_off and not self.handed_over and told

    @property
    def weight(self) -> float:
        """How many tasks it stands for in the prognosis; 0 if it says nothing about tasks that run to their end."""
        if not self.whole or not self.steps:
            return 0.0
        q = self.given_up.propensity if self.given_up is not None else None
        return min(1.0 / q, HEAVIEST) if q else 1.0


class Episodes:
    """What a journal's tasks teach.

    Args:
        job: the job.
        kind: what situations are: "text", "record" or "array".
        dimension: the length of their vectors.
        options: the job's options as they stand, kept in step by their owner.
    """

    def __init__(self, job: Job, kind: str, dimension: int, options: Options) -> None:
        self.job, self.kind, self.dimension, self._options = job, kind, dimension, options
        self.terms = job.terms
        self.running: dict[str, Episode] = {}
        self.steps = 0
        self.late = False
        self._start()

    def fold(self, events: Iterable[Event]) -> None:
        """Takes events as they come; those of no task are passed over."""
        for event in events:
            if event.task_id is None or event.forgotten:
                continue
            begins = event.kind == "task" and event.step is None and event.mode is None
            episode = self.running.get(event.task_id)
            rewards = event.kind == "lesson" and event.value is not None and event.answer is None
            newest = episode.steps[-1].id if episode is not None and episode.steps else None
            self.late |= rewards and event.decision_id != newest
            if episode is None:
                if not begins:
                    continue  # its end is known already
                episode = self.running[event.task_id] = Episode(event.task_id)
            episode.add(event)
            self.steps += event.kind == "decision"
            if event.kind == "decision":
                self._pursue(episode, len(episode.steps) - 2)
            if episode.end is not None:
                self._finish(self.running.pop(event.task_id).ordered())
                self._pursue(episode, len(episode.steps) - 1)
                if self.pursuit is not None:
                    self.pursuit.dream()

    def rebuild(self, events: Iterable[Event]) -> None:
        """The canonical state of a set of events."""
        self._start()
        self.late = False
        found = gathered(events)
        ended = [(e.end.clock, e.end.id, e) for e in found.values() if e.end is not None]
        for _, _, episode in sorted(ended, key=lambda entry: entry[:2]):
            self._finish(episode)
        self.running = {id: episode for id, episode in found.items() if episode.end is None}
        if self.pursuit is not None:
            ordered = [*(e for _, _, e in sorted(ended, key=lambda entry: entry[:2])), *self.running.values()]
            places = ((episode, place) for episode in ordered for place in range(len(episode.steps)))
            self.pursuit.rebuild(step for episode, place in places if (step := self._followed(episode, place)))
        self.steps = sum(len(episode.steps) for episode in found.values())

    def reweigh(self) -> None:
        """Plans anew with the job's weights, which have changed: the canonical state, unless rewards came late."""
        if self.pursuit is not None:
            self.pursuit.reweigh(self.terms.weights)

    def arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """For a snapshot: arrays (private copies) and a document; running tasks are left to the journal."""
        arrays = {f"prognosis.{name}": array for name, array in self.prognosis.arrays().items()}
        document: dict[str, Any] = {
            "format": FORMAT,
            "terms": {name: term.to_plain() for name, term in self.terms.terms.items()},
            "running": list(self.running),
            "steps": self.steps,
            "late": self.late,
            "told": [self._told, self._graded],
        }
        if self.pursuit is not None:
            found, document["pursuit"] = self.pursuit.arrays()
            arrays |= {f"pursuit.{name}": array for name, array in found.items()}
        return arrays, document

    def restore(
        self, arrays: Mapping[str, npt.NDArray[Any]], document: Mapping[str, Any], running: Mapping[str, Episode]
    ) -> None:
        """From :meth:`arrays`.

        Args:
            arrays: its arrays.
            document: its document.
            running: the tasks that ran then, as the journal tells them up to then.
        """
        parts: dict[str, Arrays] = {"prognosis": {}, "pursuit": {}}
        for name, array in arrays.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = array
        self.prognosis.restore(parts["prognosis"])
        self.running = {id: running[id] for id in document["running"]}
        self.steps, self.late = document["steps"], document["late"]
        self._told, self._graded = document["told"]
        if self.pursuit is not None:
            self.pursuit.restore(parts["pursuit"], document["pursuit"])

    def value(self, vector: Vector, situation: Situation) -> Value | None:
        """The return to expect from a situation on; None before the first task has ended."""
        found = self.prognosis.expect(self.seen(vector, situation)[None])
        return None if found is None else self.values_of(found)[0]

    def seen(self, vector: Vector, situation: Situation) -> Vector:
        """What is learned of a situation, float32 (d,)."""
        return view(vector, situation if isinstance(situation, np.ndarray) else None)

    def values_of(self, expected: Expected) -> list[Value]:
        """What the prognosis expects, weighed: a value for each situation."""
        weights, names = self.terms.weights, self.terms.names
        means = expected.terms @ weights
        variance = max(float(weights @ expected.covariance @ weights), 0.0)
        outcome = names.index(OUTCOME)
        outcome_variance = max(float(expected.covariance[outcome, outcome]), 0.0)
        return [
            Value(
                mean=float(mean),
                sd=float(np.sqrt(variance * max(doubt, 0.0))),
                spread=float(np.sqrt(variance)),
                terms=dict(zip(names, row.tolist(), strict=True)),
                success=float(np.clip(row[outcome], 0.0, 1.0)) if self.told_success else None,
                success_sd=float(np.sqrt(outcome_variance * max(doubt, 0.0))) if self.told_success else None,
            )
            for mean, doubt, row in zip(means, expected.doubt, expected.terms, strict=True)
        ]

    @property
    def told_success(self) -> bool:
        """Whether outcomes were told, and all as good or bad."""
        return self._told and not self._graded

    def views(self, episode: Episode) -> Vector:
        """What the prognosis sees of a task's situations, float32 (n, d)."""
        return np.stack([_view(event, self.kind) for event in episode.steps])

    def rewards(self, episode: Episode) -> FloatArray:
        """What each step of a task received, by term, as far as it counts: float64 (n, t)."""
        given = np.stack([self.terms.array(episode.amounts.get(event.id, {})) for event in episode.steps])
        if episode.outcome is not None:
            given[-1, self.terms.names.index(OUTCOME)] += episode.outcome
        return self.terms.counted(given)

    def expected(self, episode: Episode) -> list[Value]:
        """The value before each step of a task, as all other tasks teach it; nothing where there is no other."""
        views, heads = self.views(episode), None
        if episode.weight:
            heads = self.prognosis.without(views, returns_from(self.rewards(episode)), episode.weight)
            if heads is None:
                return []
        found = self.prognosis.expect(views, heads)
        return [] if found is None else self.values_of(found)

    # -- inside

    def _start(self) -> None:
        self.prognosis = Prognosis(self.dimension, len(self.terms.names), self.job.feature_seed)
        self._told = self._graded = False
        made = (self.terms.weights, self._options, self.dimension, self.job.feature_seed)
        self.pursuit = Pursuit(*made) if self.job.rewards else None

    def _pursue(self, episode: Episode, place: int) -> None:
        if self.pursuit is not None and (found := self._followed(episode, place)) is not None:
            self.pursuit.learn(found)

    def _followed(self, episode: Episode, place: int) -> Followed | None:
        """The step at a place with what came after it; None if that is not known."""
        if place < 0:
            return None
        before, last = episode.steps[place], place == len(episode.steps) - 1
        after = None if last else episode.steps[place + 1]
        if after is None and (episode.end is None or episode.cut_off or episode.handed_over):
            return None
        if after is not None and (after.step or 0) != (before.step or 0) + 1:
            return None
        return Followed(before, self._reward(episode, place), after)

    def _reward(self, episode: Episode, place: int) -> FloatArray:
        """What one step received, as far as it counts (t,)."""
        if self.terms.saturate or (place == len(episode.steps) - 1 and episode.outcome is not None):
            counted: FloatArray = self.rewards(episode)[place]
            return counted
        return self.terms.array(episode.amounts.get(episode.steps[place].id, {}))

    def _finish(self, episode: Episode) -> None:
        if not (weight := episode.weight):
            return
        assert episode.end is not None
        self._told |= episode.outcome is not None
        self._graded |= episode.outcome is not None and episode.end.correct is None
        views, returns = self.views(episode), returns_from(self.rewards(episode))
        self.prognosis.learn(views, returns, weight)
        if self.pursuit is not None:
            self.pursuit.finish(episode.steps, views, returns)


def possible(value: Value | None) -> float | None:
    """The chance of success that is still possible: its estimate plus one standard deviation, not cut to [0, 1]."""
    if value is None or value.success_sd is None:
        return None
    return value.terms[OUTCOME] + value.success_sd


def amounts_of(lesson: Event) -> dict[str, float]:
    """What a reward's event gives, by term."""
    terms = lesson.data.get("terms")
    return dict(terms) if terms else {"reward": float(lesson.value or 0.0)}


def gathered(events: Iterable[Event]) -> dict[str, Episode]:
    """Tasks by id, whole and in order, from their events in any order."""
    found: dict[str, Episode] = {}
    for event in sorted(events, key=lambda event: (event.clock, event.id)):
        if event.task_id is not None and not event.forgotten:
            found.setdefault(event.task_id, Episode(event.task_id)).add(event)
    return {id: episode.ordered() for id, episode in found.items()}


def replay_episodes(
    journal: Journal, job: Job, kind: str, dimension: int, options: Options, kept: Snapshot | None = None
) -> Episodes:
    """The state of a journal: from a snapshot and the events after it, or from all events.

    Of all events it is rebuilt at the last mark, then taken as they came. A snapshot from before a mark will do where
    every later mark says that the rewards' weights changed: then values are planned again, and nothing else is due.
    """
    episodes = Episodes(job, kind, dimension, options)
    marks = {event.seq: event.data.get("why") for event in journal.events(kinds=["mark"])}
    mark = max(marks, default=0)
    if kept is not None and _restored(episodes, journal, kept):
        later = {why for seq, why in marks.items() if seq > kept.seq}
        same = kept.document["terms"] == {name: term.to_plain() for name, term in job.terms.terms.items()}
        limited = job.terms.saturate or any(isinstance(term, dict) for term in kept.document["terms"].values())
        if not later and same:
            episodes.fold(journal.in_tasks(after=kept.seq))
            return episodes
        if later == {WEIGHTS}:
            episodes.fold(event for event in journal.in_tasks(after=kept.seq) if event.seq <= mark)
            if not episodes.late and not limited:
                episodes.reweigh()
                episodes.fold(journal.in_tasks(after=mark))
                return episodes
    episodes = Episodes(job, kind, dimension, options)
    if mark:
        episodes.rebuild(event for event in journal.in_tasks() if event.seq <= mark)
    episodes.fold(journal.in_tasks(after=mark))
    return episodes


def _restored(episodes: Episodes, journal: Journal, kept: Snapshot) -> bool:
    """Takes the state of a snapshot; False if another version wrote it, or the terms have other names."""
    document = kept.document
    names, pursued = list(document.get("terms", [])), "pursuit" in document
    if document.get("format") != FORMAT or names != list(episodes.terms.names):
        return False
    if pursued != (episodes.pursuit is not None):
        return False
    running = {}
    for id in document["running"]:
        episode = running[id] = Episode(id)
        for event in journal.in_tasks(task_id=id):
            if event.seq <= kept.seq:
                episode.add(event)
    episodes.restore(kept.state, document, running)
    return True


def _view(event: Event, kind: str) -> Vector:
    assert event.vector is not None
    situation = situation_from_json(event.situation) if kind == "array" and event.situation else None
    return view(event.vector, situation if isinstance(situation, np.ndarray) else None)
