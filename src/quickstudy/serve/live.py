"""What happens in a job, as it happens: a bell is rung after every change, and listeners then read the journal.

Invariants: the journal is the only source, so a listener that was away misses nothing and gets nothing twice: it goes
on behind the number of the last event that it saw. A listener costs nothing while nothing happens, and is gone when its
caller is. Events here are small: who, what, when; never a situation.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from quickstudy.journal import Event, Journal

PAGE = 200
"""At most so many events are read at once."""
PAUSE = 0.1
"""Seconds between two readings of one listener, so that a storm of decisions is read in pages."""

Small: TypeAlias = dict[str, Any]
_Bell: TypeAlias = tuple[asyncio.AbstractEventLoop, asyncio.Event]

SHOWN = (
    *("seq", "id", "kind", "at", "decision_id", "task_id", "step", "by", "answer", "value", "mode", "probability"),
    *("correct", "forgotten"),
)


def small(event: Event) -> Small:
    """An event without content: no situation, no vector."""
    found = {name: getattr(event, name) for name in SHOWN}
    shown = {name: value for name, value in found.items() if value is not None}
    if not event.forgotten:
        del shown["forgotten"]
    if event.kind in ("mark", "option"):
        shown |= {name: event.data[name] for name in ("why", "action", "other") if name in event.data}
    return shown


def page(journal: Journal, after: int, limit: int = PAGE) -> tuple[list[Small], int]:
    """The small events behind a number, and the number to go on behind; reads at most ``limit`` events."""
    until = min(after + limit, journal.last_seq)
    if until <= after:
        return [], after
    return [small(event) for event in journal.events(after=after, until_seq=until)], until


class Live:
    """One job's bell. Safe to ring from any thread.

    Args:
        journal: the job's journal.
        poll: seconds after which listeners look without the bell, where other processes journal too; None: never.
    """

    def __init__(self, journal: Journal, *, poll: float | None = None) -> None:
        self._journal, self._poll = journal, poll
        self._lock = threading.Lock()
        self._bells: set[_Bell] = set()
        self.closed = False

    @property
    def listeners(self) -> int:
        """How many listen now."""
        with self._lock:
            return len(self._bells)

    def ring(self) -> None:
        """Something was journaled."""
        with self._lock:
            bells = list(self._bells)
        for loop, bell in bells:
            if not loop.is_closed():
                loop.call_soon_threadsafe(bell.set)

    def close(self) -> None:
        """Ends all listening."""
        self.closed = True
        self.ring()

    async def events(
        self, after: int | None = None, *, heartbeat: float = 15.0, still: Callable[[], bool] = lambda: True
    ) -> AsyncIterator[list[Small]]:
        """Pages of events as they come, each a list of small events; an empty page is a sign of life.

        Args:
            after: begin behind this number; with what comes next if None.
            heartbeat: seconds after which an empty page is given.
            still: whether the listener may go on; asked before each page.
        """
        with self._listening() as bell:
            seen = await asyncio.to_thread(lambda: self._journal.last_seq) if after is None else after
            silent = time.monotonic()
            while not self.closed:
                bell.clear()
                found, seen = await asyncio.to_thread(page, self._journal, seen)
                if found:
                    if not still():
                        return
                    yield found
                    await asyncio.sleep(PAUSE)
                    silent = time.monotonic()
                    continue
                try:
                    await asyncio.wait_for(bell.wait(), min(heartbeat, self._poll or heartbeat))
                except TimeoutError:
                    if time.monotonic() - silent >= heartbeat:
                        if not still():
                            return
                        yield []
                        silent = time.monotonic()

    @contextmanager
    def _listening(self) -> Iterator[asyncio.Event]:
        bell = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._bells.add(bell)
        try:
            yield bell[1]
        finally:
            with self._lock:
                self._bells.discard(bell)
