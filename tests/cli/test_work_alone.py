"""``work`` where the job names a target: rows answered alone, audits, the bound and the true error side by side."""

import csv
import io
import json
import sys
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from quickstudy import Job, Learner
from quickstudy.cli.app import app
from quickstudy.cli.work import _ask


@pytest.fixture
def worked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Job("parity", ["even", "odd"], target_error=0.3, encoder="static", features=32).save("job.toml")
    with open("table.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["word", "kind"])
        for i in range(260):
            writer.writerow([["cat dog", "train bus"][i % 2] + f" {i % 7}", ["even", "odd"][i % 2]])
    return tmp_path


def run(*words):
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.stdout)


WORK = ("work", "table.csv", "--job", "job.toml", "--journal", "w.db", "--input", "word", "--label", "kind", "--json")


def test_work_shows_what_is_done_alone_beside_the_bound_and_the_true_error(worked):
    summary = run(*WORK)
    assert summary["alone"] > 20
    assert summary["alone"] + summary["taught"] == summary["rows"] == 260
    assert summary["alone_labelled"] == summary["alone"]
    assert summary["alone_error"] == summary["alone_wrong"] / summary["alone"]
    assert 0.0 <= summary["bound_share"] <= 0.35
    with open("table.answers.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["mode"] for row in rows].count("act") == summary["alone"]
    assert [row["mode"] for row in rows].count("audit") == summary["audits"]
    with Learner.open("w.db", read_only=True) as learner:
        assert learner.report().lessons == summary["taught"]
        assert learner.report().waiting == 0


def test_working_again_gives_the_same_decisions_and_counts_nothing_twice(worked):
    first = run(*WORK)
    before = (worked / "table.answers.csv").read_bytes()
    again = run(*WORK)
    assert (again["alone"], again["audits"], again["stood_behind"], again["bound"]) == (
        first["alone"],
        first["audits"],
        first["stood_behind"],
        first["bound"],
    )
    assert (worked / "table.answers.csv").read_bytes() == before


def test_teach_all_learns_the_labels_of_rows_answered_alone_too(worked):
    summary = run(*WORK, "--teach-all")
    assert summary["taught"] == 260
    with Learner.open("w.db", read_only=True) as learner:
        assert learner.report().lessons == 260
        assert sum(line.confirmed for line in learner.report().autonomy.ledgers) > 0


def test_a_label_under_an_options_old_name_is_right(worked):
    first = run(*WORK)
    with Learner.open("w.db") as learner:
        learner.rename_option("even", "paired")
    (worked / "more.csv").write_text((worked / "table.csv").read_text())
    again = run("work", "more.csv", "--id", "word", *WORK[4:])
    assert again["alone"] > 0
    assert again["alone_error"] == first["alone_error"] == 0.0
    with open("more.answers.csv") as file:
        assert {row["correct"] for row in csv.DictReader(file) if row["answer"] == "paired"} == {"true"}


def test_work_says_the_share_alone_the_audits_the_bound_and_the_true_error(worked):
    done = CliRunner().invoke(app, list(WORK[:-1]))
    said = " ".join(done.output.split())
    assert "of the rows were answered alone;" in said
    assert "answers were audited." in said
    assert "answers stood behind at most" in said
    assert "In truth 0 of the" in said


def test_a_person_answers_audits_blind_and_questions_with_its_guess(monkeypatch, capsys):
    with Learner(Job("parity", ["even", "odd"], encoder="static")) as learner:
        for mode, guessed in (("audit", False), ("ask", True)):
            decision = replace(learner.decide("cat dog"), mode=mode)
            monkeypatch.setattr(sys, "stdin", io.StringIO("1\n"))
            assert _ask(decision, learner).answer is not None
            assert ("%" in capsys.readouterr().err) == guessed
