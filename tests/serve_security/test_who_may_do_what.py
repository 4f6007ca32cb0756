"""Wrong, expired, revoked and other jobs' tokens, and roles that are too low, for every address of the server."""

import pytest

from quickstudy.serve.tokens import Role

from .routes import BODIES, EVERY, OPEN, PAGES, PLACES, ROLES, WHOLE_DESK, filled


def name(place):
    return " ".join(place)


def call(client, place, headers=None, body=None):
    """A request that is as right as it can be without knowing the server's content."""
    method, path = place
    sent = {"json": BODIES.get(place, {}) if body is None else body} if method == "POST" else {}
    return client.request(method, filled(path), headers=headers, **sent)


def test_every_address_is_in_the_table_or_is_a_page_for_people():
    assert EVERY - OPEN - set(ROLES) == set(PAGES)


def test_the_description_names_nothing_that_is_not_in_the_table(app):
    described = {(method.upper(), path) for path, verbs in app.openapi()["paths"].items() for method in verbs}
    assert described - OPEN - {(method, path.replace(":path", "")) for method, path in ROLES} == set()


def test_every_page_sends_those_who_are_not_signed_in_to_the_door(caller):
    for method, path in PAGES:
        answer = caller.request(method, filled(path), headers={"Accept": "text/html"}, follow_redirects=False)
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/sign-in"), path
        else:
            assert answer.status_code in (401, 403), path


@pytest.mark.parametrize("place", PLACES, ids=name)
@pytest.mark.parametrize("kind", ["expired", "revoked", "made up", "the hash"])
def test_a_token_that_opens_nothing_opens_nothing(caller, tokens, place, kind):
    answer = call(caller, place, tokens[kind])
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unknown-token"
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("place", PLACES, ids=name)
def test_nobody_gets_in_without_a_token(caller, tokens, place):
    answer = call(caller, place)
    assert answer.status_code == 401


@pytest.mark.parametrize("place", [place for place in PLACES if "{job}" in place[1]], ids=name)
def test_a_token_of_another_job_opens_nothing_of_this_one(caller, tokens, place):
    answer = call(caller, place, tokens["other job's"])
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "other-job"


@pytest.mark.parametrize("place", sorted(WHOLE_DESK), ids=name)
def test_a_token_that_names_jobs_opens_nothing_of_the_whole_desk(caller, tokens, place):
    answer = call(caller, place, tokens["other job's"])
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "other-job"


@pytest.mark.parametrize("place", [place for place in PLACES if ROLES[place] is not Role.WORK], ids=name)
def test_each_address_refuses_every_role_below_its_own(caller, tokens, place):
    for role in list(Role)[: ROLES[place].rank]:
        answer = call(caller, place, tokens[role])
        assert answer.status_code == 403, role
        assert answer.json()["error"]["code"] == "role"


@pytest.mark.parametrize("place", PLACES, ids=name)
def test_each_address_lets_its_role_in(caller, tokens, place):
    answer = call(caller, place, tokens[ROLES[place]], {})
    assert answer.status_code not in (401, 403)
    assert answer.status_code < 500


def test_a_token_for_one_job_is_shown_only_that_one(caller, tokens):
    listed = caller.get("/v1/jobs", headers=tokens["other job's"]).json()
    assert [job["name"] for job in listed["jobs"]] == ["payroll"]


def test_a_revoked_token_opens_nothing_from_then_on(caller, app):
    secret, _ = app.state.access.tokens.add("short", Role.WORK)
    assert caller.get("/v1/jobs", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    app.state.access.tokens.revoke("short")
    assert caller.get("/v1/jobs", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YWRtaW46YWRtaW4=", "bearer x", "Token x", "\xff"])
def test_a_header_that_is_no_token_is_refused(caller, header):
    assert caller.get("/v1/jobs", headers={"Authorization": header.encode("latin-1")}).status_code == 401


@pytest.mark.parametrize("place", ["?token={}", "?access_token={}", "?authorization=Bearer%20{}"])
def test_a_token_in_the_address_opens_nothing(caller, tokens, place):
    secret = tokens["admin"]["Authorization"].removeprefix("Bearer ")
    assert caller.get("/v1/jobs" + place.format(secret)).status_code == 401


def test_nobody_teaches_under_another_token_s_name(admin, tokens):
    for by in ("work", "admin/../work", "review"):
        lesson = admin.post("/v1/jobs/route/teach", json={"situation": f"as {by}", "answer": "billing", "by": by})
        assert lesson.json()["by"].startswith("admin/")


def test_the_file_of_tokens_holds_no_token_and_is_for_its_owner_only(folder, tokens):
    [file] = [path for path in folder.iterdir() if "token" in path.name and path.suffix == ".toml"]
    content = file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    for headers in tokens.values():
        secret = headers["Authorization"].removeprefix("Bearer ")
        assert secret not in content or len(secret) == 64  # the one that is itself a hash
