"""Requests that another site's page sends, names that point here, and headers that hold more than they should."""

import pytest
from fastapi.testclient import TestClient

from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings

TEACH = "/v1/jobs/route/teach"
LESSON = {"situation": "text", "answer": "billing"}
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.fixture(scope="module")
def local(folder, caller):
    """Calls the same folder's server without tokens: the one that a browser on this machine could be made to call."""
    app = create_app(ServerSettings(folder))
    app.state.desk = caller.app.state.desk  # a journal has one writer
    return TestClient(app, base_url="http://localhost:8421", raise_server_exceptions=False)


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8421", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.2", ""),
        *("localhost@evil.example", "evil.example#localhost", "[::1].evil.example", "[::1", "0.0.0.0", "169.254.1.1"),
    ],
)
def test_a_foreign_name_that_points_here_opens_nothing(local, host):
    for call in (
        local.get("/v1/jobs", headers={"Host": host}),
        local.post(TEACH, json=LESSON, headers={"Host": host}),
        local.get("/healthz", headers={"Host": host}),
    ):
        assert call.status_code == 400, host
        assert call.json()["error"]["code"] == "unknown-host"


@pytest.mark.parametrize("host", ["localhost", "localhost:8421", "127.0.0.1:8421", "[::1]:8421", "LOCALHOST"])
def test_this_machine_s_names_are_answered(local, host):
    assert local.get("/v1/jobs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "null"},
        {"Origin": "https://localhost:8421.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_a_change_that_another_site_s_page_sends_is_refused(local, headers, kind):
    content = b'{"situation": "forged", "answer": "billing"}'
    answer = local.post(TEACH, content=content, headers={**headers, "Content-Type": kind})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "forged"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_form_without_a_session_changes_nothing(local, kind):
    content = b'{"situation": "forged", "answer": "billing"}'
    assert local.post(TEACH, content=content, headers={"Content-Type": kind}).status_code in (403, 422)


def test_another_site_may_not_read_and_is_not_told_that_it_may(local):
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for answer in (
        local.options(TEACH, headers=asked),
        local.get("/v1/jobs", headers={"Origin": "https://evil.example"}),
        local.post(TEACH, json=LESSON),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/healthz", "/v1/jobs", "/v1/jobs/none/report", "/nowhere", "/v1/jobs/route/report"])
def test_every_answer_has_the_security_headers(local, caller, path):
    for answer in (local.get(path), caller.get(path), local.get(path, headers={"Host": "evil.example"})):
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert answer.headers["referrer-policy"] in ("no-referrer", "same-origin")
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "no-store" in answer.headers["cache-control"]


def test_input_never_becomes_a_header(admin):
    evil = "x\r\nX-Evil: 1\r\nSet-Cookie: a=b"
    for answer in (
        admin.post("/v1/jobs/route/decide", json={"situation": evil, "request_id": evil}),
        admin.post(TEACH, json={**LESSON, "lesson_id": evil, "by": evil}),
        admin.get("/v1/jobs/route%0d%0aX-Evil:%201/report"),
        admin.get("/v1/jobs", headers={"X-Request-Id": "chosen"}),
    ):
        assert "x-evil" not in answer.headers
        assert "set-cookie" not in answer.headers
        assert answer.headers["x-request-id"] != "chosen"
