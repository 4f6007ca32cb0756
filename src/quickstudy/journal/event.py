"""One event of a journal, as data and as a row of the database.

Invariants: an event never changes; its vector is read-only float32; its row is the same on every machine
(little-endian vectors, JSON with sorted keys). A tombstone keeps only what :data:`KEPT` names. Not here: what an event
teaches (experts), and where it is stored (:mod:`quickstudy.journal.store`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from quickstudy.errors import JournalCorruptError, JournalError
from quickstudy.types import Vector

Kind: TypeAlias = Literal["decision", "lesson", "option", "configure", "mark", "task"]
KINDS: tuple[str, ...] = get_args(Kind)
Row: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Event:
    """One event. Two events are equal if all their fields are, ``seq`` and vectors included.

    Attributes:
        id: globally unique; it always names the same decision or lesson.
        kind: what happened. A ``mark`` is local to one journal and is never merged.
        clock: hybrid logical clock: milliseconds << 16 | counter.
        node: id of the learner that recorded it.
        at: the event's own time, seconds since 1970.
        decision_id: for a lesson: the decision that it answers.
        task_id: the task of many steps that it belongs to.
        step: the step in that task.
        request_id: for a decision: the caller's idempotency key, unique in a journal.
        by: who taught.
        answer: proposed (decision), taught (lesson) or the option's name (option).
        value: a reward.
        mode: "act", "audit" or "ask".
        probability: of the answer, in [0, 1].
        propensity: the probability of being audited, in [0, 1]; for a lesson on an audit: the decision's.
        coin: the audit's coin.
        correct: right or wrong, for audits.
        situation: what was seen, as JSON.
        vector: the situation's vector, float32 (d,), read-only.
        data: anything else that JSON can hold.
        forgotten: True for a tombstone: the content was removed.
        ledger: for a decision that was stood behind: the ledger that counts it.
        seq: local order of arrival, from 1; set by the journal.
    """

    id: str
    kind: Kind
    clock: int
    node: str
    at: float
    decision_id: str | None = None
    task_id: str | None = None
    step: int | None = None
    request_id: str | None = None
    by: str | None = None
    answer: str | None = None
    value: float | None = None
    mode: str | None = None
    probability: float | None = None
    propensity: float | None = None
    coin: float | None = None
    correct: bool | None = None
    situation: str | None = None
    vector: Vector | None = field(default=None, repr=False)
    data: Mapping[str, Any] = field(default_factory=dict)
    forgotten: bool = False
    ledger: str | None = None
    seq: int = 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Event):
            return NotImplemented
        return self.seq == other.seq and to_row(self) == to_row(other)

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def is_verdict(self) -> bool:
        """Whether it is a lesson that says what was right, or that no option was; rewards and tombstones do not."""
        return self.kind == "lesson" and self.value is None and not self.forgotten


COLUMNS: tuple[str, ...] = tuple(f.name for f in fields(Event) if f.name != "seq")
"""The columns of a row, in order; ``seq`` comes after them where it is read."""
KEPT = frozenset(
    [
        "id",
        "kind",
        "clock",
        "node",
        "at",
        "decision_id",
        "task_id",
        "step",
        "mode",
        "propensity",
        "coin",
        "correct",
        "forgotten",
        "ledger",
    ]
)
"""What a tombstone keeps: nobody improves an error bound by forgetting errors."""

_KEPT_INDICES = tuple(i for i, name in enumerate(COLUMNS) if name in KEPT)
_CONTENT_INDICES = tuple(i for i, name in enumerate(COLUMNS) if name not in KEPT and name != "request_id")
_REQUEST = COLUMNS.index("request_id")
_FORGOTTEN = COLUMNS.index("forgotten")
_CLOCK = COLUMNS.index("clock")
_FINITE = ("at", "value", "probability", "propensity", "coin")
_MAX_CLOCK = 1 << 62


def to_row(event: Event) -> Row:
    """An event as a row in the order of :data:`COLUMNS`.

    Raises:
        JournalError: code ``bad-event``: a field has a value that the journal cannot hold; the message names it.
    """
    if event.kind not in KINDS:
        raise _bad(event, "kind", event.kind)
    if not event.id or not isinstance(event.id, str):
        raise _bad(event, "id", event.id)
    if not 0 <= event.clock < _MAX_CLOCK:
        raise _bad(event, "clock", event.clock)
    for name in _FINITE:
        number = getattr(event, name)
        if number is not None and not math.isfinite(number):
            raise _bad(event, name, number)
    vector = event.vector
    if vector is not None and (vector.ndim != 1 or vector.dtype != np.float32):
        raise _bad(event, "vector", f"{vector.dtype} {vector.shape}")
    try:
        data = canonical_json(event.data) if event.data else None
    except (TypeError, ValueError) as error:
        raise _bad(event, "data", error) from error
    return (
        event.id,
        event.kind,
        event.clock,
        event.node,
        float(event.at),
        event.decision_id,
        event.task_id,
        event.step,
        event.request_id,
        event.by,
        event.answer,
        None if event.value is None else float(event.value),
        event.mode,
        None if event.probability is None else float(event.probability),
        None if event.propensity is None else float(event.propensity),
        None if event.coin is None else float(event.coin),
        None if event.correct is None else int(event.correct),
        event.situation,
        None if vector is None else vector.astype("<f4", copy=False).tobytes(),
        data,
        int(event.forgotten),
        event.ledger,
    )


def from_row(row: Row) -> Event:
    """The event of a row: :data:`COLUMNS`, then ``seq``.

    Raises:
        JournalCorruptError: the row's vector or JSON is damaged.
    """
    try:
        return Event(
            id=row[0],
            kind=row[1],
            clock=row[2],
            node=row[3],
            at=row[4],
            decision_id=row[5],
            task_id=row[6],
            step=row[7],
            request_id=row[8],
            by=row[9],
            answer=row[10],
            value=row[11],
            mode=row[12],
            probability=row[13],
            propensity=row[14],
            coin=row[15],
            correct=None if row[16] is None else bool(row[16]),
            situation=row[17],
            vector=None if row[18] is None else np.frombuffer(row[18], dtype="<f4"),
            data={} if row[19] is None else json.loads(row[19]),
            forgotten=bool(row[20]),
            ledger=row[21],
            seq=row[22],
        )
    except (ValueError, TypeError) as error:
        raise JournalCorruptError(
            f"Event {row[0]!r} of the journal is damaged: {error}.",
            next_step="Restore the journal from a backup, or merge it from another learner.",
        ) from error


def stored(event: Event, row: Row, seq: int) -> Event:
    """The event as the journal holds it: with its number, and with a private read-only vector."""
    vector = None if row[18] is None else np.frombuffer(row[18], dtype="<f4")
    return replace(event, seq=seq, vector=vector)


def tombstone(row: Row) -> Row:
    """The row without its content, marked as forgotten."""
    kept = [value if name in KEPT else None for name, value in zip(COLUMNS, row, strict=True)]
    kept[_FORGOTTEN] = 1
    return tuple(kept)


def join(mine: Row, theirs: Row) -> Row:
    """Which of two rows with one id stands: a tombstone, else the later clock, else the larger content.

    It is the maximum of a total order (``request_id`` apart, which is local), so it is commutative, associative and
    idempotent: a join semilattice, as in Shapiro et al. 2011, "Conflict-free replicated data types". The order compares
    what a tombstone keeps before the content, so that scrubbing never turns it round.
    """
    if mine[_FORGOTTEN] or theirs[_FORGOTTEN]:
        mine, theirs = tombstone(mine), tombstone(theirs)
    return theirs if _rank(theirs) > _rank(mine) else mine


def same_content(mine: Row, theirs: Row) -> bool:
    """Whether two rows agree in everything but ``request_id``, which is local to a journal."""
    return mine[:_REQUEST] == theirs[:_REQUEST] and mine[_REQUEST + 1 :] == theirs[_REQUEST + 1 :]


def request_of(row: Row) -> str | None:
    """The row's ``request_id``."""
    request: str | None = row[_REQUEST]
    return request


def without_request(row: Row) -> Row:
    """The row without its ``request_id``."""
    return (*row[:_REQUEST], None, *row[_REQUEST + 1 :])


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces: equal data gives equal text.

    Raises:
        TypeError: JSON cannot hold it.
        ValueError: it holds NaN or infinity.
    """
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _rank(row: Row) -> tuple[int, str, str]:
    kept = canonical_json([row[i] for i in _KEPT_INDICES])
    content = canonical_json([v.hex() if isinstance(v := row[i], bytes) else v for i in _CONTENT_INDICES])
    return row[_CLOCK], kept, content


def _bad(event: Event, name: str, value: object) -> JournalError:
    return JournalError(
        f"Event {event.id!r} cannot be journaled: its {name} is {value!r}.",
        next_step=f"Give a {name} that the journal can hold.",
        code="bad-event",
    )
