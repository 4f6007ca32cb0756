"""Backups while a server runs: copies of journals by SQLite's own backup, each opened and checked.

Invariants: nothing that exists is overwritten; a copy that does not open, or lacks an event that was there when it
began, is removed and reported. Not here: restoring, which is copying the files back while nobody has them open.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from quickstudy.errors import InputError, JournalCorruptError
from quickstudy.journal import Journal
from quickstudy.serve.audit import FILE as AUDIT
from quickstudy.serve.tokens import FILE as TOKENS


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy that was made and checked: its file, and how many events it holds."""

    file: Path
    events: int


def back_up(journal: Path, target: Path) -> Backup:
    """Copies one journal, which another process may be writing.

    Args:
        journal: its file.
        target: the new file.

    Raises:
        JournalError: there is no such journal, the target exists or cannot be written, or the copy is damaged.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with Journal.open(journal, identity=None, read_only=True) as opened:
        before = opened.last_seq
        opened.backup(target)
    os.chmod(target, 0o600)
    try:
        with closing(sqlite3.connect(target)) as alone:
            alone.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        with Journal.open(target, identity=None, read_only=True) as copy:
            after, events = copy.last_seq, sum(copy.counts().values())
        whole = _whole(target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    if after < before or not whole:
        target.unlink(missing_ok=True)
        raise JournalCorruptError(
            f"The copy of {str(journal)!r} is not whole, and was removed.", next_step="Check the disk, and try again."
        )
    return Backup(target, events)


def back_up_folder(folder: Path, target: Path) -> list[Backup]:
    """Copies a jobs folder: job files, journals, the tokens' hashes, and who changed the desk.

    Args:
        folder: the jobs folder.
        target: a new folder.

    Raises:
        InputError: the target holds something, or the folder has no jobs.
        JournalError: see :func:`back_up`.
    """
    jobs = sorted(folder.glob("*.toml"))
    jobs = [job for job in jobs if not job.name.startswith(".")]
    if not jobs:
        raise InputError(f"There is no job in {str(folder)!r}.", next_step="Give the jobs folder, or a journal.")
    if target.exists() and any(target.iterdir()):
        raise InputError(f"{str(target)!r} holds files already.", next_step="Give a new folder.", code="exists")
    target.mkdir(parents=True, exist_ok=True)
    made = []
    for job in jobs:
        shutil.copyfile(job, target / job.name)
        journal = job.with_suffix(".db")
        if journal.exists():
            made.append(back_up(journal, target / journal.name))
    for name in (TOKENS, AUDIT):
        if (folder / name).exists():
            shutil.copyfile(folder / name, target / name)
            os.chmod(target / name, 0o600)
    return made


def _whole(file: Path) -> bool:
    """Whether SQLite finds every page of a database in order."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)])
