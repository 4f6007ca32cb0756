"""An agent's steps in a journal, as ``learner.task`` writes them: tasks can be listed, reviewed, merged and forgotten.

A step is a decision event with the option that was *taken*, and a reward where there was one; an episode is a task. The
key that tells states apart is kept with the step. Invariant: what :meth:`Trail.read` gives is what was written, in the
order in which the steps were taken; an episode that broke off comes without its end. Not here: learning from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike

import numpy as np

from quickstudy.adapters.observations import Seen
from quickstudy.episodes import gathered
from quickstudy.job import Job
from quickstudy.journal import new_id
from quickstudy.learner import Learner
from quickstudy.perception import situation_from_json, situation_to_json


@dataclass(frozen=True, slots=True, eq=False)
class Lived:
    """An episode.

    Attributes:
        steps: what was seen, which option was taken, what it brought.
        over: whether it ended or was cut off by the environment.
        last: what was seen last where it was cut off.
    """

    steps: list[tuple[Seen, int, float]]
    over: bool
    last: Seen | None


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

    def step(self, seen: Seen, option: int, reward: float) -> None:
        """One step, with the reward that followed."""
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
            data={"key": seen.key, "among": self._names},
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

    def end(self, last: Seen | None) -> None:
        """The episode ended; or it was cut off, with ``last`` in sight."""
        record = self._learner._record
        data = {} if last is None else {"cut_off": True, "key": last.key}
        situation = None if last is None else situation_to_json(last.situation)
        event = record.event("task", None, task_id=self._task, step=self._number, situation=situation, data=data)
        record.append([event], durable=True)

    def read(self, *, real: bool) -> Iterator[Lived]:
        """All episodes, in the order in which they began.

        Args:
            real: whether situations are numbers to plan with.
        """
        columns = {name: column for column, name in enumerate(self._names)}
        for episode in gathered(self._learner._record.journal.in_tasks()).values():
            steps = [
                (
                    _seen(event.situation, event.data["key"], real=real),
                    columns[str(event.answer)],
                    float(sum(episode.amounts.get(event.id, {}).values())),
                )
                for event in episode.steps
            ]
            end = episode.end
            last = _seen(end.situation, end.data["key"], real=real) if end is not None and "key" in end.data else None
            yield Lived(steps, end is not None, last)

    def close(self) -> None:
        """Closes the journal."""
        self._learner.close()


def _seen(situation: str | None, key: str, *, real: bool) -> Seen:
    found = situation_from_json(situation) if situation else ""
    numbers = np.asarray(found, dtype=np.float64) if real else np.zeros(0)
    return Seen(found, key, numbers)
