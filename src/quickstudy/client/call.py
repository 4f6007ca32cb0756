"""One request as data: what is sent, how its answer is read, and whether it may be sent again.

Invariant: everything that makes a request the same request, its keys above all, is fixed when the call is made, before
the first try. So a call that is sent twice counts once. Not here: sending (``client``, ``exchange``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from quickstudy.errors import JobError

T = TypeVar("T")

JOB_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request.

    Attributes:
        method: of HTTP.
        path: below the server's address, quoted.
        read: makes the result of the answer's JSON.
        body: the request's JSON; None for none.
        query: the address's query.
        repeatable: whether it may be sent again when nobody knows if it arrived.
    """

    method: str
    path: str
    read: Callable[[Any], T]
    body: Any = None
    query: Mapping[str, str | int | float] = field(default_factory=dict)
    repeatable: bool = True


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list.

    Attributes:
        items: its items.
        after: where the next page begins; None on the last one.
    """

    items: tuple[T, ...]
    after: str | int | None


def following(call: Call[Page[T]], page: Page[T]) -> Call[Page[T]] | None:
    """The call for the next page; None after the last one."""
    return None if page.after is None else replace(call, query={**call.query, "after": page.after})


def job_path(job: str, *parts: str) -> str:
    """``/v1/jobs/JOB/…``, quoted.

    Raises:
        JobError: the name is none that a server's job can have.
    """
    if not isinstance(job, str) or not JOB_NAME.fullmatch(job):
        raise JobError(
            f"A server has no job {job!r}.",
            next_step="Names of jobs are lower-case letters, digits, _ and -, at most 64.",
        )
    return "/".join(["/v1/jobs", job, *(quote(part, safe="") for part in parts)])
