"""A walker in a room of MiniGrid: one episode, watched move by move, and its picture in text.

Invariant: watching teaches nothing; the picture shows the room as it is, the walker itself sees only a part of it.
Not here: the other environments (``worlds``, ``pictures``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.text import Text

if TYPE_CHECKING:
    import gymnasium

    from quickstudy.adapters.gymnasium import Agent
    from quickstudy.adapters.played import Played
    from quickstudy.cli.worlds import Look

WALKER = "→↓←↑"
"""By direction."""
SIGNS = {"key": "K", "ball": "O", "box": "B", "goal": "G", "lava": "~"}
DOORS = {"locked": "D", "closed": "d", "open": "/"}
ERRAND_LINES, MISSION = 6, 70
"""So many errands and letters fit."""
WALKED, HERE = "bold green", "black on bright_white"


@dataclass(frozen=True, slots=True)
class Frame:
    """One moment.

    Attributes:
        mission: what is asked.
        cells: rows of (thing, colour, state); blank texts where nothing is.
        place: of the walker, (column, row).
        direction: where it looks, 0 to 3.
        errands: those so far, the running one last, in words.
    """

    mission: str
    cells: tuple[tuple[tuple[str, str, str], ...], ...]
    place: tuple[int, int]
    direction: int
    errands: tuple[str, ...]


def watch(agent: Agent, env: gymnasium.Env[Any, Any], *, seed: int) -> Played:
    """One episode of the best known errands; its observations are frames, its actions an errand for each move."""
    import gymnasium

    from quickstudy.adapters.errands import ERRANDS, Errands
    from quickstudy.adapters.played import Played

    frames: list[Frame] = []
    errands: list[str] = []

    class Film(gymnasium.Wrapper[Any, Any, Any, Any]):
        """Keeps every move."""

        def step(self, action: Any) -> Any:
            found = super().step(action)
            frames.append(_frame(self.unwrapped, errands))
            return found

    film = Film(gymnasium.make(env.unwrapped.spec or ""))
    walk = Errands(film)
    observation, info = walk.reset(seed=seed)
    frames.append(_frame(film.unwrapped, errands))
    actions: list[int] = []
    total, ended, cut_off = 0.0, False, False
    while not (ended or cut_off):
        errand = agent.act(observation, info)
        errands.append(_in_words(ERRANDS[errand][0], frames[0].mission))
        observation, reward, ended, cut_off, info = walk.step(errand)
        actions += [errand] * (len(frames) - 1 - len(actions))
        total += float(reward)
    walk.close()
    return Played(tuple(frames), tuple(actions), total, bool(ended))


def room(look: Look, moment: int | None) -> list[Text]:
    """The room with the way so far, and beside it the errands."""
    watched = look.watched
    at = len(watched.actions) if moment is None else min(moment, len(watched.actions))
    frame: Frame = watched.observations[at]
    way = {seen.place: WALKER[seen.direction] for seen in watched.observations[: at + 1]}
    lines = [Text(f' "{frame.mission[:MISSION]}"', style="dim")]
    for row, cells in enumerate(frame.cells[:8]):
        text = Text("   ")
        for column, cell in enumerate(cells[:20]):
            text.append(*_sign(cell, frame.place == (column, row), frame.direction, way.get((column, row))))
        lines.append(text)
    first = max(len(frame.errands) - ERRAND_LINES, 0)
    words = [Text(f"move {at} of {len(watched.actions)}" + _outcome(look, at)), Text("")]
    for number, errand in enumerate(frame.errands[first:], first + 1):
        running = number == len(frame.errands)
        words.append(Text(f"{number:2d}  {errand}", style=WALKED if running else "dim"))
    lines += [Text("   " + "  " * len(frame.cells[0]))] * (len(words) + 1 - len(lines))
    return [line if not number else _beside(line, words, number - 1) for number, line in enumerate(lines)]


def _beside(line: Text, words: list[Text], place: int) -> Text:
    return Text.assemble(line, "     ", words[place]) if place < len(words) else line


def _outcome(look: Look, at: int) -> str:
    if at < len(look.watched.actions):
        return ""
    return f": return {look.watched.total:.2f}" if look.watched.ended else ": time is up"


def _sign(cell: tuple[str, str, str], here: bool, direction: int, walked: str | None) -> tuple[str, str]:
    """Two characters and their style."""
    thing, colour, state = cell
    if here:
        return WALKER[direction] + " ", HERE
    if thing == "wall":
        return "██", "bright_black"
    if thing == "door":
        return DOORS[state] + (walked or " "), f"bold {_ansi(colour)}"
    if thing in SIGNS:
        return SIGNS[thing] + " ", f"bold {_ansi(colour)}"
    return (walked + " ", WALKED) if walked else ("· ", "dim")


def _ansi(colour: str) -> str:
    return {"purple": "magenta", "grey": "white"}.get(colour, colour)


def _in_words(errand: str, mission: str) -> str:
    """An errand, with what the mission calls a thing in place of its number."""
    from quickstudy.adapters.minigrid import named

    for number, (colour, thing) in enumerate(named(mission), 1):
        errand = errand.replace(f"named {number}", " ".join(word for word in (colour, thing or "object") if word))
    return errand


def _frame(inner: Any, errands: list[str]) -> Frame:
    grid = inner.grid
    cells = tuple(tuple(_cell(grid.get(column, row)) for column in range(grid.width)) for row in range(grid.height))
    column, row = (int(number) for number in inner.agent_pos)
    return Frame(str(inner.mission), cells, (column, row), int(inner.agent_dir), tuple(errands))


def _cell(thing: Any) -> tuple[str, str, str]:
    if thing is None:
        return "", "", ""
    state = "" if thing.type != "door" else "open" if thing.is_open else "locked" if thing.is_locked else "closed"
    return str(thing.type), str(thing.color), state
