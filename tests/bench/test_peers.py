"""Every peer on a tiny stream of two classes that anybody can tell apart."""

import importlib.metadata
import importlib.util
import itertools

import numpy as np
import pytest
from bench.learners.base import Setting, Task
from bench.learners.kernel_lda import KernelDiscriminant
from bench.learners.lessons import Lessons
from bench.learners.random_projection import ProjectedRidge, best_ridge, solved
from bench.learners.registry import LEARNERS
from bench.learners.streaming_lda import StreamingDiscriminant

from quickstudy.errors import InputError

MODULES = {
    "river": "river",
    "scikit-learn": "sklearn",
    "setfit": "setfit",
    "tracer-llm": "tracer",
    "vowpalwabbit": "vowpalwabbit",
}
OWN = (*(name for name in LEARNERS if name.startswith("quickstudy")), "last-answer")
STEPS = ("q-learning", "outcome-only", "sb3-dqn", "sb3-ppo", "sb3-a2c")
"""They play tasks of many steps, not streams."""
PEERS = [name for name in LEARNERS if name not in OWN + STEPS]
LESSONS = {"tracer": 200, "tracer-all": 200, "setfit": 10}
"""Sixty for the others; TRACER learns nothing before the fiftieth, and SetFit takes a second a lesson."""
DIMENSION = 16
CLASSES = ("card", "loan")
WORDS = {"card": ("card", "plastic", "pin"), "loan": ("loan", "house", "rate")}
SETTING = Setting("tiny", CLASSES, DIMENSION)


def tasks(count, seed=0):
    """Tasks and answers in turn: each class has a direction and words of its own."""
    generator = np.random.default_rng(seed)
    stream = []
    for i in range(count):
        answer = CLASSES[i % 2]
        vector = 0.1 * generator.standard_normal(DIMENSION)
        vector[i % 2] += 1.0
        words = " ".join(generator.choice(WORDS[answer], 4))
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        stream.append((Task(f"{words} please", unit, float(i)), answer))
    return stream


def peer(name, setting=SETTING):
    entry = LEARNERS[name]
    if entry.package and importlib.util.find_spec(MODULES[entry.package]) is None:
        pytest.skip(f"{entry.package} is not installed: pip install '.[bench]' or '.[bench-heavy]'")
    return KernelDiscriminant(setting, 0, features=500) if name == "klda" else entry.make(setting, 0)


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.filterwarnings("default")
def test_a_peer_learns_a_stream_that_can_be_told_apart(name):
    learner = peer(name)
    before = learner.decide(tasks(1)[0][0])
    assert before.answer is None or before.answer in CLASSES
    lessons = tasks(LESSONS.get(name, 60))
    for task, answer in lessons:
        guess = learner.decide(task)
        assert guess.answer is None or guess.answer in CLASSES
        assert 0.0 <= guess.confidence <= 1.0
        learner.learn(task, answer)
    tests = tasks(40, seed=1)
    guesses = learner.predict([task for task, _ in tests])
    assert all(0.0 <= guess.confidence <= 1.0 for guess in guesses)
    right = [guess.answer == answer for guess, (_, answer) in zip(guesses, tests, strict=True)]
    assert np.mean(right) >= 0.9


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.filterwarnings("default")
def test_predicting_learns_nothing_and_is_repeatable(name):
    learner = peer(name)
    for task, answer in tasks(LESSONS.get(name, 60)):
        learner.decide(task)
        learner.learn(task, answer)
    tests = [task for task, _ in tasks(30, seed=2)]
    first = learner.predict(tests)
    odd = [Task("unheard of", -task.vector, task.at) for task in tests]
    learner.predict(odd)
    assert learner.predict(tests) == first


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.filterwarnings("default")
def test_a_single_class_is_answered_or_nothing_is(name):
    learner = peer(name)
    task, answer = tasks(1)[0]
    learner.decide(task)
    learner.learn(task, answer)
    assert learner.decide(task).answer in (answer, None)


@pytest.mark.parametrize("name", [name for name in PEERS if LEARNERS[name].texts_only])
def test_a_peer_that_reads_texts_refuses_records(name):
    learner = peer(name)
    task = Task({"vendor": "ACME"}, tasks(1)[0][0].vector, 0.0)
    with pytest.raises(InputError, match="reads texts"):
        learner.learn(task, "card")


def test_only_installable_online_learners_are_marked_so():
    online = {entry.package for entry in LEARNERS.values() if entry.online}
    assert online == {"quickstudy", "river", "scikit-learn", "vowpalwabbit"}
    assert all(entry.package in MODULES for name, entry in LEARNERS.items() if entry.online and name not in OWN)


def test_a_refit_is_due_when_lessons_have_grown_by_the_share():
    lessons = Lessons(DIMENSION, 0.1)
    due = []
    for count, (task, answer) in enumerate(tasks(1100), start=1):
        lessons.add(task, answer)
        if lessons.due:
            due.append(count)
            lessons.fitted = count
    assert due[:12] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13]
    assert all(later <= 1.1 * sooner + 1 for sooner, later in itertools.pairwise(due))
    assert lessons.vectors.shape == (1100, DIMENSION)


def test_kernel_lda_keeps_the_inverse_exactly():
    learner = KernelDiscriminant(SETTING, 0, features=30, sigma=0.5, ridge=0.2)
    seen = tasks(50)
    for task, answer in seen:
        learner.learn(task, answer)
    features = learner._featured(np.stack([task.vector for task, _ in seen]))
    scatter = 0.2 * np.eye(30)
    means = []
    for name in CLASSES:
        rows = features[[answer == name for _, answer in seen]]
        scatter += (rows - rows.mean(axis=0)).T @ (rows - rows.mean(axis=0))
        means.append(rows.mean(axis=0))
    assert np.allclose(learner._means, np.stack(means, axis=1))
    assert np.allclose(learner._weights, np.linalg.solve(scatter, np.stack(means, axis=1)), atol=1e-8)


def test_streaming_lda_has_the_weights_of_its_paper():
    learner = StreamingDiscriminant(SETTING, 0)
    covariance, means, counts = np.zeros((DIMENSION, DIMENSION)), dict.fromkeys(CLASSES, 0.0), dict.fromkeys(CLASSES, 0)
    for t, (task, answer) in enumerate(tasks(40)):
        learner.learn(task, answer)
        apart = task.vector.astype(float) - means[answer]
        covariance = (t * covariance + t / (t + 1) * np.outer(apart, apart)) / (t + 1)
        counts[answer] += 1
        means[answer] = means[answer] + apart / counts[answer]
    learner.predict([tasks(1)[0][0]])
    spread = (1 - 1e-4) * covariance + 1e-4 * np.eye(DIMENSION)
    expected = np.linalg.solve(spread, np.stack([means[name] for name in CLASSES], axis=1)).T
    assert np.allclose(learner._weights, expected, rtol=1e-6)


def test_random_projection_by_lessons_is_ridge_regression_by_features():
    learner = ProjectedRidge(SETTING, 0, features=24)
    seen = tasks(60)
    for task, answer in seen:
        learner.learn(task, answer)
    learner.predict([seen[0][0]])
    features = learner._featured(np.stack([task.vector for task, _ in seen])).astype(float)
    targets = np.array([[answer == name for name in CLASSES] for _, answer in seen], dtype=float)
    expected = np.linalg.solve(features.T @ features + learner._ridge * np.eye(24), features.T @ targets)
    assert learner._ridge >= 1e-2
    assert np.allclose(learner._weights, expected, atol=2e-2)


def test_the_ridge_with_the_smallest_error_on_the_last_fifth_is_chosen():
    generator = np.random.default_rng(0)
    features = generator.standard_normal((50, 8)).astype(np.float32)
    noise = generator.standard_normal((50, 1)).astype(np.float32)
    products = features @ features.T
    assert best_ridge(products, noise, 1.0) >= 100.0  # noise: the less is fitted the better
    exact = features[:, :1].copy()
    assert best_ridge(products, exact, 1.0) <= 1.0
    assert solved(-products, exact, 1e-8) is None


def test_an_online_peers_version_is_known_where_it_is_installed():
    for entry in LEARNERS.values():
        if entry.package and importlib.util.find_spec(MODULES.get(entry.package, "quickstudy")):
            assert importlib.metadata.version(entry.package)
