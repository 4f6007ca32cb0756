import os

import pytest


@pytest.fixture
def folder(tmp_path, job_file):
    return tmp_path


def test_a_token_is_shown_once_listed_and_revoked(quickstudy, folder):
    made = quickstudy("token", "add", "anna", "--role", "review", "--job", "route", "--days", "30", "--json").json
    assert made["token"].startswith("qs_")
    assert made["jobs"] == ["route"]
    [listed] = quickstudy("token", "list", "--json").json
    assert listed == {name: value for name, value in made.items() if name != "token"}
    shown = quickstudy("token", "list").out
    assert "anna" in shown
    assert made["token"] not in shown
    assert quickstudy("token", "revoke", "anna").code == 0
    assert quickstudy("token", "list").out.strip() == "There are no tokens."


def test_the_secret_alone_goes_to_standard_output(quickstudy, folder):
    done = quickstudy("token", "add", "shop", "--role", "work")
    assert done.out.strip().startswith("qs_")
    assert len(done.out.split()) == 1
    assert "not shown again" in done.err


@pytest.mark.parametrize(
    "words", [("anna", "--role", "king"), ("a b", "--role", "work"), ("anna", "--role", "work", "--days", "0")]
)
def test_a_token_that_makes_no_sense_is_refused(quickstudy, folder, words):
    done = quickstudy("token", "add", *words)
    assert done.code == 2
    assert "Traceback" not in done.err


def test_tokens_need_their_folder(quickstudy, folder):
    assert quickstudy("token", "list", "--folder", "nope").code == 2


def test_a_journal_and_a_folder_are_backed_up(quickstudy, worked, folder):
    [made] = quickstudy("backup", worked, "copy.db", "--json").json
    assert made["events"] > 40
    assert os.stat("copy.db").st_mode & 0o777 == 0o600
    assert quickstudy("report", "copy.db", "--json").json["lessons"] == 40
    quickstudy("token", "add", "anna", "--role", "work")
    assert quickstudy("backup", ".", "saved").code == 0
    assert sorted(os.listdir("saved")) == [".audit.jsonl", ".tokens.toml", "route.db", "route.toml"]
    assert os.stat(os.path.join("saved", ".audit.jsonl")).st_mode & 0o777 == 0o600


def test_a_backup_overwrites_nothing_and_needs_a_source(quickstudy, worked):
    assert quickstudy("backup", worked, worked).code == 1
    assert quickstudy("backup", "nope.db", "copy.db").code == 2
    assert quickstudy("backup", ".", ".").code == 2
    assert quickstudy("report", worked, "--json").json["lessons"] == 40


def test_a_job_file_needs_its_folder_and_says_so(quickstudy):
    done = quickstudy("init", "missing/route.toml", "-o", "a", "-o", "b")
    assert done.code == 2
    assert "There is no folder 'missing'" in done.err
    assert "mkdir missing" in done.err
