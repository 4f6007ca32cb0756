"""Errands in a grid: an option is what to do with which thing, and the way there is walked by itself.

    agent = Agent(Errands(gymnasium.make("MiniGrid-DoorKey-5x5-v0")))

An option like ``toggle named 2`` walks the shortest known way to the nearest such thing, faces it, and takes the
action; ``explore`` walks to where something was never seen. An errand ends early as soon as there is news: when what is
known of any thing changes. These are options in the sense of Sutton, Precup & Singh (1999), over the map's bearings.

Invariants: every step that is taken is a step of the environment, counted in ``walked`` and bound by its time limit;
nothing is known of any level. Not here: the map (``grids``), what things are called (``minigrid``), learning.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from quickstudy.adapters.grids import UNSEEN, Cell
from quickstudy.adapters.minigrid import KINDS, Bearings
from quickstudy.errors import MissingExtraError

try:
    import gymnasium
    from gymnasium import spaces
    from gymnasium.utils import RecordConstructorArgs
    from minigrid.core.actions import Actions
except ImportError as error:
    raise MissingExtraError("minigrid", "minigrid") from error

MOVES = {"left": Actions.left, "right": Actions.right, "ahead": Actions.forward}
DEEDS = (Actions.forward, Actions.pickup, Actions.toggle)
"""What can be done with a thing that one faces."""
NOTHING = "nothing"
"""A free place, where something can be put down."""
ERRANDS = (
    ("explore", None, UNSEEN),
    ("drop", Actions.drop, NOTHING),
    *((f"{deed.name} {kind}", deed, kind) for kind in KINDS for deed in DEEDS),
)
"""Name, action at the end, and of what."""


class Errands(gymnasium.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Offers errands in a MiniGrid environment.

    The record says of each kind of thing whether a free way to it is known (``near``) or not (``beyond``);
    ``info["action_mask"]`` says which errands are possible now.

    Args:
        env: an environment of MiniGrid or BabyAI.

    Attributes:
        action_names: the options' names.
        walked: how many steps the environment made since this was made.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        RecordConstructorArgs.__init__(self)
        inner = env if isinstance(env, Bearings) else Bearings(env)
        super().__init__(inner)
        self._bearings = inner
        self.action_space = spaces.Discrete(len(ERRANDS))
        self.action_names = tuple(name for name, _, _ in ERRANDS)
        self.walked = 0
        self._record: dict[str, str] = {}
        self._vain: set[int] = set()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Begins an episode."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._record = self._known(observation)
        self._vain.clear()
        return self._record, {**info, "offered": self._offered()}

    def step(self, action: int) -> Any:
        """Runs one errand to its end, or to the next news; its reward is the sum of the rewards on the way."""
        _, deed, kind = ERRANDS[action]
        total, before = 0.0, self._record
        while True:
            move, last = self._move(deed, kind)
            observation, reward, ended, cut_off, info = self.env.step(move)
            self.walked += 1
            total += float(reward)
            self._record = self._known(observation)
            news = self._record != before
            if news:
                self._vain.clear()
            if ended or cut_off or last or news:
                if not news:
                    self._vain.add(action)
                return self._record, total, ended, cut_off, {**info, "offered": self._offered()}

    # -- inside

    def _known(self, record: dict[str, str]) -> dict[str, str]:
        """A record of bearings without the ways."""
        found = {}
        for field, words in record.items():
            *state, bearing = words.split(" ")
            if field != "carrying" and bearing not in ("", "beyond"):
                bearing = "near"
            found[field] = " ".join((*state, bearing))
        return found

    def _move(self, deed: Actions | None, kind: str) -> tuple[Actions, bool]:
        """The next action of an errand, and whether it is the last; ``done``, which does nothing, if none leads on."""
        if kind == NOTHING:
            found = self._bearings.map.bearings(_nothing).get(NOTHING)
            word = found[0] if found else "beyond"
        else:
            word = self._bearings.bearings.get(kind, "beyond")
        if word in MOVES:
            return MOVES[word], False
        return (deed if deed is not None and word == "here" else Actions.done), True

    def _offered(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The errands that are possible, without those that were in vain since the last news."""
        near = {kind for kind, word in self._bearings.bearings.items() if word != "beyond"} | {NOTHING}
        found = [place for place, (_, _, kind) in enumerate(ERRANDS) if kind in near]
        return np.array([place for place in found if place not in self._vain] or found, dtype=np.int64)


def _nothing(cell: Cell) -> str:
    return NOTHING if cell.free and not cell.thing else ""
