"""The environments, and how good a policy is: exactly where the table of outcomes is known, else by playing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from quickstudy.types import FloatArray

GOOD = 0.95
"""A policy is good at this share of the best return; of a negative one, at most 5% below it."""


@dataclass(frozen=True, slots=True)
class World:
    """One environment.

    Attributes:
        name: Gymnasium's.
        options: of ``gymnasium.make``.
        limit: steps of training.
        every: steps between checks.
        table: whether its outcomes are a table.
        enough: for the others: the mean return of 20 episodes at which it counts as learned.
        after: steps between checks from then on.
    """

    name: str
    options: Mapping[str, Any]
    limit: int
    every: int
    table: bool = True
    enough: float = 0.0
    after: int = 2_500

    def make(self) -> gymnasium.Env[Any, Any]:
        """A fresh one."""
        return gymnasium.make(self.name, **self.options)


WORLDS = {
    "frozen-lake-4x4": World("FrozenLake-v1", {"map_name": "4x4", "is_slippery": True}, 5_000, 50),
    "frozen-lake-8x8": World("FrozenLake-v1", {"map_name": "8x8", "is_slippery": True}, 25_000, 250),
    "cliff-walking": World("CliffWalking-v1", {}, 2_000, 10),
    "taxi": World("Taxi-v4", {}, 20_000, 250),
    "cart-pole": World("CartPole-v1", {}, 8_000, 500, table=False, enough=500.0, after=2_000),
    "mountain-car": World("MountainCar-v0", {}, 20_000, 2_500, table=False, enough=-115.0),
    "acrobot": World("Acrobot-v1", {}, 20_000, 2_500, table=False, enough=-90.0),
}
TABLES = tuple(name for name, world in WORLDS.items() if world.table)


class Exact:
    """Exact returns of policies in a table of outcomes, within the environment's time limit."""

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        outcomes: Any = getattr(env.unwrapped, "P")  # noqa: B009  # not every environment has it
        start: Any = getattr(env.unwrapped, "initial_state_distrib")  # noqa: B009
        self.states, self.actions = len(outcomes), len(outcomes[0])
        self._start = np.asarray(start, dtype=np.float64)
        self._limit = int((env.spec.max_episode_steps if env.spec else None) or 200)
        self._shares = np.zeros((self.states, self.actions, self.states))
        self._rewards = np.zeros((self.states, self.actions))
        for s, options in outcomes.items():
            for a, found in options.items():
                for share, after, reward, ended in found:
                    self._rewards[s, a] += share * reward
                    self._shares[s, a, after] += 0.0 if ended else share
        self.best = self._return(lambda q: q.max(axis=1))

    def of(self, policy: npt.NDArray[np.int64]) -> float:
        """The mean return of a policy (states,)."""
        return self._return(lambda q: q[np.arange(self.states), policy])

    def good(self, value: float) -> bool:
        """Whether a return is at least 95% of the best."""
        return value >= self.best - (1.0 - GOOD) * abs(self.best)

    def _return(self, choose: Callable[[FloatArray], FloatArray]) -> float:
        values = np.zeros(self.states)
        for _ in range(self._limit):
            values = choose(self._rewards + self._shares @ values)
        return float(self._start @ values)
