"""Values where situations repeat, against exact solutions."""

import numpy as np
import pytest

from quickstudy.judgement.value.tabular import Tabular

from .worlds import Table, deep_sea

DISCOUNT = 0.9


def taught(transitions, terms=1, weights=None, discount=DISCOUNT):
    values = Tabular(np.ones(terms) if weights is None else np.asarray(weights), discount)
    for transition in transitions:
        values.learn(transition)
    return values


def counted(transitions, terms=1, weights=None):
    values = Tabular(np.ones(terms) if weights is None else np.asarray(weights), DISCOUNT)
    for transition in transitions:
        values.count(transition)
    values.settle()
    return values


def means(values, world):
    return np.array([values.actions(str(s), np.arange(world.options)).means for s in range(world.states)])


@pytest.mark.parametrize("seed", range(3))
def test_the_values_of_a_world_that_is_always_the_same_are_exact(seed):
    world = Table.random(seed)
    values = counted(world.walk(1_000, seed))
    assert means(values, world) == pytest.approx(world.values(np.ones(1), DISCOUNT), abs=1e-7)


def test_the_values_of_a_world_of_chance_come_near():
    world = Table.random(0, states=5, options=2, outcomes=3)
    values = counted(world.walk(20_000, 0))
    assert means(values, world) == pytest.approx(world.values(np.ones(1), DISCOUNT), abs=0.15)


def test_the_settled_state_depends_on_the_set_alone():
    world = Table.random(1, outcomes=3)
    walk = world.walk(500, 1)
    live, other = taught(walk), Tabular(np.ones(1), DISCOUNT)
    for place in np.random.default_rng(0).permutation(len(walk)):
        other.count(walk[place])
    live.settle()
    other.settle()
    for s in range(world.states):
        one, two = (values.actions(str(s), np.arange(3)) for values in (live, other))
        for name in ("means", "sds", "bonus"):
            assert getattr(one, name) == pytest.approx(getattr(two, name), abs=1e-8)


def test_terms_are_kept_apart_and_add_up_under_the_weights():
    world, weights = Table.random(2, terms=3), np.array([1.0, -0.5, 2.0])
    values = counted(world.walk(1_000, 2), terms=3, weights=weights)
    estimate = values.state("0", np.arange(3))
    assert estimate.terms @ weights == pytest.approx(estimate.mean, abs=1e-6)
    assert estimate.mean == pytest.approx(world.values(weights, DISCOUNT)[0].max(), abs=1e-6)


def test_other_weights_need_no_new_experience():
    world = Table.random(3, terms=2)
    values = counted(world.walk(1_000, 3), terms=2, weights=[1.0, 0.0])
    values.weights = np.array([0.0, 1.0])
    values.settle()
    assert means(values, world) == pytest.approx(world.values(np.array([0.0, 1.0]), DISCOUNT), abs=1e-6)


def test_hope_finds_what_chance_would_not():
    world, generator = deep_sea(12), np.random.default_rng(0)
    values, s, found = Tabular(np.ones(1), 0.99), 0, False
    for _ in range(500):  # by chance: 2 ** 12 tries
        transition, s = world.transition(s, values.choose(str(s), np.arange(2), generator), generator)
        values.learn(transition)
        if s == world.states:
            found, s = True, 0
    assert found
    values.settle()
    assert [values.best(str(s), np.arange(2)) for s in range(world.states)] == [1] * world.states


def test_experience_makes_sure():
    world = Table.random(4, outcomes=3)
    few, many = counted(world.walk(100, 4)), counted(world.walk(3_000, 4))
    assert many.state("0", np.arange(3)).sd < few.state("0", np.arange(3)).sd
    assert many.actions("0", np.arange(3)).bonus.max() < few.actions("0", np.arange(3)).bonus.max()


def test_the_same_situation_with_other_options_is_another_state():
    world = Table.random(0)
    values = taught(world.walk(100, 0))
    assert values.known("0", np.arange(3))
    assert not values.known("0", np.arange(2))


def test_reading_changes_nothing():
    world, generator = Table.random(5, outcomes=2), np.random.default_rng(0)
    values = taught(world.walk(200, 5))
    before, document = values.arrays()
    for s in (*range(world.states), "never seen"):
        values.state(str(s), np.arange(3))
        values.actions(str(s), np.arange(3))
        values.choose(str(s), np.arange(3), generator)
    after, same = values.arrays()
    assert document == same
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_snapshot_goes_on_as_the_original():
    world = Table.random(6, outcomes=2)
    walk = world.walk(400, 6)
    original = taught(walk[:200])
    copy = Tabular(np.ones(1), DISCOUNT)
    copy.restore(*original.arrays())
    for transition in walk[200:]:
        original.learn(transition)
        copy.learn(transition)
    assert np.array_equal(means(original, world), means(copy, world))
