"""An agent's steps in a journal, as ``learner.task`` writes them: tasks can be listed, reviewed, merged and forgotten.

A step is a decision event with the option that was *taken*, and a reward where there was one; an episode is a task. The
key that tells states apart is kept with the step. Invariant: what :meth:`Trail.read` gives is what was written, in the
order in which the episodes began; steps that were forgotten, or are another kind of work, are left out. Not here:
learning from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np

from quickstudy.adapters.observations import Seen
from quickstudy.episodes import gathered
from quickstudy.experts.arrays import Arrays
from quickstudy.job import Job
from quickstudy.journal import Snapshot, new_id
from quickstudy.judgement.value.base import Columns
from quickstudy.learner import Learner
from quickstudy.perception import situation_from_json, situation_to_json


@dataclass(frozen=True, slots=True, eq=False)
class LivedStep:
    """A step.

    Attributes:
        seen: what was seen.
        option: which option was taken.
        reward: what it brought.
        after: what was seen next; None where the episode ended with it.
        known: whether that is known: not where the next step was forgotten, or was never taken.
        first: whether the episode began with it.
    """

    seen: Seen
    option: int
    reward: float
    after: Seen | None
    known: bool
    first: bool


@dataclass(frozen=True, slots=True, eq=False)
class Lived:
    """An episode.

    Attributes:
        steps: in order.
        over: whether it is.
        options: of each state's key, the options that it has.
    """

    steps: list[LivedStep]
    over: bool
    options: dict[str, Columns]


class Trail:
    """A journal of episodes.

    Args:
        path: of the journal.
        name: the job's name.
        options: the actions' names.
    """

    def __init__(self, path: str | PathLike[str], name: str, options: Sequence[str]) -> None:
        self._names = list(options)
        self._learner = Learner(Job(name, self._names, encoder="static", rewards={"reward": 1.0}), path)
        self._task, self._number = "", 0

    def begin(self) -> None:
        """A new episode."""
        self._task, self._number = new_id()[:16], 0
        record = self._learner._record
        record.append([record.event("task", None, task_id=self._task)], durable=False)

    def step(self, seen: Seen, option: int, reward: float, options: Columns) -> None:
        """One step, with the reward that followed, and the options of its state."""
        record = self._learner._record
        [situation], vectors = record.perceive([seen.situation])
        decision = record.event(
            "decision",
            None,
            task_id=self._task,
            step=self._number,
            answer=self._names[option],
            mode="act",
            situation=situation_to_json(situation),
            vector=vectors[0],
            data={"key": seen.key, "among": self._named(options)},
        )
        events = [decision]
        if reward:
            events.append(
                record.event(
                    "lesson",
                    None,
                    decision_id=decision.id,
                    task_id=self._task,
                    step=self._number,
                    value=reward,
                )
            )
        record.append(events, durable=False)
        self._number += 1

    def end(self, last: Seen | None, options: Columns) -> None:
        """The episode ended; or it was cut off, with ``last`` in sight, and its options."""
        record = self._learner._record
        data = {} if last is None else {"cut_off": True, "key": last.key, "among": self._named(options)}
        situation = None if last is None else situation_to_json(last.situation)
        event = record.event("task", None, task_id=self._task, step=self._number, situation=situation, data=data)
        record.append([event], durable=True)

    def keep(self, arrays: Arrays, document: Mapping[str, Any]) -> None:
        """Writes what was learned into the journal's snapshot. To be called between episodes."""
        record = self._learner._record
        record.own = Snapshot(record.journal.last_seq, arrays, document)
        record.snapshot()

    def kept(self) -> Snapshot | None:
        """What :meth:`keep` wrote; None where something happened since to what it was learned from."""
        record = self._learner._record
        kept = record.own
        if kept is None or any(record.journal.events(after=kept.seq, kinds=["mark"])):
            return None
        begun: set[str | None] = set()
        for event in record.journal.in_tasks(after=kept.seq):
            if event.kind == "task" and event.step is None:
                begun.add(event.task_id)
            elif event.task_id not in begun:
                return None
        return kept

    def read(self, *, real: bool, since: int = 0) -> Iterator[Lived]:
        """Episodes, in the order in which they began.

        Args:
            real: whether situations are numbers to plan with.
            since: only those that began after the event of this number.
        """
        columns = {name: column for column, name in enumerate(self._names)}
        for episode in gathered(self._learner._record.journal.in_tasks(after=since)).values():
            own = [event for event in episode.steps if "key" in event.data and event.answer in columns]
            seen = {event.step or 0: _seen(event.situation, event.data["key"], real=real) for event in own}
            end = episode.end
            if end is not None and end.step is not None and "key" in end.data:
                seen[end.step] = _seen(end.situation, end.data["key"], real=real)
            options = {}
            for event in [*own, *([end] if end is not None and "key" in end.data else [])]:
                among = [columns[name] for name in event.data.get("among", self._names) if name in columns]
                options[event.data["key"]] = np.array(among, dtype=np.int64)
            steps = []
            for event in own:
                number = event.step or 0
                ended = end is not None and not episode.cut_off and end.step == number + 1
                reward = float(sum(episode.amounts.get(event.id, {}).values()))
                after = seen.get(number + 1)
                known = ended or after is not None
                steps.append(LivedStep(seen[number], columns[str(event.answer)], reward, after, known, number == 0))
            yield Lived(steps, end is not None, options)

    def _named(self, options: Columns) -> list[str]:
        return [self._names[column] for column in options.tolist()]

    def close(self) -> None:
        """Closes the journal."""
        self._learner.close()


def _seen(situation: str | None, key: str, *, real: bool) -> Seen:
    found = situation_from_json(situation) if situation else ""
    numbers = np.asarray(found, dtype=np.float64) if real else np.zeros(0)
    return Seen(found, key, numbers)
