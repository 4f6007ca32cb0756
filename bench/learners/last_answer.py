"""The last answer of the same vendor: the baseline of a bookkeeper who copies the previous entry.

The key is the record's field ``vendor``; for other situations, their text. A vendor never seen has no answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.learners.base import Entry, Guess, Setting, Task

FIELD = "vendor"


class LastAnswer:
    """One answer a key."""

    def __init__(self, setting: Setting, seed: int) -> None:
        self._last: dict[str, str] = {}

    def decide(self, task: Task) -> Guess:
        """The last answer under the same key."""
        answer = self._last.get(key_of(task))
        return Guess(answer, float(answer is not None), float(answer is None))

    def learn(self, task: Task, answer: str) -> None:
        """Replaces the answer under this key."""
        self._last[key_of(task)] = answer

    def predict(self, tasks: Sequence[Task]) -> list[Guess]:
        """Task by task."""
        return [self.decide(task) for task in tasks]


def key_of(task: Task) -> str:
    """What a task is filed under."""
    return str(task.situation[FIELD] if isinstance(task.situation, Mapping) else task.situation)


ENTRIES = (Entry("last-answer", "the vendor's last account", "", False, {"key": FIELD}, LastAnswer),)
