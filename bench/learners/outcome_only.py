"""The learner under test without its value function: credit comes from how whole episodes ended, and from nothing else.

The same agent, acting on the same states with the same optimism, but what an option is worth is the mean discounted
return of the episodes in which it was taken, from there to their end (every-visit Monte Carlo; Sutton & Barto 2018,
section 5.1). Nothing is bootstrapped and nothing is planned, so an episode teaches only the states that it visited.
Options are tried by upper confidence bounds (UCB1, Auer et al. 2002): the mean, and the spread of all returns times
√(2 ln n / m) at the m-th trial of n in a state; what was never tried comes first.

For situations that repeat. Not here: the agent.
"""

from __future__ import annotations

import math

import numpy as np

from bench.learners.base import Entry, Setting, StreamLearner
from quickstudy.errors import InputError
from quickstudy.judgement.value import ActionValues, StepValues, Transition
from quickstudy.judgement.value.base import Columns
from quickstudy.types import FloatArray

FAR = 1e9
"""Beyond all returns: of what was never tried."""

WIDTH = 2.0
"""Of UCB1's bound; 2 is the theorem's."""

SETTINGS = {"credit": "Monte Carlo, every visit", "exploration": "UCB1", "width": WIDTH}


class OutcomeOnly(StepValues):
    """Takes the place of an agent's ``values``: ``agent.values = OutcomeOnly(agent.discount)``.

    Args:
        discount: γ, in (0, 1).
        width: how far the bounds reach.
    """

    def __init__(self, discount: float, width: float = WIDTH) -> None:
        super().__init__(np.ones(1), discount=discount)
        self.width = width
        self._path: list[tuple[FloatArray, int, float]] = []
        self._states: dict[str, FloatArray] = {}
        self._lowest, self._highest = math.inf, -math.inf

    def learn(self, transition: Transition) -> None:
        """Notes one step; it is credited when the episode is over."""
        step = transition.step
        place = int(np.searchsorted(step.columns, step.column))
        row = self._states.setdefault(step.key, self._row(step.key, step.columns))
        self._path.append((row, place, float(step.rewards.sum())))

    def dream(self, budget: int) -> None:
        """The episode is over: every step of it is credited with what came after it."""
        found = 0.0
        for row, place, reward in reversed(self._path):
            found = reward + self.discount * found
            row[0, place] += 1.0
            row[1, place] += found
            self._lowest, self._highest = min(self._lowest, found), max(self._highest, found)
        self._path.clear()

    def best(self, key: str, numbers: FloatArray, columns: Columns) -> int:
        """The place of the option with the highest mean; the first one where nothing is known."""
        trials, sums = self._row(key, columns)
        means = np.where(trials > 0, sums / np.maximum(trials, 1.0), -math.inf)
        return int(np.argmax(means))

    def actions(self, key: str, numbers: FloatArray, columns: Columns) -> ActionValues:
        """Mean returns, and how far their bounds reach; what was never tried is worst, and bound highest."""
        trials, sums = self._row(key, columns)
        spread, tried = max(self._highest - self._lowest, 0.0), trials > 0
        counts = np.maximum(trials, 1.0)
        reach = spread * np.sqrt(self.width * math.log(max(trials.sum(), 1.0)) / counts)
        means = np.where(tried, sums / counts, -FAR)
        return ActionValues(means, reach, np.where(tried, reach, 2.0 * FAR))

    def choose(self, key: str, numbers: FloatArray, columns: Columns, generator: np.random.Generator) -> int:
        """The place of the option with the highest bound; ties by chance."""
        worth = self.actions(key, numbers, columns)
        hopes = worth.means + worth.bonus
        return int(generator.choice(np.flatnonzero(hopes >= hopes.max())))

    def _row(self, key: str, columns: Columns) -> FloatArray:
        """Trials and summed returns of a state's options, (2, k); reading keeps nothing."""
        row = self._states.get(key)
        return np.zeros((2, len(columns))) if row is None else row


def _make(setting: Setting, seed: int) -> StreamLearner:
    raise InputError("outcome-only plays tasks of many steps only.", next_step="Run it with: bench run steps")


ENTRIES = (Entry("outcome-only", "quickstudy, credit from outcomes only", "", False, SETTINGS, _make),)
