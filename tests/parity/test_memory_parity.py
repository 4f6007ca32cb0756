"""The search of the memory equals sorting everything by similarity."""

import numpy as np
import pytest

from parity.test_ridge_parity import D, unit_vectors
from quickstudy.experts import Memory, memory


def brute_force(lessons, query, k):
    """(similarity, option, count, at, order, lesson id) of the k nearest rows, best first, ties by first lesson."""
    rows = {}
    for order, (vector, option, at, id) in enumerate(lessons):
        key = (vector.tobytes(), option)
        count = rows[key][2] + 1 if key in rows else 1
        rows[key] = (float(vector.astype(float) @ query.astype(float)), option, count, at, order, id)
    ranked = sorted(enumerate(rows.values()), key=lambda row: (-row[1][0], row[0]))
    return [row for _, row in ranked[:k]]


def remembered(lessons):
    held = Memory(D)
    for vector, option, at, id in lessons:
        held.learn(vector, option, at, id)
    return held


def lessons_of(count, seed=0, *, repeat=1):
    vectors = unit_vectors(count, seed)
    return [(vectors[i // repeat], i % 3, float(i), f"lesson-{i}") for i in range(count)]


def corrected(count, *, every):
    """Lessons, and a memory of them in which every so many were corrected to option 5."""
    lessons = lessons_of(count)
    held = remembered(lessons)
    for i in range(0, count, every):
        held.correct(lessons[i][0], i % 3, 5, 1000.0 + i, f"right-{i}")
    return lessons, held


@pytest.fixture(params=["plain scan", "coarse scan"])
def small_chunks(request, monkeypatch):
    monkeypatch.setattr(memory, "CHUNK", 64)
    for limit in ("SCAN_ROWS", "SCAN_ROWS_TOGETHER"):
        monkeypatch.setattr(memory, limit, 100_000 if request.param == "plain scan" else 100)


def check_search(held, lessons, k):
    queries = np.concatenate([unit_vectors(5, seed=9), lessons[0][0][None], lessons[-1][0][None]])
    for found in (held.search(queries, k), *(held.search(query[None], k) for query in queries)):
        for i in range(len(found.rows)):
            query = queries[i] if len(found.rows) > 1 else None
            if query is None:
                continue
            expected = brute_force(lessons, query, k)
            assert found.options[i].tolist() == [row[1] for row in expected]
            assert found.similarity[i] == pytest.approx([row[0] for row in expected], abs=1e-12)
            assert found.counts[i].tolist() == [row[2] for row in expected]
            assert found.at[i].tolist() == [row[3] for row in expected]
            assert found.order[i].tolist() == [row[4] for row in expected]
            assert [held.lesson(row) for row in found.rows[i]] == [row[5] for row in expected]
    together = held.search(queries, k)
    for i, query in enumerate(queries):
        alone = held.search(query[None], k)
        assert alone.rows[0].tolist() == together.rows[i].tolist()
        assert alone.similarity[0].tolist() == together.similarity[i].tolist()


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("count", [1, 47, 63, 64, 65, 101, 300])
@pytest.mark.parametrize("k", [1, 15, 48])
def test_search_equals_brute_force(count, k):
    lessons = lessons_of(count)
    check_search(remembered(lessons), lessons, k)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("beside", [-1, 0, 1, memory.GROUP - 1, memory.GROUP + 5])
@pytest.mark.parametrize("k", [1, 2, 5])
def test_search_equals_brute_force_where_groups_stand_for_rows(k, beside):
    lessons = lessons_of(4 * k * memory.GROUP + beside)
    check_search(remembered(lessons), lessons, k)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("k", [1, 3])
def test_the_nearest_are_found_wherever_they_lie(k):
    """All in one group, at its ends, spread over groups, and among the rows behind the last full group."""
    count = 4 * k * memory.GROUP + 7
    query = np.eye(1, D, dtype=np.float32)
    for near in ([0, 1, 2], [31, 32, 63], [5, 70, count - 20], [count - 3, count - 2, count - 1]):
        vectors = unit_vectors(count)
        vectors[:, 0] = -np.abs(vectors[:, 0])
        vectors[near] = query + 0.1 * vectors[near]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        held = remembered([(vector, 0, 0.0, str(i)) for i, vector in enumerate(vectors)])
        found = held.search(query, k)
        assert found.rows[0].tolist() == sorted(near, key=lambda row: -vectors[row, 0])[:k]


def test_the_bound_is_at_most_the_kth_largest_and_finite_where_that_is():
    generator = np.random.default_rng(0)
    for count in (1, 127, 128, 129, 500, 3000):
        for k in (1, 2, 15, 48):
            values = generator.standard_normal(count).astype(np.float32)
            for gone in ([], range(0, count - k), range(k, count), range(0, count, 2)):
                values[list(gone)] = -np.inf
                if np.isfinite(values).sum() >= k:
                    bound = memory._at_most_kth(values, k)
                    assert -np.inf < bound <= np.sort(values)[-k]


@pytest.mark.usefixtures("small_chunks")
def test_search_equals_brute_force_with_duplicates_and_two_answers():
    lessons = lessons_of(150, repeat=4) + lessons_of(150, repeat=6)
    check_search(remembered(lessons), lessons, 20)


@pytest.mark.usefixtures("small_chunks")
def test_near_ties_are_ordered_as_in_float64():
    noise = np.random.default_rng(0).standard_normal((300, D)) * 1e-7
    vectors = (unit_vectors(1) + noise).astype(np.float32)
    lessons = [(vector, i % 3, float(i), f"lesson-{i}") for i, vector in enumerate(vectors)]
    check_search(remembered(lessons), lessons, 10)


@pytest.mark.usefixtures("small_chunks")
def test_corrected_rows_are_found_no_more():
    lessons, held = corrected(200, every=2)
    found = held.search(unit_vectors(4, seed=9), 200)
    assert found.rows.shape == (4, 200)
    assert (found.counts == 1).all()
    for i in range(0, 200, 2):
        nearest = held.search(lessons[i][0][None], 1)
        assert nearest.options[0, 0] == 5
        assert held.lesson(int(nearest.rows[0, 0])) == f"right-{i}"


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("every", [1, 2, 3])
def test_search_equals_brute_force_among_corrected_rows(k, every):
    lessons = lessons_of(4 * k * memory.GROUP + 3)
    held = remembered(lessons)
    gone = range(0, len(lessons), every)
    right = [(lessons[i][0], 5, 1000.0 + i, f"right-{i}") for i in gone]
    for i, lesson in zip(gone, right, strict=True):
        held.correct(lessons[i][0], i % 3, *lesson[1:])
    queries = np.concatenate([unit_vectors(5, seed=9), lessons[0][0][None], lessons[-1][0][None]])
    found = held.search(queries, k)
    left = [lesson for i, lesson in enumerate(lessons) if i not in gone] + right
    for i, query in enumerate(queries):
        expected = brute_force(left, query, k)
        assert [held.lesson(int(row)) for row in found.rows[i]] == [row[5] for row in expected]
        assert found.similarity[i] == pytest.approx([row[0] for row in expected], abs=1e-12)
        assert found.options[i].tolist() == [row[1] for row in expected]
        assert found.counts[i].tolist() == [1] * k


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("times", [127, 128, 129, 200, 400])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_rows_that_are_left_are_found_among_many_corrected_ones(count, times):
    """Every situation's answer was corrected to ever new options, so only the last few rows are left."""
    held, vectors = Memory(D), unit_vectors(count)
    for option in range(times):
        for i, vector in enumerate(vectors):
            if option:
                held.correct(vector, option - 1, option, float(option), f"lesson-{option}-{i}")
            else:
                held.learn(vector, 0, 0.0, f"lesson-0-{i}")
    assert (held.size, held.living) == (count * times, count)
    found = held.search(vectors, 48)
    assert found.options.tolist() == [[times - 1] * count] * count
    assert found.counts.tolist() == [[1] * count] * count
    assert [held.lesson(int(row)) for row in found.rows[:, 0]] == [f"lesson-{times - 1}-{i}" for i in range(count)]


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("count", [3, 64, 65, 300])
def test_examples_come_in_the_order_asked_without_the_corrected_ones(count):
    lessons, held = corrected(count, every=4)
    asked = np.random.default_rng(0).permutation(count).tolist()
    kept = [row for row in asked if row % 4]
    for rows in (asked, np.array(asked)):
        vectors, options, trust = held.examples(rows)
        assert vectors.dtype == np.float32
        assert np.array_equal(vectors, [lessons[row][0] for row in kept])
        assert options.tolist() == [row % 3 for row in kept]
        assert trust.tolist() == [1.0] * len(kept)
    vectors[:] = 0.0  # a copy
    assert np.array_equal(held.examples([1])[0][0], lessons[1][0])
    assert held.examples([])[0].shape == Memory(D).examples([])[0].shape == (0, D)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("count", [0, 1, 64, 150])
def test_a_restored_memory_searches_and_goes_on_the_same(count):
    lessons, held = corrected(count, every=3)
    restored = Memory.restore(D, {name: np.array(array) for name, array in held.state().items()})
    more = [*lessons_of(70, seed=3), *lessons[::3]]
    for one in (held, restored):
        for vector, option, at, id in more:
            one.learn(vector, option, at, id)
    a, b = held.search(unit_vectors(4, seed=9), 30), restored.search(unit_vectors(4, seed=9), 30)
    for name in ("rows", "similarity", "options", "counts", "at", "order"):
        assert getattr(a, name).tolist() == getattr(b, name).tolist(), name


def test_correcting_there_and_back_uses_the_same_rows():
    held = Memory(D)
    vector = unit_vectors(1)[0]
    held.learn(vector, 0, 0.0, "first")
    for i in range(100):
        held.correct(vector, i % 2, (i + 1) % 2, float(i), f"lesson-{i}")
    assert held.size == 2
    assert held.search(vector[None], 48).options.tolist() == [[0]]
