"""Measures and every scenario's score, on hand-made cases with known truth."""

import time

import numpy as np
import pytest
from bench.class_incremental.scenario import score as score_class_incremental
from bench.cost.scenario import grown, measured
from bench.cost.scenario import score as score_cost
from bench.cost.synthetic import LENGTH, Clusters
from bench.digits.scenario import score as score_digits
from bench.drift.scenario import last_account_hits
from bench.drift.scenario import score as score_drift
from bench.forget.scenario import score as score_forget
from bench.icd10.scenario import score as score_icd10
from bench.learners.base import Guess
from bench.merge.scenario import dealt
from bench.merge.scenario import score as score_merge
from bench.novelty.scenario import score as score_novelty
from bench.plots import binned
from bench.scenario import Stage
from bench.scores import auroc, curve_of, fifths, growth_exponent, milliseconds, part_scores
from bench.stream.scenario import score as score_stream
from bench.streams import Outcome

from quickstudy.perception import get_encoder
from quickstudy.types import Decision, Evidence, Probabilities


def outcome(hits, confidences):
    times = np.full(len(hits), 0.002)
    return Outcome(np.array(hits, dtype=bool), np.array(confidences, dtype=float), times, times)


def decision(answer, **shares):
    chances = Probabilities(tuple(shares), np.array(list(shares.values())))
    return Decision("", False, answer, shares[answer], chances, 0.0, "ask", Evidence(), "text")


def test_parts_count_tasks_from_one_and_end_with_the_stream():
    hits = [False] * 100 + [True] * 200 + [True] * 10 + [False] * 10
    scores = part_scores(np.array(hits), np.full(320, 0.25))
    assert scores["accuracy 1-100"] == 0.0
    assert scores["accuracy 101-300"] == 1.0
    assert scores["accuracy 301-1000"] == 0.5
    assert scores["gap 1-100"] == 0.25
    assert scores["gap 101-300"] == 0.75
    assert "accuracy 1001-3000" not in scores


def test_the_stream_score_knows_areas_test_and_median_times():
    scores = score_stream(outcome([True] * 500 + [False] * 1500, [1.0] * 2000), np.array([True, True, False, True]))
    assert scores["area 1000"] == 0.5
    assert scores["area all"] == 0.25
    assert scores["test accuracy"] == 0.75
    assert scores["gap 1001-3000"] == 1.0
    assert scores["decide ms"] == pytest.approx(2.0)


def test_the_class_incremental_score_is_what_the_order_costs():
    scores = score_class_incremental(np.array([True, False, False, False]), np.array([True, True, True, False]))
    assert scores == {"ordered": 0.25, "shuffled": 0.75, "loss": 0.5, "apart": 0.5}


def test_the_last_account_is_wrong_on_new_vendors_and_after_a_change():
    hits = last_account_hits(["A", "A", "B", "A", "A"], ["x", "x", "x", "y", "y"])
    assert hits.tolist() == [False, True, False, False, True]


def test_the_drift_score_is_paired_by_fifth():
    own = np.array([1, 1, 1, 0, 0, 0, 1, 1, 1, 1], dtype=bool)
    baseline = np.array([1, 0, 0, 0, 0, 0, 1, 0, 1, 1], dtype=bool)
    scores = score_drift(own, baseline)
    assert [scores[f"fifth {i}"] for i in range(1, 6)] == [1.0, 0.5, 0.0, 1.0, 1.0]
    assert scores["above baseline"] == pytest.approx((0.5 + 0.5 + 0 + 0.5 + 0) / 5)
    assert scores["least above baseline"] == 0.0
    assert scores["area all"] == pytest.approx(0.7)


def test_auroc_counts_pairs_and_halves_ties():
    assert auroc([0.1, 0.2], [0.3, 0.4]) == 1.0
    assert auroc([0.3, 0.4], [0.1, 0.2]) == 0.0
    assert auroc([0.5, 0.5], [0.5]) == 0.5
    assert auroc([0.1, 0.5, 0.9], [0.5, 0.8]) == pytest.approx((1 + 0.5 + 0 + 1 + 1 + 0) / 6)


def test_auroc_agrees_with_counting_every_pair():
    generator = np.random.default_rng(3)
    inside, outside = generator.integers(0, 9, 40).astype(float), generator.integers(3, 12, 25).astype(float)
    pairs = [(o > i) + 0.5 * (o == i) for i in inside for o in outside]
    assert auroc(inside, outside) == pytest.approx(np.mean(pairs))


def test_auroc_refuses_scores_that_are_not_numbers():
    with pytest.raises(ValueError, match="finite"):
        auroc([0.1, float("nan")], [0.2])


def test_the_novelty_score_needs_a_novelty_of_every_guess():
    inside, outside = [Guess("a", 1.0, 0.2)], [Guess("a", 1.0, 0.9), Guess("a", 1.0, 0.1)]
    assert score_novelty(inside, outside) == 0.5
    with pytest.raises(ValueError, match="without novelty"):
        score_novelty(inside, [Guess("a", 1.0)])


def test_the_digits_score_looks_at_the_last_500():
    assert score_digits(np.array([False] * 1297 + [True] * 500))["accuracy last 500"] == 1.0


def test_the_icd10_score_has_the_parts_of_3000_phrases():
    scores = score_icd10(outcome([False] * 1000 + [True] * 2000, [0.9] * 3000))
    assert scores["accuracy 1001-3000"] == 1.0
    assert scores["gap 1001-3000"] == pytest.approx(0.1)
    assert scores["area all"] == pytest.approx(2 / 3)


def test_the_merge_score_finds_one_other_answer_and_the_largest_difference():
    ten = [decision("a", a=0.6, b=0.4), decision("b", a=0.1, b=0.9)]
    one = [decision("b", a=0.45, b=0.55), decision("b", a=0.1, b=0.9)]
    scores = score_merge(ten, one, ten, ten)
    assert scores["one: answers"] == 1.0
    assert scores["one: probability"] == pytest.approx(0.15)
    assert scores["order: probability"] == 0.0
    assert scores["twice: answers"] == 0.0


def test_the_merge_score_takes_other_options_for_the_largest_difference():
    left, right = [decision("a", a=1.0)], [decision("b", b=1.0)]
    assert score_merge(left, right, left, left)["one: probability"] == 1.0


def test_lessons_are_dealt_once_each_and_keep_their_order():
    parts = dealt(500, 7, seed=1)
    assert sorted(place for part in parts for place in part) == list(range(500))
    assert all(part == sorted(part) and 40 < len(part) < 110 for part in parts)
    assert parts == dealt(500, 7, seed=1) != dealt(500, 7, seed=2)


def test_the_forget_score_says_what_forgetting_moved():
    after, before = [decision("a", a=0.6, b=0.4)], [decision("a", a=0.8, b=0.2)]
    scores = score_forget(after, after, before)
    assert scores["probability"] == 0.0
    assert scores["moved"] == pytest.approx(0.2)


def test_the_cost_score_fits_exponents():
    rows = [{"at": size, "decide ms median": 0.5 * size, "teach ms median": 3.0} for size in (10.0, 100.0, 1000.0)]
    scores = score_cost(rows)
    assert scores["decide ms median @100"] == 50.0
    assert scores["decide ms median exponent"] == pytest.approx(1.0)
    assert scores["teach ms median exponent"] == pytest.approx(0.0)
    assert growth_exponent([1, 4, 16], [1, 2, 4]) == pytest.approx(0.5)


class Sleepy:
    """Takes a thousandth of a second to decide, three to be taught."""

    def decide(self, task):
        time.sleep(0.001)

    def learn(self, task, answer):
        time.sleep(0.003)


def test_the_time_of_a_pair_is_deciding_and_teaching_and_a_peer_has_a_budget(tmp_path, monkeypatch):
    source, stage = Clusters(3, seed=0), Stage(tmp_path)
    pairs = grown(Sleepy(), source, 0, 40, stage)
    assert pairs.shape == (40, 2)
    row = measured(40, pairs, 0.0, Sleepy(), tmp_path)
    assert row["decide ms median"] == pytest.approx(1.0, abs=0.9)
    assert row["pair ms mean"] == pytest.approx(1e3 * pairs.sum(axis=1).mean())
    assert row["pair ms mean"] >= 4.0
    monkeypatch.setattr("bench.cost.scenario.BUDGET", 0.01)
    assert grown(Sleepy(), source, 0, 40, stage) is None


def test_synthetic_vectors_are_as_long_as_those_of_texts():
    task, answer = next(Clusters(3, seed=0).tasks(1))
    assert len(task.vector) == LENGTH + 1 == get_encoder("minilm").dimension("text")
    assert answer in Clusters(3, seed=0).names


def test_times_are_milliseconds():
    shown = milliseconds(np.array([0.001, 0.002, 0.009]))
    assert shown["median"] == pytest.approx(2.0)
    assert shown["max"] == pytest.approx(9.0)


def test_fifths_cover_every_task_once():
    hits = np.arange(13) % 2 == 0
    lengths = [2, 3, 2, 3, 3]
    assert sum(part * length for part, length in zip(fifths(hits), lengths, strict=True)) == pytest.approx(hits.sum())


def test_a_curve_keeps_all_hits_and_its_bins_are_accuracies():
    hits = np.array([False] * 400 + [True] * 1600)
    curve = curve_of(hits)
    assert (curve["at"][0], curve["hits"][0]) == (0, 0)
    assert (curve["at"][-1], curve["hits"][-1]) == (2000, 1600)
    middles, values = binned(curve)
    assert values[0] == 0.0
    assert values[-1] == 1.0
    assert (np.diff(middles) > 0).all()
