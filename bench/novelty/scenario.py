"""Questions that no option fits, told from those that one fits, without having seen one."""

from __future__ import annotations

from collections.abc import Sequence

from bench.data import HINT3_BOTS
from bench.learners.base import Guess
from bench.learners.registry import learner_entry
from bench.peers import CLOSED_FORM, SLOW, playing
from bench.questions import load_questions
from bench.scenario import Measure, Played, Scenario, Stage, Target, Versus
from bench.scores import auroc
from bench.streams import live_through, shuffled

CASES = ("clinc150", *(f"hint3-{bot}" for bot in HINT3_BOTS))


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """Teaches the training part in one order, then asks about what is inside and outside."""
    questions = load_questions(case, stage)
    order = shuffled(len(questions.train), seed)[: stage.shortened(len(questions.train))]
    subject = learner_entry(learner).make(questions.setting, seed)
    live_through(subject, questions.train.taken(order), stage.progress)
    corpus = questions.corpus
    measures = {
        "auroc": score(
            subject.predict(questions.tasks(corpus.test.texts)), subject.predict(questions.tasks(corpus.outside))
        )
    }
    if corpus.outside_validation:
        measures["auroc validation"] = score(
            subject.predict(questions.tasks(corpus.validation.texts)),
            subject.predict(questions.tasks(corpus.outside_validation)),
        )
    return Played(measures)


def score(inside: Sequence[Guess], outside: Sequence[Guess]) -> float:
    """The area under the ROC curve of ``novelty``; a learner that does not say how new a task is has no score."""
    scores = [[guess.novelty for guess in guesses if guess.novelty is not None] for guesses in (inside, outside)]
    if len(scores[0]) < len(inside) or len(scores[1]) < len(outside):
        raise ValueError("a guess without novelty")
    return auroc(*scores)


SCENARIO = Scenario(
    id="novelty",
    title="Questions that no option fits",
    about=(
        "The training questions are taught in random order; then questions of the official test (in scope) are to be "
        "told from those out of scope. No out-of-scope question was taught. Measured: area under the ROC curve of "
        "novelty: the chance that an out-of-scope question looks newer than one in scope. The outside ones are "
        "CLINC150's out-of-scope questions, and HINT3's that its bots cannot answer (`NO_NODES_DETECTED`). Scores "
        "were chosen on CLINC150's validation split."
    ),
    cases=CASES,
    learners=("quickstudy", *playing("k-nn", "sgd", "logistic", *CLOSED_FORM)),
    seeds=3,
    settings={"version": 2, "encoder": "minilm"},
    measures=(Measure("auroc", "AUROC, test"), Measure("auroc validation", "AUROC, validation")),
    targets=(Target("clinc150", "auroc", "at least", 0.978, "CLINC150: AUROC of novelty on out-of-scope questions"),),
    play=play,
    slow=SLOW,
    versus=tuple(
        Versus(case, "auroc", "at least", "peers", f"{case}: AUROC of novelty, against every peer") for case in CASES
    ),
)
