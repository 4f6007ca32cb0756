"""What an agent can read besides calling tools: resources, and the prompt that says how to work with a learner.

Invariant: reading changes nothing. Not here: the tools.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError

from quickstudy import views
from quickstudy.adapters.mcp.rooms import Jobs, Right
from quickstudy.adapters.said import plain
from quickstudy.errors import QuickstudyError
from quickstudy.learner import Learner
from quickstudy.types import Decision

INSTRUCTIONS = (
    "A quickstudy learner answers what it knows and hands over what it does not. Call decide first. If mode is act, "
    "use the answer. If it is ask or audit, do the work yourself and then call teach with the decision_id and your "
    "answer: that is how it learns, and how it is checked. Never teach an answer that you only took over from it."
)

HOW_TO = """\
You share the job{about} with a learner (quickstudy). Work like this, one task at a time:

1. Call `decide` with the task as `situation` and an id of the task as `request_id`. Always do this first.
2. If `mode` is "act": use `answer`. You are done.
3. If `mode` is "ask" or "audit": do the work yourself. Choose one of the options (`options` lists them); do not guess
   what the learner would say, and do not look at its guess. Then call `teach` with the `decision_id`, your answer, and
   an id of your own as `lesson_id`. If no option is right, call `reject` instead.
4. If a call fails or its answer is lost, call again with the same `request_id` or `lesson_id`: nothing counts twice.
5. If you learn later that an answer was wrong, call `teach` with the same `decision_id` and the right answer.

If you have time left, call `list_asked` and answer what waits. `report` says how much the learner does alone by now.\
"""


def add_reading(server: MCPServer, jobs: Jobs) -> None:
    """Gives a server the resources and the prompt.

    Args:
        server: the server.
        jobs: where the jobs are.
    """

    async def read(context: Context, job: str, right: Right, make: Any) -> str:
        try:
            room = await jobs.enter(context, job, right)
            return json.dumps(await room.run(make), ensure_ascii=False, indent=2, default=str)
        except QuickstudyError as error:
            kind = ResourceNotFoundError if error.code in ("unknown-decision", "no-job") else ResourceError
            raise kind(f"{error.message} {error.next_step} [{error.code}]") from error

    @server.resource(
        "quickstudy://{job}/report",
        title="Report",
        mime_type="application/json",
        description="How a learner is doing: accuracy, calibration, what it does alone and promises, its teachers.",
    )
    async def report(job: str, context: Context) -> str:
        return await read(context, job, "review", lambda learner: learner.report().to_dict())

    @server.resource(
        "quickstudy://{job}/job",
        title="Job",
        mime_type="application/json",
        description="What is to be learned: instructions, target error, options in force.",
    )
    async def job(job: str, context: Context) -> str:
        return await read(context, job, "work", job_data)

    @server.resource(
        "quickstudy://{job}/decisions/{decision_id}",
        title="Decision",
        mime_type="application/json",
        description="A past decision with the evidence that it had, and what was taught about it.",
    )
    async def decision(job: str, decision_id: str, context: Context) -> str:
        return await read(context, job, "review", lambda learner: decision_data(learner, decision_id))

    @server.prompt(title="Work with the learner")
    def work_with_the_learner(job: str = "") -> str:
        """How to share a job with a learner: ask it first, do what it hands over, and teach it the answers."""
        return HOW_TO.format(about=f" {job!r}" if job else "")


def job_data(learner: Learner) -> dict[str, Any]:
    """The job as plain data, with the options in force."""
    words = learner.job.options
    return {**learner.job.to_dict(), "options": {name: words.get(name, "") for name in learner.options}}


def decision_data(learner: Learner, decision_id: str) -> dict[str, Any]:
    """A decision with its evidence, and the lessons about it."""
    decision: Decision = learner.decision(decision_id)
    return {
        "decision_id": decision.id,
        "situation": plain(decision.situation),
        "at": decision.at,
        "request_id": decision.request_id,
        "mode": decision.mode,
        "reason": decision.reason,
        "answer": decision.answer,
        "probability": decision.probability,
        "novelty": decision.novelty,
        "probabilities": dict(decision.probabilities),
        "opinions": [asdict(opinion) for opinion in decision.evidence.opinions],
        "similar": [
            {"lesson_id": n.lesson_id, "answer": n.answer, "similarity": n.similarity, "at": n.at, "by": n.by}
            for n in decision.evidence.neighbours
        ],
        "lessons": [asdict(views.lesson(event)) for event in learner._record.journal.lessons_of(decision_id)],
    }
