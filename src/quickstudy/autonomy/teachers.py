"""Teachers who can be wrong: who taught how much, how often each is wrong, and where answers contradict each other.

A guarantee about a learner's errors is about disagreement with its teachers' first verdicts. If those are wrong in a
share e of the tasks, the learner can agree with them and still be wrong. So the report says what e is, from tasks that
several teachers answered (``error_rates``), and :meth:`TeachersReport.truly_wrong` adds it to a bound. Without such
tasks it says that the bound does not account for it.

Which tasks are put to a second teacher is up to coins (``twice``), so that nobody chooses easy ones. First answers
count for the error rates: whoever corrects herself later was wrong at first.

Everything is computed from the journal, and answers are compared as options: two names of one option agree.
Not here: the gate, and what contradictions do to learning (experts weigh conflicting answers).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any, Literal, TypeAlias

import numpy as np

from quickstudy.autonomy.error_rates import ErrorRate, error_rates
from quickstudy.autonomy.twice import Drawn, to_ask_again
from quickstudy.errors import InputError
from quickstudy.journal.reader import PAGE, JournalReader
from quickstudy.options import Options
from quickstudy.perception import situation_from_json, situation_to_json
from quickstudy.types import Situation, Vector

SHARED_TASKS = 2_000
"""The error rates are those of so many of the newest tasks with several teachers' answers."""
NEAR = 0.95
"""Situations with at least this cosine are nearly equal."""
NEAR_LESSONS = 5_000
"""Nearly equal situations are looked for among so many of the newest lessons."""
SHOWN = 50
"""So many contradictions are listed, the newest first; all are counted."""


@dataclass(frozen=True, slots=True)
class Teacher:
    """One teacher.

    Attributes:
        name: as given by ``by``; empty for answers without a name.
        answers: decisions and situations that she answered.
        corrected: how many of them she later answered otherwise.
        shared: decisions that another teacher answered too.
        disagreed: those where somebody's first answer was not hers.
        error: the estimated share of wrong first answers; None if she shares no task, or if the answers cannot tell
            who of two is wrong.
        low: the lower end of its interval; None if she shares no task.
        high: the upper end.
    """

    name: str
    answers: int
    corrected: int
    shared: int
    disagreed: int
    error: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Said:
    """One answer in a contradiction; ``at`` is its own time, seconds since 1970."""

    by: str
    answer: str
    lesson_id: str
    at: float


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Different answers in force to one situation, or to two that are nearly equal.

    Attributes:
        kind: ``"teachers"`` if two teachers differ, ``"herself"`` if one differs from herself on equal situations,
            ``"nearly"`` if she does on nearly equal ones.
        said: the two answers, in order of arrival.
        situation: of the first.
        other: of the second, if it is not the same.
        similarity: the situations' cosine.
    """

    kind: Literal["teachers", "herself", "nearly"]
    said: tuple[Said, Said]
    situation: Situation = field(repr=False, compare=False)
    other: Situation | None = field(default=None, repr=False, compare=False)
    similarity: float = 1.0


@dataclass(frozen=True, slots=True)
class TeachersReport:
    """What the journal says about its teachers.

    Attributes:
        confidence: with which all intervals hold together.
        teachers: by how much they taught, most first.
        shared_tasks: decisions with first answers of several teachers.
        agreement: the share of them on which all agree; None without any.
        ask_twice: the share of asked and audited tasks that are to be put to a second teacher.
        again: decisions that have one teacher's answer and wait for another's, oldest first.
        error: the estimated error rate of the first verdicts; None unless the answers can tell who was wrong.
        low: the lower end of its interval; None unless every teacher shares tasks.
        high: the upper end.
        answers: V, the answers stood behind in the ledgers in force.
        bound: U, at most so many of them disagree with their first verdicts.
        contradictions: the newest ones, at most 50.
        contradictions_found: how many there are.
    """

    confidence: float
    teachers: tuple[Teacher, ...]
    shared_tasks: int
    agreement: float | None
    ask_twice: float
    again: tuple[str, ...]
    error: float | None
    low: float | None
    high: float | None
    answers: int
    bound: int
    contradictions: tuple[Contradiction, ...]
    contradictions_found: int

    def truly_wrong(self, bound: float | None = None) -> float | None:
        """A bound on the share that is truly wrong, from one on the share that the first verdicts call wrong.

        Whatever is wrong either disagrees with its verdict or has a wrong verdict: the shares add up. None if the
        teachers' error is not known.

        Args:
            bound: the share; that of the ledgers in force if None.
        """
        if bound is None:
            bound = self.bound / self.answers if self.answers else None
        return None if self.high is None or bound is None else min(1.0, bound + self.high)

    @property
    def note(self) -> str:
        """What the bound does and does not account for, in words."""
        about = "The bound is about disagreement with the teachers' first verdicts."
        if self.low is None or self.high is None:
            why = "Not every teacher shares tasks with another" if self.shared_tasks else "No task has two answers"
            return (
                f"{about} It does not account for the teachers' own errors. {why}: set ask_twice, and put the tasks "
                "that it draws to another teacher."
            )
        between = f"{self.low:.1%} to {self.high:.1%}"
        size = f"from {between}" if self.error is None else f"about {self.error:.1%} ({between})"
        known = f"{about} Their own error is {size} in the {self.shared_tasks:,} tasks that several answered."
        if self.error is None:
            known += " More cannot be said before a third teacher answers some of them."
        total = self.truly_wrong()
        if total is None:
            return known
        return (
            f"{known} At most {self.bound:,} of {self.answers:,} answers stood behind disagree "
            f"({self.bound / self.answers:.1%}); others may agree with a wrong verdict, so at most {total:.1%} are "
            "truly wrong, if the teachers err independently, and there no more often than in those tasks."
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        plain = {**asdict(self), "truly_wrong": self.truly_wrong(), "note": self.note}
        for found, words in zip(self.contradictions, plain["contradictions"], strict=True):
            words["situation"] = json.loads(situation_to_json(found.situation))
            words["other"] = None if found.other is None else json.loads(situation_to_json(found.other))
        return plain


def make_teachers_report(
    journal: JournalReader,
    options: Options,
    drawn: Drawn,
    stood: tuple[int, int] = (0, 0),
    confidence: float = 0.95,
) -> TeachersReport:
    """The report on a journal's teachers.

    Args:
        journal: the journal.
        options: its options as they stand.
        drawn: the tasks to be asked twice.
        stood: how many answers the ledgers in force count, and their bound on the wrong ones.
        confidence: with which all intervals hold together, in (0, 1).

    Raises:
        InputError: the confidence makes no sense.
    """
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 < confidence < 1:
        raise InputError(f"The confidence is {confidence!r}.", next_step="Give a share between 0 and 1, like 0.95.")
    given = _Answers(journal, options)
    rates = given.rates(max(len(options.current()), 2), confidence)
    first = Counter(next(iter(said)) for said in given.first.values())
    shared = {key: said for key, said in given.first.items() if len(said) > 1}
    agreed = sum(len(set(said.values())) == 1 for said in shared.values())
    contradictions, count = given.contradictions()
    total = sum(first.values())
    known = bool(first) and all(name in rates for name in first)
    mean = {
        end: sum(getattr(rates[name], end) * n for name, n in first.items()) / total if known else None
        for end in ("error", "low", "high")
    }
    if known and not all(rates[name].identified for name in first):
        mean["error"] = None
    return TeachersReport(
        confidence=confidence,
        teachers=tuple(
            _teacher(name, taught, given, shared, rates.get(name)) for name, taught in given.counts.most_common()
        ),
        shared_tasks=len(shared),
        agreement=agreed / len(shared) if shared else None,
        answers=stood[0],
        bound=stood[1],
        ask_twice=drawn.share,
        again=to_ask_again(journal, drawn),
        contradictions=contradictions,
        contradictions_found=count,
        **mean,
    )


def _teacher(
    name: str, count: int, answers: _Answers, shared: Mapping[str, dict[str, int]], rate: ErrorRate | None
) -> Teacher:
    hers = [given for given in shared.values() if name in given]
    return Teacher(
        name=name,
        answers=count,
        corrected=answers.corrected[name],
        shared=len(hers),
        disagreed=sum(len(set(given.values())) > 1 and _apart(name, given) for given in hers),
        error=rate.error if rate is not None and rate.identified else None,
        low=None if rate is None else rate.low,
        high=None if rate is None else rate.high,
    )


def _apart(name: str, given: Mapping[str, int]) -> bool:
    return any(option != given[name] for other, option in given.items() if other != name)


@dataclass(frozen=True, slots=True)
class _Held:
    """A lesson in force: who said what about which decision; ``option`` is its column."""

    by: str
    option: int
    lesson_id: str
    decision_id: str | None
    clock: int
    seq: int
    at: float


_Pair: TypeAlias = tuple[Literal["teachers", "herself", "nearly"], _Held, _Held, float]


class _Answers:
    """A journal's answers: the first of each teacher to each decision, and those in force."""

    def __init__(self, journal: JournalReader, options: Options) -> None:
        self._journal = journal
        self._options = options
        self.first: dict[str, dict[str, int]] = {}
        self.counts: Counter[str] = Counter()
        self.corrected: Counter[str] = Counter()
        held: dict[tuple[str, str], _Held] = {}
        for event in journal.events(kinds=["lesson"], light=True):
            column = None if event.answer is None or event.forgotten else options.column(event.answer)
            if column is None:
                continue
            by, about = event.by or "", event.decision_id or event.id
            before = held.get((about, by))
            if before is None:
                self.counts[by] += 1
                if event.decision_id is not None:
                    self.first.setdefault(event.decision_id, {})[by] = column
            if before is None or (event.clock, event.id) > (before.clock, before.lesson_id):
                answer = _Held(by, column, event.id, event.decision_id, event.clock, event.seq, event.at)
                held[about, by] = answer
        self._held = sorted(held.values(), key=lambda answer: answer.seq)
        for answer in self._held:
            if answer.decision_id is not None:
                self.corrected[answer.by] += self.first[answer.decision_id][answer.by] != answer.option

    def rates(self, options: int, confidence: float) -> dict[str, ErrorRate]:
        """Each teacher's error rate from the newest shared tasks; the intervals hold together."""
        names = {name: i for i, name in enumerate(self.counts)}
        shared = [given for given in self.first.values() if len(given) > 1][-SHARED_TASKS:]
        rows = [(task, names[by], column) for task, given in enumerate(shared) for by, column in given.items()]
        table = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        each = 1.0 - (1.0 - confidence) / max(len(set(table[1].tolist())), 1)
        found = error_rates(table[0], table[1], table[2], options, each)
        return {name: found[i] for name, i in names.items() if i in found}

    def contradictions(self) -> tuple[tuple[Contradiction, ...], int]:
        """The newest contradictions among the answers in force, and how many there are."""
        places = self._places()
        groups: defaultdict[bytes, dict[tuple[str, int], _Held]] = defaultdict(dict)
        for answer in self._held:
            if answer.lesson_id in places:
                groups[places[answer.lesson_id]][answer.by, answer.option] = answer  # the newest of each
        pairs = [pair for group in groups.values() for pair in _within(group.values())]
        newest = [answer for answer in self._held if answer.lesson_id in places][-NEAR_LESSONS:]
        pairs += self._nearly(newest, places)
        pairs.sort(key=lambda pair: -pair[2].seq)
        return tuple(self._shown(*pair) for pair in pairs[:SHOWN]), len(pairs)

    def _places(self) -> dict[str, bytes]:
        """A hash of each lesson's situation, by lesson."""
        found = {}
        for start in range(0, len(self._held), PAGE):
            ids = [answer.lesson_id for answer in self._held[start : start + PAGE]]
            for id, (text, _) in self._journal.situations_of(ids).items():
                if text is not None:
                    found[id] = hashlib.sha256(text.encode()).digest()
        return found

    def _nearly(self, answers: list[_Held], places: Mapping[str, bytes]) -> list[_Pair]:
        """Of each teacher's answers: each with the most similar earlier one that differs, if they are nearly equal."""
        vectors = self._vectors(answers)
        pairs: list[_Pair] = []
        for by in sorted({answer.by for answer in answers}):
            hers = [answer for answer in answers if answer.by == by and answer.lesson_id in vectors]
            if len(hers) < 2:
                continue
            block = np.stack([vectors[answer.lesson_id] for answer in hers])
            options = np.array([answer.option for answer in hers])
            _, place = np.unique([places[answer.lesson_id].hex() for answer in hers], return_inverse=True)
            order = np.arange(len(hers))
            for start in range(0, len(hers), PAGE):
                rows = order[start : start + PAGE, None]
                allowed = (order < rows) & (options != options[rows]) & (place != place[rows])
                near = np.where(allowed, block[start : start + PAGE] @ block.T, -1.0)
                best = near.argmax(axis=1)
                for row in np.flatnonzero(near.max(axis=1) >= NEAR).tolist():
                    similarity = min(float(near[row, best[row]]), 1.0)
                    pairs.append(("nearly", hers[best[row]], hers[start + row], similarity))
        return pairs

    def _vectors(self, answers: list[_Held]) -> dict[str, Vector]:
        """The vectors of the answers' situations, by lesson."""
        events = self._journal.get_many(answer.decision_id or answer.lesson_id for answer in answers)
        found = {}
        for answer in answers:
            event = events.get(answer.decision_id or answer.lesson_id)
            if event is not None and event.vector is not None:
                found[answer.lesson_id] = event.vector
        return found

    def _shown(
        self, kind: Literal["teachers", "herself", "nearly"], one: _Held, other: _Held, similarity: float
    ) -> Contradiction:
        texts = self._journal.situations_of([one.lesson_id, other.lesson_id])
        first, second = (situation_from_json(str(texts[answer.lesson_id][0])) for answer in (one, other))
        names = self._options.names
        said = [Said(answer.by, names[answer.option], answer.lesson_id, answer.at) for answer in (one, other)]
        return Contradiction(kind, (said[0], said[1]), first, second if kind == "nearly" else None, similarity)


def _within(group: Iterable[_Held]) -> Iterator[_Pair]:
    """Of answers to one situation: all pairs that differ."""
    for one, other in combinations(sorted(group, key=lambda answer: answer.seq), 2):
        if one.option != other.option:
            yield "herself" if one.by == other.by else "teachers", one, other, 1.0
