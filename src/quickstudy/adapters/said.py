"""A situation as another program says it in JSON, and as it is said back.

Invariant: a text stays the text that it is, unless the job is known to see records or arrays and the text is one. Many
clients can send texts only, and write an object into one. Not here: checking situations (``perception``).
"""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from quickstudy.learner import Learner
from quickstudy.types import Situation


def as_seen(learner: Learner, said: Any) -> Situation:
    """The situation that a job sees in what was said: a text, an object, or an array of numbers.

    The learner refuses what is no situation at all, with an error that names it.

    Args:
        learner: whose job it is.
        said: JSON data.
    """
    kind = learner._record.journal.get_meta("kind")
    if isinstance(said, str) and kind in ("record", "array"):
        try:
            data = json.loads(said)
        except (ValueError, RecursionError):
            data = None
        if isinstance(data, dict if kind == "record" else list):
            said = data
    if isinstance(said, list):
        with contextlib.suppress(ValueError, TypeError):
            said = np.asarray(said, dtype=np.float64)
    return cast(Situation, said)


def plain(situation: Situation | None) -> Any:
    """A situation as plain JSON data: a text, an object, or a list of numbers."""
    if isinstance(situation, np.ndarray):
        return situation.tolist()
    if isinstance(situation, Mapping):
        dates = datetime.date  # a datetime is one, too
        return {name: value.isoformat() if isinstance(value, dates) else value for name, value in situation.items()}
    return situation
