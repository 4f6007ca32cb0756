"""The verbs of a server, each once: what is asked, as a :class:`quickstudy.client.call.Call`.

``Client`` and ``AsyncClient`` have them as methods, with the same arguments. The job's name comes first; everything else
is as in :class:`quickstudy.Learner`. Invariant: what could count twice has a key before it is sent. Not here: sending.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from quickstudy.client.call import Call, Page, job_path
from quickstudy.client.reading import read, reader
from quickstudy.errors import InputError, LessonError
from quickstudy.job import Job
from quickstudy.journal import new_id
from quickstudy.perception import situation_to_json
from quickstudy.types import Decision, Lesson, Situation

DECISION = reader(Decision)
LESSON = reader(Lesson)


def decide(
    job: str,
    situation: Situation,
    options: Sequence[str] | None = None,
    *,
    request_id: str | None = None,
    at: float | None = None,
) -> Call[Decision]:
    """Decides on one situation; see :meth:`quickstudy.Learner.decide`.

    Args:
        job: the job's name.
        situation: text, a record, or a 1-D array of numbers.
        options: only these are possible here; all of the job's if None.
        request_id: an idempotency key; made up if None, so that a lost connection makes no second decision.
        at: the event's own time, seconds since 1970; now if None.

    Raises:
        SituationError: the situation cannot be perceived.
        OptionError: an unknown option.
        ServerError: the server cannot be reached, refuses the token, or takes no more.
    """
    return Call("POST", job_path(job, "decide"), DECISION, asked(situation, options, request_id or new_id(), at))


def predict(job: str, situation: Situation, options: Sequence[str] | None = None) -> Call[Decision]:
    """What ``decide`` would say; writes nothing, and the decision has no id."""
    return Call("POST", job_path(job, "predict"), DECISION, asked(situation, options))


def asked(
    situation: Situation,
    options: Sequence[str] | None,
    request_id: str | None = None,
    at: float | None = None,
) -> dict[str, Any]:
    """The body of a question."""
    return {"situation": wire(situation), **given(options=options, request_id=request_id, at=at)}


def wire(situation: Situation) -> Any:
    """A situation as JSON data.

    Raises:
        SituationError: it cannot be perceived.
    """
    return json.loads(situation_to_json(situation))


def given(**fields: Any) -> dict[str, Any]:
    """The fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}
