import json
from dataclasses import dataclass
from typing import Any

import pytest
from ticket_tables import tickets, write_table

from quickstudy import Job
from quickstudy.cli import run


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def quickstudy(tmp_path, monkeypatch, capfd):
    """Runs a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def call(*words):
        capfd.readouterr()
        code = run([str(word) for word in words])
        captured = capfd.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture
def job_file(tmp_path):
    path = tmp_path / "route.toml"
    Job("route", ["billing", "fraud"], encoder="static").save(path)
    return path


@pytest.fixture
def table(tmp_path):
    """A labelled CSV of 40 tickets."""
    return write_table(tmp_path / "tickets.csv", tickets(40))


@pytest.fixture
def worked(quickstudy, table, job_file, tmp_path):
    """A journal that has worked through the table."""
    journal = tmp_path / "route.db"
    result = quickstudy("work", table, "--job", job_file, "-j", journal, "-i", "text", "-l", "team", "--by", "table")
    assert result.code == 0, result.err
    return journal
