"""A learner goes on while its report or a forecast is made."""

import threading

import pytest

from quickstudy import Job, Learner, controls, learner

WORK = [(f"I was charged twice, no. {number}", "billing") for number in range(12)]


@pytest.fixture
def taught():
    job = Job("meanwhile", ["billing", "fraud"], encoder="static", features=32, experts=["prior", "recall"])
    with Learner(job) as made:
        made.teach_many(WORK)
        yield made


@pytest.mark.parametrize(
    ("module", "name", "call"),
    [(learner, "make_report", Learner.report), (controls, "what_if", lambda one: one.what_if(0.1))],
)
def test_a_decision_and_a_lesson_need_not_wait_for_it(taught, monkeypatch, module, name, call):
    real = getattr(module, name)

    def with_work_in_between(*arguments):
        def work():
            taught.teach(taught.decide("somebody used my card"), "fraud")

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(20)
        assert not thread.is_alive()
        return real(*arguments)

    monkeypatch.setattr(module, name, with_work_in_between)
    assert call(taught)
    assert taught.predict("somebody used my card").answer == "fraud"


def test_a_report_is_of_one_moment(taught, monkeypatch):
    before = taught.report()
    real = learner.make_report

    def later(*arguments):
        taught.teach("somebody used my card", "fraud")
        return real(*arguments)

    monkeypatch.setattr(learner, "make_report", later)
    assert taught.report().lessons == before.lessons
    monkeypatch.undo()
    assert taught.report().lessons == before.lessons + 1


def test_a_copy_of_the_gate_is_equal_and_stays_as_it_was(taught):
    for number in range(60):
        taught.teach(taught.decide(f"I was charged twice, no. {number}"), "billing")
    gate = taught._record.keeper.gate
    copy = gate.copy()
    assert copy.state()[1] == gate.state()[1]
    held = copy.stood_behind
    for number in range(20):
        taught.teach(taught.decide(f"I was charged again, no. {number}"), "billing")
    assert copy.stood_behind == held != gate.stood_behind
