"""A procedure with a known truth: next steps, outcome and remaining time, early and calibrated."""

import numpy as np
import pytest
from claims import claims, paid, truth_of

from quickstudy.adapters.event_log import Case
from quickstudy.adapters.process import END, Process, situation_after
from quickstudy.errors import SituationError

LEARNED = 300


@pytest.fixture(scope="module")
def process():
    with Process("claims", paid, features=128, experts=["prior", "recall", "ridge"]) as process:
        assert process.learn(claims(LEARNED, seed=1)) == LEARNED
        yield process


@pytest.fixture(scope="module")
def forecasts(process):
    """(running case, the whole case, forecast) of new cases, after each of their events but the last."""
    found = []
    for case in claims(80, seed=2):
        for count in range(1, len(case.events)):
            found.append((case.first(count), case, process.forecast(case.first(count))))
    return found


def test_the_next_step_is_predicted_with_a_calibrated_probability(forecasts):
    right = [f.activity == case.events[len(running.events)].activity for running, case, f in forecasts]
    said = [f.next[f.activity] for _, _, f in forecasts]
    assert np.mean(right) > 0.7
    assert abs(np.mean(right) - np.mean(said)) < 0.07


def test_the_outcome_is_predicted_early_and_near_the_truth(forecasts):
    error = np.array([f.success - truth_of(running)[0] for running, _, f in forecasts])
    guess = np.array([0.55 - truth_of(running)[0] for running, _, _ in forecasts])
    assert np.abs(error).mean() < 0.1
    assert np.abs(error).mean() < 0.6 * np.abs(guess).mean()
    first = [f.success for running, _, f in forecasts if len(running.events) == 1]
    large = [running.attributes["size"] == "large" for running, _, _ in forecasts if len(running.events) == 1]
    assert np.mean(first, where=np.array(large)) < np.mean(first, where=~np.array(large)) - 0.2


def test_the_remaining_time_is_predicted_and_its_interval_holds(forecasts):
    left = np.array([(case.events[-1].at - running.events[-1].at) / 3600 for running, case, _ in forecasts])
    truth = np.array([truth_of(running)[1] for running, _, _ in forecasts])
    hours = np.array([f.hours for _, _, f in forecasts])
    inside = [f.low <= hours_left <= f.high for hours_left, (_, _, f) in zip(left, forecasts, strict=True)]
    assert np.abs(hours - truth).mean() < 0.25 * truth.mean()
    assert 0.75 < np.mean(inside) < 0.92


def test_a_case_that_is_over_is_known_to_be_over(process):
    case = next(case for case in claims(20, seed=3) if paid(case))
    forecast = process.forecast(case)
    assert forecast.activity == END
    assert forecast.hours < 10


def test_forecasting_writes_nothing(process):
    last = process.learner._record.journal.last_seq
    process.forecast(claims(1, seed=4)[0].first(2))
    assert process.learner._record.journal.last_seq == last


def test_a_step_sees_nothing_of_its_future():
    [case] = claims(1, seed=5)
    assert situation_after(case, 2) == situation_after(case.first(2), 2)


def test_a_case_is_learned_once_also_by_another_program(tmp_path):
    cases = claims(5, seed=6)
    for expected in (5, 0):
        with Process("claims", paid, journal=tmp_path / "claims.db", features=64, experts=["prior"]) as process:
            assert process.learn(cases) == expected
            assert process.learner.report().lessons == sum(len(case.events) for case in cases)


def test_a_case_that_was_broken_off_is_learned_to_its_end(tmp_path):
    cases, whole = claims(4, seed=6), {"features": 64, "experts": ["prior"]}
    with Process("claims", paid, **whole) as straight:
        straight.learn(cases)
        expected = [(task.task, task.steps, task.total, task.outcome) for task in straight.learner.tasks()]
        lessons = straight.learner.report().lessons
    for number in range(2, 12, 3):  # an error stands for the end of the program
        path = tmp_path / f"{number}.db"
        with Process("claims", paid, journal=path, **whole) as process:
            process.learner._reward = failing(process.learner._reward, number)
            with pytest.raises(ZeroDivisionError):
                process.learn(cases)
        with Process("claims", paid, journal=path, **whole) as process:
            process.learn(cases)
            found = [(task.task, task.steps, task.total, task.outcome) for task in process.learner.tasks()]
            assert found == expected
            assert process.learner.report().lessons == lessons


def failing(verb, calls):
    """The verb, which fails at one of its calls: after it wrote where that is even, before where it is odd."""
    count = 0

    def run(*arguments, **keywords):
        nonlocal count
        count += 1
        if count == calls and calls % 2:
            raise ZeroDivisionError
        verb(*arguments, **keywords)
        if count == calls:
            raise ZeroDivisionError

    return run


def test_without_an_outcome_times_are_learned_all_the_same():
    with Process("claims", features=64, experts=["prior"]) as process:
        assert process.forecast(claims(1)[0]).hours is None
        process.learn(claims(5, seed=6))
        forecast = process.forecast(claims(1, seed=7)[0].first(1))
        assert forecast.success is None
        assert forecast.hours > 0


def test_a_case_without_events_is_refused():
    with Process("claims", features=64) as process, pytest.raises(SituationError):
        process.forecast(Case("empty", ()))
