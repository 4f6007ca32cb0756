"""Looking at what a learner did: the report."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from quickstudy.serve.api.rooms import OF_A_JOB, Opened, Reviews
from quickstudy.serve.api.shapes import finite

router = APIRouter(prefix="/v1/jobs/{job}", tags=["review"])


@router.get("/report", responses=OF_A_JOB)
async def report(caller: Reviews, job: Opened) -> dict[str, Any]:
    """How the learner is doing."""
    found = await job.worker.read(lambda learner: learner.report())
    return dict(finite(found.to_dict()))
