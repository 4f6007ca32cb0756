"""``/mcp``: the server's jobs as a Model Context Protocol server over streamable HTTP.

Every request stands alone and shows its own token, so there are no sessions to steal, and any process can answer. The
host's name, the request's size and its origin were checked by ``door`` and ``access`` before. Invariant: a caller sees
and does exactly what the same token may do through the API. Not here: the tools (``adapters.mcp``).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from quickstudy.errors import MissingExtraError, QuickstudyError
from quickstudy.job import Job
from quickstudy.learner import Learner
from quickstudy.serve.access import Caller
from quickstudy.serve.api.rooms import AtWork
from quickstudy.serve.desk import Desk, OpenJob
from quickstudy.serve.problems import Problem
from quickstudy.serve.tokens import Role
from quickstudy.types import Decision, Lesson, Situation

if TYPE_CHECKING:
    from quickstudy.adapters.mcp.rooms import Context, JobLine, Right

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DeskRoom:
    """One job of the desk, entered by one caller."""

    name: str
    by: str
    job: OpenJob

    async def decide(self, situation: Situation, options: list[str] | None, request_id: str | None) -> Decision:
        """See :class:`quickstudy.adapters.mcp.rooms.Room`."""
        return await self.job.worker.decide(situation, options, request_id=request_id)

    async def teach(
        self, target: Situation | None, answer: str, *, decision_id: str | None, lesson_id: str | None, by: str
    ) -> Lesson:
        """See :class:`quickstudy.adapters.mcp.rooms.Room`."""
        return await self.job.worker.teach(target, answer, decision_id=decision_id, lesson_id=lesson_id, by=by)

    async def run(self, work: Callable[[Learner], T]) -> T:
        """See :class:`quickstudy.adapters.mcp.rooms.Room`."""
        return await self.job.worker.change(work)


class DeskJobs:
    """The desk's jobs, as far as a caller may see them.

    Args:
        desk: the desk.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def lines(self, context: Context) -> list[JobLine]:
        """See :class:`quickstudy.adapters.mcp.rooms.Jobs`."""
        return await asyncio.to_thread(self._lines, self._names(_caller(context)))

    async def enter(self, context: Context, job: str | None, right: Right) -> DeskRoom:
        """See :class:`quickstudy.adapters.mcp.rooms.Jobs`."""
        from quickstudy.adapters.mcp.rooms import checked_name

        caller = _caller(context)
        name = checked_name(job, self._names(caller))
        if not caller.may(Role(right)):
            raise Problem(
                403,
                "role",
                f"The token {caller.name!r} may {caller.role}; this needs {right}.",
                next_step=f"Use a token with the role {right}.",
            )
        return DeskRoom(name, caller.name, await self._desk.get(name))

    def _lines(self, names: list[str]) -> list[JobLine]:
        """Reads the jobs' files; opens nothing, and leaves out what cannot be read."""
        from quickstudy.adapters.mcp.rooms import JobLine

        lines = []
        for name in names:
            with contextlib.suppress(QuickstudyError):
                job = Job.load(self._desk.settings.folder / f"{name}.toml")
                lines.append(JobLine(name, job.instructions, len(job.options), job.open))
        return lines

    def _names(self, caller: Caller) -> list[str]:
        return [name for name in self._desk.names() if caller.may(Role.WORK, name)]


@asynccontextmanager
async def _life(app: Any) -> AsyncIterator[None]:
    try:
        from quickstudy.adapters.mcp import make_server
    except MissingExtraError:  # its address says so
        app.state.protocol = None
        yield
        return
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    server = make_server(DeskJobs(app.state.desk))
    app.state.protocol = StreamableHTTPSessionManager(
        server._lowlevel_server,
        json_response=True,
        stateless=True,
        max_request_body_size=app.state.settings.max_body,
    )
    async with app.state.protocol.run():
        yield


router = APIRouter(tags=["agents"], lifespan=_life)


@router.post("/mcp", include_in_schema=False)
async def protocol(caller: AtWork, request: Request) -> Response:
    """One message of the Model Context Protocol."""
    manager = request.app.state.protocol
    if manager is None:
        missing = MissingExtraError("mcp", "mcp")
        raise Problem(404, missing.code, missing.message, next_step=missing.next_step)
    return _Handled(manager)


class _Handled(Response):
    """An answer that the protocol's library sends itself."""

    def __init__(self, manager: Any) -> None:
        super().__init__()
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)


def _caller(context: Context) -> Caller:
    """Who sent the request; ``access`` has let them in."""
    caller: Caller = context.request_context.request.state.caller
    return caller
