"""Looking at what a learner did, and forgetting: report, decisions, events, what-if.

Invariants: pages go on behind a cursor, and each costs a bounded amount of work; events carry no work content. Not
here: changing what a learner may do (``ruling``).
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query, Request
from pydantic import Field
from starlette.responses import StreamingResponse

from quickstudy.errors import InputError
from quickstudy.journal import Journal
from quickstudy.learner import Learner
from quickstudy.serve.access import Access
from quickstudy.serve.api.rooms import OF_A_JOB, Opened, Reviews
from quickstudy.serve.api.shapes import (
    Cursor,
    DecisionOut,
    Id,
    Shown,
    Strict,
    Value,
    decision_out,
    finite,
    value_in,
    with_situations,
)
from quickstudy.serve.live import page
from quickstudy.serve.problems import Problem
from quickstudy.types import Decision
from quickstudy.views import past_decision

router = APIRouter(prefix="/v1/jobs/{job}", tags=["review"])

WINDOW = 500
"""So many events are looked through for one page of decisions, at least; ten times as many at most."""
LISTENERS = 100
"""Most streams of events of one job."""


class WhatIfIn(Strict):
    """Targets to forecast; six usual ones if none is named."""

    target_error: (
        Annotated[list[Annotated[float, Field(gt=0.0, lt=1.0)]], Field(min_length=1, max_length=50)] | None
    ) = None


class ForgetIn(Strict):
    """What to forget: decisions or lessons by id, or all whose situation has these fields."""

    ids: Annotated[list[Id], Field(max_length=1_000)] = Field(default_factory=list)
    where: Annotated[dict[Annotated[str, Field(min_length=1, max_length=200)], Value], Field(max_length=20)] = Field(
        default_factory=dict
    )


class ForgottenOut(Shown):
    """How many events went."""

    forgotten: int


class ListedOut(DecisionOut):
    """A decision in a list, with its number in the journal."""

    seq: int


class ListOut(Shown):
    """A page of decisions; ``next`` is the cursor of the next page, null at the end."""

    decisions: list[ListedOut]
    next: int | None


class EventsOut(Shown):
    """A page of small events; ``next`` is the cursor to go on behind, also when more will have happened."""

    events: list[dict[str, Any]]
    next: int


@router.get("/report", responses=OF_A_JOB)
async def report(caller: Reviews, job: Opened) -> dict[str, Any]:
    """How the learner is doing."""
    found = await job.look(lambda learner: learner.report())
    return dict(finite(found.to_dict()))


@router.post("/what-if", responses=OF_A_JOB)
async def what_if(caller: Reviews, job: Opened, body: WhatIfIn) -> dict[str, Any]:
    """What is to be expected if the target were another; writes nothing."""
    found = await job.worker.read(lambda learner: learner.what_if(body.target_error))
    return {"forecasts": finite([forecast.to_dict() for forecast in found])}


@router.get("/decisions", responses=OF_A_JOB, response_model=ListOut)
async def decisions(
    caller: Reviews,
    job: Opened,
    state: Literal["all", "waiting"] = "all",
    after: Annotated[Cursor, Query()] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Any:
    """Decisions with what was seen, oldest first: all, or those that wait for an answer."""
    read = _waiting if state == "waiting" else _all
    found, more = await asyncio.to_thread(read, job.journal, after, limit)
    return {"decisions": [{**decision_out(one, situation=True), "seq": seq} for seq, one in found], "next": more}


@router.get("/decisions/{id}", responses=OF_A_JOB, response_model=DecisionOut)
async def decision(caller: Reviews, job: Opened, id: Annotated[str, Path(min_length=1, max_length=200)]) -> Any:
    """One past decision with what was seen and the evidence it had."""
    found = await job.worker.read(lambda learner: with_situations(learner, learner.decision(id)))
    return decision_out(found, evidence=True, situation=True)


@router.post("/forget", responses=OF_A_JOB, response_model=ForgottenOut)
async def forget(caller: Reviews, job: Opened, body: ForgetIn) -> Any:
    """Forgets, as if it had never been; content is scrubbed from disk. It can take a while in a long journal."""
    if not body.ids and not body.where:
        raise InputError("There is nothing to forget.", next_step="Give ids, or where with a field and its value.")
    for name in ("ids", "progress", "self"):
        if name in body.where:
            raise InputError(f"where cannot search the field {name!r}.", next_step="Give ids instead.")
    where = {name: value_in(name, value) for name, value in body.where.items()}

    def forgotten(learner: Learner) -> int:
        return learner.forget(body.ids or None, **where)

    return {"forgotten": await job.worker.signed(caller.name, forgotten)}


@router.get(
    "/events",
    responses={
        **OF_A_JOB,
        200: {
            "description": "A page; or, where the caller accepts text/event-stream, events as they happen.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
    },
    response_model=EventsOut,
)
async def events(
    caller: Reviews,
    job: Opened,
    request: Request,
    after: Annotated[Cursor | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> Any:
    """What happened, or what happens: small events, without what was seen.

    A stream goes on behind ``Last-Event-ID`` or ``after``, else with what comes next; a page begins behind ``after``.
    """
    if "text/event-stream" not in request.headers.get("accept", ""):
        found, more = await asyncio.to_thread(page, job.journal, after or 0, limit)
        return {"events": found, "next": more}
    if job.live.listeners >= LISTENERS:
        raise Problem(503, "too-many-streams", f"{LISTENERS} streams are open.", next_step="Close one of them.")
    if last_event_id is not None and last_event_id.isdecimal():
        after = int(last_event_id)
    stream = _stream(job, request, after)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _stream(job: Opened, request: Request, after: int | None) -> AsyncIterator[str]:
    access: Access = request.app.state.access
    if after is None:
        after = await asyncio.to_thread(lambda: job.journal.last_seq)
    yield f"id: {after}\nretry: 2000\n\n"  # who is cut off before the first event still goes on behind this number
    still = functools.partial(access.still, request)
    async for found in job.live.events(after, heartbeat=access.settings.heartbeat, still=still):
        for one in found:
            yield f"id: {one['seq']}\nevent: {one['kind']}\ndata: {json.dumps(one)}\n\n"
        if not found:
            yield ": alive\n\n"


def _waiting(journal: Journal, after: int, limit: int) -> tuple[list[tuple[int, Decision]], int | None]:
    found = journal.waiting(limit + 1, after=after)
    more = found[limit - 1].seq if len(found) > limit else None
    return [(event.seq, past_decision(event)) for event in found[:limit]], more


def _all(journal: Journal, after: int, limit: int) -> tuple[list[tuple[int, Decision]], int | None]:
    """Decisions behind a number; at most ten windows are looked through, so a page can be short."""
    last = journal.last_seq
    found: list[tuple[int, Decision]] = []
    for _ in range(10):
        until = min(after + WINDOW, last)
        if until <= after:
            break
        for event in journal.events(after=after, until_seq=until, kinds=["decision"]):
            if not event.forgotten:
                found.append((event.seq, past_decision(event)))
            if len(found) == limit:
                return found, event.seq if event.seq < last else None
        after = until
    return found, after if after < last else None
