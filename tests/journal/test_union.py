from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quickstudy.errors import JournalError
from quickstudy.journal import Event, Journal
from quickstudy.journal.event import to_row

from .examples import IDENTITY, event, full_event, open_journal

DECISIONS, LESSONS = ("d0", "d1", "d2"), {"l0": "d0", "l1": "d0", "l2": "d1", "l3": None}


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Events of few ids, so that versions of one id conflict; an id keeps its kind and decision."""
    id = draw(st.sampled_from([*DECISIONS, *LESSONS, "o"]))
    return event(
        id,
        "decision" if id in DECISIONS else "option" if id == "o" else "lesson",
        clock=draw(st.integers(0, 2)),
        decision_id=LESSONS.get(id),
        answer=draw(st.sampled_from(["x", "y"])),
        correct=draw(st.sampled_from([None, True])),
        vector=draw(st.sampled_from([None, np.ones(2, dtype=np.float32)])),
        forgotten=draw(st.sampled_from([False, False, True])),
    )


def parts() -> st.SearchStrategy[list[Event]]:
    return st.lists(events(), max_size=6)


def content(journal: Journal) -> dict[str, tuple]:
    """The set of events: what law 2 says the state may depend on."""
    return {e.id: to_row(e) for e in journal.events() if e.kind != "mark"}


def nowhere() -> None:
    """The path of a journal in memory."""


def joined(*histories: list[Event], place: Callable[[], str | None] = nowhere) -> Journal:
    journal = Journal.open(place(), identity=IDENTITY)
    for history in histories:
        journal.union(history)
    return journal


@given(parts(), parts(), parts())
@settings(max_examples=200, deadline=None)
def test_union_is_commutative_associative_and_idempotent(first: list[Event], second: list[Event], third: list[Event]):
    check_union(first, second, third)


def check_union(first, second, third, place: Callable[[], str | None] = nowhere) -> None:
    with contextlib.ExitStack() as opened:

        def made(*histories: list[Event]) -> Journal:
            return opened.enter_context(joined(*histories, place=place))

        def merged(*journals: Journal) -> Journal:
            return made(*(list(journal.events()) for journal in journals))

        a, b, c = made(first), made(second), made(third)
        whole = content(made(first, second, third))
        assert content(made(third, first, second)) == whole
        assert content(made(first + second + third)) == whole
        assert content(made((first + second + third)[::-1])) == whole
        assert content(merged(merged(a, b), c)) == whole
        assert content(merged(a, merged(c, b))) == whole
        assert content(merged(b, a)) == content(merged(a, b))
        again = merged(a, b, c)
        assert again.union(a.events()) == again.union(again.events()) == []
        assert content(again) == whole


@given(parts(), parts(), st.lists(st.sampled_from([*DECISIONS, *LESSONS]), max_size=2))
@settings(max_examples=150, deadline=None)
def test_forgetting_here_or_there_and_then_merging_gives_the_same(
    first: list[Event], second: list[Event], ids: list[str]
):
    check_forgetting(first, second, ids)


def check_forgetting(first, second, ids, place: Callable[[], str | None] = nowhere) -> None:
    with contextlib.ExitStack() as opened:

        def made(*histories: list[Event]) -> Journal:
            return opened.enter_context(joined(*histories, place=place))

        def merged(*journals: Journal) -> Journal:
            return made(*(list(journal.events()) for journal in journals))

        here = made(first, second)
        here.forget(ids)
        there = made(first)
        there.forget(ids)
        late = merged(made(first, second), there, here)
        assert content(late) == content(here)
        assert content(merged(here, made(first, second))) == content(here)
        for found in here.events():
            if found.id in ids:
                assert found.forgotten


@given(parts(), parts())
@settings(max_examples=150, deadline=None)
def test_union_returns_exactly_what_changed(first: list[Event], second: list[Event]):
    journal = joined(first)
    before = content(journal)
    changed = journal.union(second)
    after = content(journal)
    assert {e.id for e in changed} == {id for id in after if after[id] != before.get(id)}
    assert [e.seq for e in changed] == sorted(e.seq for e in changed)
    assert all(journal.get(e.id) == e for e in changed)


@given(parts(), parts())
@settings(max_examples=100, deadline=None)
def test_a_tombstone_has_no_content_and_takes_the_whole_decision_with_it(first: list[Event], second: list[Event]):
    journal = joined(first, second)
    held = {e.id: e for e in journal.events()}
    for found in held.values():
        if found.forgotten:
            assert (found.answer, found.vector, dict(found.data)) == (None, None, {})
        if found.decision_id is not None:
            group = [e for e in held.values() if found.decision_id in (e.id, e.decision_id)]
            assert len({e.forgotten for e in group}) == 1


def test_a_late_lesson_on_a_forgotten_decision_arrives_forgotten():
    journal = joined([event("d"), event("l", "lesson", decision_id="d", answer="x")])
    assert journal.forget(["l"]) == ["d", "l"]
    (late,) = journal.union([event("m", "lesson", decision_id="d", answer="secret", correct=False)])
    assert late.forgotten
    assert late.answer is None
    assert late.correct is False
    there = joined([event("d"), event("m", "lesson", decision_id="d", answer="secret")])
    assert [e.id for e in there.union(journal.events())] == ["d", "m", "l"]


def test_a_tombstone_keeps_what_a_bound_rests_on():
    journal = joined([full_event()])
    journal.forget(["full"])
    kept = journal.get("full")
    assert kept == replace(
        event("full", decision_id="d", mode="audit", propensity=0.125, coin=0.75, correct=False, task_id="t", step=3),
        forgotten=True,
        seq=1,
    )


def test_marks_stay_local_and_are_not_forgotten():
    journal = joined([event("m", "mark"), event("d")])
    assert [e.id for e in journal.events()] == ["d"]
    journal.append([event("own", "mark")])
    assert journal.forget(["own", "unknown"]) == []
    assert journal.union([event("own", answer="x")]) == []


def test_extra_is_appended_only_if_something_changed():
    journal = joined([event("d")])
    assert journal.union([event("d")], extra=[event("m1", "mark")]) == []
    assert [e.id for e in journal.union([event("e")], extra=[event("m2", "mark")])] == ["e"]
    assert journal.forget(["unknown"], extra=[event("m3", "mark")]) == []
    assert journal.forget(["e"], extra=[event("m4", "mark")]) == ["e"]
    assert [e.id for e in journal.events(kinds=["mark"])] == ["m2", "m4"]


def test_a_request_id_that_is_taken_is_dropped_from_the_imported_decision():
    journal = joined([event("d", request_id="r")])
    other = [event("e", request_id="r"), event("f", request_id="s")]
    assert [e.request_id for e in journal.union(other)] == [None, "s"]
    assert journal.by_request("r").id == "d"
    assert journal.union(other) == []


def test_a_failing_merge_changes_nothing(tmp_path: Path):
    def broken():
        yield event("d", answer="new", clock=9 << 16)
        yield event("e")
        raise RuntimeError("the other journal went away")

    with open_journal(tmp_path) as journal:
        journal.append([event("d", answer="old")])
        before = content(journal)
        with pytest.raises(RuntimeError):
            journal.union(broken())
        with pytest.raises(JournalError):
            journal.union([event("e"), event("f", clock=-1)])
        with pytest.raises(JournalError):
            journal.union([event("e")], extra=[event("d", "mark")])
        assert content(journal) == before
        assert journal.union([event("e")]) != []


def test_two_files_merge_while_both_are_open(tmp_path: Path):
    (tmp_path / "b").mkdir()
    with open_journal(tmp_path) as a, open_journal(tmp_path / "b") as b:
        a.append([full_event(f"a{i}") for i in range(1200)])
        b.append([full_event(f"b{i}") for i in range(1200)])
        assert len(a.union(b.events())) == 1200
        assert len(b.union(a.events())) == 1200
        assert content(a) == content(b)
