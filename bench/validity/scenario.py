"""Does the promise hold? A thousand simulated streams of each kind, against adversaries that know the rule."""

from __future__ import annotations

import math

import numpy as np

from bench.scenario import Measure, Played, Scenario, Stage, Target
from bench.validity.adversaries import KINDS
from bench.validity.gates import OwnGate, PlainThreshold, RunningShare, Subject
from bench.validity.play import Outcome, play_stream

TARGET, CONFIDENCE = 0.1, 0.95
STREAMS, TASKS, SEEDS = 100, 600, 10
PLAIN, RUNNING = "quickstudy-threshold", "quickstudy-running-share"
ALLOWED = (1.0 - CONFIDENCE) + 2.33 * math.sqrt(CONFIDENCE * (1.0 - CONFIDENCE) / (STREAMS * SEEDS))
"""The share of broken streams that 1,000 streams can show where the true one is 1 - C (99% of the time)."""


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """A hundred streams of one kind."""
    streams = 20 if stage.quick else STREAMS
    outcomes = []
    for number in range(streams):
        gate = make_gate(learner)
        outcomes.append(play_stream(KINDS[case], gate, TARGET, TASKS, 1000 * seed + number))
        if stage.progress:
            stage.progress(number + 1, streams)
    return Played(score(outcomes))


def make_gate(learner: str) -> Subject:
    """A new gate."""
    if learner == PLAIN:
        return PlainThreshold(TARGET)
    if learner == RUNNING:
        return RunningShare(TARGET)
    return OwnGate(TARGET, CONFIDENCE)


def score(outcomes: list[Outcome]) -> dict[str, float]:
    """Shares of streams in which the promise and the bound were ever broken; means of the rest."""
    return {
        "broken": float(np.mean([outcome.broken for outcome in outcomes])),
        "bound broken": float(np.mean([outcome.bound_broken for outcome in outcomes])),
        "alone": float(np.mean([outcome.alone for outcome in outcomes])),
        "worst": float(np.mean([outcome.worst for outcome in outcomes])),
        "ledgers": float(np.mean([outcome.ledgers for outcome in outcomes])),
    }


def _targets() -> tuple[Target, ...]:
    found = []
    for case in KINDS:
        text = f"{case}: streams in which the promise was ever false while it answered alone"
        found.append(Target(case, "broken", "at most", ALLOWED, text))
        found.append(
            Target(case, "bound broken", "at most", ALLOWED, f"{case}: streams in which the bound ever failed")
        )
    for learner, name in ((PLAIN, "a plain threshold"), (RUNNING, "the running share")):
        for case in ("sudden-drift", "bursts", "worse-model"):
            text = f"{case}: the same test fails for {name}"
            found.append(Target(case, "broken", "above", 0.5, text, learner=learner))
    return tuple(found)


SCENARIO = Scenario(
    id="validity",
    title="Does the guarantee hold?",
    about=(
        "Simulated streams of 600 tasks at a target error of 10% and a confidence of 95%, 1,000 of each kind; each is "
        "an adversary that knows the gate's rule and state, and nothing of its coins. Measured: the share of streams "
        "in which, at any answer given alone, more than 10% of the answers that its ledger stood behind were wrong "
        "(*broken*); in which at any time more were wrong than the bound said (*bound broken*); the share done alone; "
        "and the largest share of errors at any answer given alone, in units of the target (*worst*). *late*, *never*: "
        "verdicts come 40 tasks late on average, or never for 2%. *teacher-2*, *teacher-10*: 2% or 10% of verdicts "
        "are false; wrong is what the teacher says. Beside ours two gates that are broken on purpose: a threshold "
        "chosen on the accuracy of 200 validation tasks, and the literal running share of errors in audits of 10%."
    ),
    cases=tuple(KINDS),
    learners=("quickstudy", PLAIN, RUNNING),
    seeds=SEEDS,
    peer_seeds=SEEDS,
    settings={"version": 1, "target": TARGET, "confidence": CONFIDENCE, "streams": STREAMS, "tasks": TASKS},
    measures=(
        Measure("broken", "broken", "lower", 0.02, ".4f"),
        Measure("bound broken", "bound broken", "lower", 0.02, ".4f"),
        Measure("alone", "alone", tolerance=0.05),
        Measure("worst", "worst, in T", "lower", 0.2, ".2f"),
        Measure("ledgers", "ledgers", "lower", 0.5, ".2f"),
    ),
    targets=_targets(),
    play=play,
    texts=False,
)
