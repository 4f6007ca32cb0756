"""Experts by name, and the random features that they share."""

import numpy as np
import pytest

from quickstudy import Job, Learner
from quickstudy.errors import JobError
from quickstudy.experts import RandomFeatures, Shared
from quickstudy.experts.registry import BUILT_IN, build_experts

SHARED = Shared(6, RandomFeatures(6, 16, 0))


def test_experts_come_in_the_order_of_their_names():
    names = sorted(BUILT_IN, reverse=True)
    assert [expert.name for expert in build_experts(names, SHARED)] == names


def test_an_unknown_expert_is_refused_with_the_installed_ones():
    with pytest.raises(JobError, match=r"'oracle'.*ridge"):
        build_experts(["ridge", "oracle"], SHARED)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_learner_works_with_any_single_expert(name):
    vectors = np.eye(4)
    with Learner(Job("alone", ["a", "b", "c", "d"], features=32, experts=[name])) as learner:
        for i in range(40):
            learner.teach(vectors[i % 4], "abcd"[i % 4])
        decisions = learner.predict_many(list(vectors))
    for decision in decisions:
        assert sum(decision.probabilities.values()) == pytest.approx(1.0, abs=1e-12)
    if name != "prior":  # arrays have no names, so it has nothing to go by
        assert [decision.answer for decision in decisions] == list("abcd")


def test_features_have_unit_norm_and_depend_on_the_seed_only():
    vectors = np.eye(6, dtype=np.float32)
    first, second, other = (RandomFeatures(6, 40, seed)(vectors) for seed in (3, 3, 4))
    assert (first == second).all()
    assert not np.allclose(first, other)
    assert np.linalg.norm(first, axis=1) == pytest.approx(np.ones(6), abs=1e-12)
    assert first.shape == (6, 40)
    assert first.dtype == np.float64


def test_features_approximate_the_arc_cosine_kernel():
    generator = np.random.default_rng(0)
    pairs = generator.standard_normal((200, 6)).astype(np.float32)
    pairs /= np.linalg.norm(pairs, axis=1, keepdims=True)
    phi = RandomFeatures(6, 4096, 0)(pairs)
    angles = np.arccos(np.clip((pairs[::2] * pairs[1::2]).sum(axis=1), -1.0, 1.0))
    kernel = (np.sin(angles) + (np.pi - angles) * np.cos(angles)) / np.pi
    error = (phi[::2] * phi[1::2]).sum(axis=1) - kernel
    assert np.abs(error).max() < 0.1
    assert np.abs(error).mean() < 0.03


def test_the_zero_vector_has_finite_features():
    assert np.isfinite(RandomFeatures(6, 16, 0)(np.zeros((1, 6), dtype=np.float32))).all()
