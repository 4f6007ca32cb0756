"""What is often done: a calibrated threshold from a validation set, everything above it alone, and no audits."""

from __future__ import annotations

import numpy as np

from bench.autonomy.record import ACT, ASK


class PlainThreshold:
    """The first tasks are asked; the threshold is the lowest at which at most T of those above it were wrong.

    It is chosen anew after every 20 answers, from all that was asked.

    Args:
        target: T.
        validation: how many tasks are asked first.
    """

    def __init__(self, target: float, validation: int = 300) -> None:
        self._target = target
        self._validation = validation
        self._probabilities: list[float] = []
        self._right: list[bool] = []
        self._threshold = 2.0

    def rule(self, probability: float) -> int:
        """Alone above the threshold."""
        return ACT if probability >= self._threshold else ASK

    def settle(self, probability: float, right: bool) -> None:
        """Learns from a task that was asked."""
        self._probabilities.append(probability)
        self._right.append(right)
        if len(self._right) >= self._validation and len(self._right) % 20 == 0:
            order = np.argsort(-np.array(self._probabilities), kind="stable")
            wrong = np.cumsum(~np.array(self._right)[order])
            fine = np.flatnonzero(wrong <= self._target * np.arange(1, len(order) + 1))
            self._threshold = self._probabilities[order[fine[-1]]] if len(fine) else 2.0
