"""Bad input: a clear error that names the input and the next step, and nothing is lost or written."""

import dataclasses

import numpy as np
import pytest
from property.scripts import ENCODER, JOBS, HashedText, new_learner

from quickstudy import Job, Learner
from quickstudy.errors import (
    InputError,
    JobError,
    JournalError,
    JournalLockedError,
    JournalMismatchError,
    LessonError,
    OptionError,
    SituationError,
    UnknownDecisionError,
)
from quickstudy.perception import Encoder

SITUATIONS = [
    ("", "empty"),
    ("  \n\t ", "empty"),
    ("x" * 1_000_001, "1,000,001"),
    ("broken \udcff text", "surrogate"),
    (b"bytes", "bytes"),
    (None, "NoneType"),
    (3.5, "float"),
    (["a", "b"], "list"),
    ({}, "empty record"),
    ({"vendor": " ", "amount": None}, "empty record"),
    ({"vendor": "Acme", "amount": float("nan")}, "amount"),
    ({"vendor": "Acme", "amount": float("inf")}, "amount"),
    ({"vendor": "Acme", "lines": [1, 2]}, "lines"),
    ({"vendor": "a\udcffb"}, "vendor"),
    ({"": "x"}, "name"),
    ({1: "x"}, "1"),
    (np.array([1.0, np.nan]), "index 1"),
    (np.array([np.inf, 1.0]), "index 0"),
    (np.zeros((2, 2)), r"\(2, 2\)"),
    (np.array(["a"]), "<U1"),
    (np.array([1j]), "complex"),
    (np.zeros(0), "0 numbers"),
]


def seen(learner):
    journal = learner._record.journal
    return journal.last_seq, [(event.id, event.forgotten) for event in journal.events()], learner.options


def refused(learner, kind, match, call, *arguments, **keywords):
    """Runs a call that must be refused without a trace in the journal or in what is known."""
    before = seen(learner)
    with pytest.raises(kind, match=match) as caught:
        call(*arguments, **keywords)
    assert caught.value.next_step
    assert caught.value.code
    assert seen(learner) == before


@pytest.fixture
def learner():
    with new_learner("closed") as made:
        made.teach("situation 0", "red")
        yield made


@pytest.mark.parametrize(("situation", "named"), SITUATIONS, ids=[named for _, named in SITUATIONS])
def test_a_situation_that_cannot_be_perceived_is_refused(learner, situation, named):
    if situation is None:
        refused(learner, LessonError, "nothing", learner.teach, None, "red")
    else:
        refused(learner, SituationError, named, learner.teach, situation, "red")
    for call in (learner.decide, learner.predict):
        refused(learner, SituationError, named, call, situation)
    refused(learner, SituationError, named, learner.decide_many, ["good", situation])
    pairs = [("good", "red"), (situation, "green")]
    refused(learner, InputError, "nothing" if situation is None else named, learner.teach_many, pairs)


def test_the_first_situation_of_a_new_learner_may_be_refused_too():
    with new_learner("open") as learner:
        for situation, named in SITUATIONS:
            if situation is not None:
                refused(learner, SituationError, named, learner.teach, situation, "red")
        learner.teach("good", "red")


def test_text_of_a_megabyte_is_perceived(learner):
    assert learner.decide("word " * 199_999).answer in learner.options


def test_an_array_of_another_length_is_refused():
    with new_learner("closed") as learner:
        learner.teach(np.ones(8), "red")
        for call in (learner.decide, learner.predict):
            refused(learner, SituationError, "length 8.*has 9", call, np.ones(9))
        refused(learner, SituationError, "length 8.*has 7", learner.teach, np.ones(7), "red")
        refused(learner, SituationError, "different lengths", learner.decide_many, [np.ones(8), np.ones(7)])


def test_a_situation_of_another_kind_is_refused(learner):
    refused(learner, SituationError, "kind text.*array", learner.decide, np.ones(3))
    refused(learner, SituationError, "kind text.*record", learner.decide, {"vendor": "Acme"})
    refused(learner, SituationError, "kind text.*record", learner.decide_many, ["a", {"vendor": "Acme"}])


def test_one_situation_in_place_of_a_list_is_refused(learner):
    refused(learner, SituationError, "list of situations", learner.decide_many, "one text")
    refused(learner, SituationError, "list of situations", learner.predict_many, {"vendor": "Acme"})


@pytest.mark.parametrize("call", ["teach", "teach_many", "answer"])
def test_an_unknown_option_in_a_closed_job_is_refused(learner, call):
    decision = learner.decide("situation 1")
    if call == "teach":
        refused(learner, OptionError, "'gren'.*'green'", learner.teach, "a", "gren")
    elif call == "answer":
        refused(learner, OptionError, "'gren'.*'green'", learner.teach, decision, "gren")
    else:
        refused(learner, OptionError, "'gren'", learner.teach_many, [("a", "red"), ("b", "gren")])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (["red", "green"], "several-labels"),
        (("red",), "several-labels"),
        ({"red"}, "several-labels"),
        (3, "numeric-answer"),
        (2.5, "numeric-answer"),
        (True, "numeric-answer"),
        (np.float64(1.0), "numeric-answer"),
        (None, "numeric-answer"),
        ("", "bad-option"),
        ("   ", "bad-option"),
        ("x" * 1001, "bad-option"),
        ("a\udcffb", "bad-option"),
    ],
)
@pytest.mark.parametrize("job", ["open", "closed"])
def test_an_answer_that_is_no_single_option_is_refused(job, answer, code):
    with new_learner(job) as learner:
        learner.teach("situation 0", "red")
        refused(learner, OptionError, "option's name|several labels", learner.teach, "situation 1", answer)
        with pytest.raises(OptionError) as caught:
            learner.teach("situation 1", answer)
        assert caught.value.code == code


@pytest.mark.parametrize("options", [["a", "a"], ["a", " a "], {"a": "x", " a": "y"}, [], ["a", 3], "ab", ["a", ""]])
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(OptionError) as caught:
        Job("route", options)
    assert caught.value.next_step


def test_the_key_of_new_options_is_no_options_name():
    with pytest.raises(OptionError, match=r"\(new option\)"):
        Job("route", ["a", "(new option)"])
    with new_learner("open") as learner:
        learner.teach("situation 0", "red")
        refused(learner, OptionError, r"\(new option\)", learner.teach, "a", "(new option)")


def test_changes_of_options_that_make_no_sense_are_refused(learner):
    refused(learner, OptionError, "'nope'", learner.rename_option, "nope", "x")
    refused(learner, OptionError, "'green' already", learner.rename_option, "red", "green")
    refused(learner, OptionError, "'nope'", learner.merge_options, "red", "nope")
    refused(learner, OptionError, "one option already", learner.merge_options, "red", "red")
    refused(learner, OptionError, "'nope'", learner.retire_option, "nope")
    refused(learner, OptionError, "several labels", learner.add_option, ["a", "b"])
    learner.retire_option("green")
    learner.retire_option("blue")
    refused(learner, OptionError, "last option", learner.retire_option, "red")
    refused(learner, OptionError, "'green'", learner.teach, "a", "green")


@pytest.mark.parametrize("options", [[], ["red", "red"], "red", ["red", "nope"], ["red", 3]])
def test_a_restriction_to_options_that_make_no_sense_is_refused(learner, options):
    refused(learner, OptionError, "options is|nope|3", learner.decide, "a", options)
    refused(learner, OptionError, "options is|nope|3", learner.predict, "a", options)


def test_a_lesson_for_an_unknown_decision_is_refused(learner):
    elsewhere = new_learner("closed").decide("situation 1")
    refused(learner, UnknownDecisionError, elsewhere.id, learner.teach, elsewhere, "red")
    refused(learner, UnknownDecisionError, "nobody", learner.teach, None, "red", decision_id="nobody")
    refused(learner, UnknownDecisionError, "nobody", learner.reward, "nobody", 1.0)
    refused(learner, UnknownDecisionError, "nobody", learner.decision, "nobody")
    lesson = learner.teach("situation 1", "red")
    refused(learner, UnknownDecisionError, lesson.id, learner.teach, None, "red", decision_id=lesson.id)
    fresh = new_learner("closed")
    refused(fresh, UnknownDecisionError, elsewhere.id, fresh.teach, elsewhere, "red")


def test_a_lesson_for_a_forgotten_decision_is_refused(learner):
    decision = learner.decide("situation 1")
    learner.forget(decision.id)
    refused(learner, UnknownDecisionError, "forgotten", learner.teach, decision, "red")


def test_two_targets_that_contradict_each_other_are_refused(learner):
    first, second = learner.decide("situation 1"), learner.decide("situation 2")
    refused(learner, LessonError, second.id, learner.teach, first, "red", decision_id=second.id)
    refused(learner, LessonError, "another situation", learner.teach, "situation 2", "red", decision_id=first.id)


def test_ids_that_were_used_for_something_else_are_refused(learner):
    learner.teach("situation 1", "red", lesson_id="one")
    refused(learner, LessonError, "'one'", learner.teach, "situation 1", "green", lesson_id="one")
    refused(learner, LessonError, "'one'", learner.teach, "situation 2", "red", lesson_id="one")
    learner.decide("situation 1", request_id="r")
    refused(learner, InputError, "'r'", learner.decide, "situation 2", request_id="r")
    decision = learner.decide("situation 3")
    refused(learner, LessonError, decision.id, learner.teach, "situation 3", "red", lesson_id=decision.id)


@pytest.mark.parametrize("at", [float("nan"), float("inf"), "yesterday", True, 1 + 2j])
def test_a_time_that_is_none_is_refused(learner, at):
    refused(learner, InputError, "time", learner.decide, "a", at=at)
    refused(learner, InputError, "time", learner.teach, "a", "red", at=at)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "good", None, True])
def test_a_reward_that_is_no_number_is_refused(learner, value):
    decision = learner.decide("situation 1")
    refused(learner, LessonError, "reward", learner.reward, decision, value)


def test_a_teacher_that_is_no_name_is_refused(learner):
    refused(learner, LessonError, "by is 3", learner.teach, "a", "red", by=3)


def test_lists_of_different_lengths_are_refused(learner):
    pairs = [("a", "red"), ("b", "green")]
    refused(learner, LessonError, "2 pairs, 1 lesson ids", learner.teach_many, pairs, lesson_ids=["x"])
    refused(learner, LessonError, "3 times", learner.teach_many, pairs, at=[1.0, 2.0, 3.0])


def test_forgetting_what_is_not_there_is_refused_and_forgets_nothing(learner):
    lesson = learner.teach("situation 1", "red")
    refused(learner, LessonError, "'nobody'", learner.forget, [lesson.id, "nobody"])
    assert learner.forget(answer="no such answer") == 0


def test_a_job_that_is_none_is_refused():
    with pytest.raises(JobError, match="str"):
        Learner("route")


def test_a_journal_of_another_job_encoder_or_features_is_refused(tmp_path):
    class Other(HashedText):
        fingerprint = "hashed-2"

    path = tmp_path / "journal.db"
    with new_learner("closed", path) as learner:
        learner.teach("situation 0", "red")
    before = path.read_bytes()
    for job, encoder, named in [
        (Job("another", ["red"], features=32), ENCODER, "another"),
        (JOBS["closed"], Encoder(Other()), "encoder"),
        (Job("laws", ["red"], features=64), ENCODER, "features"),
        (Job("laws", ["red"], features=32, feature_seed=1), ENCODER, "feature seed"),
        (Job("laws", ["red"], features=32, experts=["prior"]), ENCODER, "experts"),
    ]:
        with pytest.raises(JournalMismatchError, match=named) as caught:
            Learner(job, path, encoder=encoder)
        assert caught.value.next_step
        with Learner(job, encoder=encoder) as other:
            refused(other, JournalMismatchError, "journal.db", other.merge, path)
    assert path.read_bytes() == before


def test_learners_of_other_kinds_of_situations_do_not_merge():
    texts, arrays, longer = (new_learner("closed") for _ in range(3))
    texts.teach("a text", "red")
    arrays.teach(np.ones(3), "red")
    longer.teach(np.ones(4), "red")
    refused(texts, JournalMismatchError, "kind", texts.merge, arrays)
    refused(arrays, JournalMismatchError, "dimension", arrays.merge, longer)


def test_a_second_writer_and_a_reader_that_writes_are_refused(tmp_path):
    path = tmp_path / "journal.db"
    with new_learner("closed", path) as learner:
        decision = learner.decide("situation 0")
        with pytest.raises(JournalLockedError):
            new_learner("closed", path)
        with new_learner("closed", path, read_only=True) as reader:
            calls = [
                (reader.teach, "a", "red"),
                (reader.teach, decision, "red"),
                (reader.decide, "a"),
                (reader.reward, decision.id, 1.0),
                (reader.forget, decision.id),
                (reader.merge, new_learner("closed")),
                (reader.add_option, "white"),
                (reader.rename_option, "red", "crimson"),
                (reader.merge_options, "red", "green"),
                (reader.retire_option, "red"),
            ]
            for call, *arguments in calls:
                refused(reader, JournalError, "read", call, *arguments)
            assert reader.predict("a").answer in reader.options


def test_a_learners_id_is_the_journals(tmp_path):
    path = tmp_path / "journal.db"
    with new_learner("closed", path, id="me") as learner:
        assert learner.id == "me"
    with pytest.raises(JournalMismatchError, match=r"'me'.*'you'"):
        new_learner("closed", path, id="you")
    with new_learner("closed", path) as learner:
        assert learner.id == "me"


def test_decisions_are_frozen(learner):
    decision = learner.decide("situation 0")
    with pytest.raises(dataclasses.FrozenInstanceError):
        decision.answer = "green"


@pytest.mark.parametrize("limit", [-1, 2.5, "2", True])
def test_a_limit_is_a_whole_number_from_0(learner, limit):
    refused(learner, InputError, "limit", learner.waiting, limit)
    refused(learner, InputError, "limit", learner.audits, limit)


def test_whoever_is_asked_again_has_a_name(learner):
    refused(learner, InputError, "by is 3", learner.to_ask_again, 3)
