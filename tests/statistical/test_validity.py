"""The guarantee against known truth: few streams of many kinds, and broken gates that fail the same test.

The thousand streams of each kind are the benchmark ``validity``. Seeds fix the errors, not the coins, which come from
random keys; the limits below leave room: each of these tests fails by chance less than once in 10,000 runs.
"""

import math

import numpy as np
import pytest
from bench.validity.adversaries import KINDS
from bench.validity.gates import OwnGate, PlainThreshold, RunningShare
from bench.validity.play import play_stream

TARGET = 0.1


def broken(kind, make, streams, tasks=400, **keywords):
    outcomes = [play_stream(KINDS[kind], make(), TARGET, tasks, seed, **keywords) for seed in range(streams)]
    return outcomes


def at_most(rate, streams):
    """The largest count that is not a miracle where the true rate is ``rate``."""
    return rate * streams + 4.5 * math.sqrt(rate * (1 - rate) * streams) + 1


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_promise_is_not_broken_more_often_than_it_says(kind):
    outcomes = broken(kind, lambda: OwnGate(TARGET, 0.95), 12)
    assert sum(outcome.broken for outcome in outcomes) <= at_most(0.05, 12)
    assert sum(outcome.bound_broken for outcome in outcomes) <= at_most(0.05, 12)


def test_it_does_answer_alone_where_that_is_safe():
    outcomes = broken("stationary", lambda: OwnGate(TARGET, 0.95), 10, 600)
    assert np.mean([outcome.alone for outcome in outcomes]) > 0.1


@pytest.mark.parametrize("make", [PlainThreshold, RunningShare])
def test_broken_gates_fail_the_same_test_by_a_wide_margin(make):
    for kind in ("sudden-drift", "bursts", "worse-model", "label-shift"):
        outcomes = broken(kind, lambda: make(TARGET), 40)
        assert sum(outcome.broken for outcome in outcomes) >= 25 > at_most(0.05, 40), kind


def test_a_gate_whose_coins_are_known_to_the_adversary_fails():
    """What the theorem assumes is needed: the same gate is broken by errors where the coin says no audit."""

    class Leaky(OwnGate):
        def rule(self, number, probability):
            ruled = super().rule(number, probability)
            self.last = ruled.mode
            return ruled

    failures = 0
    for _ in range(10):
        gate = Leaky(TARGET, 0.95)
        wrong = stood = 0
        for number in range(1200):
            ruled = gate.rule(number, 0.99)
            is_wrong = ruled.mode == "act"  # chosen after the coin
            stood += ruled.stood
            wrong += is_wrong
            if ruled.mode != "act":
                gate.verdict(ruled.id, True)
            elif wrong > TARGET * stood:
                failures += 1
                break
    assert failures >= 9
