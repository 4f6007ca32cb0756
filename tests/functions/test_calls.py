"""Calls of learned functions, one after the other."""

import copy
import enum
import inspect
from typing import Literal

import pytest

from quickstudy.errors import JobError, OptionError, SituationError
from quickstudy.journal import Journal


class Team(enum.Enum):
    BILLING = "questions about invoices"
    FRAUD = "stolen cards"


def lessons(function):
    return [(lesson.answer, situation) for lesson, situation in function.learner.lessons()]


def test_the_body_is_asked_and_its_answer_is_taught(learned):
    calls = []

    @learned
    def route(ticket: str) -> Literal["billing", "fraud"]:
        calls.append(ticket)
        return "billing" if "charge" in ticket else "fraud"

    assert route("a charge") == "billing"
    assert route(ticket="a theft") == "fraud"
    assert calls == ["a charge", "a theft"]
    assert lessons(route) == [("billing", "a charge"), ("fraud", "a theft")]
    assert route.predict("a charge").answer == "billing"
    assert len(calls) == 2
    assert (route.report().lessons, route.report().decisions, route.report().waiting) == (2, 2, 0)


@pytest.mark.parametrize(
    ("hint", "value", "option"),
    [(bool, True, "True"), (Team, Team.FRAUD, "FRAUD"), (Literal[1, 2], 2, "2"), (Literal["a"] | None, None, "None")],
)
def test_answers_are_of_the_functions_own_type(learned, hint, value, option):
    def function(text):
        return value

    function.__annotations__["return"] = hint
    function = learned(function)
    assert function("something") is value
    assert lessons(function) == [(option, "something")]


def test_it_looks_like_the_function(learned):
    def route(ticket: str, *, urgent: bool = False) -> bool:
        """Routes."""
        return urgent

    wrapped = learned(route)
    assert (wrapped.__name__, wrapped.__doc__, wrapped.__module__) == ("route", "Routes.", __name__)
    assert inspect.signature(wrapped) == inspect.signature(route)
    assert wrapped.__wrapped__ is route
    assert wrapped.learner.job.instructions == "Routes."
    assert copy.deepcopy(wrapped) is wrapped


def test_without_parentheses_and_with_a_name_of_its_own(learned):
    def route(ticket: str) -> bool:
        return True

    assert learned(route).name == "route"
    assert learned(route, name="desk").learner.job.name == "desk"


def test_nothing_is_opened_where_the_function_is_defined(learned, tmp_path):
    @learned(journal=tmp_path / "route.db")
    def route(ticket: str) -> bool:
        return True

    assert list(tmp_path.iterdir()) == []
    route("late")
    assert (tmp_path / "route.db").exists()


def test_a_body_that_raises_teaches_nothing_and_its_exception_passes_through(learned):
    class Mine(BaseException):
        pass

    wrong = Mine("no")

    @learned
    def route(ticket: str) -> bool:
        raise wrong

    with pytest.raises(Mine) as caught:
        route("late")
    assert caught.value is wrong
    assert lessons(route) == []
    assert route.report().waiting == 1


def test_a_body_that_answers_something_else_teaches_nothing(learned):
    @learned
    def route(ticket: str) -> Literal["billing"]:
        return "nobody"

    with pytest.raises(OptionError, match=r"route\(\) was answered with 'nobody'"):
        route("late")
    assert lessons(route) == []


def test_a_decision_whose_body_raised_is_taken_up_by_the_next_call(learned):
    broken = [True]

    @learned
    def route(ticket: str) -> bool:
        if broken.pop() if broken else False:
            raise OSError("broken")
        return True

    with pytest.raises(OSError, match="broken"):
        route("late")
    [waiting] = route.learner.waiting()
    assert route("another") is True
    assert route.learner.waiting() == [waiting]
    assert route("late") is True
    assert route.learner.waiting() == []
    assert route.report().decisions == 2


def test_a_decision_left_by_a_killed_program_is_taken_up_after_reopening(learned, tmp_path):
    path = tmp_path / "route.db"

    def route(ticket: str) -> bool:
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        (first := learned(route, journal=path))("late")
    first.close()

    def route(ticket: str) -> bool:
        return True

    second = learned(route, journal=path)
    assert second("late") is True
    assert (second.report().waiting, second.report().decisions) == (0, 1)


def test_what_cannot_be_perceived_is_refused_before_the_body_is_called(learned):
    calls = []

    @learned
    def route(ticket: str) -> bool:
        calls.append(ticket)
        return True

    with pytest.raises(SituationError, match="'ticket'"):
        route("  ")
    with pytest.raises(TypeError, match="ticket"):
        route()
    assert calls == []


def test_teach_corrects_what_the_body_said(learned):
    @learned
    def route(ticket: str, user: int = 0) -> Team:
        return Team.BILLING

    route("late", 3)
    lesson = route.teach("late", 3, Team.FRAUD)
    assert lesson.answer == "FRAUD"
    assert lesson.decision_id is not None
    assert lessons(route) == [("FRAUD", {"ticket": "late", "user": 3})]
    route.teach(ticket="late", user=3, answer=Team.BILLING)
    assert [answer for answer, _ in lessons(route)] == ["BILLING"]


def test_teach_by_another_teacher_is_kept_beside_the_bodys_answer(learned):
    @learned(by="model")
    def route(ticket: str) -> bool:
        return True

    route("late")
    route.teach("late", False, by="anna")
    assert {(lesson.by, lesson.answer) for lesson, _ in route.learner.lessons()} == {
        ("model", "True"),
        ("anna", "False"),
    }


def test_teach_takes_what_was_never_called_and_answers_what_waits(learned):
    @learned
    def route(ticket: str) -> bool:
        raise OSError("broken")

    assert route.teach("never seen", True).decision_id is None
    with pytest.raises(OSError, match="broken"):
        route("late")
    assert route.teach("late", False).decision_id is not None
    assert route.report().waiting == 0
    with pytest.raises(OptionError):
        route.teach("late", "False")
    with pytest.raises(TypeError, match="answer"):
        route.teach()


def test_teach_after_forgetting_teaches_the_situation_itself(learned):
    @learned
    def route(ticket: str) -> bool:
        return True

    route("late")
    route.learner.forget(text="late")
    assert route.teach("late", False).decision_id is None


def test_arguments_called_answer_and_by_are_the_functions(learned):
    @learned
    def grade(answer: str, by: str) -> bool:
        return True

    grade.teach(False, answer="42", by="ben")
    grade.teach("42", "ben", False)
    assert lessons(grade) == [("False", {"answer": "42", "by": "ben"})] * 2


def test_methods_share_one_learner_and_never_see_self(learned):
    class Desk:
        def __init__(self, answer):
            self.answer = answer

        @learned
        def route(self, ticket: str) -> bool:
            return self.answer

        @classmethod
        @learned
        def known(cls, ticket: str) -> bool:
            return cls is Desk

        @staticmethod
        @learned
        def late(ticket: str) -> bool:
            return "late" in ticket

    assert Desk(True).route("one") is True
    assert Desk(False).route("two") is False
    assert lessons(Desk.route) == [("True", "one"), ("False", "two")]
    assert Desk(True).route.predict("two").answer == "False"
    assert Desk(True).route.teach("two", True).decision_id is not None
    assert Desk.known("one") is True
    assert Desk.late("late") is True
    assert lessons(Desk.late) == [("True", "late")]


def test_a_learned_function_may_call_itself(learned):
    @learned
    def even(number: int) -> bool:
        return True if number == 0 else not even(number - 1)

    assert even(5) is False
    assert even.report().lessons == 6


def test_what_is_no_function_is_refused_where_it_stands(learned):
    def values():
        yield 1

    async def more():
        yield 1

    for wrong in (values, more, staticmethod(len), classmethod(len), int, len, 3):
        with pytest.raises(JobError):
            learned(wrong)


def test_an_option_added_behind_the_codes_back_is_never_returned(learned, tmp_path):
    path = tmp_path / "route.db"

    @learned(journal=path)
    def route(ticket: str) -> Literal["billing"]:
        return "billing"

    route("late")
    route.learner.add_option("fraud")
    assert route("later") == "billing"
    route.close()
    with Journal.open(path, identity=None, read_only=True) as journal:
        assert journal.count("lesson") == 2
