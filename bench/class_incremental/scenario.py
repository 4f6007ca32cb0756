"""One class after the other, against the same lessons shuffled: what is forgotten."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.data import HINT3_BOTS
from bench.learners.base import StreamLearner
from bench.learners.registry import OWN, learner_entry
from bench.peers import CLOSED_FORM, SLOW, playing
from bench.questions import Questions, load_questions
from bench.scenario import Measure, Played, Scenario, Stage, Target, Versus
from bench.streams import Stream, class_after_class, live_through, only_taught, right_guesses, shuffled

CASES = ("clinc150", "banking77", *(f"hint3-{bot}" for bot in HINT3_BOTS))


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """Both orders of one corpus, each with a fresh learner."""
    questions = load_questions(case, stage, open_job=True)
    chosen = np.sort(shuffled(len(questions.train), seed)[: stage.shortened(len(questions.train))])
    base = questions.train.taken(chosen)
    orders = {"ordered": class_after_class(base.answers, seed), "shuffled": shuffled(len(base), seed)}
    hits = {}
    for part, (name, order) in enumerate(orders.items()):
        subject = learner_entry(learner).make(questions.setting, seed)
        hits[name] = _taught_and_tested(subject, questions, base.taken(order), stage, part, decides=learner == OWN)
    return Played(score(hits["ordered"], hits["shuffled"]))


def score(ordered: npt.NDArray[np.bool_], mixed: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Test accuracy after both orders, and how far apart they are."""
    first, second = float(ordered.mean()), float(mixed.mean())
    return {"ordered": first, "shuffled": second, "loss": second - first, "apart": abs(second - first)}


def _taught_and_tested(
    subject: StreamLearner, questions: Questions, stream: Stream, stage: Stage, part: int, *, decides: bool
) -> npt.NDArray[np.bool_]:
    tell = stage.progress
    halves = None if tell is None else lambda done, count: tell(done + part * count, 2 * count)
    if decides:
        live_through(subject, stream, halves)
    else:
        only_taught(subject, stream, halves)
    tests = questions.tasks(questions.corpus.test.texts)
    return right_guesses(subject.predict(tests), questions.corpus.test.labels)


SCENARIO = Scenario(
    id="class-incremental",
    title="Classes one after the other",
    about=(
        "All lessons of one class, then all of the next, in one pass; the classes' order is random. quickstudy is not "
        "told the options: they appear as they are taught. Peers that must know all classes in advance are told. "
        "Measured: accuracy on the official test afterwards, beside that of the same learner after the same lessons "
        "shuffled."
    ),
    cases=CASES,
    learners=("quickstudy", *playing("k-nn", "sgd", "vw-vectors", "logistic", *CLOSED_FORM)),
    seeds=3,
    settings={"version": 2, "encoder": "minilm", "passes": 1},
    measures=(
        Measure("ordered", "one after the other"),
        Measure("shuffled", "shuffled"),
        Measure("loss", "loss", "lower", form="+.3f"),
    ),
    targets=tuple(
        Target(
            case,
            "apart",
            "at most",
            0.002,
            f"{case.upper()}: |one after the other - shuffled|, test accuracy",
            form=".4f",
        )
        for case in CASES
    ),
    play=play,
    slow=SLOW,
    versus=tuple(
        Versus(
            case,
            "ordered",
            "at least",
            CLOSED_FORM,
            f"{case.upper()}, one class after the other: test accuracy against every closed form",
        )
        for case in CASES
    ),
)
