"""What a learner does beside the laws: restrictions, new options, waiting decisions, corrections, changed options."""

import threading

import numpy as np
import pytest
from property.scripts import ENCODER, new_learner

from quickstudy import NEW_OPTION, Job, Learner
from quickstudy.checks import require_same_learner


@pytest.fixture
def learner():
    with new_learner("closed") as made:
        yield made


def teach_rounds(learner, rounds=5):
    for i in range(rounds * 3):
        learner.teach(f"situation {i % 3}", ("red", "green", "blue")[i % 3], at=float(i))


def test_mode_is_ask_and_nothing_is_answered_alone(learner):
    decision = learner.decide("situation 0")
    assert (decision.mode, decision.alone, decision.value) == ("ask", False, None)


def test_probabilities_sum_to_one_and_the_answer_is_the_most_probable(learner):
    teach_rounds(learner)
    for decision in learner.decide_many([f"situation {i}" for i in range(6)]):
        assert sum(decision.probabilities.values()) == pytest.approx(1.0, abs=1e-12)
        assert decision.probabilities.top(1) == [(decision.answer, decision.probability)]
        assert 0.0 <= decision.novelty <= 1.0


def test_a_restricted_decision_considers_only_these_options(learner):
    teach_rounds(learner)
    whole = learner.predict("situation 0")
    assert whole.answer == "red"
    part = learner.decide("situation 0", ["green", "blue"])
    assert set(part.probabilities) == {"green", "blue"}
    assert part.answer in ("green", "blue")
    assert sum(part.probabilities.values()) == pytest.approx(1.0, abs=1e-12)
    assert learner.predict("situation 0", ["blue"]).probability == pytest.approx(1.0)
    odds = whole.probabilities["green"] / whole.probabilities["blue"]
    assert part.probabilities["green"] / part.probabilities["blue"] == pytest.approx(odds, rel=1e-9)


def test_an_open_job_without_lessons_says_that_every_option_would_be_new():
    with new_learner("open") as learner:
        decision = learner.decide("situation 0")
        assert decision.answer is None
        assert decision.probability == 0.0
        assert dict(decision.probabilities) == {NEW_OPTION: 1.0}
        learner.teach(decision, "red")
        assert learner.options == ("red",)
        assert learner.predict("situation 0").answer == "red"


def test_in_an_open_job_a_new_option_is_likelier_far_from_all_that_was_taught():
    with new_learner("open") as learner:
        for i in range(40):
            learner.teach(f"situation {i % 4}", ("red", "green")[i % 2])
        near, far = learner.predict("situation 0"), learner.predict("something else altogether")
        assert near.probabilities[NEW_OPTION] < far.probabilities[NEW_OPTION]
        assert near.novelty < far.novelty
        assert sum(far.probabilities.values()) == pytest.approx(1.0, abs=1e-12)


def test_a_decision_restricted_to_options_leaves_nothing_to_a_new_one():
    with new_learner("open") as learner:
        teach_rounds(learner, 2)
        assert set(learner.predict("situation 0", ["red", "blue"]).probabilities) == {"red", "blue"}


def test_a_decision_can_be_answered_days_later_after_reopening(tmp_path):
    path = tmp_path / "journal.db"
    with new_learner("closed", path) as learner:
        first, skipped = learner.decide("situation 0", at=1.0), learner.decide("situation 1", at=2.0)
    with new_learner("closed", path) as learner:
        waiting = learner.waiting()
        assert [decision.id for decision in waiting] == [first.id, skipped.id]
        lesson = learner.teach(waiting[0], "green", at=1e6)
        assert (lesson.decision_id, lesson.answer) == (first.id, "green")
        assert [decision.id for decision in learner.waiting()] == [skipped.id]
        assert learner.report().waiting == 1
        assert learner.predict("situation 0").answer == "green"
        learner.teach(None, "red", decision_id=skipped.id)
        assert learner.waiting() == []


def test_a_decision_is_read_back_as_it_was(tmp_path):
    path = tmp_path / "journal.db"
    with new_learner("closed", path) as learner:
        teach_rounds(learner)
        made = learner.decide("situation 0", at=77.0, request_id="r")
        learner.teach("situation 0", "blue")
    with new_learner("closed", path) as learner:
        read = learner.decision(made.id)
    for name in ("id", "alone", "answer", "probability", "novelty", "mode", "situation", "at", "request_id"):
        assert getattr(read, name) == getattr(made, name), name
    assert dict(read.probabilities) == pytest.approx(dict(made.probabilities), abs=1e-12)
    assert read.evidence.opinions == made.evidence.opinions
    assert [n.lesson_id for n in read.evidence.neighbours] == [n.lesson_id for n in made.evidence.neighbours]


def test_evidence_names_the_nearest_remembered_tasks_and_every_experts_opinion(learner):
    teach_rounds(learner, 1)
    decision = learner.decide("situation 1")
    nearest = decision.evidence.neighbours[0]
    assert (nearest.situation, nearest.answer, nearest.at) == ("situation 1", "green", 1.0)
    assert nearest.similarity == pytest.approx(1.0, abs=1e-6)
    assert [opinion.expert for opinion in decision.evidence.opinions] == list(learner.job.experts)
    for opinion in decision.evidence.opinions:
        assert opinion.answer in learner.options
        assert 0.0 <= opinion.probability <= 1.0
        assert opinion.weight >= 0.0


def test_evidence_of_a_lesson_on_a_decision_shows_what_was_seen(learner):
    decision = learner.decide("situation 1")
    learner.teach(decision, "green", by="ann")
    nearest = learner.predict("situation 1").evidence.neighbours[0]
    assert (nearest.situation, nearest.answer, nearest.by) == ("situation 1", "green", "ann")


def test_evidence_of_many_shows_every_situation_and_teacher_also_after_reopening_and_forgetting(tmp_path):
    path = tmp_path / "journal.db"
    expected = {}
    with new_learner("closed", path) as learner:
        for i in range(6):
            target = learner.decide(f"situation {i}") if i % 2 else f"situation {i}"
            lesson = learner.teach(target, ("red", "green")[i % 2], by=f"teacher {i}" if i % 3 else None)
            expected[lesson.id] = (f"situation {i}", ("red", "green")[i % 2], f"teacher {i}" if i % 3 else None)
        learner.forget([lesson.id])
        del expected[lesson.id]
    with new_learner("closed", path) as learner:
        for decision in learner.predict_many([f"situation {i}" for i in range(6)]):
            near = decision.evidence.neighbours
            assert {n.lesson_id: (n.situation, n.answer, n.by) for n in near} == expected


def test_a_corrected_lesson_changes_the_answer(learner):
    teach_rounds(learner, 3)
    decision = learner.decide("situation 4")
    learner.teach(decision, "red")
    assert learner.predict("situation 4").answer == "red"
    learner.teach(decision, "blue")
    assert learner.predict("situation 4").answer == "blue"
    assert learner.report().lessons == 10


def test_two_teachers_answers_stand_beside_each_other(learner):
    teach_rounds(learner)
    decision = learner.decide("situation 4")
    learner.teach(decision, "red", by="ann")
    alone = learner.predict("situation 4").probabilities["blue"]
    learner.teach(decision, "blue", by="bob")
    contested = learner.predict("situation 4").probabilities["blue"]
    learner.teach(decision, "blue", by="eve")
    outvoted = learner.predict("situation 4").probabilities["blue"]
    assert alone < contested < outvoted
    assert learner.report().lessons == 15 + 3
    learner.teach(decision, "red", by="bob")
    learner.teach(decision, "red", by="eve")
    assert learner.predict("situation 4").answer == "red"
    assert learner.report().lessons == 15 + 3


def test_rewards_are_journaled_and_change_no_answer(learner):
    teach_rounds(learner, 2)
    decision = learner.decide("situation 0")
    before = dict(learner.predict("situation 0").probabilities)
    lesson = learner.reward(decision, 0.5, lesson_id="reward")
    assert (lesson.value, lesson.answer, lesson.decision_id) == (0.5, None, decision.id)
    learner.reward(decision.id, 0.5, lesson_id="reward")
    assert learner.report().rewards == 1
    assert dict(learner.predict("situation 0").probabilities) == before


def test_lessons_come_with_their_situations_under_todays_names(learner):
    learner.teach("situation 0", "red", by="ann", at=1.0)
    learner.teach(learner.decide("situation 1"), "green", at=2.0)
    learner.rename_option("red", "crimson")
    found = [(lesson.answer, lesson.by, lesson.at, situation) for lesson, situation in learner.lessons()]
    assert found == [("crimson", "ann", 1.0, "situation 0"), ("green", None, 2.0, "situation 1")]


def test_a_renamed_option_keeps_what_was_learned_and_its_alias(learner):
    teach_rounds(learner)
    before = learner.predict("situation 0")
    learner.rename_option("red", "crimson")
    after = learner.predict("situation 0")
    assert after.answer == "crimson"
    assert after.probability > 0.5 * before.probability
    assert learner.options == ("crimson", "green", "blue")
    learner.teach("situation 0", "red")
    assert "red" not in learner.options
    assert learner.report().lessons == 16


def test_merged_options_share_what_was_learned(learner):
    teach_rounds(learner)
    learner.merge_options("red", "green")
    assert learner.options == ("green", "blue")
    assert learner.predict("situation 0").answer == "green"
    assert learner.predict("situation 1").answer == "green"
    assert {lesson.answer for lesson, _ in learner.lessons()} == {"green", "blue"}


def test_a_retired_option_is_proposed_no_more_until_it_is_added_again(learner):
    teach_rounds(learner)
    learner.retire_option("red")
    assert "red" not in learner.predict("situation 0").probabilities
    learner.add_option("red")
    assert learner.predict("situation 0").answer == "red"


def test_an_option_can_take_the_name_of_a_retired_one(tmp_path):
    path = tmp_path / "journal.db"
    with new_learner("closed", path) as learner:
        teach_rounds(learner)
        learner.retire_option("green")
        learner.rename_option("red", "green")
        assert set(learner.options) == {"green", "blue"}
        live = learner.predict("situation 0")
        assert live.answer == "green"
    with new_learner("closed", path) as learner:
        assert dict(learner.predict("situation 0").probabilities) == pytest.approx(dict(live.probabilities), abs=1e-8)


def test_an_option_can_be_added_at_any_time(tmp_path):
    path = tmp_path / "journal.db"
    with new_learner("closed", path) as learner:
        learner.add_option("white", "like snow")
        assert learner.options == ("red", "green", "blue", "white")
        learner.teach("situation 0", "white")
        learner.add_option("black")
        assert "black" in learner.predict("situation 0").probabilities
    with new_learner("closed", path) as learner:
        assert learner.options == ("red", "green", "blue", "white", "black")
        assert learner.predict("situation 0").answer == "white"


def test_options_can_be_changed_before_the_first_situation(tmp_path):
    path = tmp_path / "journal.db"
    with new_learner("closed", path) as learner:
        learner.merge_options("red", "green")
        learner.rename_option("blue", "navy")
        assert learner.options == ("green", "navy")
        learner.teach("situation 0", "navy")
        live = learner.predict("situation 0")
    with new_learner("closed", path) as learner:
        assert learner.options == ("green", "navy")
        assert dict(learner.predict("situation 0").probabilities) == pytest.approx(dict(live.probabilities), abs=1e-8)


def test_a_job_that_got_another_option_opens_its_old_journal(tmp_path):
    path = tmp_path / "journal.db"
    with new_learner("closed", path) as learner:
        learner.teach("situation 0", "red")
    wider = Job("laws", ["red", "green", "blue", "white"], features=32)
    with Learner(wider, path, encoder=ENCODER) as learner:
        assert learner.options == ("red", "green", "blue", "white")
        learner.teach("situation 1", "white")
        live = learner.predict("situation 1")
    with Learner(wider, path, encoder=ENCODER) as learner:
        assert dict(learner.predict("situation 1").probabilities) == pytest.approx(dict(live.probabilities), abs=1e-8)


def test_a_clock_that_goes_backwards_loses_nothing(tmp_path, monkeypatch):
    path = tmp_path / "journal.db"
    with new_learner("closed", path) as learner:
        decision = learner.decide("situation 0", at=1000.0)
        learner.teach(decision, "red", at=2000.0)
        learner.teach(decision, "green", at=500.0)
        assert learner.predict("situation 0").answer == "green"
    monkeypatch.setattr("quickstudy.journal.clock.time.time", lambda: 1.0)
    with new_learner("closed", path) as learner:
        learner.teach(decision, "blue")
        assert learner.predict("situation 0").answer == "blue"
        assert [lesson.answer for lesson, _ in learner.lessons()] == ["blue"]
        with new_learner("closed") as fresh:
            fresh.merge(learner)
            assert [lesson.answer for lesson, _ in fresh.lessons()] == ["blue"]


@pytest.mark.parametrize("situation", ["text", "record", "array"])
def test_every_kind_of_situation_can_be_learned_and_reopened(tmp_path, situation):
    cases = {
        "text": ["a refund", "a lost card"],
        "record": [{"vendor": "Acme", "amount": 3.5, "paid": True, "on": None}, {"vendor": "Zeta", "amount": -1e9}],
        "array": [np.array([1.0, 0.0, 2.0]), np.array([0.0, 5.0, 0.0])],
    }[situation]
    path = tmp_path / "journal.db"
    with new_learner("open", path) as learner:
        for i in range(8):
            learner.teach(cases[i % 2], ("red", "green")[i % 2])
    with new_learner("open", path) as learner:
        assert [decision.answer for decision in learner.predict_many(cases)] == ["red", "green"]
        with new_learner("open") as fresh:
            fresh.merge(path)
            assert [decision.answer for decision in fresh.predict_many(cases)] == ["red", "green"]


def test_a_snapshot_before_the_first_lesson_is_as_good_as_any(tmp_path):
    path = tmp_path / "journal.db"
    with new_learner("closed", path) as learner:
        learner.decide("situation 0")
        learner.snapshot()
    with new_learner("closed", path) as learner:
        learner.teach("situation 0", "red")
        assert learner.predict("situation 0").answer == "red"


def test_a_snapshot_from_before_two_options_were_joined_is_passed_over(tmp_path):
    path = tmp_path / "journal.db"
    with new_learner("closed", path) as learner:
        teach_rounds(learner)
        learner.snapshot()
        learner.merge_options("red", "green")
        live = learner.predict("situation 0")
    with new_learner("closed", path) as learner:
        assert learner.options == ("green", "blue")
        assert dict(learner.predict("situation 0").probabilities) == pytest.approx(dict(live.probabilities), abs=1e-8)


def test_a_damaged_snapshot_is_rebuilt_from_events(tmp_path):
    path = tmp_path / "journal.db"
    with new_learner("closed", path) as learner:
        teach_rounds(learner)
        learner.snapshot()
    snapshot = tmp_path / "journal.db.snapshot"
    content = bytearray(snapshot.read_bytes())
    content[len(content) // 2] ^= 0xFF
    snapshot.write_bytes(bytes(content))
    with new_learner("closed", path) as learner, Learner.replay(path, encoder=ENCODER) as replayed:
        require_same_learner(learner, replayed, ["situation 0", "other"])


def test_a_learner_can_be_shared_between_threads(learner):
    errors = []

    def work(number):
        try:
            for i in range(10):
                learner.teach(f"situation {i % 3}", ("red", "green", "blue")[i % 3], lesson_id=f"{number}-{i}")
                learner.decide(f"situation {i % 5}")
                list(learner.lessons())
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert learner.report().lessons == 40
    assert learner.report().decisions == 40


def test_many_at_once_are_all_or_none(learner):
    learner.teach_many([("situation 0", "red"), ("situation 1", "green")], at=[1.0, 2.0], by="ann")
    assert learner.report().lessons == 2
    with pytest.raises(ValueError, match="nope"):
        learner.teach_many([("situation 2", "blue"), ("situation 3", "nope")])
    assert learner.report().lessons == 2
    assert learner.teach_many([]) == []
    assert learner.decide_many([]) == []
    assert learner.predict_many([]) == []


def test_predictions_are_not_in_the_journal_and_teach_their_situation(learner):
    prediction = learner.predict("situation 0")
    assert prediction.id == ""
    lesson = learner.teach(prediction, "green")
    assert lesson.decision_id is None
    assert learner.report().decisions == 0
    assert learner.predict("situation 0").answer == "green"
