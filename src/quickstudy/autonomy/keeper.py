"""The keeper: one journal's gate, kept in step with the journal.

Invariants: the gate is a fold of the journal's events, live or read again; a ruling that was not journaled leaves no
trace; alarms that are due are journaled before anything else is decided. Not here: the rules themselves (``gate``), and
when events are written (``record``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from quickstudy.autonomy.coins import KEY_NAME, new_key
from quickstudy.autonomy.gate import Gate, Ruling
from quickstudy.autonomy.policy import signals_of
from quickstudy.autonomy.segments import segment_of
from quickstudy.autonomy.settings import Autonomy
from quickstudy.job import Job
from quickstudy.journal import Event, Journal
from quickstudy.options import Options
from quickstudy.types import Decision

KINDS = ("configure", "decision", "lesson")
PART = "gate/"
"""The beginning of the names of the gate's arrays in a snapshot."""


class Keeper:
    """A gate and its journal.

    Args:
        journal: an open journal.
        node: the learner's id.
        job: the job; its target is in force until the settings are changed.
    """

    def __init__(self, journal: Journal, node: str, job: Job) -> None:
        self._journal, self._node, self._job = journal, node, job
        if journal.get_meta(KEY_NAME) is None and not journal.read_only:
            journal.set_meta(KEY_NAME, new_key())
        self.gate = self._fresh()

    @property
    def settings(self) -> Autonomy:
        """The settings in force."""
        return self.gate.settings if self._declared() else self._job_settings()

    # -- deciding

    def rule(
        self, decision_id: str, decision: Decision, options: Options, *, ask: str | None = None
    ) -> tuple[Ruling, dict[str, Any]]:
        """The gate's ruling on a proposal, and what the journal keeps of it. Changes nothing.

        Args:
            decision_id: its id.
            decision: the proposal.
            options: as they stand.
            ask: why it is handed over whatever the gate would say; then it does not count.
        """
        settings = self.gate.settings
        signals = signals_of(decision)
        segment = segment_of(settings.guarantee_by, decision.answer, decision.situation)
        never = ask is not None or self._never_alone(decision, options)
        ruling = self.gate.rule(decision_id, decision.answer, signals, segment, decision.at, always_ask=never)
        if ask is not None:
            ruling = replace(ruling, reason=ask)
        data: dict[str, Any] = {
            "score": ruling.score,
            "threshold": ruling.threshold,
            "signals": signals.to_dict(),
            "reason": ruling.reason,
            "target": ruling.target,
        }
        if ruling.threshold is not None:
            data["segment"] = segment
        return ruling, data

    def undeclared(self, make: Callable[..., Event]) -> list[Event]:
        """What the journal must say before the next decision: the job's settings, where they are new.

        Args:
            make: makes an event from its kind, its time and its data.
        """
        return [] if self._declared() else [self.configured(self._job_settings(), make)]

    def alarms(self, make: Callable[..., Event]) -> list[Event]:
        """Events of the alarms that are due."""
        return [make("configure", None, data={"alarm": alarm.to_dict()}) for alarm in self.gate.alarms()]

    def configured(self, settings: Autonomy, make: Callable[..., Event]) -> Event:
        """The event that puts settings in force."""
        return make("configure", None, data={"settings": settings.to_dict(), "job": self._job_target()})

    def verdict(self, decision: Event, answer: str | None, options: Options, judged: set[str]) -> bool | None:
        """Whether a lesson's answer says that a decision was right; None if it is not the decision's first verdict.

        Args:
            decision: the decision's event.
            answer: what is taught; None if no option is right.
            options: as they stand before the lesson.
            judged: ids of the decisions with a verdict in the same batch; the decision's is added.
        """
        if decision.node != self._node or decision.id in judged:
            return None
        if decision.id not in self.gate.pending and any(
            event.is_verdict or event.correct is not None for event in self._journal.lessons_of(decision.id)
        ):
            return None
        judged.add(decision.id)
        return options.same(decision.answer, answer)

    def adopted(self, options: Options, make: Callable[..., Event]) -> list[Event]:
        """The event that takes over verdicts which a merge brought: the first lesson on each decision that waits.

        Args:
            options: as they stand.
            make: makes an event from its kind, its time and its data.
        """
        verdicts = []
        for id in self.gate.pending:
            decision = self._journal.get(id)
            lessons = [e for e in self._journal.lessons_of(id) if e.is_verdict]
            if decision is not None and not decision.forgotten and lessons:
                first = min(lessons, key=lambda event: (event.clock, event.id))
                verdicts.append([id, options.same(decision.answer, first.answer)])
        return [make("configure", None, data={"verdicts": verdicts})] if verdicts else []

    # -- state

    def fold(self, events: Iterable[Event]) -> None:
        """Takes events that were journaled just now."""
        known = {event.id: event for event in events}
        for event in known.values():
            self.gate.fold(event, lambda id: known.get(id) or self._journal.get(id))

    def refold(self) -> None:
        """The state of the journal's events from the first on."""
        self.gate = self._fresh()
        self._catch_up(0)

    def load(self, seq: int, arrays: Mapping[str, npt.NDArray[Any]], document: Mapping[str, Any]) -> None:
        """From a snapshot that contains the events up to ``seq``, and the events after it."""
        self.gate = self._fresh()
        mine = {name.removeprefix(PART): value for name, value in arrays.items() if name.startswith(PART)}
        self._catch_up(seq if self.gate.restore(mine, document.get("gate", {})) else 0)

    def state(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """The gate's part of a snapshot: arrays and a document."""
        arrays, document = self.gate.state()
        return {PART + name: value for name, value in arrays.items()}, {"gate": document}

    # -- inside

    def _fresh(self) -> Gate:
        return Gate(self._node, self._journal.get_meta(KEY_NAME), self._job_settings())

    def _catch_up(self, after: int) -> None:
        for event in self._journal.events(after=after, kinds=KINDS):
            self.gate.fold(event, self._journal.get)

    def _job_target(self) -> float | None:
        return self._job.target_error if self._job.autonomy else None

    def _declared(self) -> bool:
        """Whether the newest settings in the journal were made for this job's target."""
        declared = self.gate.declared
        return declared is not None and declared.get("job") == self._job_target()

    def _job_settings(self) -> Autonomy:
        """The settings in force, with the job's own target where it is given."""
        gate: Gate | None = getattr(self, "gate", None)
        base = Autonomy() if gate is None or gate.declared is None else gate.settings
        if self._job.autonomy:
            return base.changed({"target_error": self._job.target_error, "active": True})
        return base.changed({"target_error": self._job.target_error}) if not base.active else base

    def _never_alone(self, decision: Decision, options: Options) -> bool:
        names = self.gate.settings.always_ask
        if not names or decision.answer is None:
            return False
        column = options.column(decision.answer)
        return any(decision.answer == name or (column is not None and column == options.column(name)) for name in names)


def without_gate(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """A snapshot's arrays without the gate's."""
    return {name: value for name, value in arrays.items() if not name.startswith(PART)}
