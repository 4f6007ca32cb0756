"""A scikit-learn classifier that learns as a quickstudy learner does: online, in one pass.

Invariants: ``fit`` is deterministic for the same rows in the same order; ``predict`` changes nothing; the learner lives
in memory and is rebuilt from its lessons when the estimator is copied or pickled by scikit-learn's own tools.

Not here: a journal on disk, rewards, evidence (use :class:`quickstudy.Learner`), sample weights, several outputs.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from quickstudy.errors import MissingExtraError

try:
    from sklearn.base import BaseEstimator, ClassifierMixin  # type: ignore[import-untyped]  # ships no types
    from sklearn.utils.multiclass import check_classification_targets, unique_labels  # type: ignore[import-untyped]  # ships no types
    from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data  # type: ignore[import-untyped]  # ships no types
except ImportError as error:
    raise MissingExtraError("scikit-learn", "sklearn") from error

from quickstudy.adapters.labels import Labels
from quickstudy.job import Job
from quickstudy.learner import Learner
from quickstudy.types import Situation

Matrix: TypeAlias = npt.NDArray[np.float64]


class QuickstudyClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Classifies numeric rows or texts.

    Numeric rows should be scaled to about unit variance (``StandardScaler``), since only their direction, and their
    length against that of a standardised row, is seen. Texts are seen through the encoder.

    Args:
        encoder: how texts are perceived, see :func:`quickstudy.perception.get_encoder`; not used for numbers.
        seed: seeds the learner.

    Attributes:
        classes_: the labels, sorted.
        n_features_in_: how many columns there are (numeric rows only).
        learner_: the learner, in memory.

    >>> model = QuickstudyClassifier(encoder="static")
    >>> model = model.fit(["a refund please", "my card is gone"], ["billing", "fraud"])
    >>> str(model.predict(["where is my refund"])[0])
    'billing'
    """

    def __init__(self, *, encoder: str = "minilm", seed: int = 0) -> None:
        self.encoder = encoder
        self.seed = seed

    def fit(self, X: Any, y: Any) -> QuickstudyClassifier:
        """Learns from scratch, row by row in the given order.

        Args:
            X: (n, d) numbers, or n texts.
            y: (n,) labels of any type that scikit-learn accepts.

        Raises:
            ValueError: what scikit-learn's validation refuses: NaN, wrong shapes, continuous labels.
        """
        rows, labels = self._checked(X, y, reset=True)
        self._start(unique_labels(labels))
        return self._learn(rows, labels)

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> QuickstudyClassifier:
        """Learns more rows.

        Args:
            X: (n, d) numbers, or n texts.
            y: (n,) labels.
            classes: all labels that will ever come; needed in the first call.

        Raises:
            ValueError: no classes in the first call, others in a later one, or a label that is not among them.
        """
        first = not hasattr(self, "learner_")
        rows, labels = self._checked(X, y, reset=first)
        if first:
            if classes is None:
                raise ValueError("classes must be passed on the first call to partial_fit.")
            self._start(unique_labels(np.asarray(classes)))
        elif classes is not None and not np.array_equal(unique_labels(np.asarray(classes)), self.classes_):
            raise ValueError(f"`classes={classes!r}` is not the same as on the last call: {self.classes_!r}.")
        unknown = np.setdiff1d(labels, self.classes_)
        if len(unknown):
            raise ValueError(f"The labels {unknown!r} are not among the classes {self.classes_!r}.")
        return self._learn(rows, labels)

    def predict_proba(self, X: Any) -> Matrix:
        """Probabilities (n, number of classes), in the order of ``classes_``; rows sum to 1."""
        check_is_fitted(self, "learner_")
        situations = self._situations(self._checked_rows(X, reset=False))
        names = self._labels.names()
        decisions = self.learner_.predict_many(situations) if situations else []
        table = [[decision.probabilities[name] for name in names] for decision in decisions]
        return np.array(table, dtype=np.float64).reshape(len(situations), len(names))

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The most probable label of each row (n,)."""
        probabilities = self.predict_proba(X)
        best: npt.NDArray[Any] = self.classes_[np.argmax(probabilities, axis=1)]
        return best

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn may expect: sparse or missing input is refused, texts are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Parameters, labels and lessons; the learner itself (a database in memory) is rebuilt from them."""
        state: dict[str, Any] = dict(super().__getstate__())
        learner = state.pop("learner_", None)
        if learner is not None:
            state["_lessons"] = [(lesson.id, lesson.at, lesson.answer, seen) for lesson, seen in learner.lessons()]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Learns the lessons again; the learned state is a function of them."""
        lessons = state.pop("_lessons", None)
        super().__setstate__(state)
        if lessons is not None:
            self.learner_ = self._new_learner()
            for lesson_id, at, answer, seen in lessons:
                self.learner_.teach(seen, answer, lesson_id=lesson_id, at=at)

    def _start(self, classes: npt.NDArray[Any]) -> None:
        self.classes_ = classes
        self._labels = Labels(classes.tolist())
        self._taught = 0
        self.learner_ = self._new_learner()

    def _new_learner(self) -> Learner:
        job = Job("classify", self._labels.names(), encoder=self.encoder)
        return Learner(job, id="sklearn", seed=self.seed)

    def _learn(self, rows: Any, labels: npt.NDArray[Any]) -> QuickstudyClassifier:
        for situation, label in zip(self._situations(rows), labels.tolist(), strict=True):
            # Row numbers instead of clocks and random ids, so that fitting twice gives the same learner.
            self.learner_.teach(
                situation, self._labels.name(label), lesson_id=f"row-{self._taught}", at=float(self._taught)
            )
            self._taught += 1
        return self

    def _checked(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, npt.NDArray[Any]]:
        if y is None:
            raise ValueError("This estimator requires y to be passed, but the target y is None.")
        if is_texts(X):
            rows, labels = self._checked_rows(X, reset=reset), column_or_1d(y, warn=True)
            if len(rows) != len(labels):
                raise ValueError(f"X has {len(rows)} texts and y {len(labels)} labels.")
        else:
            self._sees_texts = False
            rows, labels = validate_data(self, X, y, reset=reset, dtype=np.float64)
        check_classification_targets(labels)
        return rows, labels

    def _checked_rows(self, X: Any, *, reset: bool) -> Any:
        if is_texts(X):
            if not reset and not self._sees_texts:
                raise ValueError("X holds texts, but this classifier learned numbers.")
            self._sees_texts = True
            return [str(text) for text in X]
        if not reset and self._sees_texts:
            raise ValueError("X holds no texts, but this classifier learned texts. Give a list of texts.")
        return validate_data(self, X, reset=reset, dtype=np.float64)

    def _situations(self, rows: Any) -> list[Situation]:
        if isinstance(rows, list):
            return list(rows)
        # A constant column keeps a row's length visible, which normalising alone would hide.
        constant = np.full((len(rows), 1), np.sqrt(rows.shape[1]))
        return list(np.hstack([rows, constant]))


def is_texts(X: Any) -> bool:
    """Whether X is a non-empty 1-D list or array (or series) of texts."""
    if isinstance(X, str) or hasattr(X, "toarray"):
        return False
    if getattr(X, "ndim", 1) != 1:
        return False
    try:
        return len(X) > 0 and all(isinstance(text, str) for text in X)
    except TypeError:
        return False
