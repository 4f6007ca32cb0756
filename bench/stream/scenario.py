"""Questions in random order: how much is learned from how many lessons."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt

from bench.data import HINT3_BOTS
from bench.learners.quickstudy_learner import QuickstudyLearner, predicted
from bench.learners.registry import learner_entry
from bench.peers import ALL, FIRST_ONLY, HEAVY, SLOW, playing
from bench.questions import load_questions
from bench.scenario import Measure, Played, Scenario, Stage, Target, Versus, area_targets
from bench.scores import STREAM_PARTS, areas, curve_of, milliseconds, part_name, part_scores
from bench.streams import Outcome, live_through, right_guesses, shuffled
from quickstudy.learner import Learner

CASES = ("banking77", "clinc150", *(f"hint3-{bot}" for bot in HINT3_BOTS))
FIRST = 1000
PARTS = [part_name(*part) for part in STREAM_PARTS]


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """One order of one corpus."""
    questions = load_questions(case, stage)
    order = shuffled(len(questions.train), seed)[: stage.shortened(len(questions.train))]
    first_only = learner in FIRST_ONLY and len(order) > 5 * FIRST
    if first_only:
        order = order[:FIRST]
    begun = time.perf_counter()
    subject = learner_entry(learner).make(questions.setting, seed)
    outcome = live_through(subject, questions.train.taken(order), stage.progress)
    if first_only:
        return Played(began(outcome), {"curve": curve_of(outcome.hits)})
    tests = questions.tasks(questions.corpus.test.texts)
    hits = right_guesses(subject.predict(tests), questions.corpus.test.labels)
    measures = score(outcome, hits)
    measures["seconds"] = time.perf_counter() - begun
    if isinstance(subject, QuickstudyLearner) and case == "clinc150":
        with Learner(subject.learner.job, encoder=subject.learner.encoder) as again:
            again.merge(subject.learner)
            refitted = right_guesses(predicted(again, tests), questions.corpus.test.labels)
        measures["test accuracy refitted"] = float(refitted.mean())
    return Played(measures, {"curve": curve_of(outcome.hits)})


def score(outcome: Outcome, test: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Accuracy and calibration gap by part, areas, accuracy on the official test, median times."""
    return {
        **part_scores(outcome.hits, outcome.confidences),
        **areas(outcome.hits),
        "test accuracy": float(test.mean()),
        "decide ms": milliseconds(outcome.decide_seconds)["median"],
        "teach ms": milliseconds(outcome.teach_seconds)["median"],
    }


def began(outcome: Outcome) -> dict[str, float]:
    """What can be said of a stream of which only the first tasks were played: nothing of all, nothing of the test."""
    scores = {**part_scores(outcome.hits, outcome.confidences), **areas(outcome.hits)}
    return {key: value for key, value in scores.items() if key != "area all"}


def _targets() -> tuple[Target, ...]:
    bounds = (0.57, 0.68, 0.79, 0.885, 0.91, 0.925)
    reached = [
        Target(
            "banking77", f"accuracy {part}", "at least", bound, f"BANKING77, tasks {part}: accuracy before each lesson"
        )
        for part, bound in zip(PARTS, bounds, strict=True)
    ]
    calibrated = [
        Target("banking77", f"gap {part}", "at most", 0.01, f"BANKING77, tasks {part}: |mean confidence - accuracy|")
        for part in PARTS[-3:]
    ]
    return (
        *reached,
        Target("banking77", "test accuracy", "at least", 0.935, "BANKING77: official test"),
        *calibrated,
        Target("clinc150", "test accuracy", "at least", 0.948, "CLINC150: official test, in scope"),
        Target("clinc150", "test accuracy refitted", "at least", 0.955, "CLINC150: the same after a refit"),
    )


def _cost_of_ageing() -> tuple[Versus, ...]:
    """What knowing how the past ages may cost where nothing drifts."""
    return tuple(
        Versus(
            case,
            key,
            "at least",
            ("quickstudy-ageless",),
            f"{case.upper()}, {what}: at most 0.002 below a learner that never ages",
            margin=-0.002,
            form=".4f",
        )
        for case in ("banking77", "clinc150")
        for key, what in (("area all", "whole stream"), ("test accuracy", "test"))
    )


SCENARIO = Scenario(
    id="stream",
    title="Questions in random order",
    about=(
        "The training questions arrive in random order; a learner answers each, then is told the right answer; one "
        "pass. The options are given as names. Afterwards it answers the official test. *Area* is the mean accuracy "
        "on the first 1,000 tasks, and on all. *Gap* is the distance between mean confidence and accuracy. "
        "*Refitted*: a fresh learner that merges the taught one, which rebuilds all it knows from the lessons. "
        "Peers that need 50 ms a task or more play the first 1,000 of BANKING77 and CLINC150."
    ),
    cases=CASES,
    learners=("quickstudy", "quickstudy-ageless", *playing(*ALL)),
    seeds=10,
    settings={"version": 2, "order": "numpy default_rng(seed).permutation", "encoder": "minilm", "passes": 1},
    measures=(
        *(Measure(f"accuracy {part}", part) for part in PARTS),
        Measure("test accuracy", "test"),
        Measure("test accuracy refitted", "refitted"),
        Measure("area 1000", "area 1,000"),
        Measure("area all", "area all"),
        *(Measure(f"gap {part}", f"gap {part}", "lower", 0.005) for part in PARTS[-3:]),
        Measure("decide ms", "decide ms", "lower", 0.5, ".2f", True),
        Measure("teach ms", "teach ms", "lower", 0.5, ".2f", True),
    ),
    targets=_targets(),
    play=play,
    slow=SLOW,
    small_only=HEAVY,
    small=tuple(case for case in CASES if case.startswith("hint3")),
    versus=(*(target for case in CASES for target in area_targets(case)), *_cost_of_ageing()),
    stages=tuple(f"accuracy {part}" for part in PARTS),
)
