"""What an agent did in its environment: results of training, of single episodes and of evaluations. Frozen data.

Not here: acting (``gymnasium``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from quickstudy.types import FloatArray

RESAMPLES = 2_000
"""Of the bootstrap interval."""


@dataclass(frozen=True, slots=True)
class Training:
    """What happened in :meth:`Agent.train`.

    Attributes:
        steps: how many.
        returns: of the episodes that ended.
    """

    steps: int
    returns: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode of training that ended.

    Attributes:
        end: after how many steps of all training.
        total: the sum of its rewards.
    """

    end: int
    total: float


@dataclass(frozen=True, slots=True)
class Played:
    """One whole episode of the best known options.

    Attributes:
        observations: before each step, and after the last.
        actions: one for each step.
        total: the sum of rewards.
        ended: whether it came to its own end (else the time was up).
    """

    observations: tuple[Any, ...]
    actions: tuple[int, ...]
    total: float
    ended: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well the best known options do.

    Attributes:
        mean_return: mean over episodes of the sum of rewards.
        low: lower end of its 95% bootstrap interval.
        high: upper end.
        returns: one for each episode.
        steps: how many steps they took together.
    """

    mean_return: float
    low: float
    high: float
    returns: tuple[float, ...]
    steps: int


def interval(returns: FloatArray) -> tuple[float, float]:
    """The 95% percentile bootstrap interval of the mean."""
    draws = np.random.default_rng(0).integers(len(returns), size=(RESAMPLES, len(returns)))
    low, high = np.quantile(returns[draws].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)
