"""Ten learners, each taught a tenth, merged: is it one learner taught all?"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from bench.learners.quickstudy_learner import encoder_of, job_of
from bench.questions import Questions, load_questions
from bench.scenario import Measure, Played, Scenario, Stage, Target
from bench.streams import Stream, shuffled
from quickstudy.errors import InputError
from quickstudy.job import Job
from quickstudy.learner import Learner
from quickstudy.types import Decision

PARTS = 10


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """Teaches ten and one, merges, compares; ``learner`` is quickstudy: no peer merges."""
    if learner != "quickstudy":
        raise InputError(f"{learner!r} cannot merge.", next_step="Run this scenario without --peers.")
    questions = load_questions(case, stage)
    count = stage.shortened(len(questions.train))
    stream = questions.train.taken(shuffled(len(questions.train), seed)[:count])
    job, texts = job_of(questions.setting), list(questions.corpus.test.texts)
    owner = np.random.default_rng(seed).integers(0, PARTS, count)
    parts = [taught(job, stream, np.flatnonzero(owner == part).tolist()) for part in range(PARTS)]
    one = taught(job, stream, list(range(count)))
    begun = time.perf_counter()
    ten = merged(job, parts)
    seconds = time.perf_counter() - begun
    reference = merged(job, [one])
    backwards = merged(job, [*reversed(parts[3:]), *parts[:3]])
    answers = [ten.predict_many(texts), reference.predict_many(texts), backwards.predict_many(texts)]
    changed = ten.merge(*parts)
    answers.append(ten.predict_many(texts))
    accuracy = _accuracy(answers[0], questions)
    measures = {
        **score(*answers),
        "changed by merging twice": float(changed),
        "merge seconds": seconds,
        "merged accuracy": accuracy,
        "taught accuracy": _accuracy(one.predict_many(texts), questions),
        "lessons": float(ten.report().lessons),
    }
    measures["apart"] = abs(measures["merged accuracy"] - measures["taught accuracy"])
    for each in (*parts, one, ten, reference, backwards):
        each.close()
    return Played(measures)


def score(
    ten: Sequence[Decision], one: Sequence[Decision], backwards: Sequence[Decision], twice: Sequence[Decision]
) -> dict[str, float]:
    """How far ten merged learners are from one, from another order, and from merging twice."""
    return {
        **{f"one: {key}": value for key, value in distance(ten, one).items()},
        **{f"order: {key}": value for key, value in distance(ten, backwards).items()},
        **{f"twice: {key}": value for key, value in distance(ten, twice).items()},
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


def taught(job: Job, stream: Stream, places: Sequence[int]) -> Learner:
    """A learner that was taught some tasks of a stream, with ids and times that depend on the task alone."""
    learner = Learner(job, encoder=encoder_of(job.encoder))
    for i in places:
        learner.teach(stream.situations[i], stream.answers[i], lesson_id=lesson_id(i), at=stream.times[i])
    return learner


def lesson_id(place: int) -> str:
    """The id of the lesson on a task."""
    return f"task-{place:06d}"


def merged(job: Job, others: Sequence[Learner]) -> Learner:
    """A fresh learner that merges others."""
    learner = Learner(job, encoder=encoder_of(job.encoder))
    learner.merge(*others)
    return learner


def _accuracy(decisions: Sequence[Decision], questions: Questions) -> float:
    pairs = zip(decisions, questions.corpus.test.labels, strict=True)
    return float(np.mean([decision.answer == label for decision, label in pairs]))


SCENARIO = Scenario(
    id="merge",
    title="Ten learners merged into one",
    about=(
        "The training questions are dealt at random to ten learners; an eleventh is taught all, with the same lesson "
        "ids and times. A fresh learner merges the ten; another merges the one. Compared on the official test: "
        "answers, and every option's probability; then the ten in another order, and merged twice. *Taught* is the "
        "accuracy of the one that was taught all and never merged. The time is that of merging about 1,000 lessons of "
        "each of ten learners."
    ),
    cases=("banking77",),
    learners=("quickstudy",),
    seeds=1,
    settings={"version": 1, "encoder": "minilm", "parts": PARTS},
    measures=(
        Measure("one: answers", "answers that differ", "lower", 0.0, ".0f"),
        Measure("one: probability", "max difference of p", "lower", 1e-8, ".1e"),
        Measure("order: probability", "another order", "lower", 1e-8, ".1e"),
        Measure("twice: probability", "merged twice", "lower", 1e-8, ".1e"),
        Measure("merged accuracy", "accuracy merged"),
        Measure("taught accuracy", "accuracy taught all"),
        Measure("merge seconds", "seconds", "lower", 0.5, ".1f", True),
    ),
    targets=(
        Target(
            "banking77",
            "one: answers",
            "at most",
            0,
            "Ten merged = one merged: answers on the test that differ",
            form=".0f",
        ),
        Target(
            "banking77",
            "one: probability",
            "at most",
            1e-8,
            "Ten merged = one merged: max |difference of p|",
            form=".1e",
        ),
        Target(
            "banking77",
            "order: probability",
            "at most",
            1e-8,
            "Another order of merging: max |difference of p|",
            form=".1e",
        ),
        Target("banking77", "twice: probability", "at most", 0, "Merged twice: max |difference of p|", form=".1e"),
        Target("banking77", "changed by merging twice", "at most", 0, "Merged twice: events that change", form=".0f"),
        Target(
            "banking77", "apart", "at most", 0.002, "Merged against taught all: |difference of accuracy|", form=".4f"
        ),
        Target("banking77", "merge seconds", "at most", 10, "Merging ten of 1,000 lessons, seconds", form=".1f"),
    ),
    play=play,
    own_only=("banking77",),
)
