"""Tasks of many steps, from the user's side: a part of :class:`quickstudy.Learner`.

    with learner.task() as task:
        step = task.decide(situation, options=["left", "right"])
        task.reward(-0.1)
        task.end(outcome=True)

Invariants: each verb is journaled when it returns, so a task goes on after a crash under its id; a task that has ended
takes no more steps. Outside of tasks nothing changes, and a learner that has none pays nothing for them. Not here: what
tasks teach (``episodes``), when they are given up (``autonomy.stopping``), reviews (``review``).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from quickstudy.arguments import checked_outcome, checked_step
from quickstudy.autonomy.stopping import StopReport
from quickstudy.episodes import gathered, possible
from quickstudy.errors import InputError, LessonError
from quickstudy.hindsight import reviewed, summary, teachable
from quickstudy.job import Job
from quickstudy.journal import new_id
from quickstudy.record import Record
from quickstudy.review import Review, TaskSummary, Wanted
from quickstudy.turns import reads, writes
from quickstudy.types import NEW_OPTION, Decision, Lesson, Situation, Value, Vector
from quickstudy.views import past_decision

LOOKED_AT = 200
"""So many of the newest tasks are compared when it is asked which lesson it wants."""

GIVEN_UP = "success is too unlikely"
"""The reason of a decision with which a task is given up."""


class Tasks:
    """The learner's tasks of many steps."""

    job: Job
    seed: int
    _lock: threading.RLock
    _record: Record

    if TYPE_CHECKING:  # the learner's own

        def teach(self, *args: Any, **keywords: Any) -> Lesson: ...  # noqa: D102
        def add_option(self, *args: Any, **keywords: Any) -> None: ...  # noqa: D102
        def _decide(self, *args: Any, **keywords: Any) -> list[Decision]: ...
        def _reward(self, *args: Any, **keywords: Any) -> Lesson: ...

    def task(self, id: str | None = None, *, stop: float | None = None) -> Task:
        """A task of many steps, to be used in a ``with`` statement.

        Args:
            id: a globally unique id; made up if None. A task that has not ended goes on where it was.
            stop: give the task up when success has become too unlikely, and of all tasks at most this share wrongly
                (see ``quickstudy.autonomy.stopping``), in (0, 1); never if None.

        Raises:
            LessonError: the task has ended.
            InputError: an id or a rate that makes no sense.
        """
        if id is not None and (not isinstance(id, str) or not id.strip()):
            raise InputError(f"The task's id is {id!r}.", next_step="Give text.")
        if stop is not None and (isinstance(stop, bool) or not isinstance(stop, int | float) or not 0 < stop < 1):
            raise InputError(f"stop is {stop!r}.", next_step="Give a share between 0 and 1, like 0.02.")
        return Task(self, id or new_id()[:16], stop)

    @reads
    def tasks(self) -> list[TaskSummary]:
        """All tasks of the journal, in the order in which they began."""
        return [summary(self._record, found) for found in gathered(self._record.journal.in_tasks()).values()]

    @reads
    def review(self, task_id: str) -> Review:
        """Looks back at a task: each step's value and temporal-difference error, and the step that turned it.

        The values are those that all other tasks teach, so a task does not explain itself.

        Raises:
            LessonError: the journal holds no such task, or it has no steps.
        """
        episode = gathered(self._record.journal.in_tasks(task_id=task_id)).get(task_id)
        if episode is None or not episode.steps:
            raise LessonError(
                f"This journal holds no task {task_id!r} with steps.",
                next_step="List the tasks with learner.tasks(), or: quickstudy review JOURNAL",
                code="unknown-task",
            )
        return reviewed(self._record, episode)

    @reads
    def wanted(self, limit: int = 10) -> tuple[Wanted, ...]:
        """The lessons that would teach most, best first: for each of the newest 200 tasks its best kind of lesson.

        Steps that were taught already count no more. Writes nothing.

        Args:
            limit: at most so many, at least 1.
        """
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise InputError(f"limit is {limit!r}.", next_step="Give a whole number, at least 1.")
        episodes = [found for found in gathered(self._record.journal.in_tasks()).values() if found.steps]
        best = [(found.id, teachable(found)) for found in episodes[-LOOKED_AT:]]
        found = [Wanted(id, lessons[0]) for id, lessons in best if lessons and lessons[0].bits > 0.0]
        return tuple(sorted(found, key=lambda wanted: -wanted.lesson.bits)[:limit])

    @reads
    def value(self, situation: Situation) -> Value | None:
        """The return to expect from a situation on, if work goes on as it did; writes nothing.

        Returns:
            None before the first task has ended.
        """
        [checked], vectors = self._record.perceive([situation])
        return self._record.episodes.value(vectors[0], checked)

    @property
    @reads
    def stopping(self) -> StopReport:
        """What early stop has done so far, and how many tasks it can have given up wrongly."""
        return self._record.stopping.report()


class Task:
    """One task of many steps; made by :meth:`quickstudy.Learner.task`. A context manager.

    Leaving the ``with`` block ends the task, unless an error leaves it: then it can go on later under its id.

    Attributes:
        id: its id.
        stop: the rate of tasks that may be given up wrongly; None if none is given up.
        stopped: whether the learner has given it up: its newest decision is handed over.
        ended: whether it has ended.
    """

    def __init__(self, learner: Tasks, id: str, stop: float | None) -> None:
        self.id, self.stop = id, stop
        self.ended = False
        self._outcome: float | None = None
        self._learner = learner
        self._lock, self._record = learner._lock, learner._record
        with learner._lock:
            self._resume()

    def decide(
        self,
        situation: Situation,
        options: Sequence[str] | None = None,
        *,
        at: float | None = None,
        request_id: str | None = None,
    ) -> Decision:
        """Decides on the next step, as :meth:`Learner.decide`; the decision's ``value`` says what to expect from here.

        Args:
            situation: what is seen now.
            options: only these are possible here; in an open job, new ones are added.
            at: the event's own time, seconds since 1970; now if None.
            request_id: an idempotency key: the same one gets the same decision again, and no step more.
        """
        self._record.prepare([situation])
        return self._decide(situation, options, at, request_id)

    @writes
    def _decide(
        self, situation: Situation, options: Sequence[str] | None, at: float | None, request_id: str | None
    ) -> Decision:
        learner, record = self._learner, self._record
        self._follow()
        self._running()
        if learner.job.open and options is not None and not isinstance(options, str):
            for name in options:
                if not record.options.is_current(name):
                    learner.add_option(name)
        if request_id is not None and (done := record.journal.by_request(request_id)) is not None:
            if done.task_id != self.id:
                raise InputError(
                    f"request_id {request_id!r} was used outside this task.",
                    next_step="Give every step a request_id of its own.",
                    code="used-request-id",
                )
            return learner._decide([situation], options, at, [request_id])[0]
        self._begin(at)
        [decision] = learner._decide([situation], options, at, [request_id], within=self._judged)
        self._steps.append(decision.id)
        return decision

    def teach(
        self,
        step: Decision | int,
        answer: str,
        *,
        by: str | None = None,
        lesson_id: str | None = None,
        at: float | None = None,
    ) -> Lesson:
        """Teaches what was right at a step: a demonstration, or a correction.

        Args:
            step: the step's decision, or its number from 0; -1 is the newest.
            answer: the right option.
            by: who taught.
            lesson_id: an idempotency key.
            at: the event's own time, seconds since 1970; now if None.
        """
        return self._learner.teach(None, answer, decision_id=self.decision_id(step), by=by, lesson_id=lesson_id, at=at)

    def reward(
        self, value: float | Mapping[str, float], *, lesson_id: str | None = None, at: float | None = None
    ) -> Lesson:
        """Rewards the newest step; several rewards add up.

        It survives ``kill -9``; power loss can take the newest rewards of a task until it ends, which seals them all.

        Args:
            value: a number, or a dict of the job's reward terms: ``{"time": 3.5}``.
            lesson_id: an idempotency key.
            at: the event's own time, seconds since 1970; now if None.
        """
        return self._reward(value, lesson_id, at)

    @writes
    def _reward(self, value: float | Mapping[str, float], lesson_id: str | None, at: float | None) -> Lesson:
        self._follow()
        self._running()
        return self._learner._reward(self.decision_id(-1), value, lesson_id, at, durable=False)

    def end(self, outcome: float | None = None, *, cut_off: bool = False, at: float | None = None) -> None:
        """Ends the task. Ending it again without an outcome, or with the same one, does nothing.

        Args:
            outcome: how it went: True or False, a number, or None. A task whose outcome comes later stays open.
            cut_off: whether it was broken off before its end, so that nothing follows from where it stands.
            at: the event's own time, seconds since 1970; now if None.

        Raises:
            LessonError: an outcome that makes no sense, or another one than the task ended with.
        """
        good, value = checked_outcome(outcome)
        with self._lock:
            self._record.writable()
            if not self.ended:
                self._end(good, value, at, cut_off=cut_off)
                self.ended, self._outcome = True, value
            elif value not in (None, self._outcome):
                how = "without an" if self._outcome is None else "with another"
                raise LessonError(
                    f"Task {self.id!r} has ended {how} outcome.",
                    next_step="Tell the outcome with the first end; keep a task open until it is known.",
                    code="ended-task",
                )

    @writes
    def _end(self, good: bool | None, value: float | None, at: float | None, *, cut_off: bool) -> None:
        self._follow()
        if not self._begun:
            return
        data: dict[str, Any] = {} if self._lowest is None else {"lowest": self._lowest}
        if cut_off:
            data["cut_off"] = True
        event = self._record.event(
            "task",
            at,
            task_id=self.id,
            step=len(self._steps),
            correct=good,
            value=value,
            data=data,
        )
        self._record.append([event], durable=True)

    def review(self) -> Review:
        """Looks back at the steps so far; see :meth:`quickstudy.Learner.review`."""
        return self._learner.review(self.id)

    @property
    def steps(self) -> int:
        """How many steps it has."""
        return len(self._steps)

    def decision_id(self, step: Decision | int) -> str:
        """The id of a step's decision.

        Args:
            step: the decision, or its number from 0; -1 is the newest.

        Raises:
            LessonError: the task has no such step.
        """
        if isinstance(step, Decision):
            if step.id in self._steps:
                return step.id
            raise LessonError(
                f"Decision {step.id!r} is no step of task {self.id!r}.",
                next_step="Give a decision that this task's decide returned, or use learner.teach.",
            )
        return self._steps[checked_step(step, len(self._steps), self.id)]

    def __enter__(self) -> Task:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.end()

    def __repr__(self) -> str:
        return f"Task({self.id!r}, steps={self.steps})"

    # -- inside

    def _follow(self) -> None:
        """Takes what others did in this task; also what this one did if it was not journaled in the end."""
        if self._record.journal.shared:
            self._resume()
        elif not self.ended:
            running = self._record.episodes.running.get(self.id)
            if (running is not None) != self._begun or (running and len(running.steps) != len(self._steps)):
                self._resume()

    def _resume(self) -> None:
        """Takes up a task that the journal holds."""
        self._lowest: float | None = None
        self._fired = self.stopped = False
        self._steps: list[str] = []
        events = list(self._record.journal.in_tasks(task_id=self.id))
        self._begun = bool(events)
        for event in events:
            if event.kind == "decision":
                self._steps.append(event.id)
                self._note(possible(past_decision(event).value))
            elif event.kind == "task" and event.mode is not None:
                self._fired, self.stopped = True, event.mode == "ask"
            elif event.kind == "task" and event.step is not None:
                raise LessonError(
                    f"Task {self.id!r} has ended.", next_step="Give every task an id of its own.", code="ended-task"
                )

    def _begin(self, at: float | None) -> None:
        if not self._begun:
            record = self._learner._record
            record.append([record.event("task", at, task_id=self.id)], durable=False)
            self._begun = True

    def _running(self) -> None:
        if self.ended:
            raise LessonError(f"Task {self.id!r} has ended.", next_step="Begin another one.", code="ended-task")

    def _judged(self, proposed: list[Decision], vectors: Vector) -> tuple[list[Decision], dict[str, Any]]:
        """The proposal with its value, and whether the task is given up."""
        record = self._learner._record
        [decision] = proposed
        here = (vectors[0], decision.situation)
        value = record.episodes.value(*here)
        decision = replace(decision, value=value)
        fields: dict[str, Any] = {"task_id": [self.id], "step": [len(self._steps)]}
        names = [name for name in decision.probabilities if name != NEW_OPTION]
        pursuit = record.episodes.pursuit
        if pursuit is not None and names:
            taught = record.knowledge is not None and bool(record.knowledge.in_force)
            seed = [self._learner.seed, record.episodes.steps]
            decision = pursuit.chosen(decision, record.episodes.seen(*here), names, taught=taught, seed=seed)
            fields["options"] = names
        if value is None:
            return [decision], fields
        self._note(possible(value))
        if self.stop is not None and not self._fired:
            id = new_id()
            ruling = record.stopping.rule(id, possible(value), self.stop)
            if ruling is not None:
                self._fired, self.stopped = True, ruling.given_up
                event = record.event(
                    "task",
                    decision.at,
                    id=id,
                    task_id=self.id,
                    step=len(self._steps),
                    mode="ask" if ruling.given_up else "audit",
                    propensity=ruling.q,
                    coin=ruling.coin,
                    probability=value.success,
                    data={"threshold": ruling.threshold, "rate": self.stop},
                )
                record.append([event], durable=False)
        if self.stopped:
            fields["ask"] = GIVEN_UP
        return [decision], fields

    def _note(self, chance: float | None) -> None:
        if chance is not None:
            self._lowest = chance if self._lowest is None else min(self._lowest, chance)
