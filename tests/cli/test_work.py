import csv
import json
import os
import pty
import signal
import subprocess
import sys
import time

import pytest
from ticket_tables import tickets, write_table

from quickstudy import Learner

PROGRAM = [sys.executable, "-c", "from quickstudy.cli import main; main()"]


def answers(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def flags(job_file, journal, *, label=True):
    words = ["--job", job_file, "--journal", journal, "--input", "text"]
    return [str(word) for word in ([*words, "--label", "team"] if label else words)]


def test_a_labelled_table_is_decided_and_taught(worked, table, tmp_path):
    rows = answers(tmp_path / "tickets.answers.csv")
    assert [row["text"] for row in rows] == [text for text, _ in tickets(40)]
    assert all(0 < float(row["probability"]) <= 1 for row in rows)
    assert [row["correct"] for row in rows] == [json.dumps(row["answer"] == row["team"]) for row in rows]
    assert sum(row["correct"] == "true" for row in rows[20:]) > 15
    with Learner.open(worked, read_only=True) as learner:
        report = learner.report()
        lessons = list(learner.lessons())
    assert (report.lessons, report.decisions, report.waiting) == (40, 40, 0)
    assert {lesson.by for lesson, _ in lessons} == {"table"}
    assert [situation for _, situation in lessons] == [text for text, _ in tickets(40)]


def test_working_again_changes_nothing(worked, quickstudy, table, job_file, tmp_path):
    before = (tmp_path / "tickets.answers.csv").read_bytes()
    result = quickstudy("work", table, *flags(job_file, worked), "--by", "table", "--json")
    assert result.code == 0
    assert result.json["rows"] == 40
    assert (tmp_path / "tickets.answers.csv").read_bytes() == before
    with Learner.open(worked, read_only=True) as learner:
        assert (learner.report().lessons, learner.report().decisions) == (40, 40)


def test_a_corrected_label_replaces_the_first(worked, quickstudy, job_file, tmp_path):
    rows = tickets(40)
    rows[0] = (rows[0][0], "fraud")
    table = write_table(tmp_path / "tickets.csv", rows)
    assert quickstudy("work", table, *flags(job_file, worked), "--by", "table").code == 0
    with Learner.open(worked, read_only=True) as learner:
        taught = {situation: lesson.answer for lesson, situation in learner.lessons()}
    assert len(taught) == 40
    assert taught[rows[0][0]] == "fraud"


def test_the_job_comes_from_the_journal_where_none_is_given(worked, quickstudy, tmp_path):
    table = write_table(tmp_path / "more.csv", [("invoice is wrong again", "billing")])
    result = quickstudy("work", table, "--journal", worked, "--input", "text", "--label", "team", "--json")
    assert result.code == 0, result.err
    assert result.json["taught"] == 1


def test_rows_without_label_wait_and_can_be_labelled_later(quickstudy, job_file, tmp_path):
    journal = tmp_path / "route.db"
    table = write_table(tmp_path / "t.csv", tickets(6, labelled=False))
    result = quickstudy("work", table, *flags(job_file, journal), "--json")
    assert result.json["left_waiting"] == 6
    waiting = quickstudy("report", journal, "--waiting", "10", "--json").json
    assert waiting["waiting"] == 6
    assert len(waiting["waiting_list"]) == 6
    write_table(tmp_path / "t.csv", tickets(6))
    assert quickstudy("work", table, *flags(job_file, journal), "--json").json["taught"] == 6
    report = quickstudy("report", journal, "--json").json
    assert (report["decisions"], report["lessons"], report["waiting"]) == (6, 6, 0)


def test_several_columns_are_a_record(quickstudy, tmp_path):
    table = tmp_path / "accounts.jsonl"
    rows = [
        {"vendor": v, "amount": a, "on": "2024-05-01", "account": c}
        for v, a, c in [("Acme", 10, 1), ("Deli", 5, 2), ("Acme", 11.5, 1)]
    ]
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert quickstudy("init", "accounts.toml", "--from", table, "--label", "account", "--encoder", "static").code == 0
    words = ["--job", "accounts.toml", "-j", "accounts.db", "--label", "account", "--time", "on", "--json"]
    result = quickstudy("work", table, *words)
    assert result.code == 0, result.out + result.err
    with Learner.open(tmp_path / "accounts.db", read_only=True) as learner:
        seen = list(learner.lessons())
    assert seen[0][1] == {"amount": 10, "vendor": "Acme"}
    assert seen[0][0].answer == "1"
    assert seen[0][0].at == 1714521600.0
    written = [json.loads(line) for line in (tmp_path / "accounts.answers.jsonl").read_text().splitlines()]
    assert [row["account"] for row in written] == [1, 2, 1]
    assert written[2]["answer"] == "1"


def test_standard_input_is_worked_and_the_same_again_counts_once(job_file, tmp_path):
    data = "text,team\n" + "".join(f"{text},{label}\n" for text, label in tickets(8))
    words = [*PROGRAM, "work", "-", *flags(job_file, "route.db"), "--output", "out.csv", "--json"]
    for _ in range(2):
        done = subprocess.run(words, input=data, capture_output=True, text=True, cwd=tmp_path, check=True)
        assert json.loads(done.stdout)["rows"] == 8
    assert len(answers(tmp_path / "out.csv")) == 8
    with Learner.open(tmp_path / "route.db", read_only=True) as learner:
        assert learner.report().lessons == 8


def test_a_missing_job_file_says_how_to_make_one(quickstudy, table):
    result = quickstudy("work", table, "--job", "none.toml", "-j", "r.db", "--json")
    assert result.code == 2
    assert "quickstudy init" in result.json["error"]["next_step"]
    result = quickstudy("work", table, "-j", "r.db")
    assert result.code == 2
    assert "quickstudy init" in result.err
    assert "Traceback" not in result.err


def test_a_missing_column_is_named_before_anything_is_made(quickstudy, table, job_file, tmp_path):
    result = quickstudy("work", table, "--job", job_file, "-j", "r.db", "--label", "teem", "--json")
    assert result.code == 2
    assert result.json["error"]["code"] == "missing-column"
    assert not (tmp_path / "r.db").exists()
    assert not (tmp_path / "tickets.answers.csv").exists()


@pytest.mark.parametrize(("bad", "code"), [("  ,billing", "bad-situation"), ("hello,unknown", "unknown-option")])
def test_a_bad_row_is_named_and_what_came_before_is_kept(quickstudy, job_file, tmp_path, bad, code):
    table = tmp_path / "t.csv"
    table.write_text(f"text,team\ncharged twice,billing\n{bad}\ncard stolen,fraud\n")
    result = quickstudy("work", table, *flags(job_file, "r.db"), "--json")
    assert result.code == 2
    assert "Row 2 of" in result.json["error"]["message"]
    assert result.json["error"]["code"] == code
    assert quickstudy("report", "r.db", "--json").json["lessons"] == 1
    result = quickstudy("work", table, *flags(job_file, "r.db"), "--skip-bad-rows", "--json")
    assert result.code == 0
    assert (result.json["rows"], result.json["bad_rows"]) == (2, 1)
    assert len(answers(tmp_path / "t.answers.csv")) == 3
    assert quickstudy("report", "r.db", "--json").json["lessons"] == 2


def test_the_table_is_never_overwritten(quickstudy, table, job_file):
    before = table.read_bytes()
    result = quickstudy("work", table, *flags(job_file, "r.db"), "--output", table)
    assert result.code == 2
    assert table.read_bytes() == before


def started(words, folder):
    return subprocess.Popen(
        [*PROGRAM, *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def until_rows(path, count, process):
    while process.poll() is None:
        if path.exists() and path.read_bytes().count(b"\n") > count:
            return
        time.sleep(0.005)


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_work_that_was_stopped_goes_on_and_nothing_counts_twice(job_file, tmp_path, sign):
    table = write_table(tmp_path / "many.csv", tickets(500))
    output = tmp_path / "many.answers.csv"
    words = ["work", str(table), *flags(job_file, "route.db"), "--json"]
    for rows in (20, 120):
        process = started(words, tmp_path)
        until_rows(output, rows, process)
        process.send_signal(sign)
        out, err = process.communicate(timeout=60)
        assert process.returncode == (-9 if sign == signal.SIGKILL else 130), err
        if sign == signal.SIGINT:
            assert json.loads(out)["finished"] is False
    cut = output.read_bytes()
    assert 20 < cut.count(b"\n") < 500
    done = subprocess.run([*PROGRAM, *words], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["rows"] == 500
    rows = answers(output)
    assert [row["text"] for row in rows] == [text for text, _ in tickets(500)]
    assert len({row["decision"] for row in rows}) == 500
    whole = cut[: cut.rindex(b"\n") + 1]
    assert output.read_bytes().startswith(whole)
    with Learner.open(tmp_path / "route.db", read_only=True) as learner:
        report = learner.report()
        taught = [situation for _, situation in learner.lessons()]
    assert (report.lessons, report.decisions, report.waiting) == (500, 500, 0)
    assert sorted(taught) == sorted(text for text, _ in tickets(500))


def test_a_person_is_asked_at_the_terminal_and_not_twice(job_file, tmp_path):
    table = write_table(tmp_path / "t.csv", tickets(4, labelled=False))
    words = [*PROGRAM, "work", str(table), *flags(job_file, "route.db", label=False)]
    # Two answers by name, one skipped, then quit; the second run asks only what is open.
    assert "charged twice 0" in talk(words, tmp_path, ["billing", "fraud", "s", "q"])
    with Learner.open(tmp_path / "route.db", read_only=True) as learner:
        assert [(lesson.answer, lesson.by) for lesson, _ in learner.lessons()] == [
            ("billing", "person"),
            ("fraud", "person"),
        ]
    shown = talk(words, tmp_path, ["billing", "fraud"])
    assert "charged twice 0" not in shown
    assert "wrong amount on my invoice 2" in shown
    with Learner.open(tmp_path / "route.db", read_only=True) as learner:
        assert (learner.report().lessons, learner.report().waiting) == (4, 0)
    assert [row["correct"] != "" for row in answers(tmp_path / "t.answers.csv")] == [True] * 4


def test_ctrl_c_at_the_question_keeps_what_was_said(job_file, tmp_path):
    table = write_table(tmp_path / "t.csv", tickets(4, labelled=False))
    words = [*PROGRAM, "work", str(table), *flags(job_file, "route.db", label=False)]
    shown = talk(words, tmp_path, ["billing", "\x03"], code=130)
    assert "run the same command again" in " ".join(shown.split())
    with Learner.open(tmp_path / "route.db", read_only=True) as learner:
        assert learner.report().lessons == 1


def test_a_second_person_is_asked_again_first_and_does_not_see_the_first_answer(quickstudy, job_file, tmp_path):
    first = write_table(tmp_path / "first.csv", tickets(3, labelled=False))
    more = write_table(tmp_path / "more.csv", [("nobody picks up the phone", "billing")])
    words = [*PROGRAM, "work", str(first), *flags(job_file, "route.db", label=False), "--by"]
    assert quickstudy("work", first, *flags(job_file, "route.db", label=False), "--limit", "1", "--json").code == 0
    assert quickstudy("configure", "route.db", "--ask-twice", "1").code == 0
    talk([*words, "anna"], tmp_path, ["fraud", "fraud", "fraud"])  # the first was decided before, so it is not drawn
    assert len(quickstudy("teachers", "route.db", "--json").json["again"]) == 2
    again = [*PROGRAM, "work", str(more), "-j", "route.db", "--input", "text", "--by"]
    assert "asked a second time" not in talk([*again, "anna"], tmp_path, ["q"])  # her own are not asked again
    shown = " ".join(talk([*again, "ben"], tmp_path, ["billing", "s", "fraud"]).split())
    before, new = shown.split("nobody picks up the phone")
    assert "First, 2 asked a second time. You are 'ben'" in before
    assert "card was stolen 1" in before
    assert "wrong amount on my invoice 2" in before
    assert "charged twice 0" not in before
    assert "anna" not in shown
    assert "like:" not in before
    assert "Second answers to earlier tasks: 1." in new
    with Learner.open(tmp_path / "route.db", read_only=True) as learner:
        said = [(lesson.answer, lesson.by) for lesson, _ in learner.lessons()]
        waiting = [decision.situation for decision in learner.to_ask_again()]
        assert [decision.situation for decision in learner.to_ask_again(by="anna")] == ["nobody picks up the phone"]
    assert said == [("fraud", "anna")] * 3 + [("billing", "ben"), ("fraud", "ben")]
    assert len(waiting) == 2  # the one that ben skipped, and the one that only he answered
    quit_early = talk([*again, "carla"], tmp_path, ["\x03"], code=130)
    assert "Nothing is lost" in " ".join(quit_early.split())


def test_without_a_terminal_nobody_is_asked_a_second_time(quickstudy, job_file, tmp_path):
    table = write_table(tmp_path / "t.csv", tickets(3))
    words = flags(job_file, "route.db")
    assert quickstudy("work", table, *words, "--limit", "1", "--json").code == 0
    assert quickstudy("configure", "route.db", "--ask-twice", "1").code == 0
    assert quickstudy("work", table, *words, "--by", "anna", "--json").json["taught"] == 3
    words = flags(job_file, "route.db", label=False)
    assert quickstudy("work", table, *words, "--by", "ben", "--json").json["asked_again"] == 0
    assert len(quickstudy("teachers", "route.db", "--json").json["again"]) == 2


def talk(words, folder, said, *, code=0):
    """Runs a program on a terminal of its own; says each line after a question; returns what was shown."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        words, cwd=folder, stdin=follower, stdout=follower, stderr=follower, start_new_session=True, preexec_fn=_own_tty
    )
    os.close(follower)
    shown = b""
    lines = list(said)
    asked = 0
    while True:
        try:
            data = os.read(leader, 4096)
        except OSError:
            break
        if not data:
            break
        shown += data
        if shown.count(b"quit): ") > asked and lines:
            asked += 1
            line = lines.pop(0)
            os.write(leader, line.encode() if line == "\x03" else line.encode() + b"\n")
    os.close(leader)
    assert process.wait(timeout=60) == code, shown.decode()
    return shown.decode()


def _own_tty():
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
