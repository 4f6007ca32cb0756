"""Levels of MiniGrid and BabyAI, and a learner that walks in many of them at once.

MiniGrid loads pygame, so it is imported where it is played.
"""

from __future__ import annotations

import contextlib
import io
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import gymnasium

Records: TypeAlias = list[dict[str, str]]
Answers: TypeAlias = Callable[[Records, list[str]], list[str]]
"""An action for each record, of the options."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level.

    Attributes:
        name: its name in the registry.
        taught: whether the package's bot teaches; else rewards alone do.
        enough: the mean return, or the share of episodes that succeed, at which it counts as learned.
        plain: whether each move is a decision, on a picture of the whole grid; else errands are, on bearings.
    """

    name: str
    taught: bool
    enough: float
    plain: bool = False

    def make(self) -> gymnasium.Env[Any, Any]:
        """A fresh one."""
        import minigrid  # noqa: F401  # its import registers the levels

        return gymnasium.make(self.name)


LEVELS = {
    "empty-random-5x5": Level("MiniGrid-Empty-Random-5x5-v0", taught=False, enough=0.9),
    "door-key-5x5": Level("MiniGrid-DoorKey-5x5-v0", taught=False, enough=0.9),
    "door-key-5x5-plain": Level("MiniGrid-DoorKey-5x5-v0", taught=False, enough=0.9, plain=True),
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


def success(level: Level, answers: Answers, seeds: range, *, heed: bool = True) -> float:
    """The share of episodes that succeed. They are walked side by side; equal records are asked about once.

    Args:
        level: where.
        answers: an action's name for each record, of those that are offered.
        seeds: of the episodes.
        heed: whether to offer only what was not done yet in just this situation; else every action, always.
    """
    from quickstudy.adapters.minigrid import ACTIONS, Bearings

    walks = [Bearings(level.make()) for _ in seeds]
    everything = tuple(range(len(ACTIONS)))
    offered = dict.fromkeys(range(len(walks)), everything)
    records = [begin(env, seed) for env, seed in zip(walks, seeds, strict=True)]
    known: dict[tuple[tuple[str, ...], tuple[int, ...]], int] = {}
    won = 0
    while offered:
        fresh: dict[tuple[int, ...], dict[tuple[str, ...], dict[str, str]]] = defaultdict(dict)
        for at, options in offered.items():
            if (key := (tuple(records[at].values()), options)) not in known:
                fresh[options][key[0]] = records[at]
        for options, new in fresh.items():
            said = answers(list(new.values()), [ACTIONS[option] for option in options])
            known |= {(key, options): ACTIONS.index(answer) for key, answer in zip(new, said, strict=True)}
        for at, options in list(offered.items()):
            action = known[tuple(records[at].values()), options]
            records[at], reward, ended, cut_off, info = walks[at].step(action)
            won += float(reward) > 0.0
            if ended or cut_off:
                del offered[at]
            elif heed:
                offered[at] = tuple(info["offered"].tolist())
    return won / len(walks)
