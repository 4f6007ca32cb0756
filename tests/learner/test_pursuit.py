"""Pursuing rewards: what is chosen where nothing was taught, where something was, and how both meet."""

import numpy as np
import pytest
from property.scripts import ENCODER

from quickstudy import Job, Learner

CELLS = 6


def walker(path=None, **keywords):
    rewards = keywords.pop("rewards", {"done": 1.0, "time": -0.05})
    job = Job("walk", ["left", "right"], features=32, experts=["prior", "recall"], rewards=rewards)
    return Learner(job, path, encoder=ENCODER, **keywords)


def cell(number):
    return np.eye(CELLS)[number]


def walk(learner, *, teach=None, limit=40):
    """One task in a corridor with its goal at the right end; gives how many steps it took."""
    at = 1
    with learner.task() as task:
        for _ in range(limit):
            decision = task.decide(cell(at))
            if teach is not None:
                task.teach(decision, teach)
            at = max(0, at - 1) if decision.answer == "left" else at + 1
            task.reward({"time": 1.0})
            if at == CELLS - 1:
                task.reward({"done": 1.0})
                return task.steps
        task.end(cut_off=True)
    return limit


def test_rewards_alone_teach_the_way():
    learner = walker()
    assert [walk(learner) for _ in range(12)][-4:] == [CELLS - 2] * 4


def test_without_declared_rewards_nothing_is_pursued():
    learner = walker(rewards=None)
    task = learner.task()
    task.decide(cell(1))
    task.reward(1.0)
    assert learner._record.episodes.pursuit is None


def test_what_was_taught_is_done_where_values_know_nothing_better():
    learner = walker()
    for number in range(CELLS - 1):
        learner.teach(cell(number), "right")
    assert walk(learner) == CELLS - 2


def test_rewards_improve_on_what_was_taught_wrongly():
    learner = walker()
    for _ in range(12):
        walk(learner)
    for number in range(CELLS - 1):
        learner.teach(cell(number), "left")
    assert learner.predict(cell(2)).answer == "left"
    assert walk(learner) == CELLS - 2


def test_the_values_opinion_is_part_of_the_evidence():
    learner = walker()
    walk(learner)
    decision = learner.task().decide(cell(1))
    assert decision.evidence.opinions[-1].expert == "values"
    assert decision.evidence.opinions[-1].answer == decision.answer


def test_the_same_seed_explores_the_same_way():
    first, second, other = (walker(seed=seed) for seed in (1, 1, 2))
    lengths = [[walk(learner) for _ in range(6)] for learner in (first, second, other)]
    assert lengths[0] == lengths[1]


def test_a_reopened_learner_goes_on_as_the_live_one_would(tmp_path):
    path = tmp_path / "walk.db"
    with walker(path) as live:
        for _ in range(8):
            walk(live)
        with walker(path, read_only=True) as again:
            for number in range(CELLS):
                seen = (key(number), cell(number), np.arange(2))
                ours, theirs = (learner._record.episodes.pursuit.values.actions(*seen) for learner in (live, again))
                np.testing.assert_allclose(ours.means, theirs.means, atol=1e-8)


def key(number):
    from quickstudy.pursuit import key_of

    return key_of(cell(number))


@pytest.mark.parametrize("forget", [False, True])
def test_merged_and_forgotten_tasks_leave_the_same_values(forget):
    parts = [walker(), walker()]
    for part in parts:
        for _ in range(4):
            walk(part)
    forward, backward = walker(), walker()
    forward.merge(*parts)
    backward.merge(*parts[::-1])
    if forget:
        gone = forward.tasks()[0].task
        for learner in (forward, backward):
            learner.forget(task_id=gone)
    for number in range(CELLS):
        seen = (key(number), cell(number), np.arange(2))
        values = [learner._record.episodes.pursuit.values.actions(*seen) for learner in (forward, backward)]
        np.testing.assert_allclose(values[0].means, values[1].means, atol=1e-8)
