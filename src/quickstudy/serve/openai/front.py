"""The learner of one job in front of its upstream.

Invariants: no request is lost because its caller went away: what was begun is finished, and what the upstream answered
is taught. An upstream that fails teaches nothing; its decision waits, and the next request with an equal situation
takes it up, so nobody gets rid of an audit by calling again. A request that is repeated under its idempotency key gets
the same decision, and its answer is taught once. The caller gets the upstream's own answer whenever there is one. A
learner that cannot decide just now is passed by.

Not here: reading requests (``chat``) and replies (``replies``), counting what was saved (:mod:`quickstudy.calls`).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import httpx
from starlette.responses import Response, StreamingResponse

from quickstudy.adapters.said import as_seen
from quickstudy.calls import PREFIX, note_call
from quickstudy.errors import InputError, QuickstudyError
from quickstudy.learner import Learner
from quickstudy.perception import content_hash
from quickstudy.serve.desk import OpenJob
from quickstudy.serve.openai.chat import Chat
from quickstudy.serve.openai.completions import about, chunks, completion, encoded, event, headers
from quickstudy.serve.openai.forms import Form, Names
from quickstudy.serve.openai.replies import Reply, StreamReader
from quickstudy.serve.openai.upstream import MAX_ANSWER, Upstream, failure, passed_on
from quickstudy.serve.problems import Problem, body_of
from quickstudy.types import Decision, Situation

T = TypeVar("T")

REMEMBERED = 10_000
"""So many decisions wait for an equal situation."""
KINDS = 1_000
"""So many kinds of requests are told apart by the form of their answers."""
_FORMS = "upstream-forms"

log = logging.getLogger("quickstudy.serve.openai")


@dataclass(frozen=True, slots=True)
class Taken:
    """How a request is taken.

    Attributes:
        decision: None if the learner is passed by.
        form: how the answer is written; None if that is not known.
        situation: None if it cannot be perceived.
        lesson_id: of the lesson that the upstream's answer will be.
        names: the options, where the form lists values.
    """

    decision: Decision | None
    form: Form | None
    situation: Situation | None
    lesson_id: str
    names: Names = field(default_factory=lambda: Names(()))


class Front:
    """One job's endpoint.

    Args:
        job: the open job.
        upstream: the model behind it.
    """

    def __init__(self, job: OpenJob, upstream: Upstream) -> None:
        self.job = job
        self.upstream = upstream
        self._waiting: OrderedDict[str, Decision] = OrderedDict()
        self._forms: OrderedDict[str, Form] = OrderedDict()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._ready = asyncio.Lock()
        self._read = False

    async def answer(self, chat: Chat, caller: str, key: str | None) -> Response:
        """Answers a request; goes on when the caller goes away.

        Args:
            chat: the request.
            caller: who calls; keys of different callers never meet.
            key: the request's idempotency key.

        Raises:
            Problem: the key was used for another situation, or the upstream cannot be reached.
        """
        request_id = PREFIX + (uuid.uuid4().hex if key is None else _hash(f"{caller}\0{key}"))
        return await asyncio.shield(self._keep_alive(self._answer(chat, request_id, given=key is not None)))

    async def close(self) -> None:
        """Waits for what was begun."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- deciding

    async def _answer(self, chat: Chat, request_id: str, *, given: bool) -> Response:
        taken = await self._take(chat, request_id, given=given)
        decision, form = taken.decision, taken.form
        if decision is not None and decision.mode == "act" and decision.answer is not None and form is not None:
            written = form.write(decision.answer, taken.names)
            if chat.stream:
                content = b"".join(chunks(chat, decision, form, written))
                return Response(content, headers=headers(decision), media_type="text/event-stream")
            content = encoded(completion(chat, decision, form, written))
            return Response(content, headers=headers(decision), media_type="application/json")
        try:
            return await self._forward(chat, taken, request_id if given else None)
        except Problem as problem:
            problem.headers |= headers(decision)
            self._keep(decision)
            await self._count(None, failed=True)
            raise

    async def _take(self, chat: Chat, request_id: str, *, given: bool) -> Taken:
        """Decides, if the learner may answer this request at all."""
        undecided = Taken(None, chat.form, None, f"{request_id}-lesson")
        if chat.situation is None:
            return undecided
        try:
            await self._remember()
            form = chat.form or (self._forms.get(chat.kind) if chat.open_form else None)
            look = partial(self._look, chat.situation, form, undecided.lesson_id if given else None)
            situation, names, waiting = await self.job.worker.read(look)
            undecided = replace(undecided, situation=situation)
            among = None if form is None else form.options(names)
            if form is None or not chat.single or waiting is False or among == []:
                return undecided
            if isinstance(waiting, Decision):
                return Taken(waiting, form, situation, f"{waiting.request_id}-lesson", names)
            among = None if among is None or names.exact <= set(among) else among
            decision = await self.job.worker.decide(situation, among, request_id=request_id)
            return Taken(decision, form, situation, undecided.lesson_id, names)
        except QuickstudyError as error:
            if isinstance(error, InputError) and error.code == "used-request-id":
                raise
            log.warning("a request goes to the upstream undecided: %s", error.code)
            return undecided

    def _look(
        self, text: str, form: Form | None, repeated: str | None, learner: Learner
    ) -> tuple[Situation, Names, Decision | bool]:
        """What has to be known before deciding; in the worker's thread.

        Args:
            text: the situation as it was sent.
            form: the form of the answer.
            repeated: the lesson's id, if the request may be a repetition.
            learner: the learner.

        Returns:
            The situation; the options, where the form lists values; and a decision that waits for this situation, or
            whether to make one. A request that was forwarded undecided is not decided when it is repeated.
        """
        situation = learner.encoder.checked(as_seen(learner, text))
        names = Names(() if form is None or form.values is None else learner.options)
        journal = learner._record.journal
        if repeated is not None:
            done = journal.get(repeated)
            return situation, names, done is None or done.decision_id is not None
        waiting = self._waiting.pop(content_hash(situation), None)
        if waiting is not None:
            event = journal.get(waiting.id)
            if event is not None and not event.forgotten and not journal.lessons_of(waiting.id):
                return situation, names, waiting
        return situation, names, True

    async def _names(self, form: Form | None) -> Names:
        """The options; in an open job also those that the request lists."""
        names = list(await self.job.worker.read(lambda learner: learner.options))
        if form is not None and self.job.learner.job.open:
            names += [value for value in form.values or () if isinstance(value, str)]
        return Names(names)

    # -- forwarding

    async def _forward(self, chat: Chat, taken: Taken, key: str | None) -> Response:
        answer = await self.upstream.send(dict(chat.body), key)
        sent = {**passed_on(answer), **headers(taken.decision)}
        if answer.status_code < 400 and sent.get("content-type", "").startswith("text/event-stream"):
            parts: asyncio.Queue[bytes | None] = asyncio.Queue()
            self._keep_alive(self._pass_on(answer, parts, chat, taken))
            return StreamingResponse(_from(parts), answer.status_code, sent)
        content = await self.upstream.content(answer)
        if answer.status_code >= 400:
            self._keep(taken.decision)
            await self._count(None, failed=True)
            return Response(self.upstream.without_key(content), answer.status_code, sent)
        reply, data = Reply(), _json(content)
        reply.take(data, part="message")
        await self._learn(chat, taken, reply)
        return Response(_with_extension(content, data, taken.decision), answer.status_code, sent)

    async def _pass_on(
        self, answer: httpx.Response, parts: asyncio.Queue[bytes | None], chat: Chat, taken: Taken
    ) -> None:
        """Reads a stream to its end, whether or not anybody still listens, and learns from it."""
        reader, size = StreamReader(), 0
        try:
            async for part in answer.aiter_bytes():
                size += len(part)
                if size > MAX_ANSWER:
                    raise httpx.ReadError("the answer is too long")
                reader.feed(part)
                parts.put_nowait(part)
            reader.feed(b"\n")
            await self._learn(chat, taken, reader.reply)
        except httpx.HTTPError as error:
            self._keep(taken.decision)
            parts.put_nowait(event(body_of(failure(error), "")))
            await self._count(None, failed=True)
        finally:
            parts.put_nowait(None)
            await answer.aclose()

    # -- learning

    async def _learn(self, chat: Chat, taken: Taken, reply: Reply) -> None:
        """Teaches what the upstream said, if it names an option; never hurts the answer."""
        decision = taken.decision
        try:
            named = reply.option(chat.form, await self._names(chat.form))
            if named is None or taken.situation is None:
                self._keep(decision)
            else:
                option, form = named
                with _unless_taught():
                    await self.job.worker.teach(
                        taken.situation if decision is None else None,
                        option,
                        decision_id=None if decision is None else decision.id,
                        lesson_id=taken.lesson_id,
                        by=self.upstream.settings.model,
                    )
                if chat.open_form and self._forms.get(chat.kind) != form:
                    await self._remember_form(chat.kind, form)
        except (QuickstudyError, OSError) as error:
            self._keep(decision)
            log.warning("what the upstream answered was not learned: %s", getattr(error, "code", "system"))
        await self._count(reply.usage)

    async def _count(self, tokens: tuple[int, int] | None, *, failed: bool = False) -> None:
        with contextlib.suppress(QuickstudyError, OSError):  # a count is no reason to lose an answer
            journal = self.job.journal
            await self.job.worker.change(lambda _: note_call(journal, tokens, failed=failed))

    # -- what is remembered

    async def _remember(self) -> None:
        """What the journal knows of earlier requests: those that wait, and the forms of answers."""
        if self._read:
            return
        async with self._ready:
            if not self._read:
                waiting = await self.job.worker.read(lambda learner: learner.waiting(REMEMBERED))
                for decision in waiting:
                    if decision.request_id is not None and decision.request_id.startswith(PREFIX):
                        self._keep(decision)
                text = await self.job.worker.read(lambda _: self.job.journal.get_meta(_FORMS))
                for kind, form in json.loads(text or "{}").items():
                    self._forms[kind] = Form(**form)
                self._read = True

    async def _remember_form(self, kind: str, form: Form) -> None:
        self._forms[kind] = form
        self._forms.move_to_end(kind)
        while len(self._forms) > KINDS:
            self._forms.popitem(last=False)
        text = json.dumps({kind: form.to_dict() for kind, form in self._forms.items()})
        await self.job.worker.change(lambda _: self.job.journal.set_meta(_FORMS, text))

    def _keep(self, decision: Decision | None) -> None:
        """Lets a decision wait for the next equal situation."""
        if decision is not None and decision.mode != "act":
            self._waiting[content_hash(decision.situation)] = decision
            while len(self._waiting) > REMEMBERED:
                self._waiting.popitem(last=False)

    def _keep_alive(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, QuickstudyError):
            log.error("a request was not finished: %s", type(error).__name__, exc_info=error)


@contextlib.contextmanager
def _unless_taught() -> Any:
    """A request that was repeated: its first answer was taught, and stands."""
    try:
        yield
    except InputError as error:
        if error.code not in ("used-lesson-id", "forgotten-lesson"):
            raise


async def _from(parts: asyncio.Queue[bytes | None]) -> AsyncIterator[bytes]:
    while (part := await parts.get()) is not None:
        yield part


def _with_extension(content: bytes, data: object, decision: Decision | None) -> bytes:
    """An answer with one more field, and otherwise byte by byte as it came."""
    if not isinstance(data, dict) or not data:
        return content
    field = json.dumps({"quickstudy": about(decision)}).encode()
    return content.rstrip()[:-1] + b"," + field[1:]


def _json(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
