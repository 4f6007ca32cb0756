"""Pictures in text of what an agent does: a taxi's route, a walker's policy, a cart with its pole.

Every picture is a list of lines, at most 79 characters wide and ten high. ``moment`` is which step of the watched
episode is shown; None shows it as a whole. Invariant: pure functions of their arguments. Not here: saved pictures
(``policy_plots``).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.text import Text

from quickstudy.cli.curves import BRAILLE_BLANK, BRAILLE_DOTS
from quickstudy.cli.rooms import room
from quickstudy.cli.worlds import ANGLES, SPEEDS, Look

if TYPE_CHECKING:
    from quickstudy.adapters.played import Played

TAXI_ARROWS = "↓↑→←"
ARROWS = {12: "↑→↓←", 8: "←↓→↑"}
"""Of the walkers' actions, by the width of their map: CliffWalking and FrozenLake count them differently."""
PADS = ((0, 0), (0, 4), (4, 0), (4, 3))
PAD_NAMES = "RGYB"
WITH, WITHOUT, HERE = "bold green", "bold yellow", "black on bright_white"
CART_COLUMNS, CART_LINES = 30, 8
CART_REACH = 2.4
"""How far from the middle a cart may go."""


def picture(kind: str, look: Look, moment: int | None) -> list[Text]:
    """The picture of an environment's kind."""
    draw = {"taxi": taxi, "grid": grid, "cart": cart, "room": room}[kind]
    return draw(look, moment)


def decoded(state: Any) -> tuple[tuple[int, int], int, int]:
    """A taxi's state: its place, where the passenger is (4: inside), where to."""
    rest, target = divmod(int(state), 4)
    rest, passenger = divmod(rest, 5)
    return divmod(rest, 5), passenger, target


def taxi(look: Look, moment: int | None) -> list[Text]:
    """The map twice: the way to the passenger, the way with the passenger; and what happens in words."""
    watched = look.watched
    states = [decoded(state) for state in watched.observations]
    routes: list[dict[tuple[int, int], str]] = [{}, {}]
    for (place, passenger, _), action in zip(states, watched.actions, strict=False):
        if action < len(TAXI_ARROWS):
            routes[passenger == 4][place] = TAXI_ARROWS[action]
    shown = None if moment is None else states[min(moment, len(states) - 1)]
    _, waits, target = states[0]
    left = _taxi_map(look.desc, routes[0], WITHOUT, shown[0] if shown and shown[1] != 4 else None)
    right = _taxi_map(look.desc, routes[1], WITH, shown[0] if shown and shown[1] == 4 else None)
    words = [
        Text.assemble(("to the passenger", WITHOUT), f" at {PAD_NAMES[waits]}"),
        Text.assemble(("with the passenger", WITH), f" to {PAD_NAMES[target]}"),
        Text(""),
        Text(f"{len(watched.actions)} steps, return {watched.total:.0f}"),
        Text("" if watched.ended else "did not arrive in time"),
    ]
    words = [Text(""), *words, *[Text("")] * (len(left) - len(words) - 1)]
    return [Text.assemble(" ", a, "  ", b, "   ", c) for a, b, c in zip(left, right, words, strict=True)]


def _taxi_map(
    desc: tuple[str, ...], route: dict[tuple[int, int], str], style: str, here: tuple[int, int] | None
) -> list[Text]:
    """The map with its walls, each place three characters wide."""
    lines = []
    for row, line in enumerate(desc):
        text = Text()
        if row in {0, len(desc) - 1}:
            left, right = "┌┐" if row == 0 else "└┘"
            lines.append(Text(left + "─" * (2 * len(line) - 3) + right, style="dim"))
            continue
        for column, char in enumerate(line):
            place = (row - 1, (column - 1) // 2)
            if column % 2 == 0:
                text.append("│" if char == "|" else " ", style="dim")
            elif place == here:
                text.append(" T ", style=HERE)
            elif place in route:
                pad = PAD_NAMES[PADS.index(place)] if place in PADS else " "
                text.append(f"{pad}{route[place]} ", style=style)
            else:
                text.append(f"{char}  " if place in PADS else " · ", style="bold cyan" if place in PADS else "dim")
        lines.append(text)
    return lines


def grid(look: Look, moment: int | None) -> list[Text]:
    """A walker's map: the best known option of every place, those of the watched episode bright."""
    watched, desc = look.watched, look.desc
    wide = len(desc[0])
    walked = {divmod(int(state), wide) for state in watched.observations}
    here = None if moment is None else int(watched.observations[min(moment, len(watched.observations) - 1)])
    lines = []
    for row, line in enumerate(desc):
        text = Text("   ")
        for column, char in enumerate(line):
            best = int(look.best[row, column])
            if here is not None and divmod(here, wide) == (row, column):
                text.append(" W ", style=HERE)
            elif char in "HC":
                text.append(" ~ ", style="blue")
            elif char == "G":
                text.append(" G ", style="bold cyan")
            elif best < 0:
                text.append(" · ", style="dim")
            else:
                text.append(f" {ARROWS[wide][best]} ", style=WITH if (row, column) in walked else "")
        lines.append(text)
    words = {
        1: Text.assemble(("→ ", WITH), "walked, ", "→ best known, ", ("· never seen", "dim")),
        2: Text.assemble(("~ ", "blue"), "fatal, ", ("G ", "bold cyan"), "goal"),
        3: Text(
            f"{len(watched.actions)} steps, return {watched.total:.0f}{'' if watched.ended else ': time is up'}",
        ),
    }
    for row, word in words.items():
        lines[row].append("   ").append(word)
    return lines


def cart(look: Look, moment: int | None) -> list[Text]:
    """Left which push is best at each angle and angular velocity, right the cart and its pole at one moment."""
    watched = look.watched
    at = len(watched.actions) if moment is None else min(moment, len(watched.actions))
    drawn = _cart(watched, at)
    _, _, angle, speed = (float(number) for number in watched.observations[at])
    column, row = int(np.argmin(np.abs(angle - ANGLES))), int(np.argmin(np.abs(speed - SPEEDS)))
    lines = [Text.assemble(("  push ", "dim"), ("◀ left ", WITHOUT), ("▶ right", WITH), " " * 18)]
    lines[0].append(f"step {at} of an episode of {len(watched.actions)}")
    for number, pushes in enumerate(look.best):
        text = Text("spins → │" if number == 0 else "      ← │" if number == len(look.best) - 1 else "        │", "dim")
        for place, push in enumerate(pushes):
            style = HERE if (number, place) == (row, column) else WITH if push else WITHOUT
            text.append("▶" if push else "◀", style=style)
        lines.append(text.append("     ").append(drawn[number], style="bright_cyan"))
    lines.append(Text(f"         {'leans ←':<{len(ANGLES) - 7}}leans →     ", "dim").append("▔" * CART_COLUMNS))
    return lines


def _cart(watched: Played, at: int) -> list[str]:
    """The cart on its track, in dots; lengths as they are, on a track of 4.8 m."""
    x, _, angle, _ = (float(number) for number in watched.observations[at])
    wide, high = 2 * CART_COLUMNS, 4 * CART_LINES
    cells = np.zeros((CART_LINES, CART_COLUMNS), dtype=np.int64)

    def dot(across: float, down: float) -> None:
        column, line = round(across), round(down)
        if 0 <= column < wide and 0 <= line < high:
            cells[line // 4, column // 2] |= BRAILLE_DOTS[line % 4][column % 2]

    middle = (x / CART_REACH + 1) / 2 * (wide - 1)
    for across in range(-5, 6):
        for down in range(high - 4, high):
            dot(middle + across, down)
    length = high - 5
    for along in range(length):
        for thick in (0, 1):
            dot(middle + thick + along * math.sin(angle), high - 5 - along * math.cos(angle))
    return ["".join(chr(BRAILLE_BLANK + int(cell)) for cell in line) for line in cells]
