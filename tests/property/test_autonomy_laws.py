"""The laws for the gate: it is a fold of the journal, whatever happens; and ``verify`` agrees with it.

Each example goes on from a journal in which the learner already answers alone, so that all modes occur.
"""

import pytest
from autonomy.streams import COLOURS, colours, gate_of, job, live, same_gate
from hypothesis import given
from hypothesis import strategies as st

from property.scripts import law
from quickstudy import Learner
from quickstudy.autonomy.verify import verify
from quickstudy.errors import InputError
from quickstudy.journal import Journal

TASKS = list(colours(40, seed=7, noise=0.5))
SMALL = st.integers(0, 39)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("work"), SMALL, SMALL),
        st.tuples(st.just("work"), SMALL, SMALL),
        st.tuples(st.just("leave"), SMALL, SMALL),
        st.tuples(st.just("answer"), SMALL, SMALL),
        st.tuples(st.just("correct"), SMALL, SMALL),
        st.tuples(st.just("reject"), SMALL, SMALL),
        st.tuples(st.just("batch"), SMALL, SMALL),
        st.tuples(st.just("configure"), SMALL, SMALL),
        st.tuples(st.just("forget"), SMALL, SMALL),
        st.tuples(st.just("merge"), SMALL, SMALL),
        st.tuples(st.just("rename"), SMALL, SMALL),
    ),
    min_size=3,
    max_size=14,
)
SETTINGS = [
    {"target_error": 0.4},
    {"target_error": 0.15},
    {"paused": True},
    {"paused": False},
    {"guarantee_by": "answer"},
    {"guarantee_by": None},
    {"confidence": 0.8},
    {"always_ask": ["red"]},
    {"always_ask": []},
    {"per_hour": 3},
    {"per_hour": None},
    {"price_wrong": 5.0, "price_ask": 1.0},
    {"price_wrong": None, "price_ask": None},
]


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A journal in which the learner has begun to answer alone."""
    path = tmp_path_factory.mktemp("grown") / "grown.db"
    with Learner(job(0.3), path) as learner:
        decisions = live(learner, colours(150, noise=0.35))
        assert any(decision.alone for decision in decisions)
    return path


def copy_of(grown, folder):
    with Journal.open(grown, identity=None, read_only=True) as journal:
        journal.backup(folder / "copy.db")
    return folder / "copy.db"


def perform(learner, steps):
    """Runs steps; impossible ones are passed over."""
    decided = []
    other = Learner(job(0.3))
    for number, (verb, first, second) in enumerate(steps):
        situation, right = TASKS[first]
        right = learner._record.options.names[COLOURS.index(right)]
        at = 1e6 + 60.0 * number
        if verb in ("work", "leave"):
            decision = learner.decide(situation, at=at)
            decided.append((decision, right))
            if verb == "work" and not decision.alone:
                learner.teach(decision, right, at=at)
        elif verb == "batch":
            chosen = [TASKS[(first + i) % 40][0] for i in range(1 + second % 5)]
            decided += [(decision, right) for decision in learner.decide_many(chosen, at=at)]
        elif verb in ("answer", "correct") and decided:
            decision, right = decided[first % len(decided)]
            if learner._record.journal.get(decision.id).forgotten:
                continue
            names = learner._record.options.names
            answer = right if verb == "answer" else names[second % 3]
            learner.teach(None, answer, decision_id=decision.id, by=["ann", "bob"][second % 2])
        elif verb == "reject" and decided:
            decision = decided[first % len(decided)][0]
            if not learner._record.journal.get(decision.id).forgotten:
                learner.reject(decision, by=["ann", "bob"][second % 2])
        elif verb == "configure":
            try:
                learner.configure(**SETTINGS[first % len(SETTINGS)])
            except InputError:
                continue
        elif verb == "forget" and decided:
            learner.forget(decided[first % len(decided)][0].id)
        elif verb == "merge":
            other.teach(situation, COLOURS[0])
            learner.merge(other)
        elif verb == "rename":
            old = learner.options[first % 3]
            learner.rename_option(old, f"{COLOURS[first % 3]} {second}")
    other.close()


def totals(gate):
    return {name: (book.ledger.answers, book.ledger.bound()) for name, book in gate.books.items()}


@law(12)
@given(st.data())
def test_the_live_gate_is_the_replayed_gate_and_verify_agrees(grown, tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("autonomy")
    path = copy_of(grown, folder)
    first, second = data.draw(STEPS), data.draw(STEPS)
    with Learner(job(0.3), path) as live_learner:
        perform(live_learner, first)
        live_learner.snapshot()
        perform(live_learner, second)
        with Learner(job(0.3), path, read_only=True) as from_snapshot:
            assert same_gate(gate_of(live_learner), gate_of(from_snapshot))
        (folder / "copy.db.snapshot").unlink(missing_ok=True)
        with Learner(job(0.3), path, read_only=True) as from_events:
            assert same_gate(gate_of(live_learner), gate_of(from_events))
        found = verify(live_learner._record.journal)
        assert found.problems == ()
        books = gate_of(live_learner).books
        assert {line.name: (line.answers, line.bound) for line in found.ledgers} == totals(gate_of(live_learner))
        for line in found.ledgers:
            assert (line.alone, line.errors, line.pending) == (
                books[line.name].alone,
                books[line.name].ledger.errors,
                books[line.name].ledger.pending,
            )


@law(8)
@given(st.data())
def test_forgetting_and_merging_leave_every_ledger_as_it_is(grown, tmp_path_factory, data):
    path = copy_of(grown, tmp_path_factory.mktemp("autonomy"))
    with Learner(job(0.3), path) as learner:
        perform(learner, data.draw(STEPS))
        before = totals(gate_of(learner))
        events = [e.id for e in learner._record.journal.events(kinds=["decision", "lesson"]) if not e.forgotten]
        learner.forget(data.draw(st.lists(st.sampled_from(events), min_size=1, max_size=20)))
        assert totals(gate_of(learner)) == before
        with Learner(job(0.3)) as other:
            live(other, colours(10, seed=3))
            learner.merge(other)
        assert totals(gate_of(learner)) == before
        assert verify(learner._record.journal).right


@law(6)
@given(st.data())
def test_looking_changes_nothing_of_the_gate(grown, tmp_path_factory, data):
    path = copy_of(grown, tmp_path_factory.mktemp("autonomy"))
    with Learner(job(0.3), path) as learner:
        perform(learner, data.draw(STEPS))
        arrays, document = gate_of(learner).state()
        seq = learner._record.journal.last_seq
        learner.predict(TASKS[0][0])
        learner.report()
        learner.what_if([0.1, 0.3])
        learner.audits()
        verify(learner._record.journal)
        again, words = gate_of(learner).state()
        assert words == document
        assert all((again[name] == value).all() for name, value in arrays.items())
        assert learner._record.journal.last_seq == seq
