import pytest

from quickstudy import Job, Learner

from .conftest import code

TABLE = "text,team,amount\ncharged twice,billing,3\nstolen card,fraud,4\nno answer,,5\nparcel is late,delivery,6\n"


def test_a_job_is_made_from_options(client, folder):
    body = {"name": "new", "options": {"a": "first", "b": ""}, "encoder": "static", "target_error": 0.1}
    made = client.post("/v1/jobs", json=body)
    assert made.status_code == 201
    assert made.json()["options"] == ["a", "b"]
    assert Job.load(folder / "new.toml").target_error == 0.1
    assert client.post("/v1/jobs/new/decide", json={"situation": "x"}).status_code == 200
    assert '"by": "local", "what": "job made", "name": "new"' in (folder / ".audit.jsonl").read_text()
    assert {"name": "new", "open": True} in client.get("/v1/jobs").json()["jobs"]


def test_a_job_is_made_from_a_table_by_picking_columns(client):
    preview = client.post("/v1/tables", json={"content": TABLE}).json()
    assert preview["rows"] == 4
    assert [(one["name"], one["filled"], one["distinct"]) for one in preview["columns"]] == [
        *(("text", 4, 4), ("team", 3, 3), ("amount", 4, 4)),
    ]
    table = {"content": TABLE, "answer": "team", "inputs": ["text"]}
    made = client.post("/v1/jobs", json={"name": "new", "encoder": "static", "table": table}).json()
    assert (made["options"], made["taught"], made["kind"]) == (["billing", "fraud", "delivery"], 3, "text")
    assert client.get("/v1/jobs/new/report").json()["lessons"] == 3


def test_without_inputs_the_learner_sees_all_other_columns(client):
    table = {"content": TABLE, "answer": "team"}
    made = client.post("/v1/jobs", json={"name": "new", "encoder": "static", "table": table}).json()
    assert (made["kind"], made["taught"]) == ("record", 3)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"name": "route", "options": ["a"]}, "job-exists"),
        ({"name": "new"}, "bad-input"),
        ({"name": "../new", "options": ["a"]}, "bad-request"),
        ({"name": "New", "options": ["a"]}, "bad-request"),
        ({"name": "new", "options": ["a", "a "]}, "bad-option"),
        ({"name": "new", "options": ["a"], "open": True}, "bad-input"),
        ({"name": "new", "options": ["a"], "encoder": "os:getcwd"}, "bad-request"),
        ({"name": "new", "table": {"content": TABLE, "answer": "nope"}}, "missing-column"),
        ({"name": "new", "table": {"content": TABLE, "answer": "team", "inputs": ["team"]}}, "bad-input"),
        ({"name": "new", "table": {"content": "a,b\n1\n", "answer": "b"}}, "bad-row"),
        ({"name": "new", "table": {"content": "a,b\n,x\n", "answer": "b", "inputs": ["a"]}}, "bad-row"),
        ({"name": "new", "table": {"content": " ", "answer": "b"}}, "empty-table"),
    ],
)
def test_a_job_that_makes_no_sense_leaves_nothing_behind(client, folder, body, expected):
    before = sorted(folder.iterdir())
    answer = client.post("/v1/jobs", json=body)
    assert answer.status_code in (409, 422)
    assert code(answer) == expected
    assert sorted(folder.iterdir()) == before


def test_a_broken_job_hurts_no_other(client, folder):
    (folder / "broken.toml").write_text("name = 3 4")
    for _ in range(2):
        answer = client.post("/v1/jobs/broken/decide", json={"situation": "x"})
        assert (answer.status_code, code(answer)) == (503, "bad-job")
        assert answer.headers["Retry-After"]
    assert client.post("/v1/jobs/route/decide", json={"situation": "x"}).status_code == 200
    Job("broken", ["a"], encoder="static").save(folder / "broken.toml")
    assert client.post("/v1/jobs/broken/decide", json={"situation": "x"}).status_code == 200


def test_a_journal_that_another_process_holds_is_a_conflict_until_it_is_free(client, folder):
    with Learner(Job.load(folder / "other.toml"), folder / "other.db"):
        answer = client.post("/v1/jobs/other/decide", json={"situation": "x"})
        assert (answer.status_code, code(answer)) == (409, "journal-locked")
    assert client.post("/v1/jobs/other/decide", json={"situation": "x"}).status_code == 200


def test_names_that_are_no_jobs_are_not_found(client, folder):
    for name in ("nope", "%2e%2e%2fetc%2fpasswd", "route.toml", "ROUTE", ".tokens", "a" * 65):
        assert client.get(f"/v1/jobs/{name}").status_code in (404, 422)
