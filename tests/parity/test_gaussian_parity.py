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


def weighted_scores(x, options, means, weights, scattered, probe):
    """Log-likelihoods of a probe with given weights in the means and in the scatter about them."""
    centres = np.stack([np.average(x[options == k], axis=0, weights=means[options == k]) for k in range(OPTIONS)])
    scatter = np.eye(D) * PRIOR_COUNT * PRIOR_VARIANCE / D
    for k in range(OPTIONS):
        own = options == k
        centre = np.average(x[own], axis=0, weights=scattered[own])
        scatter += (scattered[own][:, None] * (x[own] - centre)).T @ (x[own] - centre)
    inverse = np.linalg.inv(scatter) * (weights + PRIOR_COUNT)
    scores = SCALE * (probe @ inverse @ centres.T - 0.5 * np.einsum("kd,de,ke->k", centres, inverse, centres))
    return scores - scores.max()


def weighted(vectors, options, weights, pending):
    gaussian = Gaussian(Shared(D, FEATURES))
    for start in range(0, len(vectors), pending):
        part = [
            Example("", vectors[i], int(options[i]), 0.0, trust=float(weights[i]))
            for i in range(start, min(len(vectors), start + pending))
        ]
        gaussian.learn(part, query(vectors[start : start + len(part)]))
    return gaussian


@pytest.mark.parametrize("pending", [1, 40])
def test_a_lesson_left_out_is_judged_as_if_it_had_never_been_learned(pending):
    """Against means and scatter computed anew from the other lessons."""
    vectors, options = unit_vectors(60), np.array([i % OPTIONS for i in range(60)])
    weights = np.linspace(0.1, 1.0, 60)
    gaussian = weighted(vectors, options, weights, pending)
    found, _ = gaussian.without(vectors[:7], options[:7], weights[:7], weights[:7], OPTIONS)
    x = vectors.astype(float)
    for i in range(7):
        rest = np.arange(60) != i
        expected = weighted_scores(x[rest], options[rest], weights[rest], weights.sum(), weights[rest], x[i])
        assert found[i] - found[i].max() == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("known", [True, False])
def test_what_is_reweighed_counts_differently_in_its_mean_and_as_before_in_the_covariance(known):
    vectors, options = unit_vectors(60), np.array([i % OPTIONS for i in range(60)])
    weights, changed = np.linspace(0.1, 1.0, 60), np.linspace(1.0, 0.2, 60)
    gaussian = weighted(vectors, options, weights, 40)
    _, gains = gaussian.without(vectors, options, weights, weights, OPTIONS)
    gaussian.reweigh(vectors, options, gains if known else None, changed - weights)
    x, probe = vectors.astype(float), unit_vectors(1, seed=1)
    scores = gaussian.propose(query(probe))[0]
    expected = weighted_scores(x, options, changed, changed.sum(), weights, probe[0].astype(float))
    assert scores - scores.max() == pytest.approx(expected, abs=1e-8)
    gaussian.reweigh(vectors, options, None, weights - changed)
    assert gaussian.propose(query(probe)) == pytest.approx(
        weighted(vectors, options, weights, 40).propose(query(probe)), abs=1e-8
    )


def test_an_option_of_one_lesson_says_nothing_about_it():
    vectors = unit_vectors(5)
    gaussian = learned(vectors, [0, 0, 0, 0, 1])
    assert np.isnan(gaussian.without(vectors[4:], np.array([1]), np.ones(1), np.ones(1), 2)[0]).all()


def test_a_corrected_lesson_leaves_with_the_weight_it_came_with():
    vectors, probes = unit_vectors(20), unit_vectors(6, seed=1)
    corrected, never = (Gaussian(Shared(D, FEATURES)) for _ in range(2))
    for i, vector in enumerate(vectors):
        example = Example("", vector, i % OPTIONS, 0.0, trust=0.3 if i == 7 else 1.0)
        corrected.learn([example], query(vector[None]))
        right = Example("", vector, 0, 0.0) if i == 7 else example
        never.learn([right], query(vector[None]))
    corrected.correct(Example("", vectors[7], 3, 0.0, trust=0.3), 0)
    assert corrected.propose(query(probes)) == pytest.approx(never.propose(query(probes)), abs=1e-8)
