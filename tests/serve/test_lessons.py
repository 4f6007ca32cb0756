from .conftest import code

TEACH = "/v1/jobs/route/teach"


def test_the_same_lesson_counts_once(client):
    body = {"situation": "charged twice", "answer": "billing", "lesson_id": "l1"}
    first = client.post(TEACH, json=body).json()
    assert client.post(TEACH, json=body).json() == first
    assert client.get("/v1/jobs/route/report").json()["lessons"] == 1


def test_a_lesson_id_for_another_lesson_is_a_conflict(client):
    client.post(TEACH, json={"situation": "charged twice", "answer": "billing", "lesson_id": "l1"})
    answer = client.post(TEACH, json={"situation": "charged twice", "answer": "fraud", "lesson_id": "l1"})
    assert (answer.status_code, code(answer)) == (409, "used-lesson-id")


def test_an_unknown_decision_is_not_found(client):
    answer = client.post(TEACH, json={"decision_id": "nope", "answer": "billing"})
    assert (answer.status_code, code(answer)) == (404, "unknown-decision")


def test_a_lesson_about_nothing_and_an_unknown_option_are_refused(client):
    assert client.post(TEACH, json={"answer": "billing"}).status_code == 422
    answer = client.post(TEACH, json={"situation": "x", "answer": "nope"})
    assert (answer.status_code, code(answer)) == (422, "unknown-option")


def test_in_a_batch_each_fails_alone(client):
    items = [
        {"situation": "charged twice", "answer": "billing"},
        {"situation": "charged twice", "answer": "nope"},
        {"decision_id": "nope", "answer": "fraud"},
        {"situation": "stolen card", "answer": "fraud"},
    ]
    results = client.post(f"{TEACH}/batch", json={"items": items}).json()["results"]
    assert [one["lesson"] is not None for one in results] == [True, False, False, True]
    assert [one["error"]["code"] for one in results[1:3]] == ["unknown-option", "unknown-decision"]
    assert client.get("/v1/jobs/route/report").json()["lessons"] == 2


def test_a_decision_is_rejected_and_rewarded(client):
    id = client.post("/v1/jobs/route/decide", json={"situation": "charged twice"}).json()["id"]
    rejected = client.post("/v1/jobs/route/reject", json={"decision_id": id, "lesson_id": "r"}).json()
    assert (rejected["answer"], rejected["by"]) == (None, "local")
    rewarded = client.post("/v1/jobs/route/reward", json={"decision_id": id, "value": 0.5, "lesson_id": "w"}).json()
    assert (rewarded["value"], rewarded["by"]) == (0.5, "local")
    assert client.post("/v1/jobs/route/reward", json={"decision_id": id, "value": {"nope": 1}}).status_code == 422


def test_a_teacher_cannot_take_anothers_name(guarded):
    body = {"situation": "charged twice", "answer": "billing"}
    assert guarded.post(TEACH, "teach", json=body).json()["by"] == "teach"
    assert guarded.post(TEACH, "teach", json={**body, "by": "admin"}).json()["by"] == "teach/admin"
    assert guarded.post(TEACH, "teach", json={**body, "by": "teach"}).json()["by"] == "teach"
