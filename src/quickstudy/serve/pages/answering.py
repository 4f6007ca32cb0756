"""Answering: the inbox, second looks and audits are one bench, with other questions on it.

The page holds a person's newest answer back for a moment, so that it can be undone before anything is taught (see
``static/bench.js``); what arrives here is taught at once, and is on disk when this answers. An answer that was taught
is undone by another one, which replaces it, or by ``withdraw``, which forgets it.

Invariants: each answer carries a ``lesson_id``, so one that is sent twice counts once; audits and second looks are
blind until they are answered. Not here: which question comes next (``waiting``), what it shows (``questions``).
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from quickstudy.learner import Learner
from quickstudy.serve.access import Caller
from quickstudy.serve.api.rooms import Opened, Reviews, Teaches
from quickstudy.serve.api.shapes import Id, OptionName, Strict
from quickstudy.serve.desk import OpenJob
from quickstudy.serve.pages.rooms import room_of
from quickstudy.serve.pages.shell import fragment, of_job, page, who
from quickstudy.serve.pages.waiting import KINDS, Kind, Order
from quickstudy.serve.problems import Problem
from quickstudy.serve.tokens import Role
from quickstudy.types import Lesson

AHEAD = 5
"""So many questions come with the page; its script fetches more, so that the next one is always there."""

FOUND = 20
"""So many options are found at once."""

router = APIRouter(prefix="/jobs/{job}")


class AnswerIn(Strict):
    """An answer: an option's name, or None where no option is right; ``add`` makes it an option if it is none yet."""

    decision_id: Id
    answer: OptionName | None = None
    add: bool = False
    lesson_id: Id | None = None
    kind: Kind = "inbox"


class WithdrawIn(Strict):
    """A lesson that is to be forgotten."""

    lesson_id: Id


@router.get("/inbox")
async def inbox(request: Request, caller: Teaches, job: Opened, order: Order = "hardest") -> Response:
    """What the learner asks."""
    return await _bench(request, caller, job, "inbox", order)


@router.get("/second")
async def second(request: Request, caller: Teaches, job: Opened) -> Response:
    """What another person answered, and is put to a second one."""
    return await _bench(request, caller, job, "second", "oldest")


@router.get("/audits")
async def audits(request: Request, caller: Reviews, job: Opened) -> Response:
    """What the learner answered, and coins chose for review."""
    return await _bench(request, caller, job, "audits", "oldest")


@router.get("/questions/{kind}")
async def questions(
    request: Request,
    caller: Teaches,
    job: Opened,
    kind: Annotated[str, Path(pattern="^(inbox|second|audits)$")],
    order: Order = "hardest",
    have: Annotated[str, Query(max_length=8_000)] = "",
    only: Annotated[str | None, Query(max_length=200)] = None,
    count: Annotated[int, Query(ge=1, le=20)] = AHEAD,
) -> Response:
    """More questions, as a part of the page.

    Args:
        request: the request.
        caller: who answers.
        job: the job.
        kind: inbox, second or audits.
        order: of questions.
        have: ids of questions that the page has, or that were put off, with commas between.
        only: this decision's question instead, also if it was answered.
        count: at most so many.
    """
    known = _kind(kind, caller)
    room, context = await of_job(request, job, caller)
    by = who(request, caller)
    if only is not None:
        shown, left = [only], 0
    else:
        held = set(have.split(","))
        waiting = await room.ids(known, by, order)
        fresh = [id for id in waiting if id not in held]
        shown, left = fresh[:count], len(waiting)
    found = await room.questions(known, shown, by)
    context |= {"questions": found, "kind": known, "may_add": caller.may(Role.ADMIN)}
    return fragment("questions.html", context, {"x-waiting": str(left)})


@router.post("/answers")
async def answer(request: Request, caller: Teaches, job: Opened, body: AnswerIn) -> dict[str, Any]:
    """Teaches an answer; says what the learner had answered, which nobody could see before in a blind question."""
    by = who(request, caller)
    if body.add and body.answer is not None:
        if not caller.may(Role.ADMIN):
            raise Problem(
                403, "role", f"The token {caller.name!r} may not add options.", next_step="Ask who administers the job."
            )
        await job.worker.change(partial(_with_option, name=body.answer, by=by))
    lesson = await _taught(job, body.decision_id, body.answer, by, body.lesson_id)
    decision = await job.worker.read(lambda learner: learner.decision(body.decision_id))
    agreed = decision.answer is not None and decision.answer == body.answer
    left = len(await room_of(request.app, job).ids(body.kind, by, "oldest"))
    return {
        "lesson_id": lesson.id,
        "answer": lesson.answer,
        "guess": decision.answer,
        "agreed": agreed,
        "waiting": left,
    }


@router.post("/answer-form")
async def answer_form(
    request: Request,
    caller: Teaches,
    job: Opened,
    decision_id: Annotated[str, Form(min_length=1, max_length=200)],
    answer: Annotated[str, Form(max_length=1_000)] = "",
    none: Annotated[str, Form(max_length=10)] = "",
    back: Annotated[str, Form(pattern="^(inbox|second|audits)$")] = "inbox",
) -> Response:
    """:func:`answer` from a form, for browsers that run no script."""
    if not answer and not none:
        raise Problem(422, "no-answer", "The form has no answer.", next_step="Choose an option, or “none of these”.")
    await _taught(job, decision_id, answer or None, who(request, caller), None)
    return RedirectResponse(f"/jobs/{job.name}/{back}", 303)


@router.post("/withdraw")
async def withdraw(request: Request, caller: Teaches, job: Opened, body: WithdrawIn) -> dict[str, Any]:
    """Forgets an answer that the caller gave: what was learned is as if it had never been.

    The task does not wait again by itself, and a verdict that the gate counted stays counted (see the guarantee).
    """
    by = who(request, caller)

    def forget(learner: Learner) -> int:
        lesson = job.journal.get(body.lesson_id)
        if lesson is None or lesson.kind != "lesson" or lesson.forgotten:
            raise Problem(404, "unknown-id", "There is no such answer.", next_step="It may be forgotten already.")
        if (lesson.by or "") != by and not caller.may(Role.REVIEW):
            raise Problem(403, "role", "Somebody else gave this answer.", next_step="Ask a reviewer to forget it.")
        with learner.signed(by):
            return learner.forget(body.lesson_id)

    return {"forgotten": await job.worker.change(forget)}


@router.get("/options")
async def options(
    caller: Teaches, job: Opened, q: Annotated[str, Query(max_length=200)] = ""
) -> dict[str, list[dict[str, str]]]:
    """The options whose name or meaning has these words, those that begin with them first."""
    names = await job.worker.read(lambda learner: learner.options)
    meanings = job.learner.job.options
    wanted = q.casefold().split()
    found = [name for name in names if all(w in f"{name} {meanings.get(name, '')}".casefold() for w in wanted)]
    begin = q.casefold().strip()
    found.sort(key=lambda name: (not name.casefold().startswith(begin), begin not in name.casefold()))
    return {"options": [{"name": name, "meaning": meanings.get(name, "")} for name in found[:FOUND]]}


async def _bench(request: Request, caller: Caller, job: OpenJob, kind: Kind, order: Order) -> Response:
    room, context = await of_job(request, job, caller)
    by = who(request, caller)
    waiting = await room.ids(kind, by, order)
    found = await room.questions(kind, waiting[:AHEAD], by)
    return page(
        request,
        "bench.html",
        caller,
        kind=kind,
        order=order,
        questions=found,
        left=len(waiting),
        ahead=AHEAD,
        may_add=caller.may(Role.ADMIN),
        **context,
    )


def _with_option(learner: Learner, name: str, by: str) -> None:
    """Adds an option unless it is there; an open job adds what it is taught."""
    if not learner.job.open and name not in learner.options:
        with learner.signed(by):
            learner.add_option(name)


async def _taught(job: OpenJob, decision_id: str, answer: str | None, by: str, lesson_id: str | None) -> Lesson:
    if answer is None:
        return await job.worker.change(lambda learner: learner.reject(decision_id, by=by, lesson_id=lesson_id))
    return await job.worker.teach(None, answer, decision_id=decision_id, by=by, lesson_id=lesson_id)


def _kind(kind: str, caller: Caller) -> Kind:
    """A kind of question, for somebody who may answer it."""
    known = next(one for one in KINDS if one == kind)
    if known == "audits" and not caller.may(Role.REVIEW):
        raise Problem(
            403, "role", f"The token {caller.name!r} may not audit.", next_step="Use a token with the role review."
        )
    return known
