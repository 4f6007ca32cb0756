import csv
import json
import subprocess
import sys

import pytest
from ticket_tables import tickets, write_table

from quickstudy import Job, Learner


def lessons_of(journal):
    with Learner.open(journal, read_only=True) as learner:
        return [
            (lesson.id, lesson.at, lesson.by, lesson.answer, lesson.value, situation)
            for lesson, situation in learner.lessons()
        ]


def test_help_loads_no_model_and_no_plotting():
    code = (
        "import sys; from quickstudy.cli import run; run(['--help']); run(['work', '--help']);"
        "heavy = {'onnxruntime', 'tokenizers', 'matplotlib', 'sklearn', 'river', 'torch'} & set(sys.modules);"
        "print('heavy:', heavy)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("heavy: set()\n")


def test_init_makes_a_job_from_flags(quickstudy, tmp_path):
    result = quickstudy("init", "route.toml", "-o", "billing=about invoices", "-o", "fraud", "--encoder", "static")
    assert result.code == 0, result.err
    job = Job.load(tmp_path / "route.toml")
    assert dict(job.options) == {"billing": "about invoices", "fraud": ""}
    assert (job.name, job.encoder) == ("route", "static")


def test_the_journal_that_init_proposes_stands_where_a_server_looks_for_it(quickstudy, tmp_path):
    (tmp_path / "jobs").mkdir()
    result = quickstudy("init", "jobs/route.toml", "-o", "billing", "-o", "fraud", "--json")
    assert result.code == 0, result.err
    assert "--journal jobs/route.db" in result.json["next"]


def test_init_reads_the_options_from_a_table_and_says_what_to_run(quickstudy, table, tmp_path):
    result = quickstudy("init", "--from", table, "--label", "team", "--encoder", "static", "--json")
    assert result.code == 0, result.err
    assert list(Job.load(tmp_path / "job.toml").options) == ["billing", "fraud"]
    words = result.json["next"].split()
    assert quickstudy(*words[1:], "--json").json["taught"] == 40


@pytest.mark.parametrize(
    "words",
    [
        ["init", "x.toml"],
        ["init", "x.toml", "--open", "-o", "a"],
        ["init", "x.toml", "-o", "a", "-o", "a"],
        ["init", "x.toml", "--from", "tickets.csv"],
        ["init", "x.toml", "--from", "none.csv", "--label", "team"],
        ["init", "route.toml", "-o", "a"],
        ["init", "x.toml", "--no-such-option"],
    ],
)
def test_init_refuses_what_makes_no_sense(quickstudy, table, job_file, words, tmp_path):
    result = quickstudy(*words, "--json")
    assert result.code == 2
    assert result.json["error"]["message"]
    assert not (tmp_path / "x.toml").exists()


def test_decide_shows_the_answer_and_what_it_rests_on(worked, quickstudy):
    result = quickstudy("decide", "my invoice is wrong", "--journal", worked, "--json")
    assert result.code == 0, result.err
    assert result.json["answer"] == "billing"
    assert result.json["mode"] == "ask"
    assert result.json["evidence"]["neighbours"][0]["situation"]["text"]
    assert {opinion["expert"] for opinion in result.json["evidence"]["opinions"]} >= {"prior", "recall", "ridge"}
    shown = quickstudy("decide", "my invoice is wrong", "--journal", worked)
    assert "billing" in shown.out
    assert "quickstudy teach" in shown.out


def test_a_decision_is_taught_by_its_id(worked, quickstudy):
    decision = quickstudy("decide", "a thing of its own", "-j", worked, "--json").json["id"]
    result = quickstudy("teach", decision, "fraud", "-j", worked, "--by", "anna", "--json")
    assert result.code == 0, result.err
    assert result.json["decision"] == decision
    assert lessons_of(worked)[-1][2:4] == ("anna", "fraud")


def test_a_text_and_a_record_are_taught_without_a_decision(worked, quickstudy, tmp_path):
    assert quickstudy("teach", "--text", "stolen wallet", "fraud", "-j", worked, "--at", "2024-01-01").code == 0
    assert lessons_of(worked)[-1][1] == 1704067200.0
    assert quickstudy("init", "a.toml", "--open", "--encoder", "static").code == 0
    record = '{"vendor": "Acme", "amount": 3}'
    assert quickstudy("teach", "--record", record, "tools", "-j", "a.db", "--job", "a.toml").code == 0
    assert quickstudy("decide", "--record", record, "-j", "a.db", "--json").json["answer"] == "tools"


def test_predict_writes_nothing_and_a_request_id_is_answered_once(worked, quickstudy):
    before = quickstudy("report", worked, "--json").json
    assert quickstudy("decide", "my invoice", "-j", worked, "--predict", "--json").json["id"] == ""
    assert quickstudy("report", worked, "--json").json == before
    ids = {
        quickstudy("decide", "my invoice", "-j", worked, "--request-id", "r1", "--json").json["id"] for _ in range(2)
    }
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["teach", "no-such-id", "fraud"], "unknown-decision"),
        (["teach", "fraud"], "usage"),
        (["teach", "--text", "a", "b", "c"], "usage"),
        (["teach", "--text", "hello", "nonsense"], "unknown-option"),
        (["decide"], "usage"),
        (["decide", "  "], "bad-situation"),
        (["decide", "--record", "{"], "bad-input"),
        (["decide", "--record", "[1]"], "bad-input"),
        (["decide", "--record", '{"a": NaN, "b": 1}'], "bad-situation"),
    ],
)
def test_wrong_use_is_said_as_json_with_exit_code_2(worked, quickstudy, words, code):
    result = quickstudy(*words, "-j", worked, "--json")
    assert result.code == 2
    assert result.json["error"]["code"] == code
    assert result.json["error"]["next_step"]


def test_a_missing_journal_is_not_made(quickstudy, tmp_path):
    for words in (
        ["report", "x.db"],
        ["decide", "a", "-j", "x.db"],
        ["export", "x.db", "o.csv"],
        ["forget", "x.db", "a"],
    ):
        result = quickstudy(*words, "--json")
        assert result.code == 2
        assert result.json["error"]["code"] == "no-journal"
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_journal_is_refused_with_exit_code_1(quickstudy, tmp_path):
    (tmp_path / "x.db").write_text("this is not a database, but it is long enough to look at" * 50)
    result = quickstudy("report", "x.db")
    assert result.code == 1
    assert "Error: " in result.err
    assert "Traceback" not in result.err


def test_evaluate_measures_and_learns_nothing(worked, quickstudy, tmp_path):
    test = write_table(tmp_path / "test.csv", tickets(60)[40:])
    before = worked.read_bytes()
    words = ["evaluate", test, "-j", worked, "-i", "text", "-l", "team"]
    result = quickstudy(*words, "--output", "out.csv", "--json")
    assert result.code == 0, result.err
    assert result.json["rows"] == 20
    assert result.json["accuracy"] > 0.8
    assert [cell["sureness"] for cell in result.json["coverage"]] == [0.5, 0.8, 0.9, 0.95, 0.99]
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert sum(row["correct"] == "true" for row in rows) / 20 == result.json["accuracy"]
    assert worked.read_bytes() == before
    assert "accuracy" in quickstudy(*words).out


def test_report_shows_numbers_and_saves_a_plot(worked, quickstudy, tmp_path):
    result = quickstudy("report", worked, "--json", "--plot", "r.png")
    assert result.json["lessons"] == result.json["decisions"] == 40
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")
    shown = quickstudy("report", worked).out
    assert "route: 40 lessons" in shown
    assert "Calibration" in shown


def test_replay_shows_a_past_moment_and_can_keep_it(quickstudy, job_file, tmp_path):
    table = tmp_path / "t.csv"
    rows = [f"{text},{label},2024-01-{n + 1:02}" for n, (text, label) in enumerate(tickets(10))]
    table.write_text("text,team,on\n" + "\n".join(rows) + "\n")
    words = ["--job", job_file, "-j", "r.db", "-i", "text", "-l", "team", "--time", "on"]
    assert quickstudy("work", table, *words).code == 0
    result = quickstudy("replay", "r.db", "--until", "2024-01-04", "--save", "past.db", "--json")
    assert result.code == 0, result.err
    assert result.json["lessons"] == 4
    assert quickstudy("report", "past.db", "--json").json["lessons"] == 4
    assert quickstudy("replay", "r.db", "--save", "past.db").code == 2


@pytest.mark.parametrize("name", ["lessons.csv", "lessons.jsonl"])
def test_export_and_import_lose_nothing(worked, quickstudy, job_file, tmp_path, name):
    awkward = 'a "quoted", text;\nwith a line\tend'
    assert quickstudy("teach", "--text", awkward, "fraud", "-j", worked, "--at", "1700000000.123456").code == 0
    assert quickstudy("export", worked, name).code == 0
    result = quickstudy("import", "copy.db", name, "--job", job_file, "--json")
    assert result.code == 0, result.out
    assert result.json["lessons"] == 41
    assert lessons_of(tmp_path / "copy.db") == lessons_of(worked)
    assert quickstudy("import", "copy.db", name).code == 0
    assert lessons_of(tmp_path / "copy.db") == lessons_of(worked)
    assert quickstudy("export", worked, name).code == 2
    assert quickstudy("export", worked, name, "--force").code == 0


def test_records_with_dates_and_arrays_survive_export_and_import(quickstudy, tmp_path):
    import datetime

    import numpy as np

    for situation in (
        {"on": datetime.date(2024, 5, 1), "n": 1.5, "x": None, "paid": True, "t": "é"},
        np.array([0.1, -2.0, 1e-300]),
    ):
        for path in tmp_path.iterdir():
            path.unlink()
        job = Job("j", ["a", "b"], encoder="static")
        job.save(tmp_path / "j.toml")
        with Learner(job, tmp_path / "one.db") as learner:
            learner.teach(situation, "a", lesson_id="l1", by="x", at=12.25)
        assert quickstudy("export", "one.db", "l.csv").code == 0
        assert quickstudy("import", "two.db", "l.csv", "--job", "j.toml").code == 0
        first, second = (lessons_of(tmp_path / f"{name}.db")[0] for name in ("one", "two"))
        assert first[:-1] == second[:-1]
        np.testing.assert_equal(first[-1], second[-1])


def test_a_row_that_is_no_lesson_is_named(worked, quickstudy, tmp_path):
    (tmp_path / "l.jsonl").write_text('{"lesson": "l", "answer": "fraud", "situation": {"nonsense": 1}}\n')
    result = quickstudy("import", worked, "l.jsonl", "--json")
    assert result.code == 2
    assert "Row 1 of" in result.json["error"]["message"]
    assert quickstudy("import", worked, "l.jsonl", "--skip-bad-rows", "--json").json["bad_rows"] == 1


def test_merge_takes_over_and_twice_changes_nothing(worked, quickstudy, job_file, tmp_path):
    table = write_table(tmp_path / "other.csv", [(f"other {text}", label) for text, label in tickets(10)])
    words = ["--job", job_file, "-j", "other.db", "-i", "text", "-l", "team"]
    assert quickstudy("work", table, *words).code == 0
    first = quickstudy("merge", worked, "other.db", "--json").json
    assert first["lessons"] == 50
    assert first["changed"] >= 10
    assert quickstudy("merge", worked, "other.db", "--json").json == {"changed": 0, "lessons": 50}
    assert quickstudy("merge", worked, "none.db").code == 2


def test_forget_needs_a_yes_and_forgets(worked, quickstudy, monkeypatch):
    first = lessons_of(worked)[0][0]
    refused = quickstudy("forget", worked, first, "--json")
    assert refused.code == 2
    assert refused.json["error"]["code"] == "needs-yes"
    assert len(lessons_of(worked)) == 40
    assert quickstudy("forget", worked, first, "--yes", "--json").json["forgotten"] >= 1
    assert first not in {lesson[0] for lesson in lessons_of(worked)}
    assert quickstudy("forget", worked, "--where", "answer=billing", "-y").code == 0
    assert {lesson[3] for lesson in lessons_of(worked)} == {"fraud"}
    assert quickstudy("forget", worked, "--yes").code == 2
    assert quickstudy("forget", worked, "--where", "nonsense", "--yes").code == 2


def test_options_change_and_what_was_learned_follows(worked, quickstudy):
    assert quickstudy("options", "list", worked, "--json").json == {"options": ["billing", "fraud"]}
    assert quickstudy("options", "rename", worked, "billing", "invoices").code == 0
    assert quickstudy("decide", "my invoice is wrong", "-j", worked, "--json").json["answer"] == "invoices"
    assert quickstudy("options", "add", worked, "refunds", "-d", "wants money back").code == 0
    assert quickstudy("options", "merge", worked, "refunds", "invoices").code == 0
    assert quickstudy("options", "retire", worked, "fraud", "--json").json == {"options": ["invoices"]}
    assert quickstudy("options", "rename", worked, "nonsense", "x").code == 2
    assert quickstudy("options", "merge", worked, "invoices").code == 2


def test_a_journal_of_another_job_is_refused(worked, quickstudy, tmp_path):
    assert quickstudy("init", "other.toml", "--open", "--encoder", "static").code == 0
    result = quickstudy("teach", "--text", "a", "b", "-j", worked, "--job", "other.toml", "--json")
    assert result.code == 1
    assert result.json["error"]["code"] == "journal-mismatch"


def test_a_second_writer_is_refused_and_a_reader_is_not(worked, quickstudy):
    with Learner.open(worked):
        result = quickstudy("decide", "my invoice", "-j", worked, "--json")
        assert result.code == 1
        assert result.json["error"]["code"] == "journal-locked"
        assert quickstudy("decide", "my invoice", "-j", worked, "--predict").code == 0
        assert quickstudy("report", worked).code == 0


def test_the_journal_comes_from_the_environment_too(worked, quickstudy, monkeypatch):
    monkeypatch.setenv("QUICKSTUDY_JOURNAL", str(worked))
    assert quickstudy("decide", "my invoice is wrong", "--predict", "--json").json["answer"] == "billing"


def test_the_version_is_printed(quickstudy):
    result = quickstudy("--version")
    assert result.code == 0
    assert result.out.startswith("quickstudy 0.")


def test_json_output_is_json_alone(worked, quickstudy, table):
    for words in (["report", worked], ["export", worked, "l.jsonl"], ["options", "list", worked]):
        json.loads(quickstudy(*words, "--json").out)
