"""What tasks taught, in a snapshot: opening plans and counts nothing anew, and other weights only plan anew."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from property.scripts import ENCODER

from quickstudy import Job, Learner
from quickstudy.episodes import Episodes
from quickstudy.judgement.value import StepValues
from quickstudy.pursuit import key_of

CELLS = 6
TERMS = {"done": 1.0, "time": -0.05, "left": 0.0}


def walker(path, rewards=TERMS, **keywords):
    job = Job("walk", ["left", "right"], features=32, experts=["prior", "recall"], rewards=rewards)
    return Learner(job, path, encoder=ENCODER, **keywords)


def situation(world, number, draw):
    """A cell of a corridor: itself, or a number that never repeats."""
    return np.eye(CELLS)[number] if world == "cells" else np.array([number + draw.uniform(0.0, 0.9), 1.0])


def walk(learner, world, draw, tasks, limit=15):
    for _ in range(tasks):
        at = 1
        with learner.task() as task:
            for _ in range(limit):
                decision = task.decide(situation(world, at, draw))
                task.reward({"time": 1.0, "left": float(decision.answer == "left")})
                at = max(0, at - 1) if decision.answer == "left" else at + 1
                if at == CELLS - 1:
                    task.reward({"done": 1.0})
                    break
            else:
                task.end(cut_off=True)


def means(learner, world):
    draw, pursuit, found = np.random.default_rng(5), learner._record.episodes.pursuit, []
    for number in range(CELLS):
        seen = situation(world, number, draw)
        found.append(pursuit.values.actions(key_of(seen), np.asarray(seen), np.arange(2)).means)
    return np.array(found)


def without_snapshot(path, name):
    copy = str(Path(path).with_name(name))
    shutil.copy(path, copy)
    return copy


@pytest.mark.parametrize("world", ["cells", "numbers"])
def test_a_snapshot_and_the_steps_after_it_give_what_all_events_give(tmp_path, world, monkeypatch):
    path, draw = str(tmp_path / "walk.db"), np.random.default_rng(0)
    with walker(path) as live:
        walk(live, world, draw, 9)
        running = live.task("running")
        running.decide(situation(world, 1, draw))
        running.reward({"time": 1.0})
        live.snapshot()
        running.decide(situation(world, 2, draw))
        walk(live, world, draw, 2)
        kept = means(live, world)
    assert Path(path + ".snapshot").exists()
    with walker(without_snapshot(path, "events.db"), read_only=True) as replayed:
        np.testing.assert_allclose(means(replayed, world), kept, atol=1e-8)
    learned = []
    monkeypatch.setattr(StepValues, "learn", counted(StepValues.learn, learned))
    with walker(path, read_only=True) as again:
        np.testing.assert_allclose(means(again, world), kept, atol=1e-8)
        assert again._record.episodes.running.keys() == {"running"}
        assert again.value(situation(world, 1, np.random.default_rng(1))) is not None
    assert len(learned) <= 2 * 15 + 1


def counted(honest, calls):
    def learn(self, transition):
        calls.append(transition)
        honest(self, transition)

    return learn


@pytest.mark.parametrize("world", ["cells", "numbers"])
def test_other_weights_plan_anew_and_learn_nothing_anew(tmp_path, world, monkeypatch):
    path, draw = str(tmp_path / "walk.db"), np.random.default_rng(0)
    with walker(path) as live:
        walk(live, world, draw, 12)
        before = means(live, world)
    other = {**TERMS, "left": 3.0}
    rebuilt = []
    monkeypatch.setattr(Episodes, "rebuild", lambda self, events: rebuilt.append(self))
    with walker(path, other) as again:
        after = means(again, world)
        assert not rebuilt
        assert again._record.journal.last_seq == max(e.seq for e in again._record.journal.events(kinds=["mark"]))
    monkeypatch.undo()
    assert np.abs(after - before).max() > 0.5
    copy = without_snapshot(path, "events.db")
    with walker(copy, other) as replayed:
        np.testing.assert_allclose(means(replayed, world), after, atol=1e-8)
        walk(replayed, world, np.random.default_rng(2), 2)
        went_on = means(replayed, world)
    with walker(path, other) as again:
        walk(again, world, np.random.default_rng(2), 2)
        np.testing.assert_allclose(means(again, world), went_on, atol=1e-8)


def test_the_same_weights_write_no_mark_and_work_without_tasks_neither(tmp_path):
    path = str(tmp_path / "walk.db")
    with walker(path):
        pass
    with walker(path, {**TERMS, "time": -1.0}) as learner:
        walk(learner, "cells", np.random.default_rng(0), 1)
    with walker(path, {**TERMS, "time": -1.0}) as learner:
        assert not list(learner._record.journal.events(kinds=["mark"]))


def test_a_reward_that_came_late_is_not_lost_when_weights_change(tmp_path):
    path = str(tmp_path / "walk.db")
    with walker(path) as live:
        walk(live, "cells", np.random.default_rng(0), 6)
        first = live.review(live.tasks()[0].task).steps[0].decision_id
        live.reward(first, 5.0)
        live.snapshot()
    with walker(path, {**TERMS, "left": 0.1}) as again:
        found = means(again, "cells")
    with walker(without_snapshot(path, "events.db"), {**TERMS, "left": 0.1}) as replayed:
        np.testing.assert_allclose(means(replayed, "cells"), found, atol=1e-8)
    assert found.max() > 1.5
