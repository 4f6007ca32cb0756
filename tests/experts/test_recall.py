"""What recall, recent and the prior make of the nearest remembered situations and of names."""

import numpy as np
import pytest

from quickstudy.experts import Memory, Query, RandomFeatures, Shared
from quickstudy.experts.prior import SCALE, Prior
from quickstudy.experts.recall import FLOOR, PATIENCE, SHARPNESS, Recall, Recent

D = 4
SHARED = Shared(D, RandomFeatures(D, 8, 0))
RIGHT = np.eye(D, dtype=np.float32)


def turned(angle):
    """The first direction, turned towards the second."""
    return np.array([np.cos(angle), np.sin(angle), 0.0, 0.0], dtype=np.float32)


def asked(lessons, options=3):
    """A query about the first direction, where ``lessons`` (vector, option) were taught in this order."""
    held = Memory(D)
    for i, (vector, option) in enumerate(lessons):
        held.learn(vector, option, float(i), f"lesson-{i}")
    return Query(RIGHT[:1], SHARED.features, held, options)


def shares(expert, query):
    return np.exp(expert.propose(query))[0] - FLOOR


def test_recall_weighs_neighbours_by_their_cosine():
    query = asked([(turned(0.2), 1), (turned(0.1), 2)])
    weights = np.exp(SHARPNESS * (np.cos([0.2, 0.1]) - np.cos(0.1)))
    assert shares(Recall(SHARED), query) == pytest.approx([0.0, *(weights / weights.sum())], abs=1e-6)


def test_recall_counts_repeated_lessons():
    query = asked([(RIGHT[0], 1), (RIGHT[0], 2), (RIGHT[0], 2), (RIGHT[0], 2)])
    assert shares(Recall(SHARED), query) == pytest.approx([0.0, 0.25, 0.75], abs=1e-9)


def test_recall_does_not_care_about_age():
    lessons = [(turned(0.1 * i), i % 3) for i in range(9)]
    forwards, backwards = asked(lessons), asked(lessons[::-1])
    assert Recall(SHARED).propose(forwards) == pytest.approx(Recall(SHARED).propose(backwards), abs=1e-12)


def test_recent_believes_the_newest_of_conflicting_answers():
    query = asked([(RIGHT[0], 1), (RIGHT[0], 2)])
    newest, older = 1.0, np.exp(-1.0 / PATIENCE)
    expected = np.array([0.0, older, newest]) / (older + newest)
    assert shares(Recent(SHARED), query) == pytest.approx(expected, abs=1e-9)
    turned_round = asked([(RIGHT[0], 2), (RIGHT[0], 1)])
    assert shares(Recent(SHARED), turned_round) == pytest.approx(expected[[0, 2, 1]], abs=1e-9)


def test_age_does_not_decide_between_situations_that_do_not_resemble_each_other():
    query = asked([(RIGHT[0], 1)] + [(RIGHT[1], 2)] * 30)
    assert shares(Recent(SHARED), query)[1] > 0.99


def test_without_neighbours_all_options_are_alike():
    for expert in (Recall(SHARED), Recent(SHARED)):
        assert np.ptp(expert.propose(asked([]))) == 0.0


def test_the_prior_takes_the_best_of_an_options_descriptions():
    prior = Prior(SHARED)
    prior.describe(np.stack([turned(1.0), turned(0.3), RIGHT[2]]), [0, 0, 1])
    logits = prior.propose(asked([], options=2))[0]
    assert logits == pytest.approx([SCALE * np.cos(0.3), 0.0], abs=1e-5)


def test_the_prior_gives_options_without_description_the_mean_of_the_others():
    prior = Prior(SHARED)
    prior.describe(np.stack([RIGHT[0], RIGHT[1]]), [0, 2])
    assert prior.propose(asked([], options=4))[0] == pytest.approx([SCALE, SCALE / 2, 0.0, SCALE / 2], abs=1e-5)
