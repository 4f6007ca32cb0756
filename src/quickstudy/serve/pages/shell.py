"""What every page shares: templates, static files, who is looking, errors as pages.

Invariants: templates escape everything; static files are read once, and their addresses change with their content. Not
here: what a page shows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from quickstudy.errors import QuickstudyError
from quickstudy.serve.access import LOCAL, Caller, Session
from quickstudy.serve.api.lessons import teacher
from quickstudy.serve.desk import OpenJob
from quickstudy.serve.pages import words
from quickstudy.serve.pages.rooms import Room, room_of
from quickstudy.serve.problems import Problem, wants_page
from quickstudy.serve.tokens import Role

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "quickstudy_theme"
NAME_COOKIE = "quickstudy_name"
MAX_NAME = 64
YEAR = 31_536_000

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

router = APIRouter()


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file of the page: its bytes and its type."""

    content: bytes
    kind: str


def _static_files() -> dict[str, StaticFile]:
    found = {}
    for file in files("quickstudy.serve.pages").joinpath("static").iterdir():
        kind = TYPES.get("." + file.name.rpartition(".")[2])
        if kind is not None:
            found[file.name] = StaticFile(file.read_bytes(), kind)
    return found


STATIC = _static_files()
DIGEST = hashlib.sha256(b"".join(file.content for _, file in sorted(STATIC.items()))).hexdigest()[:12]
"""Part of every static address, the same for all: scripts import each other by relative addresses."""


def static_address(name: str) -> str:
    """The address of a static file, for templates."""
    if name not in STATIC:
        raise KeyError(f"There is no static file {name!r}.")
    return f"/static/{DIGEST}/{name}"


def svg(drawing: str) -> Markup:
    """A drawing of ours as markup; its texts were escaped by the XML writer."""
    return Markup(drawing)  # made by drawing.adopted, never by a caller


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("quickstudy.serve.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for function in (words.chance, words.share, words.count, words.several, words.iso, words.when, words.one_line, svg):
        made.filters[function.__name__] = function
    made.globals["static"] = static_address
    made.globals["Role"] = Role
    return made


ENVIRONMENT = _environment()


@router.get("/static/{digest}/{name}")
async def static(digest: str, name: str) -> Response:
    """A file of the page."""
    file = STATIC.get(name)
    if file is None:
        raise Problem(404, "not-found", "There is no such file.", next_step="Load the page again.")
    caching = f"public, max-age={YEAR}, immutable" if digest == DIGEST else "no-cache"
    return Response(file.content, media_type=file.kind, headers={"cache-control": caching})


def who(request: Request, caller: Caller) -> str:
    """The name under which the caller teaches: their token's; on a server without tokens, the one that they gave."""
    if caller != LOCAL:
        return caller.name
    given = " ".join(unquote(request.cookies.get(NAME_COOKIE, "")).split())[:MAX_NAME]
    return teacher(caller, given or None)


async def of_job(request: Request, job: OpenJob, caller: Caller) -> tuple[Room, dict[str, Any]]:
    """A job's room, and what its pages show around their content."""
    room = room_of(request.app, job)
    glance = await room.glance(who(request, caller))
    return room, {"job": job.name, "glance": glance, "instructions": job.learner.job.instructions}


def page(request: Request, template: str, caller: Caller | None, *, status: int = 200, **context: Any) -> Response:
    """A page.

    Args:
        request: the request.
        template: its file.
        caller: who looks; None before they signed in.
        status: the HTTP status.
        context: what the template shows.
    """
    access = request.app.state.access
    session: Session | None = access.visit(request) if caller is not None else access.session(request)
    text = ENVIRONMENT.get_template(template).render(
        {
            "job": None,
            "caller": caller,
            "who": "" if caller is None else who(request, caller),
            "is_local": caller == LOCAL,
            "csrf": "" if session is None else session.csrf,
            "theme": theme_of(request),
            "path": request.url.path,
            "signed_in": session is not None and session.token is not None,
            **context,
        }
    )
    response = HTMLResponse(text, status)
    if session is not None and caller is not None:
        access.send(response, session, request)
    return response


def fragment(template: str, context: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """A part of a page."""
    return HTMLResponse(ENVIRONMENT.get_template(template).render(context), headers=dict(headers or {}))


def theme_of(request: Request) -> str:
    """The theme that the reader chose; "auto" follows their system."""
    theme = request.cookies.get(THEME_COOKIE, "auto")
    return theme if theme in THEMES else "auto"


FOR_PROGRAMS = frozenset(("unknown-job", "not-found", "bad-method", "bad-request"))
"""Codes of errors whose next step is for programs; a person is led to the jobs."""


def problem_page(request: Request, error: QuickstudyError, status: int) -> Response | None:
    """An error as a page, for those who asked for one."""
    if not wants_page(request):
        return None
    caller = getattr(request.state, "caller", None)
    return page(
        request,
        "problem.html",
        caller if isinstance(caller, Caller) else None,
        status=status,
        error=error,
        next_step="" if error.code in FOR_PROGRAMS else error.next_step,
        number=status,
    )
