"""From a server's error to the same exception that the library raises.

The canonical shape is ``{"error": {"code", "message", "next_step", "request_id"}}``; the code names the class.
Invariant: every refusal becomes a :class:`quickstudy.QuickstudyError`, also one that is no such JSON, as a proxy's. Not
here: which of them are tried again (``exchange``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from quickstudy import errors
from quickstudy.errors import (
    AccessError,
    BusyError,
    EncoderError,
    InputError,
    JobError,
    JournalError,
    JournalUnreachableError,
    LessonError,
    OptionError,
    QuickstudyError,
    ServerError,
    TableError,
)

OWN_CODES: dict[str, type[QuickstudyError]] = {
    "access-denied": JournalError,
    "bad-encoding": JournalError,
    "bad-event": JournalError,
    "bad-name": JobError,
    "bad-row": TableError,
    "bad-search": JournalError,
    "bad-setting": InputError,
    "bad-target": InputError,
    "bad-time": InputError,
    "bad-url": JournalError,
    "closed": JournalError,
    "disk-error": JournalError,
    "disk-full": JournalError,
    "double-column": TableError,
    "empty-table": TableError,
    "encoder-file": EncoderError,
    "ended-task": LessonError,
    "endpoint": EncoderError,
    "exists": JournalError,
    "forgotten-lesson": LessonError,
    "is-a-folder": JournalError,
    "job-exists": JobError,
    "journal-unsure": JournalUnreachableError,
    "missing-column": TableError,
    "no-database": JournalError,
    "no-folder": JournalError,
    "no-journal": JournalError,
    "no-table": TableError,
    "numeric-answer": OptionError,
    "outside-options": OptionError,
    "read-only": JournalError,
    "scrub": JournalError,
    "several-labels": OptionError,
    "unknown-encoder": EncoderError,
    "unknown-id": LessonError,
    "unknown-option": OptionError,
    "unknown-reward": LessonError,
    "unknown-setting": InputError,
    "unknown-task": LessonError,
    "unknown-job": JobError,
    "used-lesson-id": LessonError,
    "used-request-id": InputError,
}
"""Codes that are more exact than a class's own."""


def problem(status: int, headers: Mapping[str, str], content: bytes) -> QuickstudyError:
    """The exception for an answer that is no success.

    Args:
        status: of HTTP, not 2xx.
        headers: the answer's.
        content: the answer's.
    """
    try:
        said = json.loads(content)["error"]
    except (ValueError, KeyError, TypeError):
        said = None
    return error_of(said, status) or _foreign(status, content)


def error_of(said: Any, status: int = 422) -> QuickstudyError | None:
    """The exception for an error in the canonical shape; None if it is none.

    Args:
        said: the JSON below ``error``.
        status: of HTTP; tells the class where the code does not.
    """
    if not isinstance(said, Mapping):
        return None
    code, message = said.get("code"), said.get("message")
    if not isinstance(code, str) or not isinstance(message, str):
        return None
    kind = _CLASSES.get(code) or _by_status(status)
    next_step = said.get("next_step")
    error = made(kind, code, message, next_step if isinstance(next_step, str) else "")
    if isinstance(request := said.get("request_id"), str):
        error.add_note(f"request {request}")
    return error


def misunderstood(why: Exception) -> ServerError:
    """The error for an answer that is not what it should be."""
    return ServerError(
        f"The server's answer is not understood ({type(why).__name__}: {why}).",
        next_step="Check that the address is a quickstudy server's, and that its version is the client's.",
        code="bad-answer",
    )


def made(kind: type[QuickstudyError], code: str, message: str, next_step: str) -> QuickstudyError:
    """An error of a class, with a code; also of a class that makes its own message."""
    error = kind.__new__(kind)
    QuickstudyError.__init__(error, message, next_step=next_step, code=code)
    return error


def _by_status(status: int) -> type[QuickstudyError]:
    if status in (401, 403):
        return AccessError
    if status in (429, 503):
        return BusyError
    return InputError if 400 <= status < 500 else ServerError


def _foreign(status: int, content: bytes) -> QuickstudyError:
    """An answer that no quickstudy server gave."""
    shown = content[:200].decode("utf-8", "replace").strip()
    kind = _by_status(status)
    kind = ServerError if kind is InputError else kind
    return kind(
        f"The server answered {status}: {shown!r}.",
        next_step="This is not a quickstudy server's answer: check the address, and what is in between.",
    )


def _tree() -> Iterator[type[QuickstudyError]]:
    for value in vars(errors).values():
        if isinstance(value, type) and issubclass(value, QuickstudyError):
            yield value


_CLASSES: dict[str, type[QuickstudyError]] = {**{kind.code: kind for kind in _tree()}, **OWN_CODES}
