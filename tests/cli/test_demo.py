import json
import re
import signal
import subprocess
import sys
from pathlib import Path

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
    words = ["demo", "--tasks", "1000", "--level", "chapter", "--encoder", "static", "--journal", "d.db"]
    program = [*PROGRAM, *words]
    with subprocess.Popen(program, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        # The first plain line comes after a tenth of the phrases.
        shown = process.stderr.readline() + process.stderr.readline()
        process.send_signal(signal.SIGINT)
        shown += process.stderr.read()
        assert process.wait(timeout=60) == 130
    assert "Stopped. Everything is kept" in shown
    assert "--journal d.db" in shown
    with Learner.open(tmp_path / "d.db", read_only=True) as learner:
        kept = learner.report().lessons
    assert 100 <= kept < 1000
    # The same again goes on: what was learned counts once.
    done = subprocess.run(
        [*program, "--json", "--no-plot"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    summary = json.loads(done.stdout)
    assert summary["tasks"] == 1000
    with Learner.open(tmp_path / "d.db", read_only=True) as learner:
        report = learner.report()
        assert (report.lessons, report.decisions) == (1000 - summary["alone"], 1000)
        assert report.autonomy.alone == summary["alone"]


def test_the_picture_in_the_readme_shows_what_is_done_alone_beside_the_bound_and_the_truth():
    picture = (Path(__file__).parents[2] / "docs" / "demo.svg").read_text(encoding="utf-8")
    assert re.search(r"alone&#160;\d+%&#160;&#160;[\d,]+&#160;audits&#160;.*stood&#160;behind&#160;≤&#160;", picture)
    assert "in&#160;truth" in picture
