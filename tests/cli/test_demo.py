import json
import signal
import subprocess
import sys
import time

from quickstudy import Learner

PROGRAM = [sys.executable, "-c", "from quickstudy.cli import main; main()"]


def test_the_demo_learns_and_leaves_a_journal_and_a_plot(quickstudy, tmp_path):
    result = quickstudy("demo", "--tasks", "120", "--level", "chapter", "--encoder", "static")
    assert result.code == 0, result.err
    assert "100%  120 phrases" in result.err
    assert "Try next:" in result.err
    assert (tmp_path / "icd10-chapter.png").read_bytes().startswith(b"\x89PNG")
    with Learner.open(tmp_path / "icd10-chapter.db", read_only=True) as learner:
        assert (learner.report().lessons, learner.report().decisions) == (120, 120)
    # What it says to try next works.
    tried = [line.strip() for line in result.err.split("Try next:")[1].splitlines() if " init " not in line]
    commands = [line for line in tried if line.startswith("quickstudy")]
    assert len(commands) == 2
    for command in commands:
        done = subprocess.run(
            command.replace("quickstudy", f'{sys.executable} -c "from quickstudy.cli import main; main()"', 1),
            shell=True,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr


def test_a_second_demo_makes_a_second_journal(quickstudy, tmp_path):
    for _ in range(2):
        words = ["demo", "--tasks", "5", "--level", "chapter", "--encoder", "static", "--no-plot", "--json"]
        result = quickstudy(*words)
        assert result.json["tasks"] == 5
        assert result.err == ""
    assert sorted(path.name for path in tmp_path.glob("*.db")) == ["icd10-chapter-2.db", "icd10-chapter.db"]


def test_ctrl_c_keeps_everything_and_says_how_to_go_on(tmp_path):
    words = ["demo", "--tasks", "12000", "--level", "chapter", "--encoder", "static", "--journal", "d.db"]
    process = subprocess.Popen(
        [*PROGRAM, *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    for line in process.stderr:
        if "A coder starts" in line:
            break
    while not (tmp_path / "d.db").exists():
        time.sleep(0.01)
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    shown = process.stderr.read()
    assert process.wait(timeout=60) == 130
    assert "Stopped. Everything is kept" in shown
    assert "--journal d.db" in shown
    with Learner.open(tmp_path / "d.db", read_only=True) as learner:
        kept = learner.report().lessons
    assert kept > 0
    # The same again, with fewer phrases to go, goes on: what was learned counts once.
    words[2] = "12000"
    tasks = str(kept + 5)
    done = subprocess.run(
        [*PROGRAM, "demo", "--tasks", tasks, *words[3:], "--json", "--no-plot"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout)["tasks"] == kept + 5
    with Learner.open(tmp_path / "d.db", read_only=True) as learner:
        assert learner.report().lessons == kept + 5
