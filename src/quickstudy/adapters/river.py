"""A River classifier around a quickstudy learner: any mapping of features, or text; any hashable label.

Invariants: ``predict_proba_one`` changes nothing; labels appear as they are learned. The learner lives in memory and
is rebuilt from its lessons when the model is copied or pickled by River's own tools.

Not here: a journal on disk, rewards, evidence (use :class:`quickstudy.Learner`), mini-batches. Memory grows with
distinct remembered examples, as the learner's does.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Hashable, Mapping
from typing import Any

from quickstudy.errors import MissingExtraError

try:
    from river.base import Classifier
except ImportError as error:
    raise MissingExtraError("river", "river") from error

from quickstudy.adapters.labels import Labels
from quickstudy.job import Job
from quickstudy.learner import Learner
from quickstudy.types import Situation


class RiverClassifier(Classifier):
    """Classifies records (dicts of features) or texts, one by one.

    Missing values (None or NaN) cost nothing, and features may come and go.

    Args:
        encoder: how text is perceived, see :func:`quickstudy.perception.get_encoder`.
        seed: seeds the learner.

    >>> model = RiverClassifier(encoder="static")
    >>> model.learn_one({"vendor": "Acme", "amount": 12.0}, "tools")
    >>> model.learn_one({"vendor": "Deli", "amount": 9.5}, "food")
    >>> model.predict_one({"vendor": "Acme", "amount": 13.0})
    'tools'
    """

    def __init__(self, encoder: str = "minilm", seed: int = 0) -> None:
        self.encoder = encoder
        self.seed = seed
        self._labels = Labels()
        self._taught = 0
        self._learner = self._new_learner()

    @property
    def learner(self) -> Learner:
        """The learner, in memory."""
        return self._learner

    def learn_one(self, x: Mapping[Any, Any] | str, y: Hashable) -> None:
        """Learns one labelled example; one without any value is passed over.

        Args:
            x: features, or a text.
            y: its label.
        """
        situation = _situation(x)
        name = self._labels.name(y)
        if situation is None:
            if name not in self._learner.options:
                self._learner.add_option(name)
            return
        self._learner.teach(situation, name, lesson_id=f"row-{self._taught}", at=float(self._taught))
        self._taught += 1

    def predict_proba_one(self, x: Mapping[Any, Any] | str, **kwargs: Any) -> dict[Any, float]:
        """The probability of each label seen so far; they sum to 1. Empty before the first label."""
        labels = self._labels.all()
        if not labels:
            return {}
        situation = _situation(x)
        if situation is None:
            return dict.fromkeys(labels, 1.0 / len(labels))
        probabilities = self._learner.predict(situation).probabilities
        known = {label: probabilities.get(self._labels.name(label), 0.0) for label in labels}
        total = math.fsum(known.values())  # what is left is the share of labels never seen
        if total <= 0.0:
            return dict.fromkeys(labels, 1.0 / len(labels))
        return {label: share / total for label, share in known.items()}

    @property
    def _multiclass(self) -> bool:
        return True

    def __getstate__(self) -> dict[str, Any]:
        """Parameters, labels and lessons; the learner itself (a database in memory) is rebuilt from them."""
        state = dict(self.__dict__)
        learner = state.pop("_learner")
        state["_lessons"] = [(lesson.id, lesson.at, lesson.answer, seen) for lesson, seen in learner.lessons()]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Learns the lessons again; the learned state is a function of them."""
        lessons = state.pop("_lessons")
        self.__dict__.update(state)
        self._learner = self._new_learner()
        for lesson_id, at, answer, seen in lessons:
            self._learner.teach(seen, answer, lesson_id=lesson_id, at=at)
        for name in self._labels.names():
            if name not in self._learner.options:
                self._learner.add_option(name)

    def _new_learner(self) -> Learner:
        return Learner(Job("classify", encoder=self.encoder), id="river", seed=self.seed)


def _situation(x: Mapping[Any, Any] | str) -> Situation | None:
    if isinstance(x, str):
        return x
    record = {str(name): _value(value) for name, value in x.items()}
    empty = all(value is None or (isinstance(value, str) and not value.strip()) for value in record.values())
    return None if empty else record


def _value(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return None
    if value is None or isinstance(value, str | bool | int | float | datetime.date):
        return value
    return value.item() if hasattr(value, "item") else str(value)
