"""Where an agent finds the jobs: one interface for journals of this machine and for the jobs of a server.

Invariants: a room is entered with the right that the verb needs, or not at all; a learner never works on the event
loop. Not here: what the verbs are (``tools``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from quickstudy.errors import JobError
from quickstudy.learner import Learner
from quickstudy.types import Decision, Lesson, Situation

T = TypeVar("T")

Right: TypeAlias = Literal["work", "teach", "review"]
"""What a verb needs: "work" asks the learner, "teach" changes what it knows, "review" reads what it did."""

Context: TypeAlias = Any
"""The protocol's own context of a request; the jobs know what to make of it, such as who calls."""


@dataclass(frozen=True)
class JobLine:
    """A job in a list: its name, what it is about, how many options it declares, and whether new ones may appear."""

    name: str
    instructions: str
    options: int
    open: bool


class Room(Protocol):
    """One job, entered by one caller."""

    @property
    def name(self) -> str:
        """The job's name."""
        ...

    @property
    def by(self) -> str:
        """Who teaches, where the caller names nobody."""
        ...

    async def decide(self, situation: Situation, options: list[str] | None, request_id: str | None) -> Decision:
        """See :meth:`quickstudy.Learner.decide`."""
        ...

    async def teach(
        self, target: Situation | None, answer: str, *, decision_id: str | None, lesson_id: str | None, by: str
    ) -> Lesson:
        """See :meth:`quickstudy.Learner.teach`."""
        ...

    async def run(self, work: Callable[[Learner], T]) -> T:
        """Anything else, done with the learner, off the event loop."""
        ...


class Jobs(Protocol):
    """The jobs that a caller may see."""

    async def lines(self, context: Context) -> list[JobLine]:
        """The jobs, by name."""
        ...

    async def enter(self, context: Context, job: str | None, right: Right) -> Room:
        """A job's room.

        Args:
            context: of the request.
            job: the job's name; None or empty where there is only one.
            right: what is going to be done.

        Raises:
            InputError: there is no such job, or the caller may not.
        """
        ...


def checked_name(job: str | None, names: list[str]) -> str:
    """The job that a caller means: the one that is named, or the only one.

    Raises:
        JobError: there is no such job, or several and none is named.
    """
    shown = ", ".join(repr(name) for name in names[:20])
    if job and job not in names:
        raise JobError(f"There is no job {job[:80]!r}.", next_step=f"Name one of: {shown}.", code="no-job")
    if not job and len(names) != 1:
        raise JobError(
            f"There are {len(names)} jobs, and none is named.", next_step=f"Name one of: {shown}.", code="no-job"
        )
    return job or names[0]
