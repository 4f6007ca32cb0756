"""Tokens over HTTP, for admins of the whole desk. Not here: how they are kept (``serve.tokens``)."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import Field

from quickstudy.serve.access import Access
from quickstudy.serve.api.rooms import JOB_PATTERN, Rules, failures, for_all_jobs
from quickstudy.serve.api.shapes import Shown, Strict

router = APIRouter(prefix="/v1/tokens", tags=["tokens"])

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$"

JobName = Annotated[str, Field(pattern=JOB_PATTERN)]


class TokenIn(Strict):
    """A token to make: for whom, with which role, for which jobs (all if none is named), for how many days."""

    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    role: Literal["work", "teach", "review", "admin"]
    jobs: Annotated[list[JobName], Field(min_length=1, max_length=1_000)] | None = None
    days: Annotated[float, Field(gt=0.0, le=36_500.0)] | None = None


class TokenOut(Shown):
    """A token, without its secret."""

    name: str
    role: str
    jobs: list[str] | None
    made: float
    expires: float | None


class MadeOut(TokenOut):
    """A new token with its secret, which is shown this once."""

    token: str


class TokensOut(Shown):
    """All tokens, expired ones too."""

    tokens: list[TokenOut]


@router.get("", responses=failures(503), response_model=TokensOut)
async def tokens(caller: Rules, request: Request) -> Any:
    """All tokens, without their secrets."""
    for_all_jobs(caller)
    access: Access = request.app.state.access
    return {"tokens": [token.to_dict() for token in await asyncio.to_thread(access.tokens.all)]}


@router.post("", responses=failures(409, 503), response_model=MadeOut, status_code=201)
async def add(caller: Rules, body: TokenIn, request: Request) -> Any:
    """Makes a token; the secret is in this answer and nowhere else."""
    for_all_jobs(caller)
    access: Access = request.app.state.access
    expires = None if body.days is None else time.time() + body.days * 86_400
    secret, token = await asyncio.to_thread(
        lambda: access.tokens.add(body.name, body.role, jobs=body.jobs, expires=expires, by=caller.name)
    )
    return {**token.to_dict(), "token": secret}


@router.delete("/{name}", responses=failures(404, 503), response_model=TokenOut)
async def revoke(
    caller: Rules, name: Annotated[str, Path(pattern=NAME_PATTERN, description="The token's name.")], request: Request
) -> Any:
    """Takes a token away; it opens nothing from now on, and its sessions end."""
    for_all_jobs(caller)
    access: Access = request.app.state.access
    return (await asyncio.to_thread(lambda: access.tokens.revoke(name, by=caller.name))).to_dict()
