"""A handful of lessons a class: how well the official test is answered after 1, 3, 5 or 10 of each.

Invariants: a draw depends on the seed alone, and the smaller ones lie in the larger ones; no draw has more of a class
than there are. Not here: lessons that come in a stream (``stream``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.data import HINT3_BOTS
from bench.learners.base import StreamLearner
from bench.learners.quickstudy_learner import QuickstudyLearner
from bench.learners.registry import learner_entry
from bench.peers import ALL, HEAVY, playing
from bench.questions import load_questions
from bench.scenario import Measure, Place, Played, Scenario, Stage, Target, Versus
from bench.streams import Stream, live_through, right_guesses

CORPORA = ("banking77", "clinc150", *(f"hint3-{bot}" for bot in HINT3_BOTS))
SHOTS = (1, 3, 5, 10)


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """One draw of lessons, taught in random order, then the official test."""
    where = place(case)
    questions = load_questions(where.curve, stage)
    chosen = drawn(questions.train.answers, where.at, seed)
    lessons = questions.train.taken(chosen[: stage.shortened(len(chosen))])
    subject = learner_entry(learner).make(questions.setting, seed)
    tests, answers = questions.tasks(questions.corpus.test.texts), questions.corpus.test.labels
    measures = {"lessons": float(len(lessons))}
    if isinstance(subject, QuickstudyLearner):
        subject.learner.teach_many(list(zip(lessons.situations, lessons.answers, strict=True)), at=lessons.times)
        measures["test accuracy, no refit"] = score(right_guesses(subject.predict(tests), answers))["test accuracy"]
        subject.learner.refit()
    else:
        _taught(subject, lessons, stage)
    return Played({**measures, **score(right_guesses(subject.predict(tests), answers))})


def _taught(subject: StreamLearner, lessons: Stream, stage: Stage) -> None:
    live_through(subject, lessons, stage.progress)


def drawn(answers: Sequence[str], shots: int, seed: int) -> npt.NDArray[np.int64]:
    """The places of up to ``shots`` random lessons of each class, in random order."""
    generator = np.random.default_rng(seed)
    mixed = generator.permutation(len(answers)).tolist()
    taken: dict[str, list[int]] = {}
    for i in mixed:
        taken.setdefault(answers[i], []).append(i)
    chosen = {i for places in taken.values() for i in places[:shots]}
    order = generator.permutation(len(answers)).tolist()
    return np.array([i for i in order if i in chosen], dtype=np.int64)


def score(test: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Accuracy on the official test; 0 for no test at all would be a lie, so it is an error."""
    if not len(test):
        raise ValueError("a score needs a test")
    return {"test accuracy": float(test.mean())}


def place(case: str) -> Place:
    """``banking77-5`` is 5 lessons a class on the curve of ``banking77``."""
    corpus, _, shots = case.rpartition("-")
    return Place(corpus, int(shots))


CASES = tuple(f"{corpus}-{shots}" for corpus in CORPORA for shots in SHOTS)
_BOUNDS = {"banking77-5": 0.815, "banking77-10": 0.865, "clinc150-5": 0.885, "clinc150-10": 0.915}

SCENARIO = Scenario(
    id="few-shot",
    title="A few lessons of each class",
    about=(
        "1, 3, 5 or 10 lessons of each class (as many as there are, up to that number), drawn at random from the "
        "training part and taught in random order; then the official test, in scope. A seed is a draw; smaller draws "
        "lie within larger ones. The options are given as names. quickstudy is taught as its documentation advises "
        "for lessons that are there already: `teach_many`, then `refit`; peers learn one lesson after the other, or "
        "fit all at once where that is how they work. Nothing of the encoder is trained."
    ),
    cases=CASES,
    learners=("quickstudy", *playing(*ALL)),
    seeds=10,
    settings={"version": 1, "encoder": "minilm", "draw": "first of default_rng(seed).permutation, by class"},
    measures=(Measure("test accuracy", "test accuracy"), Measure("test accuracy, no refit", "test, no refit")),
    targets=tuple(
        Target(
            case, "test accuracy", "at least", bound, f"{place(case).curve.upper()}, {place(case).at} lessons a class"
        )
        for case, bound in _BOUNDS.items()
    ),
    play=play,
    small_only=HEAVY,
    small=tuple(case for case in CASES if case.startswith("hint3")),
    versus=tuple(
        Versus(case, "test accuracy", "at least", "peers", f"{case}: official test against the best peer")
        for case in CASES
    ),
    place=place,
    along="lessons a class (log scale)",
)
