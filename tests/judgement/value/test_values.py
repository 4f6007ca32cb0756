"""Which method speaks, and what both have in common."""

import numpy as np
import pytest

from quickstudy.judgement.value import StepValues

from .worlds import Line, Table, deep_sea


def taught(transitions, **keywords):
    values = StepValues(np.ones(1), **keywords)
    for transition in transitions:
        values.learn(transition)
    return values


def differences(values, transitions, *, ended):
    """Temporal-difference errors of a task, (steps,)."""
    steps = [transition.step for transition in transitions]
    means = [values.state(step.key, step.numbers, step.columns).mean for step in steps]
    after = np.append(means[1:], 0.0 if ended else np.nan)
    return np.array([step.rewards.sum() for step in steps]) + values.discount * after - means


def right_turns(length):
    world, generator = deep_sea(length), np.random.default_rng(0)
    return [world.transition(s, 1, generator)[0] for s in range(length)]


def test_the_table_speaks_where_situations_repeat_and_the_model_where_they_do_not():
    assert taught(Table.random(0).walk(100, 0)).speaks == "tabular"
    assert taught(Line.walk(100, 0)).speaks == "smooth"


def test_situations_without_numbers_are_never_planned_with():
    values = taught(Table.random(0, states=200).walk(100, 0))
    assert values.speaks == "tabular"


def test_a_rebuild_from_any_order_gives_the_settled_live_state():
    for walk in (Table.random(1, outcomes=3).walk(300, 1), Line.walk(300, 1)):
        live = taught(walk)
        live.settle()
        again = StepValues.rebuilt([walk[i] for i in np.random.default_rng(0).permutation(300)], np.ones(1))
        for transition in walk[::10]:
            step = transition.step
            one, two = (v.actions(step.key, step.numbers, step.columns) for v in (live, again))
            assert one.means == pytest.approx(two.means, abs=1e-8)
            assert one.bonus == pytest.approx(two.bonus, abs=1e-8)


def test_the_errors_of_what_went_as_expected_are_zero():
    turns = right_turns(6)
    values = taught(turns * 20)
    values.settle()
    assert differences(values, turns, ended=True) == pytest.approx(np.zeros(6), abs=1e-6)


def test_the_step_that_spoiled_it_has_the_largest_error():
    world, generator = deep_sea(6), np.random.default_rng(0)
    turns = right_turns(6)
    values = taught(turns * 20 + [world.transition(3, 0, generator)[0]] * 3)
    values.settle()
    spoiled = [*turns[:3], world.transition(3, 0, generator)[0], *turns]
    errors = differences(values, spoiled, ended=True)
    assert int(np.argmin(errors)) == 3


def test_a_task_that_still_runs_has_no_error_at_its_last_step():
    turns = right_turns(4)
    errors = differences(taught(turns * 5), turns, ended=False)
    assert np.isnan(errors[-1])
    assert not np.isnan(errors[:-1]).any()


@pytest.mark.parametrize("walk", [Table.random(1, outcomes=3).walk(200, 1), Line.walk(200, 1)], ids=["table", "line"])
def test_a_snapshot_gives_the_same_values(walk):
    live, copy = taught(walk), StepValues(np.ones(1))
    copy.restore(*live.arrays())
    assert copy.speaks == live.speaks
    for transition in walk[::20]:
        step = transition.step
        one, two = (v.actions(step.key, step.numbers, step.columns) for v in (live, copy))
        assert np.array_equal(one.means, two.means)
