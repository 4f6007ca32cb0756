"""What recall, recent and the prior make of the nearest remembered situations and of names."""

import numpy as np
import pytest

from quickstudy.experts import Example, Memory, Query, RandomFeatures, Shared
from quickstudy.experts.prior import FADE, SCALE, Prior
from quickstudy.experts.recall import Recall, Recent
from quickstudy.experts.votes import FLOOR, PATIENCE, SHARPNESS, UNITS

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


@pytest.mark.parametrize(
    ("angles", "unit"),
    [
        ([0.4, 0.2], np.cos(0.2) - np.cos(0.4)),  # the near ones' own mean distance
        ([1.2, 0.2], UNITS[1]),  # a far neighbour is not near because there is no other
        ([0.11, 0.1], UNITS[0]),
    ],
)
def test_recall_weighs_neighbours_by_their_distance_to_the_best(angles, unit):
    query = asked([(turned(angles[0]), 1), (turned(angles[1]), 2)])
    weights = np.exp(SHARPNESS * (np.cos(angles) - np.cos(angles[1])) / unit)
    assert shares(Recall(SHARED), query) == pytest.approx([0.0, *(weights / weights.sum())], abs=1e-5)


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


def test_a_query_computes_the_recent_shares_once():
    query = asked([(RIGHT[0], 1), (RIGHT[0], 2)])
    shown = query.recent_shares.copy()
    Recent(SHARED).propose(query)
    assert query.recent_shares is query.recent_shares
    assert np.array_equal(query.recent_shares, shown)
    assert shown.sum(axis=1) == pytest.approx([1.0])


def test_without_neighbours_all_options_are_alike():
    for expert in (Recall(SHARED), Recent(SHARED)):
        assert np.ptp(expert.propose(asked([]))) == 0.0


def test_the_prior_takes_the_best_of_an_options_descriptions():
    prior = Prior(SHARED)
    prior.describe(np.stack([turned(1.0), turned(0.3), RIGHT[2]]), [0, 0, 1])
    logits = prior.propose(asked([], options=2))[0]
    assert logits == pytest.approx(SCALE * np.cos(0.3) * np.array([0.5, -0.5]), abs=1e-5)  # less the mean


def test_the_prior_gives_options_without_description_the_mean_of_the_others():
    prior = Prior(SHARED)
    prior.describe(np.stack([RIGHT[0], RIGHT[1]]), [0, 2])
    assert prior.propose(asked([], options=4))[0] == pytest.approx([SCALE / 2, 0.0, -SCALE / 2, 0.0], abs=1e-5)


def test_a_name_fades_with_its_options_lessons():
    prior, query = Prior(SHARED), asked([], options=20)
    prior.describe(np.stack([RIGHT[0], RIGHT[1]]), [0, 19])
    fresh = prior.propose(query)[0]
    lesson = [Example("", RIGHT[1], option, 0.0) for option in (0, 0, 0, 19)]
    for example in lesson[:2]:
        prior.learn([example], query)
    prior.learn(lesson[2:], query)
    faded = fresh.copy()
    faded[0] *= FADE / (FADE + 3)
    faded[19] *= FADE / (FADE + 1)
    assert prior.propose(query)[0] == pytest.approx(faded, abs=1e-12)
    prior.correct(lesson[0], 19)
    faded[0], faded[19] = fresh[0] / 2, fresh[19] / 2
    assert prior.propose(query)[0] == pytest.approx(faded, abs=1e-12)
    other = Prior(SHARED)
    other.restore(prior.state())
    prior.learn(lesson, query)
    assert other.propose(query)[0] == pytest.approx(faded, abs=1e-12)
