"""configure, pause, resume, what-if and verify at the command line, and the report's section on autonomy."""

import json
import sqlite3

import pytest
from autonomy.streams import colours, job, live
from typer.testing import CliRunner

from quickstudy import Learner
from quickstudy.autonomy.account import CLAIM
from quickstudy.cli.app import app


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    path = tmp_path_factory.mktemp("autonomy") / "colours.db"
    with Learner(job(), path) as learner:
        live(learner, colours(300))
    return path


@pytest.fixture
def copy(journal, tmp_path):
    from quickstudy.journal import Journal

    with Journal.open(journal, identity=None, read_only=True) as opened:
        opened.backup(tmp_path / "copy.db")
    return tmp_path / "copy.db"


def run(*words, code=0):
    done = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout


def test_verify_says_that_everything_fits(journal):
    assert "Everything fits." in run("verify", journal)
    found = json.loads(run("verify", journal, "--json"))
    assert found["right"] is True
    assert found["coins"] > 200
    assert found["ledgers"][0]["name"] == "1.0"


def test_verify_exits_with_1_for_a_changed_journal(copy):
    connection = sqlite3.connect(copy)
    connection.execute("UPDATE events SET coin = coin / 2 WHERE mode = 'act'")
    connection.commit()
    connection.close()
    assert "do not fit" in run("verify", copy, code=1)


def test_verify_says_what_it_cannot_prove(journal, tmp_path):
    with Learner(job(), tmp_path / "merged.db") as learner:
        learner.merge(journal)
    shown = run("verify", tmp_path / "merged.db")
    assert "300 decisions are other learners'" in shown
    assert "nothing to verify" in shown
    assert "Everything fits." not in shown


def test_the_report_prints_the_claim_word_for_word(journal):
    shown = " ".join(run("report", journal).split())
    assert CLAIM in shown
    assert "V = " in shown
    autonomy = json.loads(run("report", journal, "--json"))["autonomy"]
    assert autonomy["claim"] == CLAIM
    assert autonomy["alone"] + autonomy["audits"] + autonomy["asked"] == autonomy["decisions"] == 300
    line = autonomy["ledgers"][0]
    assert line["answers"] == line["shadow"] + line["audited"] + line["unchecked"]
    assert line["bound"] == line["errors"] + line["pending"] + line["can_still_be_wrong"]


def test_configure_shows_and_changes_the_settings(copy):
    assert json.loads(run("configure", copy, "--json"))["target_error"] == 0.1
    words = ["--target-error", "0.05", "--always-ask", "red", "--per-hour", "7", "--guarantee-by", "answer"]
    changed = json.loads(run("configure", copy, *words, "--json"))
    assert (changed["target_error"], changed["always_ask"], changed["per_hour"]) == (0.05, ["red"], 7)
    changed = json.loads(
        run("configure", copy, "--always-ask", "none", "--per-hour", "-1", "--guarantee-by", "none", "--json")
    )
    assert (changed["always_ask"], changed["per_hour"], changed["guarantee_by"]) == ([], None, None)
    assert "Off" in run("configure", copy, "--off")


def test_configure_refuses_what_makes_no_sense(copy):
    CliRunner()
    for words in (["--target-error", "2"], ["--always-ask", "mauve"], ["--price-wrong", "3"]):
        done = CliRunner().invoke(app, ["configure", str(copy), *words])
        assert done.exit_code != 0
    assert json.loads(run("configure", copy, "--json"))["target_error"] == 0.1


def test_pause_and_resume(copy):
    assert json.loads(run("pause", copy, "--json"))["paused"] is True
    assert "Paused" in run("configure", copy)
    assert json.loads(run("resume", copy, "--json"))["paused"] is False


def test_what_if_forecasts_each_target_and_draws_it(journal, tmp_path):
    plot = tmp_path / "slider.svg"
    rows = json.loads(run("what-if", journal, "-t", "0.3", "-t", "0.1", "--plot", plot, "--json"))
    assert [row["target_error"] for row in rows] == [0.3, 0.1]
    assert rows[0]["share_alone"] >= rows[1]["share_alone"]
    assert "<svg" in plot.read_text()
    assert rows[0]["audits_per_1000"] > 0
    assert rows[0]["audits_a_day"] is None
    shown = run("what-if", journal)
    assert "clean audits" in shown
    assert "audits per 1,000" in shown
    assert "audits a day" not in shown


def test_what_if_shows_audits_a_day_once_the_journal_spans_a_week(tmp_path):
    with Learner(job(), tmp_path / "week.db") as learner:
        for day in range(9):
            live(learner, colours(20), at=86_400.0 * day)
    assert "audits a day" in run("what-if", tmp_path / "week.db")
