"""Which tasks are asked twice."""

import pytest
from property.scripts import new_learner

from quickstudy.autonomy.twice import draw


def drawn(learner):
    return draw(learner._record.journal, learner.id)


@pytest.fixture
def learner():
    with new_learner("closed") as made:
        yield made


def decide(learner, start, count):
    return [decision.id for decision in learner.decide_many([f"situation {i}" for i in range(start, start + count)])]


def test_nothing_is_drawn_until_a_share_is_set(learner):
    decide(learner, 0, 20)
    assert (drawn(learner).share, drawn(learner).decisions) == (0.0, ())


def test_the_share_in_force_when_a_task_was_decided_counts(learner):
    decide(learner, 0, 20)
    learner.configure(ask_twice=1.0)
    every = decide(learner, 20, 20)
    learner.configure(ask_twice=0.0)
    decide(learner, 40, 20)
    assert drawn(learner).decisions == tuple(every)


def test_about_the_share_is_drawn_and_always_the_same_tasks(learner):
    learner.configure(ask_twice=0.3)
    ids = decide(learner, 0, 400)
    first = drawn(learner)
    assert first == drawn(learner)
    assert first.share == 0.3
    assert set(first.decisions) < set(ids)
    assert 80 < len(first.decisions) < 160


def test_a_drawn_task_waits_for_its_second_teacher(learner):
    learner.configure(ask_twice=1.0)
    one, other, _ = (learner.decide(f"situation {i}") for i in range(3))
    assert learner.teachers().again == ()
    learner.teach(one, "red", by="anna")
    learner.teach(other, "green", by="anna")
    assert learner.teachers().again == (one.id, other.id)
    learner.teach(one, "red", by="anna")
    assert learner.teachers().again == (one.id, other.id)
    assert learner.to_ask_again(by="anna") == []
    assert [decision.id for decision in learner.to_ask_again(by="ben")] == [one.id, other.id]
    learner.teach(one, "red", by="ben")
    assert learner.teachers().again == (other.id,)
    assert learner.teachers().ask_twice == 1.0


def test_decisions_of_other_learners_are_not_drawn(learner):
    with new_learner("closed", id="other") as other:
        other.configure(ask_twice=1.0)
        decide(other, 0, 5)
        learner.merge(other)
    learner.configure(ask_twice=1.0)
    mine = decide(learner, 5, 3)
    assert drawn(learner).decisions == tuple(mine)
