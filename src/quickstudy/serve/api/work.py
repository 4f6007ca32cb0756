"""Work for a learner: decide and predict, one situation or many.

Evidence quotes what others taught, so only callers who may teach get it. Not here: what is decided (``learner``).
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from quickstudy.errors import QuickstudyError
from quickstudy.learner import Learner
from quickstudy.serve.access import Caller
from quickstudy.serve.api.rooms import OF_A_JOB, Answer, AtWork, Opened, together
from quickstudy.serve.api.shapes import (
    DecideBatchIn,
    DecideIn,
    DecisionOut,
    DecisionsOut,
    decision_out,
    situation_in,
    with_situations,
)
from quickstudy.serve.desk import OpenJob
from quickstudy.serve.problems import Problem, error_out
from quickstudy.serve.tokens import Role
from quickstudy.serve.worker import Ask
from quickstudy.types import Decision

router = APIRouter(prefix="/v1/jobs/{job}", tags=["work"])


@router.post("/decide", responses=OF_A_JOB, response_model=DecisionOut)
async def decide(caller: AtWork, job: Opened, body: DecideIn) -> Any:
    """Decides on one situation, and journals the decision.

    With a ``request_id`` the same request gets the same decision again, however often it is sent.
    """
    may_see(caller, body)
    ask = ask_in(body)
    decision = await job.worker.decide(ask.situation, ask.options, at=ask.at, request_id=ask.request_id)
    return Answer(await shown(job, decision, evidence=body.evidence))


@router.post("/decide/batch", responses=OF_A_JOB, response_model=DecisionsOut)
async def decide_batch(caller: AtWork, job: Opened, body: DecideBatchIn, request: Request) -> Any:
    """Decides on many situations at once; one that fails gives its error in its place."""
    may_see(caller, *body.items)
    outcomes = await together(body.items, ask_in, job.worker.decide_many)
    return {
        "results": [
            {"error": error_out(outcome, request)}
            if isinstance(outcome, QuickstudyError)
            else {"decision": await shown(job, outcome, evidence=item.evidence)}
            for item, outcome in zip(body.items, outcomes, strict=True)
        ]
    }


@router.post("/predict", responses=OF_A_JOB, response_model=DecisionOut)
async def predict(caller: AtWork, job: Opened, body: DecideIn) -> Any:
    """What ``decide`` would say; writes nothing, and ignores ``request_id`` and ``at``."""
    may_see(caller, body)
    decision = await job.worker.predict(situation_in(body.situation), body.options)
    return Answer(decision_out(decision, evidence=body.evidence))


@router.post("/predict/batch", responses=OF_A_JOB, response_model=DecisionsOut)
async def predict_batch(caller: AtWork, job: Opened, body: DecideBatchIn, request: Request) -> Any:
    """What ``decide`` would say about many situations; one that fails gives its error in its place."""
    may_see(caller, *body.items)

    def predicted(learner: Learner) -> list[Decision | QuickstudyError]:
        found: list[Decision | QuickstudyError] = []
        for item in body.items:
            try:
                found.append(learner.predict(situation_in(item.situation), item.options))
            except QuickstudyError as error:
                found.append(error)
        return found

    return {
        "results": [
            {"error": error_out(outcome, request)}
            if isinstance(outcome, QuickstudyError)
            else {"decision": decision_out(outcome, evidence=item.evidence)}
            for item, outcome in zip(body.items, await job.worker.read(predicted), strict=True)
        ]
    }


def ask_in(body: DecideIn) -> Ask:
    """A request as the worker takes it.

    Raises:
        SituationError: a date that is none.
    """
    options = None if body.options is None else tuple(body.options)
    return Ask(situation_in(body.situation), options, body.at, body.request_id)


async def shown(job: OpenJob, decision: Decision, *, evidence: bool) -> dict[str, Any]:
    """A decision as an answer; evidence that was read back from the journal gets its situations again."""
    if evidence and any(near.situation is None for near in decision.evidence.neighbours):
        decision = await job.worker.read(lambda learner: with_situations(learner, decision))
    return decision_out(decision, evidence=evidence)


def may_see(caller: Caller, *bodies: DecideIn) -> None:
    """Refuses evidence to a caller who may only work.

    Raises:
        Problem: they may not see it.
    """
    if any(body.evidence for body in bodies) and not caller.may(Role.TEACH):
        raise Problem(
            403,
            "role",
            "Evidence quotes what others taught.",
            next_step="Leave evidence out, or use a token that may teach.",
        )
