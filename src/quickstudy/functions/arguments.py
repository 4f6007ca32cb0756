"""What a call is about: its arguments as a situation.

One argument is the situation itself if it is text, a record (a dict or dataclass) or an array. Several, or one of
another type, are a record of name → value. ``self`` and ``cls`` of methods are never seen, nor what is ignored.

Invariant: equal arguments give equal situations, however they were passed. Not here: perceiving (``perception``).
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from quickstudy.errors import JobError, SituationError
from quickstudy.perception.situations import checked_situation
from quickstudy.types import Situation

_VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Arguments:
    """Makes situations of a function's arguments.

    Args:
        function: the function.
        name: what to call it in errors.
        ignore: names of arguments that are not part of the situation.

    Raises:
        JobError: an unknown name in ``ignore``, no argument left, or ``*values`` not ignored.

    >>> def route(subject: str, amount: float, user_id: int = 0) -> bool: ...
    >>> Arguments(route, "route", ["user_id"]).situation(("late", 3.5), {})
    {'amount': 3.5, 'subject': 'late'}
    """

    def __init__(self, function: Callable[..., Any], name: str, ignore: Iterable[str]) -> None:
        self._name = name
        self.whole = inspect.signature(function)
        parameters = list(self.whole.parameters.values())
        self.method = bool(parameters) and _is_method(function, parameters[0].name)
        rest = parameters[self.method :]
        self.own = inspect.Signature(rest)
        """Without ``self``."""
        if isinstance(ignore, str):
            raise JobError(f"ignore of {name}() is the text {ignore!r}.", next_step=f"Give a list: [{ignore!r}].")
        ignored = set(ignore)
        names = [parameter.name for parameter in rest]
        if unknown := sorted(ignored - set(names)):
            raise JobError(
                f"{name}() has no argument {unknown[0]!r} to ignore.",
                next_step=f"Its arguments: {', '.join(names) or 'none'}.",
            )
        seen = [parameter for parameter in rest if parameter.name not in ignored]
        if not seen:
            raise JobError(
                f"{name}() has no argument to learn from.", next_step="Give it one, or ignore fewer of them."
            )
        for parameter in seen:
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                raise JobError(
                    f"{name}() takes *{parameter.name}, values without names.",
                    next_step=f"Name the arguments, or leave them out: ignore=[{parameter.name!r}].",
                )
        self._seen = [parameter.name for parameter in seen]
        self._keywords = next((p.name for p in seen if p.kind is inspect.Parameter.VAR_KEYWORD), None)
        self._needed = [p.name for p in seen if p.default is inspect.Parameter.empty and p.kind not in _VARIABLE]
        self._alone = self._seen[0] if len(seen) == 1 and self._keywords is None else None

    def situation(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], *, bound: bool = False) -> Situation:
        """The checked situation of a call.

        Args:
            args: the positional arguments.
            kwargs: the others.
            bound: ``self`` is not among them, and ignored arguments may be missing.

        Raises:
            TypeError: the arguments do not fit the function, as when it is called.
            SituationError: an argument cannot be perceived; the message names it.
        """
        if bound:
            call = self.own.bind_partial(*args, **kwargs)
            for name in self._needed:
                if name not in call.arguments:
                    raise TypeError(f"{self._name}() is missing the argument {name!r}")
        else:
            call = self.whole.bind(*args, **kwargs)
        call.apply_defaults()
        given = call.arguments
        if self._alone is not None:
            return self._checked(self._only(self._alone, given[self._alone]), self._alone)
        record: dict[str, Any] = {}
        for name in self._seen:
            values = given[name] if name == self._keywords else {name: given[name]}
            record.update((field, self._field(field, value)) for field, value in values.items())
        return self._checked(record, None)

    def _only(self, name: str, value: Any) -> Any:
        if isinstance(value, str | np.ndarray) and not isinstance(value, enum.Enum):
            return value
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        if isinstance(value, Mapping):
            return {field: self._field(field, part) for field, part in value.items()}
        return {name: self._field(name, value)}

    def _field(self, name: Any, value: Any) -> Any:
        if isinstance(value, enum.Enum):
            return value.name
        if isinstance(value, np.ndarray) and value.ndim:
            raise SituationError(
                f"{self._name}(): the argument {name!r} is an array beside other values.",
                next_step="An array can only be seen alone: ignore the others, or give its numbers names of their own.",
            )
        if isinstance(value, Mapping | list | tuple | set | frozenset) or dataclasses.is_dataclass(value):
            raise SituationError(
                f"{self._name}(): the argument {name!r} is {type(value).__name__}, which cannot be one of several.",
                next_step="Give text, a number, a bool, a date or None; "
                f"spread it over arguments of their own, or leave it out: ignore=[{name!r}].",
            )
        return value

    def _checked(self, situation: Any, alone: str | None) -> Situation:
        try:
            return checked_situation(situation)
        except SituationError as error:
            where = f"{self._name}(): " if alone is None else f"{self._name}(), argument {alone!r}: "
            step = f"{error.next_step} Or leave an argument out with ignore=[...]."
            raise SituationError(where + error.message, next_step=step, code=error.code) from error


def _is_method(function: Callable[..., Any], first: str) -> bool:
    """Whether it was defined in a class and takes the instance or the class first."""
    where = function.__qualname__.rpartition(".")[0]
    return first in ("self", "cls") and bool(where) and not where.endswith("<locals>")
