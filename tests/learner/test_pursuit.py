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


TOPICS = ("cheap flights to", "rain boots for", "a jazz concert near", "tax advice about")
PLACES = ("oslo", "rome", "paris", "lima", "cairo", "tokyo", "delhi", "york")


def bandit(kind, tasks, path=None, seed=0):
    """Tasks of one step: each kind of situation has one option that is mostly clicked; gives the share of these."""
    job = Job("shop", ["a", "b", "c", "d"], encoder="static", features=32, experts=["prior"], rewards={"click": 1.0})
    draw, learner, right = np.random.default_rng(seed), Learner(job, path, seed=seed), []
    for number in range(tasks):
        best = int(draw.integers(4))
        place = f"{draw.choice(PLACES)} {draw.choice(PLACES)} {number}"
        situation = {
            "text": f"{TOPICS[best]} {place}",
            "record": {"country": PLACES[best], "age": int(draw.integers(18, 80))},
            "array": np.append(np.eye(4)[best], draw.normal(0, 0.3, 2)),
            "always the same": "play",
        }[kind]
        best = 2 if kind == "always the same" else best
        with learner.task() as task:
            answer = task.decide(situation).answer
            right.append(answer == "abcd"[best])
            task.reward({"click": float(draw.random() < (0.9 if right[-1] else 0.2))})
    return learner, np.array(right)


@pytest.mark.parametrize("kind", ["text", "record", "array", "always the same"])
def test_a_bandit_is_learned_from_rewards_though_situations_do_not_repeat(kind):
    _, right = bandit(kind, 250)
    assert right[-80:].mean() > 0.8


def test_a_bandit_comes_back_from_its_journal_and_its_snapshot(tmp_path):
    path = tmp_path / "shop.db"
    learner, _ = bandit("text", 60, path)
    learner.snapshot()
    with learner.task() as task:
        task.decide("a jazz concert near oslo")
        task.reward({"click": 1.0})
    ours = worth(learner)
    learner.close()
    with Learner.open(path, read_only=True) as again:
        np.testing.assert_allclose(worth(again), ours, atol=1e-8)
    (tmp_path / "shop.db.snapshot").unlink()
    with Learner.open(path, read_only=True) as again:
        np.testing.assert_allclose(worth(again), ours, atol=1e-8)
    with Learner.open(path) as whole:
        whole.refit()
        np.testing.assert_allclose(worth(whole), ours, atol=1e-8)


def worth(learner):
    """What the options bring in one situation, in the order of their names: their columns can change."""
    seen, pursuit = learner._record.perceive(["rain boots for rome"])[1][0], learner._record.episodes.pursuit
    assert pursuit.by_option
    columns = np.array([learner._record.options.required(name) for name in "abcd"])
    return pursuit.heads.actions(seen, columns, learner.job.terms.weights).means


def test_plans_speak_where_tasks_have_several_steps():
    learner = walker()
    walk(learner)
    assert not learner._record.episodes.pursuit.by_option


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
        seen, weights = np.append(cell(number), 1.0).astype(np.float32), forward.job.terms.weights
        heads = [
            learner._record.episodes.pursuit.heads.actions(seen, np.arange(2), weights)
            for learner in (forward, backward)
        ]
        np.testing.assert_allclose(heads[0].means, heads[1].means, atol=1e-8)
        assert np.ptp(heads[0].sds) > 0.01
