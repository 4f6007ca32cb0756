"""500 random lessons forgotten: is the learner that of the lessons that remain?"""

from __future__ import annotations

import time
from collections.abc import Sequence

from bench.learners.quickstudy_learner import job_of
from bench.merge.scenario import distance, lesson_id, merged, taught
from bench.questions import load_questions
from bench.scenario import Measure, Played, Scenario, Stage, Target
from bench.streams import shuffled
from quickstudy.errors import InputError
from quickstudy.types import Decision

FORGOTTEN = 500
QUICK_FORGOTTEN = 50


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """Teaches all, forgets some, and compares with a fresh learner that merged one never taught them."""
    if learner != "quickstudy":
        raise InputError(f"{learner!r} cannot forget.", next_step="Run this scenario without --peers.")
    questions = load_questions(case, stage)
    count = stage.shortened(len(questions.train))
    stream = questions.train.taken(shuffled(len(questions.train), seed)[:count])
    job, texts = job_of(questions.setting), list(questions.corpus.test.texts)
    gone = set(shuffled(count, seed + 1)[: QUICK_FORGOTTEN if stage.quick else FORGOTTEN].tolist())
    subject = taught(job, stream, list(range(count)))
    before = subject.predict_many(texts)
    begun = time.perf_counter()
    subject.forget([lesson_id(i) for i in sorted(gone)])
    seconds = time.perf_counter() - begun
    never = taught(job, stream, [i for i in range(count) if i not in gone])
    fresh = merged(job, [never])
    measures = score(subject.predict_many(texts), fresh.predict_many(texts), before)
    for each in (subject, never, fresh):
        each.close()
    return Played({**measures, "forget seconds": seconds})


def score(after: Sequence[Decision], never: Sequence[Decision], before: Sequence[Decision]) -> dict[str, float]:
    """How far it is from a learner never taught them, and from itself before, which must not be 0."""
    return {**distance(after, never), "moved": distance(after, before)["probability"]}


SCENARIO = Scenario(
    id="forget",
    title="Forgotten lessons leave no trace",
    about=(
        "A learner is taught all training questions and forgets 500 random lessons. Compared on the official test "
        "with a fresh learner that merged one never taught them. *Moved* is how far forgetting changed any "
        "probability: not 0, or the comparison would say nothing."
    ),
    cases=("banking77",),
    learners=("quickstudy",),
    seeds=1,
    settings={"version": 2, "encoder": "minilm", "forgotten": FORGOTTEN},
    measures=(
        Measure("answers", "answers that differ", "lower", 0.0, ".0f"),
        Measure("probability", "max difference of p", "lower", 1e-8, ".1e"),
        Measure("moved", "moved", form=".2f", tolerance=1.0),
        Measure("forget seconds", "seconds", "lower", 0.5, ".1f", True),
    ),
    targets=(
        Target(
            "banking77", "answers", "at most", 0, "After forgetting 500: answers on the test that differ", form=".0f"
        ),
        Target("banking77", "probability", "at most", 1e-8, "After forgetting 500: max |difference of p|", form=".1e"),
        Target("banking77", "moved", "above", 1e-6, "What forgetting 500 changed: max |difference of p|", form=".1e"),
    ),
    play=play,
    own_only=("banking77",),
)
