"""Merging events into a journal, and forgetting them: the only two ways in which a row ever changes.

A journal is a state-based replicated set (Shapiro et al. 2011): merging joins the events of each id
(:func:`quickstudy.journal.event.join`) and then closes the set under one rule: if a decision or any of its lessons is a
tombstone, all of them are, because they hold the same situation. Both are functions of the set of events alone, so
merging is commutative, associative and idempotent, as long as an id keeps its ``decision_id``. Marks and request ids
are local and take no part.

Everything here runs inside the caller's transaction. Not here: scrubbing the files (:mod:`quickstudy.journal.store`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from quickstudy.journal.database import Session
from quickstudy.journal.event import (
    COLUMNS,
    Event,
    Row,
    join,
    request_of,
    same_content,
    to_row,
    tombstone,
    without_request,
)

_CHUNK = 500
_NAMES = ", ".join(COLUMNS)
_UPDATE = f"UPDATE events SET {', '.join(f'{name} = ?' for name in COLUMNS)} WHERE id = ?"
_ID, _KIND, _DECISION, _FORGOTTEN = (COLUMNS.index(name) for name in ("id", "kind", "decision_id", "forgotten"))


@dataclass
class Changes:
    """What a merge or a forgetting changed: ids of events, and whether content was removed from the file."""

    ids: dict[str, None] = field(default_factory=dict)
    removed: bool = False


def merge_rows(session: Session, events: Iterable[Event]) -> Changes:
    """Joins events into the journal, inside the caller's transaction."""
    changes = Changes()
    groups: dict[str, None] = {}
    rows = (_normal(event) for event in events if event.kind != "mark")
    while chunk := list(islice(rows, _CHUNK)):
        mine = _rows(session, [row[_ID] for row in chunk])
        for theirs in chunk:
            held = mine.get(theirs[_ID])
            if held is None:
                session.insert(_free(session, theirs))
                mine[theirs[_ID]] = theirs
            else:
                if held[_KIND] == "mark" or same_content(held, theirs):
                    continue
                winner = join(held, theirs)
                if same_content(winner, held):
                    continue
                session.execute(_UPDATE, (*_free(session, winner), theirs[_ID]))
                mine[theirs[_ID]] = winner
                changes.removed |= bool(winner[_FORGOTTEN] and not held[_FORGOTTEN])
            changes.ids[theirs[_ID]] = None
            groups.update(dict.fromkeys(_group(mine[theirs[_ID]])))
    _close(session, groups, changes)
    return changes


def forget_rows(session: Session, ids: Iterable[str]) -> Changes:
    """Makes events, and the decisions and lessons that belong to them, tombstones, inside the caller's transaction.

    Unknown ids, tombstones and marks are left as they are.
    """
    changes = Changes()
    groups: dict[str, None] = {}
    for row in _chunked_rows(session, ids):
        if row[_KIND] != "mark" and not row[_FORGOTTEN]:
            _entomb(session, row, changes)
            groups.update(dict.fromkeys(_group(row)))
    _close(session, groups, changes)
    return changes


def _close(session: Session, groups: Iterable[str], changes: Changes) -> None:
    """Makes all members of a group (a decision's id) tombstones if one of them is."""
    if not session.execute("SELECT EXISTS (SELECT 1 FROM events WHERE forgotten = 1)").fetchone()[0]:
        return
    for group in groups:
        members = session.execute(
            f"SELECT {_NAMES} FROM events WHERE id = ? AND kind = 'decision' "
            f"UNION ALL SELECT {_NAMES} FROM events WHERE decision_id = ? AND +kind = 'lesson'",
            (group, group),
        ).fetchall()
        if any(row[_FORGOTTEN] for row in members):
            for row in members:
                if not row[_FORGOTTEN]:
                    _entomb(session, row, changes)


def _entomb(session: Session, row: Row, changes: Changes) -> None:
    session.execute(_UPDATE, (*tombstone(row), row[_ID]))
    changes.ids[row[_ID]] = None
    changes.removed = True


def _group(row: Row) -> list[str]:
    if row[_KIND] == "decision":
        return [row[_ID]]
    return [row[_DECISION]] if row[_KIND] == "lesson" and row[_DECISION] is not None else []


def _normal(event: Event) -> Row:
    row = to_row(event)
    return tombstone(row) if event.forgotten else row


def _free(session: Session, row: Row) -> Row:
    """The row; if another decision has its request id already, without it."""
    request = request_of(row)
    if request is not None:
        query = "SELECT 1 FROM events WHERE request_id = ? AND id <> ?"
        if session.execute(query, (request, row[_ID])).fetchone():
            return without_request(row)
    return row


def _rows(session: Session, ids: list[str]) -> dict[str, Row]:
    query = f"SELECT {_NAMES} FROM events WHERE id IN ({', '.join('?' * len(ids))})"
    return {row[_ID]: row for row in session.execute(query, ids)}


def _chunked_rows(session: Session, ids: Iterable[str]) -> Iterator[Row]:
    wanted = iter(dict.fromkeys(ids))
    while chunk := list(islice(wanted, _CHUNK)):
        yield from _rows(session, chunk).values()
