"""The client of a server, for programs without asyncio.

Invariant: everything about requests and answers is shared with ``AsyncClient``; here is only sending and sleeping. Safe
to share between threads. Not here: the verbs (``calls``), the tries (``exchange``).
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Concatenate, ParamSpec, TypeVar

import httpx

from quickstudy.client import calls, connection
from quickstudy.client.call import Call, Page, following, job_path
from quickstudy.client.event_stream import Happening
from quickstudy.client.exchange import Done, Exchange, Retries
from quickstudy.client.listening import Listening

P = ParamSpec("P")
T = TypeVar("T")


def _verb(call: Callable[P, Call[T]]) -> Callable[Concatenate[Client, P], T]:
    """A method that sends what ``call`` makes of its arguments."""

    @functools.wraps(call)
    def verb(self: Client, /, *given: P.args, **named: P.kwargs) -> T:
        return self.send(call(*given, **named))

    return verb


def _pages(call: Callable[P, Call[Page[T]]]) -> Callable[Concatenate[Client, P], Iterator[T]]:
    """A method that iterates over all pages, from the one that ``call`` asks for."""

    @functools.wraps(call)
    def verb(self: Client, /, *given: P.args, **named: P.kwargs) -> Iterator[T]:
        return self._all(call(*given, **named))

    return verb


class Client:
    """A server's jobs, with the learner's verbs.

    Args:
        url: the server's address, such as ``http://127.0.0.1:8421``.
        token: as ``quickstudy token`` showed it; None for a server on this machine that needs none.
        timeout: how long to wait for an answer, seconds.
        retries: how often and how long a call is tried again; nothing is taught or decided twice by it.
        transport: another transport of httpx.

    Raises:
        InputError: an address, token or time that makes no sense.
        MissingExtraError: httpx is not installed.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        timeout: float = 30.0,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(**connection.settings(url, token, timeout), transport=transport)
        self._retries = retries or Retries()
        self.url = url

    decide = _verb(calls.decide)
    predict = _verb(calls.predict)
    teach = _verb(calls.teach)
    report = _verb(calls.report)

    def send(self, call: Call[T]) -> T:
        """Sends a call, as often as its retries allow, and gives its result.

        Raises:
            QuickstudyError: the server refuses it, or cannot be reached.
        """
        exchange = Exchange(call, self._retries)
        while True:
            try:
                answer = self._http.send(connection.request(self._http, call))
                outcome = exchange.answered(answer.status_code, answer.headers, answer.content)
            except httpx.RequestError as error:
                outcome = exchange.lost(error, sent=not isinstance(error, connection.NEVER_SENT))
            if isinstance(outcome, Done):
                return outcome.value
            time.sleep(outcome.seconds)

    def events(self, job: str, *, after: str | int | None = None) -> Iterator[Happening]:
        """What happens in a job, as it happens; comes back after lost connections and goes on where it was.

        Args:
            job: the job's name.
            after: the id of the newest event that is known already; None for what happens from now on.

        Raises:
            UnreachableError: the server cannot be reached for as long as the retries say.
        """
        listening = Listening(job_path(job, "events"), after, self._retries)
        while True:
            try:
                with self._http.stream("GET", listening.call.path, **listening.request()) as answer:
                    if listening.opened(answer.status_code, answer.headers):
                        for content in answer.iter_bytes():
                            yield from listening.heard(content)
                        wait = listening.lost()
                    else:
                        wait = listening.refused(answer.status_code, answer.headers, answer.read())
            except httpx.RequestError as error:
                wait = listening.lost(error)
            time.sleep(wait.seconds)

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def _all(self, call: Call[Page[T]]) -> Iterator[T]:
        next_call: Call[Page[T]] | None = call
        while next_call is not None:
            page = self.send(next_call)
            yield from page.items
            next_call = following(next_call, page)
