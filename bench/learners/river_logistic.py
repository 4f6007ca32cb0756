"""River's logistic regression, one against the rest, as its documentation shows for several classes.

``preprocessing.StandardScaler() | multiclass.OneVsRestClassifier(linear_model.LogisticRegression())`` with default
settings: the scaler is what every example of the documentation puts before a linear model.
"""

from __future__ import annotations

from bench.learners.base import Entry, Setting
from bench.learners.river_model import RiverModel, vector_features


def make(setting: Setting, seed: int) -> RiverModel:
    """A fresh one."""
    from river import linear_model, multiclass, preprocessing

    model = preprocessing.StandardScaler() | multiclass.OneVsRestClassifier(linear_model.LogisticRegression())
    return RiverModel(model, vector_features)


ENTRIES = (Entry("river-logistic", "River logistic regression", "river", True, {}, make),)
