"""Errors of PostgreSQL in the words of :mod:`quickstudy.errors`. Never a password, and never an event's content.

Not here: what is done about them (:mod:`quickstudy.journal.postgres`).
"""

from __future__ import annotations

from psycopg import Error, errors

from quickstudy.errors import JournalCorruptError, JournalError, JournalLockedError, JournalUnreachableError

_GONE = (
    *(errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow, errors.IdleSessionTimeout),
    *(errors.IdleInTransactionSessionTimeout, errors.DatabaseDropped),
)
_WAIT = "Start the server or wait for it, and try again; the learner connects by itself."


LOST = "journal-lost"
"""The code of the error that the connection broke, so nothing more can be asked of it."""


def is_lost(error: Error, *, broken: bool) -> bool:
    """Whether an error means that the connection is gone.

    Args:
        error: what psycopg raised.
        broken: whether the connection says that it is closed or broken.
    """
    return broken or isinstance(error, _GONE) or (error.sqlstate or "").startswith("08")


def refused_connection(error: Error, name: str) -> JournalError:
    """Why a connection could not be made. libpq tells it in words alone, in English or not."""
    text = " ".join(str(error).split())
    if "password" in text or "authentication" in text or "pg_hba.conf" in text or "role " in text:
        return JournalError(
            f"The server refused the user of the journal {name!r}: {text}.",
            next_step="Check the user's name, and the password in the URL, in PGPASSWORD or in ~/.pgpass.",
            code="access-denied",
        )
    if "database " in text and "does not exist" in text:
        return JournalError(
            f"The server of the journal {name!r} has no such database: {text}.",
            next_step="Make it with: createdb NAME; or correct the URL.",
            code="no-database",
        )
    if "option" in text and "invalid" in text:
        return bad_url(name)
    return JournalUnreachableError(f"The server of the journal {name!r} does not answer: {text}.", next_step=_WAIT)


def bad_url(name: str) -> JournalError:
    """The URL cannot be read. What libpq says of it may quote a password."""
    return JournalError(
        f"The URL of the journal {name!r} holds something that libpq does not understand.",
        next_step="For example: postgresql://user@host:5432/database?schema=route",
        code="bad-url",
    )


def translated(error: Error | UnicodeEncodeError, name: str, *, broken: bool) -> JournalError:
    """What went wrong with a statement."""
    if not isinstance(error, Error):
        return _bad_event(name, "text that is not valid Unicode")
    text = (error.diag.message_primary or str(error)).strip().rstrip(".")
    if is_lost(error, broken=broken):
        return JournalUnreachableError(
            f"The connection to the journal {name!r} was lost: {text}; nothing was written.",
            next_step=_WAIT,
            code=LOST,
        )
    no_room = "could not extend" in text or "could not write" in text  # whatever the system calls it
    if no_room or isinstance(error, errors.DiskFull | errors.OutOfMemory | errors.InsufficientResources):
        return JournalError(
            f"The server of the journal {name!r} has no room: {text}; nothing was written.",
            next_step="Make room on the server and try again; the journal still works.",
            code="disk-full",
        )
    if isinstance(error, errors.IoError | errors.SystemError):
        return JournalError(
            f"The disk of the server of the journal {name!r} failed: {text}; nothing was written.",
            next_step="Check the server's disk and its log, then try again.",
            code="disk-error",
        )
    if isinstance(error, errors.UniqueViolation):
        column = "request_id" if "request" in (error.diag.constraint_name or "") else "id"
        return JournalError(
            f"The journal {name!r} holds an event with this {column} already; nothing was written.",
            next_step="Look it up before appending, or give a new one.",
            code=f"duplicate-{column.removesuffix('_id')}",
        )
    if isinstance(error, errors.LockNotAvailable | errors.QueryCanceled):
        return JournalLockedError(
            f"The journal {name!r} is busy: another process has been writing it for too long.",
            next_step="Try again. If it stays so, look for the process that holds it in pg_stat_activity.",
        )
    if isinstance(error, errors.ReadOnlySqlTransaction | errors.InsufficientPrivilege):
        return JournalError(
            f"The journal {name!r} is read-only: {text}.",
            next_step="Grant the user what it needs, connect to the primary server, or open the journal read-only.",
            code="read-only",
        )
    if isinstance(error, errors.UndefinedTable | errors.UndefinedColumn | errors.DataCorrupted | errors.IndexCorrupted):
        return JournalCorruptError(
            f"The journal {name!r} is damaged: {text}.",
            next_step="Restore its schema from a backup, or give another one to start a new journal.",
        )
    if isinstance(
        error, errors.DataError | errors.ProgrammingError | errors.ProgramLimitExceeded | errors.NotSupportedError
    ):
        return _bad_event(name, text)
    return JournalError(f"The journal {name!r} failed: {text}.")


def _bad_event(name: str, why: str) -> JournalError:
    return JournalError(
        f"An event for the journal {name!r} holds a value that it cannot store: {why}; nothing was written.",
        next_step="Give valid Unicode text without NUL, ids of at most 2,000 bytes and numbers of at most 64 bits.",
        code="bad-event",
    )
