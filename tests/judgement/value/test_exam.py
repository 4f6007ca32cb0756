"""The exam: plans are played out in the model, and those that do surely worse are not in force."""

from dataclasses import replace

import numpy as np
import pytest

from quickstudy.judgement.value import smooth
from quickstudy.judgement.value.exam import passed, scores
from quickstudy.judgement.value.plans import Stack
from quickstudy.judgement.value.smooth import Smooth

from .worlds import Line

OPTIONS = np.arange(2)


def learned(transitions):
    values = Smooth(np.ones(1), 0.95, seed=0)
    for transition in transitions:
        values.learn(transition)
    return values


def upside_down(plan):
    """A plan that takes the worst for the best: its values rise where they should fall."""
    return replace(plan, known=np.append(-plan.known[:-1], plan.known[-1]))


def test_a_plan_that_leads_the_wrong_way_fails_and_a_good_one_passes():
    values = learned(Line.walk(400, 0))
    good = values.plans[-1]
    starts = np.array([[0.2, 1.0], [0.5, 1.0], [0.6, 1.0]])
    found = scores(values.dynamics, [upside_down(good), good], starts, np.ones(1), 0.95)
    assert found[1] == pytest.approx([-9.0, -6.0, -5.0], abs=1.0)  # a step of 0.1 costs 1, and the line ends at 1
    assert found[0].max() < -30.0
    assert passed(found, 20.0, 5).tolist() == [1]


def test_plans_that_differ_by_chance_are_in_force_together():
    close = np.array([[10.0, 12.0, 9.0], [11.0, 9.0, 12.0], [2.0, 1.0, 2.0]])
    assert passed(close, 5.0, 5).tolist() == [0, 1]
    assert passed(close, 1_000.0, 5).tolist() == [0, 1, 2]
    assert passed(np.full((2, 3), 7.0), 0.0, 5).tolist() == [0, 1]


def test_seats_go_to_the_best_plans_not_to_the_newest():
    assert passed(np.array([[3.0], [1.0], [2.0], [2.0]]), 1_000.0, 2).tolist() == [0, 2]


def test_a_failing_plan_is_not_acted_on_but_goes_on_exploring(monkeypatch):
    walk = Line.walk(400, 0)
    values = learned(walk)
    before = values.plans
    honest = smooth.Plan.made
    monkeypatch.setattr(smooth.Plan, "made", lambda *seen: upside_down(honest(*seen)))
    values._plan(1.0)
    assert set(values.plans) <= set(before)
    assert values.plans
    assert values._newest not in values.plans
    for x in (0.25, 0.55, 0.85):
        assert np.argmax(values.actions(np.array([x, 1.0]), OPTIONS).means) == 1


def test_no_more_plans_than_seats_are_in_force():
    values = learned(Line.walk(900, 1))
    assert 1 < len(values.plans) <= smooth.SEATS


def test_several_plans_are_read_as_each_alone():
    values = learned(Line.walk(400, 2))
    here = np.random.default_rng(0).uniform(0, 1, (7, 2))
    together = Stack(values.plans).values(here)
    for place, plan in enumerate(values.plans):
        assert together[place] == pytest.approx(Stack([plan]).values(here)[0], abs=1e-9)


def test_tasks_begin_where_their_first_steps_were():
    walk = Line.walk(300, 3)
    values = Smooth(np.ones(1), 0.95, seed=0)
    for place, transition in enumerate(walk):
        values.keep(replace(transition, step=replace(transition.step, first=place % 50 == 0)))
    firsts = {tuple(walk[place].step.numbers) for place in range(0, 300, 50)}
    begun = values._beginnings(values._observed(1.0))
    assert {tuple(row) for row in begun} == firsts
