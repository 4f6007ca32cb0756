"""The jobs of the desk: listing, describing, creating."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from quickstudy.serve.api.rooms import OF_A_JOB, AtWork, Opened, failures

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@router.get("", responses=failures(503))
async def jobs(caller: AtWork, request: Request) -> dict[str, Any]:
    """The jobs that the caller may use."""
    names = [name for name in request.app.state.desk.names() if caller.jobs is None or name in caller.jobs]
    opened = {job.name for job in request.app.state.desk.opened()}
    return {"jobs": [{"name": name, "open": name in opened} for name in names]}


@router.get("/{job}", responses=OF_A_JOB)
async def describe(caller: AtWork, job: Opened) -> dict[str, Any]:
    """One job as it stands."""
    return await job.worker.read(
        lambda learner: {"name": job.name, "job": learner.job.to_dict(), "options": list(learner.options)}
    )
