from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from quickstudy.journal import Journal
from quickstudy.journal import snapshot as snapshot_module

from .examples import IDENTITY, event, open_journal

STATE = {
    "a": np.arange(12, dtype=np.float64).reshape(3, 4),
    "b": np.array([1, 2, 3], dtype=np.uint8),
    "names": np.array(["é", "longer"]),
    "empty": np.zeros((0, 5), dtype=np.float32),
    "scalar": np.array(2.5),
    "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
}
DOCUMENT = {"weights": [0.5, None], "text": "é", "deep": {"x": 1}}


@pytest.fixture
def journal(tmp_path: Path):
    with open_journal(tmp_path) as opened:
        opened.append([event("a"), event("b"), event("c")])
        yield opened


def test_a_snapshot_comes_back_exactly_and_can_be_written_to(journal: Journal):
    assert journal.load_snapshot() is None
    journal.save_snapshot(2, STATE, DOCUMENT)
    loaded = journal.load_snapshot()
    assert loaded.seq == 2
    assert loaded.document == DOCUMENT
    assert list(loaded.state) == list(STATE)
    for name, array in STATE.items():
        assert loaded.state[name].dtype == array.dtype
        np.testing.assert_array_equal(loaded.state[name], array, strict=True)
        loaded.state[name][...] = array
    journal.append([event("d")])
    assert journal.load_snapshot().seq == 2


def test_every_damaged_byte_makes_it_as_good_as_none(journal: Journal, tmp_path: Path):
    journal.save_snapshot(2, STATE, DOCUMENT)
    file = tmp_path / "a.db.snapshot"
    content = file.read_bytes()
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 0x41
        file.write_bytes(damaged)
        assert journal.load_snapshot() is None, position
    for length in range(len(content)):
        file.write_bytes(content[:length])
        assert journal.load_snapshot() is None, length
    for junk in (content + b"x", b"junk" * 100, b"\xff" * 200):
        file.write_bytes(junk)
        assert journal.load_snapshot() is None
    file.write_bytes(content)
    assert journal.load_snapshot() is not None


def test_a_merge_or_a_forgetting_makes_it_stale_and_a_change_of_nothing_does_not(journal: Journal, tmp_path: Path):
    journal.save_snapshot(3, STATE, DOCUMENT)
    old = (tmp_path / "a.db.snapshot").read_bytes()
    journal.union([event("a")])
    journal.forget(["unknown"])
    assert journal.load_snapshot() is not None
    journal.union([event("z")])
    assert journal.load_snapshot() is None
    journal.save_snapshot(3, STATE, DOCUMENT)
    journal.forget(["a"])
    assert journal.load_snapshot() is None
    (tmp_path / "a.db.snapshot").write_bytes(old)
    assert journal.load_snapshot() is None


def test_one_of_events_that_were_lost_is_not_used(tmp_path: Path):
    """A power failure can take the last decisions, and others get their numbers."""
    with open_journal(tmp_path) as journal:
        journal.append([event("a")])
        database = (tmp_path / "a.db").read_bytes(), (tmp_path / "a.db-wal").read_bytes()
        journal.append([event("lost")])
        journal.save_snapshot(2, STATE, DOCUMENT)
    for name, content in zip(("a.db", "a.db-wal"), database, strict=True):
        (tmp_path / name).write_bytes(content)
    with open_journal(tmp_path) as journal:
        assert journal.last_seq == 1
        assert journal.load_snapshot() is None
        journal.append([event("another"), event("more")])
        assert journal.load_snapshot() is None


def test_one_of_another_journal_is_not_used(journal: Journal, tmp_path: Path):
    (tmp_path / "b").mkdir()
    journal.save_snapshot(2, STATE, DOCUMENT)
    with open_journal(tmp_path / "b") as other:
        other.append([event("a"), event("b")])
        (tmp_path / "b" / "a.db.snapshot").write_bytes((tmp_path / "a.db.snapshot").read_bytes())
        assert other.load_snapshot() is None


def test_objects_are_refused_so_that_nothing_is_pickled(journal: Journal, tmp_path: Path):
    for array in (np.array([object()]), np.zeros(2, dtype=[("x", "f8")])):
        with pytest.raises(TypeError, match="'bad'"):
            journal.save_snapshot(2, {"bad": array}, {})
    assert not list(tmp_path.glob("*.snapshot*"))


def test_the_background_writes_one_at_a_time_and_close_waits(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    gate = threading.Event()
    write = snapshot_module.write_snapshot

    def slow(*arguments) -> None:
        gate.wait(30)
        write(*arguments)

    monkeypatch.setattr(snapshot_module, "write_snapshot", slow)
    assert journal.write_snapshot_in_background(1, STATE, DOCUMENT)
    assert not journal.write_snapshot_in_background(2, STATE, DOCUMENT)
    journal.append([event("d")])  # work goes on meanwhile
    threading.Timer(0.3, gate.set).start()
    journal.close()
    with open_journal(tmp_path) as again:
        assert again.load_snapshot().seq == 1
        assert again.snapshot_error is None


def test_a_forgetting_waits_for_the_background_and_removes_what_it_wrote(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    gate = threading.Event()
    write = snapshot_module.write_snapshot

    def slow(*arguments) -> None:
        gate.wait(30)
        write(*arguments)

    monkeypatch.setattr(snapshot_module, "write_snapshot", slow)
    journal.write_snapshot_in_background(3, STATE, {"secret": "word"})
    threading.Timer(0.2, gate.set).start()
    journal.forget(["a"])
    journal._snapshots.wait()
    assert not list(tmp_path.glob("*.snapshot*"))
    assert journal.get("a").forgotten


def test_a_failing_snapshot_never_breaks_work(journal: Journal, tmp_path: Path):
    (tmp_path / "a.db.snapshot.partial").mkdir()
    journal.write_snapshot_in_background(3, STATE, DOCUMENT)
    journal._snapshots.wait()
    assert isinstance(journal.snapshot_error, OSError)
    journal.append([event("d")])
    assert journal.load_snapshot() is None
    (tmp_path / "a.db.snapshot.partial").rmdir()
    journal.write_snapshot_in_background(3, STATE, DOCUMENT)
    journal._snapshots.wait()
    assert journal.snapshot_error is None
    assert journal.load_snapshot().seq == 3


def test_memory_and_readers_have_none_of_their_own(journal: Journal, tmp_path: Path):
    with Journal.open(None, identity=IDENTITY) as memory:
        memory.append([event("a")])
        memory.save_snapshot(1, STATE, DOCUMENT)
        assert not memory.write_snapshot_in_background(1, STATE, DOCUMENT)
        assert memory.load_snapshot() is None
    journal.save_snapshot(2, STATE, DOCUMENT)
    with open_journal(tmp_path, read_only=True) as reader:
        assert reader.load_snapshot().seq == 2
        assert not reader.write_snapshot_in_background(3, STATE, DOCUMENT)
