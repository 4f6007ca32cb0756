"""Refitting, and calls with arguments of wrong types."""

import numpy as np
import pytest

from quickstudy import Job, Learner
from quickstudy.errors import InputError, LessonError, OptionError, SituationError


def taught(path=None, order=(0, 1, 2, 3, 4, 5)):
    learner = Learner(Job("refit", ["red", "blue"], features=32), path)
    for i in order:
        vector = np.array([1.0, 0.2 * i, 0.0, 0.0]) if i % 2 else np.array([0.0, 0.0, 1.0, 0.2 * i])
        learner.teach(vector, "red" if i % 2 else "blue", lesson_id=f"lesson-{i}", at=float(i))
    return learner


def test_refitted_learners_that_were_taught_the_same_in_another_order_are_the_same():
    probe = np.array([1.0, 0.1, 0.3, 0.0])
    one, other = taught(), taught(order=(3, 1, 5, 0, 2, 4))
    assert one.predict(probe).probability != pytest.approx(other.predict(probe).probability, abs=1e-12)
    one.refit()
    other.refit()
    assert one.predict(probe).probability == pytest.approx(other.predict(probe).probability, abs=1e-8)


def test_a_refit_is_replayed(tmp_path):
    probe = np.array([1.0, 0.1, 0.3, 0.0])
    with taught(tmp_path / "j.db") as learner:
        learner.refit()
        learner.teach(probe, "blue", lesson_id="after", at=9.0)
        said = learner.predict(probe)
    again = Learner.replay(tmp_path / "j.db").predict(probe)
    assert again.probability == pytest.approx(said.probability, abs=1e-8)


def test_forgetting_by_answer_spares_what_was_only_proposed():
    learner = taught()
    wrong = learner.decide(np.array([1.0, 0.2, 0.0, 0.0]))
    assert wrong.answer == "red"
    learner.teach(wrong, "blue", lesson_id="corrected")
    learner.forget(answer="red")
    assert "corrected" in {lesson.id for lesson, _ in learner.lessons()}
    assert {lesson.answer for lesson, _ in learner.lessons()} == {"blue"}


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda learner: learner.predict_many(5), SituationError),
        (lambda learner: learner.predict(np.ones(4), options=3), OptionError),
        (lambda learner: learner.rename_option(["red"], "x"), OptionError),
        (lambda learner: learner.merge(5), InputError),
        (lambda learner: learner.teach_many(["red"]), LessonError),
        (lambda learner: learner.forget("no such id"), LessonError),
    ],
)
def test_arguments_of_wrong_types_are_named_and_change_nothing(call, error):
    learner = taught()
    before = learner.report().to_dict()
    with pytest.raises(error):
        call(learner)
    assert learner.report().to_dict() == before


def test_a_decision_can_be_forgotten_itself():
    learner = taught()
    decision = learner.decide(np.array([1.0, 0.2, 0.0, 0.0]))
    assert learner.forget(decision) == 1
    assert learner.report().decisions == 0
