"""Measures on outcomes: pure functions, tested on cases with known truth.

The *curve* of a learner on a stream is the chance that its decision on task t is right; the mean over orders estimates
it. The *area* under its first n tasks, divided by n, is therefore the mean accuracy on them. Not here: running.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.types import FloatArray

STREAM_PARTS: tuple[tuple[int, int | None], ...] = (
    (1, 100),
    (101, 300),
    (301, 1000),
    (1001, 3000),
    (3001, 6000),
    (6001, None),
)
"""First and last task of each part of a stream, counted from 1; the last part goes to the end."""


def part_name(first: int, last: int | None) -> str:
    """``"1-100"``, or ``"6001-"`` for the rest."""
    return f"{first}-{last or ''}"


def part_scores(
    hits: npt.NDArray[np.bool_],
    confidences: FloatArray,
    parts: Sequence[tuple[int, int | None]] = STREAM_PARTS,
) -> dict[str, float]:
    """Accuracy and |mean confidence - accuracy| on parts of a stream.

    Parts that the stream does not reach are left out; the last one that it reaches ends with the stream.

    Args:
        hits: bool (n).
        confidences: float64 (n), in [0, 1].
        parts: first and last task, counted from 1.
    """
    scores: dict[str, float] = {}
    for first, last in parts:
        here = slice(first - 1, last)
        if not len(hits[here]):
            continue
        accuracy = float(hits[here].mean())
        scores[f"accuracy {part_name(first, last)}"] = accuracy
        scores[f"gap {part_name(first, last)}"] = abs(float(confidences[here].mean()) - accuracy)
    return scores


def areas(hits: npt.NDArray[np.bool_], first: int = 1000) -> dict[str, float]:
    """The area under the curve on the first tasks and on all, each divided by its number of tasks."""
    return {f"area {first}": float(hits[:first].mean()), "area all": float(hits.mean())}


def fifths(hits: npt.NDArray[np.bool_], parts: int = 5) -> list[float]:
    """Accuracy on equal parts of a stream, in order."""
    edges = [i * len(hits) // parts for i in range(parts + 1)]
    return [float(hits[a:b].mean()) for a, b in itertools.pairwise(edges)]


def auroc(inside: Sequence[float] | FloatArray, outside: Sequence[float] | FloatArray) -> float:
    """The chance that a random outside score is above an inside one; ties count half (Mann and Whitney 1947)."""
    both = np.concatenate([np.asarray(inside, dtype=float), np.asarray(outside, dtype=float)])
    if not len(inside) or not len(outside) or not np.isfinite(both).all():
        raise ValueError("auroc needs finite scores on both sides")
    _, place, counts = np.unique(both, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[place]
    outside_ranks = float(rank[len(inside) :].sum())
    return (outside_ranks - len(outside) * (len(outside) + 1) / 2) / (len(inside) * len(outside))


def curve_of(hits: npt.NDArray[np.bool_], points: int = 60) -> dict[str, list[int]]:
    """Cumulative hits at up to ``points`` log-spaced and ``points`` evenly spaced tasks: enough to draw from."""
    count = len(hits)
    spaced = [np.geomspace(10, max(count, 10), points), np.linspace(0, count, points + 1)]
    at = np.unique(np.clip(np.concatenate(spaced).round().astype(int), 0, count))
    total = np.concatenate([[0], np.cumsum(hits)])
    return {"at": at.tolist(), "hits": total[at].tolist()}


def milliseconds(seconds: FloatArray) -> dict[str, Any]:
    """Median, 99th percentile and maximum, in milliseconds."""
    if not len(seconds):
        return {}
    median, high = np.percentile(seconds, [50, 99])
    return {"median": 1e3 * float(median), "p99": 1e3 * float(high), "max": 1e3 * float(seconds.max())}


def growth_exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The slope of log value over log size (least squares): 0 is constant, 1 is linear."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])
