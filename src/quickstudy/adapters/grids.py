"""What a walker in a grid of cells remembers of it, and where things lie: a map drawn from what was seen on the way.

Each view shows the cells before the walker, from its own place and direction. The map lays views together (dead
reckoning: turns are read off the compass, steps are counted where the cell in front was free). A *bearing* says what to
do first on the shortest known way to face a thing: turn ``left`` or ``right``, go ``ahead``; ``here`` if it is faced
already; ``beyond`` if no free way to it is known. Bearings look alike in every room, so what was learned in one holds
in the next.

Invariants: the map holds only what was seen; bearings are a function of the map, and following one never makes the way
longer while the map stays. Not here: what the things are called and what is wanted (``minigrid``), choosing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

Place: TypeAlias = tuple[int, int]
Bearing: TypeAlias = Literal["left", "right", "ahead", "here", "beyond"]

COMPASS: tuple[Place, ...] = ((1, 0), (0, 1), (-1, 0), (0, -1))
"""Steps in the directions 0 to 3: east, south, west, north; turning right adds one."""

UNSEEN = "unseen"
"""The name of cells that were never seen, beside free ones that were."""


class Cell(NamedTuple):
    """One cell of a map.

    Attributes:
        thing: what is there; empty text if nothing is.
        colour: its colour.
        state: of a door, else empty text.
        free: whether one can walk there, and on.
    """

    thing: str = ""
    colour: str = ""
    state: str = ""
    free: bool = True


@dataclass(slots=True)
class GridMap:
    """A map in the making; its origin is where the walker began.

    Attributes:
        cells: what is known.
        place: where the walker is.
        direction: where it looks, 0 to 3.
    """

    cells: dict[Place, Cell] = field(default_factory=dict)
    place: Place = (0, 0)
    direction: int = 0

    @property
    def front(self) -> Place:
        """The place in front of the walker."""
        east, south = COMPASS[self.direction]
        return self.place[0] + east, self.place[1] + south

    def step(self) -> None:
        """The walker went one cell ahead."""
        self.place = self.front

    def look(self, direction: int, seen: Iterable[tuple[int, int, Cell]]) -> None:
        """Draws what is seen.

        Args:
            direction: where the walker looks now, 0 to 3.
            seen: how far ahead, how far to the right, and what is there.
        """
        self.direction = direction
        (x, y), (east, south) = self.place, COMPASS[direction]
        for ahead, right, cell in seen:
            self.cells[x + ahead * east - right * south, y + ahead * south + right * east] = cell
        self.cells.setdefault(self.place, Cell())

    def bearings(self, name: Callable[[Cell], str]) -> dict[str, tuple[Bearing, Cell]]:
        """The bearing of the nearest thing of each name, with the thing; and of ``unseen``, where one can go there.

        Args:
            name: what a cell counts as; empty text if it is of no interest.
        """
        names = {place: called for place, cell in self.cells.items() if (called := name(cell))}
        missing = {*names.values(), UNSEEN}
        found: dict[str, tuple[Bearing, Cell]] = {}
        start = (self.place, self.direction)
        reached = {start}
        line: deque[tuple[Place, int, Bearing]] = deque([(self.place, self.direction, "here")])
        while line and missing:
            (x, y), direction, first = line.popleft()
            east, south = COMPASS[direction]
            front = (x + east, y + south)
            cell = self.cells.get(front)
            called = UNSEEN if cell is None else names.get(front, "")
            if called in missing:
                missing.discard(called)
                found[called] = first, cell or Cell()
            steps: list[tuple[Place, int, Bearing]] = []
            if cell is not None and cell.free:
                steps.append((front, direction, "ahead"))
            steps += [((x, y), (direction - 1) % 4, "left"), ((x, y), (direction + 1) % 4, "right")]
            for place, turned, move in steps:
                if (place, turned) not in reached:
                    reached.add((place, turned))
                    line.append((place, turned, move if first == "here" else first))
        for place, called in names.items():
            if called in missing:
                missing.discard(called)
                found[called] = "beyond", self.cells[place]
        return found
