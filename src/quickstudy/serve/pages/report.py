"""The report's page: how the learner is doing, and what is promised of it, word for word.

Invariant: it never makes work wait: the report is computed beside it, and the last one is shown meanwhile. Not here:
the numbers (:mod:`quickstudy.report`) and the drawings (``figures``).
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from quickstudy.autonomy.account import NOT_PROMISED, STOOD_BEHIND
from quickstudy.autonomy.gate import Gate
from quickstudy.report import Report
from quickstudy.serve.api.rooms import Opened, Reviews
from quickstudy.serve.desk import OpenJob
from quickstudy.serve.pages import figures
from quickstudy.serve.pages.figures import Figure
from quickstudy.serve.pages.history import Alarm, history
from quickstudy.serve.pages.shell import of_job, page

router = APIRouter(prefix="/jobs/{job}")


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that the page shows: the report, its figures, the alarms."""

    report: Report
    figures: tuple[Figure, ...]
    alarms: tuple[Alarm, ...]


def sheet(job: OpenJob, gate: Gate) -> Sheet:
    """Computes it.

    Args:
        job: the job.
        gate: a copy of its gate.
    """
    report = job.learner.report()
    past = history(job.journal, gate)
    drawn = (
        figures.learning(report),
        figures.alone(past),
        figures.bound(past, report.autonomy.target),
        figures.calibration(report),
    )
    return Sheet(report, drawn, past.alarms)


@router.get("/report")
async def report(request: Request, caller: Reviews, job: Opened) -> Response:
    """The report."""
    room, context = await of_job(request, job, caller)
    gate = await job.worker.read(lambda learner: learner._record.keeper.gate.copy())
    kept = await room.kept("sheet", lambda: sheet(job, gate))
    return page(
        request, "report.html", caller, kept=kept, stood_behind=STOOD_BEHIND, not_promised=NOT_PROMISED, **context
    )
