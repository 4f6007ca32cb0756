"""A teacher who errs: what 10% and 20% of wrong answers cost on a clean test.

Two sorts of wrong answers: *uniform* ones are any other class; *confusable* ones are among the classes nearest to the
right one, by the means of their training vectors. Invariants: which lessons are wrong, and how, depends on the seed
alone; the wrong lessons of the lower rate are wrong at the higher one too. Not here: who notices a wrong lesson.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from bench.learners.registry import learner_entry
from bench.peers import CLOSED_FORM, SLOW, playing
from bench.questions import Questions, load_questions
from bench.scenario import Measure, Played, Scenario, Stage, Versus
from bench.streams import Stream, live_through, make_stream, right_guesses, shuffled
from quickstudy.types import Vector

CASES = ("banking77", "clinc150", "hint3-curekart")
LESSONS = 5_000
RATES = (10, 20)
KINDS: tuple[Literal["uniform", "confusable"], ...] = ("uniform", "confusable")
NEAREST = 3
PLAYED = tuple(f"{kind} {rate}" for kind in KINDS for rate in RATES)


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """One order of lessons: once as they are, then with each sort and rate of wrong answers, each a fresh learner."""
    questions = load_questions(case, stage)
    count = stage.shortened(min(LESSONS, len(questions.train)))
    clean = questions.train.taken(shuffled(len(questions.train), seed)[:count])
    streams = {"clean": clean}
    near = nearest_classes(questions.train.vectors, questions.train.answers)
    classes = sorted(near)
    for kind in KINDS:
        wrong = {name: near[name] if kind == "confusable" else _without(classes, name) for name in classes}
        for rate in RATES:
            answers = noisy(clean.answers, wrong, rate / 100, seed)
            streams[f"{kind} {rate}"] = make_stream(clean.situations, clean.vectors, answers, clean.times)
    hits = {}
    for part, (name, stream) in enumerate(streams.items()):
        hits[name] = _tested(learner, questions, stream, seed, stage, (part, len(streams)))
    return Played(score(hits.pop("clean"), hits))


def noisy(answers: Sequence[str], wrong: Mapping[str, Sequence[str]], share: float, seed: int) -> list[str]:
    """Answers of which exactly a share (rounded) is wrong.

    Args:
        answers: the right ones (n).
        wrong: class -> which wrong answers it can get; all are equally likely.
        share: of the answers, in [0, 1].
        seed: says which are wrong and how; a lower share's are wrong in the same way at a higher one.
    """
    generator = np.random.default_rng([seed, 1])
    order = generator.permutation(len(answers))
    draws = generator.random(len(answers))
    taught = list(answers)
    for i in order[: round(share * len(answers))].tolist():
        choices = wrong[answers[i]]
        taught[i] = choices[int(draws[i] * len(choices))]
    return taught


def nearest_classes(vectors: Vector, answers: Sequence[str], count: int = NEAREST) -> dict[str, tuple[str, ...]]:
    """For each class the ``count`` others whose mean vectors have the largest cosine with its own; ties by name.

    Args:
        vectors: float32 (n, d).
        answers: their classes (n).
        count: how many.
    """
    classes = sorted(set(answers))
    labels = np.array(answers)
    means = np.stack([vectors[labels == name].mean(axis=0, dtype=np.float64) for name in classes])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    cosines = means @ means.T
    np.fill_diagonal(cosines, -np.inf)
    ranked = np.argsort(-cosines, axis=1, kind="stable")[:, : min(count, len(classes) - 1)]
    return {name: tuple(classes[j] for j in row) for name, row in zip(classes, ranked, strict=True)}


def score(clean: npt.NDArray[np.bool_], noisy_hits: Mapping[str, npt.NDArray[np.bool_]]) -> dict[str, float]:
    """Accuracy on the clean test after clean lessons, after each sort of noise, and what each lost."""
    base = float(clean.mean())
    scores = {"clean": base}
    for name, hits in noisy_hits.items():
        scores[name] = float(hits.mean())
        scores[f"{name} loss"] = base - scores[name]
    return scores


def _without(classes: Sequence[str], name: str) -> tuple[str, ...]:
    return tuple(other for other in classes if other != name)


def _tested(
    learner: str, questions: Questions, stream: Stream, seed: int, stage: Stage, part: tuple[int, int]
) -> npt.NDArray[np.bool_]:
    tell, (done_before, parts) = stage.progress, part
    portion = None if tell is None else lambda done, count: tell(done + done_before * count, parts * count)
    subject = learner_entry(learner).make(questions.setting, seed)
    live_through(subject, stream, portion)
    return right_guesses(subject.predict(questions.tasks(questions.corpus.test.texts)), questions.corpus.test.labels)


def _targets(case: str, kind: str) -> tuple[Versus, Versus]:
    """Half of what the most accurate peer loses; and of the least that any peer loses, however little it knows."""
    text = f"{case.upper()}, 20% {kind} wrong answers: accuracy lost; 0.020, or half of"
    most = Versus(
        case,
        f"{kind} 20 loss",
        "at most",
        "peers",
        f"{text} what the most accurate peer then loses",
        factor=0.5,
        enough=0.02,
        best_by=f"{kind} 20",
    )
    return most, dataclasses.replace(most, text=f"{text} the least that any peer loses", best_by=None)


SCENARIO = Scenario(
    id="noise",
    title="A teacher who errs",
    about=(
        "The first 5,000 training questions of a random order, in one pass, of whose answers 10% or 20% are wrong: "
        "*uniform*, any other class, or *confusable*, one of the three classes whose mean vectors are nearest to the "
        "right one's. Measured: accuracy on the clean official test afterwards, and how much less that is than the "
        "same learner's after the same lessons without a wrong answer (*loss*)."
    ),
    cases=CASES,
    learners=("quickstudy", *playing("k-nn", "sgd", "river-logistic", "vw-vectors", "vw", "logistic", *CLOSED_FORM)),
    seeds=3,
    settings={
        "version": 1,
        "encoder": "minilm",
        "lessons": LESSONS,
        "rates": list(RATES),
        "nearest": NEAREST,
        "passes": 1,
    },
    measures=(
        Measure("clean", "clean"),
        *(Measure(name, f"{name}%") for name in PLAYED),
        *(Measure(f"{name} loss", f"{name}% loss", "lower", form="+.3f") for name in PLAYED),
    ),
    targets=(),
    play=play,
    slow=SLOW,
    versus=tuple(target for case in CASES for kind in KINDS for target in _targets(case, kind)),
)
