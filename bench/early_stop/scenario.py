"""How much of hopeless tasks is saved, and how many tasks are given up wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from unittest.mock import patch

import numpy as np

from bench.scenario import Measure, Played, Scenario, Stage, Target
from quickstudy import Job, Learner
from quickstudy.autonomy.stopping import LADDER
from quickstudy.types import FloatArray

TASKS, STEPS, RATE = 2000, 20, 0.02
CASES = ("half-fail", "drift", "hidden")
PLAIN = "quickstudy-never-checks"


@dataclass(frozen=True, slots=True)
class Fate:
    """A task: what is seen at each step (n, 6), and whether it would end well."""

    seen: FloatArray
    good: bool


def fate(case: str, draw: np.random.Generator, progress: float) -> Fate:
    """One task.

    Half of the tasks break down in their first third: number 0 rises by 2, in a noise of 0.4. *half-fail*: these fail,
    and one in ten of the others. *drift*: halfway through the stream repairs begin, and from then on one in five
    that broke down ends well. *hidden*: in half of those that fail nothing can be seen.
    """
    seen = 0.4 * draw.standard_normal((STEPS, 6))
    seen[:, 1] = np.arange(STEPS) / STEPS
    breaks = bool(draw.random() < 0.5)
    good = not breaks and draw.random() < 0.9
    if breaks and not (case == "hidden" and draw.random() < 0.5):
        seen[int(draw.integers(1, STEPS // 3)) :, 0] += 2.0
        if case == "drift" and progress > 0.5:
            good = bool(draw.random() < 0.2)
    return Fate(seen, bool(good))


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """Plays a stream of tasks."""
    draw = np.random.default_rng([seed, TASKS])
    count = 300 if stage.quick else TASKS
    rate = 0.2 if stage.quick else RATE
    saved, failing = np.zeros(2), np.zeros(2)
    wrong = good = given_up = 0
    worst = 0.0
    coins = np.random.default_rng([seed, TASKS, 1])  # a journal's own key is random
    tossed = patch("quickstudy.autonomy.stopping.coin", lambda key, id: float(coins.random()))
    with tossed, Learner(Job("stop", ["go"], features=16, experts=["prior"]), seed=seed) as subject:
        if learner == PLAIN:
            never_check(subject)
        for number in range(count):
            lived = fate(case, draw, number / count)
            half = int(number >= count // 2)
            steps = live(subject, lived, rate)
            failing[half] += STEPS * (not lived.good)
            saved[half] += (STEPS - steps) * (not lived.good)
            good += lived.good
            if steps < STEPS:
                given_up += 1
                wrong += lived.good
                worst = max(worst, wrong / (number + 1))
            if stage.progress:
                stage.progress(number + 1, count)
    return Played(
        {
            "saved": float(saved[1] / failing[1]),
            "saved at first": float(saved[0] / failing[0]),
            "wrong": wrong / count,
            "worst": worst,
            "wrong of good": wrong / max(good, 1),
            "wrong of given up": wrong / max(given_up, 1),
        }
    )


def never_check(subject: Learner) -> None:
    """Takes the ledger away: what falls below the threshold is given up, and one in ten let run."""
    stopping = subject._record.stopping
    stopping._probability = lambda rate: LADDER[0]  # type: ignore[method-assign]


def live(subject: Learner, lived: Fate, rate: float) -> int:
    """Plays one task; gives how many steps it took."""
    with subject.task(stop=rate) as task:
        for seen in lived.seen:
            task.decide(seen)
            if task.stopped:
                break
        else:
            task.end(lived.good)
    return task.steps


SCENARIO = Scenario(
    id="early-stop",
    title="Giving hopeless tasks up",
    about=(
        f"Streams of {TASKS:,} tasks of {STEPS} steps, of which about half fail; at most {RATE:.0%} of all may be "
        "given up wrongly. Half break down in their first third, which shows in one number of six, in noise. "
        "*half-fail*: these fail, and one in ten of the others. *drift*: in the second half one in five that broke "
        "down ends well all the same. *hidden*: in half of those that fail nothing can be seen. Measured: the "
        "share of the steps of failing tasks that was saved, in the second half of the stream (*saved*) and in the "
        "first; of all tasks the share given up wrongly at the end, and at worst at any time; the same of those "
        "that would have succeeded, and of those given up. Beside it the rule without its ledger: it gives up "
        "whatever falls below its threshold from the first, and lets one in ten run."
    ),
    cases=CASES,
    learners=("quickstudy", PLAIN),
    seeds=3,
    peer_seeds=3,
    settings={"version": 1, "tasks": TASKS, "steps": STEPS, "rate": RATE},
    measures=(
        Measure("saved", "saved", tolerance=0.05),
        Measure("saved at first", "saved at first", tolerance=0.05),
        Measure("wrong", "wrong", "lower", 0.005, ".4f"),
        Measure("worst", "wrong, at worst", "lower", 0.005, ".4f"),
        Measure("wrong of good", "of good", "lower", 0.01, ".4f"),
        Measure("wrong of given up", "of given up", "lower", 0.02, ".4f"),
    ),
    targets=(
        Target("half-fail", "saved", "at least", 0.40, "half-fail: steps of failing tasks saved, second half"),
        *(Target(case, "wrong", "at most", RATE, f"{case}: tasks given up wrongly", form=".4f") for case in CASES),
    ),
    play=play,
    texts=False,
)
