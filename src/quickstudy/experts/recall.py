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

from quickstudy.experts.base import Arrays, Example, Query, Shared
from quickstudy.experts.memory import Memory, Neighbours
from quickstudy.types import FloatArray, Vector

SHARPNESS = 18.0
"""How fast a neighbour's weight falls with its cosine."""

FLOOR = 0.01
"""The share that is left to options no neighbour has."""

NEAREST = 15

PATIENCE = 1.0
"""How much newer weight makes an older neighbour count e times less."""


def votes(neighbours: Neighbours, weights: FloatArray, options: int) -> FloatArray:
    """Shares (m, options) of the neighbours' weights (m, k) by option; zero rows where there is no neighbour."""
    shares = np.zeros((len(weights), options))
    queries = np.repeat(np.arange(len(weights)), weights.shape[1])
    known = neighbours.options.ravel() >= 0
    np.add.at(shares, (queries[known], neighbours.options.ravel()[known]), weights.ravel()[known])
    totals = shares.sum(axis=1, keepdims=True)
    result: FloatArray = np.divide(shares, totals, out=np.zeros_like(shares), where=totals > 0)
    return result


def closeness(neighbours: Neighbours) -> FloatArray:
    """Weights (m, k) that fall with the cosine's distance to the best one, times the lessons a row stands for."""
    if not neighbours.similarity.size:
        return neighbours.similarity
    nearest: FloatArray = np.exp(SHARPNESS * (neighbours.similarity - neighbours.similarity[:, :1])) * neighbours.counts
    return nearest


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
    """Nearest remembered examples, weighted by similarity."""

    name = "recall"
    initial_weight = 0.15

    def propose(self, query: Query) -> FloatArray:
        """Log-shares (m, options) of the nearest examples' answers."""
        weights = closeness(query.neighbours)
        weights[:, NEAREST:] = 0.0
        return np.log(votes(query.neighbours, weights, query.options) + FLOOR)


class Recent(_Stateless):
    """Nearest remembered examples, weighted by similarity and, among similar ones, by age."""

    name = "recent"
    initial_weight = 0.05

    def propose(self, query: Query) -> FloatArray:
        """Log-shares (m, options) of the nearest examples' answers, the newest counting most."""
        return np.log(recent_shares(query) + FLOOR)


def recent_shares(query: Query) -> FloatArray:
    """Shares (m, options) of the nearest examples' answers: a neighbour counts less, the more weight is newer."""
    neighbours = query.neighbours
    near = closeness(neighbours)
    if near.size:
        newest = np.argsort(-neighbours.order, axis=1, kind="stable")
        ordered = np.take_along_axis(near, newest, axis=1)
        newer = np.cumsum(ordered, axis=1) - ordered
        np.put_along_axis(near, newest, ordered * np.exp(-newer / PATIENCE), axis=1)
    return votes(neighbours, near, query.options)
