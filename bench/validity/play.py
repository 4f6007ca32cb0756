"""One stream against one gate: whether the promise was ever false while an answer was given alone."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

import numpy as np

from bench.validity.adversaries import Kind, View, delay
from bench.validity.gates import Subject


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a stream.

    Attributes:
        broken: whether, at some answer given alone, more than T of the answers that its ledger stood behind were wrong.
        bound_broken: whether at any time more answers were wrong than the bound said.
        alone: the share of tasks answered alone.
        worst: the largest share of wrong answers, in units of T, at any answer given alone; 0 without one.
        ledgers: how many ledgers there were.
    """

    broken: bool
    bound_broken: bool
    alone: float
    worst: float
    ledgers: int


def play_stream(kind: Kind, gate: Subject, target: float, tasks: int, seed: int, *, by_truth: bool = False) -> Outcome:
    """Plays one stream.

    Args:
        kind: the stream and its teacher.
        gate: the gate under test.
        target: T.
        tasks: how many.
        seed: of errors, delays and the teacher; the gate's coins are its own.
        by_truth: whether "wrong" is what is true rather than what the teacher says or would say.
    """
    generator = np.random.default_rng([seed, tasks])
    teacher = kind.teacher
    waiting: list[tuple[float, str, bool]] = []
    stood: dict[str, int] = {}
    wrong: dict[str, int] = {}
    is_open, found, ledger, alone, worst = False, 10**6, "", 0, 0.0
    broken = bound_broken = False
    for number in range(tasks):
        while waiting and waiting[0][0] <= number:
            _, id, right = heapq.heappop(waiting)
            gate.verdict(id, right)
            found = found if right else 0
        slack = target * stood.get(ledger, 0) - wrong.get(ledger, 0)
        task = kind.stream(View(number / tasks, target, is_open, slack, found), generator)
        is_wrong = bool(generator.random() < task.error)
        says_wrong = is_wrong != bool(teacher.errs and generator.random() < teacher.errs)
        ruled = gate.rule(number, task.probability)
        found += 1
        if ruled.stood:
            is_open, ledger = ruled.mode != "ask", ruled.ledger
            stood[ledger] = stood.get(ledger, 0) + 1
            wrong[ledger] = wrong.get(ledger, 0) + (is_wrong if by_truth else says_wrong)
            bound_broken |= wrong[ledger] > gate.bound(ledger)
        if ruled.mode == "act":
            alone += 1
            share = wrong[ledger] / stood[ledger] / target
            worst = max(worst, share)
            broken |= share > 1.0 + 1e-9
        else:
            when = delay(teacher, generator)
            if when == 0.0:
                gate.verdict(ruled.id, not says_wrong)
                found = 0 if says_wrong else found
            elif when < math.inf:
                heapq.heappush(waiting, (number + when, ruled.id, not says_wrong))
    return Outcome(broken, bound_broken, alone / tasks, worst, len(stood))
