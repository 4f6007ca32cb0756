"""The pool's step follows the gradient of the log loss; renames and probabilities by hand."""

import numpy as np
import pytest

from quickstudy.experts import Example, Memory, Query, RandomFeatures, Shared
from quickstudy.experts.renames import IDENTITY, KEEP, Renames
from quickstudy.judgement.novelty import NewOption, novelty
from quickstudy.judgement.pool import RATE, Pool
from quickstudy.types import Probabilities


def loss(weights, logits, option):
    mixed = weights @ logits
    return np.log(np.exp(mixed - mixed.max()).sum()) + mixed.max() - mixed[option]


def test_a_step_follows_the_finite_difference_gradient():
    logits = np.random.default_rng(0).standard_normal((4, 6))
    pool = Pool(np.array([0.5, 0.3, 0.2, 0.8]))
    before = pool.weights.copy()
    probabilities = pool.probabilities(logits[:, None])[0]
    pool.learn(logits, probabilities, 2)
    gradient = np.array(
        [(loss(before + step, logits, 2) - loss(before - step, logits, 2)) / 2e-6 for step in 1e-6 * np.eye(4)]
    )
    expected = before - RATE * gradient / np.sqrt(1.0 + gradient**2)
    assert pool.weights == pytest.approx(np.maximum(expected, 0.0), abs=1e-8)


def test_the_second_step_divides_by_the_root_of_all_squares():
    logits = np.array([[1.0, 0.0], [0.0, 2.0]])
    pool = Pool(np.array([1.0, 1.0]))
    squares = np.ones(2)
    for _ in range(3):
        before = pool.weights.copy()
        probabilities = pool.probabilities(logits[:, None])[0]
        gradient = logits @ probabilities - logits[:, 0]
        squares += gradient**2
        pool.learn(logits, probabilities, 0)
        assert pool.weights == pytest.approx(np.maximum(before - RATE * gradient / np.sqrt(squares), 0.0), abs=1e-12)


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


def test_novelty_is_one_minus_the_mean_of_score_cosine_and_energy():
    held = Memory(2)
    for i in range(7):
        angle = 0.1 * i
        held.learn(np.array([np.cos(angle), np.sin(angle)], dtype=np.float32), 0, 0.0, "x")
    near = held.search(np.array([[1.0, 0.0]], dtype=np.float32), 48)
    cosine = np.mean([np.cos(0.1 * i) for i in range(5)])
    energy = 0.1 * np.log(np.exp(1.0) + np.exp(2.0))
    found = novelty(np.array([[0.2, 0.6]]), np.array([[1.0, 2.0]]), near)
    assert found == pytest.approx([1.0 - (0.6 + cosine + energy) / 3], abs=1e-6)
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
