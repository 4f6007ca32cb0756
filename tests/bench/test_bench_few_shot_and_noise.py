"""Few lessons a class, and a teacher who errs: draws, wrong answers and scores with known truth."""

from collections import Counter

import numpy as np
import pytest
from bench.catalogue import SCENARIOS
from bench.few_shot.scenario import drawn, place
from bench.few_shot.scenario import score as score_few_shot
from bench.noise.scenario import nearest_classes, noisy
from bench.noise.scenario import score as score_noise
from bench.scenario import Place

ANSWERS = ["a"] * 20 + ["b"] * 4 + ["c"] * 9
OTHERS = {"a": ("b", "c"), "b": ("a", "c"), "c": ("a", "b")}


def test_a_draw_has_so_many_of_each_class_or_all_there_are():
    counts = Counter(ANSWERS[i] for i in drawn(ANSWERS, 5, seed=0))
    assert counts == {"a": 5, "b": 4, "c": 5}
    assert len(set(drawn(ANSWERS, 5, seed=0).tolist())) == 14


def test_a_draw_depends_on_its_seed_and_smaller_draws_lie_in_larger_ones():
    assert drawn(ANSWERS, 3, 1).tolist() == drawn(ANSWERS, 3, 1).tolist()
    assert set(drawn(ANSWERS, 3, 1)) != set(drawn(ANSWERS, 3, 2))
    assert set(drawn(ANSWERS, 1, 1)) < set(drawn(ANSWERS, 3, 1)) < set(drawn(ANSWERS, 10, 1))


def test_a_draw_comes_in_random_order_and_not_class_by_class():
    labels = [ANSWERS[i] for i in drawn(ANSWERS, 4, seed=0)]
    assert labels != sorted(labels)


def test_the_few_shot_score_is_the_share_of_right_answers_and_refuses_no_test():
    assert score_few_shot(np.array([True, True, False, True])) == {"test accuracy": 0.75}
    with pytest.raises(ValueError, match="needs a test"):
        score_few_shot(np.zeros(0, dtype=bool))


def test_a_few_shot_case_lies_on_its_corpus():
    assert place("hint3-curekart-10") == Place("hint3-curekart", 10)
    assert all(place(case).at in (1, 3, 5, 10) for case in SCENARIOS["few-shot"].cases)


@pytest.mark.parametrize(("share", "wrong"), [(0.0, 0), (0.1, 3), (0.2, 7), (1.0, 33)])
def test_the_share_of_wrong_answers_is_exact(share, wrong):
    taught = noisy(ANSWERS, OTHERS, share, seed=0)
    assert sum(a != b for a, b in zip(taught, ANSWERS, strict=True)) == wrong


def test_what_is_wrong_at_a_lower_rate_is_wrong_in_the_same_way_at_a_higher_one():
    low, high = noisy(ANSWERS, OTHERS, 0.1, 4), noisy(ANSWERS, OTHERS, 0.2, 4)
    assert all(b == a for a, b, right in zip(low, high, ANSWERS, strict=True) if a != right)
    assert low == noisy(ANSWERS, OTHERS, 0.1, 4) != noisy(ANSWERS, OTHERS, 0.1, 5)


def test_all_wrong_answers_that_are_allowed_come_about_equally_often():
    taught = noisy(["a"] * 3000, {"a": ("x", "y", "z")}, 1.0, seed=0)
    assert all(900 < count < 1100 for count in Counter(taught).values())
    assert set(taught) == {"x", "y", "z"}


def test_the_nearest_classes_are_those_of_the_nearest_mean_vectors():
    angles = {"east": 0.0, "north-east": 0.6, "north": 1.5, "west": 3.1}
    labels = [name for name in angles for _ in range(4)]
    generator = np.random.default_rng(0)
    at = np.array([angles[name] for name in labels]) + generator.normal(0, 0.02, len(labels))
    vectors = np.column_stack([np.cos(at), np.sin(at)]).astype(np.float32)
    near = nearest_classes(vectors, labels, 2)
    assert near["east"] == ("north-east", "north")
    assert near["north-east"] == ("east", "north")
    assert near["west"] == ("north", "north-east")


def test_no_class_is_confused_with_itself_even_where_all_are_asked_for():
    near = nearest_classes(np.eye(3, dtype=np.float32), ["a", "b", "c"], 9)
    assert near == OTHERS


def test_the_noise_score_is_what_each_sort_of_noise_costs():
    clean = np.array([True, True, True, False])
    scores = score_noise(clean, {"uniform 20": np.array([True, False, False, False]), "uniform 10": clean})
    assert scores["clean"] == 0.75
    assert scores["uniform 20"] == 0.25
    assert scores["uniform 20 loss"] == 0.5
    assert scores["uniform 10 loss"] == 0.0
