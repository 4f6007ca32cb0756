"""The endpoint: ``POST /v1/chat/completions`` and ``GET /v1/models``.

A job answers here if it has an upstream; its model is called ``quickstudy/JOB``. The right "work" is enough: the
teacher is the server's own upstream, never the caller. Not here: what is done with a request (``front``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel
from starlette.responses import Response

from quickstudy.serve.access import Caller
from quickstudy.serve.api.rooms import AtWork, Failed, failures
from quickstudy.serve.desk import Desk
from quickstudy.serve.openai.chat import PREFIX, read_chat
from quickstudy.serve.openai.front import Front
from quickstudy.serve.openai.upstream import Upstream, UpstreamSettings
from quickstudy.serve.problems import Problem
from quickstudy.serve.tokens import Role

OWNER = "quickstudy"


class Fronts:
    """The endpoints of all jobs of one server.

    Args:
        desk: the jobs.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._fronts: dict[str, Front] = {}
        self._upstreams: dict[str, tuple[tuple[int, int], Upstream]] = {}
        self._old: list[Upstream] = []

    def file(self, name: str) -> Path:
        """Where a job's upstream is described."""
        return self._desk.settings.folder / f"{name}.upstream.toml"

    async def front(self, name: str) -> Front:
        """A job's endpoint, with the upstream that its file names now.

        Raises:
            Problem: there is no such job, or it has no upstream that can be used.
        """
        job = await self._desk.get(name)
        upstream = self._upstream(name)
        front = self._fronts.get(name)
        if front is None or front.job is not job:
            front = self._fronts[name] = Front(job, upstream)
        front.upstream = upstream
        return front

    def models(self, caller: Caller) -> list[dict[str, Any]]:
        """The models that a caller may use."""
        found = []
        for name in self._desk.names():
            file = self.file(name)
            if file.is_file() and caller.may(Role.WORK, name):
                made = int(file.stat().st_mtime)
                found.append({"id": PREFIX + name, "object": "model", "created": made, "owned_by": OWNER})
        return found

    async def close(self) -> None:
        """Waits for what was begun, and ends all connections."""
        await asyncio.gather(*(front.close() for front in self._fronts.values()))
        for upstream in [*self._old, *(upstream for _, upstream in self._upstreams.values())]:
            await upstream.close()

    def _upstream(self, name: str) -> Upstream:
        file = self.file(name)
        try:
            stat = file.stat()
        except OSError as error:
            raise Problem(
                404,
                "no-upstream",
                f"The job {name!r} has no upstream.",
                next_step=f"Describe one in {file.name}: url and model. Or use POST /v1/jobs/{name}/decide.",
            ) from error
        version = (stat.st_mtime_ns, stat.st_size)
        held = self._upstreams.get(name)
        if held is None or held[0] != version:
            upstream = Upstream(UpstreamSettings.load(file))
            if held is not None:
                self._old.append(held[1])
            held = self._upstreams[name] = (version, upstream)
        return held[1]


@asynccontextmanager
async def _life(app: Any) -> AsyncIterator[None]:
    fronts = app.state.fronts = Fronts(app.state.desk)
    yield
    await fronts.close()


router = APIRouter(prefix="/v1", tags=["agents"], lifespan=_life)


class ModelOut(BaseModel):
    """A job as a model."""

    id: str
    object: str
    created: int
    owned_by: str


class ModelsOut(BaseModel):
    """The jobs that can be called as models."""

    object: str
    data: list[ModelOut]


_MESSAGE = {"type": "object", "properties": {"role": {"type": "string"}}, "required": ["role"]}
_REQUEST = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "description": "As in the OpenAI API; what is not named here is passed on.",
                "properties": {
                    "model": {"type": "string", "description": "quickstudy/JOB"},
                    "messages": {"type": "array", "minItems": 1, "items": _MESSAGE},
                    "stream": {"type": "boolean"},
                },
                "required": ["model", "messages"],
            }
        }
    },
}
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A chat completion; a stream of chunks if stream is true. quickstudy says who answered.",
        "content": {"application/json": {"schema": {"type": "object"}}, "text/event-stream": {}},
    },
    502: {
        "model": Failed,
        "description": "The upstream cannot be reached. Any status of the upstream's own is passed on, too.",
    },
    504: {"model": Failed, "description": "The upstream took too long."},
}


@router.post(
    "/chat/completions",
    responses={**failures(404, 409, 503), **_ANSWER},
    openapi_extra={"requestBody": _REQUEST},
    response_class=Response,
)
async def chat_completions(
    caller: AtWork,
    request: Request,
    idempotency_key: Annotated[str | None, Header(max_length=1_000)] = None,
) -> Response:
    """Answers as the model behind the job would, alone where the learner has earned it.

    The model is called quickstudy/JOB. A request with an Idempotency-Key can be repeated: nothing is taught twice.
    """
    chat = read_chat(await request.body())
    if not caller.may(Role.WORK, chat.job):
        raise Problem(
            403,
            "other-job",
            f"The token {caller.name!r} is not for this job.",
            next_step="Ask for a token that names the job.",
        )
    front = await request.app.state.fronts.front(chat.job)
    answer: Response = await front.answer(chat, caller.name, idempotency_key)
    return answer


@router.get("/models", responses=failures(), response_model=ModelsOut)
async def models(caller: AtWork, request: Request) -> Any:
    """The jobs that have an upstream, as models."""
    return {"object": "list", "data": request.app.state.fronts.models(caller)}


@router.get("/models/{model:path}", responses=failures(404), response_model=ModelOut)
async def model(caller: AtWork, request: Request, model: str) -> Any:
    """One of them."""
    for found in request.app.state.fronts.models(caller):
        if found["id"] == model:
            return found
    raise Problem(404, "unknown-model", f"There is no model {model[:80]!r}.", next_step="GET /v1/models lists them.")
