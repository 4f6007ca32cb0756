"""Return types and their options."""

import enum
import typing
from typing import Annotated, Any, Literal

import pytest

from quickstudy.errors import JobError, OptionError
from quickstudy.functions.answers import Answers


class Team(enum.Enum):
    BILLING = "questions about invoices"
    FRAUD = "fraud"
    OTHER = 3


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


Known = Literal["red", "green"]


def answers(hint, options=None):
    def function(text): ...

    function.__annotations__["return"] = hint
    return Answers(function, "function", options)


@pytest.mark.parametrize(
    ("hint", "values"),
    [
        (Literal["red", "green"], {"red": "red", "green": "green"}),
        (Literal[1, "one", True], {"1": 1, "one": "one", "True": True}),
        (bool, {"False": False, "True": True}),
        (Team, {"BILLING": Team.BILLING, "FRAUD": Team.FRAUD, "OTHER": Team.OTHER}),
        (Literal[Team.FRAUD], {"FRAUD": Team.FRAUD}),
        (Literal["red"] | None, {"red": "red", "None": None}),
        (typing.Optional[Team], {**{team.name: team for team in Team}, "None": None}),  # noqa: UP045
        (Annotated[Known, "of a lamp"], {"red": "red", "green": "green"}),
        ("Known", {"red": "red", "green": "green"}),
    ],
)
def test_every_value_has_one_option_and_back(hint, values):
    known = answers(hint)
    assert list(known.options) == list(values)
    for option, value in values.items():
        assert known.value_of(option) is value
        assert known.option_of(value) == option


def test_text_from_a_known_set_needs_its_options():
    assert answers(str, ["red", "green"]).options == {"red": "", "green": ""}
    assert answers(str, {"red": "like blood"}).options == {"red": "like blood"}
    assert answers(str | None, ["red"]).options == {"red": "", "None": ""}
    with pytest.raises(JobError, match="returns str, and which texts is not known") as error:
        answers(str)
    assert "options=" in error.value.next_step


def test_a_function_without_a_return_type_returns_text_if_it_has_options():
    def function(text): ...

    assert Answers(function, "function", ["red"]).option_of("red") == "red"
    with pytest.raises(JobError, match="does not say what it returns"):
        Answers(function, "function", None)


def test_members_that_are_text_describe_themselves_and_options_describe_any_value():
    assert answers(Team).options == {"BILLING": "questions about invoices", "FRAUD": "", "OTHER": ""}
    assert answers(Team, {Team.FRAUD: "stolen cards"}).options["FRAUD"] == "stolen cards"
    assert answers(bool, {True: "it is spam"}).options == {"False": "", "True": "it is spam"}


def test_one_true_and_1_0_are_three_values():
    known = answers(Literal[1, "red"])
    assert known.option_of(1) == "1"
    for value in (True, 1.0, "1"):
        with pytest.raises(OptionError):
            known.option_of(value)


def test_a_kind_of_text_is_its_text():
    class Word(str):
        pass

    assert answers(Known).option_of(Word("red")) == "red"


@pytest.mark.parametrize("value", ["blue", None, 0, ["red"], {"red": 1}, Team.FRAUD])
def test_an_answer_outside_the_type_is_refused_and_the_known_ones_are_named(value):
    with pytest.raises(OptionError, match="which its return type does not allow") as error:
        answers(Known).option_of(value)
    assert error.value.code == "outside-options"
    assert "'red', 'green'" in error.value.next_step


@pytest.mark.parametrize("hint", [int, float, list[str], dict, Any, Rights, bytes, Known | int, "Nowhere"])
def test_a_type_without_a_known_set_of_values_is_refused(hint):
    with pytest.raises(JobError, match=r"function\(\)"):
        answers(hint)


@pytest.mark.parametrize(
    ("hint", "options"),
    [(Known, ["red"]), (Known, {"blue": "like the sky"}), (Known, "red"), (str, "red"), (str, []), (str, [1])],
)
def test_options_that_make_no_sense_are_refused(hint, options):
    with pytest.raises((JobError, OptionError)):
        answers(hint, options)


def test_two_values_with_one_name_are_refused():
    with pytest.raises(JobError, match="Two answers"):
        answers(Literal["1", 1])
