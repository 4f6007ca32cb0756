"""Small streams of arrays with known truth, and learners that live through them."""

from __future__ import annotations

import numpy as np

from quickstudy import Job, Learner

COLOURS = ("red", "green", "blue")


def job(target: float | None = 0.1, **keywords) -> Job:
    return Job("colours", COLOURS, features=32, target_error=target, **keywords)


def colours(count: int, *, seed: int = 0, noise: float = 0.25):
    """(array, right answer) pairs around three centres."""
    generator = np.random.default_rng(seed)
    for place in generator.integers(3, size=count):
        yield np.eye(3, 8)[place] + noise * generator.standard_normal(8), COLOURS[place]


def live(learner: Learner, tasks, *, answer_audits: bool = True, at: float = 0.0):
    """Decides each task; answers what is asked and, unless told otherwise, what is audited. Gives the decisions."""
    decisions = []
    for number, (situation, right) in enumerate(tasks):
        decision = learner.decide(situation, at=at + 60.0 * number)
        decisions.append(decision)
        if decision.mode == "ask" or (decision.mode == "audit" and answer_audits):
            learner.teach(decision, right, at=at + 60.0 * number + 1.0)
    return decisions


def gate_of(learner: Learner):
    return learner._record.keeper.gate


def same_gate(first, second) -> bool:
    """Whether two gates have the same state, exactly."""
    (mine, words), (theirs, others) = first.state(), second.state()
    return words == others and mine.keys() == theirs.keys() and all(np.array_equal(mine[k], theirs[k]) for k in mine)
