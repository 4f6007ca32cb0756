"""Error rates of simulated teachers against the known truth."""

import numpy as np
import pytest

from autonomy.simulated_teachers import simulated
from quickstudy.autonomy.error_rates import _Answered, error_rates

GOOD = {"anna": 0.02, "ben": 0.05, "carla": 0.1}


def estimated(rates, tasks=400, options=20, share=0.6, seed=0, **settings):
    task, teacher, answer, names = simulated(rates, tasks, options, share, seed)
    found = error_rates(task, teacher, answer, options, **settings)
    return {name: found[i] for i, name in enumerate(names) if i in found}


def test_rates_of_independent_teachers_are_found():
    found = [estimated(GOOD, seed=seed) for seed in range(12)]
    for name, truth in GOOD.items():
        assert np.mean([rates[name].error for rates in found]) == pytest.approx(truth, abs=0.015)
        assert all(rates[name].identified for rates in found)


def test_rates_of_poor_teachers_are_found_if_there_are_four():
    poor = {"anna": 0.4, "ben": 0.5, "carla": 0.5, "dora": 0.5}
    found = [estimated(poor, share=1.0, seed=seed) for seed in range(6)]
    for name, truth in poor.items():
        assert np.mean([rates[name].error for rates in found]) == pytest.approx(truth, abs=0.05)


def test_the_truth_of_a_task_may_be_what_nobody_said():
    task, teacher = np.repeat(np.arange(21), 3), np.tile(np.arange(3), 21)
    answered = _Answered(task, teacher, np.concatenate([np.repeat(np.arange(20), 3), [1, 2, 3]]), 20)
    found = answered._expect(np.full(3, 0.8), np.full(20, 0.05))[0]
    assert found[:20].min() > 0.7
    assert found[20:].sum() < 0.5


def test_a_spammer_is_found_and_spoils_nobody_elses_rate():
    found = [estimated({**GOOD, "spammer": 0.95}, seed=seed) for seed in range(8)]
    for name, truth in {**GOOD, "spammer": 0.95}.items():
        assert np.mean([rates[name].error for rates in found]) == pytest.approx(truth, abs=0.02)
    assert all(rates["spammer"].low > 0.8 for rates in found)


def test_a_teacher_who_always_says_the_same_is_found():
    task, teacher, answer, _ = simulated(GOOD, 400, 10, 0.6, 3)
    task = np.concatenate([task, np.arange(400)])
    teacher = np.concatenate([teacher, np.full(400, 3)])
    answer = np.concatenate([answer, np.zeros(400, dtype=np.int64)])
    found = error_rates(task, teacher, answer, 10)
    assert found[3].low > 0.8
    assert max(found[j].error for j in range(3)) < 0.15


@pytest.mark.parametrize(
    ("rates", "tasks", "options", "share"),
    [
        (GOOD, 200, 20, 0.6),
        ({**GOOD, "dora": 0.4}, 150, 3, 0.7),
        ({"anna": 0.1, "ben": 0.1}, 200, 10, 1.0),
        ({"anna": 0.02, "ben": 0.3}, 200, 2, 1.0),
        ({"anna": 0.0, "ben": 0.0, "carla": 0.05}, 100, 50, 0.8),
    ],
)
def test_intervals_hold_the_truth(rates, tasks, options, share):
    inside = [
        found[name].low <= truth <= found[name].high
        for seed in range(20)
        for found in [estimated(rates, tasks, options, share, seed)]
        for name, truth in rates.items()
    ]
    assert np.mean(inside) >= 0.9


def test_two_teachers_alone_may_each_be_the_one_who_is_wrong():
    found = estimated({"anna": 0.02, "ben": 0.2}, tasks=300, options=10, share=1.0)
    for rate in found.values():
        assert not rate.identified
        assert rate.low == 0.0
        assert rate.high > 0.18
    assert sum(rate.error for rate in found.values()) == pytest.approx(0.22, abs=0.05)


def test_a_third_teacher_tells_who_is_wrong():
    found = estimated({"anna": 0.02, "ben": 0.2, "carla": 0.05}, tasks=300, options=10, share=1.0)
    assert found["anna"].high < found["ben"].low


def test_more_tasks_narrow_the_interval_and_more_confidence_widens_it():
    few, many = estimated(GOOD, tasks=100)["ben"], estimated(GOOD, tasks=1000)["ben"]
    assert many.high - many.low < few.high - few.low
    sure = estimated(GOOD, tasks=100, confidence=0.999)["ben"]
    assert sure.low <= few.low
    assert sure.high > few.high


def test_teachers_who_always_agree_are_not_called_infallible():
    found = estimated({"anna": 0.0, "ben": 0.0, "carla": 0.0}, tasks=50, share=1.0)
    assert all(0.0 < rate.high < 0.2 for rate in found.values())


def test_without_shared_tasks_nothing_is_known():
    assert error_rates(*np.zeros((3, 0), dtype=np.int64), 5) == {}
    assert error_rates(np.arange(5), np.zeros(5, dtype=np.int64), np.arange(5), 5) == {}
    found = error_rates(np.array([0, 0, 1]), np.array([0, 1, 2]), np.array([0, 0, 0]), 2)
    assert set(found) == {0, 1}


def test_a_job_with_one_option_gives_no_nonsense():
    found = error_rates(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.zeros(4, dtype=np.int64), 1)
    assert all(0.0 <= rate.low <= rate.error <= rate.high <= 1.0 for rate in found.values())


def test_the_order_of_answers_does_not_matter():
    task, teacher, answer, _ = simulated(GOOD, 100, 5, 0.7, 1)
    order = np.random.default_rng(0).permutation(len(task))
    one, other = error_rates(task, teacher, answer, 5), error_rates(task[order], teacher[order], answer[order], 5)
    for j, rate in one.items():
        assert other[j].error == pytest.approx(rate.error, abs=1e-6)
        assert other[j].high == pytest.approx(rate.high, abs=1e-3)
