"""What the user allows a learner to do alone, and what can be seen of it: a part of :class:`quickstudy.Learner`.

Invariant: every change is journaled before it is in force. Not here: the rules (``autonomy``), deciding and teaching
(``learner``).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from quickstudy import views
from quickstudy.arguments import checked_limit
from quickstudy.autonomy.account import Standing, standing
from quickstudy.autonomy.gate import Gate
from quickstudy.autonomy.past import read_past
from quickstudy.autonomy.settings import Autonomy
from quickstudy.autonomy.teachers import TeachersReport, make_teachers_report
from quickstudy.autonomy.twice import draw, to_ask_again
from quickstudy.autonomy.whatif import WhatIf, checked_targets, what_if
from quickstudy.errors import InputError
from quickstudy.record import Record
from quickstudy.turns import reads, writes
from quickstudy.types import Decision


class Controls:
    """The learner's autonomy, from the user's side."""

    _lock: threading.RLock
    _record: Record

    @contextmanager
    def signed(self, by: str | None) -> Iterator[None]:
        """Whatever is changed inside carries who changed it, as ``by`` in the journal: settings, options, forgetting.

        Lessons that name their own teacher keep it, and decisions are nobody's. It signs for all threads, so others
        wait until it ends.

        Args:
            by: who; None for nobody.
        """
        if by is not None and not isinstance(by, str):
            raise InputError(f"by is {by!r}.", next_step="Give a name as text.")
        with self._lock:
            before, self._record.signer = self._record.signer, by
            try:
                yield
            finally:
                self._record.signer = before

    @property
    @reads
    def autonomy(self) -> Autonomy:
        """The settings in force."""
        return self._record.keeper.settings

    @property
    @reads
    def standing(self) -> Standing:
        """What is shown now: how many answers it stood behind, and how many of them can be wrong."""
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
        return self._configure(changes)

    @writes
    def _configure(self, changes: dict[str, Any]) -> Autonomy:
        return self._record.configure(changes)

    def pause(self) -> Autonomy:
        """Asks about everything, and counts nothing, until :meth:`resume`."""
        return self.configure(paused=True)

    def resume(self) -> Autonomy:
        """Goes on after :meth:`pause`."""
        return self.configure(paused=False)

    @reads
    def teachers(self, *, confidence: float = 0.95) -> TeachersReport:
        """Who taught, how often each teacher is wrong, and which answers contradict each other.

        Args:
            confidence: with which all intervals hold together, in (0, 1).
        """
        record = self._record
        drawn = draw(record.journal, record.id)
        return make_teachers_report(record.journal, record.options, drawn, record.keeper.gate.stood_behind, confidence)

    def what_if(self, target_error: float | Sequence[float] | None = None) -> list[WhatIf]:
        """What is to be expected if the target were another; writes nothing.

        Args:
            target_error: one target or several, in (0, 1); six usual ones if None.

        Raises:
            InputError: a target that is no share.
        """
        targets = checked_targets(target_error)
        return what_if(self._gate_now(), read_past(self._record.journal, self._record.id), targets)

    @reads
    def _gate_now(self) -> Gate:
        """A copy: nobody waits while it is asked what would be."""
        return self._record.keeper.gate.copy()

    @reads
    def to_ask_again(self, by: str | None = None) -> list[Decision]:
        """Tasks drawn by ``ask_twice`` that one teacher answered and that wait for another, oldest first.

        They come as they were decided, before anybody answered; show the other teacher nothing else.

        Args:
            by: the teacher who would be asked: those that she answered herself are left out.
        """
        if by is not None and not isinstance(by, str):
            raise InputError(f"by is {by!r}.", next_step="Give the teacher's name as text.")
        record = self._record
        ids = to_ask_again(record.journal, draw(record.journal, record.id), by)
        return [views.past_decision(record.decision(id)) for id in ids]

    @reads
    def audits(self, limit: int | None = None) -> list[Decision]:
        """Answers that wait for their audit, oldest first; answer them with ``teach``, as any other task."""
        count = checked_limit(limit)
        waiting = [event for event in self._record.journal.waiting() if event.mode == "audit"]
        return [views.past_decision(event) for event in waiting[:count]]
