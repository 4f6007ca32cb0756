"""The verbs of a server, each once: what is asked, as a :class:`quickstudy.client.call.Call`.

``Client`` and ``AsyncClient`` have them as methods, with the same arguments. The job's name comes first; the rest is as
in :class:`quickstudy.Learner`. Invariant: what could count twice has a key before it is sent. Not here: sending, and
tasks of many steps (``task_calls``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from quickstudy.client.call import Call, job_path
from quickstudy.client.reading import decision, reader, wire
from quickstudy.errors import LessonError
from quickstudy.journal import new_id
from quickstudy.report import Report
from quickstudy.types import Decision, Lesson, Situation


def decide(
    job: str,
    situation: Situation,
    options: Sequence[str] | None = None,
    *,
    request_id: str | None = None,
    at: float | None = None,
    evidence: bool = False,
) -> Call[Decision]:
    """Decides on one situation; see :meth:`quickstudy.Learner.decide`.

    Args:
        job: the job's name.
        situation: text, a record, or a 1-D array of numbers.
        options: only these are possible here; all of the job's if None.
        request_id: an idempotency key; made up if None, so that a lost connection makes no second decision.
        at: the event's own time, seconds since 1970; now if None.
        evidence: whether to send what the decision rests on, too.

    Returns:
        The decision; its ``probabilities`` name the ten most probable options.

    Raises:
        SituationError: the situation cannot be perceived.
        OptionError: an unknown option.
        ServerError: the server cannot be reached, refuses the token, or takes no more.
    """
    body = asked(situation, options, evidence, request_id=request_id or new_id(), at=at)
    return Call("POST", job_path(job, "decide"), partial(decision, situation=situation), body)


def predict(
    job: str, situation: Situation, options: Sequence[str] | None = None, *, evidence: bool = False
) -> Call[Decision]:
    """What ``decide`` would say; writes nothing, and the decision has no id."""
    body = asked(situation, options, evidence)
    return Call("POST", job_path(job, "predict"), partial(decision, situation=situation), body)


def teach(
    job: str,
    target: Decision | Situation | None,
    answer: str,
    *,
    decision_id: str | None = None,
    lesson_id: str | None = None,
    by: str | None = None,
    at: float | None = None,
) -> Call[Lesson]:
    """Teaches the right answer; when it returns, the lesson is on the server's disk.

    See :meth:`quickstudy.Learner.teach`.

    Args:
        job: the job's name.
        target: the decision, now or days later; or a situation without a decision; None with ``decision_id``.
        answer: an option's name; in an open job a new one makes a new option.
        decision_id: the decision's id, instead of the decision.
        lesson_id: an idempotency key; made up if None, so that a lost connection teaches nothing twice.
        by: who taught; the server puts the token's name before it.
        at: the event's own time, seconds since 1970; now if None.

    Raises:
        UnknownDecisionError: the job holds no such decision.
        OptionError: an unknown option in a closed job.
        LessonError: the lesson id was used for another lesson.
        ServerError: the server cannot be reached, refuses the token, or takes no more.
    """
    body = {**taught(target, answer, decision_id), "lesson_id": lesson_id or new_id(), **given(by=by, at=at)}
    return Call("POST", job_path(job, "teach"), reader(Lesson), body)


def report(job: str) -> Call[Report]:
    """How the learner is doing; see :class:`quickstudy.Report`."""
    return Call("GET", job_path(job, "report"), reader(Report))


def asked(situation: Situation, options: Sequence[str] | None, evidence: bool = False, **more: Any) -> dict[str, Any]:
    """The body of a question."""
    chosen = None if options is None else list(options)
    return {"situation": wire(situation), **given(options=chosen, evidence=evidence or None, **more)}


def taught(target: Decision | Situation | None, answer: str, decision_id: str | None) -> dict[str, Any]:
    """What a lesson is about, and its answer.

    Raises:
        LessonError: it is about nothing, or about two things.
    """
    if isinstance(target, Decision) and target.id:
        if decision_id not in (None, target.id):
            raise LessonError(
                f"The decision is {target.id!r}, but decision_id says {decision_id!r}.", next_step="Give one of them."
            )
        return {"decision_id": target.id, "answer": answer}
    situation = target.situation if isinstance(target, Decision) else target
    if situation is None and decision_id is None:
        raise LessonError("A lesson about nothing.", next_step="Give a decision, a situation or a decision_id.")
    about = {} if situation is None else {"situation": wire(situation)}
    return {**about, **given(decision_id=decision_id), "answer": answer}


def given(**fields: Any) -> dict[str, Any]:
    """The fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}
