import io

import numpy as np
import pytest
from rich.console import Console

from quickstudy.cli.asking import Reply, ask, in_words
from quickstudy.types import Decision, Evidence, Neighbour, Probabilities

OPTIONS = ["billing", "fraud", "s"]


def decision():
    near = Neighbour("l1", "an invoice question", "billing", 0.8, 0.0)
    return Decision(
        id="d1",
        alone=False,
        answer="billing",
        probability=0.7,
        probabilities=Probabilities(OPTIONS, np.array([0.7, 0.2, 0.1])),
        novelty=0.1,
        mode="ask",
        evidence=Evidence((near,)),
        situation="charged twice",
    )


def reply(said, *, options=OPTIONS, **keywords):
    shown = io.StringIO()
    console = Console(file=shown, width=80)
    keywords = {"is_open": False, **keywords}
    return ask(decision(), options, console=console, answers=io.StringIO(said), **keywords), shown.getvalue()


def test_the_person_sees_the_situation_the_guesses_and_what_they_rest_on():
    _, shown = reply("q\n")
    assert "charged twice" in shown
    assert "1 billing  70%" in shown
    assert "2 fraud  20%" in shown
    assert "like: an invoice question → billing" in shown


def test_a_blind_question_holds_nothing_of_what_the_learner_thinks():
    said, shown = reply("3\n", options=["zoo", *OPTIONS, *(f"t{i}" for i in range(7))], blind=True)
    assert said == Reply("s")
    assert "charged twice" in shown
    assert [line.strip() for line in shown.splitlines() if line.startswith("  ")] == [
        "1 billing",
        "2 fraud",
        "3 s",
        *(f"{i + 4} t{i}" for i in range(6)),
        "and 2 more, by name",
    ]
    assert "%" not in shown
    assert "like:" not in shown


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("1\n", Reply("billing")),
        ("2\n", Reply("fraud")),
        ("fraud\n", Reply("fraud")),
        ("  FRAUD \n", Reply("fraud")),
        ("s\n", Reply()),
        ("n\n", Reply(none=True)),
        ("=s\n", Reply("s")),
        ("q\n", Reply(stop=True)),
        ("", Reply(stop=True)),
        ("9\n\nunknown\n2\n", Reply("fraud")),
    ],
)
def test_what_is_said_is_understood(said, expected):
    assert reply(said)[0] == expected


def test_an_unknown_name_is_asked_again_in_a_closed_job_and_taken_in_an_open_one():
    said, shown = reply("bill\n1\n")
    assert said == Reply("billing")
    assert "There is no option 'bill'. Near: billing." in shown
    assert reply("refunds\n", is_open=True)[0] == Reply("refunds")


def test_situations_are_told_on_one_line():
    assert in_words("a\n b") == "a b"
    assert in_words({"vendor": "Acme", "note": None, "amount": 3}) == "vendor: Acme, amount: 3"
    assert in_words(np.zeros(3)) == "array of 3 numbers"
    assert in_words("x" * 50, 10) == "x" * 9 + "…"
