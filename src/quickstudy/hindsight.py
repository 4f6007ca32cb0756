"""A record's tasks of many steps, looked back at: what each got, how its value went, which lesson it wants.

Pure reading. Not here: the numbers themselves (``review``), and where values come from (``episodes``).
"""

from __future__ import annotations

import numpy as np

from quickstudy.episodes import Episode
from quickstudy.perception import situation_from_json
from quickstudy.record import Record
from quickstudy.review import Review, ReviewStep, TaskSummary, Worth, differences, turning_step, worths
from quickstudy.types import FloatArray
from quickstudy.views import past_decision


def summary(record: Record, episode: Episode) -> TaskSummary:
    """A task as a list shows it."""
    if episode.steps:
        total = float(received(record, episode).sum())
    else:
        terms = record.job.terms
        total = float(sum(terms.array(given) @ terms.weights for given in episode.amounts.values()))
    began = episode.steps[0].at if episode.steps else 0.0
    return TaskSummary(episode.id, state_of(episode), len(episode.steps), episode.outcome, total, began)


def reviewed(record: Record, episode: Episode) -> Review:
    """A task with steps, judged by what all other tasks teach."""
    rewards = received(record, episode)
    known = record.episodes.expected(episode)
    means = np.array([value.mean for value in known])
    errors = differences(means, rewards, ended=episode.whole) if known else np.full(len(rewards), np.nan)
    turn = turning_step(means, rewards, ended=episode.whole) if known else None
    steps = tuple(
        ReviewStep(
            step=event.step or 0,
            decision_id=event.id,
            at=event.at,
            situation=situation_from_json(event.situation) if event.situation else "",
            answer=event.answer,
            taught=episode.taught.get(event.id),
            reward=float(rewards[i]),
            value=known[i].mean if known else None,
            sd=known[i].sd if known else None,
            error=None if np.isnan(errors[i]) else float(errors[i]),
        )
        for i, event in enumerate(episode.steps)
    )
    return Review(
        task=episode.id,
        state=state_of(episode),
        outcome=episode.outcome,
        total=float(rewards.sum()),
        steps=steps,
        turned=None if turn is None else steps[turn[0]].step,
        change=None if turn is None else turn[1],
        lessons=teachable(episode, known[0].success if known else None),
    )


def teachable(episode: Episode, success: float | None = None) -> tuple[Worth, ...]:
    """What kinds of lessons could teach about a task, best first.

    Demonstrations and corrections are about steps for which something was proposed and nothing was taught; corrections
    only about a task that has ended and did not go well; outcomes about one that still runs. Where nothing was proposed
    at all, as by an agent that learns from rewards alone, nothing is asked for.

    Args:
        episode: the task.
        success: the probability of a good outcome at its start, where known.
    """
    proposed = {event.id: dict(past_decision(event).probabilities) for event in episode.steps}
    if not any(proposed.values()):
        return ()
    succeeded = episode.end is not None and episode.end.correct is True
    return worths(
        [shares for id, shares in proposed.items() if shares and id not in episode.taught],
        success,
        told=episode.end is not None,
        failed=episode.end is not None and not succeeded,
    )


def received(record: Record, episode: Episode) -> FloatArray:
    """What each step received, weighed (n,)."""
    rewards: FloatArray = record.episodes.rewards(episode) @ record.job.terms.weights
    return rewards


def state_of(episode: Episode) -> str:
    """A task's state in words."""
    if episode.handed_over:
        return "given up"
    if episode.end is None:
        return "running"
    return "cut off" if episode.cut_off else "ended"
