"""Early stop: what fires, what is let run, and what is promised."""

import numpy as np
import pytest

from quickstudy.autonomy.coins import new_key
from quickstudy.autonomy.stopping import FEWEST, Stopping
from quickstudy.journal import Event, new_id


class Work:
    """Simulated tasks: a hopeless one falls to 0.03 at some step, noise is added, and the rule is asked at each."""

    def __init__(self, seed, rate=0.05, lies=0.0):
        self.draw, self.rate, self.lies = np.random.default_rng(seed), rate, lies
        self.stopping = Stopping("me", new_key())
        self.tasks = self.wrong = self.steps_of_failing = self.saved = 0
        self.broken = False

    def event(self, **fields):
        self.stopping.fold([Event(kind="task", clock=0, node="me", at=0.0, task_id=str(self.tasks), **fields)])

    def task(self, length=30):
        good = bool(self.draw.random() < 0.5)
        looks_bad = self.draw.random() < self.lies if good else True
        path = np.full(length, 0.7)
        if looks_bad:
            path[int(self.draw.integers(2, length // 2)) :] = 0.03
        path += self.draw.normal(0, 0.05, length)
        self.tasks += 1
        stopped, fired = None, False
        for k in range(length):
            id = new_id()
            ruling = None if fired else self.stopping.rule(id, float(path[k]), self.rate)
            if ruling is not None:
                fired = True
                mode = "ask" if ruling.given_up else "audit"
                self.event(id=id, step=k, mode=mode, propensity=ruling.q, coin=ruling.coin)
                if ruling.given_up:
                    stopped = k
                    self.wrong += good
                    self.broken |= self.wrong > self.rate * self.tasks
                    break
        self.steps_of_failing += length * (not good)
        self.saved += 0 if good or stopped is None else length - stopped
        lowest = float(path[: length if stopped is None else stopped + 1].min())
        self.event(id=new_id(), step=length, correct=good if stopped is None else None, data={"lowest": lowest})


def worked(tasks, **keywords):
    work = Work(**keywords)
    for _ in range(tasks):
        work.task()
    return work


def test_it_saves_most_of_hopeless_tasks_and_keeps_the_rate():
    work = worked(600, seed=0)
    before = work.saved, work.steps_of_failing
    for _ in range(400):
        work.task()
    assert (work.saved - before[0]) / (work.steps_of_failing - before[1]) > 0.4
    assert work.wrong <= 0.05 * work.tasks


def test_nothing_is_given_up_before_enough_tasks_have_succeeded():
    work = Work(seed=0)
    while work.stopping.threshold(0.05) is None:
        work.task()
    assert FEWEST <= work.tasks < 4 * FEWEST
    assert work.stopping.report().fired == 0


def test_at_first_hopeless_tasks_are_let_run_to_check():
    work = worked(80, seed=0, rate=0.02)
    report = work.stopping.report()
    assert report.fired == report.checked > 5
    assert report.given_up == 0


def test_the_rate_is_kept_where_values_lie():
    broken = [worked(400, seed=seed, rate=0.1, lies=0.3).broken for seed in range(20)]
    assert sum(broken) <= 3


def test_a_rule_without_the_ledger_breaks_the_rate_where_values_lie(monkeypatch):
    monkeypatch.setattr(Stopping, "_probability", lambda self, rate: 0.1)
    monkeypatch.setattr(Stopping, "threshold", lambda self, rate: 0.3)
    assert worked(400, seed=0, rate=0.1, lies=0.3).broken


def test_what_is_let_run_and_never_told_counts_as_wrong():
    stopping = Stopping("me", new_key())
    stopping.fold([Event(id="a", kind="task", clock=0, node="me", at=0.0, task_id="t", mode="audit", propensity=1.0)])
    assert (stopping.report().pending, stopping.report().bound) == (1, 1)
    stopping.fold([Event(id="b", kind="task", clock=0, node="me", at=0.0, task_id="t", step=3)])
    assert stopping.report().pending == 1


def test_other_learners_tasks_do_not_count():
    stopping = Stopping("me", new_key())
    stopping.fold([Event(id="a", kind="task", clock=0, node="you", at=0.0, task_id="t", mode="audit", propensity=1.0)])
    assert stopping.report().fired == 0


def test_the_bound_outlives_forgetting():
    stopping, forgetful = Stopping("me", key := new_key()), Stopping("me", key)
    kept = {"kind": "task", "clock": 0, "node": "me", "at": 0.0, "task_id": "t"}
    stopping.fold([Event(id="a", mode="audit", propensity=1.0, **kept), Event(id="b", step=3, correct=True, **kept)])
    forgetful.fold(
        [
            Event(id="a", mode="audit", propensity=1.0, forgotten=True, **kept),
            Event(id="b", step=3, correct=True, forgotten=True, **kept),
        ]
    )
    assert forgetful.report() == stopping.report()
    assert stopping.report().wrong == 1


@pytest.mark.parametrize("possible", [None, 0.9])
def test_it_does_not_fire_where_success_is_likely_or_not_known(possible):
    work = worked(100, seed=1)
    assert work.stopping.rule("id", possible, 0.05) is None
