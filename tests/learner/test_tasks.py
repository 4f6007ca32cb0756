"""Tasks of many steps: deciding, rewards, teaching, ends, and values."""

import numpy as np
import pytest
from property.scripts import ENCODER

from quickstudy import Job, Learner
from quickstudy.errors import InputError, JobError, LessonError, OptionError


def new_learner(options=("left", "right"), **keywords):
    return Learner(Job("walk", list(options) if options else None, features=32, **keywords), encoder=ENCODER)


def taught_to_value(learner, count=60, seed=0):
    """Tasks of 10 steps; a task whose first number jumps fails."""
    draw = np.random.default_rng(seed)
    for _ in range(count):
        broken = int(draw.integers(2, 8)) if draw.random() < 0.5 else 99
        with learner.task() as task:
            for k in range(10):
                task.decide(np.array([2.0 * (k > broken), *draw.normal(0, 0.2, 3)]))
            task.end(broken == 99)
    return learner


def test_a_step_says_what_to_expect_from_here():
    learner = taught_to_value(new_learner())
    task = learner.task()
    fine = task.decide(np.array([0.0, 0.0, 0.0, 0.0])).value
    broken = task.decide(np.array([2.0, 0.0, 0.0, 0.0])).value
    assert fine.success > 0.6
    assert broken.success < 0.15
    assert fine.mean == pytest.approx(fine.terms["outcome"])
    assert 0 < broken.sd < broken.spread
    assert learner.decision(task._steps[-1]).value == broken


def test_before_the_first_task_has_ended_there_is_no_value():
    learner = new_learner()
    with learner.task() as task:
        assert task.decide("a").value is None
        assert learner.value("a") is None
    assert learner.decide("a").value is None


def test_what_is_not_known_gets_smaller():
    few, many = (taught_to_value(new_learner(), count) for count in (10, 80))
    here = np.array([0.0, 0.0, 0.0, 0.0])
    assert many.value(here).sd < 0.7 * few.value(here).sd


def test_rewards_are_expected_by_name_and_weighed():
    learner = new_learner(rewards={"time": -0.5, "done": 10.0})
    for _ in range(30):
        with learner.task() as task:
            for k in range(4):
                task.decide(np.array([float(k), 0.0]))
                task.reward({"time": 2.0})
            task.reward({"done": 1.0})
    start, last = learner.value(np.array([0.0, 0.0])), learner.value(np.array([3.0, 0.0]))
    assert start.terms["time"] == pytest.approx(8.0, abs=0.4)
    assert last.terms["time"] == pytest.approx(2.0, abs=0.6)
    assert start.mean == pytest.approx(10 - 4, abs=0.4)
    assert start.success is None


def test_weights_can_be_changed_without_learning_anew(tmp_path):
    path = tmp_path / "walk.db"
    for weight in (-0.5, -2.0):
        job = Job("walk", ["left", "right"], features=32, rewards={"time": weight})
        with Learner(job, path, encoder=ENCODER) as learner:
            if weight == -0.5:
                with learner.task() as task:
                    task.decide(np.array([1.0, 0.0]))
                    task.reward({"time": 2.0})
            value = learner.value(np.array([1.0, 0.0]))
            assert value.terms["time"] == pytest.approx(2.0, abs=0.2)
            assert value.mean == pytest.approx(weight * value.terms["time"])


def test_more_of_a_saturated_reward_stops_counting():
    learner = new_learner(rewards={"care": {"weight": 1.0, "saturates": 2.5}})
    for number in range(20):
        with learner.task(f"t{number}") as task:
            for k in range(6):
                task.decide(np.array([float(k), 1.0]))
                task.reward({"care": 1.0})
    review = learner.review("t0")
    assert [step.reward for step in review.steps] == [1.0, 1.0, 0.5, 0.0, 0.0, 0.0]
    assert review.total == 2.5
    assert learner.value(np.array([5.0, 1.0])).mean == pytest.approx(0.0, abs=0.3)


def test_a_taught_step_is_a_lesson_like_any_other():
    learner = new_learner()
    with learner.task() as task:
        decision = task.decide("turn at the church")
        task.teach(decision, "right", by="ann")
        task.decide("turn at the bank")
        task.teach(-1, "left", by="ann")
        task.teach(0, "left", by="ann")
    assert [(lesson.answer, lesson.by) for lesson, _ in learner.lessons()] == [("left", "ann"), ("left", "ann")]
    assert learner.predict("turn at the bank").answer == "left"
    assert learner.review(task.id).steps[0].taught == "left"


def test_a_step_can_be_restricted_to_some_options_and_an_open_job_takes_new_ones():
    assert new_learner().task().decide("a", options=["right"]).answer == "right"
    with pytest.raises(OptionError):
        new_learner().task().decide("a", options=["up"])
    learner = new_learner(options=None)
    assert learner.task().decide("a", options=["up", "down"]).answer in ("up", "down")
    assert learner.options == ("up", "down")


def test_the_block_ends_the_task_unless_an_error_leaves_it():
    learner = new_learner()
    with learner.task("fine") as task:
        task.decide("a")
    broken = learner.task("broken")
    broken.decide("a")
    with pytest.raises(KeyError), broken:
        raise KeyError
    with learner.task("short") as task:
        task.decide("a")
        task.end(cut_off=True)
    assert [(t.task, t.state) for t in learner.tasks()] == [
        ("fine", "ended"),
        ("broken", "running"),
        ("short", "cut off"),
    ]


def test_a_task_that_was_cut_off_teaches_no_value():
    learner = new_learner()
    with learner.task() as task:
        task.decide("a")
        task.reward(1.0)
        task.end(cut_off=True)
    assert learner.value("a") is None


def test_a_task_that_has_ended_takes_no_more():
    learner = new_learner()
    with learner.task("a") as task:
        task.decide("a")
        task.end(True)
        with pytest.raises(LessonError, match="has ended"):
            task.decide("b")
        with pytest.raises(LessonError, match="has ended"):
            task.reward(1.0)
    with pytest.raises(LessonError, match="has ended"):
        learner.task("a")


@pytest.mark.parametrize("bad", [{"speed": 1.0}, "much", float("nan"), True, {"reward": None}])
def test_a_reward_that_makes_no_sense_is_refused(bad):
    task = new_learner().task()
    task.decide("a")
    with pytest.raises(LessonError):
        task.reward(bad)


def test_numbers_may_be_numpys():
    learner = new_learner()
    task = learner.task("a")
    task.decide("a")
    for given in (np.float32(0.5), np.int64(2), {"reward": np.float64(1.0)}):
        task.reward(given)
    task.teach(np.int64(0), "left")
    task.end(np.bool_(True))
    [found] = learner.tasks()
    assert (found.total, found.outcome) == (4.5, 1.0)
    assert learner.value("a").success is not None


@pytest.mark.parametrize("bad", ["0", None, 0.0, True, 5])
def test_a_step_that_is_none_is_refused(bad):
    learner = new_learner()
    task = learner.task()
    task.decide("a")
    other = learner.task().decide("b")
    for step in (bad, other, learner.predict("a")):
        with pytest.raises(LessonError):
            task.teach(step, "left")


@pytest.mark.parametrize("bad", ["won", float("nan"), 10**400, [True]])
def test_an_outcome_that_makes_no_sense_is_refused(bad):
    task = new_learner().task()
    task.decide("a")
    with pytest.raises(LessonError, match="outcome is"):
        task.end(bad)


def test_another_outcome_is_not_passed_over_in_silence():
    learner = new_learner()
    for name, first, second in (("told", True, False), ("untold", None, True)):
        with learner.task(name) as task:
            task.decide("a")
            task.end(first)
            with pytest.raises(LessonError, match="outcome"):
                task.end(second)
            task.end(first)
    assert [task.outcome for task in learner.tasks()] == [1.0, None]


def test_a_task_that_is_taken_up_twice_loses_no_step():
    learner = new_learner()
    one, other = learner.task("a"), learner.task("a")
    for task, seen in ((one, "first"), (other, "second"), (one, "third")):
        task.decide(seen)
    assert one.steps == 3
    assert [step.situation for step in learner.review("a").steps] == ["first", "second", "third"]
    one.end(True)
    with pytest.raises(LessonError, match="has ended"):
        other.decide("fourth")


def test_a_reward_before_the_first_step_is_refused():
    with pytest.raises(LessonError, match="Decide first"):
        new_learner().task().reward(1.0)


@pytest.mark.parametrize("bad", [{"stop": 1.0}, {"stop": True}, {"id": ""}, {"id": 3}])
def test_a_task_that_makes_no_sense_is_refused(bad):
    with pytest.raises(InputError):
        new_learner().task(**bad)


@pytest.mark.parametrize(
    "bad", [["done"], {"done": "much"}, {"": 1.0}, {"done": {"wait": 1}}, {"done": {"saturates": 0}}, {"done": True}]
)
def test_rewards_that_make_no_sense_are_refused(bad):
    with pytest.raises(JobError):
        Job("walk", rewards=bad)


def test_rewards_are_kept_in_the_job_file(tmp_path):
    job = Job("walk", ["left"], rewards={"done": 1, "care": {"weight": 0.5, "saturates": 5}})
    job.save(tmp_path / "walk.toml")
    assert Job.load(tmp_path / "walk.toml") == job
    assert job.terms.names == ("done", "care", "reward", "outcome")


def test_steps_of_a_task_that_has_ended_wait_for_no_answer():
    learner = new_learner()
    alone = learner.decide("a")
    with learner.task() as task:
        step = task.decide("b")
        assert [decision.id for decision in learner.waiting()] == [alone.id, step.id]
    assert [decision.id for decision in learner.waiting()] == [alone.id]


def test_jobs_without_tasks_compute_no_values():
    learner = new_learner()
    learner.teach("a", "left")
    learner.teach(learner.decide("b"), "right")
    learner.reward(learner.decide("b"), 1.0)
    assert learner._record._episodes is None
    assert learner._record._stopping is None
