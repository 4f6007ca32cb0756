"""The theorem of docs/guarantee.md, on many streams at once: the martingale has mean 1 and seldom passes 1/δ."""

import math

import numpy as np
import pytest

from quickstudy.autonomy.ledger import Ledger

STREAMS, STEPS, DELTA = 3000, 300, 0.05


def paths(errors, rates, *, seed=0, cheating=False):
    """log M at every step, (steps, streams): for errors and audit rates chosen from what happened before.

    Args:
        errors: (step, found) -> probability of an error, for found (streams,), the errors found so far.
        rates: (step, found) -> audit probability.
        seed: of errors and coins.
        cheating: whether audits avoid errors, which the theorem forbids.
    """
    generator = np.random.default_rng(seed)
    c = Ledger(1.0 - DELTA, 0.05).values
    alive = np.ones((STREAMS, len(c)), dtype=bool)
    exponents = np.zeros((STREAMS, len(c)))
    found = np.zeros(STREAMS)
    logs = np.zeros((STEPS, STREAMS))
    for step in range(STEPS):
        wrong = generator.random(STREAMS) < errors(step, found)
        q = np.broadcast_to(rates(step, found), STREAMS)
        coins = generator.random(STREAMS)
        audited = coins < np.where(wrong & cheating, 0.5 * q, q)
        alive &= c <= 0.98 * -np.log1p(-np.minimum(q, 1 - 1e-12))[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            cost = -np.log1p(np.expm1(-c) / q[:, None])
        step_value = c * wrong[:, None] - np.where((audited & wrong)[:, None], cost, 0.0)
        exponents = np.where(alive, exponents + step_value, -np.inf)
        found += audited & wrong
        peak = exponents.max(axis=1)
        logs[step] = peak + np.log(np.exp(exponents - peak[:, None]).mean(axis=1))
    return logs


ERRORS = {
    "always wrong": lambda step, found: np.ones(STREAMS),
    "rare": lambda step, found: np.full(STREAMS, 0.02),
    "wrong until found": lambda step, found: (found == 0).astype(float),
    "wrong in bursts": lambda step, found: np.full(STREAMS, float(step % 50 < 5)),
    "wrong once something was found": lambda step, found: np.minimum(1.0, 0.1 + 0.3 * found),
}
RATES = {
    "one half": lambda step, found: 0.5,
    "one in ten": lambda step, found: 0.1,
    "falling": lambda step, found: max(0.05, 1.0 - step / 100),
    "more after an error": lambda step, found: np.where(found > 0, 0.8, 0.2),
}


@pytest.mark.parametrize("rate", sorted(RATES))
@pytest.mark.parametrize("error", sorted(ERRORS))
def test_the_martingale_passes_one_over_delta_at_most_with_probability_delta(error, rate):
    logs = paths(ERRORS[error], RATES[rate])
    passed = (logs.max(axis=0) > -math.log(DELTA)).mean()
    assert passed <= DELTA + 4.5 * math.sqrt(DELTA * (1 - DELTA) / STREAMS)


def test_with_few_steps_its_mean_is_one():
    generator_means = [np.exp(paths(ERRORS["rare"], RATES["one half"], seed=s)[20]).mean() for s in range(3)]
    assert np.mean(generator_means) <= 1.05


@pytest.mark.parametrize("error", ["always wrong", "wrong in bursts"])
def test_audits_that_avoid_errors_break_it_by_a_wide_margin(error):
    logs = paths(ERRORS[error], RATES["one half"], cheating=True)
    assert (logs.max(axis=0) > -math.log(DELTA)).mean() > 0.3
