"""What the tools return, as data with a schema; and how it is made of the learner's own results.

Invariant: a decision that was handed over carries no guess unless it was asked for. A teacher who has seen the guess
tends to repeat it, and then the verdict is none. Not here: the tools themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from quickstudy.adapters.mcp.rooms import JobLine
from quickstudy.adapters.said import plain
from quickstudy.autonomy.whatif import WhatIf
from quickstudy.learner import Learner
from quickstudy.types import Decision, Evidence, Lesson

_ACT = "Use this answer."
_AUDIT = (
    "This one is checked: do the work yourself, without the learner's answer, and call teach with this decision_id."
)
_ASK = "Do the work yourself, then call teach with this decision_id and the right option (reject, if none is right)."


@dataclass(frozen=True)
class Choice:
    """An option and its probability."""

    option: str
    probability: float


@dataclass(frozen=True)
class Case:
    """A remembered case near the situation, and what was taught there."""

    situation: Any
    answer: str
    similarity: Annotated[float, Field(description="Cosine, from -1 to 1.")]
    lesson_id: str


@dataclass(frozen=True)
class Decided:
    """A decision, and what to do next."""

    job: str
    decision_id: str
    mode: Annotated[str, Field(description='"act": use the answer. "ask", "audit": do the work, then teach.')]
    answer: Annotated[str | None, Field(description="The learner's answer; null where the work is yours.")]
    probability: Annotated[float, Field(description="Calibrated probability that the learner's own answer is right.")]
    novelty: Annotated[float, Field(description="How unlike everything learned this is, from 0 to 1.")]
    reason: str
    next_step: str
    guesses: Annotated[list[Choice], Field(description="Only with show_guess, or where the learner acts.")]
    similar: Annotated[list[Case], Field(description="Only with show_guess, or where the learner acts.")]


@dataclass(frozen=True)
class Predicted:
    """What the learner would answer; nothing was written, and nothing waits."""

    job: str
    answer: str | None
    probability: float
    novelty: float
    guesses: list[Choice]
    similar: list[Case]


@dataclass(frozen=True)
class Taught:
    """A lesson; it is on disk."""

    job: str
    lesson_id: str
    decision_id: str | None
    answer: str | None
    value: float | None
    by: str | None


@dataclass(frozen=True)
class Asked:
    """A task that waits for an answer. The learner's guess is left out on purpose."""

    decision_id: str
    situation: Any
    at: Annotated[float, Field(description="When it was asked, seconds since 1970.")]


@dataclass(frozen=True)
class AskedList:
    """The oldest tasks that wait."""

    job: str
    waiting: list[Asked]
    more: Annotated[bool, Field(description="Whether there are more than these.")]


@dataclass(frozen=True)
class Option:
    """An answer to choose from."""

    name: str
    description: str


@dataclass(frozen=True)
class OptionList:
    """The answers to choose from."""

    job: str
    options: list[Option]
    total: Annotated[int, Field(description="How many options the job has.")]
    open: Annotated[bool, Field(description="Whether teaching a new name makes a new option.")]


@dataclass(frozen=True)
class JobList:
    """The jobs that can be worked on."""

    jobs: list[JobLine]


@dataclass(frozen=True)
class Summary:
    """How the learner is doing, in short."""

    job: str
    lessons: int
    decisions: int
    waiting: int
    options: int
    recent_accuracy: Annotated[float | None, Field(description="Right guesses among the newest 200 lessons.")]
    share_alone: Annotated[float | None, Field(description="Share of all decisions that were answered alone.")]
    recent_share_alone: Annotated[float | None, Field(description="The same for the newest 200.")]
    stood_behind: Annotated[int, Field(description="Answers that the learner has stood behind.")]
    at_most_wrong: Annotated[int, Field(description="At most so many of them are wrong.")]
    promise: str


@dataclass(frozen=True)
class Forecast:
    """What to expect if the target error were another; a forecast, not a promise."""

    job: str
    targets: list[WhatIf]


def decided(job: str, decision: Decision, *, show_guess: bool) -> Decided:
    """A decision for an agent."""
    act = decision.mode == "act"
    shown = act or show_guess
    return Decided(
        job=job,
        decision_id=decision.id,
        mode=decision.mode,
        answer=decision.answer if act else None,
        probability=decision.probability,
        novelty=decision.novelty,
        reason=decision.reason,
        next_step=_ACT if act else _AUDIT if decision.mode == "audit" else _ASK,
        guesses=choices(decision) if shown else [],
        similar=cases(decision.evidence) if shown else [],
    )


def predicted(job: str, decision: Decision) -> Predicted:
    """A prediction for an agent."""
    return Predicted(
        job, decision.answer, decision.probability, decision.novelty, choices(decision), cases(decision.evidence)
    )


def choices(decision: Decision, limit: int = 5) -> list[Choice]:
    """The most probable options."""
    return [Choice(name, probability) for name, probability in decision.probabilities.top(limit)]


def cases(evidence: Evidence) -> list[Case]:
    """The nearest remembered cases whose content is known."""
    near = [n for n in evidence.neighbours if n.lesson_id]
    return [Case(plain(n.situation), n.answer, n.similarity, n.lesson_id) for n in near]


def taught(job: str, lesson: Lesson) -> Taught:
    """A lesson for an agent."""
    return Taught(job, lesson.id, lesson.decision_id, lesson.answer, lesson.value, lesson.by)


def summary(learner: Learner) -> Summary:
    """The report in short."""
    report = learner.report()
    account = report.autonomy
    return Summary(
        job=report.job,
        lessons=report.lessons,
        decisions=report.decisions,
        waiting=report.waiting,
        options=report.options,
        recent_accuracy=report.recent_accuracy,
        share_alone=account.share_alone,
        recent_share_alone=account.recent_share_alone,
        stood_behind=account.answers,
        at_most_wrong=account.bound,
        promise=account.promise(),
    )
