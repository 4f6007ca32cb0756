"""Doubt: wrong lessons are found and cost little; where nobody errs, nearly nothing is doubted."""

import numpy as np
import pytest

from quickstudy.experts import Example
from quickstudy.judgement.doubt import Doubt
from quickstudy.mind import Mind

D, OPTIONS, LESSONS = 48, 40, 1_200
EXPERTS = ("prior", "recall", "recent", "renames", "ridge", "gaussian", "softmax")


def clusters(count, seed):
    """Unit vectors about their options' centres, and the options."""
    centres = np.random.default_rng(7).standard_normal((OPTIONS, D))
    generator = np.random.default_rng(seed)
    options = generator.integers(0, OPTIONS, count)
    vectors = centres[options] + 0.9 * generator.standard_normal((count, D))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), options


def taught(wrong_share, seed=0, relived=False):
    """A mind after lessons of which a share is wrong; which ones are."""
    vectors, options = clusters(LESSONS, seed)
    generator = np.random.default_rng([seed, 1])
    wrong = generator.random(LESSONS) < wrong_share
    answers = np.where(wrong, (options + generator.integers(1, OPTIONS, LESSONS)) % OPTIONS, options)
    learner = Mind(D, features=128, seed=0, experts=EXPERTS, open_job=False)
    columns = np.arange(OPTIONS)
    learner.describe(None, columns.tolist())
    examples = [Example(f"{i:04d}", vectors[i], int(answers[i]), float(i)) for i in range(LESSONS)]
    if relived:
        learner.relive(examples, columns, lambda column: None)
    else:
        for example in examples:
            learner.learn(example, columns)
    return learner, wrong


def accuracy(learner):
    vectors, options = clusters(1_000, 99)
    return float((learner.propose(vectors, np.arange(OPTIONS)).probabilities.argmax(axis=1) == options).mean())


def trust_of(learner):
    return learner.memory.examples(range(learner.memory.size))[2]


@pytest.mark.parametrize("relived", [False, True])
def test_wrong_lessons_are_trusted_less_than_right_ones(relived):
    learner, wrong = taught(0.2, relived=relived)
    trust = trust_of(learner)
    below = (trust[wrong][:, None] < trust[~wrong][None]).mean()
    assert below > 0.95
    assert trust[~wrong].mean() - trust[wrong].mean() > 0.25


def test_the_share_of_wrong_lessons_is_found():
    learner, wrong = taught(0.2)
    assert learner.doubt.error == pytest.approx(wrong.mean(), abs=0.08)


def test_where_nobody_errs_lessons_are_trusted():
    learner, _ = taught(0.0)
    assert max(learner.doubt.error, learner.doubt.witnessed) < 0.05
    assert trust_of(learner).mean() > 0.98


def test_the_strongest_expert_learns_less_of_the_errors_than_without_doubt(monkeypatch):
    """Of the wrong lessons, how many does softmax know by heart?"""

    def by_heart():
        learner, wrong = taught(0.2)
        rows = np.flatnonzero(wrong)
        vectors, answers, _ = learner.memory.examples(rows)
        logits = learner.propose(vectors, np.arange(OPTIONS)).logits[EXPERTS.index("softmax")]
        return (logits.argmax(axis=1) == answers).mean()

    doubting = by_heart()
    monkeypatch.setattr(Doubt, "trust", lambda self, probabilities, options: np.ones(len(probabilities)))
    assert doubting < 0.8 * by_heart()


def test_trust_falls_with_the_probability_of_the_answer():
    doubt = Doubt()
    doubt.error = 0.2
    probabilities = np.array([[0.9, 0.06, 0.04], [0.5, 0.3, 0.2], [0.01, 0.98, 0.01]])
    trust = doubt.trust(probabilities, np.array([0, 0, 0]))
    assert trust[0] > trust[1] > trust[2] > 0


@pytest.mark.parametrize(("error", "least", "most"), [(0.3, 0.0, 1e-6), (0.02, 0.9, 1.0)])
def test_a_certain_contradiction_is_an_error_only_where_teachers_err(error, least, most):
    doubt = Doubt()
    doubt.error = doubt.witnessed = error
    trust = doubt.trust(np.array([[1.0, 0.0, 0.0, 0.0]]), np.array([1]))
    assert least < trust[0] < most


def test_where_the_past_ages_a_contradiction_is_news():
    trusts = []
    for ageing in (0.5, 4.0):
        doubt = Doubt()
        doubt.error = doubt.witnessed = 0.3
        doubt.ageing = ageing
        trusts.append(doubt.trust(np.array([[0.97, 0.01, 0.01, 0.01]]), np.array([1]))[0])
    assert trusts[0] < 0.1 < 0.6 < trusts[1]


def test_the_witness_is_as_sharp_as_the_answers_are_likely():
    """Answers drawn from softmax(z / 2): a witness that says z is made half as sharp, and nobody is thought to err."""
    generator = np.random.default_rng(0)
    doubt = Doubt()
    for _ in range(600):
        logits = generator.normal(0.0, 6.0, (32, 8))
        shares = np.exp(0.5 * (logits - logits.max(axis=1, keepdims=True)))
        shares /= shares.sum(axis=1, keepdims=True)
        doubt.reconsider(logits, np.array([generator.choice(8, p=row) for row in shares]))
    assert doubt.sharpness == pytest.approx(0.5, abs=0.1)
    assert doubt.witnessed < 0.05


def test_a_witness_that_does_not_know_an_option_says_nothing_infinite():
    doubt = Doubt()
    trust = doubt.reconsider(np.array([[2.0, 0.0, -np.inf], [0.0, 3.0, -np.inf]]), np.array([0, 0]))
    assert np.isfinite(trust).all()
    assert np.isfinite([doubt.sharpness, doubt.witnessed]).all()


def test_with_one_option_there_is_nothing_to_doubt():
    assert Doubt().trust(np.ones((3, 1)), np.zeros(3, dtype=np.int64)).tolist() == [1.0] * 3


def test_a_lesson_that_was_corrected_is_trusted_and_the_old_answer_is_gone():
    learner, wrong = taught(0.2)
    row = int(np.flatnonzero(wrong)[0])
    vectors, options, _ = learner.memory.examples([row])
    right = (int(options[0]) + 1) % OPTIONS
    learner.correct(Example("x", vectors[0], int(options[0]), 0.0), right, "corrected", 1e4)
    assert learner.memory.living_rows([row]).size == 0
    assert learner.memory.examples([learner.memory.size - 1])[2].tolist() == [1.0]


def test_a_restored_mind_doubts_as_before():
    learner, _ = taught(0.2)
    again = Mind(D, features=128, seed=0, experts=EXPERTS, open_job=False)
    again.restore(learner.state())
    vectors, options = clusters(40, 5)
    for one in (learner, again):
        for i in range(40):
            one.learn(Example(f"new-{i}", vectors[i], int(options[i]), 1e3 + i), np.arange(OPTIONS))
    assert np.array_equal(trust_of(learner), trust_of(again))
    assert learner.doubt.error == again.doubt.error


def test_without_the_gaussian_the_first_judgement_stands():
    vectors, options = clusters(50, 0)
    learner = Mind(D, features=128, seed=0, experts=("recall", "ridge", "softmax"), open_job=False)
    learner.describe(None, list(range(OPTIONS)))
    judged = []
    for i in range(50):
        learner.learn(Example(f"{i}", vectors[i], int(options[i]), float(i)), np.arange(OPTIONS))
        judged.append(trust_of(learner)[-1])
    assert trust_of(learner).tolist() == judged


def test_what_counts_in_the_means_is_what_memory_says_also_after_corrections_and_lessons_said_again():
    learner, _ = taught(0.2)
    vectors, options, _ = learner.memory.examples(range(60))
    generator = np.random.default_rng(3)
    for i in range(400):
        row = int(generator.integers(0, 60))
        new = int(options[row]) if i % 2 else int(generator.integers(0, OPTIONS))
        learner.correct(Example("x", vectors[row], int(options[row]), 0.0), new, f"again-{i}", 2e3 + i)
        options[row] = new
        learner.learn(Example(f"more-{i}", *(part[0] for part in clusters(1, i)), 3e3 + i), np.arange(OPTIONS))
    rows = learner.memory.living_rows(np.arange(learner.memory.size))
    counted, _ = learner.memory.weights(rows)
    sums = np.bincount(learner.memory.examples(rows)[1], counted, OPTIONS)
    assert learner._witness is not None
    assert learner._witness._counts[:OPTIONS] == pytest.approx(sums, abs=1e-6)
