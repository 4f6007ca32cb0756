"""Law 3: after forgetting, the state is that of the events that remain; tombstones win, content is scrubbed."""

import sqlite3
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from property.scripts import (
    JOBS,
    NAMES,
    HashedText,
    Operation,
    law,
    new_learner,
    option_changes,
    perform,
    probes,
    scripts,
)
from quickstudy import Learner
from quickstudy.checks import require_same_learner
from quickstudy.errors import LessonError
from quickstudy.knowledge import Knowledge
from quickstudy.perception import Encoder


def never_taught(learner, gone):
    """A learner whose journal (to be merged, never opened) lacks what belongs to the events ``gone``."""
    journal = learner._record.journal
    events = [event for event in journal.events() if event.kind != "mark"]
    decisions = {e.decision_id if e.kind == "lesson" else e.id for e in events if e.id in gone} - {None}
    kept = [e for e in events if not {e.id, e.decision_id} & (decisions | set(gone))]
    answers = {event.answer for event in kept if event.kind == "lesson"}
    kept = [event for event in kept if not event.data.get("taught") or event.answer in answers]
    other = new_learner(next(name for name, job in JOBS.items() if job == learner.job))
    for key in ("kind", "dimension"):
        if (value := journal.get_meta(key)) is not None:
            other._record.journal.set_meta(key, value)
    other._record.journal.append(kept, durable=False)
    return other


def check_forget(kind, job, script, chosen):
    learner, copy, fresh = new_learner(job), new_learner(job), new_learner(job)
    ids = perform(learner, kind, script)
    gone = sorted({ids[i % len(ids)] for i in chosen}) if ids else []
    if not gone:
        return
    copy.merge(learner)
    fresh.merge(never_taught(learner, gone))
    assert learner.forget(gone) >= len(gone)
    require_same_learner(learner, fresh, probes(kind), counts=False)
    assert learner.report().decisions == fresh.report().decisions
    learner.merge(copy)
    require_same_learner(learner, fresh, probes(kind), counts=False)
    copy.merge(learner)
    require_same_learner(copy, fresh, probes(kind), counts=False)


@law(25)
@given(st.data(), st.sampled_from(["text", "array"]), st.sampled_from(["closed", "described"]))
def test_forgetting_equals_never_having_been_taught(data, kind, job):
    script = data.draw(scripts(option_changes()))
    check_forget(kind, job, script, data.draw(st.lists(st.integers(0, 20), min_size=1, max_size=5)))


@law(25)
@given(st.data(), st.sampled_from(["text", "array"]))
def test_forgetting_equals_never_having_been_taught_in_an_open_job(data, kind):
    check_forget(kind, "open", data.draw(scripts()), data.draw(st.lists(st.integers(0, 20), min_size=1, max_size=5)))


@law(10)
@given(st.data())
def test_forgetting_in_parts_equals_forgetting_at_once(data):
    script = data.draw(scripts(option_changes()))
    at_once, in_parts = new_learner("closed"), new_learner("closed")
    ids = perform(at_once, "text", script)
    in_parts.merge(at_once)
    for id in ids[::2]:
        in_parts.forget(id)
    at_once.forget(ids[::2])
    if ids:
        require_same_learner(at_once, in_parts, probes("text"))


def teach_some():
    return [Operation("teach", i, i % 3, at=float(i)) for i in range(6)]


def test_the_forget_check_fails_for_a_state_that_keeps_what_was_forgotten(monkeypatch):
    honest = Knowledge.rebuild
    everything = {}

    def resurrecting(self, events, progress=None):
        held = [everything.setdefault(e.id, e) if not e.forgotten else everything.get(e.id, e) for e in events]
        honest(self, held, progress)

    monkeypatch.setattr(Knowledge, "rebuild", resurrecting)
    with pytest.raises(AssertionError):
        check_forget("text", "closed", teach_some(), [0, 2])


def test_the_forget_check_passes_for_the_same_script_without_that():
    check_forget("text", "closed", teach_some(), [0, 2])


def test_an_option_that_only_forgotten_lessons_brought_is_gone():
    learner = new_learner("open")
    learner.teach("a", "red", lesson_id="one")
    learner.teach("b", "secret option", lesson_id="two")
    learner.forget("two")
    assert learner.options == ("red",)
    assert "secret option" not in learner.predict("b").probabilities


def test_another_learners_option_survives_that_this_one_forgot_it():
    mine, theirs, never, fresh = (new_learner("open") for _ in range(4))
    for learner in (mine, never):
        learner.teach("situation 0", "red", lesson_id="kept", at=1.0)
    mine.teach("situation 1", "green", lesson_id="gone", at=2.0)
    theirs.teach("situation 2", "green", lesson_id="theirs", at=3.0)
    mine.forget("gone")
    mine.merge(theirs)
    fresh.merge(never, theirs)
    require_same_learner(mine, fresh, probes("text"), counts=False)


def test_the_vector_of_a_forgotten_text_is_remembered_no_more():
    class Counting(HashedText):
        texts: ClassVar[list[str]] = []

        def encode_texts(self, texts):
            self.texts.extend(texts)
            return super().encode_texts(texts)

    with Learner(JOBS["closed"], encoder=Encoder(Counting())) as learner:
        learner.teach("a secret", "red", lesson_id="one")
        learner.predict("a secret")
        assert Counting.texts.count("a secret") == 1
        learner.forget("one")
        learner.predict("a secret")
        assert Counting.texts.count("a secret") == 2


def test_a_forgotten_lesson_cannot_be_taught_again_under_its_id():
    learner = new_learner("closed")
    learner.teach("a", "red", lesson_id="one")
    learner.forget("one")
    with pytest.raises(LessonError, match="one"):
        learner.teach("a", "red", lesson_id="one")


def test_no_byte_of_what_was_forgotten_stays_in_the_files(tmp_path):
    path = tmp_path / "journal.db"
    with new_learner("open", path) as learner:
        for i in range(30):
            decision = learner.decide(f"ordinary text {i}")
            learner.teach(decision, NAMES[i % 3])
        decision = learner.decide("the patient Xanthippe", request_id="request-Xanthippe")
        learner.teach(decision, "Xanthippes option", by="teacher Xanthippe")
        learner.teach("Xanthippe called again", "Xanthippes option")
        learner.snapshot()
        assert any(b"Xanthippe" in file.read_bytes() for file in tmp_path.iterdir())
        learner.forget(decision.id)
        learner.forget(text="Xanthippe called again")
        learner.snapshot()
        for file in tmp_path.iterdir():
            assert b"Xanthippe" not in file.read_bytes(), file.name
    for file in tmp_path.iterdir():
        assert b"Xanthippe" not in file.read_bytes(), file.name
    with sqlite3.connect(path) as connection:
        kept = connection.execute("SELECT * FROM events WHERE id = ?", (decision.id,)).fetchall()
    assert len(kept) == 1
