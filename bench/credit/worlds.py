"""Simulated tasks of 1,000 steps in which one step decides, and what is seen of it is little and noisy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quickstudy.types import FloatArray

NUMBERS = 12
NOISE = 0.3


@dataclass(frozen=True, slots=True)
class Doomed:
    """A task.

    Attributes:
        seen: what is seen at each step, float64 (n, 12).
        step: the step that doomed it; None if nothing did.
        good: its outcome.
    """

    seen: FloatArray
    step: int | None
    good: bool


def task(draw: np.random.Generator, steps: int, jump: float, *, doomed: bool) -> Doomed:
    """One task.

    Number 0 is the one that matters: from the step after the doomed one on it is higher by ``jump``, in a noise of
    standard deviation 0.3. Number 1 is the time. Numbers 2 to 5 jump by 2 as well, at one to three steps of any task,
    and mean nothing; the others wander. A doomed task fails; of the others one in ten fails by chance.
    """
    noise = NOISE * draw.standard_normal((steps, NUMBERS))
    seen = np.zeros((steps, NUMBERS))
    for k in range(1, steps):
        seen[k] = 0.9 * seen[k - 1] + 0.436 * noise[k]
    seen[:, 0] = noise[:, 0]
    seen[:, 1] = np.arange(steps) / steps
    for number in range(2, 6):
        for k in draw.integers(steps // 20, steps - steps // 20, int(draw.integers(1, 4))):
            seen[k:, number] += draw.choice([-2.0, 2.0])
    if not doomed:
        return Doomed(seen, None, bool(draw.random() < 0.9))
    step = int(draw.integers(steps // 20, steps - steps // 20))
    seen[step + 1 :, 0] += jump
    return Doomed(seen, step, False)
