"""Saved plots of an agent in its environment: its learning curve, and beside it what it does.

Invariant: as in ``plots``: no display, no global state of matplotlib. Not here: pictures in the terminal
(``pictures``).
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from quickstudy.cli.pictures import ARROWS, PADS, decoded
from quickstudy.cli.plots import BLUE, GREEN, GREY, ORANGE, new_figure, save_figure
from quickstudy.cli.worlds import ANGLES, SPEEDS, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from quickstudy.cli.rooms import Frame
    from quickstudy.cli.world_run import Run

PALE_BLUE, PALE_ORANGE = "#9ecae8", "#f3bf9b"
POINTS = 1_000
"""Of a curve, at most."""


def plot_environment(run: Run, path: Path) -> None:
    """Draws a run: the returns of training and of the checks over the steps, and the newest picture.

    Args:
        run: with at least one step.
        path: the file to write; its suffix says the format.

    Raises:
        InputError: the suffix is no format we draw, or the folder is missing.
    """
    figure = new_figure(path)
    left, right = figure.subplots(1, 2, width_ratios=[1, 1])
    _curves(left, run)
    if run.look is None:
        right.set_axis_off()
    else:
        {"taxi": _taxi, "grid": _grid, "cart": _cart, "room": _room}[run.world.picture](right, run.look)
    save_figure(figure, path)


def _curves(axes: Axes, run: Run) -> None:
    world = run.world
    axes.set_title(f"{world.name}: return of an episode", loc="left", fontsize=11)
    axes.axhline(world.goal, color=GREY, linewidth=1, linestyle=":", label=f"goal {world.goal:g}, {world.goal_from}")
    training = run.training()
    shown = np.unique(np.linspace(0, len(training) - 1, POINTS).astype(int))
    off = f" (at first below {world.low:g})" if (training < world.low).any() else ""
    axes.plot(shown + 1, training[shown], color=ORANGE, linewidth=1.2, label=f"training, last 20 episodes{off}")
    at = [check.at for check in run.checks]
    means = [check.evaluation.mean_return for check in run.checks]
    ends = [(check.evaluation.low, check.evaluation.high) for check in run.checks]
    if at:
        axes.fill_between(at, [low for low, _ in ends], [high for _, high in ends], color=BLUE, alpha=0.15, linewidth=0)
        axes.plot(at, means, color=BLUE, linewidth=1.8, marker=".", label="greedy, 95% interval")
    room = 0.03 * (world.high - world.low)
    axes.set_ylim(world.low - room, world.high + room)
    axes.set_xlim(0, run.agent.steps)
    axes.set_xlabel("steps")
    axes.xaxis.set_major_formatter(lambda count, _: f"{count:,.0f}")
    axes.grid(axis="y", color="#dddddd", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.13), ncols=2, fontsize=9, frameon=False)


def _taxi(axes: Axes, look: Look) -> None:
    states = [decoded(state) for state in look.watched.observations]
    high, wide = len(look.desc) - 2, len(look.desc[1]) // 2
    _board(axes, high, wide)
    for row in range(high):
        for column in range(wide - 1):
            if look.desc[row + 1][2 * column + 2] == "|":
                axes.plot([column + 0.5] * 2, [row - 0.5, row + 0.5], color="black", linewidth=2.5)
    for row, column in PADS:
        axes.text(column - 0.36, row - 0.28, look.desc[row + 1][2 * column + 1], color=GREY, fontsize=11, weight="bold")
    places = [place for place, _, _ in states]
    met = next((number for number, (_, passenger, _) in enumerate(states) if passenger == 4), len(states))
    # The two ways lie side by side where they share a street.
    for way, colour, shift, label in (
        (places[: met + 1], ORANGE, -0.08, "to the passenger"),
        (places[met:], GREEN, 0.08, "with the passenger"),
    ):
        at = np.array(way, dtype=np.float64).reshape(-1, 2) + shift
        axes.plot(at[:, 1], at[:, 0], color=colour, linewidth=2, marker="o", markersize=4, label=label)
    row, column = places[0]
    axes.text(column + 0.08, row, "start", va="center", fontsize=9)
    _told(axes, look, "greedy route of one episode")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=2, fontsize=9, frameon=False)


def _grid(axes: Axes, look: Look) -> None:
    high, wide = len(look.desc), len(look.desc[0])
    _board(axes, high, wide)
    walked = {divmod(int(state), wide) for state in look.watched.observations}
    for row, line in enumerate(look.desc):
        for column, char in enumerate(line):
            best = int(look.best[row, column])
            if char in "HC":
                axes.fill_between([column - 0.5, column + 0.5], row - 0.5, row + 0.5, color=PALE_BLUE, linewidth=0)
            elif char == "G":
                axes.text(column, row, "G", ha="center", va="center", weight="bold")
            elif best >= 0:
                on_it = (row, column) in walked
                colour, weight = (GREEN, "bold") if on_it else (GREY, "normal")
                text = axes.text(column, row, ARROWS[wide][best], ha="center", va="center", fontsize=13)
                text.set(color=colour, weight=weight)
    _told(axes, look, "best known option; green: one episode; blue: fatal")


def _cart(axes: Axes, look: Look) -> None:
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    axes.pcolormesh(
        np.degrees(ANGLES), SPEEDS, look.best, cmap=ListedColormap([PALE_ORANGE, PALE_BLUE]), vmin=0, vmax=1
    )
    path = np.array([observation[2:4] for observation in look.watched.observations], dtype=np.float64)
    axes.plot(np.degrees(path[:, 0]), path[:, 1], color="black", linewidth=0.7)
    axes.set_xlim(*np.degrees(ANGLES[[0, -1]]))
    axes.set_ylim(SPEEDS[-1], SPEEDS[0])
    pushes = [Patch(color=PALE_ORANGE, label="push left"), Patch(color=PALE_BLUE, label="push right")]
    axes.legend(handles=pushes, loc="upper right", fontsize=9, edgecolor="none", framealpha=0.9)
    axes.set_xlabel("angle of the pole, degrees")
    axes.set_ylabel("angular velocity, radians a second")
    _told(axes, look, "best push in the middle; line: one episode")


def _room(axes: Axes, look: Look) -> None:
    frames: tuple[Frame, ...] = look.watched.observations
    first = frames[0]
    _board(axes, len(first.cells), len(first.cells[0]))
    for row, cells in enumerate(first.cells):
        for column, (thing, colour, state) in enumerate(cells):
            if thing == "wall":
                axes.fill_between([column - 0.5, column + 0.5], row - 0.5, row + 0.5, color="#bbbbbb", linewidth=0)
            elif thing:
                box = {"boxstyle": "round", "facecolor": colour, "alpha": 0.25, "linewidth": 0}
                axes.text(column, row, f"{state} {thing}".strip(), ha="center", va="center", fontsize=8, bbox=box)
    way = np.array([frame.place for frame in frames], dtype=np.float64)
    axes.plot(way[:, 0], way[:, 1], color=GREEN, linewidth=2, marker="o", markersize=4)
    axes.text(way[0, 0] + 0.15, way[0, 1] + 0.3, "start", fontsize=9)
    axes.set_xlabel(textwrap.shorten(", ".join(frames[-1].errands), 60, placeholder=" ..."), fontsize=9)
    _told(axes, look, "greedy way of one episode")


def _told(axes: Axes, look: Look, what: str) -> None:
    steps, total = len(look.watched.actions), look.watched.total
    axes.set_title(f"{what}\n{steps} steps, return {total:g}", loc="left", fontsize=11)


def _board(axes: Axes, high: int, wide: int) -> None:
    """A map of places, the first row on top."""
    axes.set_xlim(-0.5, wide - 0.5)
    axes.set_ylim(high - 0.5, -0.5)
    axes.set_aspect("equal")
    axes.set_xticks(np.arange(wide - 1) + 0.5, labels=[])
    axes.set_yticks(np.arange(high - 1) + 0.5, labels=[])
    axes.tick_params(length=0)
    axes.grid(color="#eeeeee", linewidth=0.7)
    axes.set_axisbelow(True)
