"""From a server's JSON to the library's frozen dataclasses.

Invariant: what is read has the types that its class declares, or an error says where it does not; keys that this
version does not know are passed over, so a newer server can be read. Not here: what the classes mean (``types``,
``report``, ``autonomy``).
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar, cast

import numpy as np

from quickstudy.autonomy.teachers import Contradiction
from quickstudy.client.problems import misunderstood
from quickstudy.errors import SituationError
from quickstudy.perception import situation_from_json, situation_to_json
from quickstudy.types import Decision, Probabilities, Scalar, Situation
from quickstudy.views import OTHER_OPTIONS

T = TypeVar("T")


def reader(kind: type[T]) -> Callable[[Any], T]:
    """A function that reads one class from JSON.

    >>> from quickstudy.types import Lesson
    >>> reader(Lesson)({"id": "a", "decision_id": None, "answer": "x", "value": None, "by": None, "at": 1}).at
    1.0
    """
    return functools.partial(read, kind)


def read(kind: type[T], data: Any) -> T:
    """A value of a declared type from JSON.

    Args:
        kind: a dataclass, or any type that its fields are declared with.
        data: what ``json.loads`` gave.

    Raises:
        ServerError: it is something else; the message says where.
    """
    try:
        return cast(T, _value(kind, data))
    except (ValueError, TypeError, KeyError, AttributeError, SituationError) as error:
        raise misunderstood(error) from error


def wire(situation: Situation) -> Any:
    """A situation as requests and answers hold it: a text, a record with its dates marked, or a list of numbers.

    Raises:
        SituationError: it cannot be perceived.

    >>> wire({"amount": 3, "vendor": "Acme"})
    {'amount': 3, 'vendor': 'Acme'}
    """
    if isinstance(situation, np.ndarray):
        situation = situation_from_json(situation_to_json(situation))
        return cast(Any, situation).tolist()
    [content] = json.loads(situation_to_json(situation)).values()
    return content


def wire_fields(fields: Mapping[str, Scalar]) -> dict[str, Any]:
    """Some fields of a record as requests hold them.

    Raises:
        SituationError: a value that no field can have.
    """
    return {name: wire({"value": value, "other": 0})["value"] for name, value in fields.items()}


def decision(data: Any, situation: Situation | None = None) -> Decision:
    """A decision from its JSON, which names the most probable options.

    Args:
        data: the JSON.
        situation: what was asked about, where the JSON does not say it.

    Raises:
        ServerError: it is none.
    """
    if not isinstance(data, Mapping):
        return read(Decision, data)
    found: dict[str, Any] = {name: value for name, value in data.items() if value is not None or name == "answer"}
    shown = found.pop("alternatives", ())
    pairs = [(one["answer"], one["probability"]) for one in shown]
    rest = 1.0 - sum(probability for _, probability in pairs)
    if pairs and rest > 1e-9 and OTHER_OPTIONS not in dict(pairs):
        pairs.append((OTHER_OPTIONS, rest))
    asked = {} if situation is None else {"situation": wire(situation)}
    return read(Decision, {"evidence": {}, "situation": None, **found, "probabilities": pairs, **asked})


def _value(kind: Any, data: Any) -> Any:
    if kind is Any:
        return data
    if kind == Situation:
        return _situation(data)
    if kind is Probabilities:
        pairs = list(data.items()) if isinstance(data, Mapping) else [(name, value) for name, value in data]
        return Probabilities([name for name, _ in pairs], np.array([value for _, value in pairs], dtype=np.float64))
    if dataclasses.is_dataclass(kind):
        return _fields(cast(type, kind), data)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _either(inner, data)
    if origin is Literal:
        return _checked(kind, data, data in inner)
    if origin is tuple:
        kinds = [inner[0]] * len(data) if inner[1:] == (...,) else list(inner)
        return tuple(_value(each, item) for each, item in zip(kinds, data, strict=True))
    if origin is list:
        return [_value(inner[0], item) for item in data]
    if origin is not None and issubclass(origin, Mapping):
        return {key: _value(inner[1], item) for key, item in data.items()}
    if kind is float:
        data = math.nan if data is None else data  # JSON has no NaN
        return float(_checked(kind, data, isinstance(data, int | float) and not isinstance(data, bool)))
    return _checked(kind, data, isinstance(data, kind))


def _fields(kind: type, data: Any) -> Any:
    hints = _hints(kind)
    if not isinstance(data, Mapping):
        raise TypeError(f"{kind.__name__} is {str(data)[:80]!r}")
    given = {}
    for name, hint in hints.items():
        if name in data:
            try:
                given[name] = _value(hint, _content(kind, name, data[name]))
            except (ValueError, TypeError, KeyError, AttributeError, SituationError) as error:
                raise ValueError(f"{kind.__name__}.{name}: {error}") from error
    return kind(**given)


def _situation(data: Any) -> Any:
    if data is None:
        return ""
    if isinstance(data, list):
        return situation_from_json(situation_to_json(np.array(data, dtype=np.float64)))
    return situation_from_json(json.dumps({"text" if isinstance(data, str) else "record": data}))


def _content(kind: type, name: str, data: Any) -> Any:
    """A field's JSON; a report's contradictions hold their situations as the journal does."""
    if kind is Contradiction and name in ("situation", "other") and data is not None:
        return wire(situation_from_json(json.dumps(data)))
    return data


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind) if field.init}


def _either(kinds: tuple[Any, ...], data: Any) -> Any:
    if data is None and types.NoneType in kinds:
        return None
    if Mapping in [typing.get_origin(kind) or kind for kind in kinds] and isinstance(data, Mapping):
        return data
    left = [kind for kind in kinds if kind is not types.NoneType]
    if len(left) == 1:
        return _value(left[0], data)
    if set(typing.get_args(Situation)) <= set(left):
        return _value(Situation, data)
    for kind in left:
        if isinstance(kind, type) and isinstance(data, kind):
            return data
    return _checked(kinds, data, False)


def _checked(kind: Any, data: Any, right: bool) -> Any:
    if not right:
        raise TypeError(f"{str(data)[:80]!r} is not {getattr(kind, '__name__', kind)}")
    return data
