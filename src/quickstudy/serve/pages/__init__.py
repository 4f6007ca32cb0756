"""The desk's page, for people: answering, auditing, looking through, reporting, steering.

    decision, journal, report ─▶ view models (frozen, pure) ─▶ templates (escaped) ─▶ HTML, a little script

Invariants: every page works from what the journal holds now; what is taught goes through the job's worker, as the API's
requests do; nothing inline, nothing from elsewhere, so the strict content security policy holds. The script
(``static``) is our own and small: keys, prefetching and live counts; nothing is vendored. Not here: who may do what
(``access``), and what is learned.
"""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from quickstudy.serve.pages import answering, autonomy, creating, jobs, journal, live, report, shell, sign_in

__all__ = ["install", "router"]

router = APIRouter(include_in_schema=False)
for _room in (shell, sign_in, jobs, creating, live, answering, journal, report, autonomy):
    router.include_router(_room.router)


def install(app: FastAPI) -> None:
    """Adds the page to a server's app."""
    app.include_router(router)
    app.state.problem_page = shell.problem_page
