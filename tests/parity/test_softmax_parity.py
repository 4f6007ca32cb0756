"""The softmax expert against gradient descent that is written out, and what its names are good for."""

from __future__ import annotations

import numpy as np

from quickstudy.experts.base import Example, Query, Shared
from quickstudy.experts.features import RandomFeatures
from quickstudy.experts.memory import Memory
from quickstudy.experts.softmax import INPUT_SCALE, PULL, RATE, REPLAY, START, Softmax

DIMENSION, OPTIONS = 12, 5


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def taught(names: np.ndarray, lessons: list[tuple[np.ndarray, int]]) -> tuple[Softmax, Memory, Shared]:
    shared = Shared(DIMENSION, RandomFeatures(DIMENSION, 8, 0))
    expert, memory = Softmax(shared), Memory(DIMENSION)
    expert.describe(names, list(range(len(names))))
    for i, (vector, option) in enumerate(lessons):
        query = Query(vector[None], shared.features, memory, OPTIONS)
        expert.learn([Example(str(i), vector, option, float(i))], query)
        memory.learn(vector, option, float(i), str(i), 1.0)
    return expert, memory, shared


def test_a_lesson_is_one_adagrad_step_on_it_and_on_examples_drawn_from_memory_and_names() -> None:
    rng = np.random.default_rng(3)
    names = unit(rng.standard_normal((OPTIONS, DIMENSION)))
    lessons = [(unit(rng.standard_normal((1, DIMENSION)))[0], int(rng.integers(OPTIONS))) for _ in range(20)]
    expert, memory, shared = taught(names, lessons)

    weights = START * names.astype(np.float64)
    squares = np.full_like(weights, 1e-3)
    for step, (vector, option) in enumerate(lessons):
        known = [*lessons[:step], *((name, column) for column, name in enumerate(names))]
        rows = np.random.default_rng([step, 1]).integers(0, len(known), REPLAY)
        batch = [(vector, option)]
        batch += [known[row] for row in rows if row < step] + [known[row] for row in rows if row >= step]
        gradient = PULL * (weights - START * names)
        for x, y in batch:
            odds = np.exp(INPUT_SCALE * weights @ x)
            gradient += np.outer(odds / odds.sum() - np.eye(OPTIONS)[y], INPUT_SCALE * x) / len(batch)
        squares += gradient**2
        weights -= RATE * gradient / np.sqrt(squares)

    query = Query(unit(rng.standard_normal((7, DIMENSION))), shared.features, memory, OPTIONS)
    expected = INPUT_SCALE * query.vectors @ weights.T
    np.testing.assert_allclose(expert.propose(query), expected, atol=2e-3)


def test_an_option_without_lessons_keeps_what_its_name_says_while_others_are_taught() -> None:
    rng = np.random.default_rng(4)
    common = np.ones((1, DIMENSION)) / 2
    names = unit(common + rng.standard_normal((OPTIONS, DIMENSION)) / 2)
    lessons = [(unit(names[i % 2][None] + rng.standard_normal((1, DIMENSION)) / 8)[0], i % 2) for i in range(300)]
    expert, memory, shared = taught(names, lessons)
    query = Query(names, shared.features, memory, OPTIONS)
    assert expert.propose(query).argmax(axis=1).tolist() == list(range(OPTIONS))


def test_a_state_that_is_restored_draws_the_same_names() -> None:
    rng = np.random.default_rng(5)
    names = unit(rng.standard_normal((OPTIONS, DIMENSION)))
    lessons = [(unit(rng.standard_normal((1, DIMENSION)))[0], int(rng.integers(OPTIONS))) for _ in range(9)]
    expert, memory, shared = taught(names, lessons)
    again = Softmax(shared)
    again.restore(expert.state())
    for subject in (expert, again):
        query = Query(names[:1], shared.features, memory, OPTIONS)
        subject.learn([Example("next", names[0], 2, 99.0)], query)
        subject.rehearse(memory)
    for key, value in expert.state().items():
        np.testing.assert_array_equal(again.state()[key], value)
