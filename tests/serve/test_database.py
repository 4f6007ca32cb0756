"""Two servers on one folder, whose journals are in one PostgreSQL database."""

from fastapi.testclient import TestClient

from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings

from .conftest import HOST, code

JOB = "/v1/jobs/route"


def test_two_servers_share_their_jobs(folder, postgres):
    settings = ServerSettings(folder, database=postgres.url)
    with (
        TestClient(create_app(settings), base_url=HOST) as one,
        TestClient(create_app(settings), base_url=HOST) as two,
    ):
        body = {"situation": "charged twice", "request_id": "r1"}
        decision = one.post(f"{JOB}/decide", json=body).json()
        assert two.post(f"{JOB}/decide", json=body).json() == decision
        lesson = {"decision_id": decision["id"], "answer": "billing", "lesson_id": "l1"}
        taught = two.post(f"{JOB}/teach", json=lesson).json()
        assert one.post(f"{JOB}/teach", json=lesson).json() == taught
        for server in (one, two):
            assert server.get(f"{JOB}/report").json()["lessons"] == 1
            assert server.get(f"{JOB}/decisions").json()["decisions"][0]["id"] == decision["id"]
        answer = one.post(f"{JOB}/backup")
        assert (answer.status_code, code(answer)) == (409, "database")
    assert not list(folder.glob("*.db"))
