"""Lessons: teach."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from quickstudy.serve.access import LOCAL, Caller
from quickstudy.serve.api.rooms import OF_A_JOB, Opened, Teaches
from quickstudy.serve.api.shapes import LessonOut, TeachIn, lesson_out, situation_in

router = APIRouter(prefix="/v1/jobs/{job}", tags=["lessons"])


@router.post("/teach", responses=OF_A_JOB, response_model=LessonOut)
async def teach(caller: Teaches, job: Opened, body: TeachIn) -> Any:
    """Teaches the right answer to a decision or a situation; on disk when it answers."""
    lesson = await job.worker.teach(
        None if body.situation is None else situation_in(body.situation),
        body.answer,
        decision_id=body.decision_id,
        lesson_id=body.lesson_id,
        by=teacher(caller, body.by),
        at=body.at,
    )
    return lesson_out(lesson)


def teacher(caller: Caller, by: str | None) -> str:
    """Who taught, for the journal: the caller, and behind a stroke whom the caller speaks for.

    Nobody can teach under another token's name. A server without tokens knows nobody, and believes what it is told.
    """
    if by is None or by == caller.name:
        return caller.name
    return by if caller == LOCAL else f"{caller.name}/{by}"
