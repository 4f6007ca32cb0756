"""River's adaptive random forest on the vectors: ``forest.ARFClassifier`` with default settings (ten trees).

Trees need no scaling, and its documentation's examples use none.
"""

from __future__ import annotations

from bench.learners.base import Entry, Setting
from bench.learners.river_model import RiverModel, vector_features


def make(setting: Setting, seed: int) -> RiverModel:
    """A fresh one."""
    from river import forest

    return RiverModel(forest.ARFClassifier(seed=seed), vector_features)


ENTRIES = (Entry("river-forest", "River adaptive random forest", "river", True, {"n_models": 10}, make),)
