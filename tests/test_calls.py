"""How many calls of a model were saved, from the journal alone."""

import pytest

from quickstudy import Job, Learner
from quickstudy.calls import Calls, Spent, calls_of, note_call


@pytest.fixture
def learner(tmp_path):
    with Learner(Job("route", ["a", "b"], encoder="static"), tmp_path / "route.db") as made:
        yield made


def test_a_job_without_an_upstream_has_no_calls(learner):
    learner.decide("x", request_id="mine")
    assert learner.report().calls is None


def test_what_was_spent_is_counted_and_kept(learner, tmp_path):
    journal = learner._record.journal
    note_call(journal, (40, 2))
    note_call(journal, None)
    note_call(journal, None, failed=True)
    learner.decide("x", request_id="chat-1")
    learner.close()
    with Learner.open(tmp_path / "route.db", read_only=True) as again:
        assert again.report().calls == Calls(1, 0, 0.0, Spent(3, 1, 1, 40, 2), 0)
        assert again.report().to_dict()["calls"]["spent"]["calls"] == 3


def test_tokens_saved_are_the_mean_for_each_answer_alone(learner):
    journal = learner._record.journal
    note_call(journal, (40, 2))
    note_call(journal, (60, 2))
    found = calls_of(journal, 10, 6)
    assert found.tokens_saved == 6 * 52
    assert found.line() == (
        "Of 10 calls 6 (60.0%) were answered alone; the upstream was called 2 times, 0 in vain; about 312 tokens saved."
    )
