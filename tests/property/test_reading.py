"""Laws 4, 6, 8 and 9: reading changes nothing, ids count once, memory is bounded, files are safe."""

import gc
import sqlite3

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from property.scripts import JOBS, law, new_learner, option_changes, perform, probes, scripts, situations
from quickstudy.checks.learners import require_same_decision, require_same_learner, standing
from quickstudy.experts.precision import ROOM


def contents(folder):
    """The files' bytes, except SQLite's index of who reads."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.endswith("-shm")}


def state_of(learner):
    arrays, document = learner._record.knowledge.state()
    return {name: array.tobytes() for name, array in arrays.items()}, document


@law(20)
@given(st.data(), st.sampled_from(["text", "array"]), st.sampled_from(sorted(JOBS)))
def test_predicting_writes_nothing(tmp_path_factory, data, kind, job):
    folder = tmp_path_factory.mktemp("reading")
    with new_learner(job, folder / "journal.db") as learner:
        perform(learner, kind, data.draw(scripts(option_changes(), most=6)))
        learner.predict(situations(kind)[0])
        before = contents(folder)
        seq, state = learner._record.journal.last_seq, state_of(learner)
        learner.predict_many(probes(kind))
        learner.report()
        list(learner.lessons())
        learner.waiting()
        assert learner._record.journal.last_seq == seq
        assert state_of(learner) == state
        assert contents(folder) == before


@law(20)
@given(st.data(), st.sampled_from(["text", "array"]), st.sampled_from(sorted(JOBS)))
def test_deciding_changes_nothing_learned(data, kind, job):
    learner = new_learner(job)
    perform(learner, kind, data.draw(scripts(option_changes(), most=6)))
    before = learner.predict_many(probes(kind))
    state = state_of(learner)
    decided = learner.decide_many(probes(kind))
    assert state_of(learner) == state
    for first, second, third in zip(before, decided, learner.predict_many(probes(kind)), strict=True):
        require_same_decision(first, second)
        require_same_decision(first, third)


def test_predicting_does_not_settle_what_kind_of_situations_a_job_sees(tmp_path):
    with new_learner("closed", tmp_path / "journal.db") as learner:
        learner.predict("a text")
        learner.teach(np.ones(4), "red")
        assert learner.predict(np.ones(4)).answer == "red"


def test_a_refused_situation_changes_nothing():
    learner = new_learner("open")
    with pytest.raises(ValueError, match="numeric"):
        learner.teach("a text", 3)
    learner.teach(np.ones(4), "red")
    assert learner.options == ("red",)


@law(15)
@given(st.data(), st.sampled_from(sorted(JOBS)))
def test_the_same_lesson_id_counts_once(data, job):
    once, twice = new_learner(job), new_learner(job)
    lessons = data.draw(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=8))
    repeat = data.draw(st.lists(st.booleans(), min_size=8, max_size=8))
    for i, (which, name) in enumerate(lessons):
        answer = ("red", "green", "blue")[name]
        once.teach(situations("text")[which], answer, lesson_id=f"l{i}", at=float(i))
        for _ in range(1 + repeat[i]):
            twice.teach(situations("text")[which], answer, lesson_id=f"l{i}", at=float(i))
    require_same_learner(once, twice, probes("text"))


def test_the_same_request_id_gets_the_same_decision_also_days_later(tmp_path):
    path = tmp_path / "journal.db"
    with new_learner("closed", path) as learner:
        first = learner.decide("situation 0", request_id="r")
        learner.teach("situation 0", "blue")
    with new_learner("closed", path) as learner:
        again = learner.decide("situation 0", request_id="r")
        assert (again.id, again.answer, again.probability) == (first.id, first.answer, first.probability)
        assert dict(again.probabilities) == pytest.approx(dict(first.probabilities), abs=1e-12)
        assert learner.report().decisions == 1


def test_teaching_a_decision_again_replaces_and_another_teachers_answer_stays():
    learner = new_learner("closed")
    decision = learner.decide("situation 0")
    learner.teach(decision, "red", by="ann", lesson_id="1", at=1.0)
    learner.teach(decision, "blue", by="bob", lesson_id="2", at=2.0)
    learner.teach(decision, "green", by="ann", lesson_id="3", at=3.0)
    assert standing(learner) == {("2", "blue", "bob", 2.0), ("3", "green", "ann", 3.0)}
    assert learner.report().lessons == 2


def test_a_replaced_lesson_that_is_taught_again_under_its_id_does_not_come_back():
    learner = new_learner("closed")
    decision = learner.decide("situation 0")
    learner.teach(decision, "red", lesson_id="1")
    learner.teach(decision, "green", lesson_id="2")
    learner.teach(decision, "red", lesson_id="1")
    assert [lesson.id for lesson, _ in learner.lessons()] == ["2"]


def test_one_lesson_id_for_two_lessons_in_one_batch_is_refused():
    learner = new_learner("closed")
    with pytest.raises(ValueError, match="used for another lesson"):
        learner.teach_many([("situation 0", "red"), ("situation 1", "green")], lesson_ids=["same", "same"])
    assert learner.report().lessons == 0


def sizes(learner):
    arrays, _ = learner._record.knowledge.state()
    per_lesson = ("in_force", "tasks", "history/", "expert-ridge/pending", "expert-gaussian/pending")
    for buffer in per_lesson[3:]:  # they fill and empty
        assert len(arrays[buffer]) < ROOM
    return {name: array.nbytes for name, array in arrays.items() if not name.startswith(per_lesson)}


def test_memory_does_not_grow_with_repeated_lessons():
    learner = new_learner("closed")
    for i in range(40):
        learner.teach(situations("text")[i % 5], "red")
    before = sizes(learner)
    for i in range(120):
        learner.teach(situations("text")[i % 5], "red")
    after = sizes(learner)
    before.pop("memory/lessons"), after.pop("memory/lessons")
    assert after == before


def test_memory_does_not_grow_with_decisions_or_corrections():
    learner = new_learner("closed")
    decision = learner.decide("situation 0")

    def work(rounds):
        for i in range(rounds):
            learner.teach(decision, ("red", "green")[i % 2])
            learner.decide(f"situation {i % 5}")
        gc.collect()
        arrays, _ = learner._record.knowledge.state()
        total = sum(a.nbytes for name, a in arrays.items() if name not in ("expert-ridge/pending", "in_force"))
        return total, len(gc.get_objects())

    work(40)
    total, objects = work(40)
    more_total, more_objects = work(160)
    assert more_total == total
    assert more_objects <= objects + 40


def test_a_situation_corrected_many_times_keeps_its_neighbours():
    learner = new_learner("closed")
    decision = learner.decide("situation 0")
    learner.teach("situation 1", "blue")
    for i in range(120):
        learner.teach(decision, ("red", "green")[i % 2])
    near = learner.predict("situation 0").evidence.neighbours
    assert {neighbour.answer for neighbour in near} == {"green", "blue"}


def test_files_hold_no_pickle(tmp_path):
    with new_learner("open", tmp_path / "journal.db") as learner:
        for i in range(30):
            learner.teach(situations("text")[i % 6], ("red", "green", "blue")[i % 3])
        learner.snapshot()
    names = {file.name for file in tmp_path.iterdir()}
    assert {"journal.db", "journal.db.snapshot"} <= names
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        for mark in (b"\x80\x02c", b"\x80\x03c", b"\x80\x04\x95", b"\x80\x05\x95", b"_reconstruct", b"pickle"):
            assert mark not in content, (file.name, mark)
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        for (text,) in connection.execute("SELECT data FROM events WHERE data IS NOT NULL"):
            assert text.startswith("{")
