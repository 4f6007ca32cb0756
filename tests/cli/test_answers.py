import csv
import json

import pytest

from quickstudy.cli.answers import AnswersFile
from quickstudy.errors import InputError, TableError

ROWS = [
    ({"text": f"task {i}", "label": "x, y"}, {"answer": "a", "probability": 0.5, "correct": False}) for i in range(5)
]


def fill(path, rows, *, finish=True, columns=("text", "label")):
    with AnswersFile(path, columns) as answers:
        for values, said in rows:
            answers.write(values, said)
        if finish:
            answers.finish()


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_a_file_cut_at_any_byte_becomes_the_same_file_again(tmp_path, name):
    fill(tmp_path / f"whole-{name}", ROWS)
    whole = (tmp_path / f"whole-{name}").read_bytes()
    for length in range(len(whole) + 1):
        path = tmp_path / name
        path.write_bytes(whole[:length])
        fill(path, ROWS)
        assert path.read_bytes() == whole


def test_finished_rows_stay_while_a_new_run_catches_up(tmp_path):
    path = tmp_path / "out.csv"
    fill(path, ROWS)
    whole = path.read_bytes()
    fill(path, ROWS[:1], finish=False)
    assert path.read_bytes() == whole


def test_rows_are_written_at_once(tmp_path):
    path = tmp_path / "out.csv"
    with AnswersFile(path, ["text"]) as answers:
        answers.write({"text": "a"}, {"answer": "b"})
        assert path.read_text() == "text,answer,probability,mode,decision,correct\na,b,,,,\n"


def test_a_changed_row_replaces_the_rest(tmp_path):
    path = tmp_path / "out.csv"
    fill(path, ROWS)
    changed = [ROWS[0], (ROWS[1][0], {"answer": "b", "probability": 0.25, "correct": True}), ROWS[2]]
    fill(path, changed)
    read = list(csv.DictReader(path.read_text().splitlines()))
    assert [row["answer"] for row in read] == ["a", "b", "a"]
    assert [row["correct"] for row in read] == ["false", "true", "false"]


def test_a_longer_tables_rows_are_cut_off_at_the_end(tmp_path):
    path = tmp_path / "out.jsonl"
    fill(path, ROWS)
    fill(path, ROWS[:2])
    assert len(path.read_text().splitlines()) == 2


@pytest.mark.parametrize(("name", "content"), [("out.csv", "my,own\ndata,here\n"), ("out.jsonl", '{"my": "own"}\n')])
def test_somebody_elses_file_is_refused_and_left_alone(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(InputError, match="does not hold answers"):
        AnswersFile(path, ["text"])
    assert path.read_text() == content


def test_a_column_that_has_the_name_already_keeps_its_values(tmp_path):
    path = tmp_path / "out.jsonl"
    fill(path, [({"text": "a", "answer": "old"}, {"answer": "new"})], columns=("text", "answer"))
    row = json.loads(path.read_text())
    assert row["answer"] == "old"
    assert row["answer (learner)"] == "new"


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(TableError, match="Cannot write"):
        AnswersFile(tmp_path / "none" / "out.csv", ["text"])
