"""The ledger's ladder of c: each rung is a supermartingale, rungs are given up for good, earlier bounds count."""

from __future__ import annotations

import math

import numpy as np
import pytest

from quickstudy.autonomy.ledger import EDGE, Ledger, limit_of


def test_every_factor_has_mean_one_or_is_given_up() -> None:
    for q in (0.01, 0.05, 0.3, 0.9, 1.0):
        ledger = Ledger(0.95, 0.01)
        ledger.stand(q, audited=True)
        alive = np.isfinite(ledger.bounds())
        assert alive.sum() > 0
        assert np.all(ledger.values[alive] <= EDGE * limit_of(q))
        c = ledger.values[alive]
        s = -np.log1p(np.expm1(-c) / q)
        assert q * np.exp(c - s) + (1.0 - q) * np.exp(c) == pytest.approx(1.0)


def test_what_was_given_up_stays_given_up() -> None:
    ledger = Ledger(0.95, 0.01)
    ledger.stand(0.02, audited=False)
    few = np.isfinite(ledger.bounds()).sum()
    ledger.stand(1.0, audited=True)
    ledger.verdict(1.0, wrong=False)
    assert np.isfinite(ledger.bounds()).sum() == few < len(ledger.values)


def test_in_shadow_the_bound_is_what_was_found() -> None:
    ledger = Ledger()
    for i in range(300):
        ledger.stand(1.0, audited=True)
        ledger.verdict(1.0, wrong=i % 100 == 0)
    assert ledger.bound() == ledger.certain == 3
    assert ledger.allows(0.02)
    assert not ledger.allows(0.01)


def test_an_audit_without_a_verdict_counts_as_wrong() -> None:
    ledger = Ledger()
    for _ in range(40):
        ledger.stand(1.0, audited=True)
    assert ledger.bound() == 40
    for _ in range(40):
        ledger.verdict(1.0, wrong=False)
    assert ledger.bound() == 0


def test_a_low_audit_rate_raises_the_bound_by_no_more_than_one_an_answer() -> None:
    ledger = Ledger(0.95, 0.01)
    for _ in range(200):
        ledger.stand(1.0, audited=True)
        ledger.verdict(1.0, wrong=False)
    for i in range(30):
        ledger.stand(0.01, audited=False)
        assert ledger.bound() <= i + 1


def test_a_bound_that_gets_smaller_alone_is_the_mixtures() -> None:
    generator = np.random.default_rng(3)
    ledger = Ledger(0.95, 0.01)
    for _ in range(2000):
        audited = bool(generator.random() < 0.2)
        ledger.stand(0.2, audited=audited)
        if audited:
            ledger.verdict(0.2, wrong=bool(generator.random() < 0.02))
    bounds = ledger.bounds()
    alive = bounds[np.isfinite(bounds)]
    assert math.floor(alive[0]) == ledger.bound()
    assert np.all(np.diff(alive) > -1e-9)


@pytest.mark.parametrize("late", [0, 40])
@pytest.mark.parametrize("strategy", ["even", "burst", "falling"])
def test_no_more_is_wrong_than_the_bound_says(strategy: str, late: int) -> None:
    """Errors come where the bound is slack, or as audits get rare; verdicts may come late."""
    streams, broken = 150, 0
    for seed in range(streams):
        generator = np.random.default_rng([seed, late])
        ledger, wrong, over = Ledger(0.9, 0.05), 0, False
        waiting: list[tuple[float, bool]] = []
        for t in range(400):
            q = max(0.05, 1.0 - t / 200.0) if strategy == "falling" else float(generator.choice([0.1, 0.3, 0.6]))
            slack = ledger.bound() - wrong
            chance = {"even": 0.05, "burst": 0.3 if slack > 8 else 0.0, "falling": 0.1 if q < 0.2 else 0.0}[strategy]
            error = bool(generator.random() < chance)
            audited = bool(generator.random() < q)
            ledger.stand(q, audited=audited)
            wrong += error
            if audited:
                waiting.append((q, error))
            while len(waiting) > late:
                rate, was_wrong = waiting.pop(0)
                ledger.verdict(rate, wrong=was_wrong)
            over |= wrong > ledger.bound()
        broken += over
    assert broken <= 0.1 * streams + 2.0 * math.sqrt(0.1 * 0.9 * streams)


def test_a_ledger_comes_back_exactly() -> None:
    ledger = Ledger(0.9, 0.02)
    for i in range(100):
        ledger.stand(0.5, audited=i % 2 == 0)
        if i % 4 == 0:
            ledger.verdict(0.5, wrong=i % 20 == 0)
    twin = Ledger.restore(ledger.state())
    assert twin.bound() == ledger.bound()
    twin.verdict(0.5, wrong=False)
    ledger.verdict(0.5, wrong=False)
    assert all(np.array_equal(value, twin.state()[key]) for key, value in ledger.state().items())


def test_a_rate_below_the_smallest_is_refused() -> None:
    with pytest.raises(ValueError, match="audit probability"):
        Ledger(0.95, 0.1).stand(0.05, audited=False)
