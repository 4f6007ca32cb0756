"""When a call is tried again, and how a server's error becomes the library's; without a server."""

import ast
import json
from pathlib import Path

import pytest

import quickstudy
from quickstudy import errors
from quickstudy.client.call import Call
from quickstudy.client.exchange import Done, Exchange, Retries, Wait
from quickstudy.client.problems import OWN_CODES, problem
from quickstudy.errors import (
    AccessError,
    BusyError,
    InputError,
    MissingExtraError,
    OptionError,
    QuickstudyError,
    ServerError,
    UnreachableError,
)

SOURCE = Path(quickstudy.__file__).parent
ASK = Call("POST", "/v1/jobs/route/decide", read=lambda data: data["answer"])
RENAME = Call("POST", "/v1/jobs/route/options", read=lambda data: data, repeatable=False)


def said(code, message="What happened.", next_step="What to do."):
    return json.dumps(
        {"error": {"code": code, "message": message, "next_step": next_step, "request_id": "r7"}}
    ).encode()


def test_an_answer_is_read():
    assert Exchange(ASK, Retries()).answered(200, {}, b'{"answer": "billing"}') == Done("billing")


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_as_late_as_it_says(status):
    exchange = Exchange(RENAME, Retries())
    outcome = exchange.answered(status, {"retry-after": "3"}, said("queue-full"))
    assert isinstance(outcome, Wait)
    assert 3.0 <= outcome.seconds <= 3.2


def test_a_server_that_wants_a_longer_wait_than_allowed_is_not_asked_again():
    with pytest.raises(BusyError) as caught:
        Exchange(ASK, Retries(longest_wait=10)).answered(429, {"retry-after": "3600"}, said("too-many-requests"))
    assert caught.value.code == "too-many-requests"


def test_tries_are_bounded_and_waits_grow():
    exchange = Exchange(ASK, Retries(tries=4, first_wait=1.0, longest_wait=3.0))
    waits = [exchange.lost(ConnectionError("gone"), sent=True).seconds for _ in range(3)]
    assert all(0.0 <= wait <= limit for wait, limit in zip(waits, (1.0, 2.0, 3.0), strict=True))
    with pytest.raises(UnreachableError, match="tried 4 times") as caught:
        exchange.lost(ConnectionError("gone"), sent=True)
    assert caught.value.code == "unreachable"


def test_what_may_not_be_sent_twice_is_not_when_it_can_have_arrived():
    with pytest.raises(UnreachableError) as caught:
        Exchange(RENAME, Retries()).lost(ConnectionError("gone"), sent=True)
    assert caught.value.code == "answer-lost"
    assert isinstance(Exchange(RENAME, Retries()).lost(ConnectionError("refused"), sent=False), Wait)
    with pytest.raises(ServerError):
        Exchange(RENAME, Retries()).answered(504, {}, b"gateway timeout")
    assert isinstance(Exchange(ASK, Retries()).answered(504, {}, b"gateway timeout"), Wait)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 500])
def test_a_refusal_is_not_tried_again(status):
    with pytest.raises(QuickstudyError):
        Exchange(ASK, Retries()).answered(status, {}, said("some-code"))


def test_an_error_is_that_of_the_library():
    error = problem(422, {}, said("unknown-option", "There is no option 'x'.", "Add it first."))
    assert type(error) is OptionError
    assert (error.code, error.message, error.next_step) == (
        "unknown-option",
        "There is no option 'x'.",
        "Add it first.",
    )
    assert str(error) == "There is no option 'x'. Add it first."
    assert error.__notes__ == ["request r7"]
    assert isinstance(problem(503, {}, said("missing-extra")), MissingExtraError)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AccessError), (403, AccessError), (429, BusyError), (503, BusyError), (404, InputError), (500, ServerError)],
)
def test_a_code_that_is_not_known_is_told_by_its_status(status, kind):
    assert type(problem(status, {}, said("something-new"))) is kind


@pytest.mark.parametrize("content", [b"", b"<html>Bad gateway</html>", b'{"error": "text"}', b"[1]", b"\xff\xfe"])
def test_an_answer_of_something_in_between_is_an_error_that_says_so(content):
    error = problem(404, {}, content)
    assert type(error) is ServerError
    assert "404" in error.message


def raised_codes(*, leave_out=()):
    """code → classes, from every ``raise Kind(..., code="...")`` of the package."""
    found = {}
    for file in SOURCE.rglob("*.py"):
        if set(leave_out) & set(file.relative_to(SOURCE).parts):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            given = node.args[1:2] if node.func.id == "Problem" else []
            given += [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            if node.func.id == "Problem" or hasattr(errors, node.func.id):
                for code in given:
                    if isinstance(code, ast.Constant):
                        found.setdefault(code.value, set()).add(node.func.id)
    return found


@pytest.mark.parametrize(("code", "kinds"), sorted(raised_codes(leave_out=("serve", "client", "cli")).items()))
def test_every_code_of_the_library_comes_back_as_its_class(code, kinds):
    assert type(problem(422, {}, said(code))).__name__ in kinds


def test_the_table_of_codes_names_no_code_that_is_not_there():
    assert set(OWN_CODES) <= set(raised_codes())
