"""scikit-learn's ``LogisticRegression``, fitted anew whenever the lessons have grown by a tenth.

That is after every lesson up to the tenth, and after every hundredth around the thousandth; before the test once more.
``C``, which its user guide leaves to the user, was tuned on HINT3 and CLINC150: 1, 10 and 100 gave a mean
accuracy of 0.599, 0.779 and 0.794 over three HINT3 streams and 3,000 tasks of CLINC150. ``max_iter`` is 1,000 because
the default of 100 stops early, with a warning that says so. The rest are defaults (lbfgs, multinomial).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.learners.base import Entry, Guess, Setting, Task
from bench.learners.lessons import Lessons

GROWTH = 0.1
SETTINGS = {"C": 100.0, "max_iter": 1000}


class RefittedLogistic:
    """All lessons, and the model of the last refit."""

    def __init__(self, setting: Setting, seed: int, strength: float = 100.0) -> None:
        self._lessons = Lessons(setting.dimension, GROWTH)
        self._settings = {**SETTINGS, "C": strength}
        self._model: Any = None

    def decide(self, task: Task) -> Guess:
        """The class of the largest probability, by the last refit."""
        return self._guesses([task])[0]

    def learn(self, task: Task, answer: str) -> None:
        """Keeps the lesson; refits if it is time."""
        self._lessons.add(task, answer)
        if self._lessons.due:
            self._fit()

    def predict(self, tasks: Sequence[Task]) -> list[Guess]:
        """Classes and probabilities, by all lessons."""
        if len(self._lessons) > self._lessons.fitted:
            self._fit()
        return self._guesses(tasks)

    def _fit(self) -> None:
        from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # it ships no types

        self._lessons.fitted = len(self._lessons)
        if len(set(self._lessons.answers)) < 2:
            return  # it refuses a single class
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The number of unique classes is greater", UserWarning)  # early on, it is
            self._model = LogisticRegression(**self._settings).fit(self._lessons.vectors, self._lessons.answers)

    def _guesses(self, tasks: Sequence[Task]) -> list[Guess]:
        if self._model is None:
            only = self._lessons.answers[0] if self._lessons.answers else None
            return [Guess(only, float(only is not None), 1.0)] * len(tasks)
        shares = self._model.predict_proba(np.stack([task.vector for task in tasks]))
        best = shares.argmax(axis=1)
        return [
            Guess(str(self._model.classes_[i]), float(row[i]), 1.0 - float(row[i]))
            for i, row in zip(best, shares, strict=True)
        ]


ENTRIES = (
    Entry(
        "logistic",
        "scikit-learn logistic, refitted",
        "scikit-learn",
        False,
        {**SETTINGS, "refitted after": "10% more lessons"},
        RefittedLogistic,
    ),
)
