"""The verbs of a task of many steps, each once, and what is known of it. See ``calls`` for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quickstudy.client.call import Call, job_path
from quickstudy.client.calls import asked, given, keyed, rewarded
from quickstudy.client.reading import decision, read, reader
from quickstudy.errors import LessonError
from quickstudy.journal import new_id
from quickstudy.review import Review
from quickstudy.types import Decision, Lesson, Situation


@dataclass(slots=True)
class TaskState:
    """A task, from the caller's side.

    Attributes:
        job: the job's name.
        id: the task's id.
        stop: the rate of tasks that may be given up wrongly; None if none is given up.
        steps: how many steps it has.
        stopped: whether the learner has given it up.
        ended: whether it has ended.
    """

    job: str
    id: str
    stop: float | None = None
    steps: int = 0
    stopped: bool = False
    ended: bool = False

    def path(self, *parts: str) -> str:
        """The task's address."""
        return job_path(self.job, "tasks", self.id, *parts)


def begin(task: TaskState) -> Call[None]:
    """Begins the task, or goes on where it was."""

    def begun(data: Any) -> None:
        task.steps = read(int, data["steps"])

    return Call("POST", job_path(task.job, "tasks"), begun, {"id": task.id})


def decide(
    task: TaskState,
    situation: Situation,
    options: Sequence[str] | None = None,
    *,
    request_id: str | None = None,
    at: float | None = None,
    evidence: bool = False,
) -> Call[Decision]:
    """Decides on the next step; the decision's ``value`` says what to expect from here.

    Args:
        task: the task.
        situation: what is seen now.
        options: only these are possible here; in an open job, new ones are added.
        request_id: an idempotency key; made up if None, so that a lost connection makes no step more.
        at: the event's own time, seconds since 1970; now if None.
        evidence: whether to send what the decision rests on, too.
    """

    def decided(data: Any) -> Decision:
        found = decision(data, situation)
        task.steps, task.stopped = read(int, data["step"]) + 1, read(bool, data["stopped"])
        return found

    body = asked(situation, options, evidence, request_id=request_id or new_id(), at=at, stop=task.stop)
    return Call("POST", task.path("decide"), decided, body)


def teach(
    task: TaskState, step: int, answer: str, *, by: str | None = None, lesson_id: str | None = None
) -> Call[Lesson]:
    """Teaches what was right at a step: a demonstration, or a correction.

    Args:
        task: the task.
        step: the step's number from 0; -1 is the newest.
        answer: the right option.
        by: who taught.
        lesson_id: an idempotency key; made up if None.
    """
    body = {"step": newest(task, step), "answer": answer, **keyed(lesson_id), **given(by=by)}
    return Call("POST", task.path("teach"), reader(Lesson), body)


def reward(
    task: TaskState, value: float | Mapping[str, float], *, lesson_id: str | None = None, at: float | None = None
) -> Call[Lesson]:
    """Rewards the newest step; several rewards add up.

    Args:
        task: the task.
        value: a number, or a dict of the job's reward terms.
        lesson_id: an idempotency key; made up if None.
        at: the event's own time, seconds since 1970; now if None.
    """
    return Call("POST", task.path("reward"), reader(Lesson), {**rewarded(value), **keyed(lesson_id), **given(at=at)})


def end(task: TaskState, outcome: float | None = None, *, cut_off: bool = False) -> Call[Review | None]:
    """Ends the task, and looks back at it. Ending it again the same way does nothing.

    Args:
        task: the task.
        outcome: how it went: True or False, a number, or None if there is nothing to say but its rewards.
        cut_off: whether it was broken off before its end.
    """

    def ended(data: Any) -> Review | None:
        task.ended = True
        return read(Review, data) if task.steps else None

    return Call("POST", task.path("end"), ended, {"outcome": outcome, "cut_off": cut_off})


def review(task: TaskState) -> Call[Review]:
    """Looks back at the steps so far; see :meth:`quickstudy.Learner.review`."""
    return Call("GET", task.path(), reader(Review))


def newest(task: TaskState, step: int) -> int:
    """A step's number: fixed before it is sent, so that a second try means the same step.

    Raises:
        LessonError: the task has no such step.
    """
    place = task.steps + step if step < 0 else step
    if not 0 <= place < task.steps:
        raise LessonError(f"Task {task.id!r} has no step {step}; it has {task.steps}.", next_step="Decide first.")
    return place
