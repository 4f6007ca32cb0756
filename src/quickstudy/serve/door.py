"""The outermost layer: host names, sizes, headers of every answer, a request's id, and what the log and metrics see.

Plain ASGI, because it wraps every request. Invariants: a Host header that is not ours is refused, so that a foreign
name that points here (DNS rebinding) opens nothing; a body above its limit is refused, announced or not; every answer
has the security headers, also an error's. Not here: who calls (``access``).
"""

from __future__ import annotations

import itertools
import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import TypeAlias

from fastapi import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quickstudy.serve.problems import DEFECT, WORDS, Problem, body_of
from quickstudy.serve.settings import ServerSettings

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = tuple(
    (name.encode(), value.encode())
    for name, value in (
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),  # with no-referrer, forms of our own page come from "null"
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    )
)
TABLES = ("/v1/jobs", "/v1/tables", "/new", "/new/preview")
"""Where a body may hold a table."""

log = logging.getLogger("quickstudy.serve")

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\[\]:]*)(?::[0-9]{1,5})?")

Seen: TypeAlias = Callable[[Scope, int, float], None]
"""Told of every answer: the request's scope, the status, and the seconds it took."""


class Door:
    """The outermost layer of the app.

    Args:
        app: what is behind it.
        settings: the server's.
        seen: told of every answer.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings, seen: Seen) -> None:
        self.app, self.settings, self.seen = app, settings, seen
        self._hosts = settings.hosts
        self._prefix, self._numbers = secrets.token_hex(4), itertools.count(1)
        strict = ((b"strict-transport-security", b"max-age=31536000"),) if settings.https else ()
        self._headers = (*SECURITY_HEADERS, *strict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection, as ASGI wants it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        scope["quickstudy_request"] = f"{self._prefix}-{next(self._numbers):x}"
        status, started = 500, False

        async def answer(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                headers = message.setdefault("headers", [])
                present = {name.lower() for name, _ in headers}
                headers.extend(pair for pair in self._headers if pair[0] not in present)
                headers.append((b"x-request-id", scope["quickstudy_request"].encode()))
                if b"cache-control" not in present:
                    headers.append((b"cache-control", b"no-store"))
            await send(message)

        try:
            problem = self._refused(scope)
            if problem is not None:
                body = body_of(problem, scope["quickstudy_request"])
                await JSONResponse(body, problem.status)(scope, receive, answer)
            else:
                await self.app(scope, self._counted(scope, receive), answer)
        except Exception:
            log.exception("defect", extra={"request_id": scope["quickstudy_request"]})
            if started:
                raise
            problem = Problem(500, *DEFECT[:2], next_step=DEFECT[2])
            await JSONResponse(body_of(problem, scope["quickstudy_request"]), 500)(scope, receive, answer)
        finally:
            self.seen(scope, status, time.perf_counter() - began)

    def _refused(self, scope: Scope) -> Problem | None:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if _name_of(host) not in self._hosts:
            return Problem(
                400,
                "unknown-host",
                f"This server is not called {host[:80]!r}.",
                next_step="Start it with --allowed-host NAME to serve it under this name.",
            )
        length = headers.get(b"content-length", b"0")
        if not length.isdigit():
            return Problem(400, *WORDS[400][:2], next_step=WORDS[400][2])
        if int(length) > self._limit(scope):
            return self._too_large(scope)
        return None

    def _counted(self, scope: Scope, receive: Receive) -> Receive:
        """The request's body, up to the limit, however it is sent."""
        left = self._limit(scope)

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            if message["type"] == "http.request":
                left -= len(message.get("body", b""))
                if left < 0:
                    raise HTTPException(413)
            return message

        return counted

    def _limit(self, scope: Scope) -> int:
        return self.settings.max_table if scope["path"] in TABLES else self.settings.max_body

    def _too_large(self, scope: Scope) -> Problem:
        return Problem(
            413,
            "too-large",
            f"The request's body is larger than {self._limit(scope):,} bytes.",
            next_step="Send less at a time.",
        )


def _name_of(host: str) -> str:
    """A Host header without its port; empty if it is none that a browser sends."""
    found = _HOST.fullmatch(host)
    return found["name"] if found else ""
