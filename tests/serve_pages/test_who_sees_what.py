"""Roles, sessions and forged changes at the page's door; without a browser."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from quickstudy import Learner
from quickstudy.serve.access import COOKIE
from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings
from quickstudy.serve.tokens import Role
from serve_pages.conftest import small_job, tickets

HTML = {"accept": "text/html"}
SEEN_BY = {
    "/": Role.WORK,
    "/jobs/route/glance": Role.WORK,
    "/jobs/route/inbox": Role.TEACH,
    "/jobs/route/second": Role.TEACH,
    "/jobs/route/audits": Role.REVIEW,
    "/jobs/route/questions/audits": Role.REVIEW,
    "/jobs/route/journal": Role.REVIEW,
    "/jobs/route/report": Role.REVIEW,
    "/jobs/route/autonomy": Role.REVIEW,
    "/new": Role.ADMIN,
}
CHANGED_BY = {
    "/jobs/route/answer-form": Role.TEACH,
    "/jobs/route/journal/none/correct": Role.REVIEW,
    "/jobs/route/journal/none/forget": Role.REVIEW,
    "/jobs/route/autonomy/target": Role.ADMIN,
    "/jobs/route/autonomy/running": Role.ADMIN,
    "/jobs/route/autonomy/limits": Role.ADMIN,
    "/new": Role.ADMIN,
}


@pytest.fixture
def folder(tmp_path):
    for name in ("route", "other"):
        job = small_job(name)
        job.save(tmp_path / f"{name}.toml")
        with Learner(job, tmp_path / f"{name}.db") as learner:
            learner.teach_many(tickets(6), by="anna")
            learner.decide("the newest ticket")
    return tmp_path


@pytest.fixture
def guarded_app(folder):
    return create_app(ServerSettings(folder=folder, tokens=True))


@pytest.fixture
def signed_in(guarded_app):
    """Gives a caller with a session of some role, and its CSRF token."""
    with TestClient(guarded_app, base_url="http://localhost") as first:
        assert first

        def sign_in(role, jobs=None):
            secret, _ = guarded_app.state.access.tokens.add(f"a-{role}", role, jobs=jobs)
            caller = TestClient(guarded_app, base_url="http://localhost", follow_redirects=False)
            assert caller.post("/sign-in", data={"token": secret}).status_code == 303
            shown = caller.get("/", headers=HTML).text
            return caller, re.search(r'name="csrf" content="([^"]+)"', shown)[1]

        yield sign_in


def test_nobody_sees_anything_before_signing_in(guarded_app):
    with TestClient(guarded_app, base_url="http://localhost", follow_redirects=False) as caller:
        for address in SEEN_BY:
            answer = caller.get(address, headers=HTML)
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        wrong = caller.post("/sign-in", data={"token": "qs_wrong"}, headers=HTML)
        assert wrong.status_code == 401
        assert "unknown" in wrong.text
        assert "set-cookie" not in wrong.headers


@pytest.mark.parametrize("role", list(Role))
def test_a_role_sees_and_changes_what_it_may_and_no_more(signed_in, role):
    caller, csrf = signed_in(role)
    for address, needed in SEEN_BY.items():
        answer = caller.get(address, headers=HTML)
        assert (answer.status_code == 403) == (role.rank < needed.rank), address
        assert answer.status_code in (200, 403)
    for address, needed in CHANGED_BY.items():
        answer = caller.post(address, data={"csrf_token": csrf, "to": "pause"}, headers=HTML)
        assert (answer.status_code == 403) == (role.rank < needed.rank), address
        assert answer.status_code < 500


def test_a_menu_shows_only_what_one_may_do(signed_in):
    teacher, _ = signed_in(Role.TEACH)
    shown = teacher.get("/jobs/route/inbox", headers=HTML).text
    assert "/jobs/route/inbox" in shown
    assert "/jobs/route/autonomy" not in shown
    reviewer, _ = signed_in(Role.REVIEW)
    shown = reviewer.get("/jobs/route/autonomy", headers=HTML).text
    assert "Keep these limits" not in shown


def test_a_token_for_one_job_sees_no_other(signed_in):
    caller, _ = signed_in(Role.ADMIN, jobs=("route",))
    assert caller.get("/jobs/other/inbox", headers=HTML).status_code == 403
    assert "other" not in re.findall(r'data-glance-of="([^"]+)"', caller.get("/", headers=HTML).text)


def test_a_change_without_the_sessions_secret_or_from_another_site_is_refused(signed_in):
    caller, csrf = signed_in(Role.ADMIN)
    pause = "/jobs/route/autonomy/running"
    assert caller.post(pause, data={"to": "pause"}).status_code == 403
    assert caller.post(pause, data={"to": "pause", "csrf_token": "guessed"}).status_code == 403
    foreign = {"origin": "http://elsewhere.example"}
    assert caller.post(pause, data={"to": "pause", "csrf_token": csrf}, headers=foreign).status_code == 403
    assert caller.post("/sign-in", data={"token": "x"}, headers=foreign).status_code == 403
    assert caller.post(pause, data={"to": "pause", "csrf_token": csrf}).status_code == 303


def test_answers_go_under_the_tokens_name_and_sign_out_ends_the_session(signed_in, guarded_app):
    caller, csrf = signed_in(Role.TEACH)
    caller.cookies.set("quickstudy_name", "somebody-else")
    learner = guarded_app.state.desk.job("route").learner
    body = {"decision_id": learner.waiting()[0].id, "answer": "app", "lesson_id": "once"}
    for _ in range(2):
        answer = caller.post("/jobs/route/answers", json=body, headers={"x-csrf-token": csrf})
        assert answer.json()["lesson_id"] == "once"
    assert [lesson.by for lesson, _ in learner.lessons() if lesson.id == "once"] == ["a-teach"]
    cookie = f"{COOKIE}={caller.cookies[COOKIE]}".encode()
    request = Request({"type": "http", "method": "GET", "headers": [(b"cookie", cookie)]})
    access = guarded_app.state.access
    with ThreadPoolExecutor(1) as another:  # in this thread a browser's loop may be running
        another.submit(asyncio.run, access.caller(request)).result()
    assert access.still(request)
    assert caller.post("/sign-out", data={"csrf_token": csrf}).headers["location"] == "/sign-in"
    assert not access.still(request), "what streams to this session ends"
    assert caller.get("/", headers=HTML).status_code == 303


def test_preferences_lead_back_to_this_server_only(folder):
    with TestClient(create_app(ServerSettings(folder=folder)), base_url="http://localhost") as caller:
        csrf = re.search(r'name="csrf" content="([^"]+)"', caller.get("/", headers=HTML).text)[1]
        for back in ("//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example"):
            data = {"csrf_token": csrf, "back": back, "theme": "dark", "name": "Ännä <b>"}
            answer = caller.post("/preferences", data=data, follow_redirects=False)
            assert answer.headers["location"] == "/"
        shown = caller.get("/", headers=HTML).text
        assert 'data-theme="dark"' in shown
        assert "Ännä &lt;b&gt;" in shown


def test_errors_are_pages_for_people_and_json_for_programs(folder):
    with TestClient(create_app(ServerSettings(folder=folder)), base_url="http://localhost") as caller:
        assert "There is no job" in caller.get("/jobs/nowhere/inbox", headers=HTML).text
        assert caller.get("/jobs/nowhere/inbox").json()["error"]["code"] == "unknown-job"
        assert caller.get("/static/0/desk.css").headers["cache-control"] == "no-cache"
        assert caller.get("/static/0/../shell.py").status_code == 404
        assert caller.get("/jobs/route/journal?since=yesterday", headers=HTML).status_code == 422


@pytest.mark.parametrize("address", ["/jobs/{name}/live", "/v1/jobs/{name}/events"])
def test_a_stream_ends_with_the_token_that_it_was_opened_with(guarded, address):
    name = "page" if "live" in address else "api"
    guarded.job(name, asked=1)
    tokens = guarded.app.state.access.tokens
    secret, _ = tokens.add(f"listens-{name}", Role.ADMIN)
    headers = {"Authorization": f"Bearer {secret}", "Accept": "text/event-stream", "Last-Event-ID": "0"}
    opened = guarded.app.state.desk.job(name)
    with httpx.stream("GET", guarded.url + address.format(name=name), headers=headers, timeout=10) as stream:
        assert stream.headers["X-Accel-Buffering"] == "no"
        lines = stream.iter_lines()
        assert next(lines)
        tokens.revoke(f"listens-{name}")
        opened.learner.decide("what nobody should hear of any more")
        opened.live.ring()
        last = opened.journal.last_seq
        assert not [line for line in lines if f'"seq": {last}' in line]  # and it ends


def test_the_pages_script_gets_errors_as_json_and_is_not_sent_to_sign_in(guarded_app):
    script = {"accept": "application/json, text/html;q=0.5"}
    with TestClient(guarded_app, base_url="http://127.0.0.1:8421", follow_redirects=False) as caller:
        answer = caller.get("/jobs/route/questions/inbox", headers=script)
        assert answer.status_code == 401
        assert answer.json()["error"]["next_step"]
        assert caller.get("/jobs/route/inbox", headers=HTML).headers["location"] == "/sign-in"


def test_only_who_administers_a_job_may_add_an_option_to_it(guarded_app, signed_in):
    for role, status in ((Role.REVIEW, 403), (Role.ADMIN, 200)):
        caller, csrf = signed_in(role)
        shown = caller.get("/jobs/route/inbox", headers=HTML).text
        assert ("data-may-add" in shown) == (role is Role.ADMIN)
        learner = guarded_app.state.desk.job("route").learner
        body = {"decision_id": learner.waiting()[0].id, "answer": "travel", "add": True}
        assert caller.post("/jobs/route/answers", json=body, headers={"X-CSRF-Token": csrf}).status_code == status
        assert ("travel" in learner.options) == (role is Role.ADMIN)


@pytest.mark.parametrize("address", ["/jobs/nowhere/inbox", "/nothing", "/jobs/route/inbox?order=sideways"])
def test_a_person_is_not_told_what_a_program_should_do(folder, address):
    with TestClient(create_app(ServerSettings(folder=folder)), base_url="http://localhost") as caller:
        shown = caller.get(address, headers=HTML).text
    assert "To the jobs" in shown
    assert "openapi" not in shown
    assert "/v1/" not in shown
