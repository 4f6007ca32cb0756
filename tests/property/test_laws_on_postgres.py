"""The laws where the journal is on a PostgreSQL server, and where two learners share it.

The examples are few, the scripts long: every open journal costs some commits.
"""

import random

import pytest
from autonomy.streams import gate_of, live, same_gate
from hypothesis import given
from hypothesis import strategies as st

from property import scripts as scripts_module
from property.scripts import (
    ENCODER,
    JOBS,
    Operation,
    forgettings,
    law,
    new_learner,
    option_changes,
    perform,
    probes,
    scripts,
    situations,
)
from property.test_autonomy_laws import STEPS, TASKS, colours, job, totals
from property.test_autonomy_laws import perform as work
from property.test_forget import check_forget
from property.test_merge import check_merge
from property.test_reading import state_of
from quickstudy import Learner
from quickstudy.autonomy.verify import verify
from quickstudy.checks import require_same_learner
from quickstudy.errors import JournalError
from quickstudy.journal import Journal
from quickstudy.turns import Turns

KINDS = st.sampled_from(["text", "array"])


@pytest.fixture
def on_postgres(postgres, monkeypatch):
    """Learners without a path of their own get a journal on the server."""
    monkeypatch.setattr(scripts_module, "new_place", lambda: postgres.new("law"))
    yield
    while scripts_module.OPENED:
        scripts_module.OPENED.pop().close()


@pytest.fixture(scope="module")
def grown():
    """A journal in memory in which the learner has begun to answer alone."""
    with Learner(job(0.3)) as learner:
        decisions = live(learner, colours(150, noise=0.35))
        assert any(decision.alone for decision in decisions)
        yield learner


def check_replay(url, kind, job_name, script, cut):
    with new_learner(job_name, url) as alive:
        perform(alive, kind, script[:cut])
        alive.snapshot()
        perform(alive, kind, script[cut:])
        with new_learner(job_name, url, read_only=True) as from_snapshot:
            require_same_learner(alive, from_snapshot, probes(kind))
        alive._record.journal._database.rows("DELETE FROM snapshots RETURNING 1")
        with new_learner(job_name, url, read_only=True) as from_events:
            require_same_learner(alive, from_events, probes(kind))
        with Learner.replay(url, encoder=ENCODER) as copy:
            require_same_learner(alive, copy, probes(kind))


@law(6)
@given(st.data(), KINDS, st.sampled_from(sorted(JOBS)))
def test_the_live_state_is_the_replayed_state(postgres, data, kind, job):
    script = data.draw(scripts(option_changes(), forgettings()))
    check_replay(postgres.new("replay"), kind, job, script, data.draw(st.integers(0, len(script))))


@law(2)
@given(st.data(), KINDS, st.sampled_from(sorted(JOBS)))
def test_merging_is_commutative_associative_and_idempotent(on_postgres, data, kind, job):
    check_merge(kind, job, [data.draw(scripts(option_changes(), most=8)) for _ in range(3)])


@law(3)
@given(st.data(), KINDS, st.sampled_from(["closed", "described"]))
def test_forgetting_equals_never_having_been_taught(on_postgres, data, kind, job):
    script = data.draw(scripts(option_changes()))
    check_forget(kind, job, script, data.draw(st.lists(st.integers(0, 20), min_size=1, max_size=5)))


@law(3)
@given(st.data(), KINDS, st.sampled_from(sorted(JOBS)))
def test_reading_changes_nothing(postgres, data, kind, job):
    with new_learner(job, postgres.new("reading")) as learner:
        perform(learner, kind, data.draw(scripts(option_changes(), most=6)))
        learner.predict(situations(kind)[0])
        seq, state = learner._record.journal.last_seq, state_of(learner)
        learner.predict_many(probes(kind))
        learner.report()
        assert learner._record.journal.last_seq == seq
        learner.decide(situations(kind)[0])
        assert learner._record.journal.last_seq > seq
        assert state_of(learner) == state


def check_shared(url, kind, job_name, seed, rounds):
    """Two learners take turns at random; both, and a third that reads the journal afresh, know the same."""
    draw = random.Random(seed)
    verbs = ["teach", "teach", "decide", "answer", "reward", "reject", "add", "rename", "join", "retire", "forget"]
    with new_learner(job_name, url) as one, new_learner(job_name, url) as other:
        for _ in range(rounds):
            script = [
                Operation(draw.choice(verbs), draw.randrange(6), draw.randrange(6), draw.randrange(6), at=float(i))
                for i in range(draw.randrange(1, 7))
            ]
            perform(draw.choice([one, other]), kind, script)
        require_same_learner(one, other, probes(kind))
        with new_learner(job_name, url, read_only=True) as fresh:
            require_same_learner(one, fresh, probes(kind))
            assert same_gate(gate_of(one), gate_of(fresh))
            assert same_gate(gate_of(other), gate_of(fresh))


@pytest.mark.parametrize(
    ("kind", "job", "seed"), [("text", "closed", 0), ("array", "open", 1), ("text", "described", 2)]
)
def test_two_learners_on_one_journal_know_the_same(postgres, kind, job, seed):
    check_shared(postgres.new("shared"), kind, job, seed, rounds=10)


def test_the_check_fails_for_learners_that_do_not_follow_each_other(postgres, monkeypatch):
    monkeypatch.setattr(Turns, "_catch_up", lambda self: None)
    monkeypatch.setattr(Turns, "read", lambda self, body: body())
    with pytest.raises((AssertionError, KeyError)):
        check_shared(postgres.new("shared"), "text", "closed", 0, rounds=10)


@law(2)
@given(st.data())
def test_two_learners_share_one_gate_and_verify_agrees(postgres, grown, data):
    url = postgres.new("gate")
    grown._record.journal.backup(url)
    with Learner(job(0.3), url) as one, Learner(job(0.3), url) as other:
        for learner in (one, other):
            work(learner, [step for step in data.draw(STEPS) if step[0] != "rename"])
            learner.predict(TASKS[0][0])
        one.predict(TASKS[0][0])
        other.predict(TASKS[0][0])
        with Learner(job(0.3), url, read_only=True) as fresh:
            assert same_gate(gate_of(one), gate_of(fresh))
            assert same_gate(gate_of(other), gate_of(fresh))
        found = verify(one._record.journal)
        assert found.problems == ()
        assert {line.name: (line.answers, line.bound) for line in found.ledgers} == totals(gate_of(other))


def test_ids_count_once_whoever_is_told(postgres):
    url = postgres.new("ids")
    with new_learner("closed", url) as one, new_learner("closed", url) as other:
        first = one.decide("situation 0", request_id="r")
        again = other.decide("situation 0", request_id="r")
        assert (again.id, again.mode, again.probability) == (first.id, first.mode, first.probability)
        one.teach(first, "red", lesson_id="l")
        other.teach(None, "red", decision_id=first.id, lesson_id="l")
        with pytest.raises(ValueError, match="used for another lesson"):
            other.teach("situation 1", "green", lesson_id="l")
        assert (one.report().decisions, other.report().decisions) == (1, 1)
        assert (one.report().lessons, other.report().lessons) == (1, 1)
        assert [lesson.id for lesson, _ in other.lessons()] == ["l"]


def test_a_cap_holds_for_all_together(postgres, grown):
    url = postgres.new("cap")
    grown._record.journal.backup(url)
    with Learner(job(0.3), url) as one, Learner(job(0.3), url) as other:
        one.configure(per_hour=3)
        assert other.autonomy.per_hour == 3
        tasks = [situation for situation, _ in colours(30, seed=5)]
        modes = [(one, other)[i % 2].decide(task, at=2e6).mode for i, task in enumerate(tasks)]
        assert modes.count("act") == 3


def test_a_forgotten_text_is_forgotten_by_all(postgres):
    url = postgres.new("forgotten")
    with new_learner("open", url) as one, new_learner("open", url) as other:
        one.teach("situation 0", "red")
        decision = other.decide("the patient Xanthippe")
        other.teach(decision, "Xanthippes option")
        assert "Xanthippes option" in one.predict("situation 0").probabilities
        assert one.forget(decision.id) >= 2
        for learner in (one, other):
            assert "Xanthippes option" not in learner.predict("situation 0").probabilities
            near = learner.predict("the patient Xanthippe").evidence.neighbours
            assert [neighbour.situation for neighbour in near] == ["situation 0"]
            with pytest.raises(ValueError, match="forgotten"):
                learner.teach(None, "red", decision_id=decision.id)


def test_a_task_goes_on_in_another_process_where_it_was(postgres):
    url = postgres.new("task")
    with new_learner("open", url) as one, new_learner("open", url) as other:
        mine = one.task("t")
        mine.decide("situation 0", options=["red", "blue"])
        theirs = other.task("t")
        theirs.reward(0.5)
        theirs.decide("situation 1")
        mine.decide("situation 2")
        assert mine.steps == 3
        theirs.end(True)
        with pytest.raises(ValueError, match="ended"):
            mine.decide("situation 3")
        [summary] = one.tasks()
        assert (summary.steps, summary.state, summary.outcome) == (3, "ended", 1.0)
        with new_learner("open", url, read_only=True) as fresh:
            require_same_learner(one, fresh, probes("text"))
            require_same_learner(other, fresh, probes("text"))


def test_a_journal_moves_to_a_server_and_into_a_file_with_all_that_was_earned(postgres, grown, tmp_path):
    url, journal = postgres.new("moved"), grown._record.journal
    journal.backup(url)
    with Learner.open(url) as moved:
        assert moved.id == grown.id
        assert moved.report().autonomy == grown.report().autonomy
        assert same_gate(gate_of(grown), gate_of(moved))
        assert verify(moved._record.journal).right
        require_same_learner(grown, moved, [TASKS[0][0]])
        moved._record.journal.backup(tmp_path / "b.db")
        with pytest.raises(JournalError, match="exists"):
            moved._record.journal.backup(url)
    with Journal.open(tmp_path / "b.db", identity=None) as copy:
        assert list(copy.events()) == list(journal.events())
        assert copy.get_meta("coin_key") == journal.get_meta("coin_key")


def test_learners_in_a_file_and_on_a_server_merge_both_ways(postgres, tmp_path):
    url, path = postgres.new("merged"), tmp_path / "a.db"
    with new_learner("open", url) as here, new_learner("open", path) as there:
        perform(here, "text", [Operation("teach", i, i, at=float(i)) for i in range(4)])
        perform(there, "text", [Operation("teach", i + 2, i + 1, at=float(i)) for i in range(4)])
        assert there.merge(url) > 0
        assert here.merge(there) > 0
        require_same_learner(here, there, probes("text"))
        assert here.merge(there) == there.merge(url) == 0
