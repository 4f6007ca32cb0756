"""A person's session: what a cookie alone can do, and what a page of another site could make of it."""

import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.responses import Response

from .routes import PLACES, ROLES
from .test_who_may_do_what import call, name

CHANGES = [place for place in PLACES if place[0] != "GET"]
COOKIE = "quickstudy_session"


@pytest.fixture(scope="module")
def session(app, tokens):
    """A session of somebody who may do everything."""
    return app.state.access.sign_in(tokens["admin"]["Authorization"].removeprefix("Bearer "))


@pytest.fixture(scope="module")
def browser(app, caller, session):
    """A browser that holds the session's cookie."""
    return TestClient(
        app, base_url="http://localhost", raise_server_exceptions=False, headers={"Cookie": f"{COOKIE}={session.id}"}
    )


@pytest.mark.parametrize("place", CHANGES, ids=name)
def test_a_change_that_only_a_cookie_vouches_for_is_refused(browser, place):
    for wrong in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "guess"}):
        answer = call(browser, place, wrong)
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "forged"


@pytest.mark.parametrize("place", CHANGES, ids=name)
def test_with_the_page_s_own_token_it_is_let_in(browser, session, place):
    answer = call(browser, place, {"X-CSRF-Token": session.csrf}, {})
    assert answer.status_code not in (401, 403)


def test_reading_needs_the_cookie_only(browser):
    for place in PLACES:
        if place[0] == "GET":
            assert call(browser, place).status_code not in (401, 403), place


def test_a_made_up_session_is_none(app, caller):
    for made in ("x", "", "' OR 1=1", "A" * 5_000, "qs_" + "A" * 43):
        assert caller.get("/v1/jobs", headers={"Cookie": f"{COOKIE}={made}"}).status_code == 401


def test_a_session_ends_with_its_token(app, caller):
    kept = app.state.access.tokens
    secret, _ = kept.add("visitor", ROLES["GET", "/v1/jobs"])
    session = app.state.access.sign_in(secret)
    cookie = {"Cookie": f"{COOKIE}={session.id}"}
    assert caller.get("/v1/jobs", headers=cookie).status_code == 200
    kept.revoke("visitor")
    assert caller.get("/v1/jobs", headers=cookie).status_code == 401


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(app, session):
    answer = Response()
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"", "app": app}
    request = Request({**scope, "scheme": "https", "server": ("localhost", 443)})
    app.state.access.send(answer, session, request)
    cookie = answer.headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "secure", "path=/"} <= set(cookie.split("; "))


def test_a_session_with_a_low_role_stays_low(app, caller):
    secret, _ = app.state.access.tokens.add("worker", "work")
    session = app.state.access.sign_in(secret)
    headers = {"Cookie": f"{COOKIE}={session.id}", "X-CSRF-Token": session.csrf}
    for place in PLACES:
        if ROLES[place] != "work":
            assert call(caller, place, headers).status_code == 403, place
