"""What the user allows a learner to do alone, and what can be seen of it: a part of :class:`quickstudy.Learner`.

Invariant: every change is journaled before it is in force. Not here: the rules (``autonomy``), deciding and teaching
(``learner``).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from quickstudy import views
from quickstudy.autonomy.account import Standing, standing
from quickstudy.autonomy.past import read_past
from quickstudy.autonomy.settings import Autonomy
from quickstudy.autonomy.teachers import TeachersReport, make_teachers_report
from quickstudy.autonomy.twice import draw, to_ask_again
from quickstudy.autonomy.whatif import WhatIf, checked_targets, what_if
from quickstudy.errors import LessonError
from quickstudy.record import Record
from quickstudy.types import Decision, Lesson


class Controls:
    """The learner's autonomy, from the user's side."""

    _lock: threading.RLock
    _record: Record

    @property
    def autonomy(self) -> Autonomy:
        """The settings in force."""
        with self._lock:
            return self._record.keeper.settings

    @property
    def standing(self) -> Standing:
        """What is shown now: how many answers it stood behind, and how many of them can be wrong."""
        with self._lock:
            return standing(self._record.keeper.gate)

    def configure(self, **changes: Any) -> Autonomy:
        """Changes what the learner may do alone; journaled, and in force from the next decision on.

        Args:
            changes: settings by name, see :class:`quickstudy.autonomy.settings.Autonomy`. Giving ``target_error`` also
                sets ``active``, unless that is given too.

        Returns:
            The settings now in force.

        Raises:
            InputError: a setting is unknown, or its value makes no sense.
        """
        if changes.get("target_error") is not None:
            changes.setdefault("active", True)
        with self._lock:
            self._record.writable()
            return self._record.configure(changes)

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
        with self._lock:
            record = self._record
            record.writable()
            target = record.decision(decision.id if isinstance(decision, Decision) else str(decision))
            done = None if lesson_id is None else record.same_lesson(lesson_id, target, None, {})
            if done is not None:
                return views.lesson(done)
            event = record.event(
                "lesson",
                at,
                id=lesson_id,
                decision_id=target.id,
                by=by,
                correct=record.keeper.verdict(target, None, record.options, set()),
                propensity=target.propensity if target.mode == "audit" else None,
            )
            record.commit([(event, None)])
            return views.lesson(event)

    def rejected(self) -> frozenset[str]:
        """The ids of the decisions of which somebody said that no option is right."""
        with self._lock:
            lessons = self._record.journal.events(kinds=["lesson"])
            return frozenset(str(e.decision_id) for e in lessons if e.is_verdict and e.answer is None)

    def pause(self) -> Autonomy:
        """Asks about everything, and counts nothing, until :meth:`resume`."""
        return self.configure(paused=True)

    def resume(self) -> Autonomy:
        """Goes on after :meth:`pause`."""
        return self.configure(paused=False)

    def teachers(self, *, confidence: float = 0.95) -> TeachersReport:
        """Who taught, how often each teacher is wrong, and which answers contradict each other.

        Args:
            confidence: with which all intervals hold together, in (0, 1).
        """
        with self._lock:
            record = self._record
            drawn = draw(record.journal, record.id)
            return make_teachers_report(
                record.journal, record.options, drawn, record.keeper.gate.stood_behind, confidence
            )

    def what_if(self, target_error: float | Sequence[float] | None = None) -> list[WhatIf]:
        """What is to be expected if the target were another; writes nothing.

        Args:
            target_error: one target or several, in (0, 1); six usual ones if None.

        Raises:
            InputError: a target that is no share.
        """
        targets = checked_targets(target_error)
        with self._lock:
            record = self._record
            return what_if(record.keeper.gate, read_past(record.journal, record.id), targets)

    def to_ask_again(self, by: str | None = None) -> list[Decision]:
        """Tasks drawn by ``ask_twice`` that one teacher answered and that wait for another, oldest first.

        They come as they were decided, before anybody answered; show the other teacher nothing else.

        Args:
            by: the teacher who would be asked: those that she answered herself are left out.
        """
        with self._lock:
            record = self._record
            ids = to_ask_again(record.journal, draw(record.journal, record.id), by)
            return [views.past_decision(record.decision(id)) for id in ids]

    def audits(self, limit: int | None = None) -> list[Decision]:
        """Answers that wait for their audit, oldest first; answer them with ``teach``, as any other task."""
        with self._lock:
            waiting = [event for event in self._record.journal.waiting() if event.mode == "audit"]
            return [views.past_decision(event) for event in waiting[:limit]]
