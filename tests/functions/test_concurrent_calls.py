"""Many calls at once: threads and asyncio, with a real journal."""

import asyncio
import inspect
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest

from quickstudy import Learner
from quickstudy.errors import OptionError

THREADS = 32


def stored(path):
    with Learner.open(path, read_only=True) as learner:
        return {(situation, lesson.answer) for lesson, situation in learner.lessons()}, learner.report()


def test_32_threads_lose_nothing_and_call_the_body_once_per_ask(learned, tmp_path):
    path, calls, together = tmp_path / "route.db", Counter(), threading.Barrier(THREADS)

    @learned(journal=path, encoder="static")
    def route(ticket: str) -> Literal["even", "odd"]:
        calls[ticket] += 1
        return "odd" if int(ticket.split()[1]) % 2 else "even"

    def work(worker):
        together.wait()
        return [(ticket, route(ticket)) for ticket in (f"ticket {worker + THREADS * i}" for i in range(4))]

    with ThreadPoolExecutor(THREADS) as pool:
        answers = [pair for part in pool.map(work, range(THREADS)) for pair in part]
    route.close()
    expected = {(f"ticket {i}", "odd" if i % 2 else "even") for i in range(4 * THREADS)}
    assert set(answers) == expected
    assert set(calls.values()) == {1}
    lessons, report = stored(path)
    assert lessons == expected
    assert (report.decisions, report.lessons, report.waiting) == (4 * THREADS, 4 * THREADS, 0)


def test_no_lock_is_held_while_the_body_runs(learned):
    inside = threading.Barrier(8)

    @learned
    def route(ticket: str) -> bool:
        inside.wait(timeout=60)  # broken, unless all bodies run at once
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(route, [f"ticket {i}" for i in range(8)]))
    assert route.report().lessons == 8


def test_bodies_that_raise_beside_others_teach_nothing_and_can_be_called_again(learned):
    broken = {f"ticket {i}" for i in range(0, 40, 3)}

    @learned
    def route(ticket: str) -> bool:
        if ticket in broken:
            raise OSError(ticket)
        return True

    def call(ticket):
        try:
            return route(ticket)
        except OSError as error:
            return str(error)

    tickets = [f"ticket {i}" for i in range(40)]
    with ThreadPoolExecutor(THREADS) as pool:
        for ticket, answer in zip(tickets, pool.map(call, tickets), strict=True):
            assert answer == (ticket if ticket in broken else True)
        assert {decision.situation for decision in route.learner.waiting()} == broken
        broken.clear()
        assert set(pool.map(call, tickets)) == {True}
    assert route.report().waiting == 0


def test_first_calls_at_once_open_one_learner(learned, tmp_path):
    @learned(journal=tmp_path / "route.db")
    def route(ticket: str) -> bool:
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        assert len({id(learner) for learner in pool.map(lambda _: route.learner, range(THREADS))}) == 1


def test_coroutine_functions_are_awaited_and_taught(learned):
    @learned
    async def route(ticket: str) -> Literal["even", "odd"]:
        await asyncio.sleep(0)
        return "odd" if int(ticket) % 2 else "even"

    async def main():
        return await asyncio.gather(*(route(str(i)) for i in range(50)))

    assert asyncio.run(main()) == ["odd" if i % 2 else "even" for i in range(50)]
    assert asyncio.run(main()) == ["odd" if i % 2 else "even" for i in range(50)]
    assert route.report().lessons == 100
    assert asyncio.iscoroutinefunction(route) or sys.version_info >= (3, 14)
    if sys.version_info >= (3, 12):
        assert inspect.iscoroutinefunction(route)


def test_bodies_of_coroutine_functions_run_side_by_side(learned):
    async def main():
        inside, everybody = 0, asyncio.Event()

        @learned
        async def route(ticket: str) -> bool:
            nonlocal inside
            inside += 1
            if inside == 8:
                everybody.set()
            await asyncio.wait_for(everybody.wait(), 60)
            return True

        assert all(await asyncio.gather(*(route(f"ticket {i}") for i in range(8))))

    asyncio.run(main())


def test_the_event_loop_goes_on_while_the_learner_works(learned):
    @learned
    async def route(ticket: str) -> bool:
        return True

    original, working, seen = route._decide, threading.Event(), []

    def slow(situation):
        working.set()
        time.sleep(0.3)
        return original(situation)

    route._decide = slow

    async def main():
        call = asyncio.ensure_future(route("late"))
        while not call.done():
            seen.append(working.is_set())
            await asyncio.sleep(0.005)
        return await call

    assert asyncio.run(main()) is True
    assert seen.count(True) >= 3


def test_a_coroutine_that_raises_teaches_nothing(learned):
    wrong = OSError("no")

    @learned
    async def route(ticket: str) -> Literal["billing"]:
        if ticket == "late":
            raise wrong
        return "nobody"

    with pytest.raises(OSError, match="no") as caught:
        asyncio.run(route("late"))
    assert caught.value is wrong
    with pytest.raises(OptionError):
        asyncio.run(route("other"))
    assert (route.report().lessons, route.report().waiting) == (0, 2)


def test_a_cancelled_call_leaves_its_decision_for_the_next_one(learned):
    @learned
    async def route(ticket: str) -> bool:
        if blocked:
            await asyncio.Event().wait()
        return True

    blocked = True

    async def main():
        nonlocal blocked
        for delay in (0.0, 0.2):
            call = asyncio.ensure_future(route(f"late {delay}"))
            await asyncio.sleep(delay)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        blocked = False
        for delay in (0.0, 0.2):
            assert await route(f"late {delay}") is True

    asyncio.run(main())
    report = route.report()
    assert (report.lessons, report.waiting) == (2, 0)
    assert report.decisions == 2


def test_a_call_that_is_cancelled_after_its_body_answered_keeps_the_lesson(learned):
    inside, answered, go_on = threading.Event(), asyncio.Event(), threading.Event()

    @learned
    async def route(ticket: str) -> bool:
        while not inside.is_set():  # until the learner is busy with the next call
            await asyncio.sleep(0.005)
        answered.set()
        return True

    original = route._decide

    def slow(situation):
        if situation == "next":
            inside.set()
            assert go_on.wait(60)
        return original(situation)

    route._decide = slow

    async def main():
        call = asyncio.ensure_future(route("late"))
        await asyncio.sleep(0.1)
        other = asyncio.ensure_future(route("next"))
        await answered.wait()
        await asyncio.sleep(0.1)  # the lesson waits behind the other's decision
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        go_on.set()
        assert await other is True

    asyncio.run(main())
    route._worker.close()
    assert {situation for _, situation in route.learner.lessons()} == {"late", "next"}
    assert route.report().waiting == 0
