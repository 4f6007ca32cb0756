"""The inverse kept by recursive least squares equals the inverse computed at once."""

import numpy as np
import pytest

from quickstudy.experts.precision import PENDING, ROOM, Precision

D, REGULARISATION = 12, 0.3


def rows_of(count, seed=0):
    return np.random.default_rng(seed).standard_normal((count, D)) / np.sqrt(D)


def inverse(rows):
    return np.linalg.inv(rows.T @ rows + REGULARISATION * np.eye(D))


def absorbed(rows, block):
    precision = Precision(D, REGULARISATION)
    for start in range(0, len(rows), block):
        precision.absorb(rows[start : start + block])
    return precision


@pytest.mark.parametrize("count", [0, 1, PENDING - 1, PENDING, PENDING + 1, ROOM, ROOM + 1, 2 * ROOM + 3])
@pytest.mark.parametrize("block", [1, 7, 64, ROOM, ROOM + 9])
def test_the_inverse_is_exact_however_it_was_absorbed(count, block):
    rows, probes = rows_of(count), rows_of(5, seed=1)
    precision = absorbed(rows, block)
    assert precision.gains(probes) == pytest.approx(probes @ inverse(rows), abs=1e-9)
    assert len(precision.state()["pending"]) < (PENDING if block == 1 else ROOM)


@pytest.mark.parametrize("count", [1, 5, 40])
def test_absorbing_gives_a_root_and_what_is_taken_from_the_inverse(count):
    rows, probes = rows_of(count + 50), rows_of(5, seed=1)
    precision = absorbed(rows[:50], 10)
    before = inverse(rows[:50])
    root, halves = precision.absorb(rows[50:])
    assert root.T @ root == pytest.approx(np.linalg.inv(np.eye(count) + rows[50:] @ before @ rows[50:].T), abs=1e-9)
    assert halves.T @ halves == pytest.approx(before - inverse(rows), abs=1e-9)
    assert precision.gains(probes) == pytest.approx(probes @ inverse(rows), abs=1e-9)


@pytest.mark.parametrize("block", [1, 16])
def test_released_rows_leave_no_trace(block):
    rows, probes = rows_of(90), rows_of(5, seed=1)
    precision = absorbed(rows, block)
    for row in rows[:90:3]:
        before = precision.gains(np.eye(D))
        half = precision.release(row)
        assert np.outer(half, half) == pytest.approx(precision.gains(np.eye(D)) - before, abs=1e-9)
    left = rows[np.arange(90) % 3 > 0]
    assert precision.gains(probes) == pytest.approx(probes @ inverse(left), abs=1e-9)
    precision.absorb(rows[0:1])
    assert precision.gains(probes) == pytest.approx(probes @ inverse(np.vstack([left, rows[:1]])), abs=1e-9)


@pytest.mark.parametrize("count", [0, 5, PENDING + 5, ROOM - 4])
def test_a_restored_inverse_goes_on_the_same(count):
    rows = rows_of(count + 400)
    first, second = absorbed(rows[:count], 4), Precision(D, REGULARISATION)
    state = first.state()
    second.restore(state)
    for precision in (first, second):
        for start in range(count, count + 400, 4):
            precision.absorb(rows[start : start + 4])
    for name, array in first.state().items():
        assert np.array_equal(array, second.state()[name]), name
    third = Precision(D, REGULARISATION)
    third.restore(state)  # what was given out did not change
    assert third.gains(rows[:3]) == pytest.approx(rows[:3] @ inverse(rows[:count]), abs=1e-9)
