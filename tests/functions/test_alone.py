"""Functions that have learned enough: acts, audits, and what counts; with the real gate."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np
import pytest
from autonomy.streams import colours

Colour = Literal["red", "green", "blue"]
NOISE = 0.1


class Teacher:
    """A body that knows the truth, counts its calls, and can be told to fail or to say otherwise."""

    def __init__(self):
        self.calls = Counter()
        self.says = {}
        self.broken = False

    def answer(self, seen):
        key = seen.tobytes()
        self.calls[key] += 1
        if self.broken:
            raise OSError("broken")
        return self.says[key]

    def tasks(self, count, seed=0):
        for seen, right in colours(count, seed=seed, noise=NOISE):
            self.says[seen.tobytes()] = right
            yield seen, right


@pytest.fixture
def teacher():
    return Teacher()


@pytest.fixture
def route(learned, teacher):
    """A function that has been called often enough to answer alone."""

    @learned(target_error=0.1)
    def route(seen: np.ndarray) -> Colour:
        return teacher.answer(seen)

    route.learner.configure(q_min=0.2)
    for seen, _ in teacher.tasks(150):
        route(seen)
    teacher.calls.clear()
    return route


def decisions(function):
    return list(function.learner._record.journal.events(kinds=["decision"]))


def newest(function, count):
    return decisions(function)[-count:]


def test_at_first_it_asks_and_then_it_answers_alone_within_the_target(learned, teacher):
    @learned(target_error=0.1)
    def route(seen: np.ndarray) -> Colour:
        return teacher.answer(seen)

    right = [route(seen) == truth for seen, truth in teacher.tasks(600)]
    modes = [event.mode for event in decisions(route)]
    assert set(modes[:15]) == {"ask"}
    assert modes[-100:].count("act") > 50
    assert sum(not answer for answer in right) <= 0.1 * len(right)


def test_the_body_is_called_once_for_each_ask_and_audit_and_never_for_an_act(route, teacher):
    tasks = list(teacher.tasks(100, seed=1))
    for seen, _ in tasks:
        route(seen)
    modes = Counter(event.mode for event in newest(route, 100))
    assert modes["act"] > 40
    assert modes["audit"] > 3
    assert sum(teacher.calls.values()) == modes["ask"] + modes["audit"]
    for (seen, _), event in zip(tasks, newest(route, 100), strict=True):
        assert teacher.calls[seen.tobytes()] == (event.mode != "act")


def test_an_audited_call_returns_the_bodys_answer_and_the_learners_counts(route, teacher):
    errors = route.learner._record.keeper.gate.books["1.0"].ledger.errors
    for seen, right in teacher.tasks(200, seed=2):
        teacher.says[seen.tobytes()] = other = "green" if right == "red" else "red"
        answer = route(seen)
        [event] = newest(route, 1)
        if event.mode == "audit":
            break
        assert event.mode != "act" or answer == event.answer
    assert event.mode == "audit"
    assert answer == other != event.answer
    [lesson] = route.learner._record.journal.lessons_of(event.id)
    assert (lesson.answer, lesson.correct) == (other, False)
    assert route.learner._record.keeper.gate.books["1.0"].ledger.errors > errors


def test_an_audit_whose_body_raises_stays_pending_until_it_is_answered(route, teacher):
    teacher.broken = True
    for seen, right in teacher.tasks(200, seed=3):  # noqa: B007
        try:
            route(seen)
        except OSError:
            if newest(route, 1)[0].mode == "audit":
                break
    [audit] = newest(route, 1)
    assert [decision.id for decision in route.learner.audits()] == [audit.id]
    for _ in range(3):
        with pytest.raises(OSError, match="broken"):
            route(seen)
    assert newest(route, 1) == [audit]
    teacher.broken = False
    assert route(seen) == right
    assert newest(route, 1) == [audit]
    assert route.learner.audits() == []


def test_teach_corrects_an_answer_given_alone(route, teacher):
    for seen, right in teacher.tasks(100, seed=4):  # noqa: B007
        route(seen)
        [event] = newest(route, 1)
        if event.mode == "act":
            break
    lesson = route.teach(seen, "green" if right == "red" else "red")
    assert lesson.decision_id == event.id
    assert teacher.calls[seen.tobytes()] == 0


def test_answers_given_alone_are_of_the_functions_own_type(learned, teacher):
    @learned(target_error=0.1)
    def is_red(seen: np.ndarray) -> bool:
        return teacher.answer(seen) == "red"

    answers = [is_red(seen) for seen, _ in teacher.tasks(200)]
    assert "act" in {event.mode for event in newest(is_red, 50)}
    assert {type(answer) for answer in answers} == {bool}


def test_32_threads_call_the_body_once_per_ask_and_audit_while_others_are_answered_alone(route, teacher):
    tasks = list(teacher.tasks(320, seed=5))
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda task: route(task[0]), tasks))
    modes = Counter(event.mode for event in newest(route, 320))
    assert modes["act"] > 10
    assert sum(teacher.calls.values()) == modes["ask"] + modes["audit"]
    assert max(teacher.calls.values()) == 1
    assert sum(answer != right for answer, (_, right) in zip(answers, tasks, strict=True)) <= 0.1 * 320
    assert route.report().waiting == 0


def test_coroutines_are_answered_alone_without_running_their_bodies(learned, teacher):
    @learned(target_error=0.1)
    async def route(seen: np.ndarray) -> Colour:
        return teacher.answer(seen)

    async def main():
        for seen, _ in teacher.tasks(150):
            await route(seen)
        teacher.calls.clear()
        return await asyncio.gather(*(route(seen) for seen, _ in teacher.tasks(100, seed=1)))

    answers = asyncio.run(main())
    modes = Counter(event.mode for event in newest(route, 100))
    assert len(answers) == 100
    assert modes["act"] > 20
    assert sum(teacher.calls.values()) == modes["ask"] + modes["audit"]


def test_what_it_has_earned_is_there_after_reopening(learned, teacher, tmp_path):
    path = tmp_path / "route.db"

    def route(seen: np.ndarray) -> Colour:
        return teacher.answer(seen)

    first = learned(route, journal=path, target_error=0.1)
    for seen, _ in teacher.tasks(600):
        first(seen)
    first.close()
    second = learned(route, journal=path, target_error=0.1)
    for seen, _ in teacher.tasks(50, seed=1):
        second(seen)
    assert Counter(event.mode for event in newest(second, 50))["act"] > 15


def test_paused_it_asks_about_everything(route, teacher):
    route.learner.pause()
    for seen, _ in teacher.tasks(20, seed=1):
        route(seen)
    assert sum(teacher.calls.values()) == 20
