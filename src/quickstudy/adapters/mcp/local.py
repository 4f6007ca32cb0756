"""Journals of this machine as a protocol server over standard input and output.

Invariants: the server answers before any learner is open; learners are opened in the background, one after another, and
a job that cannot be opened is an error of its own calls only, which try again. Nothing but the protocol is written to
standard output: the protocol's library keeps that descriptor for itself. Whoever can start the program may do
everything; that is the right of its user.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from mcp.server.stdio import stdio_server

from quickstudy.adapters.mcp.rooms import Context, JobLine, Right, checked_name
from quickstudy.adapters.mcp.server import make_server
from quickstudy.errors import InputError, QuickstudyError
from quickstudy.identity import stored_job
from quickstudy.job import Job
from quickstudy.learner import Learner
from quickstudy.types import Decision, Lesson, Situation

T = TypeVar("T")

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""A job's file in a folder, without .toml; as for a server."""

TEACHER = "mcp"


class LocalRoom:
    """One journal; opened when it is first needed, or in the background. Safe to use from threads."""

    by = TEACHER

    def __init__(self, name: str, job: Job, journal: Path) -> None:
        self.name = name
        self.job = job
        self._journal = journal
        self._guard = threading.Lock()
        self._learner: Learner | None = None

    @property
    def learner(self) -> Learner:
        """The learner; opens its journal."""
        with self._guard:
            if self._learner is None:
                self._learner = Learner(self.job, self._journal)
            return self._learner

    async def decide(self, situation: Situation, options: list[str] | None, request_id: str | None) -> Decision:
        """See :class:`quickstudy.adapters.mcp.rooms.Room`."""
        return await self.run(lambda learner: learner.decide(situation, options, request_id=request_id))

    async def teach(
        self, target: Situation | None, answer: str, *, decision_id: str | None, lesson_id: str | None, by: str
    ) -> Lesson:
        """See :class:`quickstudy.adapters.mcp.rooms.Room`."""
        return await self.run(
            lambda learner: learner.teach(target, answer, decision_id=decision_id, lesson_id=lesson_id, by=by)
        )

    async def run(self, work: Callable[[Learner], T]) -> T:
        """See :class:`quickstudy.adapters.mcp.rooms.Room`."""
        return await asyncio.to_thread(lambda: work(self.learner))

    def close(self) -> None:
        """Closes the journal, if it is open."""
        with self._guard:
            if self._learner is not None:
                self._learner.close()
                self._learner = None


class LocalJobs:
    """Jobs whose journals this process writes.

    Args:
        rooms: by the job's name.
    """

    def __init__(self, rooms: Mapping[str, LocalRoom]) -> None:
        self._rooms = dict(rooms)
        self._closing = False

    @classmethod
    def find(cls, path: Path, job: Path | None = None) -> LocalJobs:
        """The jobs of a journal, or of a folder with NAME.toml and its journal NAME.db beside it.

        Args:
            path: the journal, or the folder.
            job: the job file of a journal that may still have to be made.

        Raises:
            InputError: there is nothing, or a folder and a job file were given.
        """
        if path.is_dir():
            if job is not None:
                raise InputError(f"{str(path)!r} is a folder.", next_step="Leave --job out, or name one journal.")
            files = sorted(file for file in path.glob("*.toml") if NAME.fullmatch(file.stem))
            if not files:
                raise InputError(
                    f"The folder {str(path)!r} has no job.",
                    next_step="Make one: quickstudy init NAME.toml",
                    code="no-job",
                )
            return cls({f.stem: LocalRoom(f.stem, Job.load(f), f.with_suffix(".db")) for f in files})
        if job is None and not path.exists():
            raise InputError(
                f"There is no journal {str(path)!r}.",
                next_step="Give a job file with --job; make one with: quickstudy init",
                code="no-journal",
            )
        found = stored_job(path) if job is None else Job.load(job)
        return cls({found.name: LocalRoom(found.name, found, path)})

    @property
    def names(self) -> list[str]:
        """The jobs' names."""
        return list(self._rooms)

    async def lines(self, context: Context) -> list[JobLine]:
        """See :class:`quickstudy.adapters.mcp.rooms.Jobs`."""
        jobs = [(name, room.job) for name, room in self._rooms.items()]
        return [JobLine(name, job.instructions, len(job.options), job.open) for name, job in jobs]

    async def enter(self, context: Context, job: str | None, right: Right) -> LocalRoom:
        """See :class:`quickstudy.adapters.mcp.rooms.Jobs`."""
        return self._rooms[checked_name(job, self.names)]

    def open_all(self) -> None:
        """Opens every journal that can be opened now, and loads its model; what cannot be is told to its callers."""
        for room in self._rooms.values():
            if self._closing:
                return
            with contextlib.suppress(QuickstudyError, OSError):
                room.learner.encoder.encode(["a first text"])

    def close(self) -> None:
        """Closes the journals."""
        self._closing = True
        for room in self._rooms.values():
            room.close()


def serve_stdio(jobs: LocalJobs) -> None:
    """Serves until standard input ends.

    Args:
        jobs: what to serve; closed at the end.
    """
    try:
        asyncio.run(_serve_stdio(jobs))
    finally:
        jobs.close()


async def _serve_stdio(jobs: LocalJobs) -> None:
    server = make_server(jobs)._lowlevel_server
    async with stdio_server() as (reading, writing):
        # The descriptor is the protocol's by now; what Python still holds back for it must never reach it either.
        with contextlib.redirect_stdout(sys.stderr):
            threading.Thread(target=jobs.open_all, name="quickstudy-open", daemon=True).start()
            await server.run(reading, writing, server.create_initialization_options())
