"""``demo --job`` in environments of Gymnasium."""

import dataclasses
import json
import signal
import subprocess
import sys

import pytest

from quickstudy import Learner
from quickstudy.adapters.gymnasium import Agent
from quickstudy.cli.pictures import picture
from quickstudy.cli.worlds import WORLDS, look

PROGRAM = [sys.executable, "-c", "from quickstudy.cli import main; main()"]
HIDDEN = [sys.executable, "-c", "import sys; sys.modules['gymnasium'] = None; from quickstudy.cli import main; main()"]


def test_the_cliff_is_learned_and_leaves_a_journal_and_a_plot(quickstudy, tmp_path):
    result = quickstudy("demo", "--job", "cliff")
    assert result.code == 0, result.err
    assert "100%  600 steps" in result.err
    assert "mean return -13.0 in one episode" in result.err
    assert "The goal is reached from step" in result.err
    assert (tmp_path / "cliff.png").read_bytes().startswith(b"\x89PNG")
    # What it says to try next works.
    commands = [line.strip() for line in result.err.split("Try next:")[1].splitlines() if "quickstudy" in line]
    assert len(commands) == 2
    for command in commands:
        assert quickstudy(*command.split()[1:]).code == 0
    assert (tmp_path / "cliff-last.png").exists()


@pytest.mark.parametrize(("job", "steps"), [("taxi", 300), ("cartpole", 120), ("frozenlake", 300), ("minigrid", 60)])
def test_every_environment_gives_json_and_a_plot(quickstudy, tmp_path, job, steps):
    result = quickstudy("demo", "--job", job, "--steps", steps, "--json")
    assert (result.code, result.err) == (0, "")
    summary = result.json
    assert summary["environment"].startswith(WORLDS[job].name)
    assert (summary["job"], summary["steps"], summary["of"]) == (job, steps, steps)
    assert summary["stopped"] is None
    assert summary["goal"] == WORLDS[job].goal
    assert summary["checks"][-1] == {"steps": steps, "mean_return": summary["mean_return"]}
    assert summary["interval"][0] <= summary["mean_return"] <= summary["interval"][1]
    assert len(summary["watched"]["actions"]) >= 1
    assert (tmp_path / f"{job}.png").read_bytes().startswith(b"\x89PNG")


def test_a_journal_that_is_named_again_goes_on(quickstudy, tmp_path):
    words = ["demo", "--job", "cliff", "--journal", "c.db", "--no-plot", "--json"]
    first = quickstudy(*words, "--steps", 300).json
    then = quickstudy(*words, "--steps", 200).json
    assert (first["steps"], first["steps_in_all"], then["steps"]) == (300, 300, 200)
    # Where the step after the last one is unknown, that last one is not learned again.
    assert then["steps_in_all"] in (499, 500)
    assert then["episodes"] >= first["episodes"] >= 1
    assert (first["plot"], then["plot"]) == (None, None)
    assert not list(tmp_path.glob("*.png"))


def test_a_pole_that_is_mastered_ends_the_run(quickstudy, monkeypatch):
    easy = dataclasses.replace(WORLDS["cartpole"], goal=9.0, every=50, episodes=1, last_episodes=3)
    monkeypatch.setitem(WORLDS, "cartpole", easy)
    words = ["demo", "--job", "cartpole", "--steps", 500, "--no-plot"]
    summary = quickstudy(*words, "--json").json
    assert (summary["steps"], summary["of"], summary["stopped"]) == (50, 500, "goal")
    assert (summary["evaluated_episodes"], summary["mastered_at"]) == (3, 50)
    told = quickstudy(*words, "--journal", "cartpole.db").err
    assert "Training ended there" in told


def test_another_jobs_journal_is_refused(quickstudy):
    assert quickstudy("demo", "--job", "cliff", "--steps", 5, "--journal", "c.db", "--no-plot").code == 0
    result = quickstudy("demo", "--job", "taxi", "--steps", 5, "--journal", "c.db", "--no-plot", "--json")
    assert (result.code, result.json["error"]["code"]) == (1, "journal-mismatch")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--job", "taxi", "--tasks", "5"], "--tasks makes no sense with --job taxi"),
        (["--job", "taxi", "--target-error", "0.1"], "--target-error makes no sense with --job taxi"),
        (["--job", "cliff", "--level", "block"], "--level makes no sense with --job cliff"),
        (["--job", "cliff", "--encoder", "static"], "--encoder makes no sense with --job cliff"),
        (["--steps", "5"], "--steps makes no sense with --job coder"),
    ],
)
def test_options_of_another_job_are_refused(quickstudy, tmp_path, words, told):
    result = quickstudy("demo", *words)
    assert result.code == 2
    assert told in result.err
    assert "Leave it out" in result.err
    assert not list(tmp_path.iterdir())


def test_without_gymnasium_the_error_names_the_extra(tmp_path):
    done = subprocess.run([*HIDDEN, "demo", "--job", "taxi"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert 'pip install "quickstudy[gymnasium]"' in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_without_minigrid_the_error_names_its_extra(tmp_path):
    program = [*HIDDEN[:2], HIDDEN[2].replace("gymnasium", "minigrid")]
    done = subprocess.run([*program, "demo", "--job", "minigrid"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert 'pip install "quickstudy[minigrid]"' in done.stderr
    assert not list(tmp_path.iterdir())


def test_ctrl_c_keeps_everything_and_says_how_to_go_on(tmp_path):
    words = [*PROGRAM, "demo", "--job", "taxi", "--steps", "5000", "--journal", "t.db", "--no-plot"]
    with subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        shown = process.stderr.readline()  # after a tenth
        process.send_signal(signal.SIGINT)
        shown += process.stderr.read()
        assert process.wait(timeout=60) == 130
    assert "Stopped. Everything is kept" in shown
    with Learner.open(tmp_path / "t.db", read_only=True) as learner:
        kept = learner.report().decisions
    assert 500 <= kept < 5000
    assert f"quickstudy demo --job taxi --steps {5000 - kept} --journal t.db" in shown
    done = subprocess.run([*words, "--steps", "50", "--json"], cwd=tmp_path, capture_output=True, text=True)
    assert json.loads(done.stdout)["steps_in_all"] in (kept + 49, kept + 50)


@pytest.mark.parametrize("job", list(WORLDS))
def test_every_picture_fits_the_screen_at_every_moment(job):
    world = WORLDS[job]
    env = world.make()
    agent = Agent(env)
    agent.train(60, progress=False)
    seen = look(agent, world, world.make())
    for moment in (None, 0, 1, len(seen.watched.actions), 10_000):
        lines = picture(world.picture, seen, moment)
        assert len(lines) <= 10
        assert max(line.cell_len for line in lines) <= 79
        assert not any("\n" in line.plain for line in lines)


def test_a_taxis_route_is_drawn_on_its_streets():
    world = WORLDS["taxi"]
    agent = Agent(world.make())
    seen = look(agent, world, world.make())
    lines = [line.plain for line in picture("taxi", seen, 0)]
    assert lines[1].startswith(" │R    · │ ·   T  G  │")
    assert "to the passenger at R" in lines[1]
    assert "did not arrive in time" in lines[5]


def test_a_walkers_errands_stand_beside_its_room():
    world = WORLDS["minigrid"]
    agent = Agent(world.make())
    agent.train(1, progress=False)
    steps = agent.steps
    seen = look(agent, world, world.make())
    assert agent.steps == steps  # watching teaches nothing
    frames = seen.watched.observations
    assert len(frames) == len(seen.watched.actions) + 1
    first, last = ([line.plain for line in picture("room", seen, moment)] for moment in (0, None))
    assert "use the key to open the door" in first[0]
    assert first[1] == "   " + "█" * 10 + f"     move 0 of {len(seen.watched.actions)}"
    column, row = frames[0].place
    assert first[row + 1][3 + 2 * column] in "→↓←↑"
    assert frames[-1].errands[-1] in last[-2] + last[-1]
