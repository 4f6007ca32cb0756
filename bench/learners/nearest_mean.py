"""Nearest class mean: the class whose mean vector has the largest cosine with the task's (Mensink et al. 2013).

Confidence: a softmax of the cosines times 20, a common temperature for unit vectors; it is not calibrated.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.learners.base import Entry, Guess, Setting, Task

SCALE = 20.0


class NearestMean:
    """Sums of vectors, one a class."""

    def __init__(self, setting: Setting, seed: int) -> None:
        self._classes = setting.classes
        self._place = {name: i for i, name in enumerate(setting.classes)}
        self._sums = np.zeros((len(setting.classes), setting.dimension))
        self._units = np.zeros_like(self._sums)
        self._seen = np.zeros(len(setting.classes), dtype=bool)

    def decide(self, task: Task) -> Guess:
        """The nearest class."""
        return self.predict([task])[0]

    def learn(self, task: Task, answer: str) -> None:
        """Adds the vector to its class."""
        place = self._place[answer]
        self._sums[place] += task.vector
        self._units[place] = self._sums[place] / max(float(np.linalg.norm(self._sums[place])), 1e-12)
        self._seen[place] = True

    def predict(self, tasks: Sequence[Task]) -> list[Guess]:
        """The nearest classes."""
        if not self._seen.any():
            return [Guess(None, 0.0, 1.0)] * len(tasks)
        cosines = np.stack([task.vector for task in tasks]) @ self._units.T
        cosines[:, ~self._seen] = -np.inf
        best = cosines.argmax(axis=1)
        top = cosines[np.arange(len(tasks)), best]
        confidences = 1.0 / np.exp(SCALE * (cosines - top[:, None])).sum(axis=1)
        return [
            Guess(self._classes[i], float(p), 1.0 - float(cosine))
            for i, p, cosine in zip(best, confidences, top, strict=True)
        ]


ENTRIES = (Entry("nearest-mean", "nearest class mean", "", False, {"scale": SCALE}, NearestMean),)
