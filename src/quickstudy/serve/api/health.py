"""Whether the server lives, whether it can work, and its numbers.

Not here: how a single job is doing (``looking``).
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from quickstudy.serve.api.rooms import Failed, Reviews, failures, for_all_jobs
from quickstudy.serve.api.shapes import Shown
from quickstudy.serve.desk import Desk
from quickstudy.serve.problems import Problem

router = APIRouter(tags=["operations"])

OPEN: dict[int | str, dict[str, Any]] = {400: {"model": Failed, "description": "The request names another host."}}


class HealthOut(Shown):
    """The process lives."""

    status: str


class ReadyOut(HealthOut):
    """The server can work; how many jobs there are."""

    jobs: int


@router.get("/healthz", responses=OPEN, response_model=HealthOut)
async def healthz() -> Any:
    """The process lives and answers."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    responses={**OPEN, 503: {"model": Failed, "description": "The jobs folder cannot be used, or it is stopping."}},
    response_model=ReadyOut,
)
async def readyz(request: Request) -> Any:
    """The jobs folder can be used, and the server is not stopping."""
    desk: Desk = request.app.state.desk
    if desk.closed:
        raise Problem(503, "closing", "The server is stopping.", next_step="Ask another one.")
    if not await asyncio.to_thread(os.access, desk.settings.folder, os.R_OK | os.W_OK | os.X_OK):
        raise Problem(
            503, "no-folder", "The jobs folder cannot be read and written.", next_step="Look at its permissions."
        )
    return {"status": "ready", "jobs": len(await asyncio.to_thread(desk.names))}


@router.get(
    "/metrics",
    responses={**failures(), 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    response_class=Response,
)
async def metrics(caller: Reviews, request: Request) -> Response:
    """The server's numbers in Prometheus' text format; they name all jobs."""
    for_all_jobs(caller)
    return Response(await asyncio.to_thread(request.app.state.metrics.text), media_type=CONTENT_TYPE_LATEST)
