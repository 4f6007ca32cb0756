"""The verbs of work and lessons, each once: what is asked, as a :class:`quickstudy.client.call.Call`.

``Client`` and ``AsyncClient`` have them as methods, with the same arguments. The job's name comes first; the rest is as
in :class:`quickstudy.Learner`. Invariant: what could count twice has a key before it is sent. Not here: sending,
looking and ruling (``desk_calls``), tasks of many steps (``task_calls``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from quickstudy.arguments import listed
from quickstudy.client.call import Call, job_path
from quickstudy.client.problems import error_of
from quickstudy.client.reading import decision, read, reader, wire
from quickstudy.errors import InputError, LessonError, QuickstudyError
from quickstudy.journal import new_id
from quickstudy.types import Decision, Lesson, Situation

T = TypeVar("T")


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
    situation: Decision | Situation | None,
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
        situation: what was seen; or the decision about it, now or days later; None with ``decision_id``.
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
    body = {**taught(situation, answer, decision_id), **keyed(lesson_id), **given(by=by, at=at)}
    return Call("POST", job_path(job, "teach"), reader(Lesson), body)


def reward(
    job: str,
    decision: Decision | str,
    value: float | Mapping[str, float],
    *,
    lesson_id: str | None = None,
    at: float | None = None,
) -> Call[Lesson]:
    """Feedback without a right answer: how good a decision turned out; see :meth:`quickstudy.Learner.reward`.

    Args:
        job: the job's name.
        decision: the decision, or its id.
        value: any finite number; or a dict of the job's reward terms.
        lesson_id: an idempotency key; made up if None.
        at: the event's own time, seconds since 1970; now if None.
    """
    body = {"decision_id": id_of(decision), **rewarded(value), **keyed(lesson_id), **given(at=at)}
    return Call("POST", job_path(job, "reward"), reader(Lesson), body)


def reject(
    job: str,
    decision: Decision | str,
    *,
    by: str | None = None,
    lesson_id: str | None = None,
    at: float | None = None,
) -> Call[Lesson]:
    """Says that a decision was wrong, and that no option is right; see :meth:`quickstudy.Learner.reject`.

    Args:
        job: the job's name.
        decision: the decision, or its id.
        by: who says so; the server puts the token's name before it.
        lesson_id: an idempotency key; made up if None.
        at: the event's own time, seconds since 1970; now if None.
    """
    body = {"decision_id": id_of(decision), **keyed(lesson_id), **given(by=by, at=at)}
    return Call("POST", job_path(job, "reject"), reader(Lesson), body)


def decide_many(
    job: str,
    situations: Sequence[Situation],
    options: Sequence[str] | None = None,
    *,
    request_ids: Sequence[str | None] | None = None,
    at: float | None = None,
    evidence: bool = False,
) -> Call[list[Decision | QuickstudyError]]:
    """``decide`` for at most 1,000 situations in one request; each succeeds or fails alone.

    Args:
        job: the job's name.
        situations: n situations.
        options: only these are possible for any of them; all of the job's if None.
        request_ids: n idempotency keys; made up where None.
        at: the events' own time, seconds since 1970; now if None.
        evidence: whether to send what the decisions rest on, too.

    Returns:
        n decisions; the error in the place of one that failed.
    """
    seen = listed(situations)
    keys = matched(request_ids, len(seen), "request ids", "situations")
    items = [
        asked(situation, options, evidence, request_id=key or new_id(), at=at)
        for situation, key in zip(seen, keys, strict=True)
    ]
    readers = [partial(decision, situation=situation) for situation in seen]
    return Call("POST", job_path(job, "decide", "batch"), partial(outcomes, "decision", readers), {"items": items})


def predict_many(
    job: str, situations: Sequence[Situation], options: Sequence[str] | None = None, *, evidence: bool = False
) -> Call[list[Decision | QuickstudyError]]:
    """``predict`` for at most 1,000 situations in one request; one that fails gives its error in its place."""
    seen = listed(situations)
    items = [asked(situation, options, evidence) for situation in seen]
    readers = [partial(decision, situation=situation) for situation in seen]
    return Call("POST", job_path(job, "predict", "batch"), partial(outcomes, "decision", readers), {"items": items})


def teach_many(
    job: str,
    pairs: Iterable[tuple[Decision | Situation, str]],
    *,
    lesson_ids: Sequence[str | None] | None = None,
    by: str | None = None,
) -> Call[list[Lesson | QuickstudyError]]:
    """``teach`` for at most 1,000 pairs of (decision or situation, answer) in one request; one that fails fails alone.

    Args:
        job: the job's name.
        pairs: n pairs.
        lesson_ids: n idempotency keys; made up where None.
        by: who taught them all.

    Returns:
        n lessons; the error in the place of one that failed.
    """
    lessons = list(pairs)
    keys = matched(lesson_ids, len(lessons), "lesson ids", "pairs")
    items = [
        {**taught(target, answer, None), **keyed(key), **given(by=by)}
        for (target, answer), key in zip(lessons, keys, strict=True)
    ]
    readers = [reader(Lesson)] * len(items)
    return Call("POST", job_path(job, "teach", "batch"), partial(outcomes, "lesson", readers), {"items": items})


def matched(keys: Sequence[str | None] | None, count: int, what: str, of: str) -> list[str | None]:
    """N keys, or n times None.

    Raises:
        InputError: there are more or fewer.
    """
    found: list[str | None] = [None] * count if keys is None else list(keys)
    if len(found) != count:
        raise InputError(f"{count} {of} and {len(found)} {what}.", next_step="Give as many of each.")
    return found


def outcomes(name: str, readers: Sequence[Callable[[Any], T]], data: Any) -> list[T | QuickstudyError]:
    """The results of a batch: each a result or an error."""
    results = read(dict[str, list[dict[str, Any]]], data).get("results", [])
    found: list[T | QuickstudyError] = []
    for read_result, result in zip(readers, results, strict=True):
        error = error_of(result.get("error"))
        found.append(read_result(result.get(name)) if error is None else error)
    return found


def id_of(decision: Decision | str) -> str:
    """A decision's id.

    Raises:
        LessonError: it is a prediction, which has none.
    """
    found = decision.id if isinstance(decision, Decision) else decision
    if not found:
        raise LessonError("A prediction has no id.", next_step="Decide first, and give that decision.")
    return found


def rewarded(value: float | Mapping[str, float]) -> dict[str, Any]:
    """The body of a reward.

    Raises:
        LessonError: it is no number.
    """
    amounts = list(value.values()) if isinstance(value, Mapping) else [value]
    for amount in amounts:
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not math.isfinite(amount):
            raise LessonError(f"The reward is {value!r}.", next_step="Give a finite number, or a dict of them.")
    return {"value": dict(value) if isinstance(value, Mapping) else value}


def keyed(lesson_id: str | None) -> dict[str, str]:
    """A lesson's key, made up if there is none."""
    return {"lesson_id": lesson_id or new_id()}


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
