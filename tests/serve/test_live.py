import asyncio

import pytest

from quickstudy import Job, Learner
from quickstudy.serve.live import Live, page


@pytest.fixture
def learner():
    with Learner(Job("route", ["billing", "fraud"], encoder="static")) as made:
        yield made


async def first(stream, count):
    """The first events of a stream, signs of life left out."""
    found = []
    async for events in stream:
        found += events
        if len(found) >= count:
            break
    await stream.aclose()
    return found


def test_a_listener_hears_what_happens_after_it_came(learner):
    learner.teach("charged twice", "billing")
    live = Live(learner._record.journal)

    async def run():
        listening = asyncio.create_task(first(live.events(), 1))
        while not live.listeners:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        learner.decide("stolen card")
        live.ring()
        return await asyncio.wait_for(listening, 10)

    events = asyncio.run(run())
    assert [one["kind"] for one in events if one["kind"] != "configure"] == ["decision"]
    assert live.listeners == 0


def test_who_was_away_goes_on_behind_the_last_event_and_misses_nothing(learner):
    decided = learner.decide_many([f"ticket {number}" for number in range(450)])
    live = Live(learner._record.journal)
    start = learner._record.journal.get(decided[0].id).seq
    events = asyncio.run(first(live.events(after=start), 449))
    assert [one["id"] for one in events] == [one.id for one in decided[1:]]


def test_silence_gives_signs_of_life_and_closing_ends_it(learner):
    live = Live(learner._record.journal)

    async def run():
        heard = []
        async for events in live.events(heartbeat=0.01):
            heard.append(events)
            if len(heard) == 3:
                live.close()
        return heard

    assert asyncio.run(run()) == [[], [], []]
    assert live.listeners == 0


def test_a_page_is_bounded_and_its_cursor_goes_on(learner):
    learner.decide_many([f"ticket {number}" for number in range(5)])
    journal = learner._record.journal
    found, after = page(journal, 0, 3)
    assert [one["seq"] for one in found] == [1, 2, 3]
    rest, end = page(journal, after, 100)
    assert [one["seq"] for one in rest] == list(range(4, journal.last_seq + 1))
    assert page(journal, end) == ([], end)
    assert page(journal, end + 10) == ([], end + 10)


def test_an_event_shows_no_work(learner):
    decision = learner.decide("a secret")
    learner.teach(decision, "fraud", by="ann")
    learner.forget(decision)
    events, _ = page(learner._record.journal, 0)
    assert "secret" not in str(events)
    assert [one for one in events if one.get("forgotten")]


@pytest.mark.parametrize("happens", [True, False])
def test_a_listener_who_may_no_longer_hear_hears_nothing_more(learner, happens):
    live = Live(learner._record.journal)
    allowed = [True, False]

    async def run():
        heard = []
        async for events in live.events(0, heartbeat=0.01, still=lambda: allowed.pop(0)):
            heard.append(events)
            if happens:
                learner.decide("stolen card")
                live.ring()
        return heard

    learner.decide("charged twice")
    assert len(asyncio.run(asyncio.wait_for(run(), 10))) == 1
    assert live.listeners == 0
