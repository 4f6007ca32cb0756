import asyncio
import threading

import pytest

from quickstudy import Job, Learner
from quickstudy.errors import OptionError, QuickstudyError, SituationError
from quickstudy.serve.problems import Problem
from quickstudy.serve.worker import Ask, Teaching, Worker


@pytest.fixture
def learner():
    with Learner(Job("route", ["billing", "fraud"], encoder="static")) as made:
        made.predict("loads the model")
        yield made


class Counted:
    """A learner that notes how many requests each of its calls had."""

    def __init__(self, learner):
        self._learner, self.calls = learner, []

    def __getattr__(self, name):
        found = getattr(self._learner, name)
        if name not in ("decide_many", "teach_many"):
            return found

        def counted(items, *given, **named):
            self.calls.append((name, len(items)))
            return found(items, *given, **named)

        return counted


async def held(worker):
    """Keeps the worker busy until the event is set."""
    free = threading.Event()
    busy = asyncio.create_task(worker.read(lambda learner: free.wait(30)))
    await asyncio.sleep(0.05)
    return free, busy


def test_what_waits_is_worked_off_together_and_lessons_first(learner):
    counted = Counted(learner)
    worker = Worker(counted, "test")

    async def run():
        free, busy = await held(worker)
        asks = [asyncio.create_task(worker.decide(f"ticket {number}")) for number in range(5)]
        lessons = [asyncio.create_task(worker.teach(f"lesson {number}", "fraud")) for number in range(3)]
        await asyncio.sleep(0.05)
        free.set()
        decisions = await asyncio.gather(*asks)
        await asyncio.gather(busy, *lessons)
        return decisions

    decisions = asyncio.run(run())
    worker.close()
    assert counted.calls == [("teach_many", 3), ("decide_many", 5)]
    assert [one.situation for one in decisions] == [f"ticket {number}" for number in range(5)]


def test_a_bad_request_fails_alone(learner):
    worker = Worker(learner, "test")
    asks = [Ask(f"ticket {number}") for number in range(8)]
    asks[2] = Ask({"kind": "record"})
    asks[5] = Ask("ticket", options=("nope",))
    asks[6] = Ask("   ")

    async def run():
        free, busy = await held(worker)
        waiting = asyncio.create_task(worker.decide_many(asks))
        await asyncio.sleep(0.05)
        free.set()
        await busy
        return await waiting

    outcomes = asyncio.run(run())
    worker.close()
    assert [type(one) for one in outcomes if isinstance(one, QuickstudyError)] == [
        *(SituationError, OptionError, SituationError),
    ]
    assert [place for place, one in enumerate(outcomes) if isinstance(one, QuickstudyError)] == [2, 5, 6]
    assert learner.report().decisions == 5


def test_bad_lessons_fail_alone_and_the_others_are_taught(learner):
    worker = Worker(learner, "test")
    lessons = [
        Teaching("a", "fraud", lesson_id="1"),
        Teaching("b", "nope"),
        Teaching(None, "fraud"),
        Teaching("c", "billing"),
    ]
    outcomes = asyncio.run(worker.teach_many(lessons))
    worker.close()
    assert [isinstance(one, QuickstudyError) for one in outcomes] == [False, True, True, False]
    assert learner.report().lessons == 2


def test_a_full_queue_refuses_more_and_recovers(learner):
    worker = Worker(learner, "test", capacity=3)

    async def run():
        free, busy = await held(worker)
        waiting = [asyncio.create_task(worker.decide(f"ticket {number}")) for number in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(Problem) as caught:
            await worker.decide("one too many")
        assert (caught.value.status, caught.value.code) == (503, "queue-full")
        free.set()
        await asyncio.gather(busy, *waiting)
        return await worker.decide("room again")

    assert asyncio.run(run()).id
    worker.close()


def test_closing_finishes_what_waits_and_takes_no_more(learner):
    worker = Worker(learner, "test")

    async def run():
        free, busy = await held(worker)
        waiting = [asyncio.create_task(worker.teach(f"lesson {number}", "fraud")) for number in range(3)]
        await asyncio.sleep(0.05)
        closing = asyncio.create_task(asyncio.to_thread(worker.close))
        await asyncio.sleep(0.05)
        free.set()
        lessons = await asyncio.gather(*waiting)
        await asyncio.gather(busy, closing)
        with pytest.raises(Problem) as caught:
            await worker.decide("too late")
        assert caught.value.code == "closing"
        return lessons

    assert len(asyncio.run(run())) == 3
    assert learner.report().lessons == 3


def test_a_caller_who_has_gone_stops_nobody(learner):
    worker = Worker(learner, "test")

    async def run():
        free, busy = await held(worker)
        gone = asyncio.create_task(worker.decide("ticket"))
        await asyncio.sleep(0.05)
        gone.cancel()
        free.set()
        await busy
        return await worker.decide("another")

    assert asyncio.run(run()).id
    worker.close()


def test_a_defect_reaches_the_one_who_met_it(learner):
    worker = Worker(learner, "test")

    async def run():
        with pytest.raises(ZeroDivisionError):
            await worker.read(lambda learner: 1 / 0)
        return await worker.read(lambda learner: learner.options)

    assert asyncio.run(run()) == ("billing", "fraud")
    worker.close()
