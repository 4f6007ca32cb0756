"""Every error as one shape of answer: ``{"error": {"code", "message", "next_step", "request_id"}}``.

Invariants: what the caller did wrong answers 4xx, also where the library found it; a journal, disk or encoder that does
not work now answers 503; nothing but a defect of ours answers 500, and its text stays in the log. Not here: which
errors there are (``quickstudy.errors``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from quickstudy.errors import InputError, JournalLockedError, QuickstudyError
from quickstudy.serve.misfits import in_words

NOT_FOUND = frozenset(("unknown-decision", "unknown-id", "unknown-task", "unknown-job", "unknown-token", "no-journal"))
CONFLICT = frozenset(
    (
        *("used-lesson-id", "used-request-id", "forgotten-lesson", "ended-task", "job-exists", "token-exists"),
        *("exists", "duplicate-id", "duplicate-request", "journal-locked", "journal-mismatch"),
    )
)
OURS = frozenset(("bad-tokens",))
"""Codes of input errors whose input is the server's own, not the caller's."""
CALLERS = frozenset(("bad-event", "bad-search"))
"""Codes of journal errors that come from what the caller gave."""

DEFECT = (
    "defect",
    "The server has a defect; what was acknowledged is kept.",
    "Report it with the request_id; the server's log has the details.",
)
WORDS = {
    400: ("bad-request", "The request cannot be read.", "Send JSON as the API's description says: /openapi.json"),
    404: ("not-found", "There is nothing at this address.", "The API's description is at /openapi.json"),
    405: ("bad-method", "This address takes another method.", "The API's description is at /openapi.json"),
    413: ("too-large", "The request is too large.", "Send less at a time."),
}


class Problem(QuickstudyError):
    """An error with its HTTP status.

    Args:
        status: the HTTP status.
        code: stable, for programs.
        message: what happened, and to which input.
        next_step: what to do about it.
        headers: further headers of the answer.
    """

    def __init__(
        self, status: int, code: str, message: str, *, next_step: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, next_step=next_step, code=code)
        self.status = status
        self.headers = dict(headers or {})


def status_of(error: QuickstudyError) -> int:
    """The HTTP status of an error of the library."""
    if isinstance(error, Problem):
        return error.status
    if error.code in NOT_FOUND:
        return 404
    if error.code in CONFLICT or isinstance(error, JournalLockedError):
        return 409
    if (isinstance(error, InputError) and error.code not in OURS) or error.code in CALLERS:
        return 422
    return 503


def body_of(error: QuickstudyError, request_id: str, folder: Path | None = None) -> dict[str, Any]:
    """The answer's content.

    Args:
        error: what happened.
        request_id: under which the log knows the request.
        folder: of the jobs; files in it are named without it, since where they are is nobody's business.
    """
    texts = {"code": error.code, "message": error.message, "next_step": error.next_step, "request_id": request_id}
    hidden = [] if folder is None else sorted({f"{folder}/", f"{folder.absolute()}/", f"{folder.resolve()}/"}, key=len)
    for name, text in texts.items():
        for prefix in reversed(hidden):
            text = text.replace(prefix, "")
        texts[name] = _sendable(text)
    return {"error": texts}


def error_out(error: QuickstudyError, request: Request) -> dict[str, Any]:
    """An error inside an answer that as a whole succeeded."""
    found: dict[str, Any] = body_of(error, request_id_of(request), request.app.state.settings.folder)["error"]
    return found


def answer_to(error: QuickstudyError, request: Request) -> Response:
    """The answer for an error; a person who is not signed in is sent to the page that lets them."""
    status = status_of(error)
    headers = dict(error.headers) if isinstance(error, Problem) else {}
    if status == 503:
        headers.setdefault("Retry-After", "1")
    request.state.problem = error
    if status == 401 and request.method == "GET" and wants_page(request):
        return RedirectResponse("/sign-in", status_code=303)
    page = getattr(request.app.state, "problem_page", None)
    if page is not None and not request.url.path.startswith("/v1/"):
        shown = cast(Response | None, page(request, error, status))
        if shown is not None:
            shown.headers.update(headers)
            return shown
    folder = request.app.state.settings.folder
    return JSONResponse(body_of(error, request_id_of(request), folder), status, headers)


def wants_page(request: Request) -> bool:
    """Whether a browser shows the answer; the page's own script takes parts of pages, but errors as JSON."""
    accepted = request.headers.get("accept", "")
    return "text/html" in accepted and "application/json" not in accepted


def request_id_of(request: Request) -> str:
    """The id under which the log knows this request."""
    return str(request.scope.get("quickstudy_request", ""))


def install(app: FastAPI) -> None:
    """Makes every error of an app answer in this shape.

    ``app.state.problem_page``, a function of (request, error, status), may answer people with a page instead; None from
    it leaves the answer as it is.
    """
    app.state.problem_page = None
    handlers: dict[type[Exception], Callable[[Request, Any], Awaitable[Response]]] = {
        QuickstudyError: _ours,
        RequestValidationError: _invalid,
        HTTPException: _http,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


async def _ours(request: Request, error: QuickstudyError) -> Response:
    return answer_to(error, request)


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    message, next_step = in_words(error.errors(), error.body)
    return answer_to(Problem(422, "bad-request", message, next_step=next_step), request)


async def _http(request: Request, error: HTTPException) -> Response:
    code, message, next_step = WORDS.get(error.status_code, ("http", str(error.detail), ""))
    problem = Problem(error.status_code, code, message, next_step=next_step, headers=error.headers)
    return answer_to(problem, request)


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()[:2_000]
