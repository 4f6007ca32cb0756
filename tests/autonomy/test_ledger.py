"""The ledger against sums that are known, and against the prototype's formula."""

import math

import numpy as np
import pytest

from quickstudy.autonomy.ledger import Ledger


def filled(answers, wrong, q, *, seed=0, q_min=0.05):
    generator = np.random.default_rng(seed)
    ledger = Ledger(0.95, q_min)
    truly = 0
    for i in range(answers):
        is_wrong = i in wrong
        truly += is_wrong
        audited = bool(generator.random() < q)
        ledger.stand(q, audited=audited)
        if audited:
            ledger.verdict(q, wrong=is_wrong)
    return ledger, truly


def test_in_shadow_the_bound_is_the_number_of_errors():
    ledger, truly = filled(300, {5, 70}, 1.0)
    assert ledger.bound() == truly == 2
    assert ledger.unchecked == 0


def test_a_verdict_that_is_missing_counts_as_wrong():
    ledger = Ledger(0.95, 0.05)
    for _ in range(100):
        ledger.stand(1.0, audited=True)
    assert ledger.bound() == 100
    for _ in range(99):
        ledger.verdict(1.0, wrong=False)
    assert ledger.bound() == 1


def test_without_audits_everything_unchecked_can_be_wrong_at_first():
    ledger = Ledger(0.95, 0.1)
    for _ in range(10):
        ledger.stand(0.1, audited=False)
    assert ledger.bound() == 10


def test_clean_audits_at_a_fixed_rate_bound_the_unseen_errors_for_ever():
    ledger, _ = filled(3000, set(), 0.2, q_min=0.2)
    first = ledger.bound()
    more, _ = filled(9000, set(), 0.2, q_min=0.2)
    assert first == more.bound() <= 45


def test_the_search_for_the_bound_agrees_with_trying_every_number():
    generator = np.random.default_rng(1)
    ledger = Ledger(0.9, 0.05)
    for _ in range(400):
        q = float(generator.choice([1.0, 0.5, 0.2, 0.05]))
        audited = q == 1.0 or bool(generator.random() < q)
        ledger.stand(q, audited=audited)
        if audited and generator.random() < 0.9:
            ledger.verdict(q, wrong=bool(generator.random() < 0.1))
        tried = [k for k in range(ledger.unchecked + 1) if ledger._possible(k)]
        assert tried == list(range(len(tried)))
        assert ledger.bound() == ledger.certain + tried[-1]
        for target in (0.05, 0.2, 0.5):
            assert ledger.allows(target) == (ledger.bound() + 1 <= target * (ledger.answers + 1) + 1e-9)


def test_with_one_rate_the_mixture_is_the_formula():
    ledger, _ = filled(500, {3, 40, 41, 300}, 0.25, q_min=0.25)
    parts = 4.0 / 2.0 ** np.arange(len(ledger._spent))
    c = np.minimum(parts, 0.98 * -math.log(0.75))
    s = -np.log(1.0 - (1.0 - np.exp(-c)) / 0.25)

    def log_mixture(wrong):
        return math.log(np.mean(np.exp(c * wrong - s * ledger.errors)))

    bound = ledger.bound()
    assert log_mixture(bound) <= math.log(1 / 0.05) < log_mixture(bound + 1)


def test_rarely_audited_answers_do_not_spoil_what_often_audited_ones_showed():
    ledger, _ = filled(2000, set(), 0.5, q_min=0.02)
    before = ledger.bound()
    for _ in range(5):
        ledger.stand(0.02, audited=False)
    assert before < ledger.bound() <= before + 5


def test_a_probability_below_the_smallest_is_refused():
    with pytest.raises(ValueError, match="below"):
        Ledger(0.95, 0.1).stand(0.05, audited=True)
    with pytest.raises(ValueError, match="audited: False"):
        Ledger(0.95, 0.1).stand(1.0, audited=False)


def test_the_state_is_kept_exactly():
    ledger, _ = filled(500, {3, 40}, 0.3)
    copy = Ledger.restore(ledger.state())
    assert copy.bound() == ledger.bound()
    assert all(np.array_equal(copy.state()[key], value) for key, value in ledger.state().items())
