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


def slow_bound(ledger, c, spent):
    """The largest number that a mixture over ``c`` does not refute, by trying all from above."""
    most = ledger.certain + ledger.unchecked
    for wrong in range(most, ledger.certain - 1, -1):
        exponents = c * wrong - spent
        if len(c) == 0 or math.log(np.exp(exponents).sum() / len(ledger.values)) <= -math.log1p(-ledger.confidence):
            return wrong
    return ledger.certain


def test_the_bound_is_the_smallest_of_all_mixtures_so_far_with_later_answers_added():
    generator = np.random.default_rng(1)
    ledger = Ledger(0.9, 0.05)
    entries = []  # q, audited, verdict
    waiting = []
    earlier = []  # number of answers, bound then

    def spent_now():
        total = np.zeros(len(ledger.values))
        for q, audited, wrong in entries:
            if audited and wrong is not False:
                with np.errstate(invalid="ignore", divide="ignore"):
                    total += -np.log1p(np.expm1(-ledger.values) / q)
        return total

    for _ in range(250):
        q = float(generator.choice([1.0, 0.5, 0.2, 0.1]))
        audited = q == 1.0 or bool(generator.random() < q)
        ledger.stand(q, audited=audited)
        entries.append([q, audited, None])
        if audited:
            waiting.append(len(entries))
        steps = (
            [None]
            if not waiting or generator.random() < 0.3
            else [None, waiting.pop(int(generator.integers(len(waiting))))]
        )
        for number in steps:
            if number is not None:
                wrong = bool(generator.random() < 0.1)
                entries[number - 1][2] = wrong
                ledger.verdict(entries[number - 1][0], wrong=wrong, number=number)
            alive = ledger.values <= 0.98 * min(np.inf if q == 1.0 else -math.log1p(-q) for q, _, _ in entries)
            earlier.append((len(entries), slow_bound(ledger, ledger.values[alive], spent_now()[alive])))
            expected = min(
                bound + sum(not (audited and wrong is False) for _, audited, wrong in entries[count:])
                for count, bound in earlier
            )
            assert ledger.bound() == expected


def test_a_verdict_on_an_answer_that_an_earlier_bound_was_about_does_not_lower_it():
    ledger = Ledger(0.95, 0.05)
    ledger.stand(1.0, audited=True)  # pending all along
    for _ in range(400):
        ledger.stand(0.5, audited=True)
        ledger.verdict(0.5, wrong=False)
        ledger.stand(0.5, audited=False)
    held = ledger.bound()
    for _ in range(2):
        ledger.stand(0.5, audited=True)
    assert ledger.bound() == held + 2
    ledger.verdict(0.5, wrong=True, number=802)
    ledger.verdict(1.0, wrong=False, number=1)
    assert ledger.bound() >= held + 1
    ledger.verdict(0.5, wrong=False, number=803)
    assert ledger.bound() <= held + 1


def test_a_target_is_allowed_while_one_more_wrong_answer_keeps_it():
    ledger, _ = filled(400, {3, 40}, 0.5)
    for target in (0.01, 0.05, 0.1, 0.3):
        assert ledger.allows(target) == (ledger.bound() + 1 <= target * (ledger.answers + 1) + 1e-9)
        assert ledger.allows(target, 100) == (max(ledger.bound(), ledger.certain + 100) + 1 <= target * 401 + 1e-9)


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
