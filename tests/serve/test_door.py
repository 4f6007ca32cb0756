import re

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient

from quickstudy.errors import InputError
from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings

from .conftest import HOST, code

DECIDE = "/v1/jobs/route/decide"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.1.evil.example", "[::1]x"])
def test_a_foreign_host_is_refused(client, host):
    answer = client.get("/healthz", headers={"Host": host})
    assert (answer.status_code, code(answer)) == (400, "unknown-host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8421", "127.0.0.1:1", "[::1]:8421"])
def test_our_own_names_are_answered(client, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_an_allowed_host_is_answered(folder):
    app = create_app(ServerSettings(folder, allowed_hosts=("desk.example.com",)))
    assert TestClient(app, base_url="https://desk.example.com").get("/healthz").status_code == 200


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_above_the_limit_is_refused_announced_or_not(client, announced):
    body = b'{"situation": "' + b"x" * 1_000_000 + b'"}'
    content = body if announced else iter([body[:500_000], body[500_000:]])
    answer = client.post(DECIDE, content=content, headers=JSON)
    assert (answer.status_code, code(answer)) == (413, "too-large")


@pytest.mark.parametrize("path", ["/v1/jobs", "/healthz", "/nope", DECIDE, "/openapi.json"])
def test_every_answer_has_the_security_headers(client, path):
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in headers
    assert headers["X-Request-ID"]


def test_a_defect_answers_500_without_its_text_and_with_the_headers(folder):
    app = create_app(ServerSettings(folder))
    room = APIRouter()

    @room.get("/broken")
    async def broken() -> None:
        raise RuntimeError("a secret")

    app.include_router(room)
    with TestClient(app, base_url=HOST) as client:
        answer = client.get("/broken")
    assert (answer.status_code, code(answer)) == (500, "defect")
    assert "secret" not in answer.text
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.json()["error"]["request_id"] == answer.headers["X-Request-ID"]


def test_wrong_addresses_and_methods_answer_in_our_shape(client):
    assert code(client.get("/nope")) == "not-found"
    answer = client.delete(DECIDE)
    assert (answer.status_code, code(answer)) == (405, "bad-method")
    assert answer.headers["Allow"] == "POST"


def test_an_https_server_says_so_for_a_year(folder):
    client = TestClient(create_app(ServerSettings(folder, https=True)), base_url=HOST)
    assert "max-age=31536000" in client.get("/healthz").headers["Strict-Transport-Security"]


def test_any_address_but_loopback_needs_tokens(tmp_path):
    assert not ServerSettings(tmp_path).needs_tokens
    for host in ("localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"):
        assert not ServerSettings(tmp_path, host=host).needs_tokens
    for host in ("0.0.0.0", "::", "192.168.1.1", "desk.example.com", "", "127.0.0.1.example.com"):
        assert ServerSettings(tmp_path, host=host).needs_tokens
        with pytest.raises(InputError, match="need tokens"):
            ServerSettings(tmp_path, host=host, tokens=False)


def test_every_job_has_a_schema_of_its_own_in_a_database(tmp_path):
    settings = ServerSettings(tmp_path, database="postgresql://user:secret@host/db?sslmode=require")
    names = ["a", "a-b", "a_b", "a_hb", "a--b", "1", "x" * 64, "x" * 63 + "y", "-".join("abcdefghijklmnopqrstuv")]
    schemas = [settings.journal(name).removeprefix(f"{settings.database}&schema=") for name in names]
    assert len(set(schemas)) == len(names)
    assert all(re.fullmatch("[a-z_][a-z0-9_]{0,62}", schema) for schema in schemas)
    assert "secret" not in repr(settings)


def test_metrics_count_routes_and_name_no_work(client):
    client.post(DECIDE, json={"situation": "charged twice"})
    client.get("/v1/jobs/made-up-name")
    text = client.get("/metrics").text
    assert 'quickstudy_requests_total{method="POST",route="/v1/jobs/{job}/decide",status="200"} 1.0' in text
    assert 'quickstudy_journal_events{job="route"}' in text
    assert "charged" not in text
    assert "made-up-name" not in text
