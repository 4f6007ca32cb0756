"""Who calls, and whether they may: tokens for programs, sessions for people, roles for both.

A program shows a token: ``Authorization: Bearer qs_…``. A person gives a token once and gets a session: a cookie that
scripts cannot read and other sites cannot send, and a second secret, the CSRF token, that the page sends back with
every change (the synchronizer pattern). A server that only this machine reaches lets everybody in as ``local``.

Invariants: a change that comes with a cookie needs the session's CSRF token; a change that another site's page sends is
refused, whoever it claims to be; a session ends with its token. Sessions live in memory: a restart signs people out.
Not here: how tokens are kept (``tokens``).
"""

from __future__ import annotations

import hmac
import math
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.responses import Response

from quickstudy.serve.problems import Problem
from quickstudy.serve.settings import ServerSettings
from quickstudy.serve.tokens import PREFIX, Role, Token, Tokens, digest

__all__ = ["Access", "Caller", "Role", "Session", "needs"]

COOKIE = "quickstudy_session"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
EXACT = ("/v1/jobs", "/v1/tables", "/v1/tokens")
"""Addresses of our own API; others speak protocols that may grow."""

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
SESSION_SECONDS = 12 * 3600.0
SESSIONS = 10_000
"""Most sessions at once; the oldest goes first."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    Attributes:
        name: the token's name, or "local".
        role: what they may do.
        jobs: the jobs they may use; None for all.
    """

    name: str
    role: Role
    jobs: tuple[str, ...] | None

    def may(self, role: Role, job: str | None = None) -> bool:
        """Whether they may do what ``role`` allows, with a job where one is named."""
        return self.role.rank >= role.rank and (job is None or self.jobs is None or job in self.jobs)


LOCAL = Caller("local", Role.ADMIN, None)


@dataclass(frozen=True, slots=True)
class Session:
    """A person's session.

    Attributes:
        id: the cookie's value.
        csrf: the secret that the page sends back with every change.
        token: the hash of the token behind it; None on a server that needs none.
        expires: when it ends, seconds since 1970.
    """

    id: str
    csrf: str
    token: str | None
    expires: float


class Buckets:
    """Token buckets: how much each name may still do.

    Args:
        rate: refilled in a second.
        burst: most at once.
        clock: gives seconds.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float]) -> None:
        self.rate, self.burst, self._clock = rate, burst, clock
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> float:
        """Takes one; gives 0, or how many seconds to wait for the next."""
        now = self._clock()
        left, then = self._left.get(name, (self.burst, now))
        left = min(self.burst, left + (now - then) * self.rate)
        if left < 1.0:
            self._left[name] = (left, now)
            return (1.0 - left) / self.rate
        self._left[name] = (left - 1.0, now)
        return 0.0


class Access:
    """The door's book: tokens, sessions and rates of one server.

    Args:
        settings: the server's.
        clock: gives seconds since 1970.
    """

    def __init__(self, settings: ServerSettings, *, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.tokens = Tokens(settings.folder, clock=clock)
        self._clock = clock
        self._needs_tokens = settings.needs_tokens
        self._buckets = Buckets(settings.rate, settings.burst, clock)
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    # -- sessions

    def sign_in(self, secret: str) -> Session:
        """A session for the person who shows this token.

        Raises:
            Problem: it opens nothing.
        """
        token = self.tokens.find(secret.strip())
        if token is None:
            raise _unknown_token()
        return self._begin(token.hash)

    def visit(self, request: Request) -> Session:
        """The caller's session; on a server that needs no token a new one where there is none.

        Raises:
            Problem: they have to sign in.
        """
        session = self.session(request)
        if session is not None:
            return session
        if self._needs_tokens:
            raise _sign_in()
        return self._begin(None)

    def session(self, request: Request) -> Session | None:
        """The session of the request's cookie, if it is alive."""
        cookie = request.cookies.get(COOKIE)
        if not cookie:
            return None
        with self._lock:
            session = self._sessions.get(digest(cookie))
        if session is None or session.expires <= self._clock():
            return None
        return session

    def send(self, response: Response, session: Session, request: Request) -> None:
        """Puts the session's cookie on an answer."""
        response.set_cookie(
            COOKIE,
            session.id,
            max_age=int(SESSION_SECONDS),
            httponly=True,
            samesite="strict",
            secure=self.settings.https or request.url.scheme == "https",
            path="/",
        )

    def sign_out(self, request: Request, response: Response) -> None:
        """Ends the request's session."""
        cookie = request.cookies.get(COOKIE)
        if cookie:
            with self._lock:
                self._sessions.pop(digest(cookie), None)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")

    # -- callers

    async def caller(self, request: Request) -> Caller:
        """Who calls; counts against their rate, and checks that a change comes from where it says.

        Raises:
            Problem: nobody known, a token that opens nothing, too many requests, or a forged change.
        """
        unsafe = request.method not in SAFE
        if unsafe:
            same_origin(request)
        header = request.headers.get("authorization")
        if header is not None:
            scheme, _, secret = header.partition(" ")
            secret = secret.strip()
            token = self.tokens.find(secret) if scheme.lower() == "bearer" else None
            if token is not None:
                return self._counted(token, request)
            if self.settings.needs_tokens or secret.startswith(PREFIX):
                raise _unknown_token()
            # Clients made for other servers always send some key; where none is needed, it says nothing.
        session = request.state.session = self.session(request)
        if session is None and self._needs_tokens:
            raise _sign_in()
        token = self._token_of(session)
        if self._needs_tokens and token is None:
            raise _sign_in()
        if unsafe:
            await self._check_csrf(request, session)
        return LOCAL if token is None else self._counted(token, request)

    def still(self, request: Request) -> bool:
        """Whether the caller of a request that was let in would be let in now: for answers that take long."""
        if getattr(request.state, "session", None) is not None and self.session(request) is None:
            return False  # signed out
        hash = getattr(request.state, "token_hash", None)
        if hash is None:
            return not self._needs_tokens
        kept = next((one for one in self.tokens.all() if one.hash == hash), None)
        return kept is not None and kept.live(self._clock())

    # -- inside

    def _begin(self, token: str | None) -> Session:
        session = Session(secrets.token_urlsafe(32), secrets.token_urlsafe(32), token, self._clock() + SESSION_SECONDS)
        with self._lock:
            self._sessions[digest(session.id)] = session
            while len(self._sessions) > SESSIONS:
                self._sessions.popitem(last=False)
        return session

    def _token_of(self, session: Session | None) -> Token | None:
        if session is None or session.token is None:
            return None
        kept = next((one for one in self.tokens.all() if one.hash == session.token), None)
        if kept is None or not kept.live(self._clock()):
            raise _sign_in()
        return kept

    def _counted(self, token: Token, request: Request) -> Caller:
        request.state.token_hash = token.hash
        wait = self._buckets.take(token.hash)
        if wait > 0.0:
            raise Problem(
                429,
                "too-many-requests",
                f"The token {token.name!r} may send {self._buckets.rate:g} requests a second.",
                next_step="Wait as long as Retry-After says, or send batches.",
                headers={"Retry-After": str(math.ceil(wait))},
            )
        return Caller(token.name, token.role, token.jobs)

    async def _check_csrf(self, request: Request, session: Session | None) -> None:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if session is None:
            if kind in FORMS:
                raise _form_without_session(request, kind)
            return
        shown: Any = request.headers.get(CSRF_HEADER)
        if shown is None and kind in FORMS[:2]:
            shown = (await request.form()).get(CSRF_FIELD)
        if not isinstance(shown, str) or not hmac.compare_digest(shown.encode(), session.csrf.encode()):
            raise _forged("The session's CSRF token is missing or wrong.")


def needs(role: Role) -> Any:
    """A dependency of FastAPI: the caller, who must have this role, and the path's job where it names one.

    Args:
        role: the least role.
    """
    return Depends(_GUARDS[role])


def same_origin(request: Request) -> None:
    """Refuses what a page of another site sends.

    Raises:
        Problem: its Origin or Sec-Fetch-Site says so.
    """
    origin = request.headers.get("origin")
    if request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise _forged("The request comes from another site.")
    if origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        raise _forged(f"The request comes from {origin[:80]!r}.")


def _guard(role: Role) -> Callable[[Request], Awaitable[Caller]]:
    async def guard(request: Request) -> Caller:
        access: Access = request.app.state.access
        caller = await access.caller(request)
        request.state.caller = caller
        job = request.path_params.get("job")
        if job is not None and not caller.may(Role.WORK, job):
            raise Problem(
                403,
                "other-job",
                f"The token {caller.name!r} is not for this job.",
                next_step="Ask for a token that names the job.",
            )
        if not caller.may(role):
            raise Problem(
                403,
                "role",
                f"The token {caller.name!r} may {caller.role}; this needs {role}.",
                next_step=f"Use a token with the role {role}.",
            )
        if request.query_params and request.url.path.startswith(EXACT):
            _only_known_queries(request)
        return caller

    return guard


_GUARDS = {role: _guard(role) for role in Role}


def _only_known_queries(request: Request) -> None:
    """Refuses a query parameter that the route does not have: ignored, it would quietly answer something else."""
    known = {param.alias for param in request.scope["route"].dependant.query_params}
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        here = f"It has: {', '.join(sorted(known))}." if known else "It has none."
        raise Problem(
            422, "unknown-parameter", f"This address has no query parameter {unknown[0][:60]!r}.", next_step=here
        )


def _unknown_token() -> Problem:
    return Problem(
        401,
        "unknown-token",
        "The token is unknown, expired or revoked.",
        next_step="Ask for a new one: quickstudy token add",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _sign_in() -> Problem:
    return Problem(
        401,
        "no-token",
        "This server needs a token.",
        next_step="Send it as: Authorization: Bearer TOKEN",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _form_without_session(request: Request, kind: str) -> Problem:
    if not request.url.path.startswith("/v1/"):
        return _forged("A form came without a session.")
    return Problem(
        403,
        "forged",
        f"The request's Content-Type is {kind!r}, as of a form; this address takes JSON.",
        next_step="Send the header Content-Type: application/json",
    )


def _forged(message: str) -> Problem:
    return Problem(403, "forged", message, next_step="Load the page again and repeat what you did.")
