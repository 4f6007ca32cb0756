"""The journal's pages: searching, one entry with its evidence, correcting it, forgetting it.

Invariants: a correction is a lesson like any other, under the corrector's name; what is forgotten is gone from the disk
when this answers. Not here: searching (``browse``).
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from quickstudy.errors import QuickstudyError
from quickstudy.journal import Event
from quickstudy.learner import Learner
from quickstudy.perception import situation_from_json
from quickstudy.serve.access import Caller
from quickstudy.serve.api.rooms import Opened, Reviews
from quickstudy.serve.desk import OpenJob
from quickstudy.serve.pages.browse import Wanted, detail, search
from quickstudy.serve.pages.rooms import Room
from quickstudy.serve.pages.shell import of_job, page, who
from quickstudy.serve.problems import Problem

MODES = (("", "any"), ("ask", "asked"), ("audit", "audited"), ("act", "alone"), ("lesson", "lesson"))
DAY = 86_400.0

router = APIRouter(prefix="/jobs/{job}/journal")


@router.get("")
async def journal(
    request: Request,
    caller: Reviews,
    job: Opened,
    text: Annotated[str, Query(max_length=500)] = "",
    answer: Annotated[str, Query(max_length=1_000)] = "",
    by: Annotated[str, Query(max_length=200)] = "",
    mode: Annotated[str, Query(pattern="^(ask|audit|act|lesson)?$")] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
    before: Annotated[int | None, Query(ge=0, le=2**53)] = None,
) -> Response:
    """Decisions and lessons that match, newest first."""
    room, context = await of_job(request, job, caller)
    wanted = Wanted(
        text=text.strip(),
        answer=answer.strip(),
        by=by.strip(),
        mode=mode,
        since=_day(since, 0.0),
        until=_day(until, DAY),
        before=before,
    )
    me = who(request, caller)

    def sealed(ids: Collection[str]) -> frozenset[str]:
        return room.waiting.sealed(ids, me)

    found = await asyncio.to_thread(search, job.journal, wanted, sealed)
    asked = {"text": text, "answer": answer, "by": by, "mode": mode, "since": since, "until": until}
    return page(request, "journal.html", caller, found=found, asked=asked, modes=MODES, before=before, **context)


@router.get("/{id}")
async def entry(request: Request, caller: Reviews, job: Opened, id: str) -> Response:
    """One decision or lesson in full."""
    room, context = await of_job(request, job, caller)
    event = await _event(job, id)
    if event.kind == "lesson" and event.decision_id is not None:
        return RedirectResponse(f"/jobs/{job.name}/journal/{event.decision_id}", 303)
    return await _entry(request, caller, job, room, event, context)


@router.post("/{id}/correct")
async def correct(
    request: Request,
    caller: Reviews,
    job: Opened,
    id: str,
    answer: Annotated[str, Form(max_length=1_000)] = "",
    none: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Teaches another answer to an entry."""
    room, context = await of_job(request, job, caller)
    event = await _event(job, id)
    me = who(request, caller)
    try:
        where = await job.worker.change(lambda learner: _corrected(learner, event, answer.strip(), bool(none), me))
    except QuickstudyError as error:
        if isinstance(error, Problem):
            raise
        return await _entry(request, caller, job, room, event, context, error=error, typed=answer, status=422)
    return RedirectResponse(f"/jobs/{job.name}/journal/{where}", 303)


@router.get("/{id}/forget")
async def ask_forget(request: Request, caller: Reviews, job: Opened, id: str) -> Response:
    """Asks whether an entry is really to be forgotten."""
    room, context = await of_job(request, job, caller)
    event = await _event(job, id)
    return await _entry(request, caller, job, room, event, context, forgetting=True)


@router.post("/{id}/forget")
async def forget(request: Request, caller: Reviews, job: Opened, id: str) -> Response:
    """Forgets an entry with what was taught on it."""
    await _event(job, id)
    me = who(request, caller)

    def gone(learner: Learner) -> int:
        with learner.signed(me):
            return learner.forget(id)

    await job.worker.change(gone)
    return RedirectResponse(f"/jobs/{job.name}/journal/{id}", 303)


async def _entry(
    request: Request,
    caller: Caller,
    job: OpenJob,
    room: Room,
    event: Event,
    context: dict[str, object],
    *,
    error: QuickstudyError | None = None,
    typed: str = "",
    status: int = 200,
    forgetting: bool = False,
) -> Response:
    hidden = bool(await asyncio.to_thread(room.waiting.sealed, [event.id], who(request, caller)))
    found = await asyncio.to_thread(detail, job.journal, event, sealed=hidden)
    return page(
        request,
        "entry.html",
        caller,
        status=status,
        found=found,
        error=error,
        typed=typed,
        forgetting=forgetting,
        is_open=job.learner.job.open,
        **context,
    )


async def _event(job: OpenJob, id: str) -> Event:
    event = await asyncio.to_thread(job.journal.get, id)
    if event is None or event.kind not in ("decision", "lesson"):
        raise Problem(
            404, "unknown-id", f"The journal holds no decision or lesson {id[:80]!r}.", next_step="Search for it."
        )
    return event


def _corrected(learner: Learner, event: Event, answer: str, none: bool, by: str) -> str:
    """Teaches it; says under which id the entry stands now."""
    if not answer and not none:
        raise Problem(422, "no-answer", "No answer was given.", next_step="Choose one.")
    if event.kind == "decision":
        if answer:
            learner.teach(None, answer, decision_id=event.id, by=by)
        else:
            learner.reject(event.id, by=by)
        return event.id
    if not answer or event.situation is None:
        raise Problem(422, "no-answer", "A lesson needs an answer.", next_step="Choose one, or forget the lesson.")
    taught = learner.teach(situation_from_json(event.situation), answer, by=by, at=event.at)
    with learner.signed(by):
        learner.forget(event.id)  # a lesson without a decision is replaced by no other
    return taught.id


def _day(text: str, later: float) -> float | None:
    """The beginning of a day in UTC, and ``later`` seconds; None without one."""
    if not text:
        return None
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        raise Problem(422, "bad-date", f"{text!r} is no date.", next_step="Give one like 2026-11-22.") from None
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC).timestamp() + later
