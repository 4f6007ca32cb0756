"""The demo's screens: 80 columns, at most 24 lines, drawn at most eight times a second; plain lines elsewhere.

Invariant: drawing reads the run and changes nothing. Not here: what is counted (``coder``).
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from quickstudy.cli.asking import in_words
from quickstudy.cli.coder import Example, Run
from quickstudy.cli.curves import Curve, plot

WIDTH = 79
FRAME_SECONDS = 0.125
EXAMPLE_SECONDS = 2.0
_ORDER = ("right", "unsure", "wrong")


class LiveScreen:
    """What the screens of all jobs share: when to draw, and plain lines elsewhere. A context manager.

    Args:
        console: where to draw; plain lines every tenth if it is no terminal.
        quiet: show nothing.
    """

    def __init__(self, *, console: Console, quiet: bool) -> None:
        self._console, self._quiet = console, quiet
        self._live: Live | None = None
        if console.is_terminal and not quiet:
            self._live = Live(console=console, auto_refresh=False, transient=False, redirect_stdout=False)
        self._started = self._drawn = time.monotonic()
        self._tenths = 0

    def __enter__(self) -> Self:
        self._started = self._drawn = time.monotonic()
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._live is not None:
            self._live.update(self.picture(), refresh=True)
            self._live.stop()

    def picture(self) -> Group:
        """All lines, for a terminal."""
        raise NotImplementedError

    def plain(self, tenths: int) -> str:
        """What is said after so many tenths of the work where there is no terminal."""
        raise NotImplementedError

    def drawn(self, done: int, total: int) -> None:
        """Draws if it is time."""
        if self._quiet:
            return
        if self._live is None:
            tenths = done * 10 // total
            if tenths > self._tenths:
                self._tenths = tenths
                self._console.print(Text(self.plain(tenths)), soft_wrap=True)
            return
        now = time.monotonic()
        if now - self._drawn >= FRAME_SECONDS:
            self._drawn = now
            self._live.update(self.picture(), refresh=True)


def progress_line(done: int, total: int) -> Text:
    """A bar as wide as the screen."""
    words = f" {done:,} of {total:,} "
    filled = round((WIDTH - len(words)) * done / max(total, 1))
    bar = Text("━" * filled, style="green")
    bar.append("━" * (WIDTH - len(words) - filled), style="bright_black")
    bar.append(words)
    return bar


def fitted(lines: list[Text]) -> Group:
    """Lines that are cut, not broken, where the terminal is too narrow."""
    for line in lines:
        line.no_wrap = True
        line.overflow = "ellipsis"
    return Group(*lines)


class Screen(LiveScreen):
    """Shows a coder's run while it goes on. A context manager.

    Args:
        run: what to show.
        heading: one line that says what is learned.
        titles: option → title.
        console: where to draw; plain lines every tenth if it is no terminal.
        quiet: show nothing.
    """

    def __init__(self, run: Run, *, heading: str, titles: Mapping[str, str], console: Console, quiet: bool) -> None:
        super().__init__(console=console, quiet=quiet)
        self._run, self._heading, self._titles = run, heading, titles
        self._example_at = self._started
        self._before = run.done

    def __enter__(self) -> Self:
        super().__enter__()
        self._example_at = self._started
        return self

    @property
    def speed(self) -> float:
        """Decisions a second so far, each with its lesson."""
        return (self._run.done - self._before) / max(time.monotonic() - self._started, 1e-9)

    def wants_example(self) -> bool:
        """Whether the examples have been there long enough to be read."""
        if time.monotonic() - self._example_at < EXAMPLE_SECONDS:
            return False
        self._example_at = time.monotonic()
        return True

    def tick(self) -> None:
        """Call it after each task; draws if it is time."""
        self.drawn(self._run.done, self._run.total)

    def plain(self, tenths: int) -> str:
        """What is right and what is done alone."""
        return f"{tenths * 10:3d}%  {self._run.done:,} phrases  {self._numbers()}\n      {self._autonomy()}"

    def _numbers(self) -> str:
        run = self._run
        if not run.done:
            return "starting"
        if_sure = run.accuracy_if_sure[-1]
        of_these = "" if math.isnan(if_sure) else f" ({if_sure:.0%} of these right)"
        return f"right {run.accuracy[-1]:.0%}  sure about {run.sure[-1]:.0%}{of_these}  {self.speed:.0f} a second"

    def _autonomy(self) -> str:
        """What is done alone: the share, audits, the bound and the true error side by side."""
        run, standing = self._run, self._run.standing
        if standing is None or standing.share is None:
            return "alone 0%"
        true = run.error(run.stood)
        known = "" if true is None else f", in truth {true:.1%}"
        return (
            f"alone {run.alone:.0%}  {run.modes.count('audit'):,} audits  wrong of {standing.answers:,} stood behind "
            f"≤ {standing.share:.1%}{known}"
        )

    def picture(self) -> Group:
        """Curves, numbers and examples."""
        run = self._run
        curves = [Curve(run.sure, "yellow"), Curve(run.accuracy, "bright_cyan")]
        legend = Text.assemble(
            ("      ━ right ", "bright_cyan"), ("━ sure (p ≥ 0.9) ", "yellow"), ("of the last 200", "dim")
        )
        lines: list[Text] = [
            Text(self._heading, style="bold", no_wrap=True, overflow="ellipsis"),
            plot(curves, total=run.total, unit="phrases", width=WIDTH, height=7),
            legend,
            progress_line(run.done, run.total),
            Text(" " + self._numbers(), style="bold", no_wrap=True),
            Text(" " + self._autonomy(), style="green", no_wrap=True),
            Text(""),
        ]
        for kind in _ORDER:
            if kind in run.examples:
                lines.extend(self._example(run.examples[kind]))
        return fitted(lines)

    def _example(self, example: Example) -> list[Text]:
        mark, style = ("✓", "green") if example.right else ("✗", "red")
        word = {"right": "sure, right", "unsure": "not sure: asks", "wrong": "sure, but wrong"}[example.kind]
        head = Text.assemble((f"{mark} ", style), (in_words(example.phrase, 56), "bold"), (f"  {word}", "dim"))
        title = self._titles.get(example.answer, "")
        middle = Text.assemble(
            "  → ", (example.answer, "cyan"), f" {in_words(title, 52)} ", (f"{example.probability:.0%}", "bold")
        )
        tail = Text(f"    like “{in_words(example.like, 44)}” ({example.like_answer})", style="dim")
        if not example.right:
            tail.append(f"; right: {example.right_answer}", style="dim")
        return [head, middle, tail]
