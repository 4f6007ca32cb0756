"""quickstudy: a learner that you put on a job.

It starts knowing little, learns while doing the work, asks when it is not sure, remembers exactly, and merges what it
learned with its copies. Start with :func:`learned`, or with :class:`Job` and :class:`Learner`.
"""

from typing import TYPE_CHECKING, Any

from quickstudy.errors import QuickstudyError
from quickstudy.functions import learned
from quickstudy.job import Job
from quickstudy.learner import Learner
from quickstudy.report import Report
from quickstudy.types import NEW_OPTION, Decision, Evidence, Lesson, Neighbour, Opinion, Probabilities

if TYPE_CHECKING:
    from quickstudy.client import AsyncClient, Client

__version__ = "0.1.0"

__all__ = [
    "NEW_OPTION",
    "AsyncClient",
    "Client",
    "Decision",
    "Evidence",
    "Job",
    "Learner",
    "Lesson",
    "Neighbour",
    "Opinion",
    "Probabilities",
    "QuickstudyError",
    "Report",
    "__version__",
    "learned",
]


def __getattr__(name: str) -> Any:
    if name in ("AsyncClient", "Client"):  # they load httpx, which is an extra
        from quickstudy import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
