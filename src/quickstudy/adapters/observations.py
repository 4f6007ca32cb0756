"""Gymnasium observations as situations: what is journaled, what tells two states apart, and the numbers to plan with.

Invariants: equal observations of a space have equal keys, different ones different keys. Numbers are planned with only
where they measure something: real-valued boxes, or dicts and tuples of nothing else. Integers (``Discrete``, images)
are categories: they are told apart, not subtracted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from quickstudy.errors import InputError, MissingExtraError
from quickstudy.types import FloatArray, Situation

try:
    from gymnasium import spaces
except ImportError as error:
    raise MissingExtraError("gymnasium", "gymnasium") from error


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One observation.

    Attributes:
        situation: for the journal.
        key: equal for equal observations.
        numbers: to plan with, float64 (m,); empty if it holds none that measure something.
    """

    situation: Situation
    key: str
    numbers: FloatArray


class Observations:
    """Reads the observations of one space.

    Attributes:
        measures: whether its numbers measure something.

    Raises:
        InputError: a space that cannot be read, like a graph.
    """

    def __init__(self, space: spaces.Space[Any]) -> None:
        self._space = space
        self._parts = list(_parts(space, ""))
        self.measures = all(_is_real(part) for _, part in self._parts)
        self._words = [isinstance(part, spaces.Text) for _, part in self._parts]
        self._text = any(self._words)
        self._size = sum(int(np.prod(part.shape or ())) for _, part in self._parts if not isinstance(part, spaces.Text))

    def read(self, observation: Any) -> Seen:
        """One observation of the space.

        Raises:
            InputError: it is of another make than the space says, or holds a number that is not finite.
        """
        try:
            values = list(_values(self._space, observation))
            arrays = [np.asarray(value, dtype=np.float64).ravel() for value in values if not isinstance(value, str)]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise self._foreign(observation) from error
        numbers = np.concatenate(arrays) if arrays else np.zeros(0)
        if len(numbers) != self._size or [isinstance(value, str) for value in values] != self._words:
            raise self._foreign(observation)
        if not np.isfinite(numbers).all():
            raise InputError(
                f"An observation holds numbers that are NaN or infinite: {str(observation)[:80]}.",
                next_step="Replace them with finite numbers; a wrapper can do it.",
            )
        numbers += 0.0  # -0.0 equals 0.0, but its bytes do not
        digest = hashlib.blake2b(numbers.tobytes(), digest_size=16)
        for value in values:
            if isinstance(value, str):
                digest.update(value.encode() + b"\0")
        situation: Situation = numbers
        if self._text:
            named = zip((name for name, _ in self._parts), values, strict=True)
            record = {name or "text": value if isinstance(value, str) else _in_words(value) for name, value in named}
            situation = record if len(record) > 1 else next(iter(record.values())).strip() or "(empty)"
        return Seen(situation, digest.hexdigest(), numbers if self.measures else np.zeros(0))

    def _foreign(self, observation: Any) -> InputError:
        return InputError(
            f"An observation is not of the space {str(self._space)[:80]}: {str(observation)[:80]!r}.",
            next_step="Check what the environment gives and what its observation_space says.",
        )


def _parts(space: spaces.Space[Any], name: str) -> Iterator[tuple[str, spaces.Space[Any]]]:
    """The simple spaces inside a space, with their names."""
    if isinstance(space, spaces.Dict):
        for key, part in space.spaces.items():
            yield from _parts(part, f"{name}.{key}" if name else str(key))
    elif isinstance(space, spaces.Tuple):
        for place, part in enumerate(space.spaces):
            yield from _parts(part, f"{name}.{place}" if name else str(place))
    elif isinstance(space, spaces.Box | spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary | spaces.Text):
        yield name, space
    else:
        raise InputError(
            f"Observations of the space {type(space).__name__} cannot be read.",
            next_step="Use Box, Discrete, MultiDiscrete, MultiBinary, Text, Dict or Tuple; a wrapper can convert.",
        )


def _values(space: spaces.Space[Any], observation: Any) -> Iterator[Any]:
    """The simple observations inside an observation, in the order of :func:`_parts`."""
    if isinstance(space, spaces.Dict):
        for key, part in space.spaces.items():
            yield from _values(part, observation[key])
    elif isinstance(space, spaces.Tuple):
        for place, part in enumerate(space.spaces):
            yield from _values(part, observation[place])
    else:
        yield observation


def _is_real(space: spaces.Space[Any]) -> bool:
    return isinstance(space, spaces.Box) and np.dtype(space.dtype or np.float32).kind == "f"


def _in_words(value: Any) -> str:
    return " ".join(str(number) for number in np.asarray(value).ravel().tolist())
