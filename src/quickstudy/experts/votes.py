"""Shares of votes: what the nearest remembered examples were taught, weighted by similarity and by age."""

from __future__ import annotations

import numpy as np

from quickstudy.experts.memory import Neighbours
from quickstudy.types import FloatArray

SHARPNESS = 3.0
"""How fast a neighbour's weight falls with its distance to the best one, in units of the near ones' mean distance."""

NEAR = 15
"""How many neighbours set that unit. So texts, whose cosines are far apart, and images, whose are not, go alike."""

UNITS = (0.01, 1 / 6)
"""The smallest and the largest unit, differences of cosines: a few far neighbours do not make each other near."""

FLOOR = 0.01
"""The share that is left to options no neighbour has."""

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
    gaps = neighbours.similarity[:, :1] - neighbours.similarity
    unit = gaps[:, 1:NEAR].mean(axis=1, keepdims=True) if gaps.shape[1] > 1 else np.ones((len(gaps), 1))
    nearest: FloatArray = np.exp(-SHARPNESS * gaps / np.clip(unit, *UNITS)) * neighbours.counts
    return nearest


def recent_shares(neighbours: Neighbours, options: int) -> FloatArray:
    """Shares (m, options) of the nearest examples' answers: a neighbour counts less, the more weight is newer."""
    near = closeness(neighbours)
    if near.size:
        newest = np.argsort(-neighbours.order, axis=1, kind="stable")
        ordered = np.take_along_axis(near, newest, axis=1)
        newer = np.cumsum(ordered, axis=1) - ordered
        np.put_along_axis(near, newest, ordered * np.exp(-newer / PATIENCE), axis=1)
    return votes(neighbours, near, options)
