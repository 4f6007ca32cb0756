"""Bodies and addresses that are too large, malformed or of the wrong type, and names that are paths."""

import json

import pytest

JSON = {"Content-Type": "application/json"}
DECIDE = "/v1/jobs/route/decide"


def said(answer):
    """The answer's error, in the one shape that errors have."""
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "next_step", "request_id"}
    assert all(isinstance(text, str) for text in error.values())
    return error


@pytest.mark.parametrize(
    "name",
    [
        *("..", "../route", "..%2froute", "%2e%2e%2froute", "..%5croute", "route%00", "route%00.toml", "route.toml"),
        *("%2fetc%2fpasswd", "route%2f..%2froute", "ROUTE", "route%0d%0aX-Evil:1", "route%20", ".tokens", "%252e%252e"),
        *("a" * 65, "r%C3%B6ute", "-route", "_", "*", "con%3A", "route;x=1"),
    ],
)
@pytest.mark.parametrize("verb", ["report", "decide"])
def test_a_name_that_is_a_path_leads_nowhere(admin, folder, name, verb):
    before = sorted(path.name for path in folder.parent.rglob("*"))
    path = f"/v1/jobs/{name}/{verb}"
    answer = admin.get(path) if verb == "report" else admin.post(path, json={"situation": "x"})
    assert answer.status_code in (404, 405, 422)
    said(answer)
    assert "passwd" not in answer.text.replace("%2fetc%2fpasswd", "").replace("/etc/passwd", "")
    assert sorted(path.name for path in folder.parent.rglob("*")) == before


def test_a_body_that_is_too_large_is_refused_before_it_is_read(admin):
    def never():
        raise AssertionError("the body was read")
        yield b""

    answer = admin.post(DECIDE, content=never(), headers={**JSON, "Content-Length": "100000000"})
    assert answer.status_code == 413
    assert said(answer)["code"] == "too-large"


def test_a_body_that_grows_too_large_in_pieces_is_refused(admin, settings):
    sent = 0

    def pieces():
        nonlocal sent
        yield b'{"situation": "'
        for _ in range(100):
            sent += 100_000
            yield b"w" * 100_000
        yield b'"}'

    answer = admin.post(DECIDE, content=pieces(), headers=JSON)
    assert answer.status_code == 413
    assert said(answer)["code"] == "too-large"


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"situation":['])
def test_a_deeply_nested_body_is_refused(admin, opening):
    content = (opening * 50_000).encode()
    answer = admin.post(DECIDE, content=content, headers=JSON)
    assert 400 <= answer.status_code < 500
    said(answer)
    closing = {"[": "]", '{"a":': "1}", '{"situation":[': "]}"}[opening]
    answer = admin.post(DECIDE, content=(opening * 20_000 + closing * 20_000).encode(), headers=JSON)
    assert 400 <= answer.status_code < 500
    said(answer)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"null", b"[]", b'"text"', b"1", b"\xff\xfe\x00", b'{"situation": "a"', b"{'situation': 'a'}"),
        *(b'{"situation": NaN}', b'{"situation": [Infinity]}', b'{"situation": "\\ud800"}', b'{"situation": 1e999}'),
        *(b'{"situation": null}', b'{"situation": true}', b'{"situation": []}', b'{"situation": {}}'),
        *(b'{"situation": ""}', b'{"situation": " "}', b'{"situation": {"a": {"b": 1}}}', b'{"situation": ["x"]}'),
        *(b'{"situation": {"a": {"date": "tomorrow"}}}', b'{"situation": {"": 1}}', b'{"situation": [[1]]}'),
        *(b'{"situation": "a", "options": []}', b'{"situation": "a", "options": "billing"}'),
        *(b'{"situation": "a", "options": ["billing", "billing"]}', b'{"situation": "a", "options": [1]}'),
        *(b'{"situation": "a", "at": "now"}', b'{"situation": "a", "at": 1e300}', b'{"situation": "a", "at": true}'),
        *(b'{"situation": "a", "request_id": 7}', b'{"situation": "a", "request_id": ""}'),
        *(b'{"situation": "a", "unknown": 1}', b'{"situation": "a", "situation": 5}', b'{"situation": "a"}{"x": 1}'),
        *(b'{"situation": {"n": 1' + b"0" * 400 + b"}}", b'{"situation": {"n": 1' + b"0" * 5000 + b"}}"),
    ],
)
def test_a_malformed_body_is_refused_with_what_is_wrong(admin, counts, content):
    before = counts()
    answer = admin.post(DECIDE, content=content, headers=JSON)
    assert answer.status_code in (400, 422), answer.text
    said(answer)
    assert counts() == before


def test_a_teaching_of_the_wrong_type_is_refused(admin, counts):
    before = counts()
    for body in (
        {"situation": "a", "answer": 5},
        {"situation": "a", "answer": ["billing", "fraud"]},
        {"situation": "a", "answer": ""},
        {"situation": "a", "answer": "w" * 1001},
        {"situation": "a", "answer": "billing", "lesson_id": "x" * 100_000},
        {"situation": "a", "answer": "billing", "by": {"name": "anna"}},
        {"answer": "billing"},
        {"decision_id": "../../etc/passwd", "answer": "billing"},
        {"decision_id": "' OR 1=1 --", "answer": "billing"},
    ):
        answer = admin.post("/v1/jobs/route/teach", json=body)
        assert answer.status_code in (404, 422), body
        said(answer)
    assert counts() == before


def test_a_body_that_is_no_json_is_refused(admin):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/xml", ""):
        content = json.dumps({"situation": "a"}).encode()
        answer = admin.post(DECIDE, content=content, headers={"Content-Type": kind})
        assert answer.status_code in (400, 415, 422), kind
        said(answer)


def test_records_with_too_many_fields_and_arrays_that_are_too_long_are_refused(admin):
    for situation in ({f"f{i}": 1 for i in range(1001)}, [0.5] * 65_537, {"w" * 5000: 1}):
        answer = admin.post(DECIDE, json={"situation": situation})
        assert answer.status_code == 422
        assert len(answer.content) < 5_000
