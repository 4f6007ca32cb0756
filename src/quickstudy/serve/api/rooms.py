"""What every part of the API shares: how a path's job is found, and which errors can answer.

Not here: the shapes of requests and answers (``shapes``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, TypeAlias, TypeVar

from fastapi import Depends, Path, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse

from quickstudy.errors import QuickstudyError
from quickstudy.serve.access import Caller, needs
from quickstudy.serve.api.shapes import ErrorOut
from quickstudy.serve.desk import OpenJob
from quickstudy.serve.problems import Problem
from quickstudy.serve.tokens import Role

Body = TypeVar("Body")
Work = TypeVar("Work")
Result = TypeVar("Result")

JOB_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"


class Failed(BaseModel):
    """The answer to every request that fails."""

    error: ErrorOut


class Answer(JSONResponse):
    """An answer that is sent as it is: its shape is declared and tested, not checked again for every request."""


WHY = {
    400: "The request cannot be read, or names another host.",
    401: "No token, or one that opens nothing.",
    403: "The token may not do this, or not for this job; or another site's page sent it.",
    404: "No such job, decision, lesson or task.",
    409: "It contradicts what is there: a used id, an ended task, a taken name, a locked journal.",
    413: "The request is too large.",
    422: "The request makes no sense; the message says where.",
    429: "Too many requests of this token; see Retry-After.",
    503: "The job cannot work now: see the message. Try again.",
}


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for the API's description: those of every route and these."""
    always = (400, 401, 403, 413, 422, 429)
    return {status: {"model": Failed, "description": WHY[status]} for status in sorted({*always, *statuses})}


OF_A_JOB = failures(404, 409, 503)
"""The error answers of every route under a job."""


async def _opened(
    job: Annotated[str, Path(pattern=JOB_PATTERN, description="The job's name.")], request: Request
) -> OpenJob:
    found: OpenJob = await request.app.state.desk.get(job)
    return found


AtWork: TypeAlias = Annotated[Caller, needs(Role.WORK)]
Teaches: TypeAlias = Annotated[Caller, needs(Role.TEACH)]
Reviews: TypeAlias = Annotated[Caller, needs(Role.REVIEW)]
Rules: TypeAlias = Annotated[Caller, needs(Role.ADMIN)]
Opened: TypeAlias = Annotated[OpenJob, Depends(_opened)]
"""The path's job, open. Name the caller's role before it: who may not ask does not open anything."""


async def together(
    bodies: Sequence[Body],
    read: Callable[[Body], Work],
    do: Callable[[Sequence[Work]], Awaitable[list[Result | QuickstudyError]]],
) -> list[Result | QuickstudyError]:
    """Does at once what can be read of a batch; what cannot be read gives its error in its place.

    Args:
        bodies: the batch.
        read: makes of each what is to be done, or raises.
        do: does it.
    """
    works: list[Work] = []
    refused: dict[int, QuickstudyError] = {}
    for place, body in enumerate(bodies):
        try:
            works.append(read(body))
        except QuickstudyError as error:
            refused[place] = error
    done = iter(await do(works))
    return [refused[place] if place in refused else next(done) for place in range(len(bodies))]


def for_all_jobs(caller: Caller) -> None:
    """Refuses a caller whose token is for some jobs only.

    Raises:
        Problem: it is.
    """
    if caller.jobs is not None:
        raise Problem(
            403,
            "other-job",
            f"The token {caller.name!r} is for some jobs only; this is about the whole desk.",
            next_step="Use a token for all jobs.",
        )
