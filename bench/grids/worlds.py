"""Levels of MiniGrid and BabyAI, and a learner that walks in many of them at once."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium

Records = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Level:
    """One level.

    Attributes:
        name: its name in the registry.
        taught: whether the package's bot teaches; else rewards alone do.
        enough: the mean return, or the share of episodes that succeed, at which it counts as learned.
    """

    name: str
    taught: bool
    enough: float

    def make(self) -> gymnasium.Env[Any, Any]:
        """A fresh one."""
        import minigrid  # noqa: F401  # its import registers the levels

        return gymnasium.make(self.name)


LEVELS = {
    "empty-random-5x5": Level("MiniGrid-Empty-Random-5x5-v0", taught=False, enough=0.9),
    "door-key-5x5": Level("MiniGrid-DoorKey-5x5-v0", taught=False, enough=0.9),
    "unlock": Level("MiniGrid-Unlock-v0", taught=False, enough=0.9),
    "go-to-red-ball-grey": Level("BabyAI-GoToRedBallGrey-v0", taught=True, enough=0.99),
    "go-to-red-ball": Level("BabyAI-GoToRedBall-v0", taught=True, enough=0.99),
    "go-to-local": Level("BabyAI-GoToLocal-v0", taught=True, enough=0.95),
}
REWARDED = tuple(case for case, level in LEVELS.items() if not level.taught)
TAUGHT = tuple(case for case, level in LEVELS.items() if level.taught)


def begin(env: gymnasium.Env[Any, Any], seed: int) -> dict[str, str]:
    """The first record of an episode; BabyAI prints which drafts of a room it drops, and that is not wanted here."""
    with contextlib.redirect_stdout(io.StringIO()):
        return dict(env.reset(seed=seed)[0])


def success(level: Level, answers: Callable[[Records], list[str]], seeds: range) -> float:
    """The share of episodes that succeed. They are walked side by side; equal records are asked about once.

    Args:
        level: where.
        answers: an action's name for each record.
        seeds: of the episodes.
    """
    from quickstudy.adapters.minigrid import ACTIONS, Bearings

    walks = [Bearings(level.make()) for _ in seeds]
    records = [begin(env, seed) for env, seed in zip(walks, seeds, strict=True)]
    known: dict[tuple[str, ...], int] = {}
    walking, won = list(range(len(walks))), 0
    while walking:
        fresh = {tuple(records[at].values()): records[at] for at in walking}
        new = {key: record for key, record in fresh.items() if key not in known}
        if new:
            known |= dict(zip(new, map(ACTIONS.index, answers(list(new.values()))), strict=True))
        still = []
        for at in walking:
            action = known[tuple(records[at].values())]
            records[at], reward, ended, cut_off, _ = walks[at].step(action)
            won += float(reward) > 0.0
            if not ended and not cut_off:
                still.append(at)
        walking = still
    return won / len(walks)
