"""Saying that none of the options is right."""

import numpy as np
import pytest
from property.scripts import new_learner

from quickstudy.autonomy.verify import verify
from quickstudy.errors import LessonError, UnknownDecisionError
from quickstudy.journal import Journal


def checked(path):
    with Journal.open(path, identity=None, read_only=True) as journal:
        return verify(journal)


@pytest.fixture
def learner():
    with new_learner("closed") as made:
        for i in range(40):
            made.teach(f"situation {i % 4}", ("red", "green")[i % 2])
        yield made


def test_an_answer_that_was_stood_behind_and_is_rejected_is_an_error_found(learner):
    learner.configure(target_error=0.4)
    decided = [learner.decide(f"situation {i % 4}") for i in range(60)]
    stood = [decision for decision in decided if decision.reason == "shadow"]
    assert stood
    before = learner.standing.waiting
    learner.reject(stood[0], by="anna")
    assert (before, learner.standing.waiting) == (len(stood), len(stood) - 1)
    assert learner.report().autonomy.ledgers[0].errors == 1


def test_the_decision_waits_no_longer_and_no_lesson_was_learned(learner):
    decision = learner.decide("situation 9")
    before = learner.predict("situation 9").probabilities
    lesson = learner.reject(decision, by="anna")
    assert (lesson.answer, lesson.value, lesson.by) == (None, None, "anna")
    assert decision.id not in {other.id for other in learner.waiting()}
    assert dict(learner.predict("situation 9").probabilities) == dict(before)
    assert learner.report().lessons == 40
    assert learner.rejected() == {decision.id}


def test_the_first_verdict_counts_also_if_an_answer_is_taught_later(learner):
    learner.configure(target_error=0.4)
    stood = next(d for i in range(60) if (d := learner.decide(f"situation {i % 4}")).reason == "shadow")
    learner.reject(stood)
    learner.teach(stood, stood.answer)
    assert learner.report().autonomy.ledgers[0].errors == 1
    assert learner.report().lessons == 41


def test_the_same_lesson_id_counts_once_and_for_nothing_else(learner):
    decision, other = learner.decide("situation 1"), learner.decide("situation 2")
    first = learner.reject(decision, lesson_id="mine")
    assert learner.reject(decision, lesson_id="mine") == first
    learner.reward(other, 1.0, lesson_id="a reward")
    for wrong in (
        lambda: learner.reject(other, lesson_id="mine"),
        lambda: learner.reject(other, lesson_id="a reward"),
        lambda: learner.teach(decision, "red", lesson_id="mine"),
    ):
        with pytest.raises(LessonError):
            wrong()


def test_what_makes_no_sense_is_refused(learner):
    with pytest.raises(UnknownDecisionError):
        learner.reject("nowhere")
    with pytest.raises(LessonError):
        learner.reject(learner.decide("situation 1"), by=3)


def test_a_journal_with_rejections_verifies_and_is_replayed(tmp_path):
    path = tmp_path / "a.db"
    with new_learner("closed", path) as learner:
        learner.configure(target_error=0.3)
        rng = np.random.default_rng(0)
        for i in range(120):
            decision = learner.decide(f"situation {i % 4}")
            if rng.random() < 0.1:
                learner.reject(decision)
            else:
                learner.teach(decision, ("red", "green")[i % 2])
        ledgers = learner.report().autonomy.ledgers
        assert ledgers[0].errors > 0
    assert checked(path).problems == ()
    with new_learner("closed", path) as again:
        assert again.report().autonomy.ledgers == ledgers


def test_a_rejection_by_a_copy_reaches_the_gate_through_a_merge(tmp_path):
    with new_learner("closed", tmp_path / "a.db") as learner, new_learner("closed") as copy:
        for i in range(40):
            learner.teach(f"situation {i % 4}", ("red", "green")[i % 2])
        learner.configure(target_error=0.4)
        stood = next(d for i in range(60) if (d := learner.decide(f"situation {i % 4}")).reason == "shadow")
        copy.merge(learner)
        copy.reject(stood.id)
        learner.merge(copy)
        assert learner.report().autonomy.ledgers[0].errors == 1
    assert checked(tmp_path / "a.db").problems == ()


def test_a_rejection_inside_a_task_belongs_to_it(learner):
    with learner.task("t") as task:
        lesson = learner.reject(task.decide("situation 1"))
    event = learner._record.journal.get(lesson.id)
    assert (event.task_id, event.step) == ("t", 0)
