"""The client of a server, for asyncio.

Invariant: everything about requests and answers is shared with ``Client``; here is only sending and sleeping. Not
here: the verbs (``calls``), the tries (``exchange``).
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar

import httpx

from quickstudy.client import calls, connection, desk_calls, task_calls
from quickstudy.client.call import Call, Page, following, job_path
from quickstudy.client.event_stream import Happening
from quickstudy.client.exchange import Done, Exchange, Retries
from quickstudy.client.listening import Listening
from quickstudy.client.task_calls import TaskState
from quickstudy.journal import new_id

P = ParamSpec("P")
T = TypeVar("T")


def _verb(call: Callable[P, Call[T]]) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]]:
    """A method that sends what ``call`` makes of its arguments."""

    @functools.wraps(call)
    async def verb(self: AsyncClient, /, *given: P.args, **named: P.kwargs) -> T:
        return await self.send(call(*given, **named))

    return verb


def _pages(call: Callable[P, Call[Page[T]]]) -> Callable[Concatenate[AsyncClient, P], AsyncIterator[T]]:
    """A method that iterates over all pages, from the one that ``call`` asks for."""

    @functools.wraps(call)
    def verb(self: AsyncClient, /, *given: P.args, **named: P.kwargs) -> AsyncIterator[T]:
        return self._all(call(*given, **named))

    return verb


def _step(
    call: Callable[Concatenate[TaskState, P], Call[T]],
) -> Callable[Concatenate[AsyncTask, P], Coroutine[Any, Any, T]]:
    """A method of a task that sends what ``call`` makes of it and the arguments."""

    @functools.wraps(call)
    async def verb(self: AsyncTask, /, *given: P.args, **named: P.kwargs) -> T:
        return await self._client.send(call(self, *given, **named))

    return verb


class AsyncClient:
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
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(**connection.settings(url, token, timeout), transport=transport)
        self._retries = retries or Retries()
        self.url = url

    decide = _verb(calls.decide)
    predict = _verb(calls.predict)
    teach = _verb(calls.teach)
    reward = _verb(calls.reward)
    reject = _verb(calls.reject)
    decide_many = _verb(calls.decide_many)
    predict_many = _verb(calls.predict_many)
    teach_many = _verb(calls.teach_many)

    report = _verb(desk_calls.report)
    decision = _verb(desk_calls.decision)
    decisions = _pages(desk_calls.decisions)
    past_events = _pages(desk_calls.past_events)
    tasks = _pages(desk_calls.tasks)
    what_if = _verb(desk_calls.what_if)
    autonomy = _verb(desk_calls.autonomy)
    configure = _verb(desk_calls.configure)
    pause = _verb(desk_calls.pause)
    resume = _verb(desk_calls.resume)
    options = _verb(desk_calls.options)
    add_option = _verb(desk_calls.add_option)
    rename_option = _verb(desk_calls.rename_option)
    merge_options = _verb(desk_calls.merge_options)
    retire_option = _verb(desk_calls.retire_option)
    forget = _verb(desk_calls.forget)
    backup = _verb(desk_calls.backup)
    jobs = _verb(desk_calls.jobs)
    job = _verb(desk_calls.job)
    create_job = _verb(desk_calls.create_job)

    async def send(self, call: Call[T]) -> T:
        """Sends a call, as often as its retries allow, and gives its result.

        Raises:
            QuickstudyError: the server refuses it, or cannot be reached.
        """
        exchange = Exchange(call, self._retries)
        while True:
            try:
                answer = await self._http.send(connection.request(self._http, call))
                outcome = exchange.answered(answer.status_code, answer.headers, answer.content)
            except httpx.RequestError as error:
                outcome = exchange.lost(error, sent=not isinstance(error, connection.NEVER_SENT))
            if isinstance(outcome, Done):
                return outcome.value
            await asyncio.sleep(outcome.seconds)

    async def events(self, job: str, *, after: str | int | None = None) -> AsyncIterator[Happening]:
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
                async with self._http.stream("GET", listening.call.path, **listening.request()) as answer:
                    if listening.opened(answer.status_code, answer.headers):
                        async for content in answer.aiter_bytes():
                            for event in listening.heard(content):
                                yield event
                        wait = listening.lost()
                    else:
                        wait = listening.refused(answer.status_code, answer.headers, await answer.aread())
            except httpx.RequestError as error:
                wait = listening.lost(error)
            await asyncio.sleep(wait.seconds)

    def task(self, job: str, id: str | None = None, *, stop: float | None = None) -> AsyncTask:
        """A task of many steps, to be used in an ``async with`` statement; see :meth:`quickstudy.Learner.task`.

        Args:
            job: the job's name.
            id: a globally unique id; made up if None. A task that has not ended goes on where it was.
            stop: give the task up when success has become too unlikely, and of all tasks at most this share wrongly.
        """
        return AsyncTask(self, job, id or new_id()[:16], stop)

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self.url!r})"

    async def _all(self, call: Call[Page[T]]) -> AsyncIterator[T]:
        next_call: Call[Page[T]] | None = call
        while next_call is not None:
            page = await self.send(next_call)
            for item in page.items:
                yield item
            next_call = following(next_call, page)


class AsyncTask(TaskState):
    """A task of many steps on a server; made by :meth:`AsyncClient.task`. An asynchronous context manager.

    Leaving the ``async with`` block ends the task, unless an error leaves it: then it can go on later under its id.
    """

    def __init__(self, client: AsyncClient, job: str, id: str, stop: float | None) -> None:
        super().__init__(job, id, stop)
        self._client = client

    decide = _step(task_calls.decide)
    teach = _step(task_calls.teach)
    reward = _step(task_calls.reward)
    end = _step(task_calls.end)
    review = _step(task_calls.review)

    async def __aenter__(self) -> AsyncTask:
        await self._client.send(task_calls.begin(self))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self.steps and not self.ended:
            await self.end()

    def __repr__(self) -> str:
        return f"AsyncTask({self.id!r}, steps={self.steps})"
