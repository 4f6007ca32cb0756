import pytest
from fastapi.testclient import TestClient

from quickstudy.serve.api.shapes import DecisionOut
from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings

from .conftest import HOST, code

DECIDE = "/v1/jobs/route/decide"


def test_a_decision_is_made_and_taught(client):
    decision = client.post(DECIDE, json={"situation": "I was charged twice"}).json()
    assert decision["mode"] == "ask"
    assert sum(one["probability"] for one in decision["alternatives"]) > 0.999
    lesson = client.post("/v1/jobs/route/teach", json={"decision_id": decision["id"], "answer": "billing"}).json()
    assert lesson["decision_id"] == decision["id"]
    assert lesson["by"] == "local"
    assert client.get("/v1/jobs/route/report").json()["lessons"] == 1


def test_a_decision_has_the_shape_that_is_declared(client):
    decision = client.post(DECIDE, json={"situation": "I was charged twice", "evidence": True}).json()
    assert DecisionOut.model_validate(decision).model_dump() == decision


def test_the_same_request_gets_the_same_answer_also_after_a_restart(folder, client):
    body = {"situation": "charged twice", "request_id": "r1", "evidence": True}
    client.post("/v1/jobs/route/teach", json={"situation": "charged two times", "answer": "billing"})
    first = client.post(DECIDE, json=body).json()
    assert first["evidence"]["neighbours"][0]["situation"] == "charged two times"
    assert client.post(DECIDE, json=body).json() == first
    client.app.state.desk.close()
    with TestClient(create_app(ServerSettings(folder)), base_url=HOST) as another:
        assert another.post(DECIDE, json=body).json() == first
        assert another.get("/v1/jobs/route/report").json()["decisions"] == 1


def test_a_request_id_for_another_situation_is_a_conflict(client):
    client.post(DECIDE, json={"situation": "charged twice", "request_id": "r1"})
    answer = client.post(DECIDE, json={"situation": "stolen", "request_id": "r1"})
    assert (answer.status_code, code(answer)) == (409, "used-request-id")


def test_predict_writes_nothing(client):
    assert client.post("/v1/jobs/route/predict", json={"situation": "charged twice"}).json()["id"] == ""
    assert client.get("/v1/jobs/route/report").json()["decisions"] == 0


def test_in_a_batch_each_fails_alone(client):
    items = [
        {"situation": "charged twice"},
        {"situation": {"amount": 3}},
        {"situation": "stolen card", "options": ["nope"]},
        {"situation": {"on": {"date": "yesterday"}}},
        {"situation": "stolen card", "options": ["fraud"]},
    ]
    for path in ("decide/batch", "predict/batch"):
        results = client.post(f"/v1/jobs/route/{path}", json={"items": items}).json()["results"]
        assert [one["decision"] is not None for one in results] == [True, False, False, False, True]
        assert [one["error"]["code"] for one in results if one["error"]] == [
            *("bad-situation", "unknown-option", "bad-situation"),
        ]
        assert results[4]["decision"]["answer"] == "fraud"


@pytest.mark.parametrize(
    "situation",
    [{"vendor": "Acme", "amount": 3, "paid": True, "on": {"date": "2024-05-01"}, "note": None}, [0.5, 1, -2.0]],
)
def test_records_and_arrays_are_situations(client, situation):
    decision = client.post("/v1/jobs/other/decide", json={"situation": situation}).json()
    shown = client.get(f"/v1/jobs/other/decisions/{decision['id']}").json()["situation"]
    assert shown == situation


@pytest.mark.parametrize(
    "body",
    [
        '{"situation": ""}',
        '{"situation": 3}',
        '{"situation": []}',
        '{"situation": {}}',
        '{"situation": [NaN]}',
        '{"situation": [1e999]}',
        '{"situation": {"a": {"b": 1}}}',
        '{"situation": "\\ud800"}',
        '{"situation": "x", "at": "now"}',
        '{"situation": "x", "at": 1e300}',
        '{"situation": "x", "options": []}',
        '{"situation": "x", "nonsense": 1}',
        '{"situation": "x", "request_id": ""}',
        '{"situation": "x"',
        "[]",
        "null",
        '"text"',
        '{"situation": {"a": 1' + "0" * 5000 + "}}",
        "[" * 100_000,
    ],
)
def test_a_body_that_makes_no_sense_is_refused(client, body):
    answer = client.post(DECIDE, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert code(answer) in ("bad-request", "bad-situation")


def test_other_content_than_json_is_refused(client):
    answer = client.post(DECIDE, content="situation=x", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 403
    assert client.post(DECIDE, content='{"situation": "x"}').status_code in (400, 422)
