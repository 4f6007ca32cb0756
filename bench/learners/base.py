"""What every learner in a benchmark offers, and what it is told about the job.

Invariant: ``learn`` is called with the task that was decided last. Not here: which learners there are (``registry``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from quickstudy.errors import InputError
from quickstudy.types import Situation, Vector


@dataclass(frozen=True, slots=True)
class Task:
    """One task: what is seen, its unit vector float32 (d,), and its time in seconds since 1970."""

    situation: Situation
    vector: Vector
    at: float


@dataclass(frozen=True, slots=True)
class Guess:
    """A learner's answer.

    Attributes:
        answer: None if it has none yet.
        confidence: the probability that it gives to its answer, in [0, 1].
        novelty: how unlike everything learned the task is; any scale, larger is newer; None if it does not say.
    """

    answer: str | None
    confidence: float
    novelty: float | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """What a learner knows of a job before the first task.

    Attributes:
        name: the job's name.
        classes: every answer that can come, sorted. Peers that need them in advance get them.
        open: whether the learner under test must find the options out by itself.
        descriptions: option -> description, where there are any.
        encoder: how the learner under test perceives; the peers get the same vectors.
        dimension: d, the length of the vectors.
    """

    name: str
    classes: tuple[str, ...]
    dimension: int
    open: bool = False
    descriptions: Mapping[str, str] = field(default_factory=dict, hash=False)
    encoder: str = "minilm"


class StreamLearner(Protocol):
    """A learner on one job."""

    def decide(self, task: Task) -> Guess:
        """The answer to one task of the stream."""

    def learn(self, task: Task, answer: str) -> None:
        """The right answer to the task that was decided last."""

    def predict(self, tasks: Sequence[Task]) -> list[Guess]:
        """Answers to test tasks; nothing is learned."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A learner in the list of learners.

    Attributes:
        name: what ``--peers`` takes.
        title: what tables and plots say.
        package: the distribution whose version matters; "" for a few lines in this folder.
        online: whether it is an installable online learner.
        settings: the settings it runs with, as the reader should know them.
        make: builds a fresh one for a setting and a seed.
        texts_only: it reads the texts themselves, so it cannot play scenarios of records or arrays.
    """

    name: str
    title: str
    package: str
    online: bool
    settings: Mapping[str, Any] = field(hash=False)
    make: Callable[[Setting, int], StreamLearner] = field(hash=False)
    texts_only: bool = False


def text_of(task: Task) -> str:
    """A task's text, for learners that read it themselves.

    Raises:
        InputError: the task is a record or an array.
    """
    if not isinstance(task.situation, str):
        raise InputError(
            f"This learner reads texts; the task is a {type(task.situation).__name__}.",
            next_step="Leave it out of this scenario: name the others with --peers.",
        )
    return task.situation
