"""Which of a thousand steps doomed the task? One outcome a task is all that is told."""

from __future__ import annotations

import time

import numpy as np

from bench.credit.worlds import NUMBERS, Doomed, task
from bench.scenario import Measure, Played, Scenario, Stage, Target
from quickstudy import Job, Learner

STEPS, LEARNED, REVIEWED = 1000, 60, 25
JUMPS = {"jump-2": 2.0, "jump-1": 1.0}
CHANGE, ERROR = "quickstudy-largest-change", "quickstudy-largest-error"


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """Lives through tasks, then reviews new ones that were doomed."""
    draw = np.random.default_rng([seed, STEPS])
    steps, learned, reviewed = (200, 20, 5) if stage.quick else (STEPS, LEARNED, REVIEWED)
    with Learner(Job("credit", ["go"], features=16, experts=["prior"]), seed=seed) as subject:
        began = time.perf_counter()
        for number in range(learned if learner != CHANGE else 0):
            live(subject, f"learned-{number}", task(draw, steps, JUMPS[case], doomed=bool(draw.random() < 0.5)))
            if stage.progress:
                stage.progress(number + 1, learned + reviewed)
        spent = time.perf_counter() - began
        exact, near = [], []
        for number in range(reviewed):
            doomed = task(draw, steps, JUMPS[case], doomed=True)
            found = named(subject, learner, f"reviewed-{number}", doomed)
            exact.append(found == doomed.step)
            near.append(abs(found - (doomed.step or 0)) <= 2)
            if stage.progress:
                stage.progress(learned + number + 1, learned + reviewed)
    measures = {"found": float(np.mean(exact)), "near": float(np.mean(near))}
    return Played({**measures, "ms a step": 1000.0 * spent / (learned * steps)} if learner != CHANGE else measures)


def live(subject: Learner, name: str, doomed: Doomed) -> None:
    """Plays one task."""
    with subject.task(name) as played:
        for seen in doomed.seen:
            played.decide(seen)
        played.end(doomed.good)


def named(subject: Learner, learner: str, name: str, doomed: Doomed) -> int:
    """The step that a learner names."""
    if learner == CHANGE:
        return int(np.abs(np.diff(doomed.seen, axis=0)).max(axis=1).argmax())
    live(subject, name, doomed)
    review = subject.review(name)
    if learner == ERROR:
        errors = [np.inf if step.error is None else step.error for step in review.steps]
        return int(np.argmin(errors))
    return -1 if review.turned is None else review.turned


SCENARIO = Scenario(
    id="credit",
    title="Which of a thousand steps doomed the task?",
    about=(
        f"Simulated tasks of {STEPS:,} steps; each step shows {NUMBERS} numbers, and nothing is told but whether "
        "the task ended well. Half of the tasks are doomed at one step: from the next on one number is higher by 2 "
        "(*jump-2*) or by 1 (*jump-1*), in a noise of 0.3. Four other numbers jump by 2 as well, and mean nothing. "
        f"One in ten of the others fails by chance. After {LEARNED} tasks, {REVIEWED} doomed ones are played and "
        "reviewed. Measured: how often the named step is the one (*found*), or within 2 of it (*near*). Beside it "
        "the step with the largest temporal-difference error, and the step after which a number changes most, "
        "which needs no learning."
    ),
    cases=tuple(JUMPS),
    learners=("quickstudy", ERROR, CHANGE),
    seeds=3,
    peer_seeds=3,
    settings={"version": 1, "steps": STEPS, "learned": LEARNED, "reviewed": REVIEWED, "numbers": NUMBERS},
    measures=(
        Measure("found", "found", tolerance=0.03),
        Measure("near", "within 2", tolerance=0.03),
        Measure("ms a step", "ms a step", "lower", 0.3, ".2f", relative=True),
    ),
    targets=(
        Target("jump-2", "found", "at least", 0.95, "the step that doomed a task of 1,000 is found"),
        Target("jump-2", "ms a step", "at most", 3.0, "a step of a task costs at most 3 ms", form=".2f"),
    ),
    play=play,
    texts=False,
)
