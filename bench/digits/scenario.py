"""Scikit-learn's 8x8 digits as arrays: a stream without words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.learners.base import Setting
from bench.learners.quickstudy_learner import encoder_of
from bench.learners.registry import learner_entry
from bench.peers import VECTORS, playing
from bench.scenario import Measure, Played, Scenario, Stage, Target, area_targets
from bench.scores import areas, curve_of
from bench.streams import live_through, make_stream, shuffled

LAST = 500


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """One order of the images."""
    from sklearn.datasets import load_digits  # type: ignore[import-untyped]  # it ships no types

    data = load_digits()
    images = [np.asarray(image, dtype=np.float64) / 16.0 for image in data.data]
    answers = [str(digit) for digit in data.target]
    vectors = encoder_of("minilm").encode(images)
    order = shuffled(len(answers), seed)[: stage.shortened(len(answers))]
    setting = Setting("digits", tuple(sorted(set(answers))), vectors.shape[1])
    subject = learner_entry(learner).make(setting, seed)
    outcome = live_through(subject, make_stream(images, vectors, answers).taken(order), stage.progress)
    return Played(score(outcome.hits), {"curve": curve_of(outcome.hits)})


def score(hits: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Accuracy on the last 500 images, and areas."""
    return {f"accuracy last {LAST}": float(hits[-LAST:].mean()), **areas(hits)}


SCENARIO = Scenario(
    id="digits",
    title="Handwritten digits as arrays",
    about=(
        "The 1,797 images of 8x8 pixels that ship with scikit-learn, as arrays of 64 numbers from 0 to 1, in random "
        "order, one pass. Measured: accuracy before each lesson on the last 500."
    ),
    cases=("digits",),
    learners=("quickstudy", *playing(*VECTORS)),
    seeds=10,
    settings={"version": 1, "scale": "pixels / 16", "passes": 1},
    measures=(
        Measure(f"accuracy last {LAST}", "last 500"),
        Measure("area 1000", "area 1,000"),
        Measure("area all", "area all"),
    ),
    targets=(Target("digits", f"accuracy last {LAST}", "at least", 0.985, "Digits: accuracy on the last 500"),),
    play=play,
    texts=False,
    versus=area_targets("digits"),
    stages=("area 1000", f"accuracy last {LAST}"),
)
