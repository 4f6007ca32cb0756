"""A hybrid logical clock, and ids that are unique everywhere.

After Kulkarni et al. 2014, "Logical Physical Clocks". A reading is ``milliseconds << 16 | counter``: it follows the
wall clock, and is larger than every reading given or observed before, even when the wall clock goes backwards. Not
here: the event's own time (``Event.at``), which the caller may set to anything.
"""

from __future__ import annotations

import math
import threading
import time
import uuid

from quickstudy.errors import InputError

COUNTER_BITS = 16


class HybridClock:
    """A clock whose readings strictly increase. It can be shared by threads.

    Args:
        node: id of the learner; ties between the clocks of two nodes are broken by the events' ids.

    >>> clock = HybridClock("a")
    >>> first, second = clock.tick(now=10.0), clock.tick(now=9.0)
    >>> second > first
    True
    """

    __slots__ = ("_last", "_lock", "node")

    def __init__(self, node: str) -> None:
        self.node = node
        self._last = 0
        self._lock = threading.Lock()

    @property
    def last(self) -> int:
        """The largest reading given or observed so far."""
        return self._last

    def tick(self, now: float | None = None) -> int:
        """The next reading.

        Args:
            now: the wall clock, seconds since 1970; the system's clock if None.
        """
        wall = max(int((time.time() if now is None else now) * 1000), 0) << COUNTER_BITS
        with self._lock:
            # The counter overflows into the milliseconds: still increasing, and ahead by one millisecond at most.
            self._last = max(wall, self._last + 1)
            return self._last

    def observe(self, clock: int) -> None:
        """Takes note of a reading of another clock: every later :meth:`tick` is larger."""
        with self._lock:
            self._last = max(self._last, clock)


def new_id() -> str:
    """A globally unique id: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def wall_seconds(clock: int) -> float:
    """The wall-clock part of a reading, in seconds since 1970."""
    return (clock >> COUNTER_BITS) / 1000.0


def checked_time(at: float | None) -> float:
    """Seconds since 1970; now if None.

    Raises:
        InputError: it is not a finite number.
    """
    if at is None:
        return time.time()
    if isinstance(at, bool) or not isinstance(at, int | float) or not math.isfinite(at):
        raise InputError(
            f"The time is {at!r}.", next_step="Give seconds since 1970, like time.time().", code="bad-time"
        )
    return float(at)
