"""The learner of a function: where its journal is, and its options, which follow the code.

Invariant: after :func:`open_learner` the options in force are those of the function's return type. A value that was
added there is added; one that was taken away is retired, and what was learned of it is kept; one that was renamed in
the journal and is back under its old name in the code is renamed back.
Not here: calls (``calls``).
"""

from __future__ import annotations

import enum
import hashlib
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from quickstudy.errors import JournalLockedError
from quickstudy.job import Job
from quickstudy.journal.address import shown
from quickstudy.learner import Learner
from quickstudy.perception import Encoder

DEFAULT_TARGET = 0.02
"""The share of wrong answers that is accepted where neither the code nor the journal says one."""

_BEGUN = "learned function"


class Place(enum.Enum):
    """Where a journal is when no path says it."""

    USER_DATA = "beside the user's data"


USER_DATA: Final = Place.USER_DATA


@dataclass(frozen=True, slots=True)
class Opening:
    """What it takes to open a function's learner.

    Attributes:
        job: the job.
        encoder: an encoder object instead of the one that the job names.
        journal: a path, None for memory, or beside the user's data.
        function: the function; its module and qualified name tell the journal's place.
    """

    job: Job
    encoder: Encoder | None
    journal: str | os.PathLike[str] | Place | None
    function: Callable[..., Any]


def short_name(function: Callable[..., Any]) -> str:
    """The function's qualified name without what surrounds a local function."""
    return function.__qualname__.rpartition("<locals>.")[2]


def default_journal(function: Callable[..., Any]) -> Path:
    """The journal's path in the user's data folder: ``learned/MODULE.QUALNAME.db``.

    A script's module is always ``__main__``. So the name has the script's own name and a hash of its path instead, and
    two scripts never share a journal.
    """
    import platformdirs

    module = function.__module__
    if module == "__main__":
        main = sys.modules["__main__"]
        spec = getattr(main, "__spec__", None)
        file = getattr(main, "__file__", None)
        if spec is not None and spec.name != "__main__":
            module = spec.name
        elif file is not None:
            path = Path(file).resolve()
            module = f"{path.stem}-{hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}"
    name = re.sub(r"[^\w.-]", "_", f"{module}.{short_name(function)}")
    folder = Path(platformdirs.user_data_dir("quickstudy")) / "learned"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.db"


def open_learner(opening: Opening) -> Learner:
    """Opens the learner and brings its options to those of the code.

    Raises:
        JournalLockedError: another process, or another function, writes the journal; says what to do.
        JournalError: see :class:`quickstudy.Learner`.
    """
    place = opening.journal
    path = default_journal(opening.function) if isinstance(place, Place) else place
    try:
        learner = Learner(opening.job, path, encoder=opening.encoder)
    except JournalLockedError as error:
        raise locked(opening.job.name, path) from error
    try:
        follow_code(learner, opening.job.options)
        begin(learner)
    except BaseException:
        learner.close()
        raise
    return learner


def begin(learner: Learner) -> None:
    """Lets a learner answer alone, once, if neither the code nor the journal says at which target error.

    After that the journal's settings stand: what is configured, paused or switched off stays so.
    """
    journal = learner._record.journal
    if journal.get_meta(_BEGUN) is None:
        if not learner.autonomy.active:
            learner.configure(target_error=DEFAULT_TARGET)
        journal.set_meta(_BEGUN, "yes")


def locked(name: str, path: object) -> JournalLockedError:
    """The error for a journal that is already being written."""
    where = shown(path) if isinstance(path, str | os.PathLike) else str(path)
    return JournalLockedError(
        f"{name}() cannot learn here: its journal {where!r} is open for writing elsewhere, "
        "in another process or by another function.",
        next_step="A journal has one writer. Give each process its own, like "
        f'@learned(journal=f"{name}-{{worker}}.db"), and join them later: quickstudy merge ONE.db OTHER.db. '
        "Or keep this one in memory: journal=None.",
    )


def follow_code(learner: Learner, options: Mapping[str, str]) -> None:
    """Makes exactly these options those in force: adds, renames back, brings back, retires."""
    current = set(learner.options)
    for name, description in options.items():
        if name in current:
            continue
        held = learner._record.options
        column = held.column(name)
        now = None if column is None or not held.active[column] else held.names[column]
        if now is not None and now not in options:
            learner.rename_option(now, name)
        else:
            learner.add_option(name, description)
    for name in learner.options:
        if name not in options:
            learner.retire_option(name)
