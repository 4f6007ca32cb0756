"""Whatever a request holds, it is answered: by a refusal, by the learner, or by whatever the upstream makes of it."""

import json

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings

TEXT = st.text(st.characters(), max_size=10)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
ANY = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))
CALL = st.fixed_dictionaries({"function": st.fixed_dictionaries({"name": ANY, "arguments": ANY}) | ANY})
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "user", "system", "assistant", "tool"]) | ANY},
    optional={
        "content": TEXT
        | ANY
        | st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": ANY}) | ANY, max_size=2),
        "tool_calls": st.lists(CALL | ANY, max_size=2) | ANY,
    },
)
SCHEMA = st.fixed_dictionaries(
    {"properties": st.fixed_dictionaries({"team": st.fixed_dictionaries({"enum": ANY})}) | ANY}
)
TOOL = st.fixed_dictionaries({"function": st.fixed_dictionaries({"name": ANY, "parameters": SCHEMA | ANY}) | ANY})
FORMAT = st.fixed_dictionaries(
    {"type": st.just("json_schema"), "json_schema": st.fixed_dictionaries({"schema": SCHEMA | ANY}) | ANY}
)
FIELDS = st.fixed_dictionaries(
    {"messages": st.lists(MESSAGE, min_size=1, max_size=3)},
    optional={
        "n": ANY,
        "stream": st.booleans() | ANY,
        "stream_options": ANY,
        "logprobs": ANY,
        "tools": st.lists(TOOL | ANY, max_size=2) | ANY,
        "tool_choice": st.sampled_from(["required", "none"]) | ANY,
        "response_format": FORMAT | ANY,
        "modalities": ANY,
        "anything": ANY,
    },
)


@pytest.fixture
def caller(folder):
    with TestClient(create_app(ServerSettings(folder)), base_url="http://localhost") as client:
        yield client


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(fields=FIELDS, key=st.none() | st.sampled_from("abc"))
def test_no_request_is_a_defect(caller, fields, key):
    headers = {} if key is None else {"Idempotency-Key": key}
    body = {"model": "quickstudy/route", **fields}
    answer = caller.post("/v1/chat/completions", content=json.dumps(body), headers=headers)
    assert answer.status_code in (200, 400, 409, 500)
    assert "defect" not in answer.text
