"""The screen of ``demo`` in an environment: curves, numbers, and a picture of what the agent does.

Invariant: drawing reads the run and changes nothing. Not here: what is counted (``world_run``), the
pictures (``pictures``).
"""

from __future__ import annotations

import time

import numpy as np
from rich.console import Console, Group
from rich.text import Text

from quickstudy.cli.curves import Curve, plot
from quickstudy.cli.pictures import picture
from quickstudy.cli.screen import WIDTH, LiveScreen, fitted, progress_line
from quickstudy.cli.world_run import Run
from quickstudy.cli.worlds import World

MOMENT_SECONDS = {"taxi": 0.25, "grid": 0.25, "cart": 0.04, "room": 0.15}
"""How long a step of the watched episode is shown."""


def in_short(world: World, value: float) -> str:
    """A return, as precise as this environment's matter."""
    return f"{value:.2f}" if world.high == 1 else f"{value:.1f}"


class WorldScreen(LiveScreen):
    """Shows an agent in its environment while it learns. A context manager.

    Args:
        run: what to show.
        console: where to draw; plain lines every tenth if it is no terminal.
        quiet: show nothing.
    """

    def __init__(self, run: Run, *, console: Console, quiet: bool) -> None:
        super().__init__(console=console, quiet=quiet)
        self._run = run
        self.over = False

    def tick(self) -> None:
        """Call it now and then; draws if it is time."""
        self.drawn(self._run.done, self._run.steps)

    def plain(self, tenths: int) -> str:
        """How well it does."""
        return f"{tenths * 10:3d}%  {self._run.agent.steps:,} steps  {self._numbers()}"

    def picture(self) -> Group:
        """Curves, numbers and the picture."""
        run, world = self._run, self._run.world

        def share(values: object) -> list[float]:
            return list((np.asarray(values, dtype=np.float64) - world.low) / (world.high - world.low))

        def label(share: float) -> str:
            return f"{world.low + share * (world.high - world.low):.3g}"

        goal = share(np.full(run.total, world.goal))
        curves = [Curve(goal, "bright_black"), Curve(share(run.training()), "yellow")]
        curves.append(Curve(share(run.checked()), "bright_cyan"))
        legend = Text.assemble(
            ("      ━ checks (greedy) ", "bright_cyan"),
            ("━ last 20 of training ", "yellow"),
            (f"━ goal {in_short(world, world.goal)}: {world.goal_from}", "dim"),
        )
        lines = [
            Text(f"quickstudy demo: {world.about} ({world.name})", style="bold"),
            plot(curves, total=run.total, unit="steps", width=WIDTH, height=7, label=label),
            legend,
            progress_line(run.agent.steps, run.total),
            Text(" " + self._numbers(), style="bold"),
            Text(""),
        ]
        if run.look is not None:
            lines += picture(world.picture, run.look, self._moment(len(run.look.watched.actions)))
        return fitted(lines)

    def _moment(self, length: int) -> int | None:
        """Which step of the watched episode is shown now: it plays again and again, and stands at the end."""
        if self.over:
            return None
        kind = self._run.world.picture
        return int((time.monotonic() - self._started) / MOMENT_SECONDS[kind]) % (length + 1)

    def _numbers(self) -> str:
        run = self._run
        speed = run.done / max(time.monotonic() - self._started, 1e-9)
        count = len(run.agent.episodes)
        parts = [f"{count:,} episode{'' if count == 1 else 's'}"]
        if run.recent is not None:
            parts.append(f"training {in_short(run.world, run.recent)}")
        if run.checks:
            evaluation = run.checks[-1].evaluation
            reached = ", goal reached" if run.reached(evaluation) else ""
            parts.append(f"greedy {in_short(run.world, evaluation.mean_return)}{reached}")
        return "  ".join([*parts, f"{speed:.0f} steps a second"])
