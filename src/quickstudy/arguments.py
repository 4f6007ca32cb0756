"""The arguments of a learner's verbs, checked: lists of situations, options, times, teachers, limits.

Not here: situations themselves (``perception``), and options' names (``job``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from quickstudy.errors import InputError, LessonError, OptionError, SituationError
from quickstudy.job import checked_option_name
from quickstudy.journal.clock import checked_time
from quickstudy.rewards import finite
from quickstudy.types import Situation


def listed(situations: Sequence[Situation]) -> list[Situation]:
    """A list of situations; refuses a single one given in its place.

    Raises:
        SituationError: it is one situation.
    """
    if isinstance(situations, str | bytes | Mapping) or not isinstance(situations, Iterable):
        raise SituationError(
            f"Expected a list of situations, got one {type(situations).__name__}.", next_step="Give [situation]."
        )
    return list(situations)


def checked_teachers(by: object) -> list[str | None]:
    """The names of teachers, one for each lesson.

    Raises:
        LessonError: one is no text.
    """
    names: list[str | None] = []
    for name in by if isinstance(by, Iterable) else [by]:
        if name is not None and not isinstance(name, str):
            raise LessonError(f"by is {name!r}.", next_step="Give the teacher's name as text.")
        names.append(name)
    return names


def times_of(at: float | Sequence[float | None] | None, count: int) -> list[float]:
    """The times of ``count`` events, seconds since 1970: one for all, or one for each; now where None.

    Raises:
        InputError: not as many times as events, or no time.
    """
    if at is None or not isinstance(at, Sequence) or isinstance(at, str):
        return [checked_time(at)] * count
    if len(at) != count:
        raise InputError(f"{count} situations and {len(at)} times.", next_step="Give as many of each.")
    return [checked_time(time) for time in at]


def checked_limit(limit: object) -> int | None:
    """How many at most; None for all.

    Raises:
        InputError: it is no whole number from 0.
    """
    if limit is None or (isinstance(limit, int) and not isinstance(limit, bool) and limit >= 0):
        return limit
    raise InputError(f"limit is {limit!r}.", next_step="Give a whole number from 0, or None for all.")


def checked_step(step: object, count: int, task: str) -> int:
    """The number of one of a task's ``count`` steps; from -1 on they are counted from the newest.

    Raises:
        LessonError: the task has no such step, or it is no number.
    """
    if isinstance(step, bool) or not isinstance(step, int | np.integer):
        raise LessonError(f"The step is {step!r}.", next_step="Give its decision, or its number from 0.")
    if not -count <= step < count:
        raise LessonError(f"Task {task!r} has no step {step}; it has {count}.", next_step="Decide first.")
    return int(step)


def checked_outcome(outcome: object) -> tuple[bool | None, float | None]:
    """Whether a task ended well, where that was said, and its outcome as a number; twice None if nothing was.

    Raises:
        LessonError: it is neither True nor False nor a finite number.
    """
    good = bool(outcome) if isinstance(outcome, bool | np.bool_) else None
    value = finite(outcome) if good is None else float(good)
    if outcome is not None and value is None:
        raise LessonError(f"The outcome is {str(outcome)[:80]!r}.", next_step="Give True, False, a number or None.")
    return good, value


def chosen(options: Sequence[str] | None) -> list[str] | None:
    """The options that a caller restricts a decision to, checked.

    Raises:
        OptionError: none, one twice, or no list.
    """
    if options is None:
        return None
    if isinstance(options, str) or not isinstance(options, Iterable):
        raise OptionError(f"options is {options!r}.", next_step="Give a list of names.")
    names = [checked_option_name(name) for name in options]
    if not names or len(set(names)) < len(names):
        raise OptionError(f"options is {names!r}: empty, or one twice.", next_step="Name each option once.")
    return names
