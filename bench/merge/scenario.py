"""2, 10 or 100 learners, each taught its part, merged: is it one learner taught all?

The learners are journals in files, as deployed ones are: so a hundred of them are never in memory at once.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.learners.quickstudy_learner import encoder_of, job_of
from bench.questions import Questions, load_questions
from bench.scenario import Measure, Played, Scenario, Stage, Target
from bench.streams import Stream, shuffled
from quickstudy.errors import InputError
from quickstudy.job import Job
from quickstudy.learner import Learner
from quickstudy.types import Decision

SIZES = (2, 10, 100)
CASES = tuple(f"banking77-{parts}" for parts in SIZES)


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """Teaches the parts and one, merges, compares; ``learner`` is quickstudy: no peer merges."""
    if learner != "quickstudy":
        raise InputError(f"{learner!r} cannot merge.", next_step="Run this scenario without --peers.")
    corpus, _, parts = case.rpartition("-")
    questions = load_questions(corpus, stage)
    count = stage.shortened(len(questions.train))
    stream = questions.train.taken(shuffled(len(questions.train), seed)[:count])
    job, texts = job_of(questions.setting), list(questions.corpus.test.texts)
    with tempfile.TemporaryDirectory() as folder:
        journals = [Path(folder) / f"{part}.db" for part in range(int(parts))]
        for done, (journal, places) in enumerate(zip(journals, dealt(count, len(journals), seed), strict=True)):
            taught(job, stream, places, journal).close()
            if stage.progress:
                stage.progress(done + 1, len(journals) + 3)
        one = taught(job, stream, list(range(count)))
        begun = time.perf_counter()
        many = merged(job, journals)
        seconds = time.perf_counter() - begun
        reference = merged(job, [one])
        backwards = merged(job, [*reversed(journals[1:]), journals[0]])
        answers = [each.predict_many(texts) for each in (many, reference, backwards)]
        changed = many.merge(*journals)
        answers.append(many.predict_many(texts))
        measures = {
            **score(*answers),
            "changed by merging twice": float(changed),
            "merge seconds": seconds,
            "merged accuracy": _accuracy(answers[0], questions),
            "taught accuracy": _accuracy(one.predict_many(texts), questions),
            "lessons": float(many.report().lessons),
        }
        measures["apart"] = abs(measures["merged accuracy"] - measures["taught accuracy"])
        for each in (one, many, reference, backwards):
            each.close()
    return Played(measures)


def dealt(count: int, parts: int, seed: int) -> list[list[int]]:
    """Places 0 to ``count - 1``, dealt at random to a number of parts; each keeps its order."""
    owner = np.random.default_rng(seed).integers(0, parts, count)
    return [np.flatnonzero(owner == part).tolist() for part in range(parts)]


def score(
    many: Sequence[Decision], one: Sequence[Decision], backwards: Sequence[Decision], twice: Sequence[Decision]
) -> dict[str, float]:
    """How far many merged learners are from one, from another order, and from merging twice."""
    return {
        **{f"one: {key}": value for key, value in distance(many, one).items()},
        **{f"order: {key}": value for key, value in distance(many, backwards).items()},
        **{f"twice: {key}": value for key, value in distance(many, twice).items()},
    }


def distance(left: Sequence[Decision], right: Sequence[Decision]) -> dict[str, float]:
    """How many answers differ, and the largest difference of any option's probability (1 where options differ)."""
    answers = sum(a.answer != b.answer for a, b in zip(left, right, strict=True))
    largest = 0.0
    for a, b in zip(left, right, strict=True):
        if set(a.probabilities) != set(b.probabilities):
            return {"answers": float(answers), "probability": 1.0}
        largest = max(largest, *(abs(p - b.probabilities[name]) for name, p in a.probabilities.items()))
    return {"answers": float(answers), "probability": largest}


def taught(job: Job, stream: Stream, places: Sequence[int], journal: Path | None = None) -> Learner:
    """A learner that was taught some tasks of a stream, with ids and times that depend on the task alone."""
    learner = Learner(job, journal, encoder=encoder_of(job.encoder))
    pairs = [(stream.situations[i], stream.answers[i]) for i in places]
    learner.teach_many(pairs, lesson_ids=[lesson_id(i) for i in places], at=[stream.times[i] for i in places])
    return learner


def lesson_id(place: int) -> str:
    """The id of the lesson on a task."""
    return f"task-{place:06d}"


def merged(job: Job, others: Sequence[Learner | Path]) -> Learner:
    """A fresh learner that merges others."""
    learner = Learner(job, encoder=encoder_of(job.encoder))
    learner.merge(*others)
    return learner


def _accuracy(decisions: Sequence[Decision], questions: Questions) -> float:
    pairs = zip(decisions, questions.corpus.test.labels, strict=True)
    return float(np.mean([decision.answer == label for decision, label in pairs]))


def _targets() -> tuple[Target, ...]:
    found = []
    for case, parts in zip(CASES, SIZES, strict=True):
        found += [
            Target(case, "one: answers", "at most", 0, f"{parts} merged = one: answers that differ", form=".0f"),
            Target(case, "one: probability", "at most", 1e-8, f"{parts} merged = one: max |dp|", form=".1e"),
            Target(case, "order: probability", "at most", 1e-8, f"{parts} in another order: the same", form=".1e"),
            Target(case, "twice: probability", "at most", 0, f"{parts} merged twice: the same", form=".1e"),
            Target(case, "changed by merging twice", "at most", 0, f"{parts} twice: events that change", form=".0f"),
            Target(case, "apart", "at most", 0.002, f"{parts} merged, or one taught all: |accuracy|", form=".4f"),
        ]
    return (
        *found,
        Target("banking77-10", "merge seconds", "at most", 10, "Merging 10 of 1,000 lessons, s", form=".1f"),
    )


SCENARIO = Scenario(
    id="merge",
    title="Many learners merged into one",
    about=(
        "The training questions are dealt at random to 2, 10 or 100 learners, each with its journal in a file; another "
        "one is taught all, with the same lesson ids and times. A fresh learner merges the many; another merges the "
        "one. Compared on the official test: answers, and every option's probability; then the many in another "
        "order, and merged twice. *Taught* is the accuracy of the one that was taught all and never merged. The time "
        "is that of the first merge, about 10,000 lessons in all."
    ),
    cases=CASES,
    learners=("quickstudy",),
    seeds=1,
    settings={"version": 2, "encoder": "minilm"},
    measures=(
        Measure("one: answers", "answers that differ", "lower", 0.0, ".0f"),
        Measure("one: probability", "max difference of p", "lower", 1e-8, ".1e"),
        Measure("order: probability", "another order", "lower", 1e-8, ".1e"),
        Measure("twice: probability", "merged twice", "lower", 1e-8, ".1e"),
        Measure("merged accuracy", "accuracy merged"),
        Measure("taught accuracy", "accuracy taught all"),
        Measure("merge seconds", "seconds", "lower", 0.5, ".1f", True),
    ),
    targets=_targets(),
    play=play,
    own_only=CASES,
)
