"""Work for a learner: decide and predict."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from quickstudy.serve.api.rooms import OF_A_JOB, AtWork, Opened
from quickstudy.serve.api.shapes import DecideIn, DecisionOut, decision_out, situation_in

router = APIRouter(prefix="/v1/jobs/{job}", tags=["work"])


@router.post("/decide", responses=OF_A_JOB, response_model=DecisionOut)
async def decide(caller: AtWork, job: Opened, body: DecideIn) -> Any:
    """Decides on one situation, and journals the decision."""
    decision = await job.worker.decide(
        situation_in(body.situation), body.options, at=body.at, request_id=body.request_id
    )
    return decision_out(decision, evidence=body.evidence)


@router.post("/predict", responses=OF_A_JOB, response_model=DecisionOut)
async def predict(caller: AtWork, job: Opened, body: DecideIn) -> Any:
    """What ``decide`` would say; writes nothing."""
    decision = await job.worker.predict(situation_in(body.situation), body.options)
    return decision_out(decision, evidence=body.evidence)
