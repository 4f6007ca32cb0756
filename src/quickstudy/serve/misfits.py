"""What does not fit in a request, in words: where it stands, and what could stand there.

pydantic names a place of a union by the name of each type that was tried, and complains once for each. Here a place is
what the caller sent, and the complaints about one place are one sentence. Invariants: pure functions; places are
named, what was sent there is not repeated. Not here: the answer's shape (``problems``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SHOWN = 5
"""So many places are named."""

_SHOULD = "Input should be "


def in_words(errors: Sequence[Mapping[str, Any]], body: Any) -> tuple[str, str]:
    """What does not fit, and what to do about it.

    Args:
        errors: pydantic's, as FastAPI gives them: ``loc`` begins with body, query, path or header.
        body: what was sent.
    """
    if isinstance(body, bytes) and any(len(one["loc"]) == 1 for one in errors):
        return "The body was not sent as JSON.", "Send the header Content-Type: application/json"
    if broken := next((one for one in errors if one["type"] == "json_invalid"), None):
        why = broken.get("ctx", {}).get("error", "")
        return f"The body is no JSON, at character {broken['loc'][-1]}: {why}.", "Send valid JSON."
    places: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for one in errors:
        places.setdefault(_place(one, body), []).append(one)
    # A type of a union that the caller did not mean fails as a whole; the one that was meant fails further inside.
    outer = {place[:length] for place in places for length in range(1, len(place))}
    found = [f"{'.'.join(place)}: {_said(ones)}" for place, ones in places.items() if place not in outer]
    more = f"; {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"The request does not fit: {'; '.join(found[:SHOWN])}{more}.", "See the API: /openapi.json"


def _place(error: Mapping[str, Any], body: Any) -> tuple[str, ...]:
    """Where something is wrong, without the names of the types that were tried."""
    first, *rest = error["loc"]
    if first != "body":
        return tuple(str(part)[:60] for part in (first, *rest))
    found, here = [str(first)], body
    for number, part in enumerate(rest, 1):
        inside = part in here if isinstance(here, Mapping) else isinstance(here, list) and part in range(len(here))
        if inside:
            here = here[part]
        if inside or (number == len(rest) and error["type"] == "missing"):
            found.append(str(part)[:60])
    return tuple(found[:8])


def _said(errors: Sequence[Mapping[str, Any]]) -> str:
    """What is wrong at one place: of several types the one that was meant, if one was, else what it could be."""
    meant = [one for one in errors if not str(one["type"]).endswith(("_type", "_parsing"))] or errors
    words = list(dict.fromkeys(str(one["msg"]) for one in meant))
    if len(words) > 1 and all(text.startswith(_SHOULD) for text in words):
        *some, last = (text.removeprefix(_SHOULD) for text in words)
        return f"{_SHOULD}{', '.join(some)} or {last}"
    return " or ".join(words)
