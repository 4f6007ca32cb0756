"""What to do after each try of a call: take the answer, wait and try again, or give up. No input or output.

Invariants: a call that is not repeatable is sent again only if it cannot have arrived (no connection was made) or the
server said that it did nothing (429, 503). Tries and waits are bounded. A wait is drawn between 0 and a limit that
doubles ("full jitter", Brooker 2015, "Exponential Backoff and Jitter"), so that clients that failed together do not
come back together; the server's ``Retry-After`` is kept to. Not here: sending and sleeping (``client``).
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from quickstudy.client.call import Call
from quickstudy.client.problems import misunderstood, problem
from quickstudy.errors import QuickstudyError, UnreachableError

T = TypeVar("T")

REFUSED = (429, 503)
"""The server says that it did nothing, and that it may later."""
LOST = (502, 504)
"""Something between says that it does not know."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how long a call is tried again.

    Attributes:
        tries: at most so many, the first included.
        first_wait: the limit of the first wait, seconds; it doubles with each.
        longest_wait: no wait is longer; a server that asks for more gets no further try.
    """

    tries: int = 5
    first_wait: float = 0.1
    longest_wait: float = 10.0


@dataclass(frozen=True, slots=True)
class Wait:
    """Try again after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """The call's result."""

    value: T


class Exchange(Generic[T]):
    """The tries of one call.

    Args:
        call: the call.
        retries: how often it may be tried.
    """

    def __init__(self, call: Call[T], retries: Retries) -> None:
        self.call = call
        self.tried = 0
        self._retries = retries

    def answered(self, status: int, headers: Mapping[str, str], content: bytes) -> Done[T] | Wait:
        """After an answer.

        Raises:
            QuickstudyError: the server refuses the call, or is still busy after the last try.
        """
        self.tried += 1
        if 200 <= status < 300:
            return Done(_result(self.call, content))
        error = problem(status, headers, content)
        again = status in REFUSED or (status in LOST and self.call.repeatable)
        wait = self._wait(_seconds(headers.get("retry-after"))) if again else None
        if wait is None:
            raise error
        return wait

    def lost(self, error: Exception, *, sent: bool) -> Wait:
        """After a try without an answer.

        Args:
            error: what happened.
            sent: whether the server can have got the call.

        Raises:
            UnreachableError: after the last try, or if the call may not be sent twice.
        """
        self.tried += 1
        wait = self._wait(0.0) if self.call.repeatable or not sent else None
        if wait is None:
            raise unreachable(error, sent=sent, repeatable=self.call.repeatable, tried=self.tried) from error
        return wait

    def _wait(self, asked: float) -> Wait | None:
        retries = self._retries
        if self.tried >= retries.tries or asked > retries.longest_wait:
            return None
        limit = min(retries.longest_wait, retries.first_wait * 2.0 ** (self.tried - 1))
        return Wait(min(retries.longest_wait, asked + random.uniform(0.0, limit)))


def unreachable(error: Exception, *, sent: bool, repeatable: bool, tried: int) -> QuickstudyError:
    """The error for a server that did not answer."""
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    where = address_of(error)
    if sent and not repeatable:
        return UnreachableError(
            f"The connection{where} was lost before the server's answer came ({what}).",
            next_step="It may have done what was asked, or not: look before you ask again.",
            code="answer-lost",
        )
    times = "once" if tried == 1 else f"{tried} times"
    return UnreachableError(
        f"The server{where} did not answer; tried {times} ({what}).",
        next_step="Check its address, and that it runs: quickstudy serve",
    )


def address_of(error: Exception) -> str:
    """Of an error of httpx that knows its request the server's address, as words; else nothing."""
    request = getattr(error, "_request", None)  # the property raises where there is none
    return "" if request is None else f" at {request.url.scheme}://{request.url.netloc.decode()}"


def _seconds(header: str | None) -> float:
    """``Retry-After`` in seconds; a date is taken for no wish."""
    try:
        return max(0.0, float(header or 0.0))
    except ValueError:
        return 0.0


def _result(call: Call[T], content: bytes) -> T:
    try:
        return call.read(_json(content))
    except QuickstudyError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise misunderstood(error) from error


def _json(content: bytes) -> Any:
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        return content  # the reader says that it is not understood
