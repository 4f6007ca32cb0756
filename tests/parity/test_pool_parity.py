"""The pool's step follows the gradient of the log loss; renames and probabilities by hand."""

import numpy as np
import pytest

from quickstudy.experts import Example, Memory, Query, RandomFeatures, Shared
from quickstudy.experts.renames import IDENTITY, KEEP, Renames
from quickstudy.judgement.novelty import NewOption, novelty
from quickstudy.judgement.pool import HALF_WAY, HALF_WAY_AN_OPTION, RATE, Pool
from quickstudy.types import Probabilities


def loss(weights, logits, option):
    mixed = weights @ logits
    return np.log(np.exp(mixed - mixed.max()).sum()) + mixed.max() - mixed[option]


INITIAL, MATURE = np.array([0.5, 0.3, 0.2, 0.8]), np.array([0.1, 0.9, 0.25, 0.05])


def late(lessons, options):
    """How much the weights of the long run count."""
    return lessons / (lessons + HALF_WAY + HALF_WAY_AN_OPTION * options)


def aged(lessons, options=6):
    """A pool that lived through lessons on which all experts said nothing, so that no weight was learned."""
    pool, nothing = Pool(INITIAL, MATURE), np.zeros((4, options))
    for _ in range(lessons):
        pool.learn(nothing, np.full(options, 1.0 / options), 0)
    return pool


@pytest.mark.parametrize("options", [1, 6, 40])
def test_the_weights_move_from_the_first_to_the_mature_ones_with_the_lessons(options):
    half = round(HALF_WAY + HALF_WAY_AN_OPTION * options)
    for lessons in (0, 1, 10, half, 5000):
        share = late(lessons, options)
        expected = (1.0 - share) * INITIAL + share * MATURE
        assert aged(lessons, options).weights == pytest.approx(expected, abs=1e-12)
    assert aged(0, options).weights.tolist() == INITIAL.tolist()
    assert aged(half, options).weights == pytest.approx((INITIAL + MATURE) / 2, abs=1e-12)
    assert np.abs(aged(5000, options).weights - MATURE).max() < 0.1


def test_new_options_take_the_weights_back_towards_the_first():
    pool = aged(100)
    pool.learn(np.zeros((4, 60)), np.full(60, 1.0 / 60), 0)
    share = late(101, 60)
    assert pool.weights == pytest.approx((1.0 - share) * INITIAL + share * MATURE, abs=1e-12)


def test_without_mature_weights_the_first_ones_stay():
    pool = Pool(INITIAL)
    for _ in range(500):
        pool.learn(np.zeros((4, 2)), np.full(2, 0.5), 0)
    assert pool.weights == pytest.approx(INITIAL, abs=1e-12)


def test_the_weights_cannot_be_set():
    with pytest.raises(AttributeError):
        Pool(INITIAL).weights = MATURE


@pytest.mark.parametrize("lessons", [0, 1, 40, 160, 3000])
def test_a_step_follows_the_finite_difference_gradient_of_both_ends(lessons):
    logits = np.random.default_rng(0).standard_normal((4, 6))
    pool, share = aged(lessons), late(lessons, 6)
    before = pool.state()["ends"]
    assert before.tolist() == [INITIAL.tolist(), MATURE.tolist()]

    def loss_at(ends):
        return loss((1.0 - share) * ends[0] + share * ends[1], logits, 2)

    gradient = np.zeros((2, 4))
    for place in np.ndindex(2, 4):
        step = np.zeros((2, 4))
        step[place] = 1e-6
        gradient[place] = (loss_at(before + step) - loss_at(before - step)) / 2e-6
    assert np.abs(gradient).max() > 0.1
    pool.learn(logits, pool.probabilities(logits[:, None])[0], 2)
    expected = np.maximum(before - RATE * gradient / np.sqrt(1.0 + gradient**2), 0.0)
    assert pool.state()["ends"] == pytest.approx(expected, abs=1e-8)
    share = late(lessons + 1, 6)
    assert pool.weights == pytest.approx((1.0 - share) * expected[0] + share * expected[1], abs=1e-8)


def test_further_steps_divide_by_the_root_of_all_squares():
    logits = np.array([[1.0, 0.0], [0.0, 2.0]])
    ends, squares = np.array([[1.0, 1.0], [0.5, 0.7]]), np.ones((2, 2))
    pool = Pool(ends[0], ends[1])
    for lessons in range(5):
        share = late(lessons, 2)
        probabilities = pool.probabilities(logits[:, None])[0]
        gradient = np.outer([1.0 - share, share], logits @ probabilities - logits[:, 0])
        squares += gradient**2
        ends = np.maximum(ends - RATE * 0.5 * gradient / np.sqrt(squares), 0.0)
        pool.learn(logits, probabilities, 0, weight=0.5)
        assert pool.state()["ends"] == pytest.approx(ends, abs=1e-12)
        assert pool.state()["squares"] == pytest.approx(squares, abs=1e-12)


def test_a_pool_does_not_change_what_it_was_given():
    initial, mature = INITIAL.copy(), MATURE.copy()
    pool = Pool(initial, mature)
    state = pool.state()
    kept = {name: array.copy() for name, array in state.items()}
    logits = np.random.default_rng(0).standard_normal((4, 6))
    pool.learn(logits, pool.probabilities(logits[:, None])[0], 2)
    assert (initial.tolist(), mature.tolist()) == (INITIAL.tolist(), MATURE.tolist())
    assert all(np.array_equal(state[name], kept[name]) for name in kept)
    restored = Pool(INITIAL)
    restored.restore(state)
    restored.learn(logits, restored.probabilities(logits[:, None])[0], 2)
    assert all(np.array_equal(state[name], kept[name]) for name in kept)


def test_pooled_probabilities_sum_to_one_also_for_huge_logits():
    logits = np.array([[[1e6, -1e6, 0.0]], [[-50.0, 800.0, 3.0]]])
    probabilities = Pool(np.array([1.0, 1.0])).probabilities(logits)
    assert np.isfinite(probabilities).all()
    assert probabilities.sum() == pytest.approx(1.0, abs=1e-12)


def test_weights_never_become_negative():
    pool = Pool(np.array([0.01, 0.5]))
    logits = np.array([[5.0, -5.0], [-1.0, 1.0]])
    for _ in range(50):
        pool.learn(logits, pool.probabilities(logits[:, None])[0], 1)
        assert (pool.state()["ends"] >= 0.0).all()
    assert pool.weights[0] == 0.0


def test_the_new_options_step_follows_the_finite_difference_gradient():
    learned = NewOption()
    for i in range(5):
        learned.learn(0.1 * i, i < 2)
    state = learned.state()

    def loss_at(weights, was_new):
        copy = NewOption()
        copy.restore({**state, "weights": weights})
        p = float(copy.probability(np.array([0.7]))[0])
        return -np.log(p if was_new else 1.0 - p)

    for was_new in (False, True):
        copy = NewOption()
        copy.restore(state)
        copy.learn(0.7, was_new)
        w = state["weights"]
        gradient = np.array([(loss_at(w + s, was_new) - loss_at(w - s, was_new)) / 2e-6 for s in 1e-6 * np.eye(3)])
        expected = w - 0.2 * gradient / np.sqrt(state["squares"] + gradient**2)
        assert copy.state()["weights"] == pytest.approx(expected, abs=1e-7)


def test_novelty_is_one_minus_the_weighted_mean_of_score_cosine_and_energy():
    held = Memory(2)
    for i in range(7):
        angle = 0.1 * i
        held.learn(np.array([np.cos(angle), np.sin(angle)], dtype=np.float32), 0, 0.0, "x")
    near = held.search(np.array([[1.0, 0.0]], dtype=np.float32), 48)
    cosine = np.mean([np.cos(0.1 * i) for i in range(5)])
    energy = 0.1 * np.log(np.exp(1.0) + np.exp(2.0))
    found = novelty(np.array([[0.2, 0.6]]), np.array([[1.0, 2.0]]), near)
    assert found == pytest.approx([1.0 - (0.6 + 1.5 * cosine + energy) / 3.5], abs=1e-6)
    nothing = Memory(2).search(np.array([[1.0, 0.0]], dtype=np.float32), 48)
    assert novelty(np.zeros((1, 0)), np.zeros((1, 0)), nothing).tolist() == [1.0]


def one_situation(memory_options):
    """A query whose only neighbours were taught ``memory_options``, in this order, on the very situation."""
    features, held = RandomFeatures(3, 4, 0), Memory(3)
    vector = np.array([1.0, 0.0, 0.0], dtype=np.float32)
    for i, option in enumerate(memory_options):
        held.learn(vector, option, float(i), f"lesson-{i}")
    return Query(vector[None], features, held, 3), vector


def test_renames_by_hand():
    query, vector = one_situation([0])  # recent says: option 0, all of it
    renames = Renames(Shared(3, query._features))
    shares = np.exp(renames.propose(query))[0] - 0.01
    assert shares == pytest.approx([1.0, 0.0, 0.0], abs=1e-12)
    renames.learn([Example("a", vector, 1, 0.0)], query)  # but 1 was right
    shares = np.exp(renames.propose(query))[0] - 0.01
    assert shares == pytest.approx([IDENTITY / (IDENTITY + 1), 1 / (IDENTITY + 1), 0.0], abs=1e-12)
    renames.learn([Example("b", vector, 1, 0.0)], query)  # and again: the first count decays
    count = KEEP + 1
    shares = np.exp(renames.propose(query))[0] - 0.01
    assert shares == pytest.approx([IDENTITY / (IDENTITY + count), count / (IDENTITY + count), 0.0], abs=1e-12)
    renames.learn([Example("c", vector, 2, 0.0)], query)
    shares = np.exp(renames.propose(query))[0] - 0.01
    total = IDENTITY + KEEP * count + 1
    assert shares == pytest.approx([IDENTITY / total, KEEP * count / total, 1 / total], abs=1e-12)


def test_probabilities_read_like_a_mapping():
    probabilities = Probabilities(["a", "b", "c", "d"], np.array([0.1, 0.4, 0.1, 0.4]))
    assert dict(probabilities) == {"a": 0.1, "b": 0.4, "c": 0.1, "d": 0.4}
    assert probabilities.top(3) == [("b", 0.4), ("d", 0.4), ("a", 0.1)]
    assert probabilities.top(0) == []
    assert len(probabilities.top(99)) == 4
    assert "z" not in probabilities
    with pytest.raises(KeyError):
        probabilities["z"]


def test_the_top_of_very_many_equals_sorting():
    values = np.random.default_rng(0).integers(1, 50, 5000).astype(float)
    values /= values.sum()
    names = [f"option {i}" for i in range(5000)]
    probabilities = Probabilities(names, values)
    for k in (1, 7, 100, 4999, 5000):
        expected = sorted(range(5000), key=lambda i: (-values[i], i))[:k]
        assert probabilities.top(k) == [(names[i], values[i]) for i in expected]
