"""Early stop: when a task has become hopeless, and how many are given up wrongly.

*The rule* fires at the first step where the chance of success that is still possible (its estimate plus one standard
deviation) lies below a threshold. Tasks that ran to their end show how low a task can fall that succeeds all the same;
the threshold is a low quantile of that, as in split conformal prediction (Vovk et al. 2005, "Algorithmic learning in a
random world"). Tasks that were let run by a coin stand for those that were not, or every new threshold would cut off
the same share again.

*The promise* does not rest on that. When the rule fires, a coin with a probability q known beforehand lets the task run
all the same, to check; q = 1 while nothing is shown (shadow). A task is given up wrongly if it would have succeeded,
had it been let run. The :class:`~quickstudy.autonomy.ledger.Ledger` bounds their number at all times:

    Whenever a task is given up: of all tasks that have ended so far, at most the set rate were given up wrongly, with a
    probability of at least 95% over the coins.

It holds under any drift, threshold and value function. A task that was let run and whose outcome is never told counts
as wrong. Nothing is promised about a single task. Not here: what success is (``Task.end``), and the coins.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from quickstudy.autonomy.coins import coin
from quickstudy.autonomy.ledger import EDGE, Ledger, limit_of
from quickstudy.journal import Event

CONFIDENCE = 0.95
LADDER = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
"""The probabilities with which a hopeless task is let run to check, smallest first; and 1 where none will do."""

WINDOW = 2_000
"""The threshold is set by the latest tasks, so many."""

SHARE = 0.02
"""The threshold aims at this part of the rate; the rest is for what is not known: an error that is found where few are
checked costs much of the bound."""

FEWEST = 20
"""The rule does not fire before so many tasks have succeeded."""

HEAVIEST = 10.0
"""The largest weight of one task in the threshold."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A ruling on a task for which the rule fired.

    Attributes:
        given_up: whether it is given up; if not, it is let run to check.
        q: the probability with which it is let run.
        coin: the coin; below q it is let run.
        threshold: which the chance of success fell below.
    """

    given_up: bool
    q: float
    coin: float
    threshold: float


@dataclass(frozen=True, slots=True)
class StopReport:
    """What early stop has done so far.

    Attributes:
        tasks: tasks that have ended.
        fired: tasks for which the rule fired.
        given_up: of these, those that were given up.
        checked: of these, those that were let run to check.
        wrong: of these, those that then succeeded.
        pending: of these, those without an outcome yet.
        bound: at most so many of the tasks for which the rule fired would have succeeded, with 95% confidence.
    """

    tasks: int
    fired: int
    given_up: int
    checked: int
    wrong: int
    pending: int
    bound: int


class Stopping:
    """The rule and its ledger: a fold of the ``task`` events of one learner.

    Args:
        node: the learner's id; other learners' tasks are passed over.
        key: the journal's key for coins.
    """

    def __init__(self, node: str, key: str | None) -> None:
        self._node, self._key = node, key
        self._ledger = Ledger(CONFIDENCE, LADDER[0])
        self._tasks = 0
        self._given_up: set[str] = set()
        self._checked: dict[str, tuple[float, int]] = {}
        self._surprises = 0
        self._past: deque[tuple[float, bool, float]] = deque(maxlen=WINDOW)
        self._thresholds: dict[float, float | None] = {}

    def fold(self, events: Iterable[Event]) -> None:
        """Takes events that were journaled."""
        for event in events:
            if event.kind != "task" or event.node != self._node or event.task_id is None:
                continue
            if event.mode is not None and event.propensity is not None:
                self._ledger.stand(event.propensity, audited=event.mode == "audit")
                if event.mode == "audit":
                    self._checked[event.task_id] = (event.propensity, self._ledger.answers)
                else:
                    self._given_up.add(event.task_id)
            elif event.step is not None:
                self._end(event)

    def rule(self, id: str, possible: float | None, rate: float) -> Stop | None:
        """Rules on a task that the rule has not fired for yet. Changes nothing.

        Args:
            id: an id that the journal made, for the coin.
            possible: the chance of success that is still possible; None while it is not known.
            rate: how many of all tasks may be given up wrongly, in (0, 1).

        Returns:
            None while the rule does not fire.
        """
        threshold = self.threshold(rate)
        if self._key is None or possible is None or threshold is None or possible >= threshold:
            return None
        q, flip = self._probability(rate), coin(self._key, id)
        return Stop(flip >= q, q, flip, threshold)

    def threshold(self, rate: float) -> float | None:
        """Below which a task is hopeless; None while too few tasks have succeeded to say."""
        if rate not in self._thresholds:
            self._thresholds[rate] = self._quantile(rate)
        return self._thresholds[rate]

    def _quantile(self, rate: float) -> float | None:
        weights = sum(weight for _, _, weight in self._past)
        lowest = sorted((low, weight) for low, good, weight in self._past if good)
        room = SHARE * rate * weights
        for low, weight in lowest if len(lowest) >= FEWEST else ():
            room -= weight
            if room < 0.0:
                return low
        return None

    def report(self) -> StopReport:
        """The counts and the bound."""
        ledger = self._ledger
        return StopReport(
            tasks=self._tasks,
            fired=ledger.answers,
            given_up=ledger.unchecked,
            checked=ledger.audited,
            wrong=ledger.errors,
            pending=ledger.pending,
            bound=ledger.bound(),
        )

    # -- inside

    def _probability(self, rate: float) -> float:
        """The smallest probability of a check with which the promise can be kept."""
        ledger = self._ledger
        allowed = rate * (self._tasks + 1) + ledger.errors + 1e-9  # those found wrong were let run
        if max(ledger.bound(), ledger.certain + self._surprises) + 1 > allowed:
            return 1.0
        bounds, values = ledger.bounds(), ledger.values
        for q in LADDER:
            first = bisect_left(-values, -EDGE * limit_of(q))
            if first < len(values) and np.floor(bounds[first]) + 1 <= allowed:
                return q
        return 1.0

    def _end(self, event: Event) -> None:
        id, good = str(event.task_id), event.correct
        self._tasks += 1
        if id in self._given_up:
            self._given_up.discard(id)
            self._surprises += good is True
            return
        q, number = self._checked.pop(id, (1.0, 0))
        if number and good is not None:
            self._ledger.verdict(q, wrong=good, number=number)
        low = event.data.get("lowest")
        if good is not None and low is not None:
            self._thresholds.clear()
            self._past.append((float(low), good, min(1.0 / q, HEAVIEST)))
