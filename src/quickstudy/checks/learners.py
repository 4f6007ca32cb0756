"""What every learner must do: the laws in a small form, as checks of a function that makes learners.

The small job sees arrays, so no text model is loaded. :func:`require_same_learner` says when two learners know the
same; tests of the laws on larger journals use it too. Not covered: how well a learner learns (``bench``), other
processes and crashes (the tests of the journal).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from quickstudy.checks.running import CLASSES, Check, named, require, run_all, separable
from quickstudy.job import Job
from quickstudy.learner import Learner
from quickstudy.types import Decision, Situation, Value

MakeLearner: TypeAlias = Callable[[Job, "str | None"], Learner]
"""Makes a learner on a job with a journal at a path, or in memory if None."""

CLOSE = 1e-8
"""How close probabilities must come."""

NAMES = ("billing", "fraud", "cards", "travel")


def small_job() -> Job:
    """The job of these checks: four options, few random features."""
    return Job("quickstudy checks", NAMES, features=64)


def lessons_of(count: int, *, seed: int = 0) -> list[tuple[Situation, str]]:
    """``count`` arrays with their right answers, easy to learn."""
    vectors, classes = separable(count, seed=seed)
    return [(vector.astype(float), NAMES[i]) for vector, i in zip(vectors, classes, strict=True)]


def teach_all(learner: Learner, lessons: Sequence[tuple[Situation, str]], first: int = 0) -> None:
    """Teaches lessons with ids and times that depend on their number only, counted from ``first``."""
    for i, (situation, answer) in enumerate(lessons, first):
        learner.teach(situation, answer, lesson_id=f"check-{i}", at=1000.0 + i)


PROBES = [situation for situation, _ in lessons_of(6, seed=1)]


def require_same_learner(
    first: Learner, second: Learner, probes: Sequence[Situation] = PROBES, *, counts: bool = True
) -> None:
    """Raises AssertionError unless two learners know the same.

    Args:
        first: one.
        second: the other.
        probes: situations on which answers and probabilities are compared, within 1e-8.
        counts: whether the report's counts are compared too, not only what was learned.
    """
    require(set(first.options) == set(second.options), f"options are {first.options} and {second.options}")
    mine, theirs = standing(first), standing(second)
    require(mine == theirs, f"lessons in force differ in {sorted(mine ^ theirs, key=str)[:3]}")
    for a, b in zip(first.predict_many(probes), second.predict_many(probes), strict=True):
        require_same_decision(a, b)
    for probe in probes:
        require_same_value(first.value(probe), second.value(probe), str(probe)[:60])
    if counts:
        reports = [learner.report() for learner in (first, second)]
        for name in ("lessons", "decisions", "options", "waiting", "rewards", "forgotten", "started", "newest"):
            a_count, b_count = (getattr(report, name) for report in reports)
            require(a_count == b_count, f"the report says {name}={a_count!r} and {name}={b_count!r}")


def require_same_decision(first: Decision, second: Decision) -> None:
    """Raises AssertionError unless two decisions agree: probabilities within 1e-8, and the answer, ties apart."""
    what = str(first.situation)[:60]
    a, b = dict(first.probabilities), dict(second.probabilities)
    require(a.keys() == b.keys(), f"on {what} the options are {sorted(a)} and {sorted(b)}")
    worst = max(a, key=lambda name: abs(a[name] - b[name]), default="")
    difference = abs(a[worst] - b[worst]) if worst else 0.0
    require(difference <= CLOSE, f"on {what} the probability of {worst!r} differs by {difference:.3g}")
    novelty = abs(first.novelty - second.novelty)
    require(novelty <= CLOSE, f"on {what} the novelty differs by {novelty:.3g}")
    if first.answer != second.answer:
        tied = second.answer in a and first.probability - a[str(second.answer)] <= 2 * CLOSE
        require(tied, f"on {what} the answers are {first.answer!r} and {second.answer!r}")


def require_same_value(first: Value | None, second: Value | None, what: str = "") -> None:
    """Raises AssertionError unless two values agree within 1e-8."""
    require((first is None) == (second is None), f"on {what} the values are {first} and {second}")
    if first is None or second is None:
        return
    for name in ("mean", "sd", "spread", "success"):
        a, b = getattr(first, name), getattr(second, name)
        same = a is b or (a is not None and b is not None and abs(a - b) <= CLOSE * max(1.0, abs(a)))
        require(same, f"on {what} the value's {name} is {a!r} and {b!r}")


def standing(learner: Learner) -> set[tuple[str, str | None, str | None, float]]:
    """The lessons in force: id, answer under today's name, teacher, time."""
    return {(lesson.id, lesson.answer, lesson.by, lesson.at) for lesson, _ in learner.lessons()}


def it_learns(make: MakeLearner) -> None:
    """In an easy task its answers are right after 40 lessons, and its probabilities sum to 1."""
    with make(small_job(), None) as learner:
        teach_all(learner, lessons_of(40))
        for situation, answer in lessons_of(2 * CLASSES, seed=1):
            decision = learner.predict(situation)
            require(decision.answer == answer, f"it answers {decision.answer!r} where {answer!r} is right")
            total = sum(decision.probabilities.values())
            require(abs(total - 1.0) <= CLOSE, f"its probabilities sum to {total!r}")


def replaying_the_journal_gives_the_state(make: MakeLearner) -> None:
    """Law 1: reopened, with its snapshot and without, a learner knows the same."""
    with tempfile.TemporaryDirectory() as folder, make(small_job(), None) as copy:
        path = str(Path(folder, "journal.db"))
        with make(small_job(), path) as learner:
            teach_all(learner, lessons_of(30))
            decision = learner.decide(PROBES[0])
            learner.teach(decision, NAMES[1])
            learner.teach(decision, NAMES[0])
            learner.rename_option(NAMES[3], "journeys")
            learner.snapshot()
            copy.merge(learner)
            live = learner.predict_many(PROBES)
        for _ in range(2):
            with make(small_job(), path) as again:
                for a, b in zip(live, again.predict_many(PROBES), strict=True):
                    require_same_decision(a, b)
                require(standing(again) == standing(copy), "the lessons in force differ after reopening")
            Path(path + ".snapshot").unlink(missing_ok=True)


def merging_depends_on_the_set_only(make: MakeLearner) -> None:
    """Law 2: two parts merged either way, or again, and the whole merged afresh, give the same."""
    lessons = lessons_of(30)
    with make(small_job(), None) as a, make(small_job(), None) as b, make(small_job(), None) as whole:
        teach_all(a, lessons[::2], first=0)
        teach_all(b, lessons[1::2], first=100)
        teach_all(whole, lessons[1::2], first=100)
        teach_all(whole, lessons[::2], first=0)
        with make(small_job(), None) as one, make(small_job(), None) as other, make(small_job(), None) as fresh:
            one.merge(a, b)
            other.merge(b)
            other.merge(a)
            fresh.merge(whole)
            require_same_learner(one, other)
            require_same_learner(one, fresh)
            changed = one.merge(b, a)
            require(changed == 0, f"merging what is known already changed {changed} events")
            require_same_learner(one, fresh)


def forgetting_is_exact(make: MakeLearner) -> None:
    """Law 3: after forgetting, a learner equals one that merged one never taught it; a later merge does not undo it."""
    lessons = lessons_of(30)
    with make(small_job(), None) as learner, make(small_job(), None) as never, make(small_job(), None) as fresh:
        teach_all(learner, lessons)
        teach_all(never, lessons[:20])
        fresh.merge(never)
        with make(small_job(), None) as copy:
            copy.merge(learner)
            gone = learner.forget([f"check-{i}" for i in range(20, 30)])
            require(gone == 10, f"forgetting 10 lessons reported {gone}")
            require_same_learner(learner, fresh, counts=False)
            learner.merge(copy)
            require_same_learner(learner, fresh, counts=False)
            copy.merge(learner)
            require_same_learner(copy, fresh, counts=False)


def reading_changes_nothing(make: MakeLearner) -> None:
    """Law 4: predict writes nothing; decide appends a decision and changes nothing learned."""
    with make(small_job(), None) as learner:
        teach_all(learner, lessons_of(20))
        report = learner.report()
        before = learner.predict_many(PROBES)
        require(learner.report() == report, "predicting changed the report")
        decided = [learner.decide(probe) for probe in PROBES]
        require(learner.report().decisions == report.decisions + len(PROBES), "a decision was not journaled")
        require(learner.report().lessons == report.lessons, "deciding changed the number of lessons")
        for first, second, third in zip(before, decided, learner.predict_many(PROBES), strict=True):
            require_same_decision(first, second)
            require_same_decision(first, third)


def a_lesson_is_on_disk_when_teach_returns(make: MakeLearner) -> None:
    """Law 5: a learner that is never closed leaves every acknowledged lesson in its journal."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "journal.db"))
        with make(small_job(), path) as learner:
            for i, (situation, answer) in enumerate(lessons_of(5)):
                learner.teach(situation, answer, lesson_id=f"check-{i}", at=1000.0 + i)
                with Learner(small_job(), path, read_only=True, encoder=learner.encoder) as reader:
                    ids = {lesson.id for lesson, _ in reader.lessons()}
                require(f"check-{i}" in ids, f"lesson check-{i} was acknowledged, but a reader does not see it")


def the_same_ids_count_once(make: MakeLearner) -> None:
    """Law 6: a lesson id or request id given twice counts once."""
    with make(small_job(), None) as learner:
        teach_all(learner, lessons_of(8))
        teach_all(learner, lessons_of(8))
        count = learner.report().lessons
        require(count == 8, f"8 lessons taught twice under the same ids count as {count}")
        first, second = (learner.decide(PROBES[0], request_id="request") for _ in range(2))
        require(first.id == second.id, "the same request_id got two decisions")
        require(learner.report().decisions == 1, "the same request_id was journaled twice")


def teaching_again_replaces(make: MakeLearner) -> None:
    """Law 6: the same teacher's next lesson on a decision replaces the first; another teacher's is kept beside it."""
    with make(small_job(), None) as learner:
        decision = learner.decide(PROBES[0])
        learner.teach(decision, NAMES[0], by="ann")
        learner.teach(decision, NAMES[1], by="ann")
        learner.teach(decision, NAMES[2], by="bob")
        answers = sorted((lesson.by, lesson.answer) for lesson, _ in learner.lessons())
        expected = [("ann", NAMES[1]), ("bob", NAMES[2])]
        require(answers == expected, f"lessons in force are {answers}, not {expected}")


def it_is_deterministic(make: MakeLearner) -> None:
    """Law 7: two learners taught the same know the same."""
    with make(small_job(), None) as first, make(small_job(), None) as second:
        for learner in (first, second):
            teach_all(learner, lessons_of(30))
        require_same_learner(first, second)


def its_files_hold_no_pickle(make: MakeLearner) -> None:
    """Law 9: neither the journal nor the snapshot holds the start of a pickle or a pickled numpy array."""
    with tempfile.TemporaryDirectory() as folder:
        with make(small_job(), str(Path(folder, "journal.db"))) as learner:
            teach_all(learner, lessons_of(8))
            learner.decide(PROBES[0])
            learner.snapshot()
        for name in os.listdir(folder):
            content = Path(folder, name).read_bytes()
            for mark in (b"\x80\x02c", b"\x80\x03c", b"\x80\x04\x95", b"\x80\x05\x95", b"_reconstruct"):
                require(mark not in content, f"{name} holds the bytes {mark!r} of a pickle")


CHECKS: tuple[Check[MakeLearner], ...] = (
    it_learns,
    replaying_the_journal_gives_the_state,
    merging_depends_on_the_set_only,
    forgetting_is_exact,
    reading_changes_nothing,
    a_lesson_is_on_disk_when_teach_returns,
    the_same_ids_count_once,
    teaching_again_replaces,
    it_is_deterministic,
    its_files_hold_no_pickle,
)


def checks_for_learner() -> Iterator[tuple[str, Check[MakeLearner]]]:
    """The learners' checks as (name, function of a maker), for a test runner to parametrize."""
    return named(CHECKS)


def check_learner(make: MakeLearner) -> None:
    """Runs every check on the learners that ``make`` makes; files go to a temporary folder.

    Args:
        make: makes a learner on a job, with a journal at a path or in memory if it is None.

    Raises:
        AssertionError: a check failed; the message says which and what broke.

    >>> from quickstudy import Learner
    >>> check_learner(Learner)
    """
    run_all(checks_for_learner(), make, "The learner")
