"""``quickstudy review``: the list of tasks, one task as a table, JSON and a plot."""

import shlex

import numpy as np
import pytest
from learner.test_tasks import taught_to_value
from property.scripts import ENCODER

from quickstudy import Job, Learner
from quickstudy.cli import review as command
from quickstudy.cli.curves import Curve, plot
from quickstudy.learner import Learner as LearnerClass


@pytest.fixture
def ward(tmp_path, monkeypatch):
    """A journal with tasks of 10 steps; the task "doomed" turned at its step 6."""
    path = tmp_path / "ward.db"
    with Learner(Job("ward", ["left", "right"], features=32), path, encoder=ENCODER) as learner:
        taught_to_value(learner, count=40)
        with learner.task("doomed") as task:
            for k in range(10):
                task.decide(np.array([2.0 * (k > 6), 0.0, 0.1, 0.0]))
            task.teach(6, "right")
            task.end(False)
        with learner.task("empty"):
            pass
    opened = LearnerClass.open
    monkeypatch.setattr(command, "open_for_reading", lambda journal: opened(journal, read_only=True, encoder=ENCODER))
    return path


def test_the_newest_tasks_are_listed(quickstudy, ward):
    shown = quickstudy("review", ward, "--limit", "3").out
    assert "The newest 3 of 41 tasks" in shown
    assert "doomed" in shown
    assert "It would learn most from a" in shown
    data = quickstudy("review", ward, "--limit", "5", "--json").json
    assert len(data["tasks"]) == 5
    assert data["wanted"][0]["lesson"]["bits"] >= data["wanted"][-1]["lesson"]["bits"]


def test_a_review_names_the_step_that_turned_the_task(quickstudy, ward):
    shown = quickstudy("review", ward, "doomed", "--steps", "3").out
    assert "Step 6 turned it" in shown
    assert "worse after it than before" in shown
    assert "What would teach most" in shown
    assert "Teach step" in shown
    assert quickstudy("review", ward, "last").out == quickstudy("review", ward, "doomed").out
    found = quickstudy("review", ward, "doomed", "--json").json
    assert (found["turned"], found["outcome"], len(found["steps"])) == (6, 0.0, 10)
    assert found["steps"][6]["taught"] == "right"


def test_a_correction_is_taught_with_the_command_that_the_review_gives(quickstudy, tmp_path):
    path = tmp_path / "two words.db"
    with Learner(Job("ward", ["left", "right"], encoder="static", features=32, experts=["prior"]), path) as learner:
        for name, outcome in (("well", True), ("badly", False)):
            with learner.task(name) as task:
                for seen in ("fine", "fine" if outcome else "broken"):
                    task.decide(seen)
                task.end(outcome)
    shown = quickstudy("review", path, "badly").out
    [line] = [line for line in shown.splitlines() if line.startswith("Teach step")]
    words = shlex.split(line.partition("quickstudy ")[2].partition("   (")[0])
    assert quickstudy(*["left" if word == "ANSWER" else word for word in words]).code == 0
    steps = quickstudy("review", path, "badly", "--json").json["steps"]
    assert [step["taught"] for step in steps].count("left") == 1


def test_it_fits_a_terminal_of_80_columns(quickstudy, ward, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for words in ([], ["doomed"]):
        lines = quickstudy("review", ward, *words).out.splitlines()
        assert max(len(line) for line in lines if "│" in line) <= 80


def test_what_people_wrote_is_shown_as_it_is(quickstudy, tmp_path):
    path = tmp_path / "odd.db"
    odd = "[red]claim[/] [/b] :smile: $\\frac{" + "x" * 100
    with Learner(Job("[/b]", ["[/b]", "[red]"], encoder="static", features=32), path) as learner:
        for name in ("first", odd):
            with learner.task(name) as task:
                task.decide("[/b] a note", at=1e15)
                task.teach(0, "[/b]")
                task.end(True)
    listed = quickstudy("review", path)
    assert listed.code == 0, listed.err
    assert "1e+15 s" in listed.out
    shown = quickstudy("review", path, odd, "--plot", tmp_path / "odd.png")
    assert shown.code == 0, shown.err
    assert odd in shown.out
    assert "[/b] a note" in shown.out
    assert "[/b]: 2 lessons" in quickstudy("report", path).out


def test_a_change_within_what_is_not_known_is_no_clear_turn(quickstudy, tmp_path):
    path = tmp_path / "same.db"
    with Learner(Job("same", ["a"], encoder="static", features=32), path) as learner:
        for outcome in (True, False, True, None):
            task = learner.task()
            for _ in range(3):
                task.decide("always the same")
            if outcome is not None:
                task.end(outcome)
    shown = quickstudy("review", path, "last").out
    assert "No step clearly turned it" in shown
    assert "What would teach most: an outcome" in shown


def test_a_path_beyond_zero_and_one_is_drawn_too(quickstudy, tmp_path):
    path = tmp_path / "costs.db"
    with Learner(Job("costs", ["a"], encoder="static", features=32, rewards={"cost": -1.0}), path) as learner:
        for number in range(4):
            with learner.task(f"task {number}") as task:
                for step in range(5):
                    task.decide({"step": step})
                    task.reward({"cost": 500.0})
    lines = quickstudy("review", path, "last").out.splitlines()
    [top] = [line for line in lines if "┤" in line][:1]
    bottom = [line for line in lines if "┤" in line][-1]
    assert (top.split()[0][0], bottom.split()[0][-1]) == ("-", "k")


def test_a_review_is_drawn(quickstudy, ward, tmp_path):
    result = quickstudy("review", ward, "doomed", "--plot", tmp_path / "doomed.png")
    assert result.code == 0, result.err
    assert (tmp_path / "doomed.png").read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_reviewed_is_said(quickstudy, ward):
    assert quickstudy("review", ward, "nowhere").code == 2
    assert "Name the task" in quickstudy("review", ward, "--plot", "x.png").err
    empty = quickstudy("review", ward, "empty")
    assert (empty.code, "no task 'empty'" in empty.err) == (2, True)


def test_a_journal_without_tasks_says_so(quickstudy, worked):
    assert "No tasks of many steps yet" in quickstudy("review", worked).out
    assert quickstudy("review", worked, "--json").json == {"tasks": [], "count": 0, "wanted": []}


def test_a_curve_of_few_values_begins_with_the_first():
    high, low = (plot([Curve(values, "")], total=2, unit="steps", height=4).plain for values in ([1, 0], [1, 1]))
    assert high.splitlines()[0][6:20] == low.splitlines()[0][6:20]
