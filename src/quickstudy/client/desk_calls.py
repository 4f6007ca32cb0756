"""The verbs of looking at a job, ruling it, and the desk's jobs, each once. See ``calls`` for work and lessons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from quickstudy.autonomy.settings import Autonomy
from quickstudy.autonomy.whatif import WhatIf
from quickstudy.client.call import Call, Page, job_path
from quickstudy.client.calls import given, id_of
from quickstudy.client.event_stream import Happening
from quickstudy.client.reading import decision as read_decision
from quickstudy.client.reading import read, reader, wire_fields
from quickstudy.errors import JobError
from quickstudy.job import Job
from quickstudy.report import Report
from quickstudy.review import TaskSummary
from quickstudy.types import Decision, Lesson, Scalar


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that a server made.

    Attributes:
        file: its name in the server's folder.
        events: how many it holds.
    """

    file: str
    events: int


def report(job: str) -> Call[Report]:
    """How the learner is doing; see :class:`quickstudy.Report`."""
    return Call("GET", job_path(job, "report"), reader(Report))


def what_if(job: str, target_error: float | Sequence[float] | None = None) -> Call[list[WhatIf]]:
    """What is to be expected if the target were another; see :meth:`quickstudy.Learner.what_if`."""
    targets = [target_error] if isinstance(target_error, int | float) else target_error
    body = given(target_error=None if targets is None else list(targets))
    return Call("POST", job_path(job, "what-if"), lambda data: read(list[WhatIf], data["forecasts"]), body)


def configure(job: str, **changes: Any) -> Call[Autonomy]:
    """Changes what the learner may do alone; see :meth:`quickstudy.Learner.configure`."""
    lists = {name: list(value) for name, value in changes.items() if isinstance(value, tuple | set | frozenset)}
    return Call("POST", job_path(job, "configure"), _autonomy, {**changes, **lists})


def autonomy(job: str) -> Call[Autonomy]:
    """What the learner may do alone: the settings in force."""
    return Call("GET", job_path(job, "configure"), _autonomy)


def pause(job: str) -> Call[Autonomy]:
    """Asks about everything, and counts nothing, until ``resume``."""
    return Call("POST", job_path(job, "pause"), _autonomy)


def resume(job: str) -> Call[Autonomy]:
    """Goes on after ``pause``."""
    return Call("POST", job_path(job, "resume"), _autonomy)


def options(job: str) -> Call[tuple[str, ...]]:
    """The names of the options in force."""
    return Call("GET", job_path(job, "options"), _options)


def add_option(job: str, name: str, description: str = "") -> Call[tuple[str, ...]]:
    """Adds an option, brings a retired one back, or describes a known one once more; gives those then in force."""
    return _change(job, action="add", name=name, description=description)


def rename_option(job: str, old: str, new: str) -> Call[tuple[str, ...]]:
    """Gives an option another name; what was learned follows."""
    return _change(job, action="rename", name=old, other=new)


def merge_options(job: str, old: str, into: str) -> Call[tuple[str, ...]]:
    """Makes one option of two: everything learned for ``old`` counts for ``into`` from now on."""
    return _change(job, action="merge", name=old, other=into)


def retire_option(job: str, name: str) -> Call[tuple[str, ...]]:
    """Proposes an option no more; what was learned of it is kept."""
    return _change(job, action="retire", name=name)


def forget(job: str, ids: Decision | Lesson | str | Iterable[str] | None = None, **fields: Scalar) -> Call[int]:
    """Forgets decisions or lessons by id, or all whose situation has a field; see :meth:`quickstudy.Learner.forget`.

    Returns:
        How many events went. If the connection was lost and the call was sent again, those of the last try: the events
        are gone all the same.
    """
    ids = ids.id if isinstance(ids, Decision | Lesson) else ids
    wanted = [ids] if isinstance(ids, str) else list(ids or [])
    body = {"ids": wanted, "where": wire_fields(fields)}
    return Call("POST", job_path(job, "forget"), lambda data: read(int, data["forgotten"]), body)


def decision(job: str, id: Decision | str) -> Call[Decision]:
    """A past decision with what was seen, and the evidence it had."""
    return Call("GET", job_path(job, "decisions", id_of(id)), read_decision)


def decisions(job: str, *, waiting: bool = False, after: int = 0, page: int = 200) -> Call[Page[Decision]]:
    """Past decisions with what was seen, oldest first; asks for one page after the other.

    Args:
        job: the job's name.
        waiting: only those that wait for an answer.
        after: begin behind this number of the journal.
        page: how many are asked for at once, at most 200.
    """
    query = {"state": "waiting" if waiting else "all", "after": after, "limit": page}
    return Call("GET", job_path(job, "decisions"), partial(_page, "decisions", read_decision), query=query)


def past_events(job: str, *, after: int = 0, page: int = 1_000) -> Call[Page[Happening]]:
    """What happened in a job until now, oldest first, without what was seen; ``events`` waits for more.

    Args:
        job: the job's name.
        after: begin behind this number of the journal.
        page: how many are asked for at once, at most 1,000.
    """
    query = {"after": after, "limit": page}
    return Call("GET", job_path(job, "events"), _events, query=query)


def tasks(job: str, *, page: int = 100) -> Call[Page[TaskSummary]]:
    """The job's tasks of many steps, in the order in which they began.

    Args:
        job: the job's name.
        page: how many are asked for at once, at most 1,000.
    """
    return Call("GET", job_path(job, "tasks"), partial(_page, "tasks", reader(TaskSummary)), query={"limit": page})


def backup(job: str) -> Call[Backup]:
    """Writes a copy of the job's journal beside it on the server, while work goes on."""
    return Call("POST", job_path(job, "backup"), reader(Backup), repeatable=False)


def jobs() -> Call[list[str]]:
    """The names of the jobs that the caller may use."""
    return Call("GET", "/v1/jobs", lambda data: [read(str, one["name"]) for one in data["jobs"]])


def job(name: str) -> Call[Job]:
    """A job as it was declared; its options may have changed since, see ``options``."""
    return Call("GET", job_path(name), lambda data: Job.from_dict(data["job"]))


def create_job(job: Job, name: str | None = None) -> Call[str]:
    """Makes a new job on the server; gives its name there.

    Args:
        job: the job.
        name: its name on the server; the job's own if None.

    Raises:
        InputError: it has settings that are only for people with a shell on the server.
        JobError: the name is taken, or none that a server's job can have.
    """
    if not isinstance(job, Job):
        raise JobError(f"A server needs a Job, got {type(job).__name__}.", next_step='For example Job("route").')
    called = job.name if name is None else name
    job_path(called)
    plain, usual = job.to_dict(), Job("usual").to_dict()
    kept = {name: value for name, value in plain.items() if value != usual.get(name)}
    body = {**kept, "name": called, "encoder": job.encoder, "options": None if job.open else dict(job.options)}
    return Call("POST", "/v1/jobs", lambda data: read(str, data["name"]), body, repeatable=False)


def _change(job: str, **body: str) -> Call[tuple[str, ...]]:
    return Call("POST", job_path(job, "options"), _options, body, repeatable=body["action"] == "add")


def _autonomy(data: Any) -> Autonomy:
    return read(Autonomy, data)


def _options(data: Any) -> tuple[str, ...]:
    return read(tuple[str, ...], data["options"])


def _page(name: str, item: Any, data: Any) -> Page[Any]:
    return Page(tuple(item(one) for one in data[name]), data["next"])


def _events(data: Any) -> Page[Happening]:
    found = tuple(Happening(str(one["seq"]), one["kind"], one) for one in data["events"])
    return Page(found, data["next"] if found else None)
