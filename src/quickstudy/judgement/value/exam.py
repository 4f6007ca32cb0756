"""The exam: which plans are in force. Each is played out in the newest model, from where tasks begin.

What a plan says of itself is what kernel regression makes of it, and may be wrong at the very places to which it leads.
Played out step by step it cannot hide that. A plan that does surely worse than the best one fails; the others are in
force together, and the mean of their values decides: where they are all good, the chance errors of one are outvoted.

Invariant: a function of the model, the plans and the situations. Not here: making plans (``plans``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.judgement.value.dynamics import Dynamics
from quickstudy.judgement.value.plans import CAUTION, Plan, Stack, worth
from quickstudy.types import FloatArray

BEGINNINGS = 6
"""Situations from which plans are played out."""
HORIZON = 5.0
"""For how long, in units of 1 / (1 - γ). Rewards count in full: how whole tasks go."""
SURE = 2.0
"""A plan fails when it is worse than the best one by more than so many standard errors of the difference,"""
MARGIN = 0.2
"""and by more than this share of what can be: all rewards at their best instead of their worst. The model is never
quite right; with less, an exam that cannot see far (Acrobot) picks one plan by chance."""


def scores(
    dynamics: Dynamics, plans: Sequence[Plan], starts: FloatArray, weights: FloatArray, discount: float
) -> FloatArray:
    """The discounted return of each plan's known policy from each start, in the model; the unfamiliar is poor in part.

    Args:
        dynamics: the model.
        plans: p of them; what is poor, the last one says.
        starts: situations (n, m), not standardised.
        weights: the reward terms' weights, (t,).
        discount: γ.

    Returns:
        float64 (p, n).
    """
    stack, (count, numbers) = Stack(plans, coarse=True), starts.shape
    dynamics = dynamics.coarse()
    seen: npt.NDArray[Any] = np.repeat(starts[None], len(plans), axis=0).reshape(-1, numbers).astype(np.float32)
    every = np.arange(len(seen))
    poor = float(plans[-1].levels[1]) * (1.0 - discount)
    found, left = np.zeros(len(seen)), np.ones(len(seen))
    for steps in range(int(HORIZON / (1.0 - discount)), 0, -1):
        imagined = dynamics.imagine(dynamics.standardised(seen))
        options = len(imagined.ends)
        after = imagined.after * dynamics.scale + dynamics.centre  # (options, p n, m)
        own = after.reshape(options, len(plans), count, numbers).swapaxes(0, 1)
        values = stack.values(own.reshape(len(plans), options * count, numbers))
        following = values.reshape(len(plans), options, count).swapaxes(0, 1).reshape(options, -1)
        choice = np.argmax(worth(imagined, weights, discount, following, np.repeat(stack.poor[:, 0], count)), axis=0)
        share = CAUTION * imagined.unfamiliar[choice, every]
        found += left * ((1.0 - share) * (imagined.rewards[choice, every] @ weights) + share * poor * steps)
        left *= (1.0 - share) * (1.0 - imagined.ends[choice, every])
        if left.max() < 1e-3:
            break
        seen = after[choice, every]
    return found.reshape(len(plans), count)


def passed(found: FloatArray, span: float, seats: int) -> npt.NDArray[np.int64]:
    """Which plans pass, in their order: none that is surely worse than the best one, and no more than the best few.

    Args:
        found: their scores (p, n).
        span: from the worst to the best that can be, discounted.
        seats: how many can pass.
    """
    means = found.mean(axis=1)
    behind = found[int(np.argmax(means))] - found
    error = behind.std(axis=1) / np.sqrt(found.shape[1])
    good = np.flatnonzero(behind.mean(axis=1) <= np.maximum(SURE * error, MARGIN * HORIZON * span))
    return np.sort(good[np.argsort(-means[good], kind="stable")[:seats]])
