"""What waits for a person: questions, audits, and tasks for a second person; and which comes first.

A fold of the journal, kept in memory for each open job: an answer costs the events since the last look, not a scan. It
agrees with :meth:`Learner.waiting`, :meth:`Learner.audits` and :meth:`Learner.to_ask_again`; a test compares them.

Invariants: reads only; a mark in the journal (a merge, something forgotten) makes it start again, since what went
before it may have changed. Safe to use from several threads. Not here: what a question shows (``questions``).

*Most useful first* is information density (Settles and Craven, 2008, "An analysis of active learning strategies for
sequence labeling tasks", eq. 18): how unsure it is, times how much the situation is like the others that wait. The mean
cosine to all others is one product with the mean vector.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from quickstudy.autonomy.coins import KEY_NAME
from quickstudy.autonomy.twice import is_drawn
from quickstudy.journal import Event, Journal
from quickstudy.types import Vector

Kind: TypeAlias = Literal["inbox", "second", "audits"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Order: TypeAlias = Literal["hardest", "useful", "oldest"]
ORDERS: tuple[Order, ...] = get_args(Order)

COMPARED = 2_000
"""Usefulness is computed for so many of the newest that wait; older ones come after them."""

FOLDED = ("decision", "lesson", "task", "mark", "configure")


@dataclass(frozen=True, slots=True)
class Waits:
    """A decision that waits; ``probability`` is that of its answer when it was decided."""

    id: str
    seq: int
    audit: bool
    task_id: str | None
    probability: float


class Waiting:
    """What waits in one job.

    Args:
        journal: the job's.
        node: the learner's id.
    """

    def __init__(self, journal: Journal, node: str) -> None:
        self._journal, self._node = journal, node
        self._lock = threading.Lock()
        self._vectors: dict[str, Vector] = {}
        self._start()

    def ids(self, kind: Kind, by: str, order: Order = "oldest") -> list[str]:
        """The decisions that wait, the first one first.

        Args:
            kind: questions, second looks or audits.
            by: who would answer; only second looks depend on it.
            order: of questions; audits and second looks come oldest first, since what they show must not matter.
        """
        with self._lock:
            self._follow()
            if kind == "second":
                return [id for id, teachers in self._again.items() if len(teachers) == 1 and by not in teachers]
            found = [waits for waits in self._waits.values() if waits.audit == (kind == "audits")]
        if kind == "audits" or order == "oldest":
            return [waits.id for waits in found]
        if order == "useful":
            return [waits.id for waits in self._by_use(found)]
        return [waits.id for waits in sorted(found, key=lambda waits: (waits.probability, waits.seq))]

    def counts(self, by: str) -> dict[Kind, int]:
        """How many wait of each kind for one person."""
        return {kind: len(self.ids(kind, by)) for kind in KINDS}

    def sealed(self, ids: Iterable[str], by: str) -> frozenset[str]:
        """Those of the decisions whose answers are not to be shown to somebody who may still be asked, blind."""
        hidden = {*self.ids("audits", by), *self.ids("second", by)}
        return frozenset(id for id in ids if id in hidden)

    # -- the fold

    def _start(self) -> None:
        self._seq = 0
        self._share = 0.0
        self._waits: dict[str, Waits] = {}
        self._again: dict[str, set[str]] = {}
        self._ended: set[str] = set()

    def _follow(self) -> None:
        last = self._journal.last_seq
        if last == self._seq:
            return
        events = list(self._journal.events(after=self._seq, kinds=FOLDED, light=True))
        if self._seq and any(event.kind == "mark" for event in events):
            self._start()
            events = list(self._journal.events(kinds=FOLDED, light=True))
        for event in events:
            self._fold(event)
        self._seq = max(last, events[-1].seq if events else 0)

    def _fold(self, event: Event) -> None:
        if event.kind == "decision":
            self._decided(event)
        elif event.kind == "lesson" and event.decision_id is not None:
            self._waits.pop(event.decision_id, None)
            self._vectors.pop(event.decision_id, None)
            if event.answer is not None and not event.forgotten and event.decision_id in self._again:
                self._again[event.decision_id].add(event.by or "")
        elif event.kind == "task" and event.task_id and event.step is not None and event.mode is None:
            self._ended.add(event.task_id)
            gone = [id for id, waits in self._waits.items() if waits.task_id == event.task_id and not waits.audit]
            for id in gone:
                del self._waits[id]
        elif event.kind == "configure" and event.node == self._node and (found := self._journal.get(event.id)):
            self._share = float(found.data.get("settings", {}).get("ask_twice", self._share))

    def _decided(self, event: Event) -> None:
        if event.forgotten or event.mode == "act":
            return
        audit = event.mode == "audit"
        if audit or event.task_id not in self._ended:
            self._waits[event.id] = Waits(event.id, event.seq, audit, event.task_id, event.probability or 0.0)
        if self._share and event.node == self._node:
            key = self._journal.get_meta(KEY_NAME)
            if key is not None and is_drawn(key, event.id, self._share):
                self._again[event.id] = set()

    # -- usefulness

    def _by_use(self, found: list[Waits]) -> list[Waits]:
        newest, older = found[-COMPARED:], found[:-COMPARED]
        vectors = self._vectors_of([waits.id for waits in newest])
        known = [waits for waits in newest if waits.id in vectors]
        if not known:
            return found
        block = np.stack([vectors[waits.id] for waits in known])
        density = np.maximum(block @ block.mean(axis=0), 0.0)
        use = (1.0 - np.array([waits.probability for waits in known])) * density
        ranked = [known[place] for place in np.argsort(-use, kind="stable")]
        return [*ranked, *(waits for waits in newest if waits.id not in vectors), *older]

    def _vectors_of(self, ids: Collection[str]) -> dict[str, Vector]:
        missing = [id for id in ids if id not in self._vectors]
        for id, event in self._journal.get_many(missing).items():
            if event.vector is not None:
                self._vectors[id] = event.vector
        return {id: self._vectors[id] for id in ids if id in self._vectors}
