"""What is familiar: a situation much more novel than those that were answered right is asked, whatever the score says.

The score knows novelty too, but it learns from verdicts, and of a kind of work that never came before there are none.
On CLINC150 with its out-of-scope questions, 4% of the tasks are far by this rule, and 94% of the answers to them are
wrong; where all work is of known kinds, fewer than 1% are far. Invariant: a fold of verdicts. Not here: how novelty is
measured (``judgement.novelty``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

NEWEST = 512
LEAST = 100
"""Nothing is far before so many right answers."""

QUANTILE, MARGIN = 0.99, 0.05
"""Far is what lies so much above this quantile. Chosen on CLINC150 and BANKING77."""

EVERY = 16


class Familiar:
    """The novelty of the newest right answers."""

    def __init__(self) -> None:
        self._novelty = np.zeros(NEWEST)
        self._count = 0
        self._edge = np.inf

    def learn(self, novelty: float) -> None:
        """A right answer."""
        self._novelty[self._count % NEWEST] = novelty
        self._count += 1
        if self._count >= LEAST and self._count % EVERY == 0:
            known = self._novelty[: min(self._count, NEWEST)]
            self._edge = float(np.quantile(known, QUANTILE)) + MARGIN

    def is_far(self, novelty: float) -> bool:
        """Whether a situation is far from everything that was answered right."""
        return novelty > self._edge

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """As arrays."""
        return {"novelty": self._novelty.copy(), "counts": np.array([self._count, self._edge])}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """From :meth:`state`."""
        self._novelty, self._count = state["novelty"].copy(), int(state["counts"][0])
        self._edge = float(state["counts"][1])
