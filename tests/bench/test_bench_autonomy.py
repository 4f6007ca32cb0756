"""The autonomy benchmark: its scores on known records, its loop, its gates."""

from __future__ import annotations

import numpy as np
import pytest
from bench.autonomy.audits import checks
from bench.autonomy.gates import OwnGate, PlainThreshold
from bench.autonomy.loop import ACT, ASK, AUDIT, SHADOW, AskAlways, Record, play
from bench.autonomy.scenario import SCENARIO, limits, score
from bench.autonomy.worlds import World

from quickstudy.autonomy.policy import Signals


def clusters(count: int, options: int = 5, *, nothing_fits: float = 0.0, open_job: bool = False) -> World:
    """Situations around one centre an option; a share of them far from all, which no option fits."""
    generator = np.random.default_rng(0)
    centres = generator.normal(size=(options + 1, 24))
    answers = generator.integers(0, options, count)
    answers[generator.random(count) < nothing_fits] = -1
    vectors = centres[answers] + 0.2 * generator.normal(size=(count, 24))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    descriptions = (centres / np.linalg.norm(centres, axis=1, keepdims=True))[:options]
    names = tuple(f"option {i}" for i in range(options))
    return World(
        names, vectors.astype(np.float32), answers, np.arange(count) + 1.6e9, descriptions.astype(np.float32), open_job
    )


def test_shares_and_errors_are_those_of_the_record() -> None:
    record = Record(
        np.array([ASK, SHADOW, ACT, AUDIT, ACT, ACT, ACT, ASK], dtype=np.int8),
        np.array([False, True, True, False, True, True, False, True]),
        np.full(8, 0.5),
    )
    measures = score(record, 0.1)
    assert measures["alone 10%"] == 0.5
    assert measures["last 10%"] == 0.5
    assert measures["wrong alone 10%"] == 0.25
    assert measures["over 10%"] == 1.0
    assert score(record, 0.3)["over 30%"] == 0.0
    assert record.stood.sum() == 6


def test_limits_are_what_a_threshold_in_hindsight_and_an_oracle_reach() -> None:
    right = np.array([True, True, False, True, False])
    found = limits(right, np.array([0.9, 0.8, 0.7, 0.6, 0.5]), 0.25)
    assert found["hindsight 25%"] == pytest.approx(0.8)
    assert found["oracle 25%"] == pytest.approx(0.8)


def test_an_easy_world_is_done_alone_and_the_promise_holds() -> None:
    world = clusters(800)
    gate = OwnGate(0.1, 0)
    record = play(world, gate)
    assert record.alone[600:].mean() > 0.5
    assert not gate.broken
    assert gate.ledger.answers == int(record.stood.sum())


def test_where_nothing_fits_nothing_is_taught_and_an_answer_alone_is_wrong() -> None:
    world = clusters(400, nothing_fits=0.3)
    record = play(world, AskAlways())
    assert not record.right[world.answers < 0].any()
    assert record.right[world.answers >= 0][100:].mean() > 0.9


def test_an_open_world_begins_without_options() -> None:
    record = play(clusters(300, open_job=True), OwnGate(0.2, 0))
    assert record.modes[0] == ASK
    assert not record.right[0]
    assert record.right[100:].mean() > 0.8


def test_a_plain_threshold_asks_first_and_then_audits_nothing() -> None:
    gate = PlainThreshold(0.1, validation=40)
    generator = np.random.default_rng(1)
    modes = []
    for _ in range(200):
        probability = float(generator.random())
        signals = Signals(probability, 0.0, 0.0, 1.0)
        modes.append(gate.rule(signals))
        gate.settle(signals, modes[-1], probability > 0.5)
    assert set(modes[:40]) == {ASK}
    assert set(modes[40:]) == {ASK, ACT}


def test_a_fixed_rate_checks_everything_until_it_may_act() -> None:
    assert checks(0.001, 0.1, 0, 0.5, answers=500) == 500
    assert 400 < checks(0.1, 0.1, 0, 0.5, answers=1000) < 800
    assert checks(0.1, 0.1, 0, None, answers=1000) < 500


def test_the_figures_of_the_issue_are_targets() -> None:
    bounds = {(target.case, target.key): target.bound for target in SCENARIO.targets}
    assert bounds["banking77", "alone 10%"] == 0.71
    assert bounds["clinc150", "last 1%"] == 0.48
    assert bounds["gla", "alone 5%"] == 0.12
