"""The verbs of a real server on loopback, from threads and from asyncio."""

import datetime

import numpy as np
import pytest

from quickstudy import Decision, Job, Lesson, Report
from quickstudy.errors import JobError, LessonError, OptionError, SituationError, UnknownDecisionError


def test_a_decision_is_made_taught_and_learned(client, job):
    decision = client.decide(job, "I was charged twice")
    assert isinstance(decision, Decision)
    assert (decision.mode, decision.situation) == ("ask", "I was charged twice")
    lesson = client.teach(job, decision, "billing", by="anna")
    assert isinstance(lesson, Lesson)
    assert (lesson.decision_id, lesson.answer, lesson.by) == (decision.id, "billing", "anna")
    again = client.predict(job, "they charged me two times", evidence=True)
    assert (again.id, again.answer) == ("", "billing")
    assert sum(again.probabilities.values()) == pytest.approx(1.0)
    assert again.evidence.neighbours[0].situation == "I was charged twice"
    report = client.report(job)
    assert isinstance(report, Report)
    assert (report.lessons, report.decisions, report.teachers.teachers[0].name) == (1, 1, "anna")


@pytest.mark.parametrize(
    "situation",
    [
        "  text with space around and a line\u2028separator ",
        {"vendor": "Acme", "amount": 3, "paid": True, "on": datetime.date(2024, 5, 1), "note": None},
        {"at": datetime.datetime(2024, 5, 1, 12, 30, tzinfo=datetime.UTC), "share": 0.1},
        np.array([0.1, -0.0, 1e300]),
    ],
    ids=["text", "record", "record with a time", "array"],
)
def test_situations_arrive_as_they_are(client, job, situation):
    client.decide(job, situation)
    [seen] = [decision.situation for decision in client.decisions(job)]
    if isinstance(situation, np.ndarray):
        assert seen.tolist() == situation.tolist()
    else:
        assert seen == (situation.strip() if isinstance(situation, str) else situation)


def test_a_situation_is_taught_by_the_names_of_the_learners_loop(client, job):
    decision = client.decide(job, situation="I was charged twice")
    known = {"decision_id": decision.id, "lesson_id": f"{job}-names"}
    lesson = client.teach(job, situation=None, answer="billing", **known)
    assert (lesson.decision_id, lesson.id) == (decision.id, f"{job}-names")
    assert client.teach(job, situation="another", answer="billing").decision_id is None


def test_errors_are_those_of_the_library(client, job):
    with pytest.raises(OptionError) as caught:
        client.teach(job, "some text", "insurance")
    assert caught.value.code == "unknown-option"
    with pytest.raises(UnknownDecisionError):
        client.teach(job, None, "billing", decision_id="nothing")
    with pytest.raises(SituationError):
        client.decide(job, " ")
    with pytest.raises(LessonError):
        client.teach(job, None, "billing")
    with pytest.raises(JobError) as caught:
        client.report("no-such-job")
    assert caught.value.code == "unknown-job"
    with pytest.raises(JobError):
        client.report("../route")


def test_a_reward_and_a_rejection_are_lessons(client, job):
    decision = client.decide(job, "I was charged twice")
    assert client.reward(job, decision, 0.5).value == 0.5
    rejected = client.reject(job, decision, by="anna")
    assert (rejected.answer, rejected.decision_id) == (None, decision.id)
    with pytest.raises(LessonError):
        client.reward(job, decision, float("nan"))
    with pytest.raises(LessonError):
        client.reject(job, client.predict(job, "text"))


def test_many_are_decided_and_taught_in_one_request_and_one_that_fails_fails_alone(client, job):
    decisions = client.decide_many(
        job, ["charged twice", "stolen card", {"vendor": "Acme"}], request_ids=["a", None, "c"]
    )
    assert [decision.situation for decision in decisions[:2]] == ["charged twice", "stolen card"]
    assert isinstance(decisions[2], SituationError)  # this job's situations are texts
    lessons = client.teach_many(
        job, [(decisions[0], "billing"), ("lost card", "insurance"), ("my card", "fraud")], by="bo"
    )
    assert [getattr(lesson, "answer", None) for lesson in lessons] == ["billing", None, "fraud"]
    assert isinstance(lessons[1], OptionError)
    assert [decision.answer for decision in client.predict_many(job, ["charged", "card"])] == ["billing", "fraud"]
    assert client.report(job).lessons == 2


def test_lists_are_iterated_over_all_pages(client, job):
    client.decide_many(job, [f"task {number}" for number in range(7)])
    assert [decision.situation for decision in client.decisions(job, page=2)] == [f"task {i}" for i in range(7)]
    first = next(iter(client.decisions(job, waiting=True)))
    client.teach(job, first, "fraud")
    assert len(list(client.decisions(job, waiting=True, page=3))) == 6
    happened = list(client.past_events(job, page=3))
    assert [event.kind for event in happened].count("decision") == 7
    assert [int(event.id) for event in happened] == sorted({int(event.id) for event in happened})
    assert "task 3" not in str(happened)


def test_a_past_decision_comes_with_its_evidence(client, job):
    client.teach(job, "charged twice", "billing", by="anna")
    decision = client.decide(job, "I was charged twice")
    assert decision.evidence.neighbours == ()
    found = client.decision(job, decision)
    assert (found.situation, found.answer) == ("I was charged twice", "billing")
    assert [(near.situation, near.by) for near in found.evidence.neighbours] == [("charged twice", "anna")]
    assert found.evidence.opinions


def test_what_a_learner_may_do_alone_is_configured(client, job):
    settings = client.configure(job, target_error=0.05, always_ask=("fraud",))
    assert (settings.target_error, settings.active, settings.always_ask) == (0.05, True, ("fraud",))
    assert client.pause(job).paused
    assert not client.resume(job).paused
    assert client.autonomy(job) == settings
    assert [forecast.target_error for forecast in client.what_if(job, [0.01, 0.1])] == [0.01, 0.1]
    assert len(client.what_if(job)) == 6


def test_options_are_added_renamed_merged_and_retired(client, job):
    assert client.add_option(job, "app", "the app does not work") == ("billing", "fraud", "app")
    assert "mobile" in client.rename_option(job, "app", "mobile")
    assert client.merge_options(job, "mobile", "fraud") == ("billing", "fraud")
    assert client.retire_option(job, "fraud") == ("billing",)
    assert client.options(job) == ("billing",)
    with pytest.raises(OptionError):
        client.rename_option(job, "nothing", "something")


def test_what_is_forgotten_is_gone(client, job):
    decision = client.decide(job, "a secret")
    client.teach(job, decision, "billing")
    client.teach(job, "another", "fraud", by="anna")
    assert client.forget(job, decision) >= 1
    assert client.forget(job, by="anna") >= 1
    assert client.report(job).lessons == 0
    assert list(client.decisions(job)) == []


def test_records_are_forgotten_by_a_date(client, job):
    client.teach(job, {"on": datetime.date(2024, 5, 1), "amount": 3}, "billing")
    client.teach(job, {"on": datetime.date(2024, 5, 2), "amount": 3}, "billing")
    assert client.forget(job, on=datetime.date(2024, 5, 1)) == 1
    assert client.report(job).lessons == 1


def test_a_task_of_many_steps(client, job):
    with client.task(job, f"{job}-task") as task:
        first = task.decide("the first step", ["billing"])
        assert (first.answer, task.steps) == ("billing", 1)
        task.reward(-1.0)
        task.decide("the second step")
        task.teach(-1, "fraud", by="anna")
        review = task.end(True)
    assert (review.outcome, len(review.steps), review.steps[0].reward) == (1.0, 2, -1.0)
    assert review.steps[1].taught == "fraud"
    assert [(one.task, one.state, one.steps) for one in client.tasks(job)] == [(f"{job}-task", "ended", 2)]
    with pytest.raises(LessonError) as caught, client.task(job, f"{job}-task"):
        pass
    assert caught.value.code == "ended-task"


def test_a_task_that_an_error_left_goes_on_under_its_id(client, job):
    with pytest.raises(OptionError), client.task(job, f"{job}-task") as task:  # noqa: PT012
        task.decide("the first step")
        task.decide("the second step", ["nothing that it knows"])
    with client.task(job, f"{job}-task") as task:
        assert task.steps == 1
        task.decide("the second step")
    assert [one.steps for one in client.tasks(job)] == [2]


def test_a_task_without_steps_leaves_nothing(client, job):
    with client.task(job):
        pass
    assert list(client.tasks(job)) == []


def test_a_job_is_made_and_listed(client, job, kind):
    made = client.create_job(Job(f"made-{kind}", {"yes": "it is", "no": "it is not"}, encoder="static"))
    assert made == f"made-{kind}"
    assert {made, job} <= set(client.jobs())
    assert client.job(made).options == {"yes": "it is", "no": "it is not"}
    with pytest.raises(JobError) as caught:
        client.create_job(Job(made, ["yes"], encoder="static"))
    assert caught.value.code == "job-exists"
    assert client.backup(made).file.startswith("backups/")
