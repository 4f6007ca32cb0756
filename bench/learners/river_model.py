"""Any classifier of River behind ``learn_one`` and ``predict_proba_one``; its learners differ in model and features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bench.learners.base import Guess, Task


class RiverModel:
    """A model and what it sees of a task.

    Args:
        model: a classifier of River, or a pipeline that ends with one.
        features: a task to what the model takes.
    """

    def __init__(self, model: Any, features: Callable[[Task], Any]) -> None:
        self._model = model
        self._features = features
        self._taught = False

    def decide(self, task: Task) -> Guess:
        """The class of the largest probability."""
        shares = self._model.predict_proba_one(self._features(task)) if self._taught else {}
        if not shares:
            return Guess(None, 0.0, 1.0)
        answer = max(shares, key=lambda name: shares[name])
        confidence = min(max(float(shares[answer]), 0.0), 1.0)
        return Guess(str(answer), confidence, 1.0 - confidence)

    def learn(self, task: Task, answer: str) -> None:
        """One step."""
        self._model.learn_one(self._features(task), answer)
        self._taught = True

    def predict(self, tasks: Sequence[Task]) -> list[Guess]:
        """Task by task."""
        return [self.decide(task) for task in tasks]


def vector_features(task: Task) -> dict[str, float]:
    """A vector as River's features."""
    return {f"v{i}": float(value) for i, value in enumerate(task.vector)}
