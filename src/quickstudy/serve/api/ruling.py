"""What only an admin does with a job: what it may do alone, its options, a backup.

Invariant: every change is in the journal with the name of who made it. Not here: the rules themselves (``autonomy``).
"""

from __future__ import annotations

import asyncio
import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from quickstudy.errors import OptionError
from quickstudy.learner import Learner
from quickstudy.serve.api.rooms import OF_A_JOB, AtWork, Opened, Rules
from quickstudy.serve.api.shapes import OptionName, Shown, Strict
from quickstudy.serve.audit import note
from quickstudy.serve.backup import back_up
from quickstudy.serve.problems import Problem

router = APIRouter(prefix="/v1/jobs/{job}", tags=["control"])

Share = Annotated[float, Field(gt=0.0, lt=1.0)]
Price = Annotated[float, Field(ge=0.0, le=1e12)]
Count = Annotated[int, Field(ge=0, le=10**9)]


class ConfigureIn(Strict):
    """Settings to change; see ``quickstudy.autonomy.settings.Autonomy``. What is left out stays."""

    active: bool = False
    target_error: Share = 0.02
    confidence: Share = 0.95
    q_min: Annotated[float, Field(gt=0.0, le=1.0)] = 0.01
    guarantee_by: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    always_ask: Annotated[list[OptionName], Field(max_length=10_000)] = Field(default_factory=list)
    per_hour: Count | None = None
    per_day: Count | None = None
    price_wrong: Price | None = None
    price_ask: Price | None = None
    price_audit: Price | None = None
    ask_twice: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0


class SettingsOut(Shown):
    """The settings in force."""

    active: bool
    target_error: float
    confidence: float
    q_min: float
    guarantee_by: str | None
    always_ask: list[str]
    per_hour: int | None
    per_day: int | None
    paused: bool
    price_wrong: float | None
    price_ask: float | None
    price_audit: float | None
    ask_twice: float


class OptionsIn(Strict):
    """A change of the options. ``rename`` and ``merge`` need ``other``: the new name, or the option to join."""

    action: Literal["add", "rename", "merge", "retire"]
    name: OptionName
    other: OptionName | None = None
    description: Annotated[str, Field(max_length=10_000)] = ""


class OptionsOut(Shown):
    """The names of the options in force, and whether new ones appear as they are taught."""

    options: list[str]
    open: bool


class BackupOut(Shown):
    """A backup: its file in the jobs folder, and how many events it holds."""

    file: str
    events: int


@router.get("/configure", responses=OF_A_JOB, response_model=SettingsOut)
async def settings(caller: AtWork, job: Opened) -> Any:
    """What the learner may do alone."""
    return await job.worker.read(lambda learner: learner.autonomy.to_dict())


@router.post("/configure", responses=OF_A_JOB, response_model=SettingsOut)
async def configure(caller: Rules, job: Opened, body: ConfigureIn) -> Any:
    """Changes what the learner may do alone; in force from the next decision on."""
    changes = body.model_dump(exclude_unset=True)
    return await job.worker.signed(caller.name, lambda learner: learner.configure(**changes).to_dict())


@router.post("/pause", responses=OF_A_JOB, response_model=SettingsOut)
async def pause(caller: Rules, job: Opened) -> Any:
    """Stops answering alone at once: everything is asked, and nothing counts, until ``resume``."""
    return await job.worker.signed(caller.name, lambda learner: learner.pause().to_dict())


@router.post("/resume", responses=OF_A_JOB, response_model=SettingsOut)
async def resume(caller: Rules, job: Opened) -> Any:
    """Goes on after ``pause``."""
    return await job.worker.signed(caller.name, lambda learner: learner.resume().to_dict())


@router.get("/options", responses=OF_A_JOB, response_model=OptionsOut)
async def options(caller: AtWork, job: Opened) -> Any:
    """The options in force."""
    return await job.worker.read(_options)


@router.post("/options", responses=OF_A_JOB, response_model=OptionsOut)
async def change_options(caller: Rules, job: Opened, body: OptionsIn) -> Any:
    """Adds, renames, merges or retires an option."""
    if (body.other is None) == (body.action in ("rename", "merge")):
        raise OptionError(
            f"{body.action} {'needs' if body.other is None else 'takes no'} other.",
            next_step="Give other with rename and merge only.",
        )

    def changed(learner: Learner) -> dict[str, Any]:
        if body.action == "add":
            learner.add_option(body.name, body.description)
        elif body.action == "rename":
            learner.rename_option(body.name, str(body.other))
        elif body.action == "merge":
            learner.merge_options(body.name, str(body.other))
        else:
            learner.retire_option(body.name)
        return _options(learner)

    return await job.worker.signed(caller.name, changed)


@router.post("/backup", responses=OF_A_JOB, response_model=BackupOut)
async def backup(caller: Rules, job: Opened) -> Any:
    """Writes a copy of the job's journal into the folder ``backups``, while work goes on; the copy is checked."""
    if job.file is None:
        raise Problem(
            409, "database", "This job's journal is in a database.", next_step="Back the database up with pg_dump."
        )
    when = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    folder = job.folder / "backups"
    made = await asyncio.to_thread(back_up, job.file, folder / f"{job.name}-{when}.db")
    await asyncio.to_thread(note, job.folder, caller.name, "backup made", job.name, file=made.file.name)
    return {"file": f"backups/{made.file.name}", "events": made.events}


def _options(learner: Learner) -> dict[str, Any]:
    return {"options": list(learner.options), "open": learner.job.open}
