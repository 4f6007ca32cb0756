"""What is learned of a world's habits from all counts together."""

import numpy as np
import pytest

from quickstudy.judgement.value.outcomes import LEVELS, OutcomeModel


def counts_of(rows):
    group = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    return group, np.concatenate(rows).astype(np.float64), len(rows)


def test_equally_likely_outcomes_are_recognised_from_other_pairs():
    generator = np.random.default_rng(0)
    world = counts_of([generator.multinomial(60, [1 / 3] * 3) for _ in range(40)])
    found = OutcomeModel.fitted(*world).shares(*counts_of([[5, 2, 2]]))
    assert np.abs(found.means - 1 / 3).max() < 0.05
    assert found.strengths[0] > 50


def test_unequal_outcomes_are_left_as_they_are():
    generator = np.random.default_rng(0)
    world = counts_of([1 + generator.multinomial(60, generator.dirichlet([0.5] * 3)) for _ in range(40)])
    found = OutcomeModel.fitted(*world).shares(*counts_of([[50, 8, 2]]))
    assert np.abs(found.means - np.array([50, 8, 2]) / 60).max() < 0.03


def test_shares_sum_to_one_in_every_pair():
    rows = [[3], [1, 4], [2, 2, 9], [1] * 20]
    model = OutcomeModel.fitted(*counts_of([[2, 2], [5, 7], [1, 1, 1]]))
    group, counts, groups = counts_of(rows)
    assert np.bincount(group, model.shares(group, counts, groups).means) == pytest.approx(np.ones(4))


def test_where_everything_is_always_the_same_one_visit_is_enough():
    model = OutcomeModel.fitted(*counts_of([[3]] * 200))
    after = model.new_after(np.array([0.0, 1.0, 2.0]))
    assert after[0] == 1.0
    assert (after[1:] < 0.005).all()


def test_the_probability_of_a_new_outcome_is_that_of_the_world():
    generator = np.random.default_rng(0)
    rows = [row[row > 0] for row in generator.multinomial(40, [1 / 3] * 3, size=300)]
    found = OutcomeModel.fitted(*counts_of(rows)).new
    m = LEVELS[:4]
    assert found[:4] == pytest.approx((2 / 3) ** m, abs=0.03)
