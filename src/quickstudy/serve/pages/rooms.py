"""What the page keeps of each open job: what waits, and reports that take long to compute.

Invariants: everything here can be thrown away and is computed again from the job; a report is computed at most once at
a time, and an older one is shown meanwhile. Not here: what is shown of it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from fastapi import FastAPI

from quickstudy.autonomy.account import Standing
from quickstudy.autonomy.settings import Autonomy
from quickstudy.learner import Learner
from quickstudy.serve.desk import OpenJob
from quickstudy.serve.pages.questions import Question, blind_question, open_question
from quickstudy.serve.pages.waiting import Kind, Order, Waiting
from quickstudy.types import Decision
from quickstudy.views import past_decision

Value = TypeVar("Value")

PATIENCE = 0.8
"""Seconds that a page waits for a report; then it shows the last one, or that it is being computed."""


@dataclass(frozen=True, slots=True)
class Glance:
    """A job at a glance.

    Attributes:
        state: "paused", "asks" (autonomy is off), "shadow" or "alone".
        asked: questions that wait.
        second: tasks that wait for a second answer from this person.
        audits: audits that wait.
        lessons: how many it was taught.
        decisions: how many it made.
        newest: time of the newest event; None before the first.
        standing: what it has shown.
        settings: what it may do.
        options: how many options it knows.
        is_open: whether new options may be named.
    """

    state: str
    asked: int
    second: int
    audits: int
    lessons: int
    decisions: int
    newest: float | None
    standing: Standing
    settings: Autonomy
    options: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Kept(Generic[Value]):
    """Something computed: when, at which event, and whether a newer one is on its way."""

    value: Value
    at: float
    seq: int
    renewing: bool


class Room:
    """The page's side of one open job.

    Args:
        job: the job.
    """

    def __init__(self, job: OpenJob) -> None:
        self.job = job
        self.waiting = Waiting(job.journal, job.learner.id)
        self._kept: dict[str, tuple[Any, float, int]] = {}
        self._running: dict[str, asyncio.Future[Any]] = {}

    async def glance(self, by: str) -> Glance:
        """The job at a glance, as one person sees it."""
        counts = await asyncio.to_thread(self.waiting.counts, by)
        return await self.job.worker.read(lambda learner: self._glance(learner, counts))

    async def ids(self, kind: Kind, by: str, order: Order) -> list[str]:
        """The decisions that wait, the first one first; see :meth:`Waiting.ids`."""
        return await asyncio.to_thread(self.waiting.ids, kind, by, order)

    async def questions(self, kind: Kind, ids: Sequence[str], by: str) -> list[Question]:
        """The questions about some decisions; those that are gone are left out."""
        return await self.job.worker.read(lambda learner: self._questions(learner, kind, ids, by))

    async def kept(self, name: str, compute: Callable[[], Value]) -> Kept[Value] | None:
        """What ``compute`` gives, not older than the journal where it is quick; else the last one, or None.

        Args:
            name: what it is.
            compute: called in a thread.
        """
        seq = await asyncio.to_thread(lambda: self.job.journal.last_seq)
        known = self._kept.get(name)
        if known is not None and known[2] == seq:
            return Kept(known[0], known[1], known[2], renewing=False)
        running = self._running.get(name)
        if running is None or running.done():
            running = self._running[name] = asyncio.ensure_future(self._compute(name, compute, seq))
            running.add_done_callback(_looked_at)
        done, _ = await asyncio.wait([running], timeout=PATIENCE)
        if done:
            running.result()  # raises what went wrong
        known = self._kept.get(name)
        return None if known is None else Kept(known[0], known[1], known[2], renewing=known[2] < seq)

    # -- inside

    async def _compute(self, name: str, compute: Callable[[], Any], seq: int) -> None:
        self._kept[name] = (await asyncio.to_thread(compute), time.time(), seq)

    def _glance(self, learner: Learner, counts: dict[Kind, int]) -> Glance:
        journal, settings = self.job.journal, learner.autonomy
        gate = learner._record.keeper.gate
        able = any(gate.is_open(segment) for segment in gate.current)
        state = "paused" if settings.paused else "asks" if not settings.active else "alone" if able else "shadow"
        kinds, last = journal.counts(), journal.last_seq
        newest = next((event.at for event in journal.events(after=last - 1, light=True)), None)
        return Glance(
            state=state,
            asked=counts["inbox"],
            second=counts["second"],
            audits=counts["audits"],
            lessons=kinds.get("lesson", 0),
            decisions=kinds.get("decision", 0),
            newest=newest,
            standing=learner.standing,
            settings=settings,
            options=len(learner.options),
            is_open=learner.job.open,
        )

    def _questions(self, learner: Learner, kind: Kind, ids: Sequence[str], by: str) -> list[Question]:
        found = []
        meanings, current, is_open = learner.job.options, learner.options, learner.job.open
        for event in self.job.journal.get_many(ids).values():
            if event.forgotten:
                continue
            past = past_decision(event)
            among = [name for name in event.data.get("among", ()) if name in current] or None
            said = self._said(event.id, by)
            if kind != "inbox":
                names = among or current
                blind = blind_question(past, names, meanings, is_open=is_open and among is None, said=said)
                found.append(replace(blind, listed=among is not None))
                continue
            now = past if event.task_id else self._now(learner, past, among)
            reason = past.reason if learner.autonomy.active or past.reason != "shadow" else "off"
            shown = open_question(event.id, now, meanings, reason=reason, is_open=is_open and among is None, said=said)
            found.append(replace(shown, listed=among is not None))
        return found

    def _now(self, learner: Learner, past: Decision, among: list[str] | None) -> Decision:
        """What the learner thinks of a decision's situation by now, at the decision's time."""
        return replace(learner.predict(past.situation, among), at=past.at, mode=past.mode, reason=past.reason)

    def _said(self, decision_id: str, by: str) -> str | None:
        """What one person said last about a decision; empty if they said that nothing fits; None if nothing."""
        hers = [e for e in self.job.journal.lessons_of(decision_id) if e.is_verdict and (e.by or "") == by]
        return None if not hers else hers[-1].answer or ""


def _looked_at(future: asyncio.Future[Any]) -> None:
    """Marks an error as seen: whoever asks next computes again, and gets it where it is quick."""
    if not future.cancelled():
        future.exception()


_making = threading.Lock()


def room_of(app: FastAPI, job: OpenJob) -> Room:
    """The room of an open job."""
    with _making:
        rooms: dict[str, Room] | None = getattr(app.state, "rooms", None)
        if rooms is None:
            rooms = app.state.rooms = {}
        room = rooms.get(job.name)
        if room is None or room.job is not job:
            room = rooms[job.name] = Room(job)
        return room
