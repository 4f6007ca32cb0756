"""An inverse of a growing sum of squares, P = (λI + Σ rrᵀ)⁻¹, kept by recursive least squares (Plackett 1950).

Rows come one by one or in blocks; each block of m costs O(m·D²). P changes lazily: the terms hhᵀ that are to be taken
from it wait in a buffer, so that P, the largest thing in an expert, is read once a lesson and written once in
``PENDING`` lessons, or in ``ROOM`` within blocks. What is read is always exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import Arrays, grown
from quickstudy.types import FloatArray

PENDING = 32
"""So many waiting terms are cheaper to carry than to settle, where rows come one by one."""

ROOM = 320
"""The same where rows come in blocks."""


class Precision:
    """P, at first the identity divided by ``regularisation``.

    Args:
        size: D.
        regularisation: λ.
    """

    def __init__(self, size: int, regularisation: float) -> None:
        self._matrix = np.eye(size) / regularisation
        self._pending = np.zeros((PENDING, size))
        self._waiting = 0

    def gains(self, rows: FloatArray) -> FloatArray:
        """rows·P for ``rows`` (m, D): float64 (m, D)."""
        gains = rows @ self._matrix
        if self._waiting:
            waiting = self._pending[: self._waiting]
            gains -= (rows @ waiting.T) @ waiting
        return gains

    def absorb(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Adds ``rows`` (m, D) to the sum: P becomes P - HᵀH.

        Returns:
            R, float64 (m, m), with RᵀR = (I + rows·P·rowsᵀ)⁻¹; and H = R·rows·P, float64 (m, D).
        """
        gains = self.gains(rows)
        root = np.linalg.inv(np.linalg.cholesky(np.eye(len(rows)) + gains @ rows.T))
        halves = root @ gains
        self._wait(halves, PENDING if len(rows) == 1 else ROOM)
        return root, halves

    def release(self, row: FloatArray) -> FloatArray:
        """Takes one row (D,) that was absorbed out of the sum again: P becomes P + hhᵀ. Returns h (D,)."""
        self._settle()
        gain = self.gains(row[None])[0]
        half: FloatArray = gain / np.sqrt(1.0 - float(row @ gain))
        self._matrix += np.multiply.outer(half, half)
        return half

    def state(self) -> Arrays:
        """P and its waiting terms."""
        return {"precision": self._matrix.copy(), "pending": self._pending[: self._waiting].copy()}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """P and its waiting terms."""
        self._matrix, self._waiting = state["precision"].copy(), len(state["pending"])
        self._pending = grown(self._pending, self._waiting)
        self._pending[: self._waiting] = state["pending"]

    def _wait(self, halves: FloatArray, room: int) -> None:
        after = self._waiting + len(halves)
        self._pending = grown(self._pending, after)
        self._pending[self._waiting : after] = halves
        self._waiting = after
        if after >= room:
            self._settle()

    def _settle(self) -> None:
        if self._waiting:
            waiting = self._pending[: self._waiting]
            self._matrix -= waiting.T @ waiting
            self._waiting = 0
