"""The full loop: a learner decides, asks or is audited or acts, and learns only from what it asked or was audited on.

It is the public :class:`quickstudy.Learner` with a journal in memory, through ``decide``, ``teach`` and ``reject``,
with its ledgers, alarms and weights. A teacher answers at once and is always right; where no option is, it says so.
Invariants: a task's answer is shown only if the task was asked or audited; the same seed gives the same coins, so the
same record. Not here: thresholds (``threshold``), and what is measured (``scenario``).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

import numpy as np

from bench.autonomy.record import ACT, ASK, AUDIT, SHADOW, Record
from bench.autonomy.threshold import PlainThreshold
from bench.autonomy.worlds import World
from quickstudy.autonomy.coins import KEY_NAME
from quickstudy.job import Job
from quickstudy.learner import Learner
from quickstudy.types import Decision


def play(
    world: World,
    seed: int,
    *,
    target: float | None = None,
    threshold: PlainThreshold | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Record:
    """One stream, once.

    Args:
        world: the stream.
        seed: of the coins.
        target: the target error that the learner is given; without it, it asks about everything.
        threshold: decides in its place what is done alone.
        progress: told (done, all).
    """
    count = len(world)
    modes, right, probability = np.zeros(count, dtype=np.int8), np.zeros(count, dtype=bool), np.zeros(count)
    job = Job("work", None if world.open else world.names, target_error=target)
    promise = _Promise(target or 1.0)
    with seeded_ids(seed), Learner(job, encoder=world.encoder) as learner:
        seed_coins(learner, seed)
        for i in range(count):
            option, at = int(world.answers[i]), float(world.times[i])
            decision = learner.decide(world.situations[i], at=at)
            hit = option >= 0 and decision.answer == world.names[option]
            mode = threshold.rule(decision.probability) if threshold else mode_of(decision)
            promise.check(learner, mode, hit)
            if mode != ACT:
                if threshold:
                    threshold.settle(decision.probability, hit)
                if option >= 0:
                    learner.teach(decision, world.names[option], at=at)
                else:
                    learner.reject(decision, at=at)
            modes[i], right[i], probability[i] = mode, hit, decision.probability
            if progress and i % 50 == 49:
                progress(i + 1, count)
        account = learner.report().autonomy if target else None
    return Record(modes, right, probability, promise.broken, account.ledgers if account else ())


def mode_of(decision: Decision) -> int:
    """What became of a decision's task."""
    if decision.mode == "ask":
        return SHADOW if decision.reason == "shadow" else ASK
    return ACT if decision.alone else AUDIT


class _Promise:
    """Looks at every step whether the promise holds, as only somebody can who knows all answers.

    Args:
        target: T.

    Attributes:
        broken: whether it was false when an answer was given alone.
    """

    def __init__(self, target: float) -> None:
        self.broken = False
        self._target = target
        self._wrong = 0

    def check(self, learner: Learner, mode: int, hit: bool) -> None:
        """Counts the newest decision."""
        if mode == ASK:
            return
        answers = learner.standing.answers
        if answers == 1:  # the first of a new ledger: the promise is about the answers since
            self._wrong = 0
        self._wrong += not hit
        self.broken |= mode == ACT and self._wrong > self._target * answers


@contextmanager
def seeded_ids(seed: int) -> Iterator[None]:
    """While it lasts, learners here number their decisions: coins are made of ids, which are random otherwise."""
    ids = (f"{seed}-{number}" for number in itertools.count())
    with mock.patch("quickstudy.record.new_id", side_effect=ids):
        yield


def seed_coins(learner: Learner, seed: int) -> None:
    """Gives a learner that has decided nothing yet a key that is known; a journal makes a random one."""
    record = learner._record
    record.journal.set_meta(KEY_NAME, random.Random(seed).randbytes(32).hex())
    record.keeper.refold()
