"""A small plot in text: curves of Braille dots, with axes, for a terminal of 80 columns.

A Braille character is a cell of 2 by 4 dots, so a plot of 60 by 8 characters has 120 by 32 dots.
Invariant: pure functions of their arguments. Not here: saved plots (``plots``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rich.text import Text

BRAILLE_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
BRAILLE_BLANK = 0x2800


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve.

    Attributes:
        values: y in [0, 1] at x = 0, 1, 2, …; NaN is left blank.
        style: its colour, in rich's words.
    """

    values: Sequence[float]
    style: str


def plot(
    curves: Sequence[Curve],
    *,
    total: int,
    unit: str,
    width: int = 78,
    height: int = 8,
    label: Callable[[float], str] = "{:.0%}".format,
) -> Text:
    """Draws curves over x from 0 to ``total``, y from 0 to 1.

    Args:
        curves: later ones are drawn over earlier ones.
        total: the right end of the x axis.
        unit: what x counts.
        width: characters in all.
        height: lines of the drawing, without the axis.
        label: what the axis says of a y, in at most 4 characters.

    Returns:
        ``height + 2`` lines.
    """
    columns = width - 6
    cells = np.zeros((height, columns), dtype=np.int64)
    owner = np.full((height, columns), -1, dtype=np.int64)
    for number, curve in enumerate(curves):
        _draw(cells, owner, curve.values, total, number)
    text = Text(no_wrap=True)
    for line in range(height):
        share = 1.0 - line / (height - 1) if height > 1 else 1.0
        marked = line in {0, height - 1} or (height % 2 == 1 and line == height // 2)
        text.append(f"{label(share):>4} ┤" if marked else "     │", style="dim")
        for column in range(columns):
            drawn = owner[line, column]
            style = curves[drawn].style if drawn >= 0 else ""
            text.append(chr(BRAILLE_BLANK + int(cells[line, column])) if drawn >= 0 else " ", style=style)
        text.append("\n")
    text.append("     └" + "─" * columns + "\n", style="dim")
    right = f"{total:,} {unit}"
    text.append("      0" + right.rjust(columns - 1), style="dim")
    return text


def _draw(
    cells: npt.NDArray[np.int64], owner: npt.NDArray[np.int64], values: Sequence[float], total: int, number: int
) -> None:
    height, columns = cells.shape
    dots_wide, dots_high = columns * 2, height * 4
    y = np.asarray(values, dtype=np.float64)
    if not y.size:
        return
    upto = max(1, min(dots_wide, round(dots_wide * y.size / max(total, 1))))
    sampled = y[np.maximum((np.arange(upto) + 1) * y.size // upto - 1, 0)]
    before = None
    for x, value in enumerate(sampled):
        if not np.isfinite(value):
            before = None
            continue
        row = round((1.0 - min(max(float(value), 0.0), 1.0)) * (dots_high - 1))
        first, last = (row, row) if before is None else (min(before, row), max(before, row))
        for dot in range(first, last + 1):
            if owner[dot // 4, x // 2] != number:
                owner[dot // 4, x // 2] = number
                cells[dot // 4, x // 2] = 0
            cells[dot // 4, x // 2] |= BRAILLE_DOTS[dot % 4][x % 2]
        before = row
