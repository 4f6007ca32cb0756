"""A learner on a procedure that is known from its event log: what comes next, how it will end, how long it takes.

Each case is a task of many steps. After each event there is a step: its situation is the case so far, its right answer
the activity that came next, its reward the hours until then, its outcome whether the case ended well.

Procedures are left to chance more than the work that the experts' pool is made for: the same situation goes on this way
or that. So next steps' probabilities are tempered (Guo et al. 2017, "On calibration of modern neural networks"): one
exponent, fitted to what was said about the newest cases before they went on.

Invariants: what a step sees lies in its past; cases are learned in the order in which they ended, each once. Not here:
reading logs (``event_log``), discovering process models.
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from quickstudy.adapters.event_log import Case
from quickstudy.errors import SituationError
from quickstudy.job import Job
from quickstudy.learner import Learner
from quickstudy.types import FloatArray, Scalar

END = "(end)"
"""The answer at a case's last step: nothing comes next."""

HOURS = "hours"
"""The reward term of the time that passes."""

NEWEST = 2_000
"""The exponent is fitted to so many steps."""

FEWEST = 50
"""It is 1 before so many steps."""

EXPONENTS = np.geomspace(0.1, 2.0, 40)

WIDTH = 1.2816
"""Standard deviations on either side of a mean that hold 80% of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected of a running case.

    Attributes:
        next: probabilities of the activities that can come next; ``"(end)"`` is the end of the case, ``"(new option)"``
            an activity that never came before.
        hours: expected hours until its end.
        low: with ``high``: an interval that holds about 80% of such cases' remaining hours.
        high: see ``low``.
        success: the probability that it ends well; None if no outcome was told.
    """

    next: Mapping[str, float]
    hours: float | None
    low: float | None
    high: float | None
    success: float | None

    @property
    def activity(self) -> str:
        """The most probable next activity."""
        return max(self.next, key=lambda name: self.next[name])


class Process:
    """A learner on a procedure.

    Args:
        name: the job's name.
        outcome: says of a finished case whether it ended well; None if only next steps and times are wanted.
        journal: the path of its journal, or None to keep it in memory.
        encoder: the name of the encoder that reads activities and attributes.
        keywords: further settings of the job.
    """

    def __init__(
        self,
        name: str = "process",
        outcome: Callable[[Case], bool] | None = None,
        *,
        journal: str | os.PathLike[str] | None = None,
        encoder: str = "static",
        **keywords: Any,
    ) -> None:
        self.outcome = outcome
        self._exponent: float | None = None
        self.learner = Learner(Job(name, rewards={HOURS: -1.0}, encoder=encoder, **keywords), journal)

    def learn(self, cases: Iterable[Case], progress: Callable[[int, int], None] | None = None) -> int:
        """Learns finished cases, in the order in which they ended; those it knows already are passed over.

        Args:
            cases: any order.
            progress: called with (done, all).

        Returns:
            How many were learned.
        """
        known = {task.task for task in self.learner.tasks() if task.state != "running"}
        fresh = [case for case in cases if case.events and case.id not in known]
        fresh.sort(key=lambda case: (case.events[-1].at, case.id))
        for done, case in enumerate(fresh, 1):
            self._live_through(case)
            if progress:
                progress(done, len(fresh))
        self._exponent = None
        return len(fresh)

    def forecast(self, case: Case) -> Forecast:
        """What is expected of a running case; writes nothing.

        Raises:
            SituationError: the case has no event yet.
        """
        if not case.events:
            raise SituationError(f"Case {case.id!r} has no event yet.", next_step="Give a case that has begun.")
        situation = situation_after(case, len(case.events))
        decision, value = self.learner.predict(situation), self.learner.value(situation)
        if self._exponent is None:
            self._exponent = self._fitted_exponent()
        following = tempered(decision.probabilities, self._exponent)
        if value is None:
            return Forecast(following, None, None, None, None)
        # Hours weigh -1 and an outcome at most 1, so what is not known of the return is what is not known of the hours.
        hours, width = value.terms[HOURS], WIDTH * math.hypot(value.sd, value.spread)
        return Forecast(
            next=following,
            hours=max(hours, 0.0),
            low=max(hours - width, 0.0),
            high=max(hours + width, 0.0),
            success=value.success,
        )

    def close(self) -> None:
        """Closes the journal."""
        self.learner.close()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _live_through(self, case: Case) -> None:
        """One case as a task; one that a killed program had begun goes on where it was."""
        task = self.learner.task(case.id)
        steps = list(zip(case.events, [*case.events[1:], None], strict=True))
        for count, (event, following) in enumerate(steps, 1):
            if count > task.steps:
                task.decide(situation_after(case, count), at=event.at)
            if count == task.steps and following is not None:
                hours = {HOURS: (following.at - event.at) / 3600.0}
                task.reward(hours, lesson_id=f"{task.decision_id(-1)} {HOURS}", at=following.at)
        ids, ended = [task.decision_id(place) for place in range(len(steps))], case.events[-1].at
        lessons = [(None, END if following is None else following.activity) for _, following in steps]
        keys = [f"{id} next" for id in ids]
        self.learner.teach_many(lessons, decision_ids=ids, lesson_ids=keys, at=[ended] * len(ids))
        task.end(None if self.outcome is None else bool(self.outcome(case)), at=ended)

    def _fitted_exponent(self) -> float:
        """The exponent with the least log-loss on what was said before each of the newest steps went on."""
        said: dict[str, dict[str, float]] = {}
        losses: deque[FloatArray] = deque(maxlen=NEWEST)
        for event in self.learner._record.journal.in_tasks():
            if event.kind == "decision" and not event.forgotten:
                said[event.id] = dict(event.data.get("top", []))
            elif event.kind == "lesson" and event.answer is not None:
                shares = said.pop(str(event.decision_id), {})
                if event.answer in shares:
                    logits = np.log(np.maximum(list(shares.values()), 1e-12))
                    powers = np.outer(EXPONENTS, logits)
                    right = powers[:, list(shares).index(event.answer)]
                    losses.append(np.log(np.exp(powers).sum(axis=1)) - right)
        return float(EXPONENTS[np.mean(losses, axis=0).argmin()]) if len(losses) >= FEWEST else 1.0


def tempered(probabilities: Mapping[str, float], exponent: float) -> dict[str, float]:
    """Probabilities to the power of ``exponent``, summing to 1 again."""
    powers = {name: p**exponent if p > 0.0 else 0.0 for name, p in probabilities.items()}
    total = sum(powers.values()) or 1.0
    return {name: power / total for name, power in powers.items()}


def situation_after(case: Case, count: int) -> dict[str, Scalar]:
    """What is seen of a case after ``count`` events: the newest two activities, how often the newest came, its age."""
    events = case.events[:count]
    newest = events[-1]
    situation: dict[str, Scalar] = {}
    for name, value in [*case.attributes.items(), *newest.attributes.items()]:
        situation[name] = value
    situation["activity"] = newest.activity
    situation["activity before"] = events[-2].activity if count > 1 else "(begin)"
    situation["times so far"] = sum(event.activity == newest.activity for event in events)
    situation["events so far"] = count
    situation["hours so far"] = (newest.at - events[0].at) / 3600.0
    return situation
