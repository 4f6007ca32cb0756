"""A run of ``demo`` in an environment, apart from its screen: what the agent did, and its curves.

Invariant: returns of training are counted as they were earned; checks play other episodes and teach nothing.
Not here: the terminal (``world_screen``), the command (``environments``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from quickstudy.types import FloatArray

if TYPE_CHECKING:
    from quickstudy.adapters.gymnasium import Agent
    from quickstudy.adapters.played import Evaluation
    from quickstudy.cli.worlds import Look, World

WINDOW = 20
"""Episodes of the curve of training."""


@dataclass(frozen=True, slots=True)
class Check:
    """Whole episodes with the best known options, after so many steps of training."""

    at: int
    evaluation: Evaluation


@dataclass(slots=True)
class Run:
    """What happened so far.

    Attributes:
        world: the environment.
        agent: who learns it.
        steps: how many are to be done in this run.
        before: how many its journal held.
        checks: in order; the newest is the last.
        look: what the agent did at the newest check.
    """

    world: World
    agent: Agent
    steps: int
    before: int
    checks: list[Check] = field(default_factory=list)
    look: Look | None = None

    @property
    def done(self) -> int:
        """How many steps of this run were done."""
        return self.agent.steps - self.before

    @property
    def total(self) -> int:
        """The steps at the end, the journal's included."""
        return self.before + self.steps

    @property
    def recent(self) -> float | None:
        """The mean return of the last episodes of training; None before the first ended."""
        totals = [episode.total for episode in self.agent.episodes[-WINDOW:]]
        return float(np.mean(totals)) if totals else None

    def reached(self, evaluation: Evaluation) -> bool:
        """Whether it does as well as the goal asks, up to the chance among so many episodes."""
        return evaluation.mean_return >= self.world.goal - self.world.tolerance

    @property
    def mastered_at(self) -> int | None:
        """The steps of the first check from which on all checks reached the goal; None if the newest did not."""
        found = None
        for check in self.checks:
            if not self.reached(check.evaluation):
                found = None
            elif found is None:
                found = check.at
        return found

    def training(self) -> FloatArray:
        """The mean return of the last 20 episodes after each step, float64 (steps,); NaN before the first."""
        ends = [episode.end for episode in self.agent.episodes]
        totals = np.array([episode.total for episode in self.agent.episodes])
        sums = np.concatenate([[0.0], np.cumsum(totals)])
        last = np.arange(1, len(totals) + 1)
        first = np.maximum(last - WINDOW, 0)
        means = (sums[last] - sums[first]) / np.maximum(last - first, 1)
        return _stairs(ends, means, self.agent.steps)

    def checked(self) -> FloatArray:
        """The mean return of the newest check after each step, float64 (steps,); NaN before the first."""
        means = np.array([check.evaluation.mean_return for check in self.checks])
        return _stairs([check.at for check in self.checks], means, self.agent.steps)

    def to_dict(self) -> dict[str, Any]:
        """The summary as plain data."""
        newest = self.checks[-1] if self.checks else None
        watched = self.look.watched if self.look else None
        return {
            "steps": self.done,
            "of": self.steps,
            "steps_in_all": self.agent.steps,
            "episodes": len(self.agent.episodes),
            "mean_return_last_20": self.recent,
            "mean_return": newest.evaluation.mean_return if newest else None,
            "interval": [newest.evaluation.low, newest.evaluation.high] if newest else None,
            "evaluated_episodes": len(newest.evaluation.returns) if newest else 0,
            "evaluated_at": newest.at if newest else None,
            "goal": self.world.goal,
            "mastered_at": self.mastered_at,
            "checks": [{"steps": c.at, "mean_return": c.evaluation.mean_return} for c in self.checks],
            "watched": watched and {"return": watched.total, "actions": list(watched.actions)},
        }


def _stairs(at: list[int], values: FloatArray, steps: int) -> FloatArray:
    """The newest value after each of so many steps."""
    if not len(values):
        return np.full(steps, np.nan)
    place = np.searchsorted(np.asarray(at), np.arange(1, steps + 1), side="right") - 1
    return np.where(place >= 0, values[np.maximum(place, 0)], np.nan)
