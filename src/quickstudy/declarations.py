"""The options of a journal as events: declared by the job, added by users, brought by lessons.

A part of :class:`quickstudy.record.Record`. Invariant: what declares an option is the same event in every learner of
the job, so that declarations merge to one. Not here: what the options are after all events (``options``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from quickstudy.job import Job
from quickstudy.journal import Event, HybridClock, Journal, new_id
from quickstudy.journal.clock import checked_time
from quickstudy.journal.event import Kind
from quickstudy.knowledge import Knowledge, folding_order
from quickstudy.options import Options, declared_id, description_text, unknown_option
from quickstudy.perception import Encoder
from quickstudy.types import Vector


class Declarations:
    """The options' side of a record."""

    id: str
    job: Job
    encoder: Encoder
    journal: Journal
    knowledge: Knowledge | None
    clock: HybridClock
    signer: str | None = None
    _declared: bool

    def event(self, kind: Kind, at: float | None, *, id: str | None = None, **fields: Any) -> Event:
        """A new event of this learner's."""
        when = checked_time(at)
        if self.signer is not None and kind != "decision" and fields.get("by") is None:
            fields["by"] = self.signer
        return Event(id=id or new_id(), kind=kind, clock=self.clock.tick(), node=self.id, at=when, **fields)

    @property
    def options(self) -> Options:
        """The options as they stand; before the first situation, as they are declared."""
        if self.knowledge is not None:
            return self.knowledge.options
        options = Options()
        for name in self.job.options:
            options.add(name)
        for event in folding_order(self.journal):
            options.apply(event)
        return options

    def option_event(
        self,
        action: str,
        name: str,
        *,
        other: str | None = None,
        description: str = "",
        taught: bool = False,
        at: float | None = None,
    ) -> Event:
        """A change of the options."""
        given = {"other": other, "description": description, "taught": taught}
        data = {"action": action, **{key: value for key, value in given.items() if value}}
        words = {"add": description_text(name, description), "rename": description_text(other or name, "")}
        vector = self._described(words[action]) if action in words else None
        return self.event("option", at, answer=name, data=data, vector=vector)

    def taught_option(self, answer: str, at: float | None) -> Event | None:
        """The event that adds an option with its first lesson, at that lesson's time; None if it is in force already.

        Raises:
            OptionError: the job is closed and has no such option.
        """
        options = self.options
        column = options.column(answer)
        if column is not None and options.active[column]:
            return None
        if not self.job.open:
            raise unknown_option(answer, options.current())
        if column is not None or self.journal.get(f"{declared_id(answer, '')}-{self.id}") is not None:
            return self.option_event("add", answer, taught=True, at=at)
        return replace(self._declaration(answer, "", taught=True), at=checked_time(at))

    def undeclared(self) -> list[Event]:
        """Declarations of the job's options that the journal lacks; also notes the kind of situations."""
        if self._declared:
            return []
        if self.knowledge is not None and self.journal.get_meta("kind") is None:
            self.journal.set_meta("kind", self.knowledge.kind)
            self.journal.set_meta("dimension", str(self.knowledge.dimension))
        return self._missing()

    def orphans(self, forgotten: Sequence[Event]) -> list[str]:
        """Ids of the events of options that only forgotten lessons had brought: their names are content too."""
        if self.knowledge is None:
            return []
        ids = {event.id for event in forgotten}
        decisions = {event.id if event.kind == "decision" else event.decision_id for event in forgotten}
        standing = self.knowledge.in_force.items()
        left = {s.column for key, s in standing if key[0] not in decisions and s.lesson_id not in ids}
        return [
            event.id
            for event in self.journal.events(kinds=["option"])
            if event.data.get("taught") and self.options.column(str(event.answer)) not in left
        ]

    def _missing(self) -> list[Event]:
        """The declarations that the journal lacks."""
        known = self.journal.get_many([declared_id(*option) for option in self.job.options.items()])
        return [] if len(known) == len(self.job.options) else [e for e in self._declarations() if e.id not in known]

    def _declarations(self) -> list[Event]:
        """The events that declare the job's options."""
        pairs = self.job.options.items()
        if pairs and (self.knowledge is None or self.knowledge.kind != "array"):
            self.encoder.encode([description_text(*pair) for pair in pairs])  # together; one by one they are cached
        return [self._declaration(name, words, taught=False) for name, words in pairs]

    def _declaration(self, name: str, description: str, *, taught: bool) -> Event:
        """An option's first event: as good in all learners of the job, so its clock and time are 0."""
        given = {"description": description, "taught": taught}
        data = {"action": "add", **{key: value for key, value in given.items() if value}}
        id, vector = declared_id(name, description), self._described(description_text(name, description))
        id += f"-{self.id}" if taught else ""  # to forget it here is not to forget it where others taught it
        return Event(id=id, kind="option", clock=0, node="", at=0.0, answer=name, data=data, vector=vector)

    def _described(self, text: str) -> Vector | None:
        if self.knowledge is not None and self.knowledge.kind == "array":
            return None
        described: Vector = self.encoder.encode([text])[0]
        return described
