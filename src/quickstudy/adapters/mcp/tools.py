"""The tools: the learner's verbs for agents.

Invariants: a tool that only reads says so, and none destroys anything: lessons are added, and the newest one of a
teacher counts. An error of the library is a tool error with its code and its next step; a bug says nothing of its
inside. Not here: who may call (``rooms``), what comes back (``shapes``).
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, ParamSpec

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field, WithJsonSchema

from quickstudy.adapters.mcp import shapes
from quickstudy.adapters.mcp.rooms import Jobs, Room
from quickstudy.adapters.said import as_seen, plain
from quickstudy.errors import LessonError, QuickstudyError
from quickstudy.learner import Learner

P = ParamSpec("P")

SAID = {
    "description": "What is to be decided: a text, an object with plain values, or an array of numbers.",
    "anyOf": [
        {"type": "string"},
        {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}},
        {"type": "array", "items": {"type": "number"}},
    ],
}
"""A situation's schema. What does not fit it is refused by the learner, whose errors say what to do."""
INSTEAD = "Instead of decision_id: a case that nobody decided; a text, an object, or an array of numbers."

JobName = Annotated[str, Field(description="The job's name. May be left out where there is only one job.")]
Situation = Annotated[Any, WithJsonSchema(SAID)]
DecisionId = Annotated[str, Field(description="From decide or list_asked.")]
LessonId = Annotated[str, Field(description="Your own key. The same key counts once, so a retry is safe.")]
By = Annotated[str, Field(description="Who gave the answer, if it was somebody else than you.")]

READS = {"read_only_hint": True, "idempotent_hint": True, "open_world_hint": False}
ADDS = {"read_only_hint": False, "destructive_hint": False, "idempotent_hint": False, "open_world_hint": False}


def add_tools(server: MCPServer, jobs: Jobs) -> None:
    """Gives a server the tools.

    Args:
        server: the server.
        jobs: where the jobs are.
    """

    def tool(
        title: str, hints: dict[str, bool], name: str | None = None
    ) -> Callable[[Callable[P, Awaitable[Any]]], None]:
        def add(function: Callable[P, Awaitable[Any]]) -> None:
            server.add_tool(told(function), name=name, title=title, annotations=ToolAnnotations(title=title, **hints))

        return add

    @tool("Ask the learner", ADDS)
    async def decide(
        situation: Situation,
        context: Context,
        job: JobName = "",
        options: Annotated[list[str] | None, Field(description="Only these options are possible here.")] = None,
        request_id: Annotated[
            str, Field(description="Your own key. The same key gets the same decision, so a retry is safe.")
        ] = "",
        show_guess: Annotated[
            bool, Field(description="Show the guess also where the work is yours. Better not: see the prompt.")
        ] = False,
    ) -> shapes.Decided:
        """Asks the learner to decide one situation. Always call this first.

        mode "act": use the answer. mode "ask" or "audit": do the work yourself, then call teach with the decision_id.
        """
        room = await jobs.enter(context, job, "work")
        seen = await room.run(lambda learner: as_seen(learner, raw(context, "situation", situation)))
        decision = await room.decide(seen, options, request_id or None)
        return shapes.decided(room.name, decision, show_guess=show_guess)

    @tool("Teach the right answer", ADDS)
    async def teach(
        answer: Annotated[str, Field(description="The right option's name; in an open job also a new one.")],
        context: Context,
        job: JobName = "",
        decision_id: DecisionId = "",
        situation: Annotated[Any, WithJsonSchema({**SAID, "description": INSTEAD})] = None,
        lesson_id: LessonId = "",
        by: By = "",
    ) -> shapes.Taught:
        """Teaches the right answer to a decision, or to a situation that nobody decided. On disk when it returns.

        Teaching a decision again replaces what the same teacher said before.
        """
        room = await jobs.enter(context, job, "teach")
        target = None
        if not decision_id:
            if situation is None:
                raise LessonError("A lesson about nothing.", next_step="Give decision_id, or situation.")
            target = await room.run(lambda learner: as_seen(learner, raw(context, "situation", situation)))
        lesson = await room.teach(
            target, answer, decision_id=decision_id or None, lesson_id=lesson_id or None, by=by or room.by
        )
        return shapes.taught(room.name, lesson)

    @tool("Say that no option is right", ADDS)
    async def reject(
        decision_id: DecisionId, context: Context, job: JobName = "", lesson_id: LessonId = "", by: By = ""
    ) -> shapes.Taught:
        """Says that a decision was wrong and that no option is right. If you know the right one, use teach."""
        room = await jobs.enter(context, job, "teach")
        lesson = await room.run(
            lambda learner: learner.reject(decision_id, by=by or room.by, lesson_id=lesson_id or None)
        )
        return shapes.taught(room.name, lesson)

    @tool("Reward a decision", ADDS)
    async def reward(
        decision_id: DecisionId,
        value: Annotated[float, Field(description="How good it turned out; any finite number.")],
        context: Context,
        job: JobName = "",
        lesson_id: LessonId = "",
    ) -> shapes.Taught:
        """Says how good a decision turned out, where nobody knows the right answer."""
        room = await jobs.enter(context, job, "teach")
        lesson = await room.run(lambda learner: learner.reward(decision_id, value, lesson_id=lesson_id or None))
        return shapes.taught(room.name, lesson)

    @tool("Look at the learner's guess", READS)
    async def predict(situation: Situation, context: Context, job: JobName = "") -> shapes.Predicted:
        """What the learner would answer, and which cases it rests on. Writes nothing; a guess is not a decision."""
        room = await jobs.enter(context, job, "work")

        def look(learner: Learner) -> shapes.Predicted:
            seen = as_seen(learner, raw(context, "situation", situation))
            return shapes.predicted(room.name, learner.predict(seen))

        return await room.run(look)

    @tool("How the learner is doing", READS)
    async def report(context: Context, job: JobName = "") -> shapes.Summary:
        """How much the learner knows, does alone, and promises. The whole report is a resource."""
        room = await jobs.enter(context, job, "review")
        return await room.run(shapes.summary)

    @tool("The options", READS)
    async def options(
        context: Context,
        job: JobName = "",
        contains: Annotated[str, Field(description="Only options with this in their name or description.")] = "",
        limit: Annotated[int, Field(ge=1, le=1000)] = 200,
    ) -> shapes.OptionList:
        """The answers to choose from, with their descriptions."""
        room = await jobs.enter(context, job, "work")
        return await room.run(lambda learner: option_list(room.name, learner, contains, limit))

    @tool("The jobs", READS, name="jobs")
    async def list_jobs(context: Context) -> shapes.JobList:
        """The jobs that can be worked on here."""
        return shapes.JobList(await jobs.lines(context))

    @tool("What if the target were another", READS)
    async def what_if(
        context: Context,
        job: JobName = "",
        target_error: Annotated[list[float] | None, Field(description="Shares between 0 and 1, like 0.02.")] = None,
    ) -> shapes.Forecast:
        """What to expect if another share of wrong answers were allowed. A forecast; changes nothing."""
        room = await jobs.enter(context, job, "review")
        return shapes.Forecast(room.name, await room.run(lambda learner: learner.what_if(target_error or None)))

    @tool("What waits for an answer", READS)
    async def list_asked(
        context: Context, job: JobName = "", limit: Annotated[int, Field(ge=1, le=100)] = 10
    ) -> shapes.AskedList:
        """The oldest tasks that the learner handed over and nobody answered. Work them out, and teach each."""
        room = await jobs.enter(context, job, "teach")
        return await room.run(lambda learner: asked_list(room, learner, limit))


def told(function: Callable[P, Awaitable[Any]]) -> Callable[P, Awaitable[Any]]:
    """The function with the library's errors as tool errors: message, next step, code."""

    @functools.wraps(function)
    async def telling(*args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            return await function(*args, **kwargs)
        except QuickstudyError as error:
            said = {"code": error.code, "message": error.message, "next_step": error.next_step}
            text = f"{error.message} {error.next_step} [{error.code}]"
            content: Any = [TextContent(type="text", text=text)]
            return CallToolResult(content=content, structured_content={"error": said}, is_error=True)

    return telling


def raw(context: Context, name: str, parsed: object) -> object:
    """An argument as it was sent: the protocol's library makes objects of texts that look like JSON."""
    arguments = (context.request_context.params or {}).get("arguments") or {}
    return arguments.get(name, parsed)


def option_list(job: str, learner: Learner, contains: str, limit: int) -> shapes.OptionList:
    """The options in force whose name or description contains a text."""
    names, words = learner.options, learner.job.options
    found = [shapes.Option(name, words.get(name, "")) for name in names]
    if contains:
        part = contains.casefold()
        found = [o for o in found if part in o.name.casefold() or part in o.description.casefold()]
    return shapes.OptionList(job, found[:limit], len(names), learner.job.open)


def asked_list(room: Room, learner: Learner, limit: int) -> shapes.AskedList:
    """The oldest decisions without an answer, and without the guess."""
    waiting = learner.waiting(limit + 1)
    found = [shapes.Asked(decision.id, plain(decision.situation), decision.at) for decision in waiting[:limit]]
    return shapes.AskedList(room.name, found, len(waiting) > limit)
