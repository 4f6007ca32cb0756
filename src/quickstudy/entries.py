"""A journal's entries: finding what is there already, and making marks, lessons and verdicts.

A part of :class:`quickstudy.record.Record`. Invariant: the same key twice is one entry, and a key that was used for
something else is refused. Not here: journaling and learning them (``record``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quickstudy.autonomy.keeper import Keeper
from quickstudy.declarations import Declarations
from quickstudy.errors import InputError, LessonError, UnknownDecisionError
from quickstudy.journal import Event
from quickstudy.perception import situation_to_json
from quickstudy.types import Decision, Situation
from quickstudy.views import past_decision


class Entries(Declarations):
    """The entries' side of a record."""

    keeper: Keeper

    def mark(self, why: str) -> Event:
        """The mark after which the state is canonical."""
        return self.event("mark", None, data={"why": why})

    def decision(self, decision_id: str) -> Event:
        """A decision's event.

        Raises:
            UnknownDecisionError: this journal holds no such decision, or it was forgotten.
        """
        event = self.journal.get(decision_id)
        if event is None or event.kind != "decision" or event.forgotten:
            why = "was forgotten" if event is not None and event.forgotten else "is not in this journal"
            raise UnknownDecisionError(
                f"Decision {decision_id!r} {why}.",
                next_step="Teach the situation itself, or merge the journal that holds the decision.",
            )
        return event

    def asked_before(
        self, keys: Sequence[str | None], texts: Sequence[str]
    ) -> tuple[dict[str | None, Decision], list[int]]:
        """Which requests were answered before, and which are new.

        Args:
            keys: the callers' keys, n.
            texts: the situations' JSON, n.

        Returns:
            Earlier decisions by key, and the places of the new requests; one that comes twice is new once.

        Raises:
            InputError: a key was used for another situation.
        """
        known: dict[str | None, Decision] = {}
        seen: dict[str, str | None] = {}
        fresh = []
        for place, (key, text) in enumerate(zip(keys, texts, strict=True)):
            if key is not None and key not in seen and (done := self.journal.by_request(key)) is not None:
                known[key], seen[key] = past_decision(done), done.situation
            if key is None or key not in seen:
                fresh.append(place)
            elif seen[key] != text:
                raise InputError(
                    f"request_id {key!r} was used for another situation.",
                    next_step="Give every task a request_id of its own.",
                    code="used-request-id",
                )
            if key is not None:
                seen.setdefault(key, text)
        return known, fresh

    def same_lesson(
        self, lesson_id: str, target: Event | Situation | None, answer: str | float | None, batch: Mapping[str, Event]
    ) -> Event | None:
        """The lesson with this id if it was taught before or earlier in this batch, the same way.

        Raises:
            LessonError: the id was used for another lesson, or for one that was forgotten.
        """
        done = batch.get(lesson_id) or self.journal.get(lesson_id)
        if done is None:
            return None
        if done.forgotten:
            raise LessonError(
                f"Lesson {lesson_id!r} was forgotten.", next_step="Use another lesson_id.", code="forgotten-lesson"
            )
        if isinstance(target, Event):
            same = done.decision_id == target.id
        else:
            same = target is not None and done.situation == situation_to_json(self.encoder.checked(target))
        said = done.value if done.answer is None else done.answer
        if done.kind != "lesson" or not same or answer != said:
            raise LessonError(
                f"lesson_id {lesson_id!r} was used for another lesson.",
                next_step="Give every lesson an id of its own.",
                code="used-lesson-id",
            )
        return done

    def lesson_on(self, decision: Event, at: float | None, **fields: Any) -> Event:
        """A lesson's event on a decision, in the same task and step.

        Args:
            decision: the decision's event.
            at: the lesson's own time; now if None.
            fields: what the lesson says.
        """
        return self.event("lesson", at, decision_id=decision.id, task_id=decision.task_id, step=decision.step, **fields)

    def verdict_on(
        self, decision: Event, at: float | None, judged: set[str], *, answer: str | None, **fields: Any
    ) -> Event:
        """A lesson's event that says what the right answer to a decision is.

        Args:
            decision: the decision's event.
            at: the lesson's own time; now if None.
            judged: ids of the decisions with a verdict in the same batch; the decision's is added.
            answer: the right answer; None if no option is right.
            fields: anything else.
        """
        return self.lesson_on(
            decision,
            at,
            answer=answer,
            correct=self.keeper.verdict(decision, answer, self.options, judged),
            propensity=decision.propensity if decision.mode == "audit" else None,
            **fields,
        )
