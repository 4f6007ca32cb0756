"""``@quickstudy.learned``: reads a function's signature and puts a learner in front of it.

Whatever makes no sense is refused here, where the function is defined; nothing is opened and no model is loaded.
Not here: what a call does (``calls``).
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, Protocol, TypeVar, overload

from quickstudy.errors import JobError
from quickstudy.functions.answers import Answers, OptionsGiven
from quickstudy.functions.arguments import Arguments
from quickstudy.functions.calls import Learned
from quickstudy.functions.opening import USER_DATA, Opening, Place, short_name
from quickstudy.job import Job
from quickstudy.perception import Encoder

P = ParamSpec("P")
R = TypeVar("R")


class Decorator(Protocol):
    """What ``learned(...)`` returns: it takes a function and gives it back with the same signature."""

    def __call__(self, function: Callable[P, R], /) -> Learned[P, R]:
        """Puts a learner in front of a function."""
        ...


@overload
def learned(function: Callable[P, R], /) -> Learned[P, R]: ...


@overload
def learned(
    *,
    target_error: float | None = None,
    options: OptionsGiven | None = None,
    journal: str | os.PathLike[str] | Place | None = USER_DATA,
    ignore: Iterable[str] = (),
    name: str | None = None,
    encoder: str | Encoder = "minilm",
    instructions: str | None = None,
    by: str | None = None,
) -> Decorator: ...


def learned(
    function: Callable[..., Any] | None = None,
    /,
    *,
    target_error: float | None = None,
    options: OptionsGiven | None = None,
    journal: str | os.PathLike[str] | Place | None = USER_DATA,
    ignore: Iterable[str] = (),
    name: str | None = None,
    encoder: str | Encoder = "minilm",
    instructions: str | None = None,
    by: str | None = None,
) -> Any:
    """Decorates a function with a learner: a cache that generalises, with a bound on its errors.

    At first every call runs the body, and the learner learns from what it returns. Once it can show that its own
    answers keep the error that you allow, it answers alone, and runs the body for audits and for what is new to it.

    Args:
        function: a function or coroutine function that returns a Literal, an Enum, a bool, None, a union of these, or
            text from ``options``. It should give equal answers to equal arguments.
        target_error: the share of wrong answers you accept, in (0, 1); "wrong" is what the body would not have said.
            If None, what the journal says, and 0.02 in a new one.
        options: for a function that returns str: its texts, or a dict text → description. For others, descriptions.
        journal: the path of the journal; None keeps it in memory. By default a file in the user's data folder, named
            after the function's module and qualified name.
        ignore: names of arguments that the answer does not depend on, such as ids and connections.
        name: the job's name; the function's qualified name if None.
        encoder: how texts are perceived: a name or an encoder.
        instructions: what the job is about; the function's docstring if None.
        by: whom the body's answers count for; the job's name if None.

    Returns:
        The function as a :class:`~quickstudy.functions.Learned`, with the same signature, and with ``learner``,
        ``report()``, ``teach(...)`` and ``predict(...)``.

    Raises:
        JobError: the return type or the arguments make no sense; raised where the function is defined.

    >>> from typing import Literal
    >>> @learned(journal=None, encoder="static")
    ... def route(ticket: str) -> Literal["billing", "fraud"]:
    ...     return "billing" if "charge" in ticket else "fraud"
    >>> route("Why did you charge me twice?")
    'billing'
    >>> route.predict("They charged me two times").answer
    'billing'
    """

    def decorate(function: Callable[..., Any]) -> Learned[..., Any]:
        _check(function)
        job_name = name or short_name(function)
        answers = Answers(function, job_name, options)
        job = Job(
            job_name,
            answers.options,
            instructions=(inspect.getdoc(function) or "") if instructions is None else instructions,
            encoder=encoder if isinstance(encoder, str) else encoder.name,
            target_error=target_error,
        )
        given = None if isinstance(encoder, str) else encoder
        opening = Opening(job, given, journal, function)
        return Learned(function, answers, Arguments(function, job_name, ignore), opening, by or job_name)

    return decorate if function is None else decorate(function)


def _check(function: object) -> None:
    """Refuses what is no function of its own.

    Raises:
        JobError: it is a class, a generator, a staticmethod, or nothing that can be called.
    """
    if isinstance(function, staticmethod | classmethod | property):
        raise JobError(
            f"@learned stands above @{type(function).__name__}.", next_step="Write it below: next to the function."
        )
    if not inspect.isfunction(function):
        raise JobError(
            f"@learned decorates functions, not {str(function)[:80]!r}.", next_step="Wrap it in a function: def ...:"
        )
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise JobError(
            f"{function.__qualname__}() yields many values; @learned learns one answer a call.",
            next_step="Learn the function that makes one of them.",
        )
