from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from quickstudy.journal import Event, Journal
from quickstudy.journal.event import to_row

from .make_journal_v1 import IDENTITY, events

STORED = Path(__file__).parent / "journal-v1.db"


@pytest.mark.parametrize("read_only", [False, True])
def test_a_journal_of_version_1_opens_with_every_field(tmp_path: Path, read_only: bool):
    shutil.copy(STORED, tmp_path / "a.db")
    with Journal.open(tmp_path / "a.db", identity=IDENTITY, read_only=read_only) as journal:
        *whole, forgotten = journal.events()
        assert [to_row(e) for e in whole] == [to_row(e) for e in events()[:-1]]
        assert [e.seq for e in whole] == [1, 2, 3, 4, 5, 6]
        tombstone = Event(
            id="d2", kind="decision", clock=7, node="n1", at=7.5, propensity=0.5, correct=True, forgotten=True, seq=7
        )
        assert forgotten == tombstone
        assert journal.job_json == '{"name": "route"}'
        assert journal.by_request("r1").id == "d1"
        if not read_only:
            (added,) = journal.append([Event(id="new", kind="lesson", clock=8, node="n1", at=8.5)])
            assert added.seq == 8


def test_the_stored_file_really_has_version_1():
    connection = sqlite3.connect(f"{STORED.as_uri()}?mode=ro&immutable=1", uri=True)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()
