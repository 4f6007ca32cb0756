"""Where a function's journal is, who may write it, and what becomes of it when the code changes."""

import json
import os
import subprocess
import sys
from typing import Literal

import pytest

from quickstudy import Learner
from quickstudy.errors import JournalLockedError
from quickstudy.functions.opening import default_journal


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "quickstudy" / "learned"


def red(text: str) -> Literal["red"]:
    return "red"


def red_and_green(text: str) -> Literal["red", "green"]:
    return "green"


def green(text: str) -> Literal["green"]:
    return "green"


SCRIPT = """
import sys
from typing import Literal
import quickstudy

@quickstudy.learned(encoder="static")
def route(ticket: str) -> Literal["billing", "fraud"]:
    return "fraud"

print(route("late"), route.report().lessons, route.learner._record.journal.path)
"""


def run(path):
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.skipif(sys.platform != "linux", reason="the folder is named by XDG_DATA_HOME")
def test_by_default_the_journal_is_beside_the_users_data_and_named_after_the_function(data_folder):
    assert default_journal(red) == data_folder / "functions.test_opening.red.db"

    class Desk:
        def route(self): ...

    assert default_journal(Desk.route) == data_folder / "functions.test_opening.Desk.route.db"


@pytest.mark.skipif(sys.platform != "linux", reason="the folder is named by XDG_DATA_HOME")
def test_a_script_finds_its_journal_again_and_shares_it_with_no_other_script(data_folder, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.py").write_text(SCRIPT)
    answer, lessons, first = run(tmp_path / "one" / "app.py")
    assert (answer, lessons) == ("fraud", "1")
    assert run(tmp_path / "one" / "app.py") == ["fraud", "2", first]
    assert run(tmp_path / "two" / "app.py")[1] == "1"
    assert os.path.dirname(first) == str(data_folder)
    assert os.path.basename(first).startswith("app-")


def test_a_journal_has_one_writer_and_the_error_says_what_to_do(learned, tmp_path):
    path = tmp_path / "route.db"
    first, second = learned(red, journal=path), learned(red, journal=path)
    first("late")
    with pytest.raises(JournalLockedError, match="open for writing elsewhere") as error:
        second("late")
    assert "quickstudy merge" in error.value.next_step
    assert "journal=None" in error.value.next_step
    first.close()
    assert second("late") == "red"


def test_another_process_gets_the_same_error_before_its_body_is_called(learned, tmp_path):
    path = tmp_path / "route.db"
    first = learned(red, journal=path, encoder="static")
    first("late")
    script = (
        "import quickstudy\nfrom typing import Literal\n"
        f"@quickstudy.learned(journal={str(path)!r}, encoder='static')\n"
        "def red(text: str) -> Literal['red']:\n    print('called')\n    return 'red'\n"
        "try:\n    red('late')\nexcept quickstudy.QuickstudyError as error:\n    print(error.code)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "journal-locked\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_is_told_to_open_its_own_journal(learned, tmp_path):
    route = learned(red, journal=tmp_path / "route.db")
    route("late")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            route("later")
        except JournalLockedError as error:
            os.write(writing, error.message.encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert "forked" in pipe.read()
    os.waitpid(child, 0)
    assert route("later") == "red"
    assert route.report().lessons == 2


def test_a_value_that_the_type_gains_is_added(learned, tmp_path):
    path = tmp_path / "colour.db"
    one = learned(red, journal=path, name="colour")
    one("like blood")
    one.close()
    two = learned(red_and_green, journal=path, name="colour")
    assert two("like grass") == "green"
    assert two.learner.options == ("red", "green")
    assert two.report().lessons == 2


def test_a_value_that_the_type_loses_is_retired_and_comes_back_with_what_was_learned(learned, tmp_path):
    path = tmp_path / "colour.db"
    with learned(red_and_green, journal=path, name="colour").learner as learner:
        learner.teach("like grass", "green")
        learner.teach("like blood", "red")
    one = learned(red, journal=path, name="colour")
    assert one.learner.options == ("red",)
    assert one.predict("like grass").answer == "red"
    one.close()
    two = learned(red_and_green, journal=path, name="colour")
    assert two.predict("like grass").answer == "green"
    assert two.report().lessons == 2


def test_all_values_may_change_at_once(learned, tmp_path):
    path = tmp_path / "colour.db"
    one = learned(red, journal=path, name="colour")
    one("like blood")
    one.close()
    assert learned(green, journal=path, name="colour").learner.options == ("green",)


def test_an_option_renamed_in_the_journal_follows_the_code_and_keeps_what_was_learned(learned, tmp_path):
    path = tmp_path / "colour.db"
    one = learned(red_and_green, journal=path, name="colour")
    one("like grass")
    one.learner.rename_option("green", "verde")
    one.close()
    two = learned(red_and_green, journal=path, name="colour")
    assert set(two.learner.options) == {"red", "green"}
    assert two.predict("like grass").answer == "green"
    assert two.report().lessons == 1


def test_opening_again_with_the_same_code_writes_nothing(learned, tmp_path):
    path = tmp_path / "colour.db"
    for _ in range(3):
        route = learned(red_and_green, journal=path, name="colour")
        if not route.report().lessons:
            route("like grass")
        seq = route.learner._record.journal.last_seq
        route.close()
        assert seq == 5  # the settings, two options, a decision, a lesson


def test_without_a_target_it_is_2_percent_once_and_then_what_the_journal_says(learned, tmp_path):
    path = tmp_path / "colour.db"
    first = learned(red, journal=path)
    assert (first.learner.autonomy.active, first.learner.autonomy.target_error) == (True, 0.02)
    first.learner.configure(target_error=0.1)
    first.learner.pause()
    first.close()
    second = learned(red, journal=path).learner.autonomy
    assert (second.active, second.target_error, second.paused) == (True, 0.1, True)


def test_the_codes_target_stands_when_it_changes_and_the_journals_otherwise(learned, tmp_path):
    path = tmp_path / "colour.db"
    for target, moved in [(0.05, 0.1), (0.05, None), (0.2, None)]:
        route = learned(red, journal=path, target_error=target)
        route("like blood")
        found = route.learner.autonomy.target_error
        if moved is not None:
            route.learner.configure(target_error=moved)
        route.close()
        assert found == {0.05: 0.05 if moved else 0.1, 0.2: 0.2}[target]


def test_the_learner_is_an_ordinary_one_that_the_command_line_opens(learned, tmp_path):
    path = tmp_path / "colour.db"
    route = learned(red_and_green, journal=path, encoder="static")
    route("like grass")
    route.close()
    with Learner.open(path, read_only=True) as learner:
        assert learner.job.name == "red_and_green"
        assert json.dumps(learner.report().to_dict())
