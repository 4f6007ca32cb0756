"""Signing in with a token, signing out, and what a person prefers: the theme, and a name where nobody needs a token.

Invariant: a token goes from the form to the server once, and is kept nowhere on the page. Not here: sessions
(``access``).
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from quickstudy.serve.access import same_origin
from quickstudy.serve.api.rooms import AtWork
from quickstudy.serve.pages.shell import MAX_NAME, NAME_COOKIE, THEME_COOKIE, THEMES, YEAR, page
from quickstudy.serve.problems import Problem

router = APIRouter()


@router.get("/sign-in")
async def form(request: Request) -> Response:
    """The form that asks for a token."""
    return page(request, "sign_in.html", None, error=None)


@router.post("/sign-in")
async def sign_in(request: Request, token: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Begins a session."""
    same_origin(request)
    access = request.app.state.access
    try:
        session = access.sign_in(token)
    except Problem as problem:
        return page(request, "sign_in.html", None, status=401, error=problem)
    response = RedirectResponse("/", 303)
    access.send(response, session, request)
    return response


@router.post("/sign-out")
async def sign_out(request: Request, caller: AtWork) -> Response:
    """Ends the session."""
    response = RedirectResponse("/sign-in", 303)
    request.app.state.access.sign_out(request, response)
    return response


@router.post("/preferences")
async def preferences(
    request: Request,
    caller: AtWork,
    theme: Annotated[str, Form(max_length=10)] = "",
    name: Annotated[str | None, Form(max_length=200)] = None,
    back: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    """Keeps what a person prefers, in cookies."""
    local = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    response = RedirectResponse(local, 303)
    if theme in THEMES:
        response.set_cookie(THEME_COOKIE, theme, max_age=YEAR, samesite="strict", path="/")
    if name is not None:
        kept = quote(" ".join(name.split())[:MAX_NAME])
        response.set_cookie(NAME_COOKIE, kept, max_age=YEAR, samesite="strict", httponly=True, path="/")
    return response
