"""The learner on one job: decide, ask, be taught, learn. Thin: every station does its own work.

    situation ─▶ perceive ─▶ propose, judge ─▶ decision ─▶ journal
                                   ▲                          │
                                   └── learn ◀── journal ◀── lesson

Invariants: what is returned is in the journal; what is learned is a function of the journal (:mod:`knowledge`); reading
changes nothing. One lock makes a learner safe to share between threads. Several processes share a journal in PostgreSQL
by turns: each verb ``@reads`` or ``@writes`` (:mod:`quickstudy.turns`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, TypeAlias

from quickstudy import views
from quickstudy.arguments import checked_limit, checked_teachers, chosen, listed, times_of
from quickstudy.autonomy.gate import Gate
from quickstudy.controls import Controls
from quickstudy.errors import InputError, JobError, LessonError
from quickstudy.feedback import Feedback
from quickstudy.identity import encoder_to_read, stored_job_and_fingerprint
from quickstudy.job import Job, checked_option_name
from quickstudy.journal import Event, Journal
from quickstudy.journal.clock import checked_time
from quickstudy.knowledge import Progress, standing_key
from quickstudy.perception import Encoder, get_encoder, situation_from_json, situation_to_json
from quickstudy.record import Record
from quickstudy.report import Learned, Report, learned, make_report
from quickstudy.revisions import Revisions
from quickstudy.tasks import Tasks
from quickstudy.turns import reads, writes
from quickstudy.types import Decision, Lesson, Situation, Vector

Within: TypeAlias = Callable[[list[Decision], Vector], tuple[list[Decision], dict[str, Any]]]
"""What a task of many steps makes of proposals: they, with their value, and further fields of their events."""


class Learner(Feedback, Revisions, Controls, Tasks):
    """A learner on one job.

    Args:
        job: the job.
        journal: the path of its journal, or a URL like ``postgresql://user@host/database?schema=route``, which several
            processes can share; None to keep it in memory.
        id: the learner's id; made up for a new journal if None.
        seed: seeds exploration only; what is learned does not depend on it.
        read_only: reads a journal that another process may be writing; decide and teach are refused.
        encoder: an encoder object instead of the one that ``job.encoder`` names.
        progress: called with (done, all) while a long journal is replayed.

    Raises:
        JournalLockedError: another process writes the journal.
        JournalMismatchError: it belongs to another job, encoder or learner.
        JournalCorruptError: it is damaged, or no journal.

    >>> from quickstudy import Job, Learner
    >>> with Learner(Job("route", ["billing", "fraud"], encoder="static")) as learner:
    ...     decision = learner.decide("I was charged twice")
    ...     lesson = learner.teach(decision, "billing")
    ...     learner.predict("they charged me two times").answer
    'billing'
    """

    def __init__(
        self,
        job: Job,
        journal: str | os.PathLike[str] | None = None,
        *,
        id: str | None = None,
        seed: int = 0,
        read_only: bool = False,
        encoder: Encoder | None = None,
        progress: Progress | None = None,
    ) -> None:
        if not isinstance(job, Job):
            raise JobError(f"A learner needs a Job, got {type(job).__name__}.", next_step='For example Job("route").')
        self.job = job
        self.seed = seed
        self.encoder = encoder or get_encoder(job.encoder)
        self._lock = threading.RLock()
        self._record = Record(job, self.encoder, journal, id=id, read_only=read_only, progress=progress)

    @classmethod
    def open(cls, journal: str | os.PathLike[str], *, read_only: bool = False, **keywords: Any) -> Learner:
        """Opens an existing journal with the job that is stored in it.

        One of an encoder that has changed since, or is gone, can be read, though no new text can be asked about.
        """
        job, fingerprint = stored_job_and_fingerprint(journal)
        if read_only and keywords.get("encoder") is None:
            keywords["encoder"] = encoder_to_read(job.encoder, fingerprint)
        return cls(job, journal, read_only=read_only, **keywords)

    @property
    def id(self) -> str:
        """The learner's id."""
        return self._record.id

    # -- deciding

    def decide(
        self,
        situation: Situation,
        options: Sequence[str] | None = None,
        *,
        at: float | None = None,
        request_id: str | None = None,
    ) -> Decision:
        """Decides on one situation and journals the decision; changes nothing learned.

        Args:
            situation: text, a record (dict of text, numbers, bools, dates, None), or a 1-D float array.
            options: only these options are possible here; all of the job's if None.
            at: the event's own time, seconds since 1970; now if None.
            request_id: an idempotency key: the same one gets the same decision again.

        Raises:
            SituationError: the situation cannot be perceived.
            OptionError: an unknown option.
        """
        self._record.prepare([situation])
        return self._decide([situation], options, at, [request_id])[0]

    def decide_many(
        self,
        situations: Sequence[Situation],
        options: Sequence[str] | None = None,
        *,
        at: float | Sequence[float | None] | None = None,
        request_ids: Sequence[str | None] | None = None,
    ) -> list[Decision]:
        """:meth:`decide` for many situations, in one transaction: all or none.

        Args:
            situations: n situations.
            options: only these options are possible for any of them; all of the job's if None.
            at: the events' own time, seconds since 1970, one for all or n; now if None.
            request_ids: n idempotency keys; the same one twice gets the same decision, here too.
        """
        given = listed(situations)
        keys: list[str | None] = [None] * len(given) if request_ids is None else list(request_ids)
        if len(keys) != len(given):
            raise InputError(f"{len(given)} situations and {len(keys)} request ids.", next_step="Give as many of each.")
        self._record.prepare(given)
        return self._decide(given, options, at, keys)

    def predict(self, situation: Situation, options: Sequence[str] | None = None) -> Decision:
        """What :meth:`decide` would say; writes nothing, and the decision has no id."""
        return self.predict_many([situation], options)[0]

    def predict_many(self, situations: Sequence[Situation], options: Sequence[str] | None = None) -> list[Decision]:
        """:meth:`predict` for many situations."""
        return self._predict(listed(situations), options)

    # -- being taught

    def teach(
        self,
        target: Decision | Situation | None,
        answer: str,
        *,
        decision_id: str | None = None,
        lesson_id: str | None = None,
        by: str | None = None,
        at: float | None = None,
    ) -> Lesson:
        """Teaches the right answer; when it returns, the lesson is on disk.

        Args:
            target: the decision, now or days later; or a situation without a decision; None with ``decision_id``.
            answer: an option's name; in an open job a new one makes a new option.
            decision_id: the decision's id, instead of the decision.
            lesson_id: an idempotency key: the same id twice counts once.
            by: who taught. The same teacher's next lesson on a decision replaces the first.
            at: the event's own time, seconds since 1970; now if None.

        Raises:
            UnknownDecisionError: this journal holds no such decision.
            OptionError: an unknown option in a closed job.
            LessonError: the lesson id was used for another lesson.
        """
        pair = (target, answer)
        return self.teach_many([pair], decision_ids=[decision_id], lesson_ids=[lesson_id], by=by, at=[at])[0]

    def teach_many(
        self,
        pairs: Iterable[tuple[Decision | Situation | None, str]],
        *,
        decision_ids: Sequence[str | None] | None = None,
        lesson_ids: Sequence[str | None] | None = None,
        by: str | Sequence[str | None] | None = None,
        at: Sequence[float | None] | None = None,
    ) -> list[Lesson]:
        """:meth:`teach` for many pairs of (decision or situation, answer), in one transaction: all or none.

        Args:
            pairs: n pairs.
            decision_ids: n decisions' ids, instead of decisions in the pairs.
            lesson_ids: n idempotency keys.
            by: who taught: one for all, or n.
            at: n times, seconds since 1970.
        """
        given = list(pairs)
        for pair in given:
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise LessonError(
                    f"A lesson is {str(pair)[:80]!r}.", next_step="Give pairs of (decision or situation, answer)."
                )
        none: list[None] = [None] * len(given)
        asked = none if decision_ids is None else list(decision_ids)
        ids = none if lesson_ids is None else list(lesson_ids)
        times = none if at is None else list(at)
        teachers = [by] * len(given) if by is None or isinstance(by, str) else checked_teachers(by)
        lengths = {"decision ids": len(asked), "lesson ids": len(ids), "times": len(times), "teachers": len(teachers)}
        if others := [f"{count} {name}" for name, count in lengths.items() if count != len(given)]:
            raise LessonError(f"{len(given)} pairs, {', '.join(others)}.", next_step="Give as many of each.")
        answers = [checked_option_name(answer) for _, answer in given]
        self._record.prepare(target for target, _ in given if not isinstance(target, Decision))
        return self._teach(given, answers, asked, ids, times, teachers)

    @writes
    def _teach(
        self,
        given: Sequence[tuple[Decision | Situation | None, str]],
        answers: Sequence[str],
        asked: Sequence[str | None],
        ids: Sequence[str | None],
        times: Sequence[float | None],
        teachers: Sequence[str | None],
    ) -> list[Lesson]:
        wanted = zip(given, asked, strict=True)
        targets = [self._target(target if id is None else self._with_id(target, id)) for (target, _), id in wanted]
        fresh, vectors = self._record.perceive([t for t in targets if not isinstance(t, Event)])
        seen = iter(zip(fresh, vectors, strict=True))
        events: list[tuple[Event, Vector | None]] = []
        lessons: list[Event] = []
        added: dict[str, Event] = {}
        batch: dict[str, Event] = {}
        judged: set[str] = set()
        for target, answer, lesson_id, who, when in zip(targets, answers, ids, teachers, times, strict=True):
            situation, vector = ("", target.vector) if isinstance(target, Event) else next(seen)
            if lesson_id is not None:
                done = self._record.same_lesson(lesson_id, target, answer, batch)
                if done is not None:
                    lessons.append(done)
                    continue
            if answer not in added and (option := self._record.taught_option(answer, when)) is not None:
                added[answer] = option
                events.append((option, None))
            said = {"id": lesson_id, "by": who, "answer": answer}
            if isinstance(target, Event):
                lesson = self._record.verdict_on(target, when, judged, **said)
            else:
                text = situation_to_json(situation)
                lesson = self._record.event("lesson", when, situation=text, vector=vector, **said)
            batch[lesson.id] = lesson
            events.append((lesson, vector))
            lessons.append(lesson)
        self._record.commit(events)
        return [views.lesson(event) for event in lessons]

    # -- options

    @property
    @reads
    def options(self) -> tuple[str, ...]:
        """The names of the options in force."""
        return self._record.options.current()

    @classmethod
    def replay(
        cls,
        journal: str | os.PathLike[str],
        until: float | None = None,
        *,
        encoder: Encoder | None = None,
        progress: Progress | None = None,
    ) -> Learner:
        """The learner as it was: a copy in memory of a journal, without what happened after ``until``.

        Args:
            journal: the journal's path; it is only read.
            until: seconds since 1970, compared with the events' own times; the whole journal if None.
            encoder: see :class:`Learner`; the journal's own if None, see :meth:`open`.
            progress: called with (done, all).
        """
        with Journal.open(journal, identity=None, read_only=True) as source:
            own = source.get_meta("learner")
            job, fingerprint = stored_job_and_fingerprint(journal)
            learner = cls(job, id=own, encoder=encoder or encoder_to_read(job.encoder, fingerprint))
            record = learner._record
            for key in ("kind", "dimension"):
                if (value := source.get_meta(key)) is not None:
                    record.journal.set_meta(key, value)
            kept = list(source.events(until_at=None if until is None else checked_time(until)))
            mark = max((event.seq for event in kept if event.kind == "mark"), default=0)
            past = [e for e in kept if until is None or e.seq <= mark or e.node in (own, "")]
            record.journal.append(past, durable=False)
        record.load(progress)
        return learner

    # -- looking

    def report(self) -> Report:
        """How the learner is doing; see :class:`quickstudy.report.Report`."""
        known, gate = self._known_now()
        return make_report(self.job, self.encoder.name, self._record.journal, known, gate)

    def lessons(self) -> Iterator[tuple[Lesson, Situation]]:
        """The lessons in force with their situations, in order of arrival, under today's names of the options."""
        with self._lock:
            self._record.read(lambda: None)
        knowledge, journal = self._record.knowledge, self._record.journal
        for event in journal.events(kinds=["lesson"]):
            if event.forgotten or event.answer is None or knowledge is None:
                continue
            standing = knowledge.in_force.get(standing_key(event))
            if standing is None or standing.lesson_id != event.id:
                continue
            decision = journal.get(event.decision_id) if event.decision_id else None
            text = event.situation or (decision.situation if decision else None)
            if text is not None:
                yield views.lesson(event, knowledge.options.names[standing.column]), situation_from_json(text)

    def waiting(self, limit: int | None = None) -> list[Decision]:
        """Decisions that nobody has answered, oldest first."""
        return [views.past_decision(event) for event in self._record.journal.waiting(checked_limit(limit))]

    def decision(self, id: str) -> Decision:
        """A past decision, with the evidence it had.

        Raises:
            UnknownDecisionError: this journal holds no such decision.
        """
        return views.past_decision(self._record.decision(id))

    # -- life

    def snapshot(self) -> None:
        """Writes the learned state beside the journal now, so that the next opening is fast."""
        with self._lock:
            self._record.read(self._record.snapshot)

    def close(self) -> None:
        """Writes a snapshot if much was learned, and closes the journal. Nothing is lost without it."""
        with self._lock:
            self._record.close()

    def __enter__(self) -> Learner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Learner({self.job.name!r}, id={self.id!r}, journal={self._record.journal.path!r})"

    # -- inside

    @reads
    def _known_now(self) -> tuple[Learned, Gate]:
        """Copies of what a report needs: nobody waits while it is made."""
        return learned(self._record.knowledge, self.job), self._record.keeper.gate.copy()

    @reads
    def _predict(self, situations: list[Situation], options: Sequence[str] | None) -> list[Decision]:
        checked, vectors = self._record.perceive(situations)
        return self._propose(checked, vectors, options, [checked_time(None)] * len(checked))

    def _propose(
        self, checked: list[Situation], vectors: Vector, options: Sequence[str] | None, times: list[float]
    ) -> list[Decision]:
        if not checked:
            return []
        knowledge = self._record.knowledge
        assert knowledge is not None
        names, proposal = knowledge.propose(vectors, chosen(options))
        return views.decisions(self._record.journal, knowledge, checked, names, proposal, times)

    @writes
    def _decide(
        self,
        situations: list[Situation],
        options: Sequence[str] | None,
        at: float | Sequence[float | None] | None,
        keys: list[str | None],
        *,
        within: Within | None = None,
    ) -> list[Decision]:
        record = self._record
        times = times_of(at, len(situations))
        checked, vectors = record.perceive(situations)
        texts = [situation_to_json(situation) for situation in checked]
        known, fresh = record.asked_before(keys, texts)
        if len(fresh) < len(texts):
            checked, vectors = [checked[place] for place in fresh], vectors[fresh]
        proposed = self._propose(checked, vectors, options, [times[place] for place in fresh])
        proposed, more = within(proposed, vectors) if within else (proposed, {})
        fields: dict[str, Any] = {
            "options": options,
            "vector": vectors,
            "situation": [texts[place] for place in fresh],
            "request_id": [keys[place] for place in fresh],
        }
        decided = record.decide(proposed, **{**fields, **more})
        known |= {decision.request_id: decision for decision in decided}
        news = dict(zip(fresh, decided, strict=True))
        return [news[place] if place in news else known[key] for place, key in enumerate(keys)]

    def _with_id(self, target: Decision | Situation | None, decision_id: str) -> Decision:
        """The decision with this id; refuses a target that contradicts it."""
        decision = self.decision(decision_id)
        if isinstance(target, Decision):
            if target.id != decision_id:
                raise LessonError(
                    f"The decision is {target.id!r}, but decision_id says {decision_id!r}.",
                    next_step="Give one of them.",
                )
        elif target is not None and situation_to_json(target) != situation_to_json(decision.situation):
            raise LessonError(
                f"Decision {decision_id!r} was about another situation.", next_step="Give one of the two."
            )
        return decision

    def _target(self, target: Decision | Situation | None) -> Event | Situation:
        """The decision's event, or the situation."""
        if target is None:
            raise LessonError("A lesson about nothing.", next_step="Give a decision, a situation or a decision_id.")
        if not isinstance(target, Decision):
            return target
        if not target.id:
            return target.situation
        return self._record.decision(target.id)
