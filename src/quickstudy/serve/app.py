"""The server as an ASGI app: :func:`create_app` puts the rooms together; each room is one line.

Not here: listening, signals and shutdown (``running``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from quickstudy import __version__
from quickstudy.serve import pages, problems
from quickstudy.serve.access import Access
from quickstudy.serve.api import health, jobs, lessons, looking, work
from quickstudy.serve.desk import Desk
from quickstudy.serve.door import Door
from quickstudy.serve.settings import ServerSettings

DESCRIPTION = "Learners on jobs: programs send work, people answer what the learners ask and review what they did."


def create_app(settings: ServerSettings) -> FastAPI:
    """The server's app; ``app.state`` has ``settings``, ``desk`` and ``access``.

    Args:
        settings: how it runs.
    """
    desk = Desk(settings)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(desk.close)

    app = FastAPI(
        title="quickstudy",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
    )
    app.state.settings, app.state.desk, app.state.access = settings, desk, Access(settings)
    problems.install(app)
    for room in (health, jobs, work, lessons, looking):
        app.include_router(room.router)
    pages.install(app)
    app.add_middleware(Door, settings=settings, seen=lambda scope, status, seconds: None)
    return app
