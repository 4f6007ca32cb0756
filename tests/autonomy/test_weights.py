"""Lessons on audits stand for the tasks that were not audited."""

import pytest

from autonomy.streams import colours, job, live
from quickstudy import Learner
from quickstudy.knowledge import HEAVIEST, weight_of


def test_a_lesson_on_an_audit_weighs_one_over_its_probability_and_others_one(tmp_path):
    path = tmp_path / "colours.db"
    with Learner(job(), path) as learner:
        live(learner, colours(400))
        journal = learner._record.journal
        modes = set()
        for lesson in journal.events(kinds=["lesson"]):
            decision = journal.get(lesson.decision_id)
            modes.add(decision.mode)
            expected = min(1.0 / decision.propensity, HEAVIEST) if decision.mode == "audit" else 1.0
            assert weight_of(lesson) == pytest.approx(expected)
        assert modes == {"ask", "audit"}
        weights = learner._record.knowledge.mind.pool.weights.tolist()
    with Learner.replay(path) as again:
        assert again._record.knowledge.mind.pool.weights.tolist() == pytest.approx(weights, abs=1e-8)
