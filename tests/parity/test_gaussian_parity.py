"""The streaming discriminant equals linear discriminant analysis computed at once."""

import numpy as np
import pytest

from parity.test_ridge_parity import unit_vectors
from quickstudy.experts import Example, Memory, Query, RandomFeatures, Shared
from quickstudy.experts.gaussian import PRIOR_COUNT, PRIOR_VARIANCE, SCALE, Gaussian

D, OPTIONS = 10, 4
FEATURES = RandomFeatures(D, 8, 0)


def batch_scores(vectors, options, probes):
    """log N(x; m_y, S) up to a constant, S the pooled scatter with its prior over all counts."""
    x, y = vectors.astype(float), np.array(options)
    means = np.stack([x[y == k].mean(axis=0) for k in range(OPTIONS)])
    scatter = np.eye(D) * PRIOR_COUNT * PRIOR_VARIANCE / D + sum(
        np.outer(a - means[k], a - means[k]) for a, k in zip(x, y, strict=True)
    )
    inverse = np.linalg.inv(scatter) * (len(x) + PRIOR_COUNT)
    linear = probes.astype(float) @ inverse @ means.T
    return SCALE * (linear - 0.5 * np.einsum("kd,de,ke->k", means, inverse, means))


def learned(vectors, options):
    gaussian = Gaussian(Shared(D, FEATURES))
    for vector, option in zip(vectors, options, strict=True):
        gaussian.learn([Example("", vector, option, 0.0)], query(vector[None]))
    return gaussian


def query(vectors):
    return Query(vectors, FEATURES, Memory(D), OPTIONS)


@pytest.mark.parametrize("count", [4, 5, 33, 150])
def test_streaming_equals_batch(count):
    vectors, options = unit_vectors(count), [(i * i + i // 4) % OPTIONS if i >= OPTIONS else i for i in range(count)]
    probes = unit_vectors(6, seed=1)
    scores = learned(vectors, options).propose(query(probes))
    assert scores == pytest.approx(batch_scores(vectors, options, probes), abs=1e-8)


def test_corrections_equal_batch_on_the_right_answers():
    vectors, options = unit_vectors(60), [i % OPTIONS for i in range(60)]
    gaussian = learned(vectors, options)
    for i in range(0, 60, 5):
        right = (options[i] + 1) % OPTIONS
        gaussian.correct(Example("", vectors[i], options[i], 0.0), right)
        options[i] = right
    probes = unit_vectors(6, seed=1)
    assert gaussian.propose(query(probes)) == pytest.approx(batch_scores(vectors, options, probes), abs=1e-8)


def test_an_option_whose_only_example_was_corrected_away_is_neutral():
    vectors, options = unit_vectors(9), [0, 1, 2, 0, 1, 2, 0, 1, 3]
    gaussian = learned(vectors, options)
    gaussian.correct(Example("", vectors[8], 3, 0.0), 0)
    never = learned(vectors, [*options[:8], 0])
    probes = query(unit_vectors(6, seed=1))
    assert gaussian.propose(probes) == pytest.approx(never.propose(probes), abs=1e-8)
    scores = never.propose(probes)
    assert scores[:, 3] == pytest.approx(scores[:, :3].mean(axis=1))


def test_thousands_of_corrections_do_not_drift():
    vectors, options = unit_vectors(40), [i % OPTIONS for i in range(40)]
    gaussian = learned(vectors, options)
    for round_ in range(3000):
        i = round_ % 40
        right = (options[i] + 1) % OPTIONS
        gaussian.correct(Example("", vectors[i], options[i], 0.0), right)
        options[i] = right
    probes = unit_vectors(6, seed=1)
    assert gaussian.propose(query(probes)) == pytest.approx(batch_scores(vectors, options, probes), abs=1e-8)
