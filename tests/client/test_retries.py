"""Connections are lost before and after the server has worked; nothing is decided or taught twice."""

import pytest

from client.flaky_proxy import Fate
from quickstudy.errors import UnreachableError

LOST = [Fate.LOSE_ANSWER, Fate.REFUSE, Fate.CUT_ANSWER, Fate.LOSE_ANSWER]


def test_a_lesson_whose_answer_is_lost_is_taught_once(through, proxy, client, job):
    proxy.fates = iter(LOST)
    lesson = through.teach(job, "I was charged twice", "billing")
    assert proxy.passed == 4  # the server heard it four times
    assert client.report(job).lessons == 1
    again = client.teach(job, "I was charged twice", "billing", lesson_id=lesson.id)
    assert again == lesson
    assert client.report(job).lessons == 1


def test_a_decision_whose_answer_is_lost_is_made_once(through, proxy, client, job):
    proxy.fates = iter(LOST)
    decision = through.decide(job, "I was charged twice")
    assert proxy.passed == 4
    assert client.report(job).decisions == 1
    assert client.decide(job, "I was charged twice", request_id=decision.request_id).id == decision.id


def test_a_server_that_never_answers_is_given_up(through, proxy, job):
    proxy.fates = iter([Fate.LOSE_ANSWER] * 6)
    with pytest.raises(UnreachableError, match="tried 6 times"):
        through.teach(job, "I was charged twice", "billing")
