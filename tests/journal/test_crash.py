"""Processes that really die, and disks that are really full."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from quickstudy.errors import JournalError
from quickstudy.journal import Journal

from .examples import IDENTITY, bytes_beside, event, open_journal

WRITER = """
import os, sys
import numpy as np
from quickstudy.journal import Event, HybridClock, Journal, new_id

journal = Journal.open(sys.argv[1], identity={"job": "route", "fingerprint": "static-1", "feature_seed": "0"})
clock = HybridClock("n")
print("ready", flush=True)
while True:
    decision = new_id()
    vector = np.frombuffer(decision.encode() * 16, dtype=np.float32)
    journal.append(
        [Event(id=decision, kind="decision", clock=clock.tick(), node="n", at=1.0, vector=vector, answer=decision)],
        durable=False,
    )
    os.write(1, f"{decision}\\n".encode())
    lessons = [
        Event(id=f"{decision}-{i}", kind="lesson", clock=clock.tick(), node="n", at=1.0, decision_id=decision)
        for i in range(3)
    ]
    journal.append(lessons)
    os.write(1, "".join(f"{lesson.id}\\n" for lesson in lessons).encode())
    journal.write_snapshot_in_background(journal.last_seq, {"v": vector}, {"seq": journal.last_seq})
"""


def killed(code: str, *arguments: str, after: float) -> list[str]:
    """Starts Python, kills it some seconds after its first line, and returns its whole lines."""
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE)
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read()
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    return [line.decode() for line in (first + rest).split(b"\n")[:-1]]


def test_everything_acknowledged_survives_kill_at_any_moment(tmp_path: Path):
    rng = random.Random(0)
    acknowledged: list[str] = []
    for _ in range(30):
        acknowledged += killed(WRITER, str(tmp_path / "a.db"), after=rng.uniform(0, 0.06))[1:]
        with open_journal(tmp_path) as journal:
            events = {e.id: e for e in journal.events()}
            snapshot = journal.load_snapshot()
        assert [id for id in acknowledged if id not in events] == []
        decisions = {e.id for e in events.values() if e.kind == "decision"}
        for decision in decisions:
            assert events[decision].vector.tobytes() == decision.encode() * 16
        lessons = [e for e in events.values() if e.kind == "lesson"]
        assert len(lessons) == 3 * len({e.decision_id for e in lessons})  # an append of three is whole or absent
        assert {e.decision_id for e in lessons} <= decisions
        assert len(decisions) - len(lessons) // 3 <= 30  # at most one half-done round a kill
        assert [e.seq for e in events.values()] == list(range(1, len(events) + 1))
        if snapshot is not None:
            assert snapshot.document == {"seq": snapshot.seq}
    assert len(acknowledged) > 100


def test_a_first_opening_killed_at_any_moment_leaves_a_journal_or_none(tmp_path: Path):
    code = """
import sys
import numpy
import quickstudy.journal as journal
print("ready", flush=True)
identity = {"job": "route", "fingerprint": "static-1", "feature_seed": "0"}
for i in range(1000):
    journal.Journal.open(f"{sys.argv[1]}/{i}.db", identity=identity).close()
"""
    rng = random.Random(1)
    for turn in range(8):
        folder = tmp_path / str(turn)
        folder.mkdir()
        killed(code, str(folder), after=rng.uniform(0.005, 0.05))
        for path in sorted(folder.glob("*.lock")):
            with Journal.open(str(path)[: -len(".lock")], identity=IDENTITY) as journal:
                assert journal.last_seq == 0
                assert journal.identity == IDENTITY
        assert not list(folder.glob("*.new*"))


def test_a_forgetting_killed_at_any_moment_is_whole_or_absent_and_scrubbed_at_the_next_opening(tmp_path: Path):
    code = """
import sys
from quickstudy.journal import Journal
journal = Journal.open(sys.argv[1], identity=None)
print("ready", flush=True)
journal.forget([f"d{i}" for i in range(400)])
print("done", flush=True)
import time
time.sleep(60)
"""
    rng = random.Random(2)
    outcomes = set()
    for turn in range(12):
        folder = tmp_path / str(turn)
        folder.mkdir()
        with open_journal(folder) as journal:
            journal.append([event(f"d{i}", situation=f'"secret-{i} ' + "w" * 500 + '"') for i in range(800)])
        # From early to late on a machine of any speed.
        lines = killed(code, str(folder / "a.db"), after=rng.uniform(0.5, 1.0) * 0.002 * 2**turn)
        with open_journal(folder) as journal:
            forgotten = {e.id for e in journal.events() if e.forgotten}
            assert forgotten in (set(), {f"d{i}" for i in range(400)})
            assert forgotten or "done" not in lines
            outcomes.add((bool(forgotten), "done" in lines))
            if forgotten:
                content = bytes_beside(folder / "a.db")
                assert [i for i in range(400) if f"secret-{i} ".encode() in content] == []
    assert len(outcomes) > 1


def test_a_full_disk_loses_nothing_and_work_goes_on_when_there_is_room(tmp_path: Path):
    with open_journal(tmp_path) as journal:
        journal.append([event("a")])
        pages = journal._database.connection.execute("PRAGMA page_count").fetchone()[0]
        journal._database.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        big = [event(f"b{i}", situation="w" * 5000) for i in range(20)]
        for work in (
            lambda: journal.append(big),
            lambda: journal.union(big),
            lambda: journal.set_meta("k", "w" * 50000),
        ):
            with pytest.raises(JournalError, match="full") as caught:
                work()
            assert caught.value.code == "disk-full"
            assert [e.id for e in journal.events()] == ["a"]
        journal._database.connection.execute("PRAGMA max_page_count = 1000000")
        assert [e.seq for e in journal.append(big)] == list(range(2, 22))
    with open_journal(tmp_path) as journal:
        assert journal.last_seq == 21


def test_a_file_system_that_takes_no_more_loses_nothing(tmp_path: Path):
    """The kernel refuses to let any file of the child grow beyond a limit."""
    code = """
        import resource, sys
        from quickstudy.errors import JournalError
        from quickstudy.journal import Event, Journal
        identity = {"job": "route", "fingerprint": "static-1", "feature_seed": "0"}
        with Journal.open(sys.argv[1], identity=identity) as journal:
            resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
            for i in range(10_000):
                try:
                    journal.append([Event(id=f"e{i}", kind="lesson", clock=i, node="n", at=1.0, answer="w" * 3000)])
                except JournalError as error:
                    print(i, error.code, journal.last_seq)
                    break
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            journal.append([Event(id="last", kind="lesson", clock=0, node="n", at=1.0)])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "a.db")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    count, error, last = done.stdout.split()
    assert error in ("disk-error", "disk-full")
    assert count == last
    with open_journal(tmp_path) as journal:
        assert [e.id for e in journal.events()] == [*(f"e{i}" for i in range(int(count))), "last"]


def test_a_journal_that_cannot_be_made_leaves_no_file(tmp_path: Path):
    code = """
        import resource, sys
        from quickstudy.errors import JournalError
        from quickstudy.journal import Journal
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))
        try:
            Journal.open(sys.argv[1], identity={"job": "route"})
        except JournalError as error:
            print(error.code)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "a.db")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() in ("disk-error", "disk-full"), done.stderr
    assert [file.name for file in tmp_path.iterdir()] in ([], ["a.db.lock"])
    open_journal(tmp_path).close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX")
def test_a_writer_stopped_in_the_middle_of_a_transaction_leaves_the_state_before(tmp_path: Path):
    code = """
import os, signal, sys
from quickstudy.journal import Event, Journal
journal = Journal.open(sys.argv[1], identity=None)
journal._database.connection.execute("PRAGMA cache_size = -1000")  # so that it spills to disk before its end
def events():
    for i in range(5000):
        yield Event(id=f"e{i}", kind="lesson", clock=i, node="n", at=1.0, answer="w" * 2000)
    os.kill(os.getpid(), signal.SIGKILL)
journal.union(events())
"""
    with open_journal(tmp_path) as journal:
        journal.append([event("a")])
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.db")], timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "a.db-wal").stat().st_size > 1_000_000  # it had really begun to write
    with open_journal(tmp_path) as journal:
        assert [e.id for e in journal.events()] == ["a"]
    connection = sqlite3.connect(tmp_path / "a.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
