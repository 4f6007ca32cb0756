"""The recursive ridge equals the closed form, by whichever way it was learned."""

import numpy as np
import pytest

from quickstudy.experts import Example, Memory, Query, RandomFeatures, Shared
from quickstudy.experts.precision import PENDING, ROOM
from quickstudy.experts.ridge import BLOCK, REGULARISATION, SCALE, Ridge

D, FEATURES, OPTIONS = 10, 40, 5


def unit_vectors(count, seed=0):
    rows = np.random.default_rng(seed).standard_normal((count, D))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


class Taught:
    def __init__(self):
        self.features = RandomFeatures(D, FEATURES, 0)
        self.ridge = Ridge(Shared(D, self.features))

    def query(self, vectors, options=OPTIONS):
        return Query(vectors, self.features, Memory(D), options)

    def learn(self, vectors, options, block):
        for start in range(0, len(options), block):
            part = slice(start, start + block)
            pairs = zip(vectors[part], options[part], strict=True)
            examples = [Example("", vector, option, 0.0) for vector, option in pairs]
            self.ridge.learn(examples, self.query(vectors[part]))

    def closed_form(self, phi, options):
        """W of ridge regression on one-hot answers, solved at once."""
        answers = np.eye(OPTIONS)[options]
        return np.linalg.solve(phi.T @ phi + REGULARISATION * np.eye(FEATURES), phi.T @ answers)


@pytest.mark.parametrize("count", [1, PENDING - 1, PENDING, PENDING + 1, 2 * PENDING, 2 * PENDING + 1, 200])
@pytest.mark.parametrize("block", [1, 7, 64])
def test_online_equals_the_closed_form(count, block):
    taught = Taught()
    vectors, options = unit_vectors(count), [(i * i) % OPTIONS for i in range(count)]
    taught.learn(vectors, options, block)
    weights = taught.closed_form(taught.features(vectors), options)
    probes = taught.query(unit_vectors(6, seed=1))
    assert taught.ridge.propose(probes) == pytest.approx(SCALE * probes.phi @ weights, abs=1e-6)
    blocks = [taught.features(vectors[i : i + block]) for i in range(0, count, block)]
    exact = taught.closed_form(np.concatenate(blocks), options)
    assert taught.ridge.propose(probes) == pytest.approx(SCALE * probes.phi @ exact, abs=1e-8)


@pytest.mark.parametrize("count", [ROOM - 1, ROOM, ROOM + 1, 2 * ROOM + 5])
@pytest.mark.parametrize("block", [7, 64, ROOM - 1, ROOM, ROOM + 80])
def test_blocks_beyond_the_room_equal_the_closed_form(count, block):
    taught = Taught()
    vectors, options = unit_vectors(count), [(i * i) % OPTIONS for i in range(count)]
    taught.learn(vectors, options, block)
    blocks = [taught.features(vectors[i : i + block]) for i in range(0, count, block)]
    exact = taught.closed_form(np.concatenate(blocks), options)
    probes = taught.query(unit_vectors(6, seed=1))
    assert taught.ridge.scores(probes) == pytest.approx(probes.phi @ exact, abs=1e-8)
    assert len(taught.ridge.state()["pending"]) < ROOM


def test_blocks_and_single_lessons_in_turn_equal_the_closed_form():
    taught = Taught()
    vectors, options = unit_vectors(1000), [(i * i) % OPTIONS for i in range(1000)]
    start, phi = 0, []
    for size in [1, 64, 1, 1, 200, 64, 64, 64, 1, 340, 2, *[1] * 40, 64, 1, 93]:
        part = slice(start, start + size)
        taught.learn(vectors[part], options[part], size)
        phi.append(taught.features(vectors[part]))
        start += size
    taught.ridge.correct(Example("", vectors[500], options[500], 0.0), (options[500] + 1) % OPTIONS)
    options[500] = (options[500] + 1) % OPTIONS
    assert start == 1000
    probes = taught.query(unit_vectors(6, seed=1))
    exact = taught.closed_form(np.concatenate(phi), options)
    assert taught.ridge.scores(probes) == pytest.approx(probes.phi @ exact, abs=1e-8)


def test_names_and_examples_count_the_same():
    described, learned = Taught(), Taught()
    vectors = unit_vectors(OPTIONS)
    described.ridge.describe(vectors, range(OPTIONS))
    learned.learn(vectors, list(range(OPTIONS)), OPTIONS)
    probes = described.query(unit_vectors(6, seed=1))
    assert described.ridge.propose(probes) == pytest.approx(learned.ridge.propose(probes), abs=1e-10)


@pytest.mark.parametrize("count", [BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 9])
def test_descriptions_beyond_a_block_equal_the_closed_form(count):
    taught = Taught()
    vectors, options = unit_vectors(count), [(i * i) % OPTIONS for i in range(count)]
    taught.ridge.describe(vectors, options)
    blocks = [taught.features(vectors[i : i + BLOCK]) for i in range(0, count, BLOCK)]
    probes = taught.query(unit_vectors(6, seed=1))
    exact = probes.phi @ taught.closed_form(np.concatenate(blocks), options)
    assert taught.ridge.scores(probes) == pytest.approx(exact, abs=1e-8)


def test_very_many_options_are_described_in_their_order():
    taught = Taught()
    count = 2 * BLOCK + 3
    vectors = unit_vectors(count)
    taught.ridge.describe(vectors, range(count))
    phi = np.concatenate([taught.features(vectors[i : i + BLOCK]) for i in range(0, count, BLOCK)])
    weights = np.linalg.solve(phi.T @ phi + REGULARISATION * np.eye(FEATURES), phi.T)
    probes = taught.query(unit_vectors(6, seed=1), count)
    assert taught.ridge.scores(probes) == pytest.approx(probes.phi @ weights, abs=1e-8)


@pytest.mark.parametrize("count", [20, 40, 70])
def test_corrections_equal_the_closed_form_of_the_right_answers(count):
    taught = Taught()
    vectors, options = unit_vectors(count), [i % OPTIONS for i in range(count)]
    taught.learn(vectors, options, 1)
    for i in range(0, count, 3):
        taught.ridge.correct(Example("", vectors[i], options[i], 0.0), (options[i] + 1) % OPTIONS)
        options[i] = (options[i] + 1) % OPTIONS
    phi = np.concatenate([taught.features(vector[None]) for vector in vectors])
    probes = taught.query(unit_vectors(6, seed=1))
    assert taught.ridge.scores(probes) == pytest.approx(probes.phi @ taught.closed_form(phi, options), abs=1e-8)


@pytest.mark.parametrize("count", [0, 10, PENDING, PENDING + 5])
def test_a_state_restored_in_mid_buffer_goes_on_as_the_closed_form(count):
    first, second = Taught(), Taught()
    vectors, options = unit_vectors(count + 50), [i % OPTIONS for i in range(count + 50)]
    first.learn(vectors[:count], options[:count], 1)
    second.ridge.restore(first.ridge.state())
    second.learn(vectors[count:], options[count:], 1)
    phi = np.concatenate([first.features(vector[None]) for vector in vectors])
    probes = first.query(unit_vectors(6, seed=1))
    assert second.ridge.scores(probes) == pytest.approx(probes.phi @ first.closed_form(phi, options), abs=1e-8)


@pytest.mark.parametrize("count", [60, ROOM - 20, ROOM + 100])
@pytest.mark.parametrize("block", [1, 20])
def test_a_state_restored_between_blocks_goes_on_the_same(count, block):
    first, second = Taught(), Taught()
    vectors, options = unit_vectors(count + 400), [i % OPTIONS for i in range(count + 400)]
    first.learn(vectors[:count], options[:count], 20)
    assert len(first.ridge.state()["pending"]) > PENDING
    second.ridge.restore(first.ridge.state())
    for taught in (first, second):
        taught.learn(vectors[count:], options[count:], block)
    for name, array in first.ridge.state().items():
        assert np.array_equal(array, second.ridge.state()[name]), name


def test_a_thousand_lessons_on_one_situation_stay_exact():
    taught = Taught()
    vectors, options = unit_vectors(1), [2]
    taught.learn(np.repeat(vectors, 1000, axis=0), options * 1000, 1)
    phi = np.repeat(taught.features(vectors), 1000, axis=0)
    probes = taught.query(unit_vectors(6, seed=1))
    assert taught.ridge.scores(probes) == pytest.approx(probes.phi @ taught.closed_form(phi, options * 1000), abs=1e-8)
