"""The environments that ``demo`` can learn, and what is watched there: whole episodes of the best known options.

Invariant: watching teaches nothing. Not here: learning (``environments``), pictures (``pictures``, ``policy_plots``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from quickstudy.errors import InputError
from quickstudy.types import FloatArray

if TYPE_CHECKING:
    import gymnasium

    from quickstudy.adapters.gymnasium import Agent
    from quickstudy.adapters.played import Played

WATCHED_SEED = 11
"""Where the watched episode begins: always the same, so that one sees it change."""


@dataclass(frozen=True, slots=True)
class World:
    """One environment.

    Attributes:
        name: Gymnasium's, without its version: the newest is taken.
        about: what is learned, in a few words.
        steps: how many to learn from unless said otherwise.
        limit: steps of an episode; Gymnasium's own if None.
        goal: the mean return at which it counts as mastered.
        goal_from: who says so.
        tolerance: how far below the goal still counts as reached: chance among the episodes.
        every: steps between checks.
        episodes: of each check.
        last_episodes: of the check at the end.
        low: the lowest return on the screen.
        high: the highest.
        picture: which picture is drawn.
        ends: whether training ends once a check at the end would reach the goal: where a later plan can be worse.
    """

    name: str
    about: str
    steps: int
    limit: int | None
    goal: float
    goal_from: str
    tolerance: float
    every: int
    episodes: int
    last_episodes: int
    low: float
    high: float
    picture: Literal["taxi", "grid", "cart", "room"]
    ends: bool = False

    def make(self) -> gymnasium.Env[Any, Any]:
        """A fresh one, of the newest version that is installed."""
        import gymnasium

        if self.picture == "room":
            from quickstudy.adapters.errands import Errands  # its import registers MiniGrid's levels
        versions = [s for s in gymnasium.registry.values() if s.name == self.name and s.namespace is None]
        if not versions:
            raise InputError(
                f"This Gymnasium has no {self.name}.", next_step='Install it anew: pip install -U "gymnasium"'
            )
        newest = max(versions, key=lambda spec: spec.version or 0)
        env: gymnasium.Env[Any, Any] = gymnasium.make(newest, max_episode_steps=self.limit)
        return Errands(env) if self.picture == "room" else env


WORLDS = {
    "taxi": World(
        name="Taxi",
        about="a taxi learns to drive passengers",
        steps=6_000,
        limit=None,
        goal=8.0,
        goal_from="Gymnasium's threshold",
        tolerance=0.4,
        every=250,
        episodes=100,
        last_episodes=500,
        low=-200.0,
        high=20.0,
        picture="taxi",
    ),
    "cartpole": World(
        name="CartPole",
        about="a cart learns to balance its pole",
        steps=8_000,
        limit=None,
        goal=500.0,
        goal_from="the most there is",
        tolerance=0.0,
        every=250,
        episodes=5,
        last_episodes=20,
        low=0.0,
        high=500.0,
        picture="cart",
        ends=True,
    ),
    "cliff": World(
        name="CliffWalking",
        about="a walker learns to pass a cliff",
        steps=600,
        limit=200,
        goal=-13.0,
        goal_from="the best there is",
        tolerance=0.0,
        every=20,
        episodes=1,
        last_episodes=1,
        low=-200.0,
        high=0.0,
        picture="grid",
    ),
    "frozenlake": World(
        name="FrozenLake8x8",
        about="a walker learns to cross slippery ice",
        steps=8_000,
        limit=None,
        goal=0.85,
        goal_from="Gymnasium's threshold",
        tolerance=0.04,
        every=250,
        episodes=100,
        last_episodes=500,
        low=0.0,
        high=1.0,
        picture="grid",
    ),
    "minigrid": World(
        name="MiniGrid-DoorKey-5x5",
        about="a walker learns to unlock doors; a step is an errand",
        steps=300,
        limit=None,
        goal=0.95,
        goal_from="nearly the best",
        tolerance=0.0,
        every=10,
        episodes=20,
        last_episodes=100,
        low=0.0,
        high=1.0,
        picture="room",
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What the agent does as it stands now.

    Attributes:
        watched: one episode.
        best: the best known option of each situation on the map; -1 where it was never.
        desc: the map, one character a place; empty if it has none.
    """

    watched: Played
    best: FloatArray
    desc: tuple[str, ...]


ANGLES = np.linspace(-0.2, 0.2, 25)
"""Radians, of the map's columns; an episode ends at 0.21."""
SPEEDS = np.linspace(1.8, -1.8, 8)
"""Radians a second, of the map's rows."""


def look(agent: Agent, world: World, env: gymnasium.Env[Any, Any]) -> Look:
    """Watches one episode, and asks for the policy where it can be drawn."""
    if world.picture == "room":
        from quickstudy.cli.rooms import watch

        return Look(watch(agent, env, seed=WATCHED_SEED), np.zeros(0), ())
    watched = agent.play(env, seed=WATCHED_SEED)
    inner: Any = env.unwrapped
    if world.picture == "cart":
        best = [[agent.act(np.array([0.0, 0.0, angle, speed], np.float32)) for angle in ANGLES] for speed in SPEEDS]
        return Look(watched, np.array(best, dtype=np.float64), ())
    if world.picture == "taxi":
        return Look(watched, np.zeros(0), _lines(inner.desc))
    # FrozenLake has a map; CliffWalking only a shape.
    desc = _lines(inner.desc) if hasattr(inner, "desc") else ("o" * 12, "o" * 12, "o" * 12, "S" + "C" * 10 + "G")
    places = range(len(desc) * len(desc[0]))
    best_of = [agent.act(place) if agent.knows(place) else -1 for place in places]
    return Look(watched, np.array(best_of, dtype=np.float64).reshape(len(desc), -1), desc)


def _lines(desc: Any) -> tuple[str, ...]:
    return tuple("".join(part.decode() for part in line) for line in desc)
