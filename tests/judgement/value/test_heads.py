"""The options' heads: contextual bandits by Thompson sampling."""

import numpy as np
import pytest

from quickstudy.judgement.value.heads import OptionHeads

OPTIONS = np.arange(3)
WEIGHTS = np.array([1.0, -0.5])


def steps(count, seed=0, shift=0.0):
    """Situations, options taken at random, and what they brought: option k is worth the k-th number."""
    draw = np.random.default_rng(seed)
    views = draw.normal(size=(count, 4)).astype(np.float32)
    columns = draw.integers(0, 3, count)
    worth = views[np.arange(count), columns] + shift + 0.1 * draw.normal(size=count)
    return views, columns, np.stack([worth, np.full(count, 2.0)], axis=1)


def taught(*parts):
    heads = OptionHeads(4, 2, seed=0)
    for part in parts:
        heads.learn(*part)
    return heads


def test_what_each_option_brings_is_learned_and_what_is_not_known_falls():
    few, many = taught(steps(30)), taught(steps(600))
    views, _, _ = steps(50, seed=1)
    found = [many.actions(view, OPTIONS, WEIGHTS) for view in views]
    error = np.array([worth.means + 1.0 - view[:3] for worth, view in zip(found, views, strict=True)])
    assert np.abs(error).mean() < 0.3
    doubts = [np.mean([heads.actions(view, OPTIONS, WEIGHTS).sds for view in views]) for heads in (few, many)]
    assert doubts[1] < 0.6 * doubts[0]


def test_an_option_that_was_never_taken_may_bring_what_options_bring():
    views, columns, returns = steps(300, shift=-50.0)
    seen = columns < 2
    worth = taught((views[seen], columns[seen], returns[seen])).actions(views[0], OPTIONS, WEIGHTS)
    assert worth.means[2] == pytest.approx(-51.0, abs=0.5)
    assert worth.sds[2] > 2 * worth.sds[:2].max()


def test_other_weights_need_no_new_experience():
    heads, (views, _, _) = taught(steps(300)), steps(1)
    plain, turned = (heads.actions(views[0], OPTIONS, np.array([sign, 0.0])).means for sign in (1.0, -1.0))
    np.testing.assert_allclose(plain, -turned)


def test_what_is_learned_depends_on_the_set_and_comes_back_from_a_snapshot():
    parts = [steps(20, seed) for seed in range(4)]
    forward, backward, again = taught(*parts), taught(*parts[::-1]), taught()
    again.restore(forward.arrays())
    again.learn(*steps(10, 9))
    forward.learn(*steps(10, 9))
    backward.learn(*steps(10, 9))
    view = steps(1, 5)[0][0]
    for other in (backward, again):
        ours, theirs = (heads.actions(view, OPTIONS, WEIGHTS) for heads in (forward, other))
        np.testing.assert_allclose(ours.means, theirs.means, atol=1e-8)
        np.testing.assert_allclose(ours.sds, theirs.sds, atol=1e-8)


def test_where_nothing_is_known_everything_is_tried():
    heads, draw = taught(), np.random.default_rng(0)
    tried = {heads.choose(np.ones(4, np.float32), OPTIONS, WEIGHTS, draw) for _ in range(40)}
    assert tried == {0, 1, 2}
    same = taught((np.ones((5, 4), np.float32), np.zeros(5, np.int64), np.zeros((5, 2))))
    assert {same.choose(np.ones(4, np.float32), OPTIONS, WEIGHTS, draw) for _ in range(40)} == {0, 1, 2}
