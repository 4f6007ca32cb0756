"""The jobs of the desk, each at a glance.

Invariant: the list opens no job by itself; the page's script asks for each glance, one after the other. Not here:
making a job (``creating``).
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from starlette.responses import Response

from quickstudy.serve.api.rooms import AtWork, Opened
from quickstudy.serve.pages.rooms import room_of
from quickstudy.serve.pages.shell import fragment, page, who

router = APIRouter()


@router.get("/")
async def jobs(request: Request, caller: AtWork) -> Response:
    """All jobs that the caller may use."""
    desk = request.app.state.desk
    names = [name for name in await asyncio.to_thread(desk.names) if caller.jobs is None or name in caller.jobs]
    opened = {job.name: job for job in desk.opened()}
    by = who(request, caller)
    glances = {name: await room_of(request.app, opened[name]).glance(by) for name in names if name in opened}
    return page(request, "jobs.html", caller, names=names, glances=glances)


@router.get("/jobs/{job}/glance")
async def glance(request: Request, caller: AtWork, job: Opened) -> Response:
    """One line of the list; opens the job."""
    found = await room_of(request.app, job).glance(who(request, caller))
    return fragment("glance.html", {"name": job.name, "glance": found, "caller": caller})


@router.get("/jobs/{job}/counts")
async def counts(request: Request, caller: AtWork, job: Opened) -> dict[str, int | str]:
    """What waits, for the numbers beside the menu."""
    found = await room_of(request.app, job).glance(who(request, caller))
    return {"inbox": found.asked, "second": found.second, "audits": found.audits, "state": found.state}
