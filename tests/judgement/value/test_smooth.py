"""Planning in a learned model of the world, where situations are numbers."""

import numpy as np
import pytest

from quickstudy.judgement.value import dynamics, smooth
from quickstudy.judgement.value.dynamics import Dynamics, Observed
from quickstudy.judgement.value.smooth import Smooth

from .worlds import Line

OPTIONS = np.arange(2)


def swinging(count, seed):
    """A pendulum's angle and speed under two torques; it ends beyond an angle of 1."""
    generator = np.random.default_rng(seed)
    before = np.stack([generator.uniform(-1, 1, count), generator.uniform(-2, 2, count)], axis=1)
    column = generator.integers(2, size=count)
    speed = before[:, 1] + 0.1 * np.sin(before[:, 0]) + 0.05 * (2 * column - 1)
    after = np.stack([before[:, 0] + 0.1 * speed, speed], axis=1)
    return Observed(before, column, -np.square(before[:, :1]), after, np.abs(after[:, 0]) > 1)


def learned(transitions):
    values = Smooth(np.ones(1), 0.95, seed=0)
    for transition in transitions:
        values.keep(transition)
    values.settle()
    return values


def test_the_model_foretells_changes_rewards_and_ends():
    model, unseen = Dynamics.fitted(swinging(600, 0), seed=0), swinging(300, 1)
    imagined, every = model.imagine(model.standardised(unseen.before)), np.arange(300)
    after = imagined.after[unseen.column, every] * model.scale + model.centre
    assert np.abs(after - unseen.after)[~unseen.ended].max() < 0.01
    assert np.abs(imagined.rewards[unseen.column, every] - unseen.rewards).max() < 0.01
    assert ((imagined.ends[unseen.column, every] > 0.5) == unseen.ended).mean() > 0.97


def test_the_unfamiliar_is_what_was_not_seen():
    model = Dynamics.fitted(swinging(600, 0), seed=0)
    seen, far = (model.imagine(np.array([[z, z]])).unfamiliar for z in (0.0, 8.0))
    assert seen.max() < 0.05
    assert far.min() > 0.9


def test_the_values_on_a_line_are_near_the_exact_ones():
    values = learned(Line.walk(600, 0))
    for x in (0.25, 0.55, 0.85):
        steps = int(np.floor((1.0 - x) / 0.1)) + 1
        exact = -(1.0 - 0.95**steps) / (1.0 - 0.95)
        estimate = values.state(np.array([x, 1.0]), OPTIONS)
        assert estimate.mean == pytest.approx(exact, abs=0.6)
        assert estimate.terms[0] == pytest.approx(exact, abs=0.6)
        assert np.argmax(values.actions(np.array([x, 1.0]), OPTIONS).means) == 1


def test_the_plan_depends_on_the_set_alone():
    walk = Line.walk(300, 1)
    one = learned(walk)
    two = learned([walk[place] for place in np.random.default_rng(0).permutation(300)] + walk[:50])
    for x in np.linspace(0, 1, 7):
        here = np.array([x, 1.0])
        assert np.array_equal(one.actions(here, OPTIONS).means, two.actions(here, OPTIONS).means)
        assert np.array_equal(one.actions(here, OPTIONS).bonus, two.actions(here, OPTIONS).bonus)


def test_the_sample_is_bounded_and_depends_on_the_set_alone(monkeypatch):
    monkeypatch.setattr(smooth, "GOING", 100)
    walk = Line.walk(400, 2)
    one, two = learned(walk), learned(walk[::-1])
    assert len(one._going.rows) == 100
    assert set(one._going.rows) == set(two._going.rows)


def test_an_option_that_was_never_tried_is_hoped_for():
    values = learned([t for t in Line.walk(300, 3) if t.step.column == 1])
    found = values.actions(np.array([0.5, 1.0]), OPTIONS)
    assert found.means[0] < found.means[1]
    assert found.means[0] + found.bonus[0] > found.means[1] + found.bonus[1]


def test_a_snapshot_goes_on_as_the_original():
    walk = Line.walk(300, 4)
    original, copy = Smooth(np.ones(1), 0.95, seed=0), Smooth(np.ones(1), 0.95, seed=0)
    for transition in walk[:120]:
        original.learn(transition)
    copy.restore(*original.arrays())
    here = np.array([0.4, 1.0])
    assert np.array_equal(original.actions(here, OPTIONS).means, copy.actions(here, OPTIONS).means)
    for transition in walk[120:]:
        original.learn(transition)
        copy.learn(transition)
    assert np.array_equal(original.actions(here, OPTIONS).means, copy.actions(here, OPTIONS).means)


def test_numbers_that_never_change_do_no_harm_and_neither_does_a_world_of_ends():
    values = Smooth(np.ones(1), 0.95, seed=0)
    for i in range(80):
        transition, _ = Line.transition(0.99, 1, float(i))
        values.learn(transition)
    assert values.plans == ()
    assert values.choose(np.array([0.5, 1.0]), OPTIONS, np.random.default_rng(0)) in (0, 1)


def test_ends_are_learned_however_many_other_transitions_there_are(monkeypatch):
    monkeypatch.setattr(dynamics, "PER_OPTION", 100)
    seen = swinging(1_000, 0)
    order = np.argsort(seen.ended, kind="stable")  # the ends come last, as in a sample
    fields = (getattr(seen, name)[order] for name in ("before", "column", "rewards", "after", "ended"))
    model, unseen = Dynamics.fitted(Observed(*fields), seed=0), swinging(300, 1)
    ends = model.imagine(model.standardised(unseen.before)).ends[unseen.column, np.arange(300)]
    assert ((ends > 0.5) == unseen.ended).mean() > 0.95


def test_ends_that_are_kept_more_often_than_others_are_not_thought_likelier():
    generator = np.random.default_rng(0)
    before, ended = generator.uniform(-1, 1, (2_000, 1)), generator.uniform(size=2_000) < 0.1
    kept = ended | (generator.uniform(size=2_000) < 0.2)
    none = np.zeros((2_000, 1))
    parts = [array[kept] for array in (before, np.zeros(2_000, dtype=np.int64), none, before, ended)]
    model = Dynamics.fitted(Observed(*parts, oversampled=5.0), seed=0)
    assert model.imagine(np.zeros((1, 1))).ends[0, 0] == pytest.approx(0.1, abs=0.08)
