"""The autonomy page: the slider with what each target would do, caps, lists, prices, pause.

Invariant: nothing changes until it is said so; every change is journaled and in force from the next decision on. Not
here: what a setting means (:class:`quickstudy.autonomy.settings.Autonomy`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from quickstudy.errors import InputError, QuickstudyError
from quickstudy.learner import Learner
from quickstudy.serve.access import Caller
from quickstudy.serve.api.rooms import Opened, Reviews, Rules
from quickstudy.serve.desk import OpenJob
from quickstudy.serve.pages import figures
from quickstudy.serve.pages.shell import of_job, page, who

TARGETS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
"""The slider's stops."""

router = APIRouter(prefix="/jobs/{job}/autonomy")


@router.get("")
async def autonomy(
    request: Request, caller: Reviews, job: Opened, kept: Annotated[str, Query(pattern="^(target|limits)$")] = ""
) -> Response:
    """What it may do alone, and what another target would do; ``kept`` says what was just changed."""
    return await _shown(request, caller, job, changed=kept)


@router.post("/target")
async def target(
    request: Request, caller: Rules, job: Opened, target: Annotated[str, Form(max_length=20)] = ""
) -> Response:
    """Moves the target; the learner may answer alone from then on."""
    return await _configured(request, caller, job, lambda: {"target_error": _share(target, "target error")}, "target")


@router.post("/running")
async def running(
    request: Request, caller: Rules, job: Opened, to: Annotated[str, Form(pattern="^(pause|resume|off|on)$")]
) -> Response:
    """Pauses, goes on, turns off, turns on."""
    changes = {"pause": {"paused": True}, "resume": {"paused": False}, "off": {"active": False}, "on": {"active": True}}
    return await _configured(request, caller, job, lambda: changes[to])


@router.post("/limits")
async def limits(
    request: Request,
    caller: Rules,
    job: Opened,
    per_hour: Annotated[str, Form(max_length=20)] = "",
    per_day: Annotated[str, Form(max_length=20)] = "",
    ask_twice: Annotated[str, Form(max_length=20)] = "",
    always_ask: Annotated[str, Form(max_length=1_000_000)] = "",
) -> Response:
    """Caps, the share asked twice, and options that are never answered alone."""

    def changes() -> dict[str, Any]:
        names = [line.strip() for line in always_ask.splitlines() if line.strip()]
        return {
            "per_hour": _count(per_hour, "hour"),
            "per_day": _count(per_day, "day"),
            "ask_twice": _share(ask_twice or "0", "share asked twice"),
            "always_ask": list(dict.fromkeys(names)),
        }

    typed = {"per_hour": per_hour, "per_day": per_day, "ask_twice": ask_twice, "always_ask": always_ask}
    return await _configured(request, caller, job, changes, "limits", typed)


async def _configured(
    request: Request,
    caller: Caller,
    job: OpenJob,
    changes: Callable[[], dict[str, Any]],
    kept: str = "",
    typed: dict[str, str] | None = None,
) -> Response:
    def configure(learner: Learner) -> None:
        wanted = changes()
        with learner.signed(who(request, caller)):
            learner.configure(**wanted)

    try:
        await job.worker.change(configure)
    except QuickstudyError as error:
        return await _shown(request, caller, job, error=error, typed=typed, status=422)
    return RedirectResponse(f"/jobs/{job.name}/autonomy" + (f"?kept={kept}" if kept else ""), 303)


async def _shown(
    request: Request,
    caller: Caller,
    job: OpenJob,
    *,
    changed: str = "",
    error: QuickstudyError | None = None,
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    room, context = await of_job(request, job, caller)
    settings = context["glance"].settings
    limits = typed or {
        "per_hour": "" if settings.per_hour is None else str(settings.per_hour),
        "per_day": "" if settings.per_day is None else str(settings.per_day),
        "ask_twice": f"{100 * settings.ask_twice:g}" if settings.ask_twice else "",
        "always_ask": "\n".join(settings.always_ask),
    }
    stops = sorted({*TARGETS, settings.target_error})

    def compute() -> tuple[Any, ...]:
        forecasts = tuple(job.learner.what_if(stops))
        return forecasts, figures.slider(forecasts)

    kept = await room.kept("what-if", compute)
    if kept is not None and [forecast.target_error for forecast in kept.value[0]] != stops:
        kept = None  # of the target before
    return page(
        request,
        "autonomy.html",
        caller,
        status=status,
        kept=kept,
        stops=stops,
        settings=settings,
        limits=limits,
        changed=changed,
        error=error,
        **context,
    )


def _share(text: str, what: str) -> float:
    """Percents as a share."""
    try:
        return float(text.replace(",", ".").rstrip("% ")) / 100.0
    except ValueError:
        raise InputError(f"The {what} is {text!r}.", next_step="Give percents, like 2.", code="bad-setting") from None


def _count(text: str, what: str) -> int | None:
    if not text.strip():
        return None
    try:
        return int(text)
    except ValueError:
        raise InputError(
            f"The cap for each {what} is {text!r}.",
            next_step="Give a whole number, or nothing for no cap.",
            code="bad-setting",
        ) from None
