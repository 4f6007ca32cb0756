"""The report on teachers, from real journals."""

import datetime
import json

import numpy as np
import pytest
from property.scripts import ENCODER, new_learner

from autonomy.simulated_teachers import simulated
from autonomy.streams import colours, job
from quickstudy import Job, Learner
from quickstudy.errors import InputError

RATES = {"anna": 0.02, "ben": 0.1, "carla": 0.05}
NAMES = ("red", "green", "blue")


@pytest.fixture
def learner():
    with new_learner("closed") as made:
        yield made


def taught_by_simulated_teachers(learner, tasks=120, share=0.8):
    task, teacher, answer, names = simulated(RATES, tasks, len(NAMES), share, 0)
    decisions = learner.decide_many([f"situation {i}" for i in range(tasks)])
    for name in names:
        hers = np.flatnonzero(teacher == names.index(name))
        learner.teach_many([(decisions[task[i]], NAMES[answer[i]]) for i in hers], by=name)


def by_name(report):
    return {teacher.name: teacher for teacher in report.teachers}


def test_nothing_taught_is_nothing_known(learner):
    report = learner.teachers()
    assert (report.teachers, report.shared_tasks, report.agreement, report.error) == ((), 0, None, None)
    assert report.truly_wrong(0.02) is None
    assert "does not account for the teachers' own errors" in report.note
    assert json.dumps(report.to_dict())


def test_teachers_who_share_tasks_get_rates_whose_intervals_hold_the_truth(learner):
    taught_by_simulated_teachers(learner)
    report = learner.teachers()
    for name, truth in RATES.items():
        teacher = by_name(report)[name]
        assert teacher.low <= truth <= teacher.high
        assert teacher.error == pytest.approx(truth, abs=0.06)
        assert teacher.answers == pytest.approx(96, abs=20)
        assert 0 < teacher.shared <= teacher.answers
    assert 0.7 < report.agreement < 1.0
    assert report.low <= report.error <= report.high
    assert report.truly_wrong(0.02) == pytest.approx(0.02 + report.high)
    assert report.truly_wrong(1.0) == 1.0
    assert f"about {report.error:.1%} ({report.low:.1%} to {report.high:.1%})" in report.note


def test_the_ledgers_bound_and_the_teachers_errors_add_up_in_the_report():
    with Learner(job(), encoder=ENCODER) as learner:
        for number, (situation, right) in enumerate(colours(200, noise=0.1)):
            decision = learner.decide(situation)
            for by in ("anna", "ben", "carla") if decision.mode != "act" else ():
                learner.teach(decision, "red" if by == "ben" and number % 20 == 0 else right, by=by)
        report = learner.report().teachers
        assert report == learner.teachers()
        account = learner.report().autonomy
    assert (report.answers, report.bound) == (account.answers, account.bound)
    assert report.answers > 50
    assert report.truly_wrong() == pytest.approx(report.bound / report.answers + report.high)
    assert f"at most {report.truly_wrong():.1%} are truly wrong" in report.note


def test_reports_on_records_and_arrays_are_plain_data():
    with Learner(Job("records", ["red", "green"]), encoder=ENCODER) as learner:
        situation = {"on": datetime.date(2024, 5, 1), "amount": 2.5}
        learner.teach_many([(situation, "red"), (situation, "green")])
        data = json.loads(json.dumps(learner.report().to_dict()["teachers"]))
    [found] = data["contradictions"]
    assert found["situation"] == {"record": {"amount": 2.5, "on": {"date": "2024-05-01"}}}
    assert (found["other"], data["truly_wrong"]) == (None, None)


def test_a_teacher_without_shared_tasks_leaves_the_bound_unaccounted(learner):
    taught_by_simulated_teachers(learner, tasks=30)
    learner.teach(learner.decide("another"), "red", by="dora")
    report = learner.teachers()
    assert by_name(report)["dora"].error is None
    assert report.error is None
    assert report.truly_wrong(0.02) is None


def test_of_two_teachers_alone_nobody_is_named_and_their_error_is_only_bounded(learner):
    for i in range(40):
        decision = learner.decide(f"situation {i}")
        learner.teach(decision, NAMES[i % 3], by="anna")
        learner.teach(decision, NAMES[(i + (i % 10 == 0)) % 3], by="ben")
    report = learner.teachers()
    assert all(teacher.error is None and teacher.high > 0.1 for teacher in report.teachers)
    assert [teacher.disagreed for teacher in report.teachers] == [4, 4]
    assert report.error is None
    assert (report.low, report.high) == (0.0, by_name(report)["anna"].high)
    assert report.truly_wrong(0.02) == pytest.approx(0.02 + report.high)
    assert f"error is from 0.0% to {report.high:.1%} in the 40 tasks" in report.note
    assert "a third teacher" in report.note


def test_first_answers_count_and_later_corrections_are_shown_apart(learner):
    decision = learner.decide("situation 0")
    for answer, by in [("red", "anna"), ("green", "ben"), ("green", "anna")]:
        learner.teach(decision, answer, by=by)
    report = learner.teachers()
    assert report.agreement == 0.0
    assert by_name(report)["anna"].corrected == 1
    assert by_name(report)["ben"].corrected == 0
    assert report.contradictions == ()


def test_two_names_of_one_option_agree(learner):
    decision = learner.decide("situation 0")
    learner.teach(decision, "red", by="anna")
    learner.rename_option("red", "crimson")
    learner.teach(decision, "crimson", by="ben")
    report = learner.teachers()
    assert report.agreement == 1.0
    assert report.contradictions_found == 0


def test_different_answers_to_one_decision_or_situation_are_listed(learner):
    decision = learner.decide("situation 0")
    learner.teach(decision, "red", by="anna", at=1.0)
    learner.teach(decision, "green", by="ben", at=2.0)
    learner.teach("situation 1", "red", by="anna")
    learner.teach("situation 1", "blue", by="anna")
    learner.teach("situation 2", "red", by="anna")
    report = learner.teachers()
    assert report.contradictions_found == 2
    herself, others = report.contradictions
    assert (herself.kind, herself.situation, herself.other) == ("herself", "situation 1", None)
    assert [said.answer for said in herself.said] == ["red", "blue"]
    assert (others.kind, others.situation) == ("teachers", "situation 0")
    assert [(said.by, said.answer, said.at) for said in others.said] == [("anna", "red", 1.0), ("ben", "green", 2.0)]


def test_a_teacher_who_differs_from_herself_on_nearly_equal_situations_is_listed():
    with Learner(Job("numbers", ["red", "green"]), encoder=ENCODER) as learner:
        one, near = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.001])
        learner.teach(one, "red", by="anna")
        learner.teach(near, "green", by="anna")
        learner.teach(near, "green", by="ben")
        learner.teach(np.array([-3.0, 2.0, 0.0]), "green", by="anna")
        report = learner.teachers()
    found = [c for c in report.contradictions if c.kind == "nearly"]
    assert len(found) == 1
    assert found[0].similarity > 0.99
    assert [said.by for said in found[0].said] == ["anna", "anna"]
    assert found[0].situation.tolist() == one.tolist()
    assert found[0].other.tolist() == near.tolist()


def test_answers_without_a_name_are_one_teacher(learner):
    decision = learner.decide("situation 0")
    learner.teach(decision, "red")
    learner.teach(decision, "green", by="anna")
    assert set(by_name(learner.teachers())) == {"", "anna"}


def test_what_was_forgotten_is_not_counted(learner):
    decision = learner.decide("situation 0")
    learner.teach(decision, "red", by="anna")
    learner.teach(decision, "green", by="ben")
    learner.forget(decision)
    assert learner.teachers().teachers == ()


def test_many_contradictions_are_counted_and_the_newest_are_listed(learner):
    for i in range(60):
        learner.teach_many([(f"situation {i}", "red"), (f"situation {i}", "green")], by="anna")
    report = learner.teachers()
    assert report.contradictions_found == 60
    assert len(report.contradictions) == 50
    assert report.contradictions[0].situation == "situation 59"


def test_it_reads_a_journal_that_another_process_writes(tmp_path):
    path = tmp_path / "journal.db"
    with new_learner("closed", path) as learner:
        learner.teach(learner.decide("situation 0"), "red", by="anna")
        before = learner._record.journal.last_seq
        with new_learner("closed", path, read_only=True) as reader:
            assert by_name(reader.teachers())["anna"].answers == 1
        assert learner._record.journal.last_seq == before


@pytest.mark.parametrize("confidence", [0.0, 1.0, "0.95", True, 2])
def test_a_confidence_that_makes_no_sense_is_refused(learner, confidence):
    with pytest.raises(InputError, match="confidence"):
        learner.teachers(confidence=confidence)
