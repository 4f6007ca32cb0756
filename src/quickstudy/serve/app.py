"""The server as an ASGI app: :func:`create_app` puts the rooms together; each room is one line.

Not here: listening, signals and shutdown (``running``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import Scope

from quickstudy import __version__
from quickstudy.serve import pages, problems
from quickstudy.serve.access import Access
from quickstudy.serve.api import health, jobs, lessons, looking, ruling, tasks, tokens, work
from quickstudy.serve.desk import Desk
from quickstudy.serve.door import Door
from quickstudy.serve.metrics import Metrics
from quickstudy.serve.settings import ServerSettings

DESCRIPTION = "Learners on jobs: programs send work, people answer what the learners ask and review what they did."

log = logging.getLogger("quickstudy.serve")


def create_app(settings: ServerSettings) -> FastAPI:
    """The server's app; ``app.state`` has ``settings``, ``desk``, ``access`` and ``metrics``.

    Args:
        settings: how it runs.
    """
    desk = Desk(settings)
    metrics = Metrics(desk)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(desk.close)

    def seen(scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "(none)")
        metrics.count(scope["method"], route, status, seconds)
        if log.isEnabledFor(logging.INFO):
            log.info("request", extra=_noted(scope, route, status, seconds, settings))

    app = FastAPI(
        title="quickstudy",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
    )
    app.state.settings, app.state.desk, app.state.access = settings, desk, Access(settings)
    app.state.metrics = metrics
    problems.install(app)
    for room in (work, lessons, tasks, looking, ruling, jobs, tokens, health):  # the busiest first: they match in turn
        app.include_router(room.router)
    pages.install(app)
    app.add_middleware(Door, settings=settings, seen=seen)
    return app


def _noted(scope: Scope, route: str, status: int, seconds: float, settings: ServerSettings) -> dict[str, object]:
    """What the log keeps of a request: who, which route, how it went; no content."""
    state = scope.get("state", {})
    caller, problem = state.get("caller"), state.get("problem")
    return {
        "request_id": scope["quickstudy_request"],
        "method": scope["method"],
        "path": route,
        "job": scope.get("path_params", {}).get("job"),
        "status": status,
        "ms": round(seconds * 1_000, 2),
        "caller": None if caller is None else caller.name,
        "code": None if problem is None else problem.code,
        "error": problem.message if problem is not None and settings.log_content else None,
    }
