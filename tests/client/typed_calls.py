"""What a type checker sees of the clients: every verb's arguments and result. Checked by mypy, never run."""

from collections.abc import AsyncIterator, Iterator
from typing import assert_type

from quickstudy import AsyncClient, Client, Decision, Job, Lesson, QuickstudyError, Report
from quickstudy.autonomy.settings import Autonomy
from quickstudy.client import Happening
from quickstudy.review import Review


def with_threads(client: Client) -> None:
    decision = client.decide("route", "text", ["a"], request_id="r")
    assert_type(decision, Decision)
    assert_type(client.teach("route", decision, "a", by="anna"), Lesson)
    assert_type(client.report("route"), Report)
    assert_type(client.decide_many("route", ["a"]), list[Decision | QuickstudyError])
    assert_type(client.decisions("route", waiting=True), Iterator[Decision])
    assert_type(client.events("route"), Iterator[Happening])
    assert_type(client.configure("route", target_error=0.1), Autonomy)
    assert_type(client.create_job(Job("route", ["a"])), str)
    client.decide("route")  # type: ignore[call-arg]
    client.teach("route", "text", 5)  # type: ignore[arg-type]
    with client.task("route") as task:
        assert_type(task.decide("text"), Decision)
        assert_type(task.end(True), Review | None)


async def with_asyncio(client: AsyncClient) -> None:
    assert_type(await client.decide("route", "text"), Decision)
    assert_type(await client.report("route"), Report)
    assert_type(client.decisions("route"), AsyncIterator[Decision])
    await client.decide("route", "text", request="r")  # type: ignore[call-arg]
    async with client.task("route") as task:
        assert_type(await task.decide("text"), Decision)
    async for happening in client.events("route"):
        assert_type(happening, Happening)
