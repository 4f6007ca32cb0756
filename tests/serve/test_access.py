import json

import pytest
from fastapi.testclient import TestClient

from quickstudy.serve.access import COOKIE, CSRF_HEADER, Buckets
from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings
from quickstudy.serve.tokens import Tokens

from .conftest import HOST, code

JOB = "/v1/jobs/route"
LEAST = {
    ("POST", f"{JOB}/decide"): "work",
    ("POST", f"{JOB}/predict"): "work",
    ("GET", JOB): "work",
    ("GET", f"{JOB}/options"): "work",
    ("POST", f"{JOB}/teach"): "teach",
    ("POST", f"{JOB}/reject"): "teach",
    ("POST", f"{JOB}/reward"): "teach",
    ("POST", f"{JOB}/tasks"): "teach",
    ("GET", f"{JOB}/report"): "review",
    ("GET", f"{JOB}/decisions"): "review",
    ("GET", f"{JOB}/events"): "review",
    ("POST", f"{JOB}/what-if"): "review",
    ("POST", f"{JOB}/forget"): "review",
    ("GET", "/metrics"): "review",
    ("POST", f"{JOB}/configure"): "admin",
    ("POST", f"{JOB}/pause"): "admin",
    ("POST", f"{JOB}/options"): "admin",
    ("POST", f"{JOB}/backup"): "admin",
    ("POST", "/v1/jobs"): "admin",
    ("POST", "/v1/tables"): "admin",
    ("GET", "/v1/tokens"): "admin",
    ("POST", "/v1/tokens"): "admin",
    ("DELETE", "/v1/tokens/work"): "admin",
}
ORDER = ("work", "teach", "review", "admin")


@pytest.mark.parametrize(("call", "least"), LEAST.items(), ids=[" ".join(call) for call in LEAST])
def test_a_role_may_what_it_includes_and_nothing_more(guarded, call, least):
    for role in ORDER:
        answer = guarded.request(*call, role, json={} if call[0] == "POST" else None)
        if ORDER.index(role) < ORDER.index(least):
            assert (answer.status_code, code(answer)) == (403, "role")
        else:
            assert answer.status_code not in (401, 403, 500), answer.text


def test_every_address_needs_a_token_but_health_and_the_description(guarded):
    paths = guarded.client.get("/openapi.json").json()["paths"]
    for path, methods in paths.items():
        for method in methods:
            answer = guarded.request(method.upper(), path.format(job="route", task="t", id="x", name="work", model="m"))
            if path in ("/healthz", "/readyz"):
                assert answer.status_code == 200
            elif path.startswith("/v1"):
                assert answer.status_code == 401, (method, path)
                assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("shown", ["Bearer qs_wrong", "Bearer ", "Basic YTpi", "Bearer", "", "bearer é"])
def test_what_is_no_token_opens_nothing(guarded, shown):
    answer = guarded.get(JOB, headers={"Authorization": shown.encode()})
    assert (answer.status_code, code(answer)) == (401, "unknown-token")


def test_a_token_for_another_job_opens_only_that(guarded):
    assert guarded.get("/v1/jobs/other", "only-other").status_code == 200
    answer = guarded.get(JOB, "only-other")
    assert (answer.status_code, code(answer)) == (403, "other-job")
    assert [one["name"] for one in guarded.get("/v1/jobs", "only-other").json()["jobs"]] == ["other"]
    for method, path in (("GET", "/v1/tokens"), ("POST", "/v1/tables"), ("GET", "/metrics")):
        body = {"content": "a\n1\n"} if method == "POST" else None
        answer = guarded.request(method, path, "only-other", json=body)
        assert answer.status_code == (200 if path == "/v1/tables" else 403)
    body = {"name": "more", "role": "admin"}
    assert guarded.post("/v1/tokens", "only-other", json=body).status_code == 403
    assert guarded.post("/v1/jobs", "only-other", json={"name": "new", "options": ["a"]}).status_code == 403


def test_tokens_are_made_listed_and_revoked_over_http(guarded):
    made = guarded.post("/v1/tokens", "admin", json={"name": "shop", "role": "work", "jobs": ["route"], "days": 1})
    assert made.status_code == 201
    secret = made.json()["token"]
    assert guarded.get(JOB, secret).status_code == 200
    assert secret not in guarded.get("/v1/tokens", "admin").text
    assert code(guarded.post("/v1/tokens", "admin", json={"name": "shop", "role": "work"})) == "token-exists"
    assert guarded.request("DELETE", "/v1/tokens/shop", "admin").json()["name"] == "shop"
    assert guarded.get(JOB, secret).status_code == 401
    assert guarded.request("DELETE", "/v1/tokens/shop", "admin").status_code == 404
    lines = (guarded.tokens.path.parent / ".audit.jsonl").read_text().splitlines()
    noted = [json.loads(line) for line in lines]
    assert [(one["by"], one["what"]) for one in noted if one["name"] == "shop"] == [
        *(("admin", "token added"), ("admin", "token revoked")),
    ]
    assert secret not in str(noted)


def test_a_token_that_sends_too_much_waits_and_others_do_not(folder):
    secrets = {name: Tokens(folder).add(name, "work")[0] for name in ("fast", "slow")}
    settings = ServerSettings(folder, tokens=True, rate=0.01, burst=3)
    with TestClient(create_app(settings), base_url=HOST) as client:

        def status(name):
            return client.get("/v1/jobs", headers={"Authorization": f"Bearer {secrets[name]}"})

        assert [status("fast").status_code for _ in range(4)] == [200, 200, 200, 429]
        assert 1 <= int(status("fast").headers["Retry-After"]) <= 100
        assert status("slow").status_code == 200


def test_a_bucket_fills_again():
    now = [0.0]
    bucket = Buckets(rate=2.0, burst=2.0, clock=lambda: now[0])
    assert [bucket.take("a") for _ in range(3)] == [0.0, 0.0, 0.5]
    now[0] = 0.5
    assert [bucket.take("a"), bucket.take("a")] == [0.0, 0.5]
    now[0] = 100.0
    assert [bucket.take("a") for _ in range(3)] == [0.0, 0.0, 0.5]


def test_a_session_needs_its_csrf_token_for_a_change_and_ends_with_its_token(guarded):
    session = guarded.client.app.state.access.sign_in(guarded.secrets["review"])
    cookie = {"Cookie": f"{COOKIE}={session.id}"}
    body = {"situation": "charged twice"}
    assert guarded.get(f"{JOB}/report", headers=cookie).status_code == 200
    for headers in (cookie, {**cookie, CSRF_HEADER: "wrong"}, {**cookie, CSRF_HEADER: ""}):
        answer = guarded.post(f"{JOB}/decide", headers=headers, json=body)
        assert (answer.status_code, code(answer)) == (403, "forged")
    assert guarded.post(f"{JOB}/decide", headers={**cookie, CSRF_HEADER: session.csrf}, json=body).status_code == 200
    assert guarded.get(JOB, headers={"Cookie": f"{COOKIE}=made-up"}).status_code == 401
    guarded.tokens.revoke("review")
    assert guarded.get(f"{JOB}/report", headers=cookie).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_what_another_sites_page_sends_is_refused_also_without_tokens(client, guarded, headers):
    body = {"situation": "charged twice"}
    assert code(client.post(f"{JOB}/decide", headers=headers, json=body)) == "forged"
    assert code(guarded.post(f"{JOB}/decide", "admin", headers=headers, json=body)) == "forged"
    same = {"Origin": HOST, "Sec-Fetch-Site": "same-origin"}
    assert client.post(f"{JOB}/decide", headers=same, json=body).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_form_without_a_session_is_refused(client, kind):
    answer = client.post(f"{JOB}/pause", content="x=1", headers={"Content-Type": kind})
    assert (answer.status_code, code(answer)) == (403, "forged")


def test_evidence_is_for_those_who_may_teach(guarded):
    body = {"situation": "charged twice", "evidence": True}
    assert guarded.post(f"{JOB}/decide", "work", json=body).status_code == 403
    assert guarded.post(f"{JOB}/decide", "teach", json=body).status_code == 200
    assert guarded.post(f"{JOB}/predict/batch", "work", json={"items": [body]}).status_code == 403


def test_a_damaged_file_of_tokens_opens_nothing(guarded):
    guarded.tokens.path.write_text("damaged")
    answer = guarded.get(JOB, "admin")
    assert (answer.status_code, code(answer)) == (503, "bad-tokens")
