from __future__ import annotations

import random
import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quickstudy.errors import JournalError
from quickstudy.journal import Journal, new_id

from .examples import IDENTITY, bytes_beside, event, open_journal


def secret_event(id: str, words: int = 30):
    vector = np.frombuffer(id.encode() * 24, dtype=np.float32)
    return event(
        id,
        request_id="request-" + id,
        answer="answer-" + id,
        by="by-" + id,
        situation='{"text":"' + f"secret-{id} " * words + '"}',
        vector=vector,
        data={"k": "data-" + id},
    )


def traces(path: Path, id: str) -> list[bytes]:
    """Which parts of a forgotten event's content are still in a file beside the journal."""
    content = bytes_beside(path)
    needles = [b"secret-", b"request-", b"answer-", b"by-", b"data-"]
    return [n for n in [*(needle + id.encode() for needle in needles), id.encode() * 2] if n in content]


def test_nothing_of_a_forgotten_event_stays_in_any_file(tmp_path: Path):
    ids = [new_id() for _ in range(20)]
    with open_journal(tmp_path) as journal:
        journal.append([secret_event(id) for id in ids])
        journal.save_snapshot(20, {"vectors": np.stack([e.vector for e in journal.events()])}, {"texts": ids})
        assert len(traces(tmp_path / "a.db", ids[3])) == 6
        journal.forget(ids[3:5])
        assert traces(tmp_path / "a.db", ids[3]) == traces(tmp_path / "a.db", ids[4]) == []
        assert len(traces(tmp_path / "a.db", ids[5])) == 6
        assert not (tmp_path / "a.db.snapshot").exists()
    assert traces(tmp_path / "a.db", ids[3]) == []
    with open_journal(tmp_path) as journal:
        assert journal.get(ids[3]).forgotten
        assert journal.get(ids[5]) == replace(secret_event(ids[5]), seq=6)


def test_a_merge_that_brings_a_tombstone_scrubs_too(tmp_path: Path):
    ids = [new_id() for _ in range(5)]
    other = Journal.open(None, identity=None)
    other.append([secret_event(id) for id in ids])
    other.forget(ids[:1])
    with open_journal(tmp_path) as journal:
        journal.append([secret_event(id) for id in ids])
        assert [e.id for e in journal.union(other.events())] == ids[:1]
        assert traces(tmp_path / "a.db", ids[0]) == []
        journal.union([secret_event(ids[0])])
        assert traces(tmp_path / "a.db", ids[0]) == []


def test_no_stale_copy_stays_when_pages_were_rebalanced(tmp_path: Path):
    """SQLite moves cells between pages and leaves copies behind, here in the index of request ids for seed 5."""
    for seed in range(4, 8):
        rng = random.Random(seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        ids = [f"{rng.getrandbits(128):032x}" for _ in range(1000)]
        with open_journal(folder) as journal:
            journal.append([event(id, "lesson", request_id="req" + id) for id in ids])
            rng.shuffle(ids)
            while ids:
                some, ids = ids[:250], ids[250:]
                journal.forget(some)
                left = {found.decode() for found in re.findall(rb"req([0-9a-f]{32})", bytes_beside(folder / "a.db"))}
                assert left == set(ids)


def test_a_scrub_that_a_reader_blocks_says_so_and_is_made_up_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    id = new_id()
    path = tmp_path / "a.db"
    with open_journal(tmp_path) as journal:
        journal.append([secret_event(id)])
        journal._database.connection.execute("PRAGMA busy_timeout = 50")
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM events").fetchone()
        with pytest.raises(JournalError) as caught:
            journal.forget([id])
        assert caught.value.code == "scrub"
        assert journal.get(id).forgotten
        assert traces(path, id) != []
        reader.close()
    with open_journal(tmp_path) as journal:
        assert traces(path, id) == []
        assert journal.get_meta("scrub") == "done"


def test_forgetting_follows_decisions_and_lessons_both_ways():
    journal = Journal.open(None, identity=IDENTITY)
    journal.append(
        [
            event("d1", answer="x"),
            event("l1", "lesson", decision_id="d1", answer="x"),
            event("l2", "lesson", decision_id="d1", answer="y"),
            event("d2", answer="x"),
            event("l3", "lesson", decision_id="d2", answer="x"),
            event("l4", "lesson", answer="x"),
        ]
    )
    assert journal.forget(["l2", "l2", "unknown"]) == ["d1", "l1", "l2"]
    assert journal.forget(["d1"]) == []
    assert journal.forget(["l4", "d2"]) == ["d2", "l3", "l4"]
    assert journal.counts() == {"forgotten": 6}
