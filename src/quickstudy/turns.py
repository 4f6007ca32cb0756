"""Turns: how several processes work with one journal, each with a learned state of its own in memory.

A verb that writes is a turn. Under the journal's lock it first takes the events that others journaled since, in their
order, then does its work and journals it. So every process goes through the same events in the same order, and its
state stays a function of the journal. A verb that reads takes the newer events first, without a lock. A mark among them
says that the set of events was changed: then the state is made from the journal anew.

Invariants: what is in memory is in the journal, or is thrown away before it is used; what can take long (making the
state anew) is done without the lock. A journal in a file has one process, so there is nothing to follow.
Not here: transactions and lost connections (``journal``), what events teach (``knowledge``).
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from quickstudy.autonomy.keeper import Keeper
from quickstudy.errors import JournalCorruptError, JournalError, JournalUnreachableError, QuickstudyError
from quickstudy.journal import Event, HybridClock, Journal
from quickstudy.knowledge import Knowledge, Progress, replaced_vector, vector_of
from quickstudy.perception import Encoder

P = ParamSpec("P")
T = TypeVar("T")

LOST = "journal-lost"
"""The code of the error that a connection broke: over a new one, reading can be done again."""

PATIENCE = 2
"""So often the state is made anew without the lock, before others must wait for it."""


class _Behind(Exception):
    """The state must be made anew before this turn."""


class Turns:
    """The side of a record that keeps its state in step with what other processes journal."""

    journal: Journal
    encoder: Encoder
    knowledge: Knowledge | None
    keeper: Keeper
    clock: HybridClock
    _declared: bool

    def __init__(self) -> None:
        self._seq = 0  # the last event that the state contains
        self._last_id = ""
        self._losses = 0
        self._stale = False

    def load(self, progress: Progress | None) -> None:
        """Knows what the journal teaches."""
        raise NotImplementedError

    def snapshot(self) -> None:
        """Writes the learned state beside the journal."""
        raise NotImplementedError

    def _follow(self, events: Sequence[Event]) -> None:
        """Takes what events say of tasks of many steps."""
        raise NotImplementedError

    def write(self, body: Callable[[], T]) -> T:
        """Runs a verb that writes, as one turn.

        Args:
            body: the verb. It may be run again, after nothing of it was written.

        Raises:
            JournalError: see :meth:`quickstudy.journal.Journal.turn`.
        """
        self.writable()
        if not self.journal.shared or self.journal.in_turn:
            return body()
        before: int | None = None
        tries = 0

        def turn() -> T:
            nonlocal before
            try:
                self._catch_up()
            except _Behind:
                if tries < PATIENCE:
                    raise
                self._anew(None)  # the others are too quick: they must wait
            before = self._seq
            return body()

        while True:
            try:
                return self.journal.turn(turn)
            except _Behind:
                tries += 1
                self.follow()
            except BaseException as error:
                refused = isinstance(error, QuickstudyError) and not isinstance(error, JournalError)
                if not refused and before is not None and before != self._seq:
                    self._stale = True  # memory has what the journal may lack
                raise

    def read(self, body: Callable[[], T]) -> T:
        """Runs a verb that reads, after taking what others journaled."""
        if not self.journal.shared or self.journal.in_turn:
            return body()
        try:
            self.follow()
            return body()
        except JournalUnreachableError as error:
            if error.code != LOST:
                raise
            self.follow()
            return body()

    def follow(self, progress: Progress | None = None) -> None:
        """Takes what others journaled; makes the state anew where that is called for."""
        if not self.journal.shared or not (self._doubtful() or self.journal.last_seq != self._seq):
            return
        try:
            self._catch_up()
        except (_Behind, JournalCorruptError):  # a forgetting right now can look like damage
            self._anew(progress)

    def rebuild(self, progress: Progress | None) -> None:
        """The state after a mark was written; kept as a snapshot, so that others need not make it again."""
        self._stale = True
        if self.journal.in_turn:
            return  # it can take long: the next verb does it, without the lock
        self.follow(progress)
        with contextlib.suppress(OSError, JournalError):
            self.snapshot()

    def writable(self) -> None:
        """Raises JournalError if the journal is open for reading only."""
        if self.journal.read_only:
            raise JournalError(
                f"The journal {self.journal.path!r} is open for reading only.",
                next_step="Open it without read_only, once nobody else writes it.",
                code="read-only",
            )

    # -- inside

    def _anew(self, progress: Progress | None) -> None:
        """Makes the state from the journal, as far as it goes now; again if others merge or forget meanwhile."""
        self._stale = True
        while True:
            key, end = self.journal.follow(), self.journal.last_seq
            try:
                with self.journal.until(end):
                    self.load(progress)
            except JournalCorruptError:
                if key == self.journal.get_meta("snapshot_key"):
                    raise
            if key == self.journal.get_meta("snapshot_key"):
                break
        self._seq, self._last_id, self._stale = end, self.journal.id_at(end), False

    def _took(self, events: Sequence[Event]) -> None:
        """Notes that the state contains these events, and with them all before."""
        if events:
            self._seq, self._last_id = events[-1].seq, events[-1].id

    def _doubtful(self) -> bool:
        """Whether memory may hold what the journal does not: a turn failed, or the server has another past now."""
        if self._losses != self.journal.losses:
            self._losses = self.journal.losses
            self._stale |= self.journal.id_at(self._seq) != self._last_id
        return self._stale

    def _catch_up(self) -> None:
        """Takes what others journaled, in its order.

        Raises:
            _Behind: the state must be made anew.
        """
        if self._doubtful():
            raise _Behind
        if self.journal.last_seq == self._seq:
            return
        events = self.journal.newer(self._seq)
        marks = [event for event in events if event.kind == "mark"]
        if any(mark.data.get("why") == "forget" for mark in marks):
            self.encoder.forget_all()
        # What this process has declared in memory only, others may have journaled after or before something else.
        if self.knowledge is None or not self._declared or marks:
            raise _Behind
        self._stale = True
        for event in events:
            self.clock.observe(event.clock)
            if event.kind in ("option", "lesson"):
                replaced = replaced_vector(self.journal, self.knowledge, event)
                self.knowledge.apply(event, vector_of(self.journal, event), replaced)
        self.keeper.fold(events)
        self._follow(events)
        self._took(events)
        self._stale = False


class _HasTurns(Protocol):
    """What has verbs: a lock for threads, and a record."""

    _lock: Any
    _record: Any


S = TypeVar("S", bound=_HasTurns)


def writes(verb: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Makes a method a verb that writes. It may be run again, so it must not use up what it is given."""

    @functools.wraps(verb)
    def run(self: S, /, *given: P.args, **named: P.kwargs) -> T:
        with self._lock:
            result: T = self._record.write(lambda: verb(self, *given, **named))
            return result

    return run


def reads(verb: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Makes a method a verb that reads."""

    @functools.wraps(verb)
    def run(self: S, /, *given: P.args, **named: P.kwargs) -> T:
        with self._lock:
            result: T = self._record.read(lambda: verb(self, *given, **named))
            return result

    return run
