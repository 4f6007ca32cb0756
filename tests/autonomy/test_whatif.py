"""What-if: the gate is played forward as it would be played."""

from pathlib import Path

import pytest

from autonomy.streams import colours, job, live
from quickstudy import Job, Learner
from quickstudy.autonomy.ledger import Ledger
from quickstudy.autonomy.policy import EVERY, Policy, Signals
from quickstudy.autonomy.segments import ledger_confidence
from quickstudy.autonomy.whatif import checked_targets, clean_audits
from quickstudy.errors import InputError, JobError


@pytest.fixture(scope="module")
def learner():
    with Learner(job()) as learner:
        live(learner, colours(300))
        yield learner


def test_prices_are_set_anew_as_often_as_the_gate_sets_them(learner, monkeypatch):
    count, priced = [], Policy._priced

    def counted(*given):
        count.append(given)
        return priced(*given)

    monkeypatch.setattr(Policy, "_priced", counted)
    learner.what_if(0.3)
    assert 300 // EVERY <= len(count) <= 300 // EVERY + 3


def test_audits_are_per_1000_tasks_and_not_per_day_while_the_journal_spans_less_than_a_week(learner):
    (forecast,) = learner.what_if(0.3)
    assert forecast.audits > 0
    assert forecast.audits_per_1000 == 1000 * forecast.audits / forecast.tasks
    assert forecast.audits_a_day is None


def test_audits_a_day_are_at_the_pace_of_the_last_week():
    with Learner(job()) as learner:
        live(learner, colours(50), at=-30 * 86_400.0)
        live(learner, colours(210), at=0.0)
        (forecast,) = learner.what_if(0.3)
        tasks = forecast.tasks
        assert forecast.audits_a_day == pytest.approx(210 / 7 * forecast.audits / tasks)
        learner.decide(next(iter(colours(1)))[0], at=6 * 86_400.0)
        (later,) = learner.what_if(0.3)
        assert later.audits_a_day == pytest.approx(211 / 7 * later.audits / (tasks + 1))


@pytest.mark.parametrize("target", [0.0, 1.0, 5e-324, 1e-7, 1 - 1e-9, True, "0.02", float("nan")])
def test_a_target_that_nobody_can_promise_is_refused(target):
    with pytest.raises(InputError, match="between 0 and 1"):
        checked_targets([0.02, target])
    with pytest.raises(JobError, match="between 0 and 1"):
        Job("route", ["a", "b"], target_error=target)


@pytest.mark.parametrize("target", ["0.02", b"2", object(), [], {}])
def test_what_is_no_target_at_all_is_refused(target):
    with pytest.raises(InputError, match="target"):
        checked_targets(target)


@pytest.mark.parametrize("target", [0.1, 0.05, 0.02])
def test_the_gate_opens_after_as_many_clean_audits_as_are_said(target):
    policy, ledger, sure = Policy(), Ledger(0.9625), Signals(0.99999, 1e-6, 0.0, 1.0)
    said = clean_audits(ledger, target)
    while not (plan := policy.plan(target, ledger)).open:
        score = policy.score(sure)
        if score >= plan.threshold:
            ledger.stand(1.0, audited=True)
            ledger.verdict(1.0, wrong=False)
        policy.saw(score, target, ledger)
        policy.learn(sure, score, True, 1.0)
    assert said <= ledger.answers <= said + EVERY
    assert clean_audits(ledger, target) == 0


def test_prices_bind_in_the_forecast_as_they_do_in_the_gate(learner):
    dear, limit = learner.what_if([0.3, 0.125])
    assert dear.share_alone > limit.share_alone
    try:
        learner.configure(price_wrong=8.0, price_ask=1.0, price_audit=0.0)
        dear, limit = learner.what_if([0.3, 0.125])
        assert dear.share_alone == limit.share_alone > 0.0
        learner.configure(price_audit=1000.0)
        assert learner.what_if(0.3)[0].share_alone == 0.0
    finally:
        learner.configure(price_wrong=None, price_ask=None, price_audit=None)


def test_the_page_on_the_guarantee_says_when_the_gate_opens():
    page = (Path(__file__).parents[2] / "docs" / "guarantee.md").read_text()
    fresh = Ledger(ledger_confidence(0.95, "1.0"))
    first, *rest = (clean_audits(fresh, target) for target in (0.1, 0.05, 0.02, 0.01))
    said = f"after {first} right answers in shadow at 10%, {rest[0]} at 5%, {rest[1]} at 2%, {rest[2]} at 1%"
    assert said in " ".join(page.split())
