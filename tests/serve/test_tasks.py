from .conftest import code

TASKS = "/v1/jobs/route/tasks"


def test_a_task_of_many_steps_is_worked_taught_rewarded_and_ended(client):
    task = client.post(TASKS, json={"id": "t1"}).json()
    assert task["steps"] == 0
    steps = [client.post(f"{TASKS}/t1/decide", json={"situation": text}).json() for text in ("one", "two")]
    assert [one["step"] for one in steps] == [0, 1]
    client.post(f"{TASKS}/t1/teach", json={"step": 0, "answer": "fraud"})
    client.post(f"{TASKS}/t1/reward", json={"value": 0.5})
    review = client.post(f"{TASKS}/t1/end", json={"outcome": True}).json()
    assert (review["state"], review["outcome"], review["total"]) == ("ended", 1.0, 1.5)
    assert review["steps"][0]["taught"] == "fraud"
    assert client.get(f"{TASKS}/t1").json()["steps"] == review["steps"]


def test_a_step_asked_again_is_no_step_more(client):
    body = {"situation": "one", "request_id": "s0"}
    first = client.post(f"{TASKS}/t1/decide", json=body).json()
    assert client.post(f"{TASKS}/t1/decide", json=body).json() == first
    assert client.post(TASKS, json={"id": "t1"}).json()["steps"] == 1


def test_a_task_ends_once_and_the_same_end_again_is_answered(client):
    client.post(f"{TASKS}/t1/decide", json={"situation": "one"})
    first = client.post(f"{TASKS}/t1/end", json={"outcome": 1.0})
    assert client.post(f"{TASKS}/t1/end", json={"outcome": 1.0}).json() == first.json()
    other = client.post(f"{TASKS}/t1/end", json={"outcome": 0.0})
    assert (other.status_code, code(other)) == (409, "ended-task")
    assert client.post(f"{TASKS}/t1/decide", json={"situation": "two"}).status_code == 409


def test_tasks_are_listed_in_pages(client):
    for number in range(3):
        client.post(f"{TASKS}/t{number}/decide", json={"situation": "one"})
    page = client.get(TASKS, params={"limit": 2}).json()
    assert [one["task"] for one in page["tasks"]] == ["t0", "t1"]
    rest = client.get(TASKS, params={"limit": 2, "after": page["next"]}).json()
    assert [one["task"] for one in rest["tasks"]] == ["t2"]
    assert rest["next"] is None


def test_an_unknown_task_is_not_found_and_one_without_steps_cannot_be_rewarded(client):
    assert code(client.get(f"{TASKS}/nope")) == "unknown-task"
    assert client.post(f"{TASKS}/nope/reward", json={"value": 1.0}).status_code == 422


def test_a_step_is_corrected_after_its_task_has_ended(client):
    for text in ("one", "two"):
        client.post(f"{TASKS}/t1/decide", json={"situation": text})
    client.post(f"{TASKS}/t1/end", json={"outcome": False})
    for step, answer in ((0, "fraud"), (-1, "billing")):
        assert client.post(f"{TASKS}/t1/teach", json={"step": step, "answer": answer}).status_code == 200
    assert [step["taught"] for step in client.get(f"{TASKS}/t1").json()["steps"]] == ["fraud", "billing"]
    assert code(client.post(f"{TASKS}/t1/teach", json={"step": 7, "answer": "fraud"})) == "ended-task"
