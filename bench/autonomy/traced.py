"""tracer-llm on the gate's streams, at its own target: what it takes over is done alone, the rest is asked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bench.autonomy.record import ACT, ASK, Record
from bench.autonomy.worlds import World
from bench.learners.base import Setting, Task
from bench.learners.tracer_learner import COLD_START, Tracer


def play_tracer(world: World, target: float, seed: int, progress: Callable[[int, int], None] | None = None) -> Record:
    """One stream, once, at an agreement with its teacher of 1 - ``target``; where none is right nothing is taught."""
    setting = Setting("autonomy", world.names, world.vectors.shape[1], world.open)
    tracer = Tracer(setting, seed, {**COLD_START, "target_teacher_agreement": 1.0 - target})
    count = len(world)
    modes, right, probability = np.zeros(count, dtype=np.int8), np.zeros(count, dtype=bool), np.zeros(count)
    for i in range(count):
        task = Task("", world.vectors[i], float(world.times[i]))
        guess = tracer.decide(task)
        option = int(world.answers[i])
        modes[i] = ASK if guess.answer is None else ACT
        right[i] = option >= 0 and guess.answer == world.names[option]
        probability[i] = guess.confidence
        if guess.answer is None and option >= 0:
            tracer.learn(task, world.names[option])
        if progress and i % 50 == 49:
            progress(i + 1, count)
    return Record(modes, right, probability)
