from __future__ import annotations

import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from quickstudy.errors import (
    JournalCorruptError,
    JournalError,
    JournalLockedError,
    JournalMismatchError,
    JournalVersionError,
)
from quickstudy.journal import Journal
from quickstudy.journal.migrations import STEPS

from .examples import IDENTITY, event, filled, open_journal

OPEN_BOTH_WAYS = pytest.mark.parametrize("read_only", [False, True])


def in_child(code: str, *arguments: str) -> str:
    """Runs Python in a process of its own and returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_second_writer_gets_a_clear_error(tmp_path: Path):
    path = filled(tmp_path, 1)
    code = """
        import sys
        from quickstudy.errors import JournalLockedError
        from quickstudy.journal import Journal
        try:
            Journal.open(sys.argv[1], identity=None)
        except JournalLockedError as error:
            print(error.code, sys.argv[1] in str(error), "read-only" in error.next_step)
    """
    with open_journal(tmp_path) as journal:
        assert in_child(code, str(path)) == "journal-locked True True"
        with pytest.raises(JournalLockedError):
            open_journal(tmp_path)
        journal.append([event("still works")])
    with open_journal(tmp_path) as journal:
        assert journal.get("still works") is not None


def test_a_link_to_a_journal_has_the_same_lock(tmp_path: Path):
    path = filled(tmp_path, 1)
    (tmp_path / "other").mkdir()
    link = tmp_path / "other" / "b.db"
    link.symlink_to(path)
    with open_journal(tmp_path), pytest.raises(JournalLockedError):
        Journal.open(link, identity=IDENTITY)


def test_a_killed_writer_leaves_no_lock(tmp_path: Path):
    path = filled(tmp_path, 1)
    code = """
        import os, signal, sys
        from quickstudy.journal import Journal
        journal = Journal.open(sys.argv[1], identity=None)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    assert subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(path)]).returncode == -9
    open_journal(tmp_path).close()


def test_a_reader_sees_what_another_process_writes_meanwhile(tmp_path: Path):
    with open_journal(tmp_path) as writer:
        writer.append([event("a")])
        with open_journal(tmp_path, read_only=True) as reader:
            assert [e.id for e in reader.events()] == ["a"]
            stream = reader.events()
            next(stream)
            writer.append([event("b")])
            assert [e.id for e in reader.events()] == ["a", "b"]
            with pytest.raises(JournalError) as caught:
                reader.append([event("c")])
            assert caught.value.code == "read-only"
        code = """
            import sys
            from quickstudy.journal import Journal
            with Journal.open(sys.argv[1], identity=None, read_only=True) as journal:
                print(*[event.id for event in journal.events()])
        """
        assert in_child(code, writer.path) == "a b"


def test_identity_is_compared_and_the_difference_named(tmp_path: Path):
    open_journal(tmp_path).close()
    for key, word in (("job", "job"), ("fingerprint", "encoder"), ("feature_seed", "feature seed")):
        with pytest.raises(JournalMismatchError, match=word) as caught:
            open_journal(tmp_path, identity={**IDENTITY, key: "other"})
        assert repr(IDENTITY[key]) in caught.value.message
        assert "'other'" in caught.value.message
        assert caught.value.next_step
        open_journal(tmp_path).close()  # the failed opening freed the lock
    with open_journal(tmp_path, identity=None) as journal:
        assert journal.identity == IDENTITY


@OPEN_BOTH_WAYS
def test_a_missing_folder_a_folder_and_no_path_are_refused(tmp_path: Path, read_only: bool):
    for path, code in ((tmp_path / "no" / "a.db", "no-folder"), (tmp_path, "is-a-folder"), ("a\0b", "journal")):
        with pytest.raises(JournalError) as caught:
            Journal.open(path, identity=IDENTITY, read_only=read_only)
        assert caught.value.code == code
        assert caught.value.next_step
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_made_only_for_writing_with_an_identity(tmp_path: Path):
    for arguments in ({"identity": IDENTITY, "read_only": True}, {"identity": None}):
        with pytest.raises(JournalError) as caught:
            Journal.open(tmp_path / "a.db", **arguments)
        assert caught.value.code == "no-journal"
    assert list(tmp_path.iterdir()) == []


@OPEN_BOTH_WAYS
@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"SQLite format 3\x00", os.urandom(5000), b"\0" * 5000])
def test_a_file_that_is_no_journal_is_refused_and_left_alone(tmp_path: Path, content: bytes, read_only: bool):
    path = tmp_path / "a.db"
    path.write_bytes(content)
    with pytest.raises(JournalCorruptError) as caught:
        open_journal(tmp_path, read_only=read_only)
    assert str(path) in caught.value.message
    assert path.read_bytes() == content


@OPEN_BOTH_WAYS
def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path, read_only: bool):
    path = tmp_path / "a.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE events (id)")
    connection.close()
    content = path.read_bytes()
    with pytest.raises(JournalCorruptError, match="another program"):
        open_journal(tmp_path, read_only=read_only)
    assert path.read_bytes() == content


@OPEN_BOTH_WAYS
def test_a_journal_of_a_newer_version_is_refused(tmp_path: Path, read_only: bool):
    path = filled(tmp_path, 1)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    connection.close()
    with pytest.raises(JournalVersionError, match=f"version {len(STEPS) + 1}") as caught:
        open_journal(tmp_path, read_only=read_only)
    assert "upgrade" in caught.value.next_step.lower()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(STEPS)}")
    connection.close()
    open_journal(tmp_path).close()  # the refusal, still alive in `caught`, holds no lock


@OPEN_BOTH_WAYS
def test_a_truncated_journal_is_refused_at_every_length(tmp_path: Path, read_only: bool):
    path = filled(tmp_path)
    content = path.read_bytes()
    rng = random.Random(0)
    edges = [length + d for length in range(0, len(content), 4096) for d in (-1, 0, 1)]
    lengths = {*range(0, 120, 7), *edges, *(rng.randrange(len(content)) for _ in range(40)), len(content) - 1}
    for length in sorted(n for n in lengths if 0 <= n < len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(JournalCorruptError):
            open_journal(tmp_path, read_only=read_only)
        assert path.read_bytes() == content[:length]
    path.write_bytes(content)
    open_journal(tmp_path, read_only=read_only).close()


def unclean_copy(folder: Path, target: Path) -> Path:
    """The files of a journal as a power failure leaves them, with a log that was not merged."""
    with open_journal(folder) as journal:
        for i in range(30):
            journal.append([event(f"d{i}", situation='{"text":"' + "w" * 900 + '"}')])
        for name in ("a.db", "a.db-wal"):
            shutil.copy(folder / name, target / name)
    return target / "a.db"


def test_a_truncated_log_loses_the_newest_events_only(tmp_path: Path):
    (tmp_path / "source").mkdir()
    path = unclean_copy(tmp_path / "source", tmp_path)
    log = Path(f"{path}-wal")
    database, content = path.read_bytes(), log.read_bytes()
    rng = random.Random(0)
    seen = set()
    for length in [len(content), *(rng.randrange(1, len(content)) for _ in range(40)), 40, 1]:
        path.write_bytes(database)
        log.write_bytes(content[:length])
        Path(f"{path}-shm").unlink(missing_ok=True)
        with open_journal(tmp_path) as journal:
            ids = [e.id for e in journal.events()]
        assert ids == [f"d{i}" for i in range(len(ids))]
        seen.add(len(ids))
    assert {0, 30} <= seen
    assert len(seen) > 5


def test_a_lost_database_file_is_not_replaced_while_its_log_is_there(tmp_path: Path):
    (tmp_path / "source").mkdir()
    path = unclean_copy(tmp_path / "source", tmp_path)
    log = Path(f"{path}-wal").read_bytes()
    for lose in (path.unlink, lambda: path.write_bytes(b"")):
        lose()
        with pytest.raises(JournalCorruptError):
            open_journal(tmp_path)
        assert Path(f"{path}-wal").read_bytes() == log


def test_damage_anywhere_gives_a_journal_error_or_whole_events(tmp_path: Path):
    path = filled(tmp_path)
    content = path.read_bytes()
    with open_journal(tmp_path) as journal:
        ids = {e.id for e in journal.events()}
    rng = random.Random(1)
    refused = 0
    for _ in range(60):
        damaged = bytearray(content)
        start = rng.randrange(len(damaged))
        for i in range(start, min(start + rng.choice([1, 50, 4096]), len(damaged))):
            damaged[i] = rng.randrange(256)
        path.write_bytes(damaged)
        try:
            with open_journal(tmp_path) as journal:
                found = list(journal.events())
                assert len(found) == len(ids)
        except JournalError:
            refused += 1
    assert refused > 10


def as_nobody(path: Path, statements: str) -> str:
    """Runs statements as a user without rights; ``path`` is theirs to use."""
    code = f"""
        import os, sys
        import numpy, filelock, uuid
        from quickstudy.errors import JournalError
        from quickstudy.journal import Event, Journal
        if os.getuid() == 0:
            os.setgid(65534); os.setuid(65534)
        path = sys.argv[1]
        {statements}
    """
    return in_child(code, str(path))


@pytest.fixture
def public_folder(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("public")
    parents: list[tuple[Path, int]] = []
    for parent in list(folder.parents)[:-1]:
        mode = stat.S_IMODE(parent.stat().st_mode)
        if parent.owner() == folder.owner() and not mode & stat.S_IXOTH:
            parents.append((parent, mode))
            parent.chmod(mode | stat.S_IXOTH)
    yield folder
    folder.chmod(0o700)
    for parent, mode in parents:
        parent.chmod(mode)


def test_a_read_only_file_or_folder_is_refused_for_writing_and_can_be_read(public_folder: Path):
    path = filled(public_folder, 3)
    read = "print(sum(1 for _ in Journal.open(path, identity=None, read_only=True).events()))"
    write = "\n        ".join(
        ("try:", "    Journal.open(path, identity=None)", "except JournalError as error:", "    print(error.code)")
    )
    for name in ("a.db", "a.db.lock"):
        (public_folder / name).chmod(0o444)
    public_folder.chmod(0o555)  # neither file nor folder
    assert as_nobody(path, read) == "6"
    assert as_nobody(path, write) == "read-only"
    path.chmod(0o666)  # the file, but not the folder
    assert as_nobody(path, write) == "read-only"
    path.chmod(0o444)
    public_folder.chmod(0o777)  # the folder, but not the file
    assert as_nobody(path, write) == "read-only"
    new = write.replace("path, identity=None", 'path + ".other", identity={"job": "a"}')
    public_folder.chmod(0o555)
    assert as_nobody(path, new) == "read-only"


def test_no_file_stays_open_after_close(tmp_path: Path):
    def open_files() -> int:
        return len(os.listdir("/proc/self/fd"))

    def failing() -> None:
        with pytest.raises(JournalMismatchError):
            open_journal(tmp_path, identity={**IDENTITY, "job": "other"})
        (tmp_path / "junk").write_bytes(b"junk" * 1000)
        with pytest.raises(JournalCorruptError):
            Journal.open(tmp_path / "junk", identity=IDENTITY)

    def working() -> None:
        with open_journal(tmp_path) as journal, open_journal(tmp_path, read_only=True) as reader:
            journal.append([event(f"{len(list(journal.events()))}")])
            journal.save_snapshot(1, {}, {})
            next(reader.events())
            journal.load_snapshot()

    steps: list[Callable[[], None]] = [working, failing]
    for step in steps:
        step()
        before = open_files()
        for _ in range(5):
            step()
        assert open_files() == before
    assert sorted(file.name for file in tmp_path.glob("a.db*")) == ["a.db", "a.db.lock", "a.db.snapshot"]


def test_an_older_journal_is_migrated_and_a_failing_step_changes_nothing(tmp_path: Path):
    path = filled(tmp_path, 2)

    def add_column(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE events ADD COLUMN later TEXT")

    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE meta")
        raise RuntimeError("power failure")

    with pytest.raises(RuntimeError):
        open_journal(tmp_path, steps=(*STEPS, fail))
    with open_journal(tmp_path) as journal:  # as it was
        assert journal.last_seq == 4
    with open_journal(tmp_path, read_only=True, steps=(*STEPS, add_column)) as journal:
        assert journal.last_seq == 4
        assert journal.get("l1").answer == "billing"
    open_journal(tmp_path).close()  # reading did not migrate the file
    with open_journal(tmp_path, steps=(*STEPS, add_column)) as journal:
        assert journal.get("l1").answer == "billing"
        journal.append([event("new")])
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS) + 1,)
    assert connection.execute("SELECT later FROM events WHERE id = 'new'").fetchone() == (None,)
    connection.close()
    with pytest.raises(JournalVersionError):
        open_journal(tmp_path)
