"""What a function may answer: the values of its return type, and the options that they are for the learner.

Invariants: every value has one option and back; a value that the type does not allow has none, and ``1`` is not
``True``. Values: of a Literal, the members of an Enum, bools, None, text from a known set, and unions of these.
Not here: how the options are kept (``opening``).
"""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from quickstudy.errors import JobError, OptionError
from quickstudy.job import checked_option_name, checked_options

OptionsGiven: TypeAlias = Iterable[str] | Mapping[Any, str]

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class _Answer:
    option: str
    value: Any
    description: str = ""


class Answers:
    """The values that a function may return, and their options.

    Args:
        function: the function; its return annotation is read.
        name: what to call it in errors.
        options: for a function that returns text: the texts, or a dict text → description. For other types a dict
            value → description, if at all.

    Raises:
        JobError: the return type has no known set of values, or two values would be one option.

    >>> def route(ticket: str) -> Literal["billing", "fraud"]: ...
    >>> Answers(route, "route", None).options
    {'billing': '', 'fraud': ''}
    """

    def __init__(self, function: Callable[..., Any], name: str, options: OptionsGiven | None) -> None:
        self._name = name
        found = list(_answers_of(_return_type(function, name, options), name, options))
        self._values = {answer.option: answer.value for answer in found}
        self._options = {_key(answer.value): answer.option for answer in found}
        if len(self._values) < len(found):
            names = [answer.option for answer in found]
            double = next(option for option in names if names.count(option) > 1)
            raise JobError(
                f"Two answers of {name}() would both be the option {double!r}.", next_step="Give them other names."
            )
        self.options: dict[str, str] = {answer.option: answer.description for answer in found}
        """Option → description, in the type's order."""

    def option_of(self, value: object) -> str:
        """The option of a value that the function returned, or that somebody teaches.

        Raises:
            OptionError: it is none of the known values; code ``outside-options``.
        """
        try:
            option = self._options.get(_key(value))
        except TypeError:  # it cannot be hashed, so it is none of them
            option = None
        if option is None:
            shown = ", ".join(repr(known) for known in list(self._values.values())[:_SHOWN])
            more = ", …" if len(self._values) > _SHOWN else ""
            raise OptionError(
                f"{self._name}() was answered with {str(repr(value))[:80]}, which its return type does not allow; "
                "nothing was learned from it.",
                next_step=f"Answer one of: {shown}{more}. Or add this value to the return type.",
                code="outside-options",
            )
        return option

    def knows(self, option: str | None) -> bool:
        """Whether an option is one of the function's values."""
        return option in self._values

    def value_of(self, option: str) -> Any:
        """The value of an option, of the function's own type."""
        return self._values[option]


def _key(value: object) -> tuple[type, Any]:
    """What tells values apart: 1, True and 1.0 are equal, and still three answers; a kind of str is its text."""
    if isinstance(value, str) and not isinstance(value, enum.Enum):
        return str, str.__str__(value)
    return type(value), value


def _return_type(function: Callable[..., Any], name: str, options: OptionsGiven | None) -> Any:
    annotations = getattr(function, "__annotations__", {})
    if "return" not in annotations:
        if options is not None:
            return str
        raise JobError(
            f"{name}() does not say what it returns.",
            next_step='Annotate it: -> Literal["billing", "fraud"]; or give options=["billing", "fraud"].',
        )
    only = types.SimpleNamespace(__annotations__={"return": annotations["return"]})
    try:
        return typing.get_type_hints(only, globalns=getattr(function, "__globals__", {}))["return"]
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        raise JobError(
            f"The return type {annotations['return']!r} of {name}() cannot be read: {error}.",
            next_step="Define the type at the top of its module, and import it there, not only for type checking.",
        ) from error


def _answers_of(hint: Any, name: str, options: OptionsGiven | None) -> Iterator[_Answer]:
    if options is not None and (isinstance(options, str | bytes) or not isinstance(options, Iterable)):
        raise JobError(f"options of {name}() is {options!r}.", next_step="Give a list, or a dict value → description.")
    parts = list(_parts(hint))
    if str in parts:
        if options is None:
            raise JobError(
                f"{name}() returns str, and which texts is not known.",
                next_step='Give options=["billing", "fraud"], or annotate it: -> Literal["billing", "fraud"].',
            )
        yield from (_Answer(option, option, words) for option, words in checked_options(options).items())
        described: Mapping[Any, str] = {}
    elif options is None or isinstance(options, Mapping):
        described = dict(options or {})
    else:
        raise JobError(
            f"{name}() has options=, and its return type says already what it can return.",
            next_step="Leave options out, or give a dict value → description.",
        )
    left = {_key(value): words for value, words in described.items()}
    for part in parts:
        if part is not str:
            for value in _values(part, name, hint):
                words = left.pop(_key(value), None)
                yield _Answer(_option(value), value, _own_words(value) if words is None else words)
    if left:
        raise JobError(
            f"options of {name}() describes {next(iter(left))[1]!r}, which it cannot return.",
            next_step="Describe values of its return type only.",
        )


def _parts(hint: Any) -> Iterator[Any]:
    """The parts of a union, aliases followed."""
    while hasattr(hint, "__value__"):  # "type Team = Literal[...]", from Python 3.12
        hint = hint.__value__
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        for part in typing.get_args(hint):
            yield from _parts(part)
    else:
        yield hint


def _values(part: Any, name: str, hint: Any) -> Iterable[Any]:
    if typing.get_origin(part) is Literal:
        return typing.get_args(part)
    if part is bool:
        return (False, True)
    if part is types.NoneType or part is None:
        return (None,)
    if isinstance(part, type) and issubclass(part, enum.Enum) and not issubclass(part, enum.Flag) and len(part):
        return tuple(part)
    shown = getattr(hint, "__name__", None) or str(hint)
    raise JobError(
        f"{name}() returns {shown}, which has no known set of values.",
        next_step="Return a Literal, an Enum, a bool, or a str with options=[...]; "
        "of a function that returns more, learn the part that decides.",
    )


def _option(value: Any) -> str:
    """The option's name: stable text for a value."""
    if isinstance(value, enum.Enum):
        return checked_option_name(value.name)
    return checked_option_name(value if isinstance(value, str) else repr(value))


def _own_words(value: Any) -> str:
    """An Enum member that is text describes itself, unless it only repeats its name."""
    if not isinstance(value, enum.Enum) or not isinstance(value.value, str):
        return ""
    words = value.value.strip()
    return "" if words.replace("-", "_").replace(" ", "_").casefold() == value.name.casefold() else words
