"""Live numbers for the page: what waits, and who answered what, as server-sent events. No content, so nothing leaks.

Invariant: at most one message a second for each page that is looked at. Not here: programs' events (the API's).
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from quickstudy.serve.access import Access
from quickstudy.serve.api.rooms import AtWork, Opened
from quickstudy.serve.desk import OpenJob
from quickstudy.serve.live import Small
from quickstudy.serve.pages.rooms import Room, room_of
from quickstudy.serve.pages.shell import who

PAUSE = 1.0

router = APIRouter()


@router.get("/jobs/{job}/live")
async def live(request: Request, caller: AtWork, job: Opened) -> Response:
    """What waits now, and again whenever that may have changed."""
    messages = _messages(job, room_of(request.app, job), who(request, caller), request)
    return StreamingResponse(messages, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _messages(job: OpenJob, room: Room, by: str, request: Request) -> AsyncIterator[str]:
    access: Access = request.app.state.access
    still = functools.partial(access.still, request)
    seen = await asyncio.to_thread(lambda: job.journal.last_seq)  # before the first message, so that nothing is missed
    yield await _message(room, by, [], changed=False)
    async for events in job.live.events(seen, heartbeat=access.settings.heartbeat, still=still):
        if events:
            yield await _message(room, by, events, changed=True)
            await asyncio.sleep(PAUSE)
        else:
            yield ": still here\n\n"


async def _message(room: Room, by: str, events: list[Small], *, changed: bool) -> str:
    seq, counts = await asyncio.to_thread(lambda: (room.job.journal.last_seq, room.waiting.counts(by)))
    answered = [
        {"id": event["decision_id"], "by": event.get("by", "")}
        for event in events
        if event["kind"] == "lesson" and "decision_id" in event and "value" not in event
    ]
    told = {"seq": seq, "counts": counts, "answered": answered, "changed": changed}
    return f"data: {json.dumps(told)}\n\n"
