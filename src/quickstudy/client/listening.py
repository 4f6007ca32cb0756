"""Following a server's events over lost connections, without input or output of its own.

Invariants: after each connection it goes on behind the newest event that was given out, so none comes twice and none is
missed that the server still has; connections that bring nothing are tried as often as :class:`Retries` says, one that
brings anything, be it a sign of life, begins the count anew. Not here: connecting and sleeping (``client``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from quickstudy.client.call import Call
from quickstudy.client.event_stream import EventStream, Happening
from quickstudy.client.exchange import Exchange, Retries, Wait
from quickstudy.errors import ServerError

SILENCE = 60.0
"""Seconds without any sign of life after which a connection is taken for lost; a server sends one every 15."""

PAUSE = 0.2
"""Seconds before coming back, at least, where the server does not say."""


class Listening:
    """One caller's stream of events.

    Args:
        path: of the events.
        after: the id of the newest event that the caller knows; None for those from now on.
        retries: how often connections without any event are tried.
    """

    def __init__(self, path: str, after: str | int | None, retries: Retries) -> None:
        self.call: Call[Any] = Call("GET", path, read=lambda data: data)
        self._stream = EventStream("" if after is None else str(after))
        self._retries = retries
        self._exchange = Exchange(self.call, retries)

    def request(self) -> dict[str, Any]:
        """The headers and times of the next connection."""
        self._stream.reconnected()
        last = {"Last-Event-ID": self._stream.last_id} if self._stream.last_id else {}
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store", **last}
        return {"headers": headers, "timeout": httpx.Timeout(SILENCE, connect=5.0)}

    def opened(self, status: int, headers: Mapping[str, str]) -> bool:
        """Whether the answer is a stream of events."""
        return status == 200 and headers.get("content-type", "").startswith("text/event-stream")

    def heard(self, content: bytes) -> Iterator[Happening]:
        """The events in these bytes, which may be none but a sign of life."""
        self._exchange = Exchange(self.call, self._retries)
        return self._stream.feed(content)

    def refused(self, status: int, headers: Mapping[str, str], content: bytes) -> Wait:
        """After an answer that is no stream.

        Raises:
            QuickstudyError: the server refuses for good, or for too long.
        """
        outcome = self._exchange.answered(status, headers, content)
        if isinstance(outcome, Wait):
            return outcome
        raise ServerError(
            f"The server answered {status} instead of a stream of events.",
            next_step="Check the address, and what is in between.",
            code="bad-answer",
        )

    def lost(self, error: Exception | None = None) -> Wait:
        """After a connection that was lost, or that the server ended.

        Raises:
            UnreachableError: too many of them brought nothing.
        """
        wait = self._exchange.lost(error or EOFError("the stream of events ended"), sent=True)
        return Wait(max(wait.seconds, self._stream.retry or PAUSE))
