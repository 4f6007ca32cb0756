"""A journal and the knowledge that it teaches, kept in step.

Every change goes through :meth:`Record.commit` (journal first, then learn) or :meth:`Record.rebuild` (a mark was
written, the state is canonical). Not here: what callers see (``learner``, ``views``), how it is learned (``mind``), and
what other processes journal (``turns``).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from quickstudy.autonomy.coins import KEY_NAME
from quickstudy.autonomy.keeper import Keeper, without_gate
from quickstudy.autonomy.settings import Autonomy
from quickstudy.autonomy.stopping import Stopping
from quickstudy.entries import Entries
from quickstudy.episodes import Episodes, replay_episodes
from quickstudy.errors import (
    InputError,
    JournalError,
    JournalMismatchError,
    QuickstudyError,
    SituationError,
)
from quickstudy.identity import check_mergeable, identity_of
from quickstudy.job import Job
from quickstudy.journal import Event, HybridClock, Journal, Snapshot, new_id
from quickstudy.knowledge import Knowledge, Progress, catch_up, last_mark, replaced_vector, replay
from quickstudy.options import unknown_option
from quickstudy.perception import Encoder
from quickstudy.rewards import WEIGHTS
from quickstudy.turns import Turns
from quickstudy.types import Decision, Situation, Vector
from quickstudy.views import recorded

SNAPSHOT_LESSONS = 500
"""A snapshot is written in the background after so many lessons and steps, or a tenth of all if that is more."""

TASKS, OWN = "tasks/", "own/"
"""What the names of a snapshot's arrays begin with that are about tasks, and about what an adapter learned."""

CLOSING_LESSONS = 50
"""Closing writes a snapshot if more lessons than this would have to be replayed."""


class Record(Entries, Turns):
    """A journal with its knowledge.

    Args:
        job: the job.
        encoder: turns situations into vectors.
        path: the journal's path or URL, or None for memory.
        id: the learner's id, made up for a new journal if None.
        read_only: whether writing is refused.
        progress: called with (done, all) while a long journal is replayed.
    """

    def __init__(
        self,
        job: Job,
        encoder: Encoder,
        path: str | os.PathLike[str] | None,
        *,
        id: str | None,
        read_only: bool,
        progress: Progress | None,
    ) -> None:
        super().__init__()
        self.job = job
        self.encoder = encoder
        self.knowledge: Knowledge | None = None
        self._declared = False
        self._since_snapshot = 0
        self._episodes: Episodes | None = None
        self._kept: Snapshot | None = None  # what a snapshot says of tasks, until they are asked for
        self.own: Snapshot | None = None  # what an adapter learned by itself; snapshots carry it
        self._stopping: Stopping | None = None
        self.journal = Journal.open(path, identity=identity_of(job, encoder), read_only=read_only)
        try:
            self.id = self.journal.get_meta("learner") or id or new_id()
            before = self.journal.job_json
            if not read_only:
                self.journal.turn(lambda: self._sign(id))
            if id is not None and id != self.id:
                raise JournalMismatchError(
                    f"The journal {self.journal.path!r} belongs to the learner {self.id!r}, not {id!r}.",
                    next_step="Open it without an id, or merge it into a learner of your own.",
                )
            self.clock = HybridClock(self.id)
            if read_only:
                self.keeper = Keeper(self.journal, self.id, job)
            else:
                self.keeper = self.journal.turn(lambda: Keeper(self.journal, self.id, job))
            if self.journal.shared:
                self._stale = True
                self.follow(progress)
            else:
                self.load(progress)
            if not read_only and before is not None:
                self.write(lambda: self._weigh(Job.from_dict(json.loads(before))))
        except BaseException:
            self.journal.close()
            raise

    def _sign(self, id: str | None) -> None:
        """Writes into the journal whose it is, where it does not say so."""
        held = self.journal.get_meta("learner")
        self.id = held or id or new_id()
        if id is not None and id != self.id:
            return
        if held is None:
            self.journal.set_meta("learner", self.id)
        job = json.dumps(self.job.to_dict(), sort_keys=True)
        if self.journal.job_json != job:
            self.journal.set_job(job)

    # -- state

    def load(self, progress: Progress | None) -> None:
        """Knows what the journal teaches: from a snapshot and the events after it, or from all events."""
        self.knowledge = self._episodes = self._stopping = None
        self._declared = False
        self.clock.observe(self.journal.last_clock)
        kind, dimension = self._shape()
        if kind is None:
            self.keeper.refold()
            return
        snapshot = self.journal.load_snapshot()
        if snapshot is None:
            self.keeper.refold()
        else:
            self.keeper.load(snapshot.seq, snapshot.state, snapshot.document)
        self._kept = None if snapshot is None else _part(snapshot, TASKS)
        self.own = None if snapshot is None else _part(snapshot, OWN)
        if snapshot is not None and not last_mark(self.journal, after=snapshot.seq):
            state = without_gate(snapshot.state)
            learned = {name: array for name, array in state.items() if not name.startswith((TASKS, OWN))}
            self.knowledge = Knowledge.restore(self.job, dimension, learned, snapshot.document)
            if self.knowledge is not None:
                catch_up(self.journal, self.knowledge, snapshot.seq, progress)
        if self.knowledge is None:
            self.knowledge = replay(self.journal, self.job, kind, dimension, progress)
            self._since_snapshot = len(self.knowledge.in_force)
        self._declare()

    def _weigh(self, before: Job) -> None:
        """Marks that the rewards' weights are others than they were: what tasks teach is canonical from here on."""
        if before.terms != self.job.terms and next(self.journal.in_tasks(), None) is not None:
            self.append([self.mark(WEIGHTS)], durable=True)

    @property
    def episodes(self) -> Episodes:
        """What the tasks of many steps teach; computed when it is first asked for, and kept in step from then on."""
        if self._episodes is None:
            kind, dimension = self._shape()
            if kind is None:
                kind = self.knowledge.kind if self.knowledge else "text"
                dimension = self.knowledge.dimension if self.knowledge else 1
            self._episodes = replay_episodes(self.journal, self.job, kind, dimension, self.options, self._kept)
            self._kept = None
        return self._episodes

    @property
    def stopping(self) -> Stopping:
        """The rule that gives tasks up; computed when it is first asked for, and kept in step from then on."""
        if self._stopping is None:
            self._stopping = Stopping(self.id, self.journal.get_meta(KEY_NAME))
            self._stopping.fold(self.journal.events(kinds=["task"]))
        return self._stopping

    def _follow(self, events: Sequence[Event]) -> None:
        """Takes events that were journaled just now."""
        if self._episodes is not None:
            self._episodes.fold(events)
            self._since_snapshot += sum(event.kind == "decision" and event.task_id is not None for event in events)
        if self._stopping is not None:
            self._stopping.fold(events)

    def rebuild(self, progress: Progress | None) -> None:
        """The canonical state of the journal's set of events; a mark was written with the change that called for it."""
        self._episodes = self._stopping = self._kept = self.own = None
        if self.journal.shared:
            super().rebuild(progress)
            return
        self.clock.observe(self.journal.last_clock)
        self.keeper.refold()
        kind, dimension = self._shape()
        if kind is not None:
            self.knowledge = Knowledge(self.job, kind, dimension)
            self.knowledge.rebuild(self.journal.events(), progress)
            self._since_snapshot = len(self.knowledge.in_force)

    def commit(self, events: list[tuple[Event, Vector | None]]) -> None:
        """Journals option and lesson events durably, then learns them; each lesson comes with its vector."""
        if not events:
            return
        assert self.knowledge is not None
        self._journal([event for event, _ in events], durable=True)
        for event, vector in events:
            self.knowledge.apply(event, vector, replaced_vector(self.journal, self.knowledge, event))
            self._since_snapshot += event.kind == "lesson"
        self.keeper.fold(event for event, _ in events)
        self._follow([event for event, _ in events])
        if alarms := self.keeper.alarms(self.event):
            self.append(alarms, durable=True)
        self._snapshot_if_due()

    def append(self, events: Sequence[Event], *, durable: bool) -> None:
        """Journals events that teach nothing, with the declarations they need; the gate counts them."""
        self._journal(events, durable=durable)
        self.keeper.fold(events)
        self._follow(events)
        self._snapshot_if_due()

    def _journal(self, events: Sequence[Event], *, durable: bool) -> None:
        """Journals events with the declarations they need."""
        self._took(self.journal.append([*self.undeclared(), *events], durable=durable))
        self._declared = self.knowledge is not None

    def _newest(self) -> int:
        """The number of the last event that the state contains."""
        return self._seq if self.journal.shared else self.journal.last_seq

    def decide(self, decisions: Sequence[Decision], **fields: Any) -> list[Decision]:
        """Rules on proposals and journals them, all or none.

        Args:
            decisions: without ids; each ruling knows those before it.
            fields: further fields of the events, a list of values each, the callers' keys ``request_id`` among them;
                ``options``, to which they were restricted; and ``ask``, a reason to hand them over, whatever the gate
                would say.

        Returns:
            The decisions with their ids and modes.
        """
        options, among, ask = self.options, fields.pop("options"), fields.pop("ask", None)
        if declared := self.keeper.undeclared(self.event):
            self.append(declared, durable=False)
        events: list[Event] = []
        decided: list[Decision] = []
        try:
            for place, decision in enumerate(decisions):
                if events:
                    self.keeper.fold(events[-1:])  # each ruling knows those before it
                id = new_id()
                ruling, data = self.keeper.rule(id, decision, options, ask=ask)
                event = self.event(
                    "decision",
                    decision.at,
                    id=id,
                    answer=decision.answer,
                    probability=decision.probability,
                    mode=ruling.mode,
                    propensity=ruling.propensity,
                    coin=ruling.coin,
                    ledger=ruling.ledger,
                    data={**recorded(decision, among), **data},
                    **{name: values[place] for name, values in fields.items()},
                )
                events.append(event)
                alone, key = ruling.mode == "act", event.request_id
                decided.append(
                    replace(decision, id=id, request_id=key, mode=ruling.mode, alone=alone, reason=ruling.reason)
                )
            if events:
                self._journal(events, durable=False)
        except BaseException:
            if len(decisions) > 1:  # what was not journaled was not decided
                if self.journal.shared:
                    self._stale = True
                else:
                    self.keeper.refold()
            raise
        self.keeper.fold(events[-1:])
        self._follow(events)
        return decided

    def adopt(self) -> None:
        """Takes over verdicts on this learner's own decisions that a merge brought."""
        if found := self.keeper.adopted(self.options, self.event):
            self.append(found, durable=True)
        if alarms := self.keeper.alarms(self.event):
            self.append(alarms, durable=True)

    def configure(self, changes: Mapping[str, Any]) -> Autonomy:
        """Journals changed settings.

        Raises:
            InputError: a setting that makes no sense.
            OptionError: an option that a closed job does not have.
        """
        settings = self.keeper.settings.changed(changes)
        options = self.options
        for name in changes.get("always_ask", ()):
            if not self.job.open and options.column(name) is None:
                raise unknown_option(name, options.current())
        field, kind = changes.get("guarantee_by"), self._shape()[0]
        if field not in (None, "answer") and kind not in (None, "record"):
            raise InputError(
                f"Job {self.job.name!r} sees situations of the kind {kind}, which have no field {field!r}.",
                next_step='Give guarantee_by="answer", or None; or give records to the learner.',
                code="bad-setting",
            )
        self.append([self.keeper.configured(settings, self.event)], durable=True)
        return self.keeper.settings

    def snapshot(self) -> None:
        """Writes the learned state beside the journal."""
        if self.knowledge is not None and self.journal.path and not self.journal.read_only:
            self.journal.save_snapshot(self._newest(), *self._state())
            self._since_snapshot = 0

    def close(self) -> None:
        """Writes a snapshot if much was learned since the last one, and closes the journal."""
        if self._since_snapshot >= CLOSING_LESSONS:
            self._since_snapshot = 0
            with contextlib.suppress(OSError, JournalError):  # a snapshot is a cache: the events are on disk
                self.snapshot()
        self.journal.close()

    # -- situations

    def perceive(self, situations: Sequence[Situation]) -> tuple[list[Situation], Vector]:
        """Checks and encodes situations; the first ones ever decide what kind this job sees.

        Raises:
            SituationError: one cannot be perceived, or is of another kind or length than those seen so far.
        """
        checked = [self.encoder.checked(situation) for situation in situations]
        if not checked:
            return [], np.zeros((0, 0), dtype=np.float32)
        if self.knowledge and self.knowledge.kind != self.encoder.kind(checked[0]) and not self._settled():
            self.knowledge = self._episodes = None
        kind = self.knowledge.kind if self.knowledge else self.encoder.kind(checked[0])
        wrong = {self.encoder.kind(situation) for situation in checked} - {kind}
        if wrong:
            raise SituationError(
                f"Job {self.job.name!r} sees situations of the kind {kind}; this one is {wrong.pop()}.",
                next_step="Give situations of one kind, or make another job.",
            )
        vectors = self.encoder.encode(checked)
        if self.knowledge is None or not (self.knowledge.dimension == vectors.shape[1] or self._settled()):
            self.knowledge, self._episodes = replay(self.journal, self.job, kind, vectors.shape[1]), None
            self._declare()
        if vectors.shape[1] != self.knowledge.dimension:
            raise SituationError(
                f"Job {self.job.name!r} sees arrays of length {self.knowledge.dimension - 1}; "
                f"this one has {vectors.shape[1] - 1}.",
                next_step="Give arrays of one length, or make another job.",
            )
        return checked, vectors

    def prepare(self, situations: Iterable[Any]) -> None:
        """Computes vectors before a turn, so that nobody waits for them; the turn says what is wrong with them."""
        if self.journal.shared and not self.journal.in_turn:
            with contextlib.suppress(QuickstudyError):
                self.encoder.encode([situation for situation in situations if situation is not None])

    def _settled(self) -> bool:
        """Whether the journal says what kind of situations the job sees; predictions alone do not."""
        return self.journal.get_meta("kind") is not None

    def check_mergeable(self, source: Journal) -> None:
        """Refuses a journal that cannot be merged; see :func:`quickstudy.identity.check_mergeable`."""
        check_mergeable(self.journal, source, self._shape()[0] or (self.knowledge.kind if self.knowledge else None))

    # -- inside

    def _state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a snapshot holds: arrays and a document, of what was learned and of the gate."""
        assert self.knowledge is not None
        arrays, document = self.knowledge.state()
        gate_arrays, gate_document = self.keeper.state()
        arrays, document = {**arrays, **gate_arrays}, {**document, **gate_document}
        tasks = self._kept
        if self._episodes is not None:
            tasks = Snapshot(self._newest(), *self._episodes.arrays())
        for name, part in ((TASKS, tasks), (OWN, self.own)):
            if part is not None:
                arrays |= {name + key: array for key, array in part.state.items()}
                document[name] = {**part.document, "seq": part.seq}
        return arrays, document

    def _snapshot_if_due(self) -> None:
        """Writes a snapshot in the background when enough was learned since the last one."""
        if self.knowledge is None or not self.journal.path:
            return
        steps = 0 if self._episodes is None else self._episodes.steps
        if self._since_snapshot >= max(SNAPSHOT_LESSONS, (len(self.knowledge.in_force) + steps) // 10):
            self.journal.write_snapshot_in_background(self._newest(), *self._state())
            self._since_snapshot = 0

    def _shape(self) -> tuple[str | None, int]:
        return self.journal.get_meta("kind"), int(self.journal.get_meta("dimension") or 0)

    def _declare(self) -> None:
        """Lets the knowledge know the job's options that the journal lacks; the next event is journaled after them."""
        assert self.knowledge is not None
        missing = self._missing()
        self._declared = not missing and self._settled()
        for event in missing:
            self.knowledge.apply(event, None)


def _part(snapshot: Snapshot, name: str) -> Snapshot | None:
    """A part of a snapshot, with the number of the last event that this part contains; None if there is none."""
    document = snapshot.document.get(name)
    if document is None:
        return None
    arrays = {key.removeprefix(name): array for key, array in snapshot.state.items() if key.startswith(name)}
    return Snapshot(document["seq"], arrays, document)
