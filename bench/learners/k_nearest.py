"""k nearest neighbours by cosine over all tasks so far, exact; votes weighted by distance.

The rule of scikit-learn's ``KNeighborsClassifier(n_neighbors=5, weights="distance")`` on the same vectors, which itself
cannot learn one task at a time. Novelty: one minus the mean cosine of the five.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from bench.learners.base import Entry, Guess, Setting, Task

NEIGHBOURS = 5


class NearestNeighbours:
    """Remembers every task."""

    def __init__(self, setting: Setting, seed: int) -> None:
        self._vectors = np.zeros((1024, setting.dimension), dtype=np.float32)
        self._answers: list[str] = []

    def decide(self, task: Task) -> Guess:
        """The neighbours' vote."""
        return self.predict([task])[0]

    def learn(self, task: Task, answer: str) -> None:
        """Remembers the task."""
        if len(self._answers) == len(self._vectors):
            self._vectors = np.concatenate([self._vectors, np.zeros_like(self._vectors)])
        self._vectors[len(self._answers)] = task.vector
        self._answers.append(answer)

    def predict(self, tasks: Sequence[Task]) -> list[Guess]:
        """The neighbours' votes."""
        return [self._vote(task) for task in tasks]

    def _vote(self, task: Task) -> Guess:
        count = len(self._answers)
        if not count:
            return Guess(None, 0.0, 1.0)
        cosines = self._vectors[:count] @ task.vector
        k = min(NEIGHBOURS, count)
        near = np.argpartition(-cosines, k - 1)[:k]
        near = near[np.argsort(-cosines[near], kind="stable")]
        votes: dict[str, float] = defaultdict(float)
        for i in near:
            distance = float(np.sqrt(max(2.0 - 2.0 * float(cosines[i]), 0.0)))
            votes[self._answers[i]] += 1.0 / max(distance, 1e-6)
        answer = max(votes, key=lambda name: votes[name])
        return Guess(answer, votes[answer] / sum(votes.values()), 1.0 - float(cosines[near].mean()))


ENTRIES = (
    Entry(
        "k-nn", "k nearest neighbours", "", False, {"neighbours": NEIGHBOURS, "weights": "distance"}, NearestNeighbours
    ),
)
