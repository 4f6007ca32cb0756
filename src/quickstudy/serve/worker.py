"""One thread for one job: it works off together what is waiting, so that many requests cost little more than one.

While a batch is worked off the next one gathers; nothing waits for company. Decisions that wait are decided with one
encoding and one transaction, lessons are taught with one fsync. Lessons go first: an answer that is known but not yet
taught counts as wrong in the gate.

Invariants: an answer is given after it was journaled; a request that fails fails alone, whatever it was batched with;
what waits is bounded. Not here: what is decided (``learner``), and who may ask (``access``).
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias, TypeVar, cast

from quickstudy.errors import EncoderError, JournalError, QuickstudyError
from quickstudy.learner import Learner
from quickstudy.serve.problems import CALLERS, Problem
from quickstudy.types import Decision, Lesson, Situation

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for a decision; see :meth:`quickstudy.Learner.decide`."""

    situation: Situation
    options: tuple[str, ...] | None = None
    at: float | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Teaching:
    """A request to teach; see :meth:`quickstudy.Learner.teach`."""

    situation: Situation | None
    answer: str
    decision_id: str | None = None
    lesson_id: str | None = None
    by: str | None = None
    at: float | None = None


Work: TypeAlias = "Ask | Teaching | Callable[[Learner], Any]"
Outcome: TypeAlias = "tuple[Any, Exception | None]"


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    work: Work
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop = field(repr=False)


class Worker:
    """A thread that works for one learner; its verbs are awaited from any event loop.

    Args:
        learner: the learner.
        name: of the thread.
        capacity: how many requests may wait.
        batch: how many are worked off together.
        changed: called in the thread after something may have been journaled.
    """

    def __init__(
        self,
        learner: Learner,
        name: str,
        *,
        capacity: int = 1_000,
        batch: int = 64,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._learner, self._capacity, self._batch, self._changed = learner, capacity, batch, changed
        self._condition = threading.Condition()
        self._lessons: deque[_Waiting] = deque()
        self._asks: deque[_Waiting] = deque()
        self._others: deque[_Waiting] = deque()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"quickstudy-{name}", daemon=True)
        self._thread.start()

    # -- verbs

    async def decide(
        self,
        situation: Situation,
        options: Sequence[str] | None = None,
        *,
        at: float | None = None,
        request_id: str | None = None,
    ) -> Decision:
        """:meth:`Learner.decide`, batched with what else waits."""
        ask = Ask(situation, None if options is None else tuple(options), at, request_id)
        return cast(Decision, await self._put(self._asks, [ask])[0])

    async def decide_many(self, asks: Sequence[Ask]) -> list[Decision | QuickstudyError]:
        """Decides on each; one that fails gives its error in its place."""
        return await _all(self._put(self._asks, asks))

    async def predict(self, situation: Situation, options: Sequence[str] | None = None) -> Decision:
        """:meth:`Learner.predict`; writes nothing."""
        return await self.read(lambda learner: learner.predict(situation, options))

    async def teach(
        self,
        situation: Situation | None,
        answer: str,
        *,
        decision_id: str | None = None,
        lesson_id: str | None = None,
        by: str | None = None,
        at: float | None = None,
    ) -> Lesson:
        """:meth:`Learner.teach`, batched with what else waits; on disk when it returns."""
        teaching = Teaching(situation, answer, decision_id, lesson_id, by, at)
        return cast(Lesson, await self._put(self._lessons, [teaching])[0])

    async def teach_many(self, teachings: Sequence[Teaching]) -> list[Lesson | QuickstudyError]:
        """Teaches each; one that fails gives its error in its place."""
        return await _all(self._put(self._lessons, teachings))

    async def read(self, function: Callable[[Learner], Result]) -> Result:
        """Calls a function with the learner, in the worker's thread."""
        return cast(Result, await self._put(self._others, [function])[0])

    change = read
    """The same, for a function that changes something; another word for the reader."""

    async def signed(self, by: str, function: Callable[[Learner], Result]) -> Result:
        """:meth:`change`; what is journaled carries who did it."""

        def done(learner: Learner) -> Result:
            with learner.signed(by):
                return function(learner)

        return await self.read(done)

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._lessons) + len(self._asks) + len(self._others)

    def close(self) -> None:
        """Finishes what waits, and ends the thread."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._thread.join()

    # -- the queue

    def _put(self, queue: deque[_Waiting], works: Sequence[Work]) -> list[asyncio.Future[Any]]:
        loop = asyncio.get_running_loop()
        waiting = [_Waiting(work, loop.create_future(), loop) for work in works]
        with self._condition:
            if self._closing:
                raise Problem(503, "closing", "The server is stopping.", next_step="Try again in a moment.")
            if self.waiting + len(waiting) > max(self._capacity, len(waiting)):
                raise Problem(
                    503,
                    "queue-full",
                    f"{self.waiting:,} requests wait for this job already.",
                    next_step="Try again in a moment, or send batches.",
                )
            queue.extend(waiting)
            self._condition.notify()
        return [one.future for one in waiting]

    def _run(self) -> None:
        while True:
            with self._condition:
                while not (self._lessons or self._asks or self._others):
                    if self._closing:
                        return
                    self._condition.wait()
                lessons, asks = _taken(self._lessons, self._batch), _taken(self._asks, self._batch)
                others = _taken(self._others, 1)
            verbs: tuple[tuple[list[_Waiting], Callable[[list[Any]], list[Outcome]]], ...]
            verbs = ((lessons, self._teach), (asks, self._decide), (others, self._call))
            for batch, work in verbs:
                if batch:
                    _tell(batch, work([one.work for one in batch]))
                    self._changed()

    # -- the work, in the thread

    def _decide(self, asks: list[Ask]) -> list[Outcome]:
        """Decides on what waits: those that are restricted to the same options together."""
        groups: dict[tuple[str, ...] | None, list[int]] = {}
        for place, ask in enumerate(asks):
            groups.setdefault(ask.options, []).append(place)
        outcomes: dict[int, Outcome] = {}
        for options, places in groups.items():
            some = [asks[place] for place in places]
            outcomes |= zip(places, _apart(partial(self._decide_on, options), some), strict=True)
        return [outcomes[place] for place in range(len(asks))]

    def _decide_on(self, options: tuple[str, ...] | None, asks: Sequence[Ask]) -> list[Decision]:
        return self._learner.decide_many(
            [ask.situation for ask in asks],
            options,
            at=[ask.at for ask in asks],
            request_ids=[ask.request_id for ask in asks],
        )

    def _teach(self, teachings: list[Teaching]) -> list[Outcome]:
        return _apart(self._teach_all, teachings)

    def _teach_all(self, teachings: Sequence[Teaching]) -> list[Lesson]:
        return self._learner.teach_many(
            [(one.situation, one.answer) for one in teachings],
            decision_ids=[one.decision_id for one in teachings],
            lesson_ids=[one.lesson_id for one in teachings],
            by=[one.by for one in teachings],
            at=[one.at for one in teachings],
        )

    def _call(self, functions: list[Callable[[Learner], Any]]) -> list[Outcome]:
        return [_tried(function, self._learner) for function in functions]


def _taken(queue: deque[_Waiting], most: int) -> list[_Waiting]:
    return [queue.popleft() for _ in range(min(most, len(queue)))]


def _apart(work: Callable[[Sequence[Any]], Sequence[Any]], items: Sequence[Any]) -> list[Outcome]:
    """The outcomes of work that is done for all items or for none; where it fails, for each half of them.

    One bad item among n costs 2·log2(n) attempts, and fails alone.
    """
    try:
        return [(result, None) for result in work(items)]
    except Exception as error:
        if len(items) == 1 or (isinstance(error, JournalError | EncoderError) and error.code not in CALLERS):
            return [(None, error)] * len(items)  # the disk or the encoder: nobody's input is to blame
    middle = len(items) // 2
    return _apart(work, items[:middle]) + _apart(work, items[middle:])


def _tried(work: Callable[..., Any], *given: Any, **named: Any) -> Outcome:
    try:
        return work(*given, **named), None
    except Exception as error:
        return None, error


def _tell(batch: list[_Waiting], outcomes: list[Outcome]) -> None:
    """Gives outcomes to those who wait, with one call for each event loop."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Outcome]]] = {}
    for one, outcome in zip(batch, outcomes, strict=True):
        loops.setdefault(one.loop, []).append((one.future, outcome))
    for loop, told in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, told)


def _resolve(told: list[tuple[asyncio.Future[Any], Outcome]]) -> None:
    for future, (result, error) in told:
        if future.done():  # the caller has gone; what was done is journaled
            continue
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)


async def _all(futures: list[asyncio.Future[Any]]) -> list[Any]:
    results = await asyncio.gather(*futures, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, QuickstudyError):
            raise result
    return results
