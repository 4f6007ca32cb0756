"""Orders, the loop, and the learners that live through it."""

import itertools

import numpy as np
import pytest
from bench.learners.base import Guess, Setting
from bench.learners.registry import LEARNERS, learner_entry
from bench.peers import is_installed
from bench.streams import class_after_class, live_through, make_stream, right_guesses, shuffled

from quickstudy.errors import InputError

ANSWERS = ["red", "green", "blue"]
KEYED = {
    "last-answer",
    "q-learning",
    "outcome-only",
    "sb3-dqn",
    "sb3-ppo",
    "sb3-a2c",
}  # they need more than an array: a vendor, a task of many steps
BY_TEXT = {name for name, entry in LEARNERS.items() if entry.texts_only}
"""These read words, not arrays: test_peers.py has texts for them."""


def separable(count=60):
    """Arrays near three axes; every learner must find this easy."""
    generator = np.random.default_rng(0)
    labels = [ANSWERS[i % 3] for i in range(count)]
    rows = np.abs(generator.normal(0, 0.05, (count, 6)))
    rows[np.arange(count), [i % 3 for i in range(count)]] = 1.0
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    vectors = np.column_stack([rows, np.zeros(count)]).astype(np.float32)
    return make_stream(list(rows), vectors, labels)


class Recorder:
    """Notes what it is shown, and answers the last thing it was taught."""

    def __init__(self):
        self.log = []
        self.last = None

    def decide(self, task):
        self.log.append(("decide", task.at))
        return Guess(self.last, 0.5)

    def learn(self, task, answer):
        self.log.append(("learn", task.at))
        self.last = answer

    def predict(self, tasks):
        return [Guess(self.last, 0.5) for _ in tasks]


def test_an_order_depends_on_its_seed_alone():
    assert shuffled(50, 3).tolist() == shuffled(50, 3).tolist()
    assert shuffled(50, 3).tolist() != shuffled(50, 4).tolist()
    assert sorted(shuffled(50, 3)) == list(range(50))


def test_classes_come_one_after_the_other():
    answers = ["a", "b", "c"] * 5
    order = class_after_class(answers, 1)
    seen = [answers[i] for i in order]
    assert sorted(order) == list(range(15))
    assert sum(left != right for left, right in itertools.pairwise(seen)) == 2
    assert {tuple(answers[i] for i in class_after_class(answers, seed)) for seed in range(9)} != {tuple(seen)}


def test_an_answer_is_shown_only_after_its_decision():
    learner, stream = Recorder(), separable(4)
    outcome = live_through(learner, stream)
    assert [verb for verb, _ in learner.log] == ["decide", "learn"] * 4
    assert outcome.hits.tolist() == [False, False, False, False]
    assert outcome.confidences.tolist() == [0.5] * 4


def test_a_taken_stream_keeps_pairs_together_and_times_rising():
    stream = separable(9)
    taken = stream.taken(np.array([5, 2, 7]))
    assert list(taken.answers) == [stream.answers[i] for i in (5, 2, 7)]
    assert (taken.vectors[1] == stream.vectors[2]).all()
    assert list(taken.times) == sorted(taken.times)


def test_a_guess_without_an_answer_is_wrong():
    assert right_guesses([Guess(None, 0.0), Guess("a", 1.0)], ["a", "a"]).tolist() == [False, True]


@pytest.mark.parametrize("name", [name for name in LEARNERS if name not in KEYED | BY_TEXT])
def test_every_learner_learns_what_is_easy(name):
    if not is_installed(name):
        pytest.skip(f"{name}: its package is not installed; test_peers.py says how")
    stream = separable()
    learner = learner_entry(name).make(Setting("colours", tuple(sorted(ANSWERS)), stream.vectors.shape[1]), 0)
    outcome = live_through(learner, stream)
    assert outcome.hits[-15:].all()
    guesses = learner.predict([task for task, _ in stream])
    assert right_guesses(guesses, stream.answers).all()
    assert all(0.0 < guess.confidence <= 1.0 + 1e-9 and guess.novelty is not None for guess in guesses)


def test_the_last_answer_is_kept_by_vendor():
    records = [{"vendor": vendor, "amount": 1.0} for vendor in ("A", "B", "A", "B")]
    stream = make_stream(records, np.ones((4, 2), dtype=np.float32), ["x", "y", "x", "z"])
    learner = learner_entry("last-answer").make(Setting("gla", ("x", "y", "z"), 2), 0)
    assert live_through(learner, stream).hits.tolist() == [False, False, True, False]


def test_an_unknown_learner_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"no learner 'x'.*nearest-mean"):
        learner_entry("x")
