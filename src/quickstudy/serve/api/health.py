"""Whether the server lives, and whether it can work."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from quickstudy.serve.problems import Problem

router = APIRouter(tags=["operations"])


@router.get("/healthz")
async def healthz() -> dict[str, Any]:
    """The process lives and answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> dict[str, Any]:
    """The jobs folder can be used."""
    desk = request.app.state.desk
    if not desk.settings.folder.is_dir():
        raise Problem(503, "no-folder", "The jobs folder is gone.", next_step="Bring it back.")
    return {"status": "ready", "jobs": len(desk.names())}
