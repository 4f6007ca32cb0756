"""A journal's database in PostgreSQL: several processes write it. See :mod:`quickstudy.journal.database`.

A *turn* is one transaction under an advisory lock of the journal, so turns follow each other and numbers are given in
the order in which they are committed: who has read up to a number has read all there is. Every commit is on disk.

A connection that was lost is made again. Whether the turn that lost it stands is found out, never guessed: with the
lock in hand nothing of it can be under way any more, so its newest event is there or it never was. Not here: the URL
(``address``), the tables (``postgres_schema``), words for errors (``postgres_errors``).
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, cast

from quickstudy.errors import JournalError, JournalUnreachableError, MissingExtraError, QuickstudyError
from quickstudy.journal.address import Address, parse
from quickstudy.journal.copying import copy_journal
from quickstudy.journal.database import Condition, T
from quickstudy.journal.event import Row
from quickstudy.journal.searching import in_python

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
except ImportError as error:
    raise MissingExtraError("psycopg", "postgres") from error

from quickstudy.journal import postgres_schema
from quickstudy.journal.postgres_errors import LOST, bad_url, is_lost, refused_connection, translated
from quickstudy.journal.postgres_session import BATCH, LAST, PostgresSession, insert_rows, spoken
from quickstudy.journal.postgres_snapshot import SnapshotTable

PATIENCE = 5.0
"""So many seconds are spent on making a lost connection again, before it is an error."""

WAIT = 30
"""So many seconds a turn waits for another process's turn, before it is an error."""

IDLE = 300
"""After so many idle seconds inside a turn the server ends it: a frozen process must not stop all others for good."""

TRIES = 3

_DEFAULTS: dict[str, Any] = {
    "client_encoding": "UTF8",
    "application_name": "quickstudy",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
_AT_REST = psycopg.pq.TransactionStatus.IDLE


@dataclass(frozen=True, slots=True)
class _Outcome(Generic[T]):
    """What a turn came to: a result, or a refusal of what it was given; and how to find out whether it stands."""

    result: T | None
    refusal: QuickstudyError | None
    proof: str | None
    wrote: bool

    def given(self) -> T:
        if self.refusal is not None:
            raise self.refusal
        return cast(T, self.result)


class PostgresDatabase:
    """A journal's database on a server. Make one with :meth:`open`."""

    shared = True

    def __init__(self, address: Address, *, read_only: bool) -> None:
        self.name = self.path = address.shown
        self.read_only = read_only
        self.losses = 0
        self.snapshots = SnapshotTable(self._another, self.rows)
        self._address = address
        self._key = int.from_bytes(hashlib.sha256(f"quickstudy:{address.schema}".encode()).digest()[:8], signed=True)
        self._connection: psycopg.Connection[Any] | None = None
        self._session: PostgresSession | None = None
        self._viewing = False
        self._open = True

    @classmethod
    def open(cls, url: str, *, new: Mapping[str, str] | None, read_only: bool) -> PostgresDatabase:
        """Opens a journal on a server, or makes a new one.

        Args:
            url: where it is.
            new: what a new journal's ``meta`` begins with; None makes none.
            read_only: writes nothing.

        Raises:
            JournalError: see :meth:`quickstudy.journal.Journal.open`.
        """
        database = cls(parse(url), read_only=read_only)
        try:
            connection = database._connected()
            schema = database._address.schema
            if not postgres_schema.is_there(connection, schema):
                if new is None or read_only:
                    raise JournalError(
                        f"There is no journal {database.name!r}.", next_step="Check the URL.", code="no-journal"
                    )
                database.create(new, ())
            postgres_schema.check(connection, database.name)
            return database
        except psycopg.Error as error:
            raise database._translated(error) from error
        except BaseException:
            database.close()
            raise

    def create(self, meta: Mapping[str, str], rows: Iterator[Row] | Sequence[Row]) -> bool:
        """Makes the tables and their first rows in one transaction; False if another process was faster.

        Args:
            meta: what ``meta`` begins with.
            rows: events in the order of :data:`COLUMNS`, then their numbers.
        """
        connection = self._connected()
        try:
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (self._key,))
                if postgres_schema.is_there(connection, self._address.schema):
                    return False
                postgres_schema.create(connection, self._address.schema, meta)
                waiting = iter(rows)
                while some := list(islice(waiting, BATCH)):
                    insert_rows(connection, some)
            return True
        except psycopg.Error as error:
            raise self._translated(error) from error

    @property
    def in_turn(self) -> bool:
        """Whether a turn is under way."""
        return self._session is not None

    def last_seq(self) -> int:
        """The largest number; in a turn it is known without asking."""
        return self._session.last if self._session is not None else int(self.rows(LAST)[0][0])

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """Reads; once more over a new connection if the old one was lost between two turns."""
        try:
            return self._rows(query, values)
        except JournalUnreachableError as error:
            if error.code != LOST or self._within:
                raise
            return self._rows(query, values)

    @contextmanager
    def transaction(self, *, durable: bool) -> Iterator[PostgresSession]:
        """A part of the turn under way; it is always durable."""
        assert self._session is not None
        try:
            yield self._session
            self._session.flush()
        except (psycopg.Error, UnicodeEncodeError) as error:
            raise self._translated(error) from error

    def turn(self, body: Callable[[], T], *, again: bool) -> T:
        """Runs something as one transaction, while nobody else writes the journal."""
        if self._session is not None:
            return body()
        unsure: _Outcome[T] | None = None  # whose end was not answered
        for left in reversed(range(TRIES)):
            began = False
            try:
                self._begin()
                if unsure is not None and self._holds(unsure):
                    self._end("ROLLBACK")
                    return unsure.given()
                if unsure is not None and not again:
                    unsure = None
                    raise self._lost("journal-unreachable")
                began, unsure = True, None
                outcome = self._run(body)
                unsure = outcome if outcome.wrote else None
                self._end("COMMIT")
                return outcome.given()
            except JournalUnreachableError as error:
                self._abandon()
                if error.code == LOST and left and (again or unsure is not None or not began):
                    continue
                if unsure is not None:
                    raise self._unsure() from None
                raise
            except BaseException:
                self._abandon()
                raise
        raise AssertionError("every try ends above")

    @contextmanager
    def view(self) -> Iterator[None]:
        """Reads within it see one state of the database."""
        if self.in_turn or self._viewing:
            yield
            return
        self.rows("SELECT 1")  # makes a lost connection again
        self._statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._viewing = True
        try:
            yield
        finally:
            self._viewing = False
            self._abandon()

    def holding(self, field: str, value: Any) -> Condition:
        """Asks for situations with a field that has this value."""
        return in_python(field, value)

    def scrub(self) -> None:
        """Writes the tables anew without what was forgotten; their old files are deleted.

        A plain VACUUM would leave the bytes of dead rows in their pages. The server's log of changes (WAL), its
        replicas and its backups are beyond reach: they go as the server is set up to let them go.
        """
        try:
            try:
                self._rewrite()
            except JournalUnreachableError:  # a server that was restarted; to begin again does no harm
                self._rewrite()
        except JournalError as error:
            raise JournalError(
                f"The events are forgotten, but their content may still be in the tables of {self.name!r}: "
                f"{error.message}",
                next_step=f'Let the tables\' owner run: VACUUM (FULL) "{self._address.schema}".events, '
                f'"{self._address.schema}".snapshots',
                code="scrub",
            ) from error

    def _rewrite(self) -> None:
        warnings: list[str] = []

        def note(notice: psycopg.errors.Diagnostic) -> None:
            warnings.append(notice.message_primary or "")

        connection = self._connected()
        connection.add_notice_handler(note)
        try:
            connection.execute("DELETE FROM snapshots")
            connection.execute("VACUUM (FULL) events")
            connection.execute("VACUUM (FULL) snapshots")
        except psycopg.Error as error:
            raise self._translated(error) from error
        finally:
            connection.remove_notice_handler(note)
        if warnings:
            raise JournalError(warnings[0])

    def backup(self, path: str | os.PathLike[str]) -> None:
        """Writes a copy to a new file or another schema, whole or not at all."""
        with self.view():
            copy_journal(self, path)

    def close(self) -> None:
        """Closes the connection; closing twice does nothing."""
        self._open = False
        self._drop()

    # -- inside

    def _run(self, body: Callable[[], T]) -> _Outcome[T]:
        assert self._session is not None
        result, refusal = None, None
        try:
            result = body()
        except JournalError:
            raise
        except QuickstudyError as error:
            refusal = error  # what it journaled before stands, as it does in a file
        try:
            self._session.flush()
        except (psycopg.Error, UnicodeEncodeError) as error:
            raise self._translated(error) from error
        return _Outcome(result, refusal, self._session.proof, self._session.wrote)

    def _begin(self) -> None:
        connection = self._connected()
        try:
            # Each of the three sees what was committed before it began, so the number is read with the lock in hand.
            cursor = connection.execute(
                f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({self._key}); {LAST}".encode()
            )
            while cursor.nextset():
                pass
            self._session = PostgresSession(connection, int(cursor.fetchall()[0][0]))
        except psycopg.Error as error:
            raise self._translated(error) from error

    def _end(self, how: str) -> None:
        if self._statement(how) != how:  # a statement failed, and nobody said so: the server answers ROLLBACK
            raise JournalError(f"The journal {self.name!r} failed; nothing was written.", next_step="Try again.")
        self._session = None

    def _abandon(self) -> None:
        """Ends a transaction that is under way, so that nothing of it stands."""
        self._session = None
        if self._connection is not None and self._connection.info.transaction_status != _AT_REST:
            with suppress(JournalError):
                self._statement("ROLLBACK")

    def _holds(self, unsure: _Outcome[T]) -> bool:
        """Whether a turn stands whose end was not answered. One that wrote no event is as good as one that does not."""
        return bool(unsure.proof is not None and self._rows("SELECT 1 FROM events WHERE id = ?", (unsure.proof,)))

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        try:
            if self._session is not None:
                return self._session.execute(query, values).fetchall()
            return self._connected().execute(spoken(query), values, binary=True).fetchall()
        except (psycopg.Error, UnicodeEncodeError) as error:
            raise self._translated(error) from error

    def _statement(self, statement: str) -> str | None:
        try:
            return self._connected().execute(statement.encode()).statusmessage
        except psycopg.Error as error:
            raise self._translated(error) from error

    def _connected(self) -> psycopg.Connection[Any]:
        if not self._open:
            raise JournalError(f"The journal {self.name!r} is closed.", next_step="Open it again.", code="closed")
        if self._connection is None and self._within:
            raise self._lost()
        if self._connection is None:
            until, pause = time.monotonic() + (PATIENCE if self.losses else 0.0), 0.05
            while True:
                try:
                    self._connection = self._another()
                    break
                except JournalUnreachableError:
                    if time.monotonic() > until:
                        raise
                time.sleep(pause)
                pause = min(2 * pause, 0.5)
        return self._connection

    def _another(self) -> psycopg.Connection[Any]:
        """A new connection to the journal's schema."""
        connection: psycopg.Connection[Any] | None = None
        try:
            given = conninfo_to_dict(self._address.conninfo)
            connection = psycopg.connect(make_conninfo("", **{**_DEFAULTS, **given}), autocommit=True)
            connection.execute(
                f'SET search_path TO "{self._address.schema}"; SET lock_timeout TO {1000 * WAIT}; '
                f"SET idle_in_transaction_session_timeout TO {1000 * IDLE}; "
                f"SET default_transaction_read_only TO {'on' if self.read_only else 'off'}; "
                "SELECT set_config('synchronous_commit', 'on', false) "
                "WHERE current_setting('synchronous_commit') = 'off'".encode()
            )
            return connection
        except psycopg.ProgrammingError:
            raise bad_url(self.name) from None  # its words may quote a password
        except psycopg.Error as error:
            if connection is not None:
                connection.close()
            raise refused_connection(error, self.name) from error

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self.losses += 1
            with suppress(psycopg.Error):
                connection.close()

    def _translated(self, error: psycopg.Error | UnicodeEncodeError) -> JournalError:
        connection = self._connection
        broken = connection is None or connection.closed or connection.broken
        if isinstance(error, psycopg.Error) and is_lost(error, broken=broken):
            self._drop()
        return translated(error, self.name, broken=broken)

    @property
    def _within(self) -> bool:
        """Whether a turn or a view is under way, which a new connection could not go on with."""
        return self._session is not None or self._viewing

    def _lost(self, code: str = LOST) -> JournalUnreachableError:
        return JournalUnreachableError(
            f"The connection to the journal {self.name!r} was lost; nothing was written.",
            next_step="Try again.",
            code=code,
        )

    def _unsure(self) -> JournalUnreachableError:
        return JournalUnreachableError(
            f"The connection to the journal {self.name!r} was lost while it was being written, and the server does not "
            "answer: nobody knows yet whether it was.",
            next_step="Try again with the same request_id or lesson_id: what was written counts once.",
            code="journal-unsure",
        )
