"""Lessons without a right answer: rewards, and that no option is right. A part of :class:`quickstudy.Learner`.

Invariant: what is said is on disk when the verb returns, but for rewards inside a task, which its end seals. Not here:
teaching right answers (``learner``), and what is learned from any of it (``knowledge``, ``episodes``, ``autonomy``).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from quickstudy import views
from quickstudy.errors import LessonError
from quickstudy.job import Job
from quickstudy.record import Record
from quickstudy.rewards import REWARD
from quickstudy.turns import writes
from quickstudy.types import Decision, Lesson


class Feedback:
    """The learner's lessons that name no right answer."""

    job: Job
    _lock: threading.RLock
    _record: Record

    @writes
    def reject(
        self,
        decision: Decision | str,
        *,
        by: str | None = None,
        lesson_id: str | None = None,
        at: float | None = None,
    ) -> Lesson:
        """Says that a decision was wrong, and that none of the options is right.

        It is a verdict like a taught answer: an audit is answered, and an error is counted. The gate learns from it;
        the experts do not, since they were not told what is right.

        Args:
            decision: the decision, or its id.
            by: who says so.
            lesson_id: an idempotency key: the same id twice counts once.
            at: the event's own time, seconds since 1970; now if None.

        Raises:
            UnknownDecisionError: this journal holds no such decision.
            LessonError: the lesson id was used for another lesson.
        """
        if by is not None and not isinstance(by, str):
            raise LessonError(f"by is {by!r}.", next_step="Give the teacher's name as text.")
        record = self._record
        target = record.decision(decision.id if isinstance(decision, Decision) else str(decision))
        done = None if lesson_id is None else record.same_lesson(lesson_id, target, None, {})
        if done is not None:
            return views.lesson(done)
        event = record.verdict_on(target, at, set(), answer=None, id=lesson_id, by=by)
        record.commit([(event, None)])
        return views.lesson(event)

    def rejected(self) -> frozenset[str]:
        """The ids of the decisions of which somebody said that no option is right."""
        with self._lock:
            lessons = self._record.journal.events(kinds=["lesson"])
            return frozenset(str(e.decision_id) for e in lessons if e.is_verdict and e.answer is None)

    def reward(
        self,
        decision: Decision | str,
        value: float | Mapping[str, float],
        *,
        lesson_id: str | None = None,
        at: float | None = None,
    ) -> Lesson:
        """Feedback without a right answer: how good a decision turned out.

        Inside a task of many steps it teaches what the steps are worth; elsewhere it is journaled.

        Args:
            decision: the decision, or its id.
            value: any finite number; or a dict of the job's reward terms, like ``{"time": 3.5}``.
            lesson_id: an idempotency key.
            at: the event's own time, seconds since 1970; now if None.
        """
        return self._reward(decision, value, lesson_id, at, durable=True)

    @writes
    def _reward(
        self,
        decision: Decision | str,
        value: float | Mapping[str, float],
        lesson_id: str | None,
        at: float | None,
        *,
        durable: bool,
    ) -> Lesson:
        terms = self.job.terms
        amounts = terms.checked(value)
        number = float(terms.array(amounts) @ terms.weights) if isinstance(value, Mapping) else amounts[REWARD]
        record = self._record
        target = record.decision(decision.id if isinstance(decision, Decision) else str(decision))
        event = record.same_lesson(lesson_id, target, number, {}) if lesson_id is not None else None
        if event is None:
            event = record.lesson_on(
                target,
                at,
                id=lesson_id,
                value=number,
                data={"terms": amounts} if isinstance(value, Mapping) else {},
            )
            record.append([event], durable=durable)
        return views.lesson(event)
