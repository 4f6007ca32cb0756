"""The server is really killed, and its disk really refuses to take more, while clients work.

The short form; ``python -m bench.serve.kill`` kills it 50 times, and ``python -m bench.serve.full`` fills a real disk.
"""

import sys

import pytest
from bench.serve.full import fill_under_load, limited
from bench.serve.kill import kill_under_load
from bench.serve.workload import ANSWERS, JOB, Book, faults

from quickstudy import Job, Learner


def test_everything_acknowledged_survives_kills_and_nothing_is_there_twice(tmp_path):
    killed = kill_under_load(tmp_path, kills=3, longest=0.3)
    assert killed.faults == []
    assert killed.lessons > 20


@pytest.mark.skipif(sys.platform != "linux", reason="changes the limits of another process")
def test_a_full_disk_is_told_loses_nothing_and_needs_no_person_afterwards(tmp_path):
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    filled = fill_under_load(jobs, 1, limited)
    assert filled.faults == []
    assert sum(filled.errors.values()) >= 3


def test_what_is_lost_or_twice_is_found(tmp_path):
    journal = tmp_path / "route.db"
    with Learner(Job(JOB, ANSWERS, encoder="static"), journal) as learner:
        learner.teach("one", "billing", lesson_id="a")
        learner.teach("one", "billing", lesson_id="b")
        learner.decide("two", request_id="r")
    assert faults(journal, Book(sent={"a", "b"}, lessons={"a"})) == [
        '{"text":"one"} was sent once and is there 2 times'
    ]
    book = Book(sent={"a"}, lessons={"a", "c"}, decisions={"r": "another"})
    assert len(faults(journal, book)) == 4
