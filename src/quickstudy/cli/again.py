"""Putting tasks to a second person, before new ones: those that ``ask_twice`` drew and that somebody else answered.

Invariant: it is blind. Neither the first answer nor what the learner thinks is shown, so that the two people do not err
together; where they differ, nothing is said. Not here: which tasks (``autonomy.twice``), and the question (``asking``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quickstudy.cli.asking import ask
from quickstudy.cli.console import Stop, err

if TYPE_CHECKING:
    from quickstudy.learner import Learner


@dataclass(frozen=True, slots=True)
class SecondAnswers:
    """How many second answers were given, and whether the person can still be asked."""

    given: int = 0
    person: bool = True


def ask_again(learner: Learner, by: str, stop: Stop) -> SecondAnswers:
    """Asks a person about the tasks that wait for a second teacher.

    Args:
        learner: the learner.
        by: the person's name; tasks that she answered herself are not asked.
        stop: tells that the run is to end.
    """
    waiting = learner.to_ask_again(by)
    if waiting:
        err().print(f"First, {len(waiting):,} asked a second time. You are {by!r}; what others said is not shown.")
    given = 0
    for decision in waiting:
        try:
            with stop.listening():
                reply = ask(decision, set(learner.options), is_open=learner.job.open, console=err(), blind=True)
        except KeyboardInterrupt:
            return SecondAnswers(given, person=False)
        if reply.answer is not None:
            learner.teach(decision, reply.answer, by=by)
            given += 1
        elif reply.none:
            learner.reject(decision, by=by)
        if reply.stop:
            return SecondAnswers(given, person=False)
    return SecondAnswers(given)
