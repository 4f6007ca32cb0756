"""The autonomy benchmark: its scores on known records, its loop, its gates."""

from __future__ import annotations

import numpy as np
import pytest
from bench.autonomy.audits import checks
from bench.autonomy.loop import play
from bench.autonomy.record import ACT, ASK, AUDIT, SHADOW, Record
from bench.autonomy.scenario import SCENARIO, limits, promised, score
from bench.autonomy.threshold import PlainThreshold
from bench.autonomy.worlds import World

from quickstudy.autonomy.books import Book
from quickstudy.autonomy.policy import Plan, Policy
from quickstudy.perception import get_encoder


def clusters(count: int, options: int = 5, *, nothing_fits: float = 0.0, open_job: bool = False) -> World:
    """Arrays around one centre an option; a share of them far from all, which no option fits."""
    generator = np.random.default_rng(0)
    centres = generator.normal(size=(options + 1, 24))
    answers = generator.integers(0, options, count)
    answers[generator.random(count) < nothing_fits] = -1
    vectors = centres[answers] + 0.2 * generator.normal(size=(count, 24))
    names = tuple(f"option {i}" for i in range(options))
    encoder, times = get_encoder("static"), np.arange(count) + 1.6e9
    return World(names, list(vectors), encoder, encoder.encode(list(vectors)), answers, times, open_job)


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


def test_a_share_is_looked_at_from_the_hundredth_answer_alone_on() -> None:
    modes, right = np.full(400, ACT, dtype=np.int8), np.ones(400, dtype=bool)
    modes[::2] = ASK
    right[::2] = False  # asked: they do not count
    right[1:41:2] = False  # 20 of the first 100 alone
    assert Record(modes, right, np.ones(400)).ever_over(0.19)
    assert not Record(modes, right, np.ones(400)).ever_over(0.2)
    right[1:41:2], right[1:11:2] = True, False
    assert not Record(modes, right, np.ones(400)).ever_over(0.05)


def test_limits_are_what_a_threshold_in_hindsight_and_an_oracle_reach() -> None:
    right = np.array([True, True, False, True, False])
    found = limits(right, np.array([0.9, 0.8, 0.7, 0.6, 0.5]), 0.25)
    assert found["hindsight 25%"] == pytest.approx(0.8)
    assert found["oracle 25%"] == pytest.approx(0.8)


def test_an_easy_world_is_done_alone_and_the_promise_holds() -> None:
    record = play(clusters(800), 0, target=0.1)
    (ledger,) = record.ledgers
    measures = promised(record, 0.1)
    assert record.alone[600:].mean() > 0.5
    assert not record.broken
    assert ledger.answers == int(record.stood.sum())
    assert ledger.confidence == pytest.approx(0.9625)
    assert measures["audits 10%"] == (record.modes == AUDIT).sum() > 0
    assert measures["bound 10%"] == ledger.bound / ledger.answers
    assert measures["opened 10%"] == np.flatnonzero(record.modes >= AUDIT)[0] + 1
    assert measures["alarms 10%"] == 0.0


def test_the_same_seed_gives_the_same_coins() -> None:
    world = clusters(300)
    first, again, other = (play(world, seed, target=0.2) for seed in (0, 0, 1))
    assert (first.modes == again.modes).all()
    assert (first.probability == again.probability).all()
    assert (first.modes != other.modes).any()


def test_a_promise_that_is_broken_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    world = clusters(300)
    world.answers[150:] = (world.answers[150:] + 1) % len(world.names)  # and nobody looks
    monkeypatch.setattr(Book, "allows", lambda *ignored: True)
    monkeypatch.setattr(Policy, "plan", lambda *ignored: Plan(0.2, True))
    monkeypatch.setattr(Policy, "audit_rate", lambda *ignored: 0.01)
    assert play(world, 0, target=0.1).broken


def test_where_nothing_fits_nothing_is_taught_and_an_answer_alone_is_wrong() -> None:
    world = clusters(400, nothing_fits=0.3)
    record = play(world, 0)
    assert not record.right[world.answers < 0].any()
    assert record.right[world.answers >= 0][100:].mean() > 0.9


def test_where_nothing_fits_the_teacher_says_so_and_the_gate_learns_not_to_stand_behind_such_answers() -> None:
    world = clusters(300, nothing_fits=0.3)
    record = play(world, 0, target=0.1)
    nothing = world.answers < 0
    assert sum(ledger.pending for ledger in record.ledgers) == 0
    assert record.stood[~nothing].mean() > 0.4
    assert record.stood[nothing].mean() < 0.1


def test_without_a_target_everything_is_asked() -> None:
    assert not play(clusters(200), 0).alone.any()


def test_an_open_world_begins_without_options() -> None:
    record = play(clusters(300, open_job=True), 0, target=0.2)
    assert record.modes[0] == ASK
    assert not record.right[0]
    assert record.right[100:].mean() > 0.8


def test_a_plain_threshold_asks_first_and_then_audits_nothing() -> None:
    record = play(clusters(200), 0, threshold=PlainThreshold(0.1, validation=40))
    assert not record.alone[:40].any()
    assert record.alone[60:].mean() > 0.9
    assert AUDIT not in record.modes


def test_a_plain_threshold_is_the_lowest_that_was_right_often_enough() -> None:
    threshold = PlainThreshold(0.1, validation=40)
    for probability in np.random.default_rng(1).random(40):
        assert threshold.rule(probability) == ASK
        threshold.settle(probability, bool(probability > 0.5))
    assert [threshold.rule(p) for p in (0.4, 0.55)] == [ASK, ACT]


def test_a_fixed_rate_checks_everything_until_it_may_act() -> None:
    assert checks(0.001, 0.1, 0, 0.5, answers=500) == 500
    assert 400 < checks(0.1, 0.1, 0, 0.5, answers=1000) < 800
    assert checks(0.1, 0.1, 0, None, answers=1000) < 500


def test_the_figures_of_the_issue_are_targets() -> None:
    bounds = {(target.case, target.key): target.bound for target in SCENARIO.targets}
    assert bounds["banking77", "alone 10%"] == 0.71
    assert bounds["clinc150", "last 1%"] == 0.48
    assert bounds["gla", "alone 5%"] == 0.12
