"""Many requests in one transaction, each with its own key, time, teacher and decision."""

import pytest

from quickstudy import Job, Learner
from quickstudy.errors import InputError, LessonError, UnknownDecisionError

TEXTS = ["charged twice", "card was stolen", "where is my parcel"]


@pytest.fixture
def learner():
    with Learner(Job("route", ["billing", "fraud"], encoder="static")) as made:
        yield made


def test_each_request_of_a_batch_has_its_own_key_and_time(learner):
    decided = learner.decide_many(TEXTS, at=[1.0, 2.0, 3.0], request_ids=["a", None, "c"])
    assert [(one.request_id, one.at) for one in decided] == [("a", 1.0), (None, 2.0), ("c", 3.0)]


def test_a_key_gets_its_decision_again_beside_new_ones(learner):
    first = learner.decide(TEXTS[0], request_id="a")
    again, new = learner.decide_many(TEXTS[:2], request_ids=["a", "b"])
    assert again.id == first.id
    assert again.probability == first.probability
    assert new.id != first.id
    assert learner.report().decisions == 2


def test_a_key_that_comes_twice_in_a_batch_is_decided_once(learner):
    first, second, third = learner.decide_many([TEXTS[0], TEXTS[0], TEXTS[1]], request_ids=["a", "a", None])
    assert first == second
    assert third.id != first.id
    assert learner.report().decisions == 2


@pytest.mark.parametrize("before", [True, False])
def test_a_key_for_another_situation_is_refused_and_nothing_is_decided(learner, before):
    if before:
        learner.decide(TEXTS[0], request_id="a")
        keys = [None, "a"]
    else:
        keys = ["a", "a"]
    count = learner.report().decisions
    with pytest.raises(InputError, match="another situation") as caught:
        learner.decide_many(TEXTS[:2], request_ids=keys)
    assert caught.value.code == "used-request-id"
    assert learner.report().decisions == count


def test_as_many_keys_and_times_as_situations(learner):
    with pytest.raises(InputError, match="2 situations and 1 request ids"):
        learner.decide_many(TEXTS[:2], request_ids=["a"])
    with pytest.raises(InputError, match="2 situations and 1 times"):
        learner.decide_many(TEXTS[:2], at=[1.0])


def test_a_batch_decides_as_one_after_the_other_would():
    job = Job("route", ["billing", "fraud"], encoder="static")
    with Learner(job) as together, Learner(job) as apart:
        for each in (together, apart):
            each.teach("charged twice", "billing", at=1.0)
        many = together.decide_many(TEXTS, at=2.0)
        single = [apart.decide(text, at=2.0) for text in TEXTS]
    assert [one.answer for one in many] == [one.answer for one in single]
    assert [one.probability for one in many] == pytest.approx([one.probability for one in single], abs=1e-8)


def test_each_lesson_of_a_batch_has_its_own_teacher_and_decision(learner):
    decision = learner.decide(TEXTS[0])
    lessons = learner.teach_many(
        [(None, "billing"), (TEXTS[1], "fraud")], decision_ids=[decision.id, None], by=["ann", "bob"]
    )
    assert [(one.decision_id, one.by) for one in lessons] == [(decision.id, "ann"), (None, "bob")]


def test_a_bad_teacher_or_decision_in_a_batch_teaches_nothing(learner):
    with pytest.raises(LessonError, match="by is 3"):
        learner.teach_many([(TEXTS[0], "billing")], by=[3])
    with pytest.raises(UnknownDecisionError):
        learner.teach_many([(TEXTS[0], "billing"), (None, "fraud")], decision_ids=[None, "nope"])
    with pytest.raises(LessonError, match="1 teachers"):
        learner.teach_many([(TEXTS[0], "billing"), (TEXTS[1], "fraud")], by=["ann"])
    assert learner.report().lessons == 0


def test_what_is_changed_inside_a_signature_says_who_changed_it(learner):
    decision = learner.decide(TEXTS[0])
    with learner.signed("anna"):
        learner.configure(target_error=0.05)
        learner.add_option("delivery")
        learner.teach(TEXTS[1], "fraud", by="bob")
        learner.forget(decision)
    learner.pause()
    events = list(learner._record.journal.events())
    signed = [(event.kind, event.by) for event in events if event.by is not None]
    assert signed == [("configure", "anna"), ("option", "anna"), ("lesson", "bob"), ("mark", "anna")]


def test_a_signature_must_be_text_and_ends_with_its_block(learner):
    with pytest.raises(InputError, match="by is 3"), learner.signed(3):
        pass
    with pytest.raises(ZeroDivisionError), learner.signed("anna"):
        raise ZeroDivisionError
    learner.pause()
    assert [event.by for event in learner._record.journal.events(kinds=["configure"])][-1] is None


@pytest.mark.parametrize("broken", [1, 2])
def test_after_a_batch_that_broke_off_the_gate_knows_what_the_journal_says(learner, monkeypatch, broken):
    learner.configure(target_error=0.1)
    keeper = learner._record.keeper
    rule, ruled = keeper.rule, []

    def breaking(*given, **named):
        if len(ruled) == broken:
            raise OSError("gone")
        ruled.append(given)
        return rule(*given, **named)

    monkeypatch.setattr(keeper, "rule", breaking)
    with pytest.raises(OSError, match="gone"):
        learner.decide_many(TEXTS)
    after = keeper.state()[1]
    keeper.refold()
    assert after == keeper.state()[1]
    assert learner.report().decisions == 0
