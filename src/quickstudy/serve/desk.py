"""The desk: the jobs of a folder, and the learners that are open on them.

Invariants: a job is NAME.toml with its journal NAME.db beside it; it is opened on its first use; one that cannot be
opened raises its own error each time it is asked for, and never hurts another. Not here: HTTP.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from quickstudy.errors import InputError
from quickstudy.job import Job
from quickstudy.journal import Journal
from quickstudy.learner import Learner
from quickstudy.serve.audit import note
from quickstudy.serve.live import Live
from quickstudy.serve.problems import Problem
from quickstudy.serve.settings import ServerSettings
from quickstudy.serve.worker import Worker

POLL_SECONDS = 1.0
"""How often streams look for what other servers journaled, where several share a database."""
READERS = 2
"""Most reports at once, of all jobs."""
Result = TypeVar("Result")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True, eq=False)
class OpenJob:
    """A job in use.

    Attributes:
        name: the job's name at the desk: its file's.
        learner: its learner; call it through the worker.
        worker: does its work.
        live: tells what happens.
        folder: the jobs folder.
        readers: threads for what reads long.
    """

    name: str
    learner: Learner
    worker: Worker
    live: Live
    folder: Path
    readers: Executor

    async def look(self, function: Callable[[Learner], Result]) -> Result:
        """Calls a function that reads long, beside the worker: other work waits only where it holds the learner."""
        return await asyncio.get_running_loop().run_in_executor(self.readers, function, self.learner)

    @property
    def file(self) -> Path | None:
        """The journal's file; None where it is in a database."""
        file = self.folder / f"{self.name}.db"
        return file if file.exists() else None

    @property
    def journal(self) -> Journal:
        """The learner's journal, for reading."""
        return self.learner._record.journal

    def close(self) -> None:
        """Finishes what waits, and closes the journal."""
        self.live.close()
        self.worker.close()
        self.learner.close()


class Desk:
    """A folder of jobs; one for each process. Safe to use from many threads.

    Args:
        settings: the server's.

    Attributes:
        closed: whether the server is stopping.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self._open: dict[str, OpenJob] = {}
        self._lock = threading.Lock()
        self._opening: dict[str, threading.Lock] = {}
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="quickstudy-reader")
        self.closed = False

    def names(self) -> list[str]:
        """The jobs in the folder, in alphabetical order."""
        return sorted(file.stem for file in self.settings.folder.glob("*.toml") if NAME.fullmatch(file.stem))

    def opened(self) -> list[OpenJob]:
        """The jobs that are open, in alphabetical order."""
        with self._lock:
            return [self._open[name] for name in sorted(self._open)]

    def job(self, name: str) -> OpenJob:
        """An open job; the first use opens it, which can take seconds: in an event loop use :meth:`get`.

        Raises:
            Problem: there is no such job, its file or journal cannot be used, or the server is stopping.
        """
        found = self._open.get(name)
        if found is not None:
            return found
        file = self._file(name)
        with self._lock:
            opening = self._opening.setdefault(name, threading.Lock())
        with opening:
            if name in self._open:
                return self._open[name]
            try:
                made = self._made(name, Job.load(file))
            except InputError as error:  # the server's files, not the caller's request
                raise Problem(503, error.code, error.message, next_step=error.next_step) from error
            return self._keep(made)

    async def get(self, name: str) -> OpenJob:
        """:meth:`job`, without stopping the event loop."""
        found = self._open.get(name)
        return found if found is not None else await asyncio.to_thread(self.job, name)

    def create(self, job: Job, name: str | None = None, *, by: str = "local") -> OpenJob:
        """Writes NAME.toml, makes the journal, and opens the job.

        Args:
            job: the job.
            name: its name at the desk; the job's own if None.
            by: who makes it.

        Raises:
            Problem: the name cannot be used, or is taken.
        """
        name = job.name if name is None else name
        if not NAME.fullmatch(name):
            raise Problem(
                422,
                "bad-name",
                f"A job cannot be called {name[:80]!r}.",
                next_step="Use lower-case letters, digits, - and _; at most 64, the first a letter or digit.",
            )
        file = self.settings.folder / f"{name}.toml"
        with self._lock:
            opening = self._opening.setdefault(name, threading.Lock())
        with opening:
            if file.exists() or (self.settings.database is None and file.with_suffix(".db").exists()):
                raise Problem(409, "job-exists", f"There is a job or journal {name!r}.", next_step="Take another name.")
            made = self._made(name, job)
            try:
                job.save(file)
                note(self.settings.folder, by, "job made", name)
            except BaseException:
                made.close()
                raise
            return self._keep(made)

    def hang_up(self) -> None:
        """Ends all streams of events, and opens no more jobs; work goes on."""
        self.closed = True
        for job in self.opened():
            job.live.close()

    def close(self) -> None:
        """Closes all jobs; what waits is finished first."""
        with self._lock:
            self.closed = True
            jobs, self._open = list(self._open.values()), {}
        self._readers.shutdown()
        for job in jobs:
            job.close()

    # -- inside

    def _file(self, name: str) -> Path:
        file = self.settings.folder / f"{name}.toml"
        if not NAME.fullmatch(name) or not file.is_file():
            raise Problem(404, "unknown-job", f"There is no job {name[:80]!r}.", next_step="GET /v1/jobs lists them.")
        return file

    def _made(self, name: str, job: Job) -> OpenJob:
        learner = Learner(job, self.settings.journal(name))
        live = Live(learner._record.journal, poll=None if self.settings.database is None else POLL_SECONDS)
        settings = self.settings
        worker = Worker(learner, name, capacity=settings.queue, batch=settings.batch, changed=live.ring)
        return OpenJob(name, learner, worker, live, settings.folder, self._readers)

    def _keep(self, made: OpenJob) -> OpenJob:
        with self._lock:
            if not self.closed:
                self._open[made.name] = made
                return made
        made.close()
        raise Problem(503, "closing", "The server is stopping.", next_step="Try again in a moment.")
