"""Drift: are more of the answers stood behind wrong lately than the target allows?

For each answer stood behind, audited with probability q, Z = A·X/q is an unbiased guess of whether it is wrong. The
product of 1 + λ·(Z - T) is a supermartingale while each answer is wrong with probability T at most. Restarted whenever
it falls below 1 (an e-detector: Shin, Ramdas and Rinaldo, 2024, "E-detectors"), it says how much evidence there is that
a change for the worse began at some time. An alarm at ``PATIENCE`` is false at most once in so many answers.

An answer counts as right until its verdict says otherwise. The alarm is not part of the guarantee: the ledger holds
with or without it. Not here: what an alarm causes (``gate``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

PATIENCE = 5_000.0
"""At most one false alarm in so many answers, on average, while the target is kept."""

TIMES = np.array([1.5, 2.5, 5.0])
"""How many times the target the three detectors expect after a change; each has its best λ for that."""


class Drift:
    """Evidence of a change for the worse."""

    def __init__(self) -> None:
        self._logs = np.zeros(len(TIMES))

    @property
    def evidence(self) -> float:
        """The evidence as a factor: 1 for none; an alarm is due from :data:`PATIENCE` on."""
        return float(np.exp(np.minimum(self._logs, 700.0)).mean())

    @property
    def due(self) -> bool:
        """Whether an alarm is due."""
        return self.evidence >= PATIENCE

    def stand(self, target: float, q: float) -> None:
        """One more answer stood behind, audited with probability ``q``."""
        np.maximum(self._logs + np.log1p(-self._lambdas(target, q) * target), 0.0, out=self._logs)

    def wrong(self, target: float, q: float) -> None:
        """The verdict on an audited answer: it was wrong."""
        lambdas = self._lambdas(target, q)
        self._logs += np.log1p(lambdas * (1.0 / q - target)) - np.log1p(-lambdas * target)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """As arrays."""
        return {"logs": self._logs.copy()}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """From :meth:`state`."""
        self._logs = state["logs"].copy()

    @staticmethod
    def _lambdas(target: float, q: float) -> npt.NDArray[np.float64]:
        """The λ that make the factor a likelihood ratio: found errors with probability times·T·q against T·q."""
        lambdas: npt.NDArray[np.float64] = (TIMES - 1.0) * q / (1.0 - q * target)
        return np.minimum(lambdas, 0.5 / target)


def words(evidence: float, errors: int, target: float) -> str:
    """An alarm's reason in words."""
    power = math.floor(math.log10(max(evidence, 1.0)))
    return (
        f"more than {target:.2%} of the answers stood behind have been wrong lately: "
        f"evidence 10^{power} to 1, {errors} errors found"
    )
