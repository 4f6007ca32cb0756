from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quickstudy.errors import JournalError
from quickstudy.journal import Event, Journal
from quickstudy.journal.event import from_row, to_row
from quickstudy.journal.reader import JournalReader
from quickstudy.journal.store import NEWEST

from .examples import IDENTITY, event, full_event, open_journal


def test_every_field_comes_back(place: Path | str):
    with open_journal(place) as journal:
        (stored,) = journal.append([full_event()])
        assert stored == replace(full_event(), seq=1)
    with open_journal(place) as journal:
        read = journal.get("full")
        assert read == stored
        assert read.correct is False
        assert dict(read.data) == {"description": "é", "list": [1, 2.5, None, True]}
        assert not read.vector.flags.writeable


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
number = st.floats(allow_nan=False, allow_infinity=False)


any_event = st.builds(
    Event,
    id=text.filter(bool),
    kind=st.sampled_from(["decision", "lesson", "option", "configure", "mark", "task"]),
    clock=st.integers(0, 2**62 - 1),
    node=text,
    at=number,
    decision_id=st.none() | text,
    step=st.none() | st.integers(-(2**63), 2**63 - 1),
    answer=st.none() | text,
    value=st.none() | number,
    correct=st.none() | st.booleans(),
    situation=st.none() | text,
    vector=st.none() | st.lists(st.floats(width=32), max_size=5).map(lambda v: np.array(v, dtype=np.float32)),
    data=st.dictionaries(text, st.none() | st.booleans() | st.integers() | number | text | st.lists(number)),
    forgotten=st.booleans(),
)


@given(any_event)
@settings(max_examples=150, deadline=None)
def test_any_event_survives_the_database(given_event: Event):
    with Journal.open(None, identity=None) as journal:
        journal.append([given_event])
        (read,) = journal.events()
        assert read == replace(given_event, seq=1)
        assert from_row((*to_row(read), 1)) == read


@given(st.lists(any_event, min_size=1, max_size=8, unique_by=lambda event: event.id))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_event_survives_a_server(postgres, given_events: list[Event]):
    """PostgreSQL's text holds every character but NUL."""
    held = [event for event in given_events if "\0" not in f"{event.id}{event.node}{event.decision_id}{event.answer}"]
    held = [replace(event, situation=(event.situation or "").replace("\0", "")) for event in held]
    with Journal.open(postgres.new(), identity=IDENTITY) as journal:
        journal.append(held)
        assert list(journal.events()) == [replace(event, seq=i) for i, event in enumerate(held, 1)]


def test_a_change_to_the_callers_vector_does_not_reach_the_journal(journal: Journal):
    vector = np.ones(3, dtype=np.float32)
    (stored,) = journal.append([event("a", vector=vector)])
    vector[0] = 5
    assert stored.vector.tolist() == [1, 1, 1]
    assert journal.get("a").vector.tolist() == [1, 1, 1]


def test_the_newest_decisions_are_not_read_again_and_are_what_the_file_holds(journal: Journal, monkeypatch):
    queries, read = [], JournalReader._read
    monkeypatch.setattr(JournalReader, "_read", lambda *given: queries.append(given) or read(*given))
    journal.append([full_event("a"), event("l", "lesson")])
    held = {e.id: e for e in journal.events()}
    for i in range(NEWEST):
        queries.clear()
        assert journal.get("a") == held["a"]
        assert not queries
        journal.append([event(f"{i}")])
    assert journal.get("a") == held["a"]
    assert len(queries) == 1
    assert journal.get("l") == held["l"]


def test_an_append_that_failed_leaves_nothing_to_be_got(journal: Journal):
    journal.append([event("a")])
    with pytest.raises(JournalError):
        journal.append([event("b"), event("a")])
    assert journal.get("b") is None


def test_a_decision_that_was_forgotten_or_merged_over_just_now_is_not_got_as_it_was(journal: Journal):
    journal.append([event("a", answer="billing"), event("b", answer="billing")])
    journal.forget(["a"])
    assert journal.get("a").forgotten
    journal.append([event("c", answer="billing")])
    journal.union([event("c", forgotten=True)])
    assert journal.get("c").forgotten


def test_an_append_is_all_or_nothing(journal: Journal):
    journal.append([event("a")])
    with pytest.raises(JournalError) as caught:
        journal.append([event("b"), event("a"), event("c")])
    assert caught.value.code == "duplicate-id"
    assert [e.id for e in journal.events()] == ["a"]
    assert [e.seq for e in journal.append([event("b"), event("c")])] == [2, 3]


def test_a_request_id_is_unique(journal: Journal):
    journal.append([event("a", request_id="r"), event("b"), event("c")])
    assert journal.by_request("r").id == "a"
    assert journal.by_request("s") is None
    with pytest.raises(JournalError) as caught:
        journal.append([event("d", request_id="r")])
    assert caught.value.code == "duplicate-request"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("kind", "lessson"),
        ("clock", -1),
        ("clock", 1 << 62),
        ("at", float("nan")),
        ("value", float("inf")),
        ("probability", float("nan")),
        ("vector", np.ones(2)),
        ("vector", np.ones((1, 2), dtype=np.float32)),
        ("data", {"x": float("nan")}),
        ("data", {"x": object()}),
    ],
)
def test_a_value_that_cannot_be_held_is_refused_by_name(journal: Journal, field: str, value: object):
    with pytest.raises(JournalError, match=f"its {field} is") as caught:
        journal.append([event("good"), event(**{"id": "x", field: value})])
    assert caught.value.code == "bad-event"
    assert journal.last_seq == 0


@pytest.mark.parametrize("fields", [{"answer": "\ud800"}, {"step": 1 << 70}, {"answer": ["a"]}])
def test_a_value_that_the_database_refuses_leaves_nothing_behind(journal: Journal, fields: dict):
    with pytest.raises(JournalError) as caught:
        journal.append([event("good"), event("bad", **fields)])
    assert caught.value.code == "bad-event"
    assert journal.last_seq == 0
    journal.append([event("good")])


def test_events_stream_in_pages_and_filter(journal: Journal):
    kinds = ("decision", "lesson", "option")
    journal.append([event(f"e{i}", kinds[i % 3], at=float(i)) for i in range(2500)])
    assert [e.seq for e in journal.events()] == list(range(1, 2501))
    assert [e.seq for e in journal.events(after=2400, until_seq=2450)] == list(range(2401, 2451))
    assert [e.seq for e in journal.events(until_at=9.0)] == list(range(1, 11))
    assert [e.id for e in journal.events(kinds=["option", "lesson"], until_seq=6)] == ["e1", "e2", "e4", "e5"]
    assert sum(1 for _ in journal.events(kinds=["lesson"])) == 833
    assert list(journal.events(kinds=[])) == []


def test_light_events_lack_vectors_and_data_and_nothing_else(journal: Journal):
    journal.append([full_event(), event("plain")])
    full, light = list(journal.events()), list(journal.events(light=True))
    assert [one.vector is None and not one.data for one in light] == [True, True]
    assert light == [replace(one, vector=None, data={}) for one in full]


def test_events_appended_while_streaming_are_seen_and_not_blocked(journal: Journal):
    journal.append([event(f"e{i}") for i in range(1001)])
    stream = journal.events()
    next(stream)
    journal.append([event("late")])
    assert [e.id for e in stream][-1] == "late"


def test_counts_and_lookups(journal: Journal):
    journal.append(
        [
            event("d1", mode="ask"),
            event("d2", mode="ask"),
            event("d3", mode="act"),
            event("d4"),
            event("l1", "lesson", decision_id="d1", by="ann"),
            event("l2", "lesson", decision_id="d1", by="bob"),
        ]
    )
    assert journal.counts() == {"decision": 4, "lesson": 2, "forgotten": 0}
    assert journal.count("lesson") == 2
    assert journal.count("option") == 0
    assert [e.id for e in journal.lessons_of("d1")] == ["l1", "l2"]
    assert [e.id for e in journal.waiting()] == ["d2", "d4"]
    assert [e.id for e in journal.waiting(1)] == ["d2"]
    assert list(journal.get_many(["l2", "unknown", "d1", "l2"])) == ["l2", "d1"]
    assert journal.get("unknown") is None
    journal.forget(["d2"])
    assert [e.id for e in journal.waiting()] == ["d4"]
    assert journal.counts() == {"decision": 3, "lesson": 2, "forgotten": 1}


def test_the_situations_of_lessons_are_their_own_or_their_decisions(journal: Journal):
    journal.append(
        [
            event("d1", situation='{"text":"seen"}', by="nobody"),
            event("d2", situation='{"text":"to be forgotten"}'),
            event("d3"),
            event("own", "lesson", situation='{"text":"taught"}', by="ann"),
            event("answer", "lesson", decision_id="d1", by="bob"),
            event("both", "lesson", decision_id="d1", situation='{"text":"its own"}'),
            event("gone", "lesson", decision_id="d2", by="ann"),
            event("blind", "lesson", decision_id="d3", by="ann"),
            event("lost", "lesson", decision_id="unknown", by="ann"),
        ]
    )
    journal.forget(["gone"])
    assert journal.situations_of(["lost", "own", "answer", "both", "gone", "blind", "unknown", "own"]) == {
        "own": ('{"text":"taught"}', "ann"),
        "answer": ('{"text":"seen"}', "bob"),
        "both": ('{"text":"its own"}', None),
        "gone": (None, None),
        "blind": (None, "ann"),
        "lost": (None, "ann"),
    }
    assert journal.situations_of([]) == journal.situations_of(iter(["unknown"])) == {}


def test_the_situations_of_thousands_of_lessons_are_found(journal: Journal):
    journal.append([event(f"d{i}", situation=f"situation {i}") for i in range(2001)])
    journal.append([event(f"l{i}", "lesson", decision_id=f"d{i}", by=str(i)) for i in range(2001)])
    found = journal.situations_of(f"l{i}" for i in range(-5, 2001))
    assert found == {f"l{i}": (f"situation {i}", str(i)) for i in range(2001)}


def test_find_compares_fields_with_their_type(journal: Journal):
    import datetime

    record = '{"record":{"amount":3,"on":{"date":"2024-05-01"},"paid":true,"vendor":"Acme \\"A\\"","none":null}}'
    journal.append(
        [
            event("r", situation=record),
            event("t", "lesson", situation='{"text":"Acme"}', by="ann", answer="x"),
            event("junk", situation="not json"),
            event("m", "mark", by="ann"),
        ]
    )
    assert journal.find(vendor='Acme "A"') == ["r"]
    assert journal.find(amount=3) == journal.find(amount=3.0) == journal.find(on=datetime.date(2024, 5, 1)) == ["r"]
    assert journal.find(paid=True) == journal.find(none=None) == ["r"]
    assert journal.find(paid=1) == journal.find(amount="3") == journal.find(amount=True) == []
    assert journal.find(record=3) == journal.find(date="2024-05-01") == []
    assert journal.find(text="Acme") == journal.find(by="ann") == journal.find(answer="x", by="ann") == ["t"]
    assert journal.find(answer="x", by="bob") == []
    with pytest.raises(JournalError):
        journal.find()
    with pytest.raises(JournalError, match="vendor"):
        journal.find(vendor=[1])
    journal.forget(["r"])
    assert journal.find(vendor='Acme "A"') == []


def test_meta_and_job_are_kept(place: Path | str):
    with open_journal(place) as journal:
        assert journal.job_json is None
        journal.set_job('{"name":"route"}')
        journal.set_meta("key", "é")
        journal.set_meta("key", "ü")
    with open_journal(place, identity=None, read_only=True) as journal:
        assert journal.job_json == '{"name":"route"}'
        assert journal.get_meta("key") == "ü"
        assert journal.get_meta("other") is None
        assert journal.identity == IDENTITY


def test_threads_share_one_journal(place: Path | str):
    with open_journal(place) as journal:
        failures: list[Exception] = []

        def work(name: str) -> None:
            try:
                for i in range(50):
                    journal.append([event(f"{name}-{i}"), event(f"{name}-{i}-b")], durable=i % 2 == 0)
                    assert journal.get(f"{name}-{i}") is not None
                    sum(1 for _ in journal.events())
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(str(n),)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert [e.seq for e in journal.events()] == list(range(1, 401))


def test_a_closed_journal_says_so(place: Path | str):
    journal = open_journal(place)
    journal.close()
    journal.close()
    for call in (lambda: journal.get("a"), lambda: journal.append([event("a")]), lambda: list(journal.events())):
        with pytest.raises(JournalError) as caught:
            call()
        assert caught.value.code == "closed"


def test_backup_is_a_journal_with_the_same_events(tmp_path: Path):
    with open_journal(tmp_path) as journal:
        journal.append([full_event()])
        journal.backup(tmp_path / "copy.db")
        with pytest.raises(JournalError) as caught:
            journal.backup(tmp_path / "copy.db")
        assert caught.value.code == "exists"
        with Journal.open(tmp_path / "copy.db", identity=IDENTITY) as copy:
            assert list(copy.events()) == list(journal.events())
