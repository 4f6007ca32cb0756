"""Tasks of many steps: each verb names its task, so that a task goes on after a restart, and from another process.

Not here: what tasks teach (``episodes``).
"""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from quickstudy.errors import LessonError
from quickstudy.learner import Learner
from quickstudy.serve.api.lessons import teacher
from quickstudy.serve.api.rooms import OF_A_JOB, Opened, Teaches
from quickstudy.serve.api.shapes import (
    By,
    DecisionOut,
    Id,
    LessonOut,
    OptionName,
    Shown,
    StepIn,
    StepRewardIn,
    Strict,
    decision_out,
    finite,
    lesson_out,
    situation_in,
)
from quickstudy.types import Decision, Lesson

router = APIRouter(prefix="/v1/jobs/{job}/tasks", tags=["tasks"])

TaskId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._:@-]{1,200}$", description="The task's id.")]


class BeginIn(Strict):
    """A task to begin, or to go on with."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:@-]{1,200}$")] | None = None


class StepTeachIn(Strict):
    """What was right at a step: its number from 0, or -1 for the newest."""

    answer: OptionName
    step: Annotated[int, Field(ge=-1, le=10**9)] = -1
    lesson_id: Id | None = None
    by: By | None = None


class EndIn(Strict):
    """How a task ended: true, false, a number, or nothing to say; and whether it was broken off."""

    outcome: bool | Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)] | None = None
    cut_off: bool = False


class TaskOut(Shown):
    """A task in a list."""

    task: str
    state: str
    steps: int
    outcome: float | None = None
    total: float = 0.0
    began: float | None = None


class TasksOut(Shown):
    """A page of tasks, in the order in which they began; ``next`` is the cursor of the next page."""

    tasks: list[TaskOut]
    next: str | None


class StepOut(DecisionOut):
    """A step's decision; ``stopped`` says that the task was given up."""

    task: str
    step: int
    stopped: bool


@router.get("", responses=OF_A_JOB, response_model=TasksOut)
async def tasks(
    caller: Teaches,
    job: Opened,
    after: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> Any:
    """The job's tasks, in the order in which they began."""
    every = await job.worker.read(lambda learner: learner.tasks())
    places = [place for place, one in enumerate(every) if one.task == after]
    start = places[0] + 1 if places else 0
    page = every[start : start + limit]
    more = page[-1].task if start + limit < len(every) else None
    return finite({"tasks": [dataclasses.asdict(one) for one in page], "next": more})


@router.post("", responses=OF_A_JOB, response_model=TaskOut)
async def begin(caller: Teaches, job: Opened, body: BeginIn) -> Any:
    """A task's id, and how many steps it has. It is in the journal from its first step on."""

    def begun(learner: Learner) -> dict[str, Any]:
        task = learner.task(body.id)
        return {"task": task.id, "state": "running", "steps": task.steps}

    return await job.worker.read(begun)


@router.post("/{task}/decide", responses=OF_A_JOB, response_model=StepOut)
async def decide(caller: Teaches, job: Opened, task: TaskId, body: StepIn) -> Any:
    """Decides on the next step; ``value`` says what to expect from here.

    With ``stop`` the task is given up when success has become too unlikely; of all tasks at most this share wrongly.
    """
    situation = situation_in(body.situation)

    def decided(learner: Learner) -> tuple[Decision, int, bool]:
        opened = learner.task(task, stop=body.stop)
        decision = opened.decide(situation, body.options, at=body.at, request_id=body.request_id)
        return decision, learner._record.decision(decision.id).step or 0, opened.stopped

    decision, step, stopped = await job.worker.change(decided)
    return {**decision_out(decision, evidence=body.evidence), "task": task, "step": step, "stopped": stopped}


@router.post("/{task}/teach", responses=OF_A_JOB, response_model=LessonOut)
async def teach(caller: Teaches, job: Opened, task: TaskId, body: StepTeachIn) -> Any:
    """Teaches what was right at a step: a demonstration, or a correction, also after the task has ended."""
    by = teacher(caller, body.by)

    def taught(learner: Learner) -> Lesson:
        try:
            return learner.task(task).teach(body.step, body.answer, by=by, lesson_id=body.lesson_id)
        except LessonError as error:
            steps = learner.review(task).steps if error.code == "ended-task" else ()
            found = [step for step in steps if body.step in (step.step, -1)]
            if not found:
                raise
            id = found[-1].decision_id
            return learner.teach(None, body.answer, decision_id=id, by=by, lesson_id=body.lesson_id)

    return lesson_out(await job.worker.change(taught))


@router.post("/{task}/reward", responses=OF_A_JOB, response_model=LessonOut)
async def reward(caller: Teaches, job: Opened, task: TaskId, body: StepRewardIn) -> Any:
    """Rewards the newest step; several rewards add up."""
    lesson = await job.worker.signed(
        caller.name, lambda learner: learner.task(task).reward(body.value, lesson_id=body.lesson_id, at=body.at)
    )
    return lesson_out(lesson)


@router.post("/{task}/end", responses=OF_A_JOB)
async def end(caller: Teaches, job: Opened, task: TaskId, body: EndIn) -> dict[str, Any]:
    """Ends the task, and looks back at it. Ending it again the same way changes nothing."""

    def ended(learner: Learner) -> dict[str, Any]:
        try:
            learner.task(task).end(body.outcome, cut_off=body.cut_off)
        except LessonError as error:
            if error.code != "ended-task":
                raise
            told = None if body.outcome is None else float(body.outcome)
            if learner.review(task).outcome != told:
                raise
        return learner.review(task).to_dict()

    return dict(finite(await job.worker.signed(caller.name, ended)))


@router.get("/{task}", responses=OF_A_JOB)
async def review(caller: Teaches, job: Opened, task: TaskId) -> dict[str, Any]:
    """Looks back at a task: each step's value and error, and the step that turned it."""
    return dict(finite(await job.worker.read(lambda learner: learner.review(task).to_dict())))
