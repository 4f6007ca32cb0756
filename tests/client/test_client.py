"""The verbs of a real server on loopback, from threads and from asyncio."""

import datetime

import numpy as np
import pytest

from quickstudy import Decision, Lesson, Report
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
