"""The page's plots: what each shows, in a drawing, a sentence and a table of its numbers.

Invariant: the sentence and the table say everything that the drawing says; a figure without data says what is missing
and draws nothing. Not here: how drawings become part of the page (``drawing``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from quickstudy.autonomy.whatif import WhatIf
from quickstudy.report import Report
from quickstudy.serve.pages.drawing import BAD, FIRST, SECOND, SOFT, THIRD, draw
from quickstudy.serve.pages.history import History
from quickstudy.serve.pages.words import count, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Curve: TypeAlias = tuple[Sequence[float], str, str, bool]
"""Values, a colour, a name, and whether it is dashed."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot.

    Attributes:
        name: for links and tests.
        title: what it shows.
        words: what is to be seen in it; where there is no data, why.
        svg: the drawing; empty where there is no data.
        columns: the table's head.
        rows: the table's rows.
        note: what the numbers mean.
    """

    name: str
    title: str
    words: str
    svg: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def learning(report: Report) -> Figure:
    """Accuracy before each lesson, over the lessons."""
    title, columns = "Learning curve", ("lessons", "right", "said")
    note = (
        "Every task was predicted before its answer was learned. “Said” is the mean probability it gave to its guess."
    )
    points = report.accuracy
    if len(points) < 2:
        return Figure("learning", title, "It takes about 20 lessons to draw this.", "", columns, (), note)
    x = [point.lessons for point in points]
    right, said = [p.accuracy for p in points], [p.confidence for p in points]

    def paint(axes: Axes) -> None:
        _share_axis(axes)
        _count_axis(axes, "lessons")
        _lines(axes, x, [(said, SECOND, "said", True), (right, FIRST, "right", False)])

    words = f"Right from {share(right[0], 0)} in the first stretch to {share(right[-1], 0)} in the last one."
    rows = tuple((count(p.lessons), share(p.accuracy), share(p.confidence)) for p in points)
    return Figure("learning", title, words, draw(paint), columns, rows, note)


def calibration(report: Report) -> Figure:
    """Accuracy over the probability that it gave."""
    title, columns = "Calibration", ("said", "right", "predictions")
    note = "On the line, what it calls 80% is right in 80% of the cases. Larger dots are more predictions."
    bins = report.calibration
    if report.lessons < 20 or not bins:
        return Figure("calibration", title, "It takes about 20 lessons to draw this.", "", columns, (), note)
    most = max(part.count for part in bins)

    def paint(axes: Axes) -> None:
        _share_axis(axes)
        axes.set_xlim(0, 1.03)
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f}%")
        axes.set_xlabel("said")
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=(0, (2, 3)))
        sizes = [12 + 110 * part.count / most for part in bins]
        axes.scatter([p.confidence for p in bins], [p.accuracy for p in bins], s=sizes, color=FIRST, linewidth=0)

    error = report.calibration_error or 0.0
    words = f"What it says and what is right are {100 * error:.1f} points apart on average."
    rows = tuple((share(p.confidence), share(p.accuracy), count(p.count)) for p in bins)
    return Figure("calibration", title, words, draw(paint), columns, rows, note)


def alone(past: History) -> Figure:
    """The share done alone, over the decisions."""
    title, columns = "Done alone", ("decisions", "alone", "audited", "asked")
    note = "Shares of the decisions in each stretch. Audited: answered, and looked at by a person as well."
    points = past.stretches
    if len(points) < 2:
        return Figure("alone", title, "It takes about 40 decisions to draw this.", "", columns, (), note)
    x = [point.decisions for point in points]

    def paint(axes: Axes) -> None:
        _share_axis(axes)
        _count_axis(axes, "decisions")
        _lines(axes, x, _shares([(p.asked, p.audited, p.alone) for p in points]))

    last = points[-1]
    parts = (share(value, 0) for value in (last.alone, last.audited, last.asked))
    words = "Of the newest stretch {} alone, {} audited, {} asked.".format(*parts)
    rows = tuple((count(p.decisions), share(p.alone), share(p.audited), share(p.asked)) for p in points)
    return Figure("alone", title, words, draw(paint), columns, rows, note)


def bound(past: History, target: float) -> Figure:
    """The bound on wrong answers beside the observed error, over the answers stood behind."""
    title, columns = "Bound and observed error", ("stood behind", "at most wrong", "bound", "observed error")
    note = (
        "The bound holds with the confidence of the claim; the observed error is an estimate from audits and shadow. "
        "It answers alone while the bound is below the target."
    )
    points = [point for point in past.shown if point.answers]
    if len(points) < 2:
        return Figure("bound", title, "It has stood behind too few answers to draw this.", "", columns, (), note)
    x = [point.answers for point in points]
    bounds = [point.bound / point.answers for point in points]
    errors = [None if point.errors is None else point.errors / point.answers for point in points]
    drawn = [math.nan if error is None else error for error in errors]
    late = [error for error in errors[len(errors) // 4 :] if error is not None]
    high = min(1.0, max(2.5 * target, 1.3 * bounds[-1], 1.3 * max(late, default=0.0)))

    def paint(axes: Axes) -> None:
        axes.set_ylim(0, high * 1.03)
        axes.yaxis.set_major_formatter(lambda value, _: share(value))
        _count_axis(axes, "answers stood behind")
        axes.axhline(target, color=BAD, linewidth=1, linestyle=(0, (2, 3)))
        axes.text(x[-1], target, "target", color=BAD, va="bottom", ha="right")
        shown = [value if value <= high else math.nan for value in bounds]
        _lines(axes, x, [(drawn, SECOND, "observed", True), (shown, FIRST, "bound", False)])

    words = (
        f"Of {count(x[-1])} answers stood behind at most {share(bounds[-1], 2)} are wrong; "
        f"observed: {'no verdict yet' if errors[-1] is None else share(errors[-1], 2)}; target: {share(target, 2)}."
    )
    rows = tuple(
        (count(p.answers), count(p.bound), share(b, 2), share(e, 2))
        for p, b, e in zip(points, bounds, errors, strict=True)
    )
    return Figure("bound", title, words, draw(paint), columns, rows, note)


def slider(forecasts: Sequence[WhatIf]) -> Figure:
    """What other targets would do."""
    title = "What each target would do"
    columns = ("target", "alone", "asked", "audits per 1,000", "bound then", "clean audits until it opens")
    tasks = forecasts[0].tasks if forecasts else 0
    note = f"If the newest {count(tasks)} tasks came again: a forecast, not a promise. The promise holds at any target."
    if not tasks:
        return Figure("slider", title, "There are no decisions yet to forecast from.", "", columns, (), note)
    x = [forecast.target_error for forecast in forecasts]

    def paint(axes: Axes) -> None:
        _share_axis(axes)
        axes.set_xscale("log")
        axes.set_xticks(x, [share(target) for target in x])
        axes.minorticks_off()
        axes.set_xlim(x[0] * 0.9, x[-1] * 1.1)
        axes.set_xlabel("target error")
        shares = [(f.share_asked, 1.0 - f.share_alone - f.share_asked, f.share_alone) for f in forecasts]
        _lines(axes, x, _shares(shares), marked=True)

    best = forecasts[-1]
    words = (
        f"At {share(x[0])} it would do {share(forecasts[0].share_alone, 0)} alone, "
        f"at {share(x[-1])} {share(best.share_alone, 0)}."
    )
    rows = tuple(
        (
            share(f.target_error),
            share(f.share_alone),
            share(f.share_asked),
            count(f.audits_per_1000),
            share(f.bound_share, 2),
            count(f.clean_audits),
        )
        for f in forecasts
    )
    return Figure("slider", title, words, draw(paint, width=5.0, height=2.4), columns, rows, note)


def _share_axis(axes: Axes) -> None:
    axes.set_ylim(-0.02, 1.03)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])


def _count_axis(axes: Axes, unit: str) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel(unit)


def _shares(rows: Sequence[tuple[float, float, float]]) -> list[Curve]:
    """The curves of what was asked, audited and done alone."""
    asked, audited, alone = zip(*rows, strict=True)
    return [(asked, SECOND, "asked", True), (audited, THIRD, "audited", True), (alone, FIRST, "alone", False)]


def _lines(axes: Axes, x: Sequence[float], curves: Sequence[Curve], *, marked: bool = False) -> None:
    """Draws curves over one x, each with its name at its end; names that would lie on one another are moved apart."""
    ends: list[tuple[float, float, str, str]] = []
    for values, colour, name, dashed in curves:
        style = (0, (4, 2)) if dashed else "-"
        axes.plot(x, values, color=colour, linewidth=1.6, linestyle=style, marker="o" if marked else "", markersize=3)
        known = [(a, b) for a, b in zip(x, values, strict=True) if b == b]
        if known:
            ends.append((known[-1][1], known[-1][0], name, colour))
    bottom, top = axes.get_ylim()
    gap, below = 0.085 * (top - bottom), bottom - 1.0
    for y, place, name, colour in sorted(ends):
        below = max(y, below + gap)
        axes.annotate(
            name,
            (place, below),
            xytext=(4, 0),
            textcoords="offset points",
            color=colour,
            va="center",
            annotation_clip=False,
        )
