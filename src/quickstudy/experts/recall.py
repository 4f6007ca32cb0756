"""Recall: what was taught in the most similar situations; and the same with a memory for what came last.

Both read the query's exact nearest neighbours, so they know nothing of their own. ``Recall`` weighs them by similarity
alone. ``Recent`` weighs similar ones by age too, counted in lessons among these neighbours: where the same situation
was taught differently before, the newest answer counts. How much each is worth is learned from the stream by the pool;
age never decides between situations that do not resemble each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import Arrays
from quickstudy.experts.base import Example, Query, Shared
from quickstudy.experts.memory import Memory
from quickstudy.experts.votes import FLOOR, NEAR, closeness, votes
from quickstudy.types import FloatArray, Vector


class _Stateless:
    """An expert that reads the shared memory and keeps nothing."""

    def __init__(self, shared: Shared) -> None:
        """Nothing is shared but the memory, which comes with the query."""

    def describe(self, vectors: Vector, options: Sequence[int]) -> None:
        """Nothing: names are the prior's."""

    def learn(self, examples: Sequence[Example], query: Query) -> None:
        """Nothing: the memory learns."""

    def correct(self, example: Example, new: int) -> None:
        """Nothing."""

    def rehearse(self, memory: Memory) -> None:
        """Nothing."""

    def state(self) -> Arrays:
        """Nothing."""
        return {}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Nothing."""


class Recall(_Stateless):
    """Nearest remembered examples, weighted by similarity and by how likely they are right."""

    name = "recall"
    initial_weight = 0.15
    mature_weight = 0.25

    def propose(self, query: Query) -> FloatArray:
        """Log-shares (m, options) of the nearest examples' answers."""
        weights = closeness(query.neighbours) * query.neighbours.trust
        weights[:, NEAR:] = 0.0
        return np.log(votes(query.neighbours, weights, query.options) + FLOOR)


class Recent(_Stateless):
    """Nearest remembered examples, weighted by similarity and, among similar ones, by age."""

    name = "recent"
    initial_weight = 0.05
    mature_weight = 0.02

    def propose(self, query: Query) -> FloatArray:
        """Log-shares (m, options) of the nearest examples' answers, the newest counting most."""
        return np.log(query.recent_shares + FLOOR)
