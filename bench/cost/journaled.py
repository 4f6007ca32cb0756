"""quickstudy as it works for real: with its journal in a file, so that a lesson is on disk when ``learn`` returns."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from bench.learners.base import Guess, Setting, Task
from bench.learners.quickstudy_learner import guess_of, job_of, predicted
from quickstudy.learner import Learner
from quickstudy.types import Decision


class JournaledLearner:
    """The learner under test, on disk.

    Args:
        setting: the job.
        journal: the journal's path.
    """

    def __init__(self, setting: Setting, journal: Path) -> None:
        self._job = job_of(setting)
        self._journal = journal
        self._last: tuple[Task, Decision] | None = None
        self.learner = Learner(self._job, journal)

    def decide(self, task: Task) -> Guess:
        """Decides, and remembers the decision."""
        decision = self.learner.decide(task.situation, at=task.at)
        self._last = (task, decision)
        return guess_of(decision)

    def learn(self, task: Task, answer: str) -> None:
        """Teaches the decision, or the situation where it was not decided."""
        decided = self._last is not None and self._last[0] is task
        target = self._last[1] if self._last is not None and decided else task.situation
        self.learner.teach(target, answer, at=task.at)

    def learn_many(self, pairs: Sequence[tuple[Task, str]]) -> None:
        """Teaches a block in one transaction."""
        times = [task.at for task, _ in pairs]
        self.learner.teach_many([(task.situation, answer) for task, answer in pairs], at=times)

    def predict(self, tasks: Sequence[Task]) -> list[Guess]:
        """Predicts in blocks."""
        return predicted(self.learner, tasks)

    def reopen(self) -> float:
        """Closes the journal and opens it again from its snapshot; says how many seconds opening took."""
        self.learner.snapshot()
        self.learner.close()
        begun = time.perf_counter()
        self.learner = Learner(self._job, self._journal)
        self.learner.predict(self._last[0].situation) if self._last else None
        return time.perf_counter() - begun
