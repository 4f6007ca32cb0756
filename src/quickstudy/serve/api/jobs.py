"""The jobs of the desk: listing, describing, creating; and looking at a table before a job is made of it.

Not here: what a job is made of (``creation``).
"""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from quickstudy.errors import QuickstudyError
from quickstudy.learner import Learner
from quickstudy.serve import creation
from quickstudy.serve.api.rooms import OF_A_JOB, AtWork, Opened, Rules, failures, for_all_jobs
from quickstudy.serve.api.shapes import OptionName, Shown, Strict
from quickstudy.serve.desk import Desk, OpenJob
from quickstudy.serve.problems import error_out
from quickstudy.serve.worker import Teaching

router = APIRouter(prefix="/v1", tags=["jobs"])

TEACH_AT_ONCE = 256
Content = Annotated[str, Field(min_length=1, max_length=32_000_000)]
Column = Annotated[str, Field(min_length=1, max_length=1_000)]


class TableIn(Strict):
    """A CSV or JSONL file's text."""

    content: Content


class FromTableIn(TableIn):
    """Which columns of a table make a job: the answers, and what the learner sees (all others if none is named)."""

    answer: Column
    inputs: Annotated[list[Column], Field(max_length=200)] = Field(default_factory=list)
    teach: bool = True


class TermIn(Strict):
    """A reward term: its weight, and how much of it counts in one task."""

    weight: Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)] = 1.0
    saturates: Annotated[float, Field(gt=0.0, le=1e9, allow_inf_nan=False)] | None = None


class CreateIn(Strict):
    """A new job: options by name or name → description, or those of a table's column, or an open job."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    options: (
        Annotated[list[OptionName], Field(max_length=10_000)]
        | Annotated[dict[OptionName, Annotated[str, Field(max_length=10_000)]], Field(max_length=10_000)]
        | None
    ) = None
    open: bool = False
    instructions: Annotated[str, Field(max_length=100_000)] = ""
    target_error: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    encoder: Literal["minilm", "static"] = "minilm"
    rewards: Annotated[dict[Annotated[str, Field(min_length=1, max_length=200)], TermIn], Field(max_length=100)] = (
        Field(default_factory=dict)
    )
    table: FromTableIn | None = None


class ListedOut(Shown):
    """A job in the list; ``open`` says whether its learner is in memory."""

    name: str
    open: bool


class JobsOut(Shown):
    """The jobs that the caller may use."""

    jobs: list[ListedOut]


class JobOut(Shown):
    """A job as it stands: ``kind`` is what its situations are ("text", "record", "array"; null before the first)."""

    name: str
    job: dict[str, Any]
    kind: str | None
    options: list[str]
    learner: str


class CreatedOut(JobOut):
    """A new job, how many of the table's rows were taught, and why the first one that could not be was not."""

    taught: int
    problem: dict[str, Any] | None


class ColumnOut(Shown):
    """A column of a table."""

    name: str
    filled: int
    distinct: int
    examples: list[str]


class PreviewOut(Shown):
    """A table, looked at."""

    columns: list[ColumnOut]
    rows: int


@router.get("/jobs", responses=failures(503), response_model=JobsOut)
async def jobs(caller: AtWork, request: Request) -> Any:
    """The jobs that the caller may use."""
    desk: Desk = request.app.state.desk
    names = [name for name in await asyncio.to_thread(desk.names) if caller.jobs is None or name in caller.jobs]
    opened = {job.name for job in desk.opened()}
    return {"jobs": [{"name": name, "open": name in opened} for name in names]}


@router.post("/jobs", responses=failures(409, 503), response_model=CreatedOut, status_code=201)
async def create(caller: Rules, body: CreateIn, request: Request) -> Any:
    """Makes a job: its file and its journal. A table's answers are taught as lessons, unless ``teach`` is false."""
    for_all_jobs(caller)
    desk: Desk = request.app.state.desk
    job, found = await asyncio.to_thread(made, desk, body, caller.name)
    taught, problem = 0, None
    if body.table is not None and body.table.teach:
        taught, failed = await teach_all(job, found, by=f"{caller.name}/table")
        problem = None if failed is None else error_out(failed, request)
    return {**await job.worker.read(lambda learner: described(job.name, learner)), "taught": taught, "problem": problem}


@router.post("/tables", responses=failures(), response_model=PreviewOut)
async def look_at(caller: Rules, body: TableIn) -> Any:
    """The columns of a table, to pick from; keeps nothing."""
    return dataclasses.asdict(await asyncio.to_thread(creation.preview, body.content))


@router.get("/jobs/{job}", responses=OF_A_JOB, response_model=JobOut)
async def describe(caller: AtWork, job: Opened) -> Any:
    """One job as it stands."""
    return await job.worker.read(lambda learner: described(job.name, learner))


def made(desk: Desk, body: CreateIn, by: str) -> tuple[OpenJob, list[creation.Example]]:
    """Makes the job that a request describes; what the table holds is still to be taught.

    Raises:
        InputError: the table or a setting makes no sense.
        Problem: the name is taken.
    """
    table = body.table
    found = [] if table is None else creation.examples(table.content, table.answer, table.inputs)
    job = creation.made_job(
        body.name,
        body.options,
        found,
        is_open=body.open,
        instructions=body.instructions,
        target_error=body.target_error,
        encoder=body.encoder,
        rewards={name: term.model_dump(exclude_none=True) for name, term in body.rewards.items()} or None,
    )
    return desk.create(job, by=by), found


async def teach_all(job: OpenJob, found: list[creation.Example], *, by: str) -> tuple[int, QuickstudyError | None]:
    """Teaches a table's answers, a part at a time, so that other work goes on in between.

    Returns:
        How many were taught, and the first error of those that were not.
    """
    taught, first = 0, None
    for start in range(0, len(found), TEACH_AT_ONCE):
        part = found[start : start + TEACH_AT_ONCE]
        lessons = [Teaching(one.situation, one.answer, lesson_id=one.lesson_id, by=by) for one in part]
        outcomes = await job.worker.teach_many(lessons)
        failed = [one for one in outcomes if isinstance(one, QuickstudyError)]
        taught += len(outcomes) - len(failed)
        first = first or next(iter(failed), None)
    return taught, first


def described(name: str, learner: Learner) -> dict[str, Any]:
    """A job as plain data."""
    return {
        "name": name,
        "job": learner.job.to_dict(),
        "kind": learner._record.journal.get_meta("kind"),
        "options": list(learner.options),
        "learner": learner.id,
    }
