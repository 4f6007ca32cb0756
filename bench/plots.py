"""Plots for the report: learning curves with spread, accuracy in time, times and memory against size.

Colours are Okabe and Ito's, which colour-blind readers can tell apart; curves are labelled at their end. Invariant: no
display is needed. Not here: which results are shown (``report``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.learners.registry import LEARNERS, OWN
from bench.results import Result
from bench.scenario import Measure
from quickstudy.types import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555")
BINS = 16
LABEL = 17.0
"""How many pixels a curve's name needs."""


def plot_curves(path: Path, title: str, results: Mapping[str, Sequence[Result]]) -> None:
    """Accuracy against lessons, log scale: the mean over seeds, and the range between the seeds.

    Args:
        path: the PNG to write.
        title: what was learned.
        results: learner -> its results, one a seed.
    """
    figure, axes = _figure(title, "lessons so far (log scale)", "accuracy before each lesson")
    axes.set_xscale("log")
    _plain_numbers(axes.xaxis)
    ends = {}
    for name, runs in results.items():
        middles, rows = zip(*(binned(run.details["curve"]) for run in runs), strict=True)
        values = np.stack(rows)
        mean = values.mean(axis=0)
        axes.plot(middles[0], mean, **_line(name))
        if len(values) > 1:
            axes.fill_between(
                middles[0], values.min(axis=0), values.max(axis=0), color=_colour(name), alpha=0.12, linewidth=0
            )
        ends[name] = (float(middles[0][-1]), float(mean[-1]))
    _label_ends(figure, axes, ends)
    _save(figure, path)


def plot_in_time(path: Path, title: str, results: Mapping[str, Sequence[Result]]) -> None:
    """Accuracy on twenty equal parts of a stream whose order is its own."""
    figure, axes = _figure(title, "share of the stream", "accuracy before each lesson")
    ends = {}
    for name, runs in results.items():
        values = np.mean([run.details["twentieths"] for run in runs], axis=0)
        at = (np.arange(len(values)) + 0.5) / len(values)
        axes.plot(at, values, **_line(name))
        ends[name] = (float(at[-1]), float(values[-1]))
    _label_ends(figure, axes, ends)
    _save(figure, path)


def plot_growth(
    path: Path, title: str, along: str, what: str, key: str, results: Mapping[str, Sequence[Result]]
) -> None:
    """A cost against a size, both logarithmic.

    Args:
        path: the PNG to write.
        title: the plot's title.
        along: the label of the size.
        what: the label of the cost.
        key: which number of a row is drawn.
        results: learner -> its results.
    """
    figure, axes = _figure(title, along, what)
    axes.set_xscale("log")
    axes.set_yscale("log")
    _plain_numbers(axes.xaxis)
    _plain_numbers(axes.yaxis)
    ends = {}
    for name, runs in results.items():
        rows = [row for row in runs[0].details["rows"] if row.get(key, 0) > 0]
        if rows:
            at, values = [row["at"] for row in rows], [row[key] for row in rows]
            axes.plot(at, values, marker="o", **_line(name))
            ends[name] = (at[-1], values[-1])
    _label_ends(figure, axes, ends)
    _save(figure, path)


def plot_points(
    path: Path, title: str, along: str, measure: Measure, places: Mapping[int, Mapping[str, Sequence[Result]]]
) -> None:
    """A measure at the points of a curve, log scale: the mean over seeds, and the range between the seeds.

    Args:
        path: the PNG to write.
        title: the plot's title.
        along: the label of the places.
        measure: what is drawn.
        places: place -> learner -> its results there.
    """
    figure, axes = _figure(title, along, measure.label)
    axes.set_xscale("log")
    _plain_numbers(axes.xaxis)
    ends = {}
    for name in dict.fromkeys(name for group in places.values() for name in group):
        found = {at: [run.measures[measure.key] for run in group.get(name, ())] for at, group in places.items()}
        points = {at: values for at, values in found.items() if values}
        at, means = list(points), [float(np.mean(values)) for values in points.values()]
        axes.plot(at, means, marker="o", **_line(name))
        lowest, highest = [min(values) for values in points.values()], [max(values) for values in points.values()]
        axes.fill_between(at, lowest, highest, color=_colour(name), alpha=0.12, linewidth=0)
        ends[name] = (float(at[-1]), means[-1])
    _label_ends(figure, axes, ends)
    _save(figure, path)


def binned(curve: Mapping[str, Sequence[int]]) -> tuple[FloatArray, FloatArray]:
    """A curve's cumulative hits as accuracy on log-spaced stretches: their middles and values."""
    at, hits = np.array(curve["at"]), np.array(curve["hits"])
    goals = np.geomspace(min(25, at[-1]), at[-1], BINS)
    edges = np.unique(np.concatenate([[0], np.searchsorted(at, goals).clip(0, len(at) - 1)]))
    lengths = np.diff(at[edges])
    middles = np.sqrt(np.maximum(at[edges[:-1]], 1) * at[edges[1:]])
    return middles, np.diff(hits[edges]) / lengths


def _figure(title: str, along: str, up: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 4.6), dpi=110, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left")
    axes.set_xlabel(along)
    axes.set_ylabel(up)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _plain_numbers(axis: Axis) -> None:
    """Plain numbers at 1, 2, 5, 10, … on a log scale."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))


def _label_ends(figure: Figure, axes: Axes, ends: Mapping[str, tuple[float, float]]) -> None:
    """Writes each curve's name at its end; overlapping ones are moved apart in their order, none above the plot."""
    if not ends:
        return
    figure.draw_without_rendering()  # settles the scales and the layout, on which the places depend
    ordered = sorted(ends.items(), key=lambda item: item[1][1])
    places = [float(axes.transData.transform(point)[1]) for _, point in ordered]
    placed: list[float] = []
    for place in places:
        placed.append(max(place, placed[-1] + LABEL) if placed else place)
    top, last = float(axes.bbox.y1), len(placed) - 1
    placed = [min(place, top - (last - i) * LABEL) for i, place in enumerate(placed)]
    for (name, point), before, after in zip(ordered, places, placed, strict=True):
        label: Any = {"xytext": (8, (after - before) * 72 / figure.dpi), "textcoords": "offset points"}
        title = LEARNERS[name].title if name in LEARNERS else name
        axes.annotate(title, point, color=_colour(name), va="center", fontsize=9, annotation_clip=False, **label)


def _line(name: str) -> dict[str, Any]:
    """How a learner's curve looks: ours is thick; where colours come round again, dashes tell them apart."""
    rank = _rank(name)
    style = "-" if rank is None else ("-", "--", ":", "-.")[rank // (len(PALETTE) - 1) % 4]
    return {"color": _colour(name), "linewidth": 2.4 if rank is None else 1.3, "linestyle": style}


def _colour(name: str) -> str:
    """The first colour is ours alone."""
    rank = _rank(name)
    return PALETTE[0] if rank is None else PALETTE[1 + rank % (len(PALETTE) - 1)]


def _rank(name: str) -> int | None:
    """A peer's place among the peers; None for the learner under test."""
    others = [other for other in LEARNERS if other != OWN]
    return None if name == OWN else others.index(name) if name in others else len(others)


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})
