"""What changes what was: options that are added, renamed, joined and retired; merging, forgetting, fitting again.

A part of :class:`quickstudy.Learner`. Invariant: afterwards the state is a function of the set of events; after a merge
or a forget it is the canonical one. Not here: how it is relived (``mind``).
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Mapping, Sequence

from quickstudy.errors import InputError, LessonError, OptionError
from quickstudy.job import checked_option_name
from quickstudy.journal import Journal
from quickstudy.knowledge import Progress
from quickstudy.perception import Encoder, situation_from_json
from quickstudy.record import Record
from quickstudy.turns import writes
from quickstudy.types import Decision, Lesson, Scalar, Situation


class Revisions:
    """The learner's verbs that change what was."""

    encoder: Encoder
    _lock: threading.RLock
    _record: Record

    # -- options

    def add_option(self, name: str, description: str = "") -> None:
        """Adds an option, brings a retired one back, or describes a known one once more."""
        self._change_option("add", checked_option_name(name), description=description)

    @writes
    def rename_option(self, old: str, new: str) -> None:
        """Gives an option another name; what was learned follows, and the old name stays an alias."""
        new = checked_option_name(new)
        self._record.options.required(old)
        if self._record.options.is_current(new):
            raise OptionError(
                f"There is an option {new!r} already.", next_step="Use merge_options to make one of the two."
            )
        self._change_option("rename", old, other=new)

    @writes
    def merge_options(self, old: str, into: str) -> None:
        """Makes one option of two: everything learned for ``old`` counts for ``into`` from now on."""
        options = self._record.options
        if options.required(old) == options.required(into):
            raise OptionError(f"{old!r} and {into!r} are one option already.", next_step="Name two options.")
        self._change_option("merge", old, other=options.names[options.required(into)])

    @writes
    def retire_option(self, name: str) -> None:
        """Proposes an option no more; what was learned of it is kept, and :meth:`add_option` brings it back."""
        self._record.options.required(name)
        if len(self._record.options.current()) == 1:
            raise OptionError(f"{name!r} is the last option.", next_step="Add another one first.")
        self._change_option("retire", name)

    @writes
    def _change_option(self, action: str, name: str, *, other: str | None = None, description: str = "") -> None:
        record = self._record
        event = record.option_event(action, name, other=other, description=description)
        if action == "merge" or (action == "rename" and record.options.joins(name, str(other))):
            record.append([event, record.mark("options")], durable=True)
            record.rebuild(None)
        elif record.knowledge is None:
            record.append([event], durable=True)
        else:
            record.commit([(event, None)])

    # -- the set of events

    def merge(self, *others: Revisions | str | os.PathLike[str], progress: Progress | None = None) -> int:
        """Takes over every event that others have and this learner lacks; says how many changed.

        The state is then a function of the set of events: it does not matter who merges what, in which order, how
        often. Merging what is known already changes nothing.

        Raises:
            JournalMismatchError: another job, encoder, random features, or kind of situation.
        """
        for other in others:
            if not isinstance(other, Revisions | str | os.PathLike):
                raise InputError(f"Cannot merge {other!r}.", next_step="Give learners or journals' paths.")
        record = self._record
        with self._lock, contextlib.ExitStack() as opened:
            record.writable()
            sources = [
                other._record.journal
                if isinstance(other, Revisions)
                else opened.enter_context(Journal.open(other, identity=None, read_only=True))
                for other in others
            ]

            def join() -> int:
                for source in sources:
                    record.check_mergeable(source)
                record.append([], durable=True)
                events = (event for source in sources for event in source.events())
                return len(record.journal.union(events, extra=[record.mark("merge")]))

            changed = record.write(join)
            if changed:
                record.rebuild(progress)
                record.write(record.adopt)
            return changed

    def forget(
        self,
        ids: Decision | Lesson | str | Iterable[str] | None = None,
        *,
        progress: Progress | None = None,
        **fields: Scalar,
    ) -> int:
        """Forgets decisions or lessons by id, or all whose situation has a field, as if they had never been.

        Their content is scrubbed from disk; a tombstone keeps id, time and right-or-wrong. Says how many events went.

        Args:
            ids: ids of decisions or lessons, or one decision or lesson.
            progress: called with (done, all) while the state is rebuilt.
            fields: ``vendor="Acme"`` and the like; also ``by``, ``answer`` (taught), ``text`` for a whole text, and
                ``task_id`` for a whole task of many steps.

        Raises:
            LessonError: an id that is not there, or is no decision or lesson; then nothing is forgotten.
        """
        if isinstance(ids, Decision | Lesson):
            ids = ids.id
        wanted = [ids] if isinstance(ids, str) else list(ids or [])
        with self._lock:
            seen, gone = self._erase(wanted, fields)
            if gone:
                self.encoder.forget(seen)
                self._record.rebuild(progress)
            return gone

    @writes
    def _erase(self, wanted: Sequence[str], fields: Mapping[str, Scalar]) -> tuple[list[Situation], int]:
        """Makes tombstones; gives the situations that were forgotten, and how many events went."""
        record = self._record
        known = record.journal.get_many(wanted)
        for id in wanted:
            if id not in known or known[id].kind not in ("decision", "lesson", "task"):
                raise LessonError(
                    f"This journal holds no decision or lesson {id!r}.",
                    next_step="Nothing was forgotten. Look the ids up with export.",
                    code="unknown-id",
                )
        if fields:
            kind = {"kind": "lesson"} if "answer" in fields else {}  # what was taught, not what was proposed
            wanted = [*wanted, *(id for id in record.journal.find(**fields, **kind) if id not in known)]
        found = record.journal.get_many(wanted).values()
        events = [e for e in found if e.kind in ("decision", "lesson", "task") and not e.forgotten]
        if not events:
            return [], 0
        record.append([], durable=True)
        asked = record.journal.get_many({e.decision_id for e in events if e.decision_id}).values()
        seen = [situation_from_json(e.situation) for e in [*events, *asked] if e.situation]
        gone = record.journal.forget(
            [*(event.id for event in events), *record.orphans(events)], extra=[record.mark("forget")]
        )
        return seen, len(gone)

    def refit(self, *, progress: Progress | None = None) -> None:
        """Brings the learner to the canonical state of all it was taught, as a merge does; a mark is journaled.

        What is adapted lesson by lesson is fitted again in the order of the lessons' times, and all of memory is
        rehearsed. Deterministic: learners that were taught the same are the same afterwards.
        """
        with self._lock:
            if self._refit():
                self._record.rebuild(progress)

    @writes
    def _refit(self) -> bool:
        """Journals the mark, unless nothing was learned yet."""
        record = self._record
        if record.knowledge is not None:
            record.append([record.mark("refit")], durable=True)
        return record.knowledge is not None
