"""Saved plots: learning curve, share sure, calibration; as PNG, SVG or PDF.

Colours are from Okabe and Ito's palette, which colour-blind readers can tell apart; curves are labelled directly.
Invariant: no display is needed and no global state of matplotlib is touched; matplotlib loads when a plot is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quickstudy.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#777777"
FORMATS = (".png", ".svg", ".pdf")
FEW, TITLE = 5, 80
"""Fewer points than this are marked; a title's longest name."""


def plot_report(report: Mapping[str, Any], path: Path) -> None:
    """Draws a report: accuracy and confidence over the lessons, and calibration.

    Args:
        report: what ``Report.to_dict()`` returns.
        path: the file to write; its suffix says the format.

    Raises:
        InputError: the suffix is no format we draw, or the folder is missing.
    """
    figure = new_figure(path)
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    points = report["accuracy"]
    x = [point["lessons"] for point in points]
    _shares(left, "lessons", f"{report.get('job', '')}: accuracy before each lesson")
    _curve(left, x, [point["accuracy"] for point in points], BLUE, "right")
    _curve(left, x, [point["confidence"] for point in points], ORANGE, "mean confidence", dashed=True)
    parts = report["calibration"]
    _calibration(right, [(part["confidence"], part["accuracy"], part["count"]) for part in parts])
    save_figure(figure, path)


def plot_learning(
    path: Path,
    *,
    title: str,
    unit: str,
    accuracy: Sequence[float],
    sure: Sequence[float],
    accuracy_if_sure: Sequence[float],
    sure_level: float,
    calibration: Sequence[tuple[float, float, int]],
) -> None:
    """Draws a run: accuracy, the share it was sure about and its accuracy there, and calibration.

    Args:
        path: the file to write; its suffix says the format.
        title: what was learned.
        unit: what the x axis counts.
        accuracy: share right among the latest tasks, after each task.
        sure: share with a probability of at least ``sure_level`` among the latest tasks.
        accuracy_if_sure: share right among these (NaN where there are none).
        sure_level: when it counts as sure.
        calibration: (mean confidence, accuracy, count) of each bin.

    Raises:
        InputError: the suffix is no format we draw, or the folder is missing.
    """
    figure = new_figure(path)
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    x = list(range(1, len(accuracy) + 1))
    _shares(left, unit, title)
    _curve(left, x, accuracy_if_sure, GREEN, "right where sure", dashed=True)
    _curve(left, x, accuracy, BLUE, "right")
    _curve(left, x, sure, ORANGE, f"sure (p ≥ {sure_level:g})")
    _calibration(right, calibration)
    save_figure(figure, path)


def plot_what_if(forecasts: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draws the slider: the share done alone and the bound, over the target.

    Args:
        forecasts: what ``WhatIf.to_dict()`` returns, one for each candidate.
        path: the file to write; its suffix says the format.

    Raises:
        InputError: the suffix is no format we draw, or the folder is missing.
    """
    figure = new_figure(path)
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    rows = sorted(forecasts, key=lambda row: row["target_error"])
    x = [row["target_error"] for row in rows]
    _shares(left, "target error", "what another target would do")
    _curve(left, x, [row["share_alone"] for row in rows], BLUE, "done alone")
    _curve(left, x, [row["share_asked"] for row in rows], ORANGE, "asked", dashed=True)
    audited = [1.0 - row["share_alone"] - row["share_asked"] for row in rows]
    _curve(left, x, audited, GREEN, "audited", dashed=True)
    bounds = [math.nan if row["bound_share"] is None else row["bound_share"] for row in rows]
    _shares(right, "target error", "bound then, and the target")
    right.set_ylim(0, max([*x, *(b for b in bounds if b == b)]) * 1.1)
    right.plot(x, x, color=GREY, linewidth=1, linestyle=":")
    _curve(right, x, bounds, BLUE, "bound")
    for axes in (left, right):
        axes.xaxis.set_major_formatter(lambda share, _: f"{share:.1%}")
    save_figure(figure, path)


def plot_review(review: Mapping[str, Any], path: Path) -> None:
    """Draws a task: the return expected at each step with what is not known of it, its errors, and the turn.

    Args:
        review: what ``Review.to_dict()`` returns.
        path: the file to write; its suffix says the format.

    Raises:
        InputError: the suffix is no format we draw, or the folder is missing.
    """
    figure = new_figure(path)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    steps = [step for step in review["steps"] if step["value"] is not None]
    x = [step["step"] for step in steps]
    mean = [step["value"] for step in steps]
    low, high = ([step["value"] + sign * step["sd"] for step in steps] for sign in (-1, 1))
    above.fill_between(x, low, high, color=BLUE, alpha=0.15, linewidth=0)
    above.plot(x, mean, color=BLUE, linewidth=1.6, marker="o" if len(x) < FEW else None, markersize=4)
    name = review["task"] if len(review["task"]) <= TITLE else review["task"][: TITLE - 1] + "…"
    above.set_title(f"task {name} ({review['state']})", loc="left", fontsize=11, parse_math=False)
    above.set_ylabel("expected return")
    below.bar(x, [math.nan if step["error"] is None else step["error"] for step in steps], width=0.9, color=GREY)
    below.set_ylabel("error")
    below.set_xlabel("step")
    below.xaxis.get_major_locator().set_params(integer=True)
    below.set_xlim(-0.6, max(len(review["steps"]), FEW) - 0.4)
    for axes in (above, below):
        axes.grid(axis="y", color="#dddddd", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        if review["turned"] is not None:
            axes.axvline(review["turned"], color=ORANGE, linewidth=1.2, linestyle="--")
    if review["turned"] is not None:
        late = review["turned"] > 0.8 * max(len(review["steps"]), FEW)
        above.annotate(
            f"step {review['turned']:,} turned it",
            (review["turned"], 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-5 if late else 5, -12),
            textcoords="offset points",
            ha="right" if late else "left",
            color=ORANGE,
            fontsize=9,
        )
    save_figure(figure, path)


def new_figure(path: Path) -> Figure:
    """An empty figure, wide enough for two drawings side by side.

    Raises:
        InputError: the suffix is no format we draw, or the folder is missing.
    """
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"Cannot draw {str(path)!r}.", next_step=f"Give a name that ends in {', '.join(FORMATS)}.")
    if not path.absolute().parent.is_dir():
        raise InputError(f"There is no folder {str(path.absolute().parent)!r}.", next_step="Make it first.")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _shares(axes: Axes, unit: str, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel(unit)
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g}%")
    axes.grid(axis="y", color="#dddddd", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.xaxis.set_major_formatter(lambda count, _: f"{count:,.0f}")


def _curve(
    axes: Axes, x: Sequence[float], y: Sequence[float], colour: str, label: str, *, dashed: bool = False
) -> None:
    shown = [(a, b) for a, b in zip(x, y, strict=True) if b == b]  # without NaN
    if not shown:
        return
    axes.plot(x, y, color=colour, linewidth=1.8, linestyle="--" if dashed else "-")
    axes.set_xlim(0, max(x) * 1.02)
    end_x, end_y = shown[-1]
    # Labels that would lie on one another are moved apart, in the order in which they are drawn; never onto the axis.
    taken = [text.get_position()[1] for text in axes.texts]
    places = (end_y + sign * 0.01 * step for step in range(100) for sign in (-1, 1))
    at = next(place for place in places if place >= 0 and all(abs(place - other) >= 0.055 for other in taken))
    axes.text(end_x + max(x) * 0.03, at, label, color=colour, va="center", fontsize=9)


def _calibration(axes: Axes, parts: Sequence[tuple[float, float, int]]) -> None:
    _shares(axes, "said (mean probability)", "calibration: right, of what it said")
    axes.set_xlim(0, 1.02)
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g}%")
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":")
    if parts:
        most = max(count for _, _, count in parts)
        sizes = [20 + 180 * count / most for _, _, count in parts]
        axes.scatter([c for c, _, _ in parts], [a for _, a, _ in parts], s=sizes, color=BLUE, alpha=0.85, zorder=3)
        axes.text(0.98, 0.04, "size: how many", color=GREY, ha="right", fontsize=9)


def save_figure(figure: Figure, path: Path) -> None:
    """Writes the file."""
    figure.savefig(path)
