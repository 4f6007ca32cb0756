"""What an expert is: one way of proposing an answer, with statistics that can be rebuilt from examples.

Everything an expert knows is a function of the examples it learned and of the option descriptions it was given, in that
order. ``propose`` never changes it. Options are columns 0, 1, 2, … that only ever grow in number. Third parties
register a factory under the entry point ``quickstudy.experts``; :mod:`quickstudy.checks` tests any expert.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy.typing as npt

from quickstudy.experts.arrays import Arrays
from quickstudy.experts.features import RandomFeatures
from quickstudy.experts.memory import Memory, Neighbours
from quickstudy.experts.votes import recent_shares
from quickstudy.types import FloatArray, Vector

NEIGHBOURS = 48
"""How many nearest examples a query looks up, for all experts together."""


@dataclass(frozen=True, slots=True)
class Example:
    """One thing that was taught.

    Attributes:
        lesson_id: the lesson.
        vector: the situation, float32 (d,), unit norm.
        option: the taught option's column.
        at: the event's own time, seconds since 1970.
        weight: how many tasks it stands for, itself included; 1 where every task is taught.
    """

    lesson_id: str
    vector: Vector
    option: int
    at: float
    weight: float = 1.0


class Query:
    """What experts are asked: m situations, with views that several of them share, each computed at most once.

    Args:
        vectors: float32 (m, d).
        features: the job's random features.
        memory: the remembered examples.
        options: how many columns there are.
    """

    def __init__(self, vectors: Vector, features: RandomFeatures, memory: Memory, options: int) -> None:
        self.vectors = vectors
        self.options = options
        self._features = features
        self.memory = memory

    def __len__(self) -> int:
        return len(self.vectors)

    @cached_property
    def phi(self) -> FloatArray:
        """Random features, float64 (m, D)."""
        return self._features(self.vectors)

    @cached_property
    def neighbours(self) -> Neighbours:
        """The nearest remembered examples, best first."""
        return self.memory.search(self.vectors, NEIGHBOURS)

    @cached_property
    def recent_shares(self) -> FloatArray:
        """Shares (m, options) of the nearest examples' answers, the newest counting most; read only."""
        return recent_shares(self.neighbours, self.options)


@dataclass(frozen=True, slots=True)
class Shared:
    """What all experts of one learner share: built before them, and never changed by them."""

    dimension: int
    features: RandomFeatures


@runtime_checkable
class Expert(Protocol):
    """One way of proposing an answer.

    Attributes:
        name: unique among a learner's experts.
        initial_weight: its weight in the pool at the beginning.
        mature_weight: its weight in the long run; the pool learns both.
    """

    name: str
    initial_weight: float
    mature_weight: float

    def describe(self, vectors: Vector, options: Sequence[int]) -> None:
        """Options got names or descriptions, whose vectors (n, d) live in the situations' space."""

    def propose(self, query: Query) -> FloatArray:
        """Logits (m, query.options), up to a constant a row; must not change anything."""

    def learn(self, examples: Sequence[Example], query: Query) -> None:
        """Learns a block of examples; ``query`` is about the same situations, from before any of them was learned."""

    def correct(self, example: Example, new: int) -> None:
        """A learned example turned out to belong to option ``new``."""

    def rehearse(self, memory: Memory) -> None:
        """After reliving a set of examples: may learn them better, from memory; most experts have nothing to do."""

    def state(self) -> Arrays:
        """Everything it knows, as copies."""

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Knows what ``state`` says, exactly."""
