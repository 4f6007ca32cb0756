"""The prognosis: expected returns from tasks that have ended."""

import numpy as np
import pytest

from quickstudy.judgement.value.prognosis import Prognosis, returns_from, view


def tasks(count, seed=0, lengths=(20,)):
    """Views (n, 4) and returns (n, 1) of tasks; number 0 of a view says how a task ends."""
    draw = np.random.default_rng(seed)
    for _ in range(count):
        good = bool(draw.random() < 0.5)
        seen = draw.normal(0, 0.2, (int(draw.choice(lengths)), 4))
        seen[:, 0] += good
        seen[:, 3] = 1.0  # as an array's view ends
        yield seen.astype(np.float32), np.full((len(seen), 1), float(good))


def learned(count, **keywords):
    prognosis = Prognosis(4, 1, 0)
    for views, returns in tasks(count, **keywords):
        prognosis.learn(views, returns)
    return prognosis


PROBES = np.array([[0, 0, 0, 1], [1, 0, 0, 1]], dtype=np.float32)


def test_returns_are_what_a_step_and_all_after_it_received():
    assert returns_from(np.array([[1.0], [0.0], [-2.0]]))[:, 0].tolist() == [-1.0, -2.0, -2.0]


def test_nothing_is_expected_before_the_first_task():
    assert Prognosis(4, 1, 0).expect(PROBES) is None


def test_a_single_outcome_reaches_the_first_of_a_thousand_steps():
    prognosis = learned(30, lengths=(1000,))
    assert prognosis.expect(PROBES).terms[:, 0] == pytest.approx([0.0, 1.0], abs=0.2)


def test_states_of_long_tasks_count_as_much_as_those_of_short_ones():
    prognosis = Prognosis(1, 1, 0)
    here = np.zeros((1, 1), np.float32)
    for number in range(200):  # a state that is left at once for 1, or after nine more visits for 0
        count = 1 if number % 2 else 10
        prognosis.learn(np.zeros((count, 1), np.float32), np.full((count, 1), float(count == 1)))
    assert prognosis.expect(here).terms[0, 0] == pytest.approx(100 / 1100, abs=0.01)


def test_what_is_learned_depends_on_the_set_of_tasks():
    forward, backward = Prognosis(4, 1, 0), Prognosis(4, 1, 0)
    found = list(tasks(20, lengths=(5, 30)))
    for one, other in zip(found, found[::-1], strict=True):
        forward.learn(*one)
        backward.learn(*other)
    np.testing.assert_allclose(forward.expect(PROBES).terms, backward.expect(PROBES).terms, atol=1e-10)


def test_a_task_can_be_taken_out_again():
    with_it, without_it = Prognosis(4, 1, 0), Prognosis(4, 1, 0)
    for views, returns in tasks(9):
        with_it.learn(views, returns)
        without_it.learn(views, returns)
    odd = np.ones((7, 4), np.float32), np.full((7, 1), -5.0)
    with_it.learn(*odd, 2.0)
    heads = with_it.without(*odd, 2.0)
    np.testing.assert_allclose(with_it.expect(PROBES, heads).terms, without_it.expect(PROBES).terms, atol=1e-9)


def test_the_only_task_cannot_be_taken_out():
    prognosis = learned(1)
    assert prognosis.without(*next(tasks(1))) is None


def test_doubt_falls_with_tasks_not_with_steps():
    few, many = (learned(count).expect(PROBES).doubt[0] for count in (20, 200))
    long = learned(20, lengths=(400,)).expect(PROBES).doubt[0]
    assert many < 0.3 * few
    assert long > 0.5 * few


def test_what_is_far_from_everything_is_doubtful():
    doubt = learned(50).expect(np.array([[0, 0, 0, 1], [0, 9, -9, 1]], dtype=np.float32)).doubt
    assert doubt[1] > 5 * doubt[0]


def test_an_array_is_seen_with_its_scale_and_a_text_through_its_vector():
    vector = np.ones(3, np.float32)
    assert view(vector, None) is vector
    small, large = view(vector, np.array([1.0, -1.0])), view(vector, np.array([100.0, -100.0]))
    assert small.tolist() == pytest.approx([np.log(2), -np.log(2), 1.0])
    assert large[0] > 4 * small[0]
