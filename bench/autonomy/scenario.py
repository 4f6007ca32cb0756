"""How much work is done alone at a guaranteed error, where the learner learns only from what it asked or audited."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bench.autonomy.audits import ratio
from bench.autonomy.loop import play as play_loop
from bench.autonomy.record import ACT, AUDIT, Record
from bench.autonomy.threshold import PlainThreshold
from bench.autonomy.traced import play_tracer
from bench.autonomy.worlds import CASES, load_world
from bench.peers import playing
from bench.scenario import Measure, Played, Scenario, Stage, Target
from quickstudy.types import FloatArray

TARGETS = (0.1, 0.05, 0.02, 0.01)
TRACER_TARGET = 0.05  # its README's own: an agreement of 0.95
SHARES = (0.1, 0.25)
PLAIN = "quickstudy-threshold"
CHECKS = "constant-errors"


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """One order of one stream, once for every target."""
    if case == CHECKS:
        return Played(_checks(stage))
    world = load_world(case, seed, stage)
    measures: dict[str, float] = {}
    targets = (TRACER_TARGET,) if learner == "tracer" else TARGETS
    rounds = len(targets) + (learner == "quickstudy")
    for number, target in enumerate(targets):
        progress = _part(stage, number, rounds, len(world))
        if learner == PLAIN:
            record = play_loop(world, seed, threshold=PlainThreshold(target), progress=progress)
        elif learner == "tracer":
            record = play_tracer(world, target, seed, progress)
        else:
            record = play_loop(world, seed, target=target, progress=progress)
        measures |= score(record, target)
        if learner == "quickstudy":
            measures |= promised(record, target)
        else:
            measures[f"broken {_name(target)}"] = float(record.ever_over(target))
    if learner == "quickstudy":
        full = play_loop(world, seed, progress=_part(stage, 4, rounds, len(world)))
        for target in TARGETS:
            measures |= limits(full.right, full.probability, target)
    return Played(measures)


def score(record: Record, target: float) -> dict[str, float]:
    """Shares done alone, of all tasks and of the last quarter; how much of it was wrong; whether that is too much."""
    alone, name = record.alone, _name(target)
    error = float(1.0 - record.right[alone].mean()) if alone.any() else 0.0
    return {
        f"alone {name}": float(alone.mean()),
        f"last {name}": float(alone[3 * len(alone) // 4 :].mean()),
        f"wrong alone {name}": error,
        f"over {name}": float(error > target),
    }


def promised(record: Record, target: float) -> dict[str, float]:
    """How wrong what was stood behind is and can be, whether the promise was ever false, audits and alarms.

    *Opened* is after how many tasks the first was not sure to be asked; -1 if none was.
    """
    stood, name = record.stood, _name(target)
    opened = np.flatnonzero((record.modes == ACT) | (record.modes == AUDIT))
    answers = sum(ledger.answers for ledger in record.ledgers)
    return {
        f"error {name}": float(1.0 - record.right[stood].mean()) if stood.any() else 0.0,
        f"bound {name}": sum(ledger.bound for ledger in record.ledgers) / max(answers, 1),
        f"broken {name}": float(record.broken),
        f"audits {name}": float((record.modes == AUDIT).sum()),
        f"alarms {name}": float(sum(ledger.state not in ("alone", "shadow") for ledger in record.ledgers)),
        f"opened {name}": float(opened[0] + 1) if len(opened) else -1.0,
    }


def limits(right: npt.NDArray[np.bool_], probability: FloatArray, target: float) -> dict[str, float]:
    """What could be done alone if everything were learned from and nothing had to be audited.

    *Hindsight*: with the lowest fixed threshold on the probability at which at most T was wrong. *Oracle*: by one that
    knows which answers are wrong.
    """
    order = np.argsort(-probability, kind="stable")
    wrong = np.cumsum(~right[order])
    fine = np.flatnonzero(wrong <= target * np.arange(1, len(order) + 1))
    share = (int(fine[-1]) + 1) / len(order) if len(fine) else 0.0
    name = _name(target)
    return {f"hindsight {name}": share, f"oracle {name}": min(1.0, float(right.mean()) / (1.0 - target))}


def _checks(stage: Stage) -> dict[str, float]:
    streams, answers = (1, 1500) if stage.quick else (5, 6000)
    return {
        f"checks {_name(target)} T*{share}": ratio(target, share, streams, answers)
        for target in TARGETS
        for share in SHARES
    }


def _name(target: float) -> str:
    return f"{100 * target:g}%"


def _part(stage: Stage, number: int, rounds: int, count: int) -> Callable[[int, int], None] | None:
    """Progress of one of several rounds over a stream."""
    if stage.progress is None:
        return None
    return functools.partial(_told, stage.progress, number * count, rounds * count)


def _told(tell: Callable[[int, int], None], before: int, total: int, done: int, _: int) -> None:
    tell(before + done, total)


def _targets() -> tuple[Target, ...]:
    asked = {
        "banking77": ((0.71, 0.49, 0.25, 0.05), (0.85, 0.75, 0.52, 0.15)),
        "clinc150": ((0.75, 0.64, 0.42, 0.26), (0.90, 0.80, 0.60, 0.48)),
        "gla": ((0.25, 0.12), ()),
    }
    found = []
    for case, (whole, last) in asked.items():
        for target, bound in zip(TARGETS, whole, strict=False):
            text = f"{case.upper()}: share done alone at a target of {_name(target)}"
            found.append(Target(case, f"alone {_name(target)}", "at least", bound, text))
        for target, bound in zip(TARGETS, last, strict=False):
            text = f"{case.upper()}: the same on the last quarter, {_name(target)}"
            found.append(Target(case, f"last {_name(target)}", "at least", bound, text))
    for target in TARGETS:
        for share in SHARES:
            text = f"Checks beside the best fixed audit rate: T {_name(target)}, true error {share:g} T"
            found.append(Target(CHECKS, f"checks {_name(target)} T*{share}", "at most", 1.5, text))
    return tuple(found)


def _measures() -> tuple[Measure, ...]:
    found = []
    for target in TARGETS:
        name = _name(target)
        found += [
            Measure(f"alone {name}", f"alone at {name}", tolerance=0.03),
            Measure(f"last {name}", f"last quarter, {name}", tolerance=0.05),
            Measure(f"wrong alone {name}", f"wrong of it, {name}", "lower", 0.005, ".4f"),
            Measure(f"over {name}", f"above {name}", "lower", 0.2, ".2f"),
            Measure(f"broken {name}", f"ever above {name}", "lower", 0.2, ".2f"),
            Measure(f"hindsight {name}", f"hindsight, {name}"),
        ]
    return tuple(found)


SCENARIO = Scenario(
    id="autonomy",
    title="Work done alone at a guaranteed error",
    about=(
        "Tasks come one after the other. At a target error T and a confidence of 95%, each is asked, audited or done "
        "alone, and only what was asked or audited is learned from. Measured: the share of all tasks that is done "
        "alone (the number after *alone* is T), of the last quarter, which share of it was wrong, and whether that is "
        "more than T. *Hindsight*: what the best fixed threshold, chosen knowing all errors, would do alone if "
        "everything were learned from and nothing audited. CLINC150 comes with all 1,200 out-of-scope questions: in "
        "`clinc150` they are a declared option, in `clinc150-strict` any answer to them is wrong, and the teacher can "
        "only reject it. *quickstudy, threshold only*: the same learner with a "
        "threshold chosen on its first 300 answers and after, which audits nothing. TRACER plays at its README's own "
        "target, an agreement of 0.95, which is a T of 5%. *Ever above*: whether the promise was false at any answer "
        "given alone; for others than quickstudy from their 100th on. `constant-errors`: how many answers are checked "
        "in simulated streams, in units of "
        "what the same ledger needs at the best fixed rate. "
        "What plays is a whole `quickstudy.Learner` with its journal in memory, through `decide` and `teach`, with its "
        "ledgers, alarms and weights; coins come from a seeded key. The teacher answers at once and is right."
    ),
    cases=(*CASES, CHECKS),
    learners=("quickstudy", PLAIN, *playing("tracer")),
    seeds=10,
    settings={"version": 2, "encoder": "minilm", "targets": list(TARGETS), "confidence": 0.95},
    measures=_measures(),
    targets=_targets(),
    play=play,
    own_only=(CHECKS,),
    texts=False,
)
