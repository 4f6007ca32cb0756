"""What waits, kept in memory, is what the journal says; and which of it comes first."""

import random

import numpy as np
import pytest

from quickstudy import Learner
from quickstudy.serve.pages.waiting import Waiting
from serve_pages.conftest import TEAMS, small_job, tickets


def agrees(waiting, learner):
    asked = [decision.id for decision in learner.waiting() if decision.mode == "ask"]
    assert waiting.ids("inbox", "anna") == asked
    assert waiting.ids("audits", "anna") == [decision.id for decision in learner.audits()]
    for by in ("anna", "ben"):
        assert waiting.ids("second", by) == [decision.id for decision in learner.to_ask_again(by)]


@pytest.mark.parametrize("seed", range(4))
def test_it_follows_a_learner_through_everything(seed, tmp_path):
    chance = random.Random(seed)
    with Learner(small_job("all", target_error=0.4), tmp_path / "all.db") as learner:
        waiting = Waiting(learner._record.journal, learner.id)
        decisions = []
        for number, (text, team) in enumerate(tickets(150)):
            if number == 40:
                learner.configure(ask_twice=0.5)
            decision = learner.decide(text)
            decisions.append(decision)
            if chance.random() < 0.8:
                learner.teach(decision, team, by=chance.choice(["anna", "ben"]))
            if chance.random() < 0.1:
                learner.teach(chance.choice(decisions), chance.choice(list(TEAMS)), by="ben")
            if chance.random() < 0.05:
                learner.reject(chance.choice(decisions), by="anna")
            if number % 30 == 29:
                gone = decisions.pop(chance.randrange(len(decisions)))
                learner.forget(gone)
            if number % 7 == 0:
                agrees(waiting, learner)
        with learner.task() as task:
            task.decide("the first step", options=list(TEAMS))
            agrees(waiting, learner)
        agrees(waiting, learner)
        assert waiting.counts("anna")["audits"] == len(learner.audits())
        agrees(Waiting(learner._record.journal, learner.id), learner)


def test_hardest_first_is_by_probability_and_oldest_first_by_arrival(tmp_path):
    with Learner(small_job("order"), tmp_path / "order.db") as learner:
        learner.teach_many(tickets(30), by="anna")
        decisions = learner.decide_many([text for text, _ in tickets(60)[30:]])
        waiting = Waiting(learner._record.journal, learner.id)
        assert waiting.ids("inbox", "") == [decision.id for decision in decisions]
        by_probability = sorted(decisions, key=lambda decision: decision.probability)
        assert waiting.ids("inbox", "", "hardest") == [decision.id for decision in by_probability]


def test_most_useful_first_prefers_what_many_are_like_to_a_stray_that_is_as_unsure(tmp_path):
    with Learner(small_job("use", ["a", "b"]), tmp_path / "use.db") as learner:
        near, far = np.eye(8)[0], np.eye(8)[5]
        many = [near + 0.05 * np.eye(8)[1 + number % 3] for number in range(9)]
        decisions = learner.decide_many([far, *many])
        waiting = Waiting(learner._record.journal, learner.id)
        assert {round(decision.probability, 6) for decision in decisions} == {0.5}
        ranked = waiting.ids("inbox", "", "useful")
        assert ranked[-1] == decisions[0].id
        assert sorted(ranked) == sorted(decision.id for decision in decisions)


def test_only_what_waits_for_a_blind_answer_is_sealed(tmp_path):
    with Learner(small_job("seal", target_error=0.4), tmp_path / "seal.db") as learner:
        learner.configure(ask_twice=1.0)
        decisions = [learner.decide(text) for text, _ in tickets(60)]
        for decision, (_, team) in zip(decisions[:50], tickets(50), strict=True):
            if decision.mode == "ask":
                learner.teach(decision, team, by="anna")
        waiting = Waiting(learner._record.journal, learner.id)
        ids = [decision.id for decision in decisions]
        assert waiting.sealed(ids, "anna") == {decision.id for decision in learner.audits()}
        assert waiting.sealed(ids, "ben") >= {decision.id for decision in learner.to_ask_again("ben")}
        assert learner.to_ask_again("ben")
