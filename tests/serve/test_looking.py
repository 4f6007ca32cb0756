import pytest

from .conftest import code

JOB = "/v1/jobs/route"


@pytest.fixture
def worked(client):
    """Five decisions, the first two of them taught."""
    items = [{"situation": f"ticket number {number}"} for number in range(5)]
    results = client.post(f"{JOB}/decide/batch", json={"items": items}).json()["results"]
    ids = [one["decision"]["id"] for one in results]
    for id in ids[:2]:
        client.post(f"{JOB}/teach", json={"decision_id": id, "answer": "fraud"})
    return ids


def listed(client, **params):
    found, after = [], 0
    while after is not None:
        page = client.get(f"{JOB}/decisions", params={**params, "after": after}).json()
        found += page["decisions"]
        after = page["next"]
    return found


def test_decisions_are_listed_in_pages_with_what_was_seen(client, worked):
    for limit in (1, 2, 5, 50):
        assert [one["id"] for one in listed(client, limit=limit)] == worked
    assert listed(client)[3]["situation"] == "ticket number 3"


def test_those_that_wait_are_listed_alone(client, worked):
    for limit in (1, 2, 3, 50):
        assert [one["id"] for one in listed(client, state="waiting", limit=limit)] == worked[2:]


def test_a_past_decision_has_its_evidence_with_what_the_neighbours_were_about(client, worked):
    id = client.post(f"{JOB}/decide", json={"situation": "ticket number 1"}).json()["id"]
    shown = client.get(f"{JOB}/decisions/{id}").json()
    assert shown["evidence"]["neighbours"][0]["situation"] == "ticket number 1"
    assert code(client.get(f"{JOB}/decisions/nope")) == "unknown-decision"


def test_events_are_paged_and_carry_no_work(client, worked):
    events, after = [], 0
    while True:
        page = client.get(f"{JOB}/events", params={"after": after, "limit": 3}).json()
        if not page["events"]:
            break
        events, after = events + page["events"], page["next"]
    assert [one["seq"] for one in events] == list(range(1, len(events) + 1))
    assert sum(one["kind"] == "decision" for one in events) == 5
    assert "ticket" not in str(events)


def test_what_if_forecasts_and_writes_nothing(client, worked):
    before = client.get(f"{JOB}/events").json()["next"]
    found = client.post(f"{JOB}/what-if", json={"target_error": [0.1, 0.2]}).json()["forecasts"]
    assert [one["target_error"] for one in found] == [0.1, 0.2]
    assert client.get(f"{JOB}/events").json()["next"] == before


def test_what_is_forgotten_is_gone_and_the_journal_says_who_did_it(client, worked):
    assert client.post(f"{JOB}/forget", json={"ids": [worked[0]]}).json()["forgotten"] == 2
    assert client.post(f"{JOB}/forget", json={"where": {"text": "ticket number 4"}}).json()["forgotten"] == 1
    assert [one["id"] for one in listed(client)] == worked[1:4]
    marks = [one for one in client.get(f"{JOB}/events").json()["events"] if one["kind"] == "mark"]
    assert [(one["why"], one["by"]) for one in marks] == [("forget", "local")] * 2


def test_forgetting_nothing_or_the_unknown_is_refused(client, worked):
    assert client.post(f"{JOB}/forget", json={}).status_code == 422
    assert client.post(f"{JOB}/forget", json={"where": {"progress": "x"}}).status_code == 422
    answer = client.post(f"{JOB}/forget", json={"ids": [worked[0], "nope"]})
    assert (answer.status_code, code(answer)) == (404, "unknown-id")
    assert len(listed(client)) == 5


def test_a_query_parameter_that_does_not_exist_is_refused(client):
    answer = client.get("/v1/jobs/route/decisions?waiting=true")
    assert (answer.status_code, code(answer)) == (422, "unknown-parameter")
    assert "'waiting'" in answer.json()["error"]["message"]
    assert "state" in answer.json()["error"]["next_step"]
    assert client.get("/v1/jobs/route/decisions?state=waiting&limit=5").status_code == 200
