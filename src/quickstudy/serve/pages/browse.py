"""The journal as people look through it: a search over decisions and lessons, newest first, and one entry in full.

Invariants: reads only, in windows, so that nobody who writes waits for a search; text is compared without case, in any
script. What waits for a blind answer shows no answer (``sealed``). Not here: exact searches of programs
(:meth:`Journal.find`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from quickstudy.autonomy.gate import REASONS
from quickstudy.journal import Event, Journal
from quickstudy.perception import situation_from_json
from quickstudy.serve.pages.questions import Case, Opinion, opinions, ranking
from quickstudy.serve.pages.words import GONE, Seen, seen
from quickstudy.views import past_decision

WINDOW = 2_000
"""So many events are read at once."""

SHOWN = 50
"""So many entries are on one page."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for; empty fields match everything.

    Attributes:
        text: words that the situation holds, all of them, in any order.
        answer: proposed or taught.
        by: who taught.
        mode: "act", "audit", "ask" or "lesson" (taught without a decision).
        since: seconds since 1970.
        until: the same.
        before: only events with a smaller number: the next page.
    """

    text: str = ""
    answer: str = ""
    by: str = ""
    mode: str = ""
    since: float | None = None
    until: float | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """An answer that somebody gave; None where no option is right."""

    id: str
    by: str
    answer: str | None
    at: float
    correct: bool | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision, or a lesson that stands alone, on one line.

    Attributes:
        id: the event's.
        seq: its number.
        kind: "decision" or "lesson".
        mode: the decision's, or "lesson".
        at: its time.
        seen: the situation.
        answer: proposed; None if there was none, or if it is sealed.
        probability: the answer's; None if there was none, or if it is sealed.
        said: what people said, oldest first; empty if sealed.
        right: what the newest of them says of the proposed answer; None while nobody has.
        sealed: whether the answer is kept from somebody who may be asked.
        forgotten: whether its content is gone.
    """

    id: str
    seq: int
    kind: str
    mode: str
    at: float
    seen: Seen
    answer: str | None
    probability: float | None
    said: tuple[Said, ...]
    right: bool | None
    sealed: bool
    forgotten: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a search, and the number before which the next one begins; None at the end."""

    entries: tuple[Entry, ...]
    older: int | None


@dataclass(frozen=True, slots=True)
class Detail:
    """One entry in full.

    Attributes:
        entry: the line.
        reason: why it had its mode, in a sentence.
        ranked: the most probable options then, with their probabilities.
        others: how many options were less probable.
        opinions: the experts'.
        cases: the nearest remembered cases.
        novelty: how unlike everything learned it was, in [0, 1].
        score: the gate's estimate that the answer was right; None where it did not look.
        threshold: from which score it stood behind an answer; None where it did not look.
        propensity: the probability of an audit; None where it did not stand behind it.
        task_id: the task of many steps that it belongs to.
        step: the step in it.
    """

    entry: Entry
    reason: str
    ranked: tuple[tuple[str, float], ...]
    others: int
    opinions: tuple[Opinion, ...]
    cases: tuple[Case, ...]
    novelty: float
    score: float | None
    threshold: float | None
    propensity: float | None
    task_id: str | None
    step: int | None


def search(
    journal: Journal, wanted: Wanted, sealed: Callable[[Collection[str]], frozenset[str]], limit: int = SHOWN
) -> Found:
    """The newest entries that match.

    Args:
        journal: the job's.
        wanted: what is searched for.
        sealed: says which of some decisions are sealed.
        limit: entries on a page.
    """
    found: list[Entry] = []
    lessons: defaultdict[str, list[Event]] = defaultdict(list)
    words = wanted.text.casefold().split()
    raw = [json.dumps(word, ensure_ascii=False)[1:-1] for word in words]
    high = journal.last_seq
    while high > 0 and len(found) <= limit:
        low = max(0, high - WINDOW)
        window = list(journal.events(after=low, until_seq=high, kinds=("decision", "lesson"), light=True))
        high = low
        for event in reversed(window):
            if event.kind == "lesson" and event.decision_id is not None:
                lessons[event.decision_id].append(event)
            elif wanted.before is None or event.seq < wanted.before:
                said = lessons.pop(event.id, [])[::-1] if event.kind == "decision" else [event]
                if _may_match(event, said, wanted, raw):
                    entry = _entry(event, said)
                    if _has(entry.seen, words):
                        found.append(entry)
    hidden = sealed([entry.id for entry in found])
    shown = [_sealed(entry) if entry.id in hidden else entry for entry in found]
    if hidden and (wanted.answer or wanted.by):  # whether they match would tell what they hide
        shown = [entry for entry in shown if not entry.sealed]
    return Found(tuple(shown[:limit]), found[limit - 1].seq if len(found) > limit else None)


def detail(journal: Journal, event: Event, *, sealed: bool) -> Detail:
    """One decision or lesson in full.

    Args:
        journal: the job's.
        event: the decision's or lesson's.
        sealed: whether its answer is kept from the reader.
    """
    is_decision = event.kind == "decision"
    entry = _entry(event, journal.lessons_of(event.id) if is_decision else [event])
    if sealed:
        entry = _sealed(entry)
    bare = Detail(entry, "", (), 0, (), (), 0.0, None, None, None, event.task_id, event.step)
    if event.forgotten or not is_decision or sealed:
        return bare
    decision = past_decision(event)
    texts = journal.situations_of(near.lesson_id for near in decision.evidence.neighbours)
    cases = [
        Case(
            seen(situation_from_json(text)) if (text := texts.get(near.lesson_id, (None, None))[0]) else GONE,
            near.answer,
            near.similarity,
            near.by or "",
            near.at,
        )
        for near in decision.evidence.neighbours
        if near.lesson_id
    ]
    ranked = ranking(decision, 10)
    return replace(
        bare,
        reason=REASONS.get(decision.reason, decision.reason),
        ranked=tuple(ranked),
        others=max(0, int(event.data.get("options", 0)) - len(ranked)),
        opinions=opinions(decision),
        cases=tuple(cases),
        novelty=decision.novelty,
        score=event.data.get("score"),
        threshold=event.data.get("threshold"),
        propensity=event.propensity,
    )


def _entry(event: Event, lessons: list[Event]) -> Entry:
    said = tuple(
        Said(lesson.id, lesson.by or "", lesson.answer, lesson.at, lesson.correct)
        for lesson in lessons
        if lesson.is_verdict
    )
    is_decision = event.kind == "decision"
    return Entry(
        id=event.id,
        seq=event.seq,
        kind=event.kind,
        mode=str(event.mode) if is_decision else "lesson",
        at=event.at,
        seen=GONE if event.forgotten or event.situation is None else seen(situation_from_json(event.situation)),
        answer=event.answer if is_decision else None,
        probability=event.probability,
        said=said,
        right=said[-1].answer == event.answer if is_decision and said else None,
        sealed=False,
        forgotten=event.forgotten,
    )


def _sealed(entry: Entry) -> Entry:
    return replace(entry, answer=None, probability=None, said=(), right=None, sealed=True)


def _may_match(event: Event, said: Sequence[Event], wanted: Wanted, raw: Sequence[str]) -> bool:
    """What can be said without reading the situation: most events are passed over here, which makes a search quick."""
    if wanted.mode and (str(event.mode) if event.kind == "decision" else "lesson") != wanted.mode:
        return False
    if (wanted.since is not None and event.at < wanted.since) or (wanted.until is not None and event.at > wanted.until):
        return False
    if wanted.by and not any((one.by or "").casefold() == wanted.by.casefold() for one in said):
        return False
    if wanted.answer:
        answers = (one.answer for one in (event, *said))
        if not any((answer or "").casefold() == wanted.answer.casefold() for answer in answers):
            return False
    text = (event.situation or "").casefold() if raw else ""
    return all(word in text for word in raw)


def _has(shown: Seen, words: Sequence[str]) -> bool:
    """Whether a situation holds all words; its JSON, which also has names of its own, only may."""
    if not words:
        return True
    text = " ".join((shown.text, *(f"{field.name} {field.value}" for field in shown.fields))).casefold()
    return all(word in text for word in words)
