"""MiniGrid and BabyAI for any learner: what a walker knows of its grid as a record that looks alike in every room.

    env = Bearings(gymnasium.make("MiniGrid-DoorKey-5x5-v0"))
    agent = Agent(env)

An observation of these environments is a picture of 7x7 cells, a compass and a mission. :class:`Bearings` draws a map
from the pictures of an episode (``grids``) and says for each kind of thing on it where the shortest known way to it
begins. What the mission names is called ``named 1``, ``named 2``, ... in its order, whatever it is.

Who is again in just the situation of before (the same place, direction, map and load) and does the same again comes to
the same again. So ``info["offered"]`` names the actions that were not taken yet in this situation of the episode: who
chooses among them does not walk in a circle for ever.

Invariants: nothing is read from the environment but its observations and the actions that were taken; nothing is known
of any level. What remains to be learned is what each action does, which thing to go to, and what to do with it.

Not here: colours, besides those that the mission names; distances; things that move by themselves; learning.
"""

from __future__ import annotations

import os
import re
import string
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.adapters.grids import UNSEEN, Bearing, Cell, GridMap, Place
from quickstudy.errors import InputError, MissingExtraError

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # MiniGrid loads pygame, which greets on standard output

try:
    import gymnasium
    from gymnasium import spaces
    from gymnasium.utils import RecordConstructorArgs
    from minigrid.core.actions import Actions
    from minigrid.core.constants import COLOR_TO_IDX, OBJECT_TO_IDX, STATE_TO_IDX
except ImportError as error:
    raise MissingExtraError("minigrid", "minigrid") from error

THINGS = {number: name for name, number in OBJECT_TO_IDX.items()}
COLOURS = {number: name for name, number in COLOR_TO_IDX.items()}
STATES = {number: name for name, number in STATE_TO_IDX.items()}

GROUND = ("empty", "floor", "agent")
"""What one can walk on, and is nothing."""

ENTERED = ("goal", "lava")
"""What one can step on; a way never leads through it, because the episode may end there."""

NAMED = 4
"""So many things can a mission name."""

KINDS = (
    *(f"named {place}" for place in range(1, NAMED + 1)),
    *(f"{state} door" for state in STATE_TO_IDX),
    *("ball", "box", "goal", "key", "lava"),
)
"""What things are called."""

FIELDS = ("carrying", UNSEEN, *KINDS)
"""Of a record."""

LETTERS = string.ascii_lowercase + string.digits + " "

ACTIONS = tuple(action.name for action in Actions)
"""The names of the actions, in their order."""

_WORDS = {word: word for word in ("ball", "box", "door", "goal", "key", "lava")} | {"object": ""}
_PHRASE = re.compile(rf"(?:\b({'|'.join(COLOR_TO_IDX)})\s+)?\b({'|'.join(_WORDS)})\b")


class Bearings(gymnasium.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Shows a MiniGrid environment as a record of bearings.

    The record's fields are ``carrying``, ``unseen`` (what was never seen, where one can go), ``named 1`` ... and the
    kinds of things; doors by their state. A field is blank where there is nothing of its kind. ``info["offered"]`` is
    an array of the actions that were not taken yet in just this situation of the episode; of all, if none is left.

    Args:
        env: an environment of MiniGrid or BabyAI with its usual observations.

    Raises:
        InputError: other observations, or other actions.

    >>> import gymnasium
    >>> env = Bearings(gymnasium.make("MiniGrid-DoorKey-5x5-v0"))
    >>> record, _ = env.reset(seed=3)
    >>> {field: word for field, word in record.items() if word}
    {'unseen': 'left', 'named 1': 'right', 'named 2': 'locked left'}
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        RecordConstructorArgs.__init__(self)
        super().__init__(env)
        space = env.observation_space
        if not isinstance(space, spaces.Dict) or not {"image", "direction", "mission"} <= set(space.spaces):
            raise InputError(
                f"The observations are {str(space)[:80]}.",
                next_step="Give an environment of MiniGrid as gymnasium.make makes it.",
            )
        if not isinstance(env.action_space, spaces.Discrete):
            raise InputError(
                f"The actions are {str(env.action_space)[:80]}.", next_step="Give an environment with Discrete actions."
            )
        self._actions = range(int(env.action_space.n))
        self.observation_space = spaces.Dict({name: spaces.Text(20, min_length=0, charset=LETTERS) for name in FIELDS})
        self.map = GridMap()
        self.bearings: dict[str, Bearing] = {}
        self._named: tuple[tuple[str, str], ...] = ()
        self._carried = Cell()
        self._maps: dict[frozenset[tuple[Place, Cell]], int] = {}
        self._taken: dict[tuple[Place, int, Cell, int], set[int]] = {}
        self._here: set[int] = set()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Begins an episode with an empty map."""
        observation, info = self.env.reset(seed=seed, options=options)
        self.map, self._named = GridMap(), named(observation["mission"])
        self._maps.clear()
        self._taken.clear()
        return self._read(observation), {**info, "offered": self._offered()}

    def step(self, action: int) -> Any:
        """Takes one action of the environment, and draws what is seen then."""
        front = self.map.cells.get(self.map.front)
        self._here.add(int(action))
        observation, reward, ended, cut_off, info = self.env.step(action)
        if action == Actions.forward and front is not None and (front.free or front.thing in ENTERED):
            self.map.step()
        return self._read(observation), reward, ended, cut_off, {**info, "offered": self._offered()}

    # -- inside

    def _read(self, observation: dict[str, Any]) -> dict[str, str]:
        image = observation["image"]
        self.map.look(int(observation["direction"]), _cells(image))
        record = dict.fromkeys(FIELDS, "")
        self._carried = _cell(image[image.shape[0] // 2, image.shape[1] - 1])
        record["carrying"] = self._called(self._carried)
        found = self.map.bearings(self._called)
        self.bearings = {name: bearing for name, (bearing, _) in found.items()}
        for name, (bearing, cell) in found.items():
            state = f"{cell.state} " if cell.state and name.startswith("named") else ""
            record[name] = f"{state}{bearing}"
        return record

    def _offered(self) -> npt.NDArray[np.int64]:
        """The actions that were not taken yet in this situation; all if none is left."""
        known = self._maps.setdefault(frozenset(self.map.cells.items()), len(self._maps))
        situation = (self.map.place, self.map.direction, self._carried, known)
        self._here = self._taken.setdefault(situation, set())
        left = [action for action in self._actions if action not in self._here]
        return np.array(left or self._actions, dtype=np.int64)

    def _called(self, cell: Cell) -> str:
        """What a cell counts as."""
        if not cell.thing or cell.thing == "wall":
            return ""
        for place, (colour, thing) in enumerate(self._named, 1):
            if colour in ("", cell.colour) and thing in ("", cell.thing):
                return f"named {place}"
        return f"{cell.state} {cell.thing}" if cell.state else cell.thing


def named(mission: str) -> tuple[tuple[str, str], ...]:
    """What a mission names, in its order: colour and thing, blank where it does not say.

    >>> named("put a red ball next to the key")
    (('red', 'ball'), ('', 'key'))
    """
    found = [(colour, _WORDS[thing]) for colour, thing in _PHRASE.findall(mission)]
    return tuple(dict.fromkeys(found))[:NAMED]


def _cells(image: npt.NDArray[np.uint8]) -> Iterator[tuple[int, int, Cell]]:
    """What a picture shows: how far ahead, how far right, and what. The walker's own cell shows what it carries."""
    width, height, _ = image.shape
    for column, line in enumerate(image.tolist()):
        for row, numbers in enumerate(line):
            if numbers[0] and (column != width // 2 or row != height - 1):
                yield height - 1 - row, column - width // 2, _cell(numbers)


def _cell(numbers: Any) -> Cell:
    thing = THINGS[int(numbers[0])]
    if thing in GROUND:
        return Cell()
    state = STATES[int(numbers[2])] if thing == "door" else ""
    return Cell(thing, COLOURS[int(numbers[1])], state, state == "open")
