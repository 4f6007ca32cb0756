"""Lessons for a learner: the right answer, a reward, or that no option is right.

Invariant: a lesson that was answered is on disk; the same ``lesson_id`` counts once. Not here: lessons inside tasks of
many steps (``tasks``), and what is learned from any of it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request

from quickstudy.errors import QuickstudyError
from quickstudy.serve.access import LOCAL, Caller
from quickstudy.serve.api.rooms import OF_A_JOB, Answer, Opened, Teaches, together
from quickstudy.serve.api.shapes import (
    LessonOut,
    LessonsOut,
    RejectIn,
    RewardIn,
    TeachBatchIn,
    TeachIn,
    lesson_out,
    situation_in,
)
from quickstudy.serve.problems import error_out
from quickstudy.serve.worker import Teaching

router = APIRouter(prefix="/v1/jobs/{job}", tags=["lessons"])


@router.post("/teach", responses=OF_A_JOB, response_model=LessonOut)
async def teach(caller: Teaches, job: Opened, body: TeachIn) -> Any:
    """Teaches the right answer to a decision, now or days later, or to a situation; on disk when it answers."""
    given = teaching_in(caller, body)
    lesson = await job.worker.teach(
        given.situation,
        given.answer,
        decision_id=given.decision_id,
        lesson_id=given.lesson_id,
        by=given.by,
        at=given.at,
    )
    return Answer(lesson_out(lesson))


@router.post("/teach/batch", responses=OF_A_JOB, response_model=LessonsOut)
async def teach_batch(caller: Teaches, job: Opened, body: TeachBatchIn, request: Request) -> Any:
    """Teaches many lessons at once; one that fails gives its error in its place."""
    outcomes = await together(body.items, partial(teaching_in, caller), job.worker.teach_many)
    return {
        "results": [
            {"error": error_out(outcome, request)}
            if isinstance(outcome, QuickstudyError)
            else {"lesson": lesson_out(outcome)}
            for outcome in outcomes
        ]
    }


@router.post("/reject", responses=OF_A_JOB, response_model=LessonOut)
async def reject(caller: Teaches, job: Opened, body: RejectIn) -> Any:
    """Says that a decision was wrong, and that none of the options is right."""
    by = teacher(caller, body.by)
    lesson = await job.worker.change(
        lambda learner: learner.reject(body.decision_id, by=by, lesson_id=body.lesson_id, at=body.at)
    )
    return lesson_out(lesson)


@router.post("/reward", responses=OF_A_JOB, response_model=LessonOut)
async def reward(caller: Teaches, job: Opened, body: RewardIn) -> Any:
    """Says how good a decision turned out: a number, or the job's reward terms."""
    lesson = await job.worker.signed(
        caller.name,
        lambda learner: learner.reward(body.decision_id, body.value, lesson_id=body.lesson_id, at=body.at),
    )
    return lesson_out(lesson)


def teaching_in(caller: Caller, body: TeachIn) -> Teaching:
    """A request as the worker takes it.

    Raises:
        SituationError: a date that is none.
    """
    situation = None if body.situation is None else situation_in(body.situation)
    by = teacher(caller, body.by)
    return Teaching(situation, body.answer, body.decision_id, body.lesson_id, by, body.at)


def teacher(caller: Caller, by: str | None) -> str:
    """Who taught, for the journal: the caller, and behind a stroke whom the caller speaks for.

    Nobody can teach under another token's name. A server without tokens knows nobody, and believes what it is told.
    """
    if by is None or by == caller.name:
        return caller.name
    return by if caller == LOCAL else f"{caller.name}/{by}"
