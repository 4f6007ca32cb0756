"""One thread for a learner's work, so that it does not stop an event loop.

A learner does one thing at a time. In asyncio's shared threads, calls that wait for it would take the places of all
other ``to_thread`` work in the program, the bodies' included. So it has a thread of its own, which is started when it
is first needed. Lessons go before decisions: an answer that is known but not yet taught counts as wrong in the gate,
and many of them would close it. Not here: what the work is (``calls``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeAlias

_Work: TypeAlias = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...]]


class Worker:
    """A thread with two queues; safe to use from many threads.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._first: deque[_Work] = deque()
        self._then: deque[_Work] = deque()

    def submit(self, work: Callable[..., Any], *given: Any, first: bool = False) -> Future[Any]:
        """Queues ``work(*given)``; gives its result later.

        Args:
            work: what to call.
            given: its arguments.
            first: before everything that is not.
        """
        future: Future[Any] = Future()
        (self._first if first else self._then).append((future, work, given))
        self._thread.submit(self._next)
        return future

    def close(self) -> None:
        """Finishes what is queued, and ends the thread."""
        self._thread.shutdown()

    def _next(self) -> None:
        """One piece of work; there is one for each call of this."""
        future, work, given = (self._first or self._then).popleft()
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = work(*given)
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)
