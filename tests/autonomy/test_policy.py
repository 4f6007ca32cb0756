"""The policy: scores that are probabilities, prices that keep within the target, a state that comes back."""

from __future__ import annotations

import math

import numpy as np
import pytest

from quickstudy.autonomy.ledger import Ledger
from quickstudy.autonomy.policy import Policy, Signals, audit_rates, costs


def signals(probability: float, **others: float) -> Signals:
    given = {"runner_up": (1.0 - probability) / 2.0, "novelty": 0.3, "agreement": 0.8, **others}
    return Signals(probability, **given)


def lived(
    policy: Policy, ledger: Ledger, target: float, count: int, seed: int = 0, *, overconfident: bool = False
) -> dict[str, float]:
    """A stream of decisions whose probabilities are true (or too high), through ledger and policy."""
    generator = np.random.default_rng(seed)
    alone = wrong = audits = 0
    broken = False
    for _ in range(count):
        probability = 1.0 - generator.beta(0.3, 3.0)
        right = generator.random() < (probability**3 if overconfident else probability)
        said = signals(probability)
        score = policy.score(said)
        plan = policy.plan(target, ledger)
        q = 1.0
        if score >= plan.threshold:
            q = policy.audit_rate(score, target, ledger) if plan.open else 1.0
            audited = generator.random() < q
            ledger.stand(q, audited=audited)
            wrong += not right
            if audited:
                ledger.verdict(q, wrong=not right)
            audits += audited and plan.open
            alone += not audited
            broken |= not audited and wrong > target * ledger.answers
            if audited:
                policy.learn(said, score, right, q)
        else:
            policy.learn(said, score, right, 1.0)
        policy.saw(score, target, ledger)
    return {"alone": alone / count, "audits": audits, "broken": broken, "wrong": wrong, "answers": ledger.answers}


def test_an_untaught_policy_stands_behind_little_and_is_closed() -> None:
    plan = Policy().plan(0.02, Ledger())
    assert not plan.open
    assert plan.threshold == pytest.approx(0.98)


def test_the_score_rises_with_the_probability_and_lies_between_0_and_1() -> None:
    scores = [Policy().score(signals(p)) for p in (0.0, 0.2, 0.5, 0.9, 1.0)]
    assert scores == sorted(scores)
    assert 0.0 < scores[0] < scores[-1] < 1.0


def test_overconfident_probabilities_become_honest_scores() -> None:
    policy = Policy()
    generator = np.random.default_rng(1)
    expected, happened = [], []
    for i in range(4000):
        probability = 1.0 - generator.beta(0.5, 2.0)
        right = bool(generator.random() < probability**3)
        said = signals(probability)
        score = policy.score(said)
        if i >= 2000:
            expected.append(score)
            happened.append(right)
        policy.learn(said, score, right, 1.0)
    assert abs(np.mean(expected) - np.mean(happened)) < 0.03
    sure = np.array(expected) > 0.9
    assert abs(np.mean(np.array(expected)[sure]) - np.mean(np.array(happened)[sure])) < 0.04


def test_audited_verdicts_count_by_one_over_their_propensity() -> None:
    """What is right is rarely looked at; unweighted, answers would look worse than they are."""
    generator = np.random.default_rng(2)
    all_seen, audited_only, unweighted = Policy(), Policy(), Policy()
    for _ in range(20_000):
        sure = generator.random() < 0.5
        said = signals(0.9, novelty=0.2 if sure else 0.6)
        right = bool(generator.random() < (0.8 if sure else 0.6))
        q = 0.1 if right else 1.0
        audited = generator.random() < q
        all_seen.learn(said, 0.0, right, 1.0)
        if audited:
            audited_only.learn(said, 0.0, right, q)
            unweighted.learn(said, 0.0, right, 1.0)
    said = signals(0.9, novelty=0.2)
    assert audited_only.score(said) == pytest.approx(all_seen.score(said), abs=0.04)
    assert unweighted.score(said) < all_seen.score(said) - 0.2


def test_audit_rates_are_the_cheapest_ones() -> None:
    c, price = 0.1, 4.0
    errors = np.array([0.001, 0.01, 0.1, 0.4])
    best = audit_rates(errors, c, price)
    for error, rate in zip(errors, best, strict=True):
        tried = np.linspace(1.5 * -math.expm1(-c), 1.0, 2000)
        cheapest = tried[np.argmin(tried + price * error * costs(tried, c) / c)]
        assert rate == pytest.approx(cheapest, abs=0.01)


def test_doubtful_answers_are_audited_more_often() -> None:
    policy, ledger = Policy(), Ledger()
    lived(policy, ledger, 0.1, 2000)
    assert policy.plan(0.1, ledger).open
    rates = [policy.audit_rate(score, 0.1, ledger) for score in (0.999, 0.97, 0.9, 0.7)]
    assert rates == sorted(rates)
    assert ledger.q_min <= rates[0] < rates[-1] <= 1.0


def test_most_is_done_alone_where_little_is_wrong_and_the_audit_rate_falls() -> None:
    policy, ledger = Policy(), Ledger()
    first = lived(policy, ledger, 0.1, 3000)
    second = lived(policy, ledger, 0.1, 3000, seed=1)
    assert second["alone"] > first["alone"] > 0.5
    assert second["audits"] < first["audits"]


@pytest.mark.parametrize("overconfident", [False, True])
def test_the_promise_holds_while_it_answers_alone(overconfident: bool) -> None:
    outcomes = [lived(Policy(), Ledger(), 0.05, 1500, seed, overconfident=overconfident) for seed in range(20)]
    assert sum(outcome["broken"] for outcome in outcomes) <= 3


def test_no_target_is_answered_alone_at_when_too_much_is_wrong() -> None:
    outcome = lived(Policy(), Ledger(), 0.005, 1500)
    assert outcome["alone"] < 0.2
    assert outcome["wrong"] <= 0.02 * max(outcome["answers"], 100.0)


def test_asking_about_another_target_changes_nothing() -> None:
    policy, ledger = Policy(), Ledger()
    lived(policy, ledger, 0.05, 1000)
    before = policy.plan(0.05, ledger), policy.audit_rate(0.95, 0.05, ledger)
    strict, loose = policy.plan(0.01, ledger), policy.plan(0.2, ledger)
    assert strict.threshold >= loose.threshold
    assert (policy.plan(0.05, ledger), policy.audit_rate(0.95, 0.05, ledger)) == before


def test_a_state_comes_back_exactly() -> None:
    policy, ledger = Policy(), Ledger()
    lived(policy, ledger, 0.05, 1000)
    other = Policy()
    other.restore(policy.state())
    twin = Ledger.restore(ledger.state())
    assert lived(other, twin, 0.05, 500, 9) == lived(policy, ledger, 0.05, 500, 9)
    assert all(np.array_equal(value, other.state()[key]) for key, value in policy.state().items())
    assert twin.bound() == ledger.bound()


def test_signals_survive_the_journal() -> None:
    said = signals(0.7, new=0.1)
    assert Signals.from_dict(said.to_dict()) == said
    assert Signals.from_dict({"probability": 0.5}) == Signals(0.5, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("q_min", [0.005, 0.2, 0.8, 1.0])
def test_no_rate_is_below_the_smallest_that_the_ledger_allows(q_min: float) -> None:
    policy, ledger = Policy(), Ledger(0.95, q_min)
    outcome = lived(policy, ledger, 0.2, 800)
    assert all(q_min <= policy.audit_rate(score, 0.2, ledger) <= 1.0 for score in (0.5, 0.9, 0.9999))
    assert (outcome["alone"] > 0.0) == (q_min < 1.0)
