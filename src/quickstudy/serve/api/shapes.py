"""The API's shapes: what requests may hold, with their bounds, and what answers hold.

Invariants: every text, list and number has a bound; numbers are finite; what is not named is refused. Names are the
library's words. Not here: situations' own rules (``perception.situations``), which the library checks.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from quickstudy.errors import SituationError
from quickstudy.learner import Learner
from quickstudy.perception import situation_from_json
from quickstudy.types import Decision, Lesson, Neighbour, Situation
from quickstudy.views import RECORDED_OPTIONS

MAX_BATCH = 1_000
"""Most situations or lessons in one request."""

Id = Annotated[str, Field(min_length=1, max_length=200)]
OptionName = Annotated[str, Field(min_length=1, max_length=1_000)]
Number = Annotated[float, Field(allow_inf_nan=False)]
At = Annotated[float, Field(ge=-1e11, le=1e11, allow_inf_nan=False)]
Cursor = Annotated[int, Field(ge=0, le=2**53)]


class Strict(BaseModel):
    """A request's part: what is not named is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Shown(BaseModel):
    """An answer's part."""

    model_config = ConfigDict(from_attributes=True)


class DateField(Strict):
    """A date in a record."""

    date: Annotated[str, Field(max_length=40)]


class TimeField(Strict):
    """A date with a time in a record."""

    datetime: Annotated[str, Field(max_length=60)]


Value: TypeAlias = bool | int | Number | Annotated[str, Field(max_length=1_000_000)] | DateField | TimeField | None
RecordIn: TypeAlias = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=1_000)], Value], Field(min_length=1, max_length=1_000)
]
Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=1_000_000)]
Array: TypeAlias = Annotated[list[Number], Field(min_length=1, max_length=65_536)]
SituationIn: TypeAlias = Text | RecordIn | Array
"""A text, a record (fields with text, numbers, bools, null, {"date": …} or {"datetime": …}) or a list of numbers."""
Options: TypeAlias = Annotated[list[OptionName], Field(min_length=1, max_length=10_000)]


class DecideIn(Strict):
    """One situation to decide on."""

    situation: SituationIn
    options: Options | None = None
    at: At | None = None
    request_id: Id | None = None
    evidence: bool = False


class StepIn(DecideIn):
    """One step of a task to decide on."""

    stop: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None


class DecideBatchIn(Strict):
    """Many situations; each succeeds or fails alone."""

    items: Annotated[list[DecideIn], Field(min_length=1, max_length=MAX_BATCH)]


By: TypeAlias = Annotated[str, Field(min_length=1, max_length=200)]


class TeachIn(Strict):
    """The right answer to a decision or a situation."""

    answer: OptionName
    situation: SituationIn | None = None
    decision_id: Id | None = None
    lesson_id: Id | None = None
    by: By | None = None
    at: At | None = None


class TeachBatchIn(Strict):
    """Many lessons; each succeeds or fails alone."""

    items: Annotated[list[TeachIn], Field(min_length=1, max_length=MAX_BATCH)]


class RejectIn(Strict):
    """No option is right."""

    decision_id: Id
    lesson_id: Id | None = None
    by: By | None = None
    at: At | None = None


Amount: TypeAlias = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
Amounts: TypeAlias = Annotated[dict[Annotated[str, Field(min_length=1, max_length=200)], Amount], Field(max_length=100)]


class StepRewardIn(Strict):
    """How good the newest step turned out: a number, or the job's reward terms."""

    value: Amount | Amounts
    lesson_id: Id | None = None
    at: At | None = None


class RewardIn(StepRewardIn):
    """How good a decision turned out."""

    decision_id: Id


class AlternativeOut(Shown):
    """An option and its probability."""

    answer: str
    probability: float


class NeighbourOut(Shown):
    """A remembered task near the situation."""

    lesson_id: str
    situation: Any
    answer: str
    similarity: float
    at: float
    by: str | None


class OpinionOut(Shown):
    """What one expert proposes."""

    expert: str
    answer: str
    probability: float
    weight: float


class EvidenceOut(Shown):
    """What a decision rests on; ``reliability`` is how often proposals were right on tasks like it, in (0, 1)."""

    neighbours: list[NeighbourOut]
    opinions: list[OpinionOut]
    reliability: float


class DecisionOut(Shown):
    """A decision; ``id`` is empty for a prediction. ``alternatives`` are the ten most probable options."""

    id: str
    alone: bool
    answer: str | None
    probability: float
    alternatives: list[AlternativeOut]
    novelty: float
    mode: Literal["act", "audit", "ask"]
    reason: str
    at: float
    request_id: str | None
    value: dict[str, Any] | None = None
    situation: Any = None
    evidence: EvidenceOut | None = None


class ErrorOut(Shown):
    """What went wrong: ``code`` is stable, ``next_step`` says what to do."""

    code: str
    message: str
    next_step: str
    request_id: str


class DecidedOut(Shown):
    """One outcome of a batch: a decision or an error."""

    decision: DecisionOut | None = None
    error: ErrorOut | None = None


class DecisionsOut(Shown):
    """The outcomes of a batch, in the order of its items."""

    results: list[DecidedOut]


class LessonOut(Shown):
    """A lesson as it stands in the journal."""

    id: str
    decision_id: str | None
    answer: str | None
    value: float | None
    by: str | None
    at: float


class TaughtOut(Shown):
    """One outcome of a batch: a lesson or an error."""

    lesson: LessonOut | None = None
    error: ErrorOut | None = None


class LessonsOut(Shown):
    """The outcomes of a batch, in the order of its items."""

    results: list[TaughtOut]


def situation_in(given: Any) -> Situation:
    """A request's situation as the library takes it.

    Raises:
        SituationError: a date that is none.
    """
    if isinstance(given, str):
        return given
    if isinstance(given, Mapping):
        return {name: value_in(name, value) for name, value in given.items()}
    return np.array(given, dtype=np.float64)


def situation_out(situation: Situation | None) -> Any:
    """A situation as requests write it."""
    if situation is None or isinstance(situation, str):
        return situation
    if isinstance(situation, np.ndarray):
        return situation.tolist()
    return {name: _value_out(value) for name, value in situation.items()}


def decision_out(decision: Decision, *, evidence: bool = False, situation: bool = False) -> dict[str, Any]:
    """A decision as plain data: the same for a new one as for one that was read back from the journal."""
    shown: dict[str, Any] = {
        "id": decision.id,
        "alone": decision.alone,
        "answer": decision.answer,
        "probability": decision.probability,
        "alternatives": [
            {"answer": name, "probability": p} for name, p in decision.probabilities.top(RECORDED_OPTIONS)
        ],
        "novelty": decision.novelty,
        "mode": decision.mode,
        "reason": decision.reason,
        "at": decision.at,
        "request_id": decision.request_id,
        "value": None if decision.value is None else finite(dataclasses.asdict(decision.value)),
        "situation": situation_out(decision.situation) if situation else None,
        "evidence": None,
    }
    if evidence:
        shown["evidence"] = {
            "neighbours": [neighbour_out(near) for near in decision.evidence.neighbours],
            "opinions": [dataclasses.asdict(opinion) for opinion in decision.evidence.opinions],
            "reliability": decision.evidence.reliability,
        }
    return shown


def with_situations(learner: Learner, decision: Decision) -> Decision:
    """A decision that was read back, with what its neighbours were about; those forgotten since stay without."""
    near = decision.evidence.neighbours
    known = learner._record.journal.situations_of([one.lesson_id for one in near])
    filled = []
    for one in near:
        text, _ = known.get(one.lesson_id, (None, None))
        filled.append(dataclasses.replace(one, situation=situation_from_json(text) if text else one.situation))
    return dataclasses.replace(decision, evidence=dataclasses.replace(decision.evidence, neighbours=tuple(filled)))


def neighbour_out(near: Neighbour) -> dict[str, Any]:
    """A remembered task as plain data."""
    return {
        "lesson_id": near.lesson_id,
        "situation": situation_out(near.situation),
        "answer": near.answer,
        "similarity": near.similarity,
        "at": near.at,
        "by": near.by,
    }


def lesson_out(lesson: Lesson) -> dict[str, Any]:
    """A lesson as plain data."""
    return dataclasses.asdict(lesson)


def finite(data: Any) -> Any:
    """Plain data for JSON: NaN and infinity become null, tuples lists, dates ISO text."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {str(key): finite(value) for key, value in data.items()}
    if isinstance(data, np.ndarray):
        return finite(data.tolist())
    if isinstance(data, Sequence) and not isinstance(data, str):
        return [finite(value) for value in data]
    if data is None or isinstance(data, str | int | bool):
        return data
    return str(data)


def value_in(name: str, value: Any) -> Any:
    """A field's value as the library takes it.

    Raises:
        SituationError: a date that is none.
    """
    try:
        if isinstance(value, DateField):
            return datetime.date.fromisoformat(value.date)
        if isinstance(value, TimeField):
            return datetime.datetime.fromisoformat(value.datetime)
    except ValueError as error:
        raise SituationError(
            f"The field {name!r} is no date: {error}.", next_step='Give ISO 8601, like {"date": "2024-05-01"}.'
        ) from error
    return value


def _value_out(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, datetime.date):
        return {"date": value.isoformat()}
    return value
