"""What became of a stream of work: the record that is scored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quickstudy.autonomy.account import LedgerLine
from quickstudy.types import FloatArray

ASK, SHADOW, AUDIT, ACT = range(4)
"""What became of a task; in shadow it was asked, and stood behind."""

FIRST = 100
"""From which answer alone a share is looked at; for learners that promise nothing about fewer."""


@dataclass(frozen=True, slots=True)
class Record:
    """What became of a stream.

    Attributes:
        modes: int8 (n,), what became of each task.
        right: bool (n,), whether the proposal was right.
        probability: float64 (n,), of the proposal.
        broken: whether the promise was false at any step at which an answer was given alone.
        ledgers: the learner's, those that an alarm closed too.
    """

    modes: npt.NDArray[np.int8]
    right: npt.NDArray[np.bool_]
    probability: FloatArray
    broken: bool = False
    ledgers: tuple[LedgerLine, ...] = ()

    @property
    def alone(self) -> npt.NDArray[np.bool_]:
        """Which tasks were done alone, bool (n,)."""
        return np.asarray(self.modes == ACT)

    @property
    def stood(self) -> npt.NDArray[np.bool_]:
        """Which proposals were stood behind, bool (n,)."""
        return np.asarray(self.modes != ASK)

    def ever_over(self, target: float) -> bool:
        """Whether more than a share ``target`` of the answers given alone was wrong, at any from the 100th on."""
        wrong = np.cumsum(~self.right[self.alone])
        return bool((wrong > target * np.arange(1, len(wrong) + 1))[FIRST - 1 :].any())
