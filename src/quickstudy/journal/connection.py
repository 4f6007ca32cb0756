"""Opening the journal's file: is it ours, is it whole, may we write, and who else does?

Invariants: nothing that is not a journal is ever written to or replaced; an empty file is not taken for a new journal;
a new file appears whole, under its name, or not at all; one process at a time opens a journal for writing. Every error
of SQLite leaves as a :class:`~quickstudy.errors.JournalError`. Not here: reading and writing events.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

import filelock

from quickstudy.errors import JournalCorruptError, JournalError, JournalLockedError, JournalVersionError
from quickstudy.journal.event import COLUMNS, Row
from quickstudy.journal.migrations import APPLICATION_ID, Step, migrate, version_of

_MAGIC = b"SQLite format 3\x00"
_SMALL = 5 * 1024 * 1024
_RESTORE = "Restore it from a backup, or give another path to start a new journal."


def resolved(path: str | os.PathLike[str]) -> str:
    """The journal's absolute path, symbolic links followed, so that one file has one lock.

    Raises:
        JournalError: the path is a folder, or its folder does not exist.
    """
    text = os.fspath(path)
    if not isinstance(text, str) or not text or "\x00" in text:
        raise JournalError(f"{path!r} is not a path.", next_step="Give the path of a file, like 'route.db'.")
    real = os.path.realpath(text)
    if os.path.isdir(real):
        raise JournalError(
            f"The journal's path {text!r} is a folder.", next_step="Give the path of a file in it.", code="is-a-folder"
        )
    if not os.path.isdir(os.path.dirname(real)):
        raise JournalError(
            f"The folder {os.path.dirname(real)!r} of the journal {text!r} does not exist.",
            next_step="Make the folder first, or give another path.",
            code="no-folder",
        )
    return real


def check_header(path: str) -> None:
    """Checks, without opening the database, that an existing file can be a whole SQLite file.

    Raises:
        JournalCorruptError: it is empty, truncated, or not SQLite.
        JournalError: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            header = file.read(100)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise JournalError(
            f"Cannot read the journal {path!r}: {error.strerror}.", next_step="Check the file's permissions."
        ) from error
    if size == 0:
        raise JournalCorruptError(
            f"The journal {path!r} is an empty file.",
            next_step="If it never held anything, delete it to start a new journal; else restore it from a backup.",
        )
    if not header.startswith(_MAGIC):
        raise JournalCorruptError(f"The file {path!r} is no journal: it is not SQLite.", next_step=_RESTORE)
    pages = int.from_bytes(header[28:32])
    page_size = int.from_bytes(header[16:18])
    page_size = 65536 if page_size == 1 else page_size
    if len(header) < 100 or (not _has_log(path) and size < pages * page_size):
        raise JournalCorruptError(
            f"The journal {path!r} is truncated: {size} of {pages * page_size} bytes are there.", next_step=_RESTORE
        )


def write_lock(path: str) -> filelock.BaseFileLock:
    """Takes the lock of the one writer; the system frees it when the process ends, however it ends.

    Raises:
        JournalLockedError: another journal object, here or in another process, has it.
        JournalError: the lock's file cannot be written.
    """
    lock = filelock.FileLock(path + ".lock", thread_local=False)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout as error:
        raise JournalLockedError(
            f"The journal {path!r} is open for writing elsewhere.",
            next_step="Close the other learner or process, or open this one read-only.",
        ) from error
    except OSError as error:
        raise _read_only(path) from error
    return lock


def create(path: str, steps: Sequence[Step], meta: dict[str, str], rows: Iterable[Row] = ()) -> None:
    """Makes a new journal; the caller holds the write lock.

    Args:
        path: its file.
        steps: the schema's migrations.
        meta: what ``meta`` begins with.
        rows: events in the order of :data:`COLUMNS`, then their numbers; none in an empty journal.

    Raises:
        JournalError: the disk is full or not writable; then no file is left.
        JournalCorruptError: the file is missing but its log of latest writes is there.
    """
    if _has_log(path):
        raise JournalCorruptError(
            f"The journal {path!r} is missing, but its log {path + '-wal'!r} is there.",
            next_step="Put the journal's file back beside its log, or move the log away to start a new journal.",
        )
    partial = path + ".new"
    _remove(partial, partial + "-journal")
    try:
        connection = sqlite3.connect(partial, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            prepare(connection, steps, meta)
            names = ", ".join((*COLUMNS, "seq"))
            connection.execute("BEGIN")
            connection.executemany(f"INSERT INTO events ({names}) VALUES ({', '.join('?' * (len(COLUMNS) + 1))})", rows)
            connection.execute("COMMIT")
        finally:
            connection.close()
        os.replace(partial, path)
        _sync_folder(path)
    except sqlite3.Error as error:
        raise translated(error, path) from error
    except OSError as error:
        raise JournalError(f"Cannot create the journal {path!r}: {error.strerror}.") from error
    finally:
        _remove(partial, partial + "-journal")


def prepare(connection: sqlite3.Connection, steps: Sequence[Step], meta: dict[str, str]) -> None:
    """Gives a new database its schema and its first meta values."""
    migrate(connection, steps)
    connection.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", list(meta.items()))


def connect(path: str, *, read_only: bool, steps: Sequence[Step]) -> sqlite3.Connection:
    """Opens an existing journal, checked and migrated; for writing, the caller holds the write lock.

    A read-only journal of an older version is migrated in a copy in memory.

    Raises:
        JournalCorruptError: it is damaged, or is another program's database.
        JournalVersionError: a newer quickstudy wrote it.
        JournalError: it may not be written, or the disk is full.
    """
    if not read_only and not os.access(path, os.W_OK):
        raise _read_only(path)
    unclean = _has_log(path)
    try:
        connection = _read_only_connection(path) if read_only else _connection(path)
    except sqlite3.Error as error:
        raise translated(error, path) from error
    try:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise JournalCorruptError(
                f"The file {path!r} is a database of another program, not a journal.", next_step="Give another path."
            )
        version = version_of(connection)
        if version > len(steps):
            raise JournalVersionError(
                f"The journal {path!r} has version {version}; this quickstudy knows versions up to {len(steps)}.",
                next_step="Upgrade with: pip install --upgrade quickstudy",
            )
        if os.path.getsize(path) < _SMALL or (unclean and not read_only):
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise JournalCorruptError(f"The journal {path!r} is damaged: {found}.", next_step=_RESTORE)
        if version < len(steps):
            if read_only:
                copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
                connection.backup(copy)
                connection.close()
                connection = copy
            migrate(connection, steps)
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA cache_size = -65536")  # 64 MB: evidence reads lessons from all over the file
        return connection
    except sqlite3.Error as error:
        connection.close()
        raise translated(error, path) from error
    except BaseException:
        connection.close()
        raise


def connect_in_memory(steps: Sequence[Step], meta: dict[str, str]) -> sqlite3.Connection:
    """A new journal in memory, with the same schema."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    prepare(connection, steps, meta)
    return connection


def translated(error: Exception, path: str) -> JournalError:
    """An error of SQLite in the words of :mod:`quickstudy.errors`."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    text = str(error)
    if code == sqlite3.SQLITE_FULL:
        return JournalError(
            f"The disk of the journal {path!r} is full; nothing was written.",
            next_step="Make room and try again; the journal still works.",
            code="disk-full",
        )
    if code == sqlite3.SQLITE_READONLY:
        return _read_only(path)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or text.startswith("no such"):
        return JournalCorruptError(f"The journal {path!r} is damaged: {text}.", next_step=_RESTORE)
    if code == sqlite3.SQLITE_BUSY:
        return JournalLockedError(
            f"The journal {path!r} is busy: another process holds it.", next_step="Close the other one and try again."
        )
    if code == sqlite3.SQLITE_CONSTRAINT:
        column = "request_id" if "request_id" in text else "id"
        return JournalError(
            f"The journal {path!r} holds an event with this {column} already ({text}); nothing was written.",
            next_step="Look it up before appending, or give a new one.",
            code=f"duplicate-{column.removesuffix('_id')}",
        )
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in text:
        return JournalError(f"The journal {path!r} is closed.", next_step="Open it again.", code="closed")
    if code == sqlite3.SQLITE_IOERR:
        return JournalError(
            f"The disk of the journal {path!r} failed: {text}; nothing was written.",
            next_step="Check the disk and its quota, then try again.",
            code="disk-error",
        )
    if isinstance(error, UnicodeEncodeError | OverflowError | sqlite3.InterfaceError | sqlite3.ProgrammingError):
        return JournalError(
            f"An event for the journal {path!r} holds a value that it cannot store: {text}; nothing was written.",
            next_step="Give valid Unicode text and numbers of at most 64 bits.",
            code="bad-event",
        )
    return JournalError(f"The journal {path!r} failed: {text}.")


def _connection(path: str) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)


def _read_only_connection(path: str) -> sqlite3.Connection:
    uri = Path(path).as_uri()
    connection = sqlite3.connect(
        f"{uri}?mode=ro", uri=True, isolation_level=None, check_same_thread=False, timeout=10.0
    )
    try:
        connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        return connection
    except sqlite3.OperationalError:
        connection.close()
        if _has_log(path):
            raise
    # A closed journal in a folder that we may not write: SQLite cannot make its shared memory, and needs none.
    return sqlite3.connect(
        f"{uri}?mode=ro&immutable=1", uri=True, isolation_level=None, check_same_thread=False, timeout=10.0
    )


def _has_log(path: str) -> bool:
    try:
        return os.path.getsize(path + "-wal") > 0
    except OSError:
        return False


def _read_only(path: str) -> JournalError:
    return JournalError(
        f"The journal {path!r} is read-only: its file or its folder may not be written.",
        next_step="Change the permissions, copy it elsewhere, or open it read-only.",
        code="read-only",
    )


def _sync_folder(path: str) -> None:
    if os.name == "posix":
        folder = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _remove(*paths: str) -> None:
    for path in paths:
        if os.path.lexists(path):
            os.remove(path)
