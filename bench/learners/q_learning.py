"""Q-learning with ε-greedy exploration (Watkins 1989): the textbook's learner for tables. A few lines; not a stream.

ε falls from 1 to 0.05 over the first half of the training steps, α = 0.1, γ = 0.99; unknown values are 0.
"""

from __future__ import annotations

import numpy as np

from bench.learners.base import Entry, Setting, StreamLearner
from quickstudy.errors import InputError

SETTINGS = {"alpha": 0.1, "discount": 0.99, "epsilon": "1 to 0.05 over the first half"}


class QLearning:
    """A table of values.

    Args:
        states: how many.
        actions: how many.
        steps: of training in all.
        seed: of exploration.
    """

    def __init__(self, states: int, actions: int, steps: int, seed: int) -> None:
        self.values = np.zeros((states, actions))
        self._generator = np.random.default_rng(seed)
        self._half, self._done = max(steps / 2, 1.0), 0

    def choose(self, state: int) -> int:
        """ε-greedy."""
        epsilon = max(0.05, 1.0 - 0.95 * self._done / self._half)
        if self._generator.random() < epsilon:
            return int(self._generator.integers(self.values.shape[1]))
        row = self.values[state]
        return int(self._generator.choice(np.flatnonzero(row == row.max())))

    def learn(self, state: int, action: int, reward: float, after: int | None) -> None:
        """One step; ``after`` is None where it ended."""
        self._done += 1
        target = reward + (0.0 if after is None else 0.99 * float(self.values[after].max()))
        self.values[state, action] += 0.1 * (target - self.values[state, action])


def _make(setting: Setting, seed: int) -> StreamLearner:
    raise InputError("q-learning plays tasks of many steps only.", next_step="Run it with: bench run steps")


ENTRIES = (Entry("q-learning", "Q-learning, ε-greedy", "", False, SETTINGS, _make),)
