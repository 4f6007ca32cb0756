"""scikit-learn's ``SGDClassifier(loss="log_loss").partial_fit``, its documented way to learn from a stream.

Default settings otherwise (``alpha=1e-4``, learning rate "optimal"). Its user guide advises features of a like scale
and, for features from a word embedding, a mean norm of about 1: the vectors have norm 1. All classes are given in the
first call, as ``partial_fit`` asks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.learners.base import Entry, Guess, Setting, Task

SETTINGS = {"loss": "log_loss"}


class StochasticGradient:
    """One step of gradient descent a task."""

    def __init__(self, setting: Setting, seed: int) -> None:
        from sklearn.linear_model import SGDClassifier  # type: ignore[import-untyped]  # it ships no types

        self._classes = np.array(setting.classes)
        self._model = SGDClassifier(**SETTINGS, random_state=seed)
        self._started = False

    def decide(self, task: Task) -> Guess:
        """The class of the largest probability."""
        return self.predict([task])[0]

    def learn(self, task: Task, answer: str) -> None:
        """One step."""
        self._model.partial_fit(task.vector[None], [answer], classes=None if self._started else self._classes)
        self._started = True

    def predict(self, tasks: Sequence[Task]) -> list[Guess]:
        """Classes and probabilities."""
        if not self._started:
            return [Guess(None, 0.0, 1.0)] * len(tasks)
        shares = self._model.predict_proba(np.stack([task.vector for task in tasks]))
        best = shares.argmax(axis=1)
        return [
            Guess(str(self._model.classes_[i]), float(row[i]), 1.0 - float(row[i]))
            for i, row in zip(best, shares, strict=True)
        ]


ENTRIES = (Entry("sgd", "scikit-learn SGD partial_fit", "scikit-learn", True, SETTINGS, StochasticGradient),)
