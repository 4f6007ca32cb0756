"""Opening a learner for a command: from a journal, a job file, or both.

Invariant: a command that reads never makes a journal; a command that learns makes one only with a job.
Not here: the learner's own checks (lock, mismatch, versions), which raise their own errors.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from quickstudy.errors import InputError, JobError

if TYPE_CHECKING:
    from quickstudy.learner import Learner


def open_for_reading(journal: str) -> Learner:
    """Opens a journal that must exist, without writing to it.

    Raises:
        InputError: there is no such file.
    """
    from quickstudy.learner import Learner

    return Learner.open(existing(journal), read_only=True)


def open_for_learning(journal: str, job: Path | None = None) -> Learner:
    """Opens a journal for writing; with a job file it may be made.

    Raises:
        InputError: neither a journal nor a job file is there.
        JobError: the job file is named but missing.
    """
    from quickstudy.job import Job
    from quickstudy.learner import Learner

    if job is None:
        return Learner.open(existing(journal, next_step="Give a job file with --job; make one with: quickstudy init"))
    if not job.exists():
        raise JobError(
            f"There is no job file {str(job)!r}.",
            next_step=f"Make one with: quickstudy init {job}",
            code="no-job",
        )
    return Learner(Job.load(job), journal)


def existing(journal: str, *, next_step: str = "Look at the path, or make one with: quickstudy work") -> str:
    """The path of a journal that is there, or a URL: whether one is there, its server says.

    Raises:
        InputError: it is not there.
    """
    from quickstudy.journal.address import is_url

    if not is_url(journal) and not Path(journal).exists():
        raise InputError(f"There is no journal {journal!r}.", next_step=next_step, code="no-journal")
    return journal


def new_journal(stem: str) -> Path:
    """A name that is still free: in this folder, or where it cannot be written, in the user's own."""
    folder = Path.cwd()
    probe = folder / f".{stem}.probe"
    try:
        probe.touch()
        probe.unlink()
    except OSError:
        import platformdirs

        folder = Path(platformdirs.user_data_dir("quickstudy", ensure_exists=True))
    names = (stem if number == 1 else f"{stem}-{number}" for number in range(1, 10_000))
    return next(path for name in names if not (path := folder / f"{name}.db").exists())


def near(path: Path) -> str:
    """The path as one would type it here."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
