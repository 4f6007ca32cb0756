"""Bursts: how much more often an answer comes now than it did overall.

When lessons of one option come in a row, predicting them is easy for experts that follow the last answer, and says
little about tomorrow's mixed work: where CLINC150's classes came one after the other, unweighted lessons drove the pool
from 92% to 70%. A lesson's weight is the fourth power of its option's share overall divided by its share lately, both
from before it and smoothed towards an even share, at most 1. In mixed work it is near 1 for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import grown

WINDOW = 50.0
"""Lessons that count as lately (the time constant of an exponential average)."""


class Bursts:
    """Counts of options, overall and lately."""

    def __init__(self) -> None:
        self._overall = np.zeros(16)
        self._lately = np.zeros(16)
        self._seen_at = np.zeros(16)
        self._lessons = 0

    def weight(self, option: int, options: int) -> float:
        """The weight in (0, 1] of a lesson about ``option``, one of ``options``; and counts it."""
        self._overall, self._lately = grown(self._overall, option + 1), grown(self._lately, option + 1)
        self._seen_at = grown(self._seen_at, option + 1)
        decay = (1.0 - 1.0 / WINDOW) ** (self._lessons - self._seen_at[option])
        lately = 0.5 * (self._lately[option] * decay + 1.0 / options)
        overall = (self._overall[option] + 1.0) / (self._lessons + options)
        self._lessons += 1
        self._lately[option] = self._lately[option] * decay * (1.0 - 1.0 / WINDOW) + 1.0 / WINDOW
        self._seen_at[option] = self._lessons
        self._overall[option] += 1.0
        return float(min(1.0, overall / lately) ** 4)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """The counts."""
        return {
            "overall": self._overall.copy(),
            "lately": self._lately.copy(),
            "seen_at": self._seen_at.copy(),
            "lessons": np.array(self._lessons),
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """The counts."""
        self._overall, self._lately = state["overall"].copy(), state["lately"].copy()
        self._seen_at, self._lessons = state["seen_at"].copy(), int(state["lessons"])
