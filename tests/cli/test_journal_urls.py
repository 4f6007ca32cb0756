"""Commands on a journal that is on a PostgreSQL server."""

import pytest

from quickstudy import Job, Learner

JOB = Job("route", ["billing", "fraud"], encoder="static")


@pytest.fixture
def url(postgres):
    return postgres.new("cli")


def test_a_journal_moves_to_a_server_by_merge_and_back(quickstudy, tmp_path, url):
    path = tmp_path / "route.db"
    with Learner(JOB, path) as learner:
        learner.teach("I was charged twice", "billing", lesson_id="1")
    assert quickstudy("merge", url, path).code == 1
    assert quickstudy("merge", url, path, "--new", "--json").json["lessons"] == 1
    assert quickstudy("decide", "charged twice", "--journal", url, "--json").json["answer"] == "billing"
    assert quickstudy("teach", "--text", "my card was stolen", "fraud", "--journal", url).code == 0
    assert quickstudy("merge", path, url, "--json").json["lessons"] == 2
    assert quickstudy("report", url, "--json").json["lessons"] == 2
    assert "Everything fits" in quickstudy("verify", url).out
    for words in (
        ("export", url, "lessons.jsonl"),
        ("configure", url, "--target-error", "0.1"),
        ("options", "add", url, "refunds"),
        ("teachers", url),
        ("replay", url),
    ):
        assert quickstudy(*words).code == 0, words
    assert quickstudy("forget", url, "1", "--yes", "--json").json["forgotten"] == 1


def test_a_password_is_never_printed(quickstudy, url, job_file):
    secret = url.replace("postgres@", "postgres:hunter2@")
    done = quickstudy("report", secret)
    assert done.code == 1
    assert "There is no journal" in done.err
    said = quickstudy("decide", "charged twice", "--journal", secret, "--job", job_file)
    assert f"--journal '{url}'" in said.out
    for result in (done, said):
        assert "hunter2" not in result.out + result.err
