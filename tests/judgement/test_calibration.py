"""The pool is calibrated on a stream, believes who is right, and the new option's probability follows its rate."""

import numpy as np
import pytest

from quickstudy.judgement.novelty import NewOption
from quickstudy.judgement.pool import Pool

OPTIONS = 5


def stream(count, seed=0, noise=1.0):
    """Logits of a good and a useless expert (2, options), with the right option; the good one says the truth's log."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        truth = generator.standard_normal(OPTIONS) * 2
        p = np.exp(truth) / np.exp(truth).sum()
        yield np.stack([3.0 * truth, generator.standard_normal(OPTIONS) * noise]), int(generator.choice(OPTIONS, p=p))


def lived(count):
    """Confidence and rightness of every prediction, made before its lesson, and the pool."""
    pool = Pool(np.array([1.0, 1.0]))
    seen = []
    for logits, option in stream(count):
        probabilities = pool.probabilities(logits[:, None])[0]
        seen.append((probabilities.max(), probabilities.argmax() == option))
        pool.learn(logits, probabilities, option)
    return np.array(seen, dtype=float), pool


def test_the_pool_learns_the_scale_of_the_good_expert_and_drops_the_useless_one():
    _, pool = lived(4000)
    assert pool.weights[0] == pytest.approx(1 / 3, abs=0.04)
    assert pool.weights[1] < 0.08


def test_confidence_is_accuracy_on_the_newest_of_a_stream():
    seen, _ = lived(4000)
    newest = seen[-3000:]
    assert abs(newest[:, 0].mean() - newest[:, 1].mean()) < 0.03
    for low, high in ((0.2, 0.5), (0.5, 0.8), (0.8, 1.01)):
        inside = newest[(newest[:, 0] >= low) & (newest[:, 0] < high)]
        assert len(inside) > 200
        assert abs(inside[:, 0].mean() - inside[:, 1].mean()) < 0.06


def test_without_learning_the_same_stream_is_overconfident():
    pool = Pool(np.array([1.0, 1.0]))
    seen = [(pool.probabilities(logits[:, None])[0], option) for logits, option in stream(1000)]
    confidence = np.mean([p.max() for p, _ in seen])
    accuracy = np.mean([p.argmax() == option for p, option in seen])
    assert confidence > accuracy + 0.1


def test_the_probability_of_a_new_option_follows_novelty_and_rate():
    busy, quiet = NewOption(), NewOption()
    generator = np.random.default_rng(0)
    for _ in range(500):
        novel = generator.random()
        busy.learn(novel, novel > 0.6)
        quiet.learn(novel, novel > 0.97)
    levels = np.array([0.1, 0.5, 0.9])
    assert (np.diff(busy.probability(levels)) > 0).all()
    assert (busy.probability(levels[1:]) > quiet.probability(levels[1:])).all()
    assert busy.probability(levels)[2] > 0.6
    assert quiet.probability(levels)[0] < 0.05


@pytest.mark.parametrize("lived_before", [0, 1, 10, 200])
def test_a_restored_pool_learns_on_as_the_first(lived_before):
    first = Pool(np.array([0.5, 0.5]), np.array([0.2, 0.9]))
    lessons = list(stream(lived_before + 10))
    for logits, option in lessons[:lived_before]:
        first.learn(logits, first.probabilities(logits[:, None])[0], option)
    second = Pool(np.array([9.0, 9.0]), np.array([7.0, 7.0]))
    second.restore(first.state())
    assert first.weights.tolist() == second.weights.tolist()
    for pool in (first, second):
        for logits, option in lessons[lived_before:]:
            pool.learn(logits, pool.probabilities(logits[:, None])[0], option)
    assert first.weights.tolist() == second.weights.tolist()
    for name, array in first.state().items():
        assert array.tolist() == second.state()[name].tolist(), name


def test_what_was_learned_late_moves_the_weights_of_the_long_run():
    pool = Pool(np.array([1.0, 1.0]), np.array([1.0, 1.0]))
    for logits, option in stream(4000):
        pool.learn(logits, pool.probabilities(logits[:, None])[0], option)
    first, mature = pool.state()["ends"]
    assert mature == pytest.approx([1 / 3, 0.0], abs=0.05)
    assert np.abs(pool.weights - mature).max() < np.abs(pool.weights - first).max()
