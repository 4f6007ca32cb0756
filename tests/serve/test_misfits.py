import pytest

from .conftest import code

DECIDE = "/v1/jobs/route/decide"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"situation": 7}, "body.situation: Input should be a valid string, a valid dictionary or a valid list."),
        ({"situation": ""}, "body.situation: String should have at least 1 character."),
        ({"situation": ["x"]}, "body.situation.0: Input should be a valid number."),
        ({}, "body.situation: Field required."),
        ({"situation": "x", "stuation": 1}, "body.stuation: Extra inputs are not permitted."),
    ],
)
def test_what_does_not_fit_is_named_once_by_the_callers_own_names(client, body, said):
    answer = client.post(DECIDE, json=body)
    assert (answer.status_code, code(answer)) == (422, "bad-request")
    assert answer.json()["error"]["message"] == f"The request does not fit: {said}"


def test_a_bad_field_of_a_record_is_named(client):
    message = client.post(DECIDE, json={"situation": {"vendor": "Acme", "amount": [1]}}).json()["error"]["message"]
    assert message.startswith("The request does not fit: body.situation.amount: Input should be ")
    assert "vendor" not in message


def test_of_many_misfits_the_first_five_are_named(client):
    answer = client.post(f"{DECIDE}/batch", json={"items": [{"situation": number} for number in range(8)]})
    assert "body.items.4.situation: " in answer.json()["error"]["message"]
    assert answer.json()["error"]["message"].endswith("; 3 more.")


def test_what_is_no_json_is_told_from_what_was_not_sent_as_json(client):
    broken = client.post(DECIDE, content='{"situation":', headers={"content-type": "application/json"})
    assert "no JSON, at character 13" in broken.json()["error"]["message"]
    for sent in ({"data": {"situation": "x"}}, {"content": b'{"situation": "x"}'}):
        error = client.post(DECIDE, **sent).json()["error"]
        assert error["next_step"] == "Send the header Content-Type: application/json"
