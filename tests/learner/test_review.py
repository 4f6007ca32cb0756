"""Reviews: temporal-difference errors, and the step that turned a task."""

import numpy as np
import pytest

from learner.test_tasks import new_learner, taught_to_value
from quickstudy.errors import InputError, LessonError
from quickstudy.review import differences, turning_step, worths


def test_errors_add_up_to_the_return_minus_the_value_at_the_start():
    draw = np.random.default_rng(0)
    values, rewards = draw.normal(size=30), draw.normal(size=30)
    assert differences(values, rewards, ended=True).sum() == pytest.approx(rewards.sum() - values[0])


def test_a_running_task_has_no_error_at_its_last_step():
    errors = differences(np.array([1.0, 2.0]), np.array([0.5, 0.0]), ended=False)
    assert errors[0] == 1.5
    assert np.isnan(errors[1])


def test_the_turn_is_found_among_a_thousand_noisy_steps():
    draw = np.random.default_rng(0)
    values = 0.8 + draw.normal(0, 0.3, 1000)
    values[640:] -= 0.8
    rewards = np.zeros(1000)
    assert turning_step(values, rewards, ended=True)[0] in range(638, 641)
    assert abs(int(np.argmin(differences(values, rewards, ended=True))) - 639) > 5  # the largest error is chance


def test_what_was_received_on_the_way_is_no_turn():
    rewards = np.full(10, -1.0)
    values = rewards[::-1].cumsum()[::-1].copy()
    values[6:] -= 5.0
    rewards[9] -= 5.0
    assert turning_step(values, rewards, ended=True) == (5, pytest.approx(-5.0))


def test_the_review_names_the_step_that_doomed_a_task():
    learner = taught_to_value(new_learner())
    with learner.task("doomed") as task:
        for k in range(10):
            task.decide(np.array([2.0 * (k > 6), 0.0, 0.1, 0.0]))
        task.end(False)
    review = learner.review("doomed")
    assert review.turned == 6
    assert review.change < -0.5
    assert review.steps[6].error == min(step.error for step in review.steps)
    assert (review.state, review.outcome, review.total) == ("ended", 0.0, 0.0)


def test_a_task_does_not_explain_itself():
    learner = taught_to_value(new_learner(), count=20)
    before = learner.value(np.array([0.0, 0.0, 0.0, 0.0]))
    with learner.task("odd") as task:
        task.decide(np.array([0.0, 0.0, 0.0, 0.0]))
        task.end(False)
    assert learner.review("odd").steps[0].value == pytest.approx(before.mean, abs=0.02)
    lonely = new_learner()
    with lonely.task("only") as task:
        task.decide("a")
        task.end(True)
    review = lonely.review("only")
    assert (review.turned, review.steps[0].value, review.steps[0].error) == (None, None, None)


def test_a_running_task_can_be_reviewed():
    learner = taught_to_value(new_learner())
    task = learner.task()
    for k in range(5):
        task.decide(np.array([2.0 * (k > 2), 0.0, 0.0, 0.0]))
    assert task.review().state == "running"
    assert task.review().turned == 2


def test_an_outcome_that_was_not_told_is_no_failure():
    learner = taught_to_value(new_learner())
    with learner.task("untold") as task:
        for _ in range(3):
            task.decide(np.array([0.0, 0.0, 0.0, 0.0]))
    last = learner.review("untold").steps[-1]
    assert last.value > 0.5
    assert last.error is None


def test_a_task_without_steps_cannot_be_reviewed():
    with pytest.raises(LessonError, match="no task"):
        new_learner().review("nowhere")


def test_demonstrations_teach_most_then_corrections_then_outcomes():
    unsure = [{"left": 0.5, "right": 0.5}] * 10
    assert [worth.lesson for worth in worths(unsure, None, told=False)] == ["demonstration", "correction", "outcome"]
    sure = [{"left": 1.0, "right": 0.0}] * 9 + [{"left": 0.5, "right": 0.5}]
    [first, *_] = worths(sure, 0.5, told=True)
    assert (first.lesson, round(first.bits, 2)) == ("correction", 4.32)


def test_a_demonstration_of_what_was_taught_already_teaches_nothing_more():
    learner = new_learner()
    with learner.task("half") as task:
        for answer in ("left", "right"):
            task.decide(answer)
    with learner.task("whole") as task:
        for k, answer in enumerate(("left", "right")):
            task.decide(answer)
            task.teach(k, answer)
        task.end(True)
    before = len(learner.tasks())
    [wanted] = learner.wanted()
    assert (wanted.task, wanted.lesson.lesson) == ("half", learner.review("half").lessons[0].lesson)
    assert learner.review("whole").lessons == ()
    assert len(learner.tasks()) == before


def test_only_what_failed_is_to_be_corrected_and_only_what_still_runs_can_be_told_its_end():
    learner, kinds = new_learner(), {}
    for name, ends, outcome in (("well", True, True), ("badly", True, False), ("running", False, None)):
        task = learner.task(name)
        task.decide("left or right")
        if ends:
            task.end(outcome)
        kinds[name] = {worth.lesson for worth in learner.review(name).lessons}
    assert kinds["well"] == {"demonstration"}
    assert kinds["badly"] == {"demonstration", "correction"}
    assert kinds["running"] == {"demonstration", "outcome"}


@pytest.mark.parametrize("bad", [0, -1, True, "ten", 1.5])
def test_a_number_of_lessons_that_makes_no_sense_is_refused(bad):
    with pytest.raises(InputError):
        new_learner().wanted(bad)


def test_the_lessons_that_teach_most_come_first():
    learner = new_learner()
    for name, steps in (("short", 1), ("long", 6), ("middle", 3)):
        with learner.task(name) as task:
            for _ in range(steps):
                task.decide("a")
    wanted = learner.wanted()
    assert [one.task for one in wanted] == ["long", "middle", "short"]
    assert wanted[0].lesson.bits > wanted[1].lesson.bits > wanted[2].lesson.bits > 0.0
    assert [one.task for one in learner.wanted(1)] == ["long"]
