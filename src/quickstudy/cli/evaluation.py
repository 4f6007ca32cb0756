"""Measures predictions against labels, in constant memory: accuracy, log loss, calibration, coverage, confusions.

Invariant: nothing here learns or keeps rows. Definitions: log loss is the mean of −log p(label) with p floored at
1e-12; calibration is the share-weighted mean of |confidence − accuracy| over ten equal bins (expected calibration
error, Naeini et al. 2015); coverage at a level is the share of rows with a probability of at least that level.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from quickstudy.types import NEW_OPTION, Decision

SURENESS_LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)
BINS = 10
_FLOOR = 1e-12


@dataclass(slots=True)
class Evaluation:
    """Sums over labelled predictions; :meth:`add` them, then :meth:`to_dict`."""

    count: int = 0
    correct: int = 0
    unlabelled: int = 0
    unknown_labels: int = 0
    log_loss_sum: float = 0.0
    bins: list[list[float]] = field(default_factory=lambda: [[0.0, 0.0, 0.0] for _ in range(BINS)])
    sure: list[list[int]] = field(default_factory=lambda: [[0, 0] for _ in SURENESS_LEVELS])
    confusions: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, decision: Decision, label: str | None) -> None:
        """Counts one prediction and its label (None: there is none)."""
        if label is None:
            self.unlabelled += 1
            return
        right = decision.answer == label
        known = label in decision.probabilities
        self.unknown_labels += not known
        key = label if known else NEW_OPTION
        p = decision.probabilities.get(key, 0.0)
        self.count += 1
        self.correct += right
        self.log_loss_sum -= math.log(max(p, _FLOOR))
        slot = self.bins[min(int(decision.probability * BINS), BINS - 1)]
        slot[0] += decision.probability
        slot[1] += right
        slot[2] += 1
        for level, cell in zip(SURENESS_LEVELS, self.sure, strict=True):
            if decision.probability >= level:
                cell[0] += 1
                cell[1] += right
        if not right:
            self.confusions[(label, str(decision.answer))] += 1

    def to_dict(self) -> dict[str, Any]:
        """The measures as plain data; shares are in [0, 1] and None where nothing was counted."""
        n = self.count
        used = [(c / k, r / k, int(k)) for c, r, k in self.bins if k]
        return {
            "rows": n,
            "unlabelled": self.unlabelled,
            "unknown_labels": self.unknown_labels,
            "accuracy": self.correct / n if n else None,
            "log_loss": self.log_loss_sum / n if n else None,
            "calibration_error": sum(abs(c - a) * k for c, a, k in used) / n if n else None,
            "calibration": [{"confidence": c, "accuracy": a, "count": k} for c, a, k in used],
            "coverage": [
                {"sureness": level, "share": k / n if n else None, "accuracy": right / k if k else None, "count": k}
                for level, (k, right) in zip(SURENESS_LEVELS, self.sure, strict=True)
            ],
            "confusions": [
                {"label": label, "answer": answer, "count": count}
                for (label, answer), count in sorted(self.confusions.items(), key=lambda item: (-item[1], item[0]))[:10]
            ],
        }
