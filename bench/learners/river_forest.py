"""River's adaptive random forest on the vectors: ``forest.ARFClassifier`` with default settings (ten trees).

Trees need no scaling, and its documentation's examples use none. On streams without drift its default detector may
take a learner's own progress for drift and start trees anew: on hint3-sofmattress (seed 0) it did for ten of ten, late
among 328 tasks, and the test suffered (0.206). Kept, because it is the default and what makes the forest adaptive;
without detectors three HINT3 streams (seed 7) gave 0.549, 0.536 and 0.321, which were not compared with the default's.
"""

from __future__ import annotations

from bench.learners.base import Entry, Setting
from bench.learners.river_model import RiverModel, vector_features


def make(setting: Setting, seed: int) -> RiverModel:
    """A fresh one."""
    from river import forest

    return RiverModel(forest.ARFClassifier(seed=seed), vector_features)


ENTRIES = (Entry("river-forest", "River adaptive random forest", "river", True, {"n_models": 10}, make),)
