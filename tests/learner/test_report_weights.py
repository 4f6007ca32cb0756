"""Accuracy in the report is that of all tasks, though lessons come mostly from hard ones."""

import numpy as np
import pytest
from autonomy.streams import COLOURS, job
from bench.autonomy.loop import seed_coins, seeded_ids

from quickstudy import Learner

TASKS = 600


def mixed(seed):
    """Easy tasks, and a third of hard ones: (array, right answer)."""
    generator = np.random.default_rng(seed)
    noises = np.where(generator.random(TASKS) < 0.35, 2.0, 0.1)
    for place, noise in zip(generator.integers(3, size=TASKS), noises, strict=True):
        yield np.eye(3, 8)[place] + noise * generator.standard_normal(8), COLOURS[place]


def lived(seed, path=None):
    """A learner that went through the tasks; whether each proposal was right; the task of each lesson."""
    right, taught = [], []
    with seeded_ids(seed):
        learner = Learner(job(0.2), path)
        seed_coins(learner, seed)
        for number, (situation, answer) in enumerate(mixed(seed)):
            decision = learner.decide(situation, at=float(number))
            right.append(decision.answer == answer)
            if not decision.alone:
                learner.teach(decision, answer, at=float(number))
                taught.append(number)
    return learner, np.array(right), np.array(taught)


def test_the_reports_accuracy_is_that_of_all_tasks_and_not_that_of_the_lessons():
    off, off_unweighted = [], []
    for seed in range(4):
        learner, right, taught = lived(seed)
        with learner:
            report = learner.report()
        first = taught[-200]
        truth = right[first:].mean()
        off.append(report.recent_accuracy - truth)
        off_unweighted.append(right[taught[-200:]].mean() - truth)
        assert report.recent_tasks == pytest.approx(TASKS - first, rel=0.25)
        assert sum(point.tasks for point in report.accuracy) == pytest.approx(TASKS, rel=0.15)
        assert sum(point.count for point in report.accuracy) == len(taught)
        assert report.accuracy[0].tasks == report.accuracy[0].count  # all was asked
        assert max(point.tasks / point.count for point in report.accuracy) > 1.5
    assert abs(np.mean(off)) < 0.03
    assert np.mean(off_unweighted) < -0.05


@pytest.mark.parametrize("how", ["snapshot", "refit"])
def test_weights_are_those_of_the_lessons_after_a_snapshot_and_after_a_refit(tmp_path, how):
    learner, _, taught = lived(0, tmp_path / "colours.db")
    with learner:
        before = learner._record.knowledge.tasks
        assert len(before) == len(taught) == learner._record.knowledge.mind.history.size
        assert max(before) > 2.0
        getattr(learner, how)()
        report = learner.report()
    with Learner.open(tmp_path / "colours.db") as again:
        assert again._record.knowledge.tasks == before
        assert again.report().accuracy == report.accuracy
