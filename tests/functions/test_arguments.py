"""Situations of calls."""

import dataclasses
import datetime
import enum

import numpy as np
import pytest

from quickstudy.errors import JobError, SituationError
from quickstudy.functions.arguments import Arguments


class Size(enum.Enum):
    SMALL = 1


@dataclasses.dataclass
class Ticket:
    subject: str
    amount: float


def one(ticket): ...


def several(subject, amount=1.0, *, paid=None): ...


def situation(function, *args, ignore=(), **kwargs):
    return Arguments(function, function.__name__, ignore).situation(args, kwargs)


def test_one_text_is_the_situation_itself():
    assert situation(one, " hello ") == "hello"
    assert situation(one, ticket="hello") == "hello"


def test_one_array_is_an_array():
    assert situation(one, np.array([1, 2])).tolist() == [1.0, 2.0]


def test_one_record_is_a_record():
    assert situation(one, {"subject": "late", "size": Size.SMALL}) == {"subject": "late", "size": "SMALL"}
    assert situation(one, Ticket("late", 2.5)) == {"subject": "late", "amount": 2.5}


def test_one_argument_of_another_type_is_a_record_of_its_name():
    assert situation(one, 3) == {"ticket": 3}
    assert situation(one, datetime.date(2024, 5, 1)) == {"ticket": datetime.date(2024, 5, 1)}


def test_several_arguments_are_a_record_however_they_were_passed():
    expected = {"subject": "late", "amount": 2.0, "paid": True}
    assert situation(several, "late", 2.0, paid=True) == expected
    assert situation(several, paid=True, amount=2.0, subject="late") == expected
    assert situation(several, "late") == {"subject": "late", "amount": 1.0, "paid": None}


def test_keywords_of_any_name_are_fields():
    def function(subject, **more): ...

    assert situation(function, "late", colour="red") == {"subject": "late", "colour": "red"}


def test_ignored_arguments_are_not_seen():
    assert situation(several, "late", object(), ignore=["amount", "paid"]) == "late"


def test_self_is_not_seen():
    class Desk:
        def route(self, ticket): ...

    assert situation(Desk.route, Desk(), "late") == "late"


def test_a_local_function_may_call_an_argument_self():
    def function(self, ticket): ...

    assert situation(function, "me", "late") == {"self": "me", "ticket": "late"}


@pytest.mark.parametrize(
    ("value", "named"),
    [(["a", "b"], "ticket"), (b"text", "ticket"), (object(), "ticket"), (float("nan"), "ticket"), ("", "ticket")],
)
def test_what_cannot_be_perceived_is_refused_by_the_arguments_name(value, named):
    with pytest.raises(SituationError, match=rf"one\(\).*'{named}'") as error:
        situation(one, value)
    assert "ignore" in error.value.next_step


@pytest.mark.parametrize("value", [[1], {"a": 1}, np.zeros(3), Ticket("late", 1.0), object(), float("inf"), {1}])
def test_of_several_arguments_the_wrong_one_is_named(value):
    with pytest.raises(SituationError, match=r"several\(\).*'amount'"):
        situation(several, "late", value)


def test_a_nested_record_is_refused_by_the_fields_name():
    with pytest.raises(SituationError, match="'inside'"):
        situation(one, {"inside": {"deeper": 1}})


def test_arguments_that_do_not_fit_are_a_type_error_as_in_a_call():
    for args in [(), ("late", 1, 2)]:
        with pytest.raises(TypeError):
            situation(several, *args)


@pytest.mark.parametrize("ignore", [["nowhere"], "subject", ["subject", "amount", "paid"]])
def test_ignoring_what_is_not_there_or_everything_is_refused(ignore):
    with pytest.raises(JobError, match=r"several\(\)"):
        situation(several, "late", ignore=ignore)


def test_values_without_names_must_be_ignored():
    def function(subject, *values): ...

    with pytest.raises(JobError, match=r"\*values"):
        situation(function, "late")
    assert situation(function, "late", 1, 2, ignore=["values"]) == "late"


def test_bound_arguments_leave_out_self_and_may_leave_out_what_is_ignored():
    class Desk:
        def route(self, connection, ticket): ...

    arguments = Arguments(Desk.route, "route", ["connection"])
    assert arguments.situation((), {"ticket": "late"}, bound=True) == "late"
    assert arguments.situation((None, "late"), {}, bound=True) == "late"
    with pytest.raises(TypeError, match="'ticket'"):
        arguments.situation((None,), {}, bound=True)
