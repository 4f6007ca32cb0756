"""River's logistic regression, one against the rest, as its documentation shows for several classes.

``preprocessing.StandardScaler() | multiclass.OneVsRestClassifier(linear_model.LogisticRegression())`` with default
settings: the scaler is what every example of the documentation puts before a linear model.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.learners.base import Entry, Guess, Setting, Task


class RiverLogistic:
    """``learn_one`` and ``predict_proba_one``."""

    def __init__(self, setting: Setting, seed: int) -> None:
        from river import linear_model, multiclass, preprocessing

        self._model = preprocessing.StandardScaler() | multiclass.OneVsRestClassifier(linear_model.LogisticRegression())

    def decide(self, task: Task) -> Guess:
        """The class of the largest probability."""
        shares = self._model.predict_proba_one(features(task))
        if not shares:
            return Guess(None, 0.0, 1.0)
        answer = max(shares, key=lambda name: shares[name])
        return Guess(str(answer), float(shares[answer]), 1.0 - float(shares[answer]))

    def learn(self, task: Task, answer: str) -> None:
        """One step."""
        self._model.learn_one(features(task), answer)

    def predict(self, tasks: Sequence[Task]) -> list[Guess]:
        """Task by task."""
        return [self.decide(task) for task in tasks]


def features(task: Task) -> dict[str, float]:
    """A vector as River's features."""
    return {f"v{i}": float(value) for i, value in enumerate(task.vector)}


ENTRIES = (Entry("river-logistic", "River logistic regression", "river", True, {}, RiverLogistic),)
