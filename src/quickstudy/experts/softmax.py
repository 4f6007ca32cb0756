"""Softmax regression on the situation's vector, trained with replay: every lesson comes with remembered ones.

One AdaGrad step (Duchi et al. 2011) a lesson, on the lesson and ``REPLAY`` examples drawn evenly from memory and names
(experience replay, Lin 1992), each counting as far as it is trusted: what is replayed for ever must not be errors. A
name is an option's first example. An option's weights start at its name's vector and are pulled back to it (L2), so
without lessons this is the prior; with many it is the strongest expert. The draw depends on how many lessons were
learned and nothing else, so the weights are a function of the examples in their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import Arrays, grown
from quickstudy.experts.base import Example, Query, Shared
from quickstudy.experts.memory import Memory
from quickstudy.types import FloatArray, Vector

INPUT_SCALE = 20.0
"""Entries of unit vectors are small; this brings them near 1."""

NAME_SCALE = 6.0
"""Logits of the names' cosines before the first lesson."""

START = np.float32(NAME_SCALE / INPUT_SCALE)

RATE = 0.02
PULL = 3e-4
"""L2 weight of the distance to the start. These three were chosen on CLINC150 and HINT3."""

REPLAY = 31
TOGETHER = 4
"""In a block, so many lessons share one step and their replay."""

LEAST_TRUST = 0.1
"""A step is as long as if all were right, unless the mean trust is below this."""

EPOCHS = 10
BATCH = 64
STEPS = 1500
"""Rehearsal after reliving: so many passes in steps of so many examples; with few lessons up to these steps."""


class Softmax:
    """Multinomial logistic regression with experience replay."""

    name = "softmax"
    initial_weight = 0.5
    mature_weight = 0.75

    def __init__(self, shared: Shared) -> None:
        self._weights = np.zeros((16, shared.dimension), dtype=np.float32)
        self._names = np.zeros_like(self._weights)
        self._named = np.zeros(16, dtype=bool)
        self._squares = np.full_like(self._weights, 1e-3)
        self._options = 0
        self._steps = 0

    def describe(self, vectors: Vector, options: Sequence[int]) -> None:
        """An option's weights start at its first description; later ones change nothing."""
        for vector, option in zip(vectors, options, strict=True):
            self._grow(option + 1)
            if not self._named[option]:
                self._names[option], self._named[option] = vector, True
                self._weights[option] += START * vector

    def propose(self, query: Query) -> FloatArray:
        """Logits (m, options)."""
        known = min(query.options, len(self._weights))
        logits = np.zeros((len(query), query.options))
        weights = self._weights[:known].astype(np.float64)
        logits[:, :known] = INPUT_SCALE * (query.vectors.astype(np.float64) @ weights.T)
        return logits

    def learn(self, examples: Sequence[Example], query: Query) -> None:
        """A step for every lesson; in a block, for every ``TOGETHER`` lessons."""
        self._grow(max(query.options, 1 + max(example.option for example in examples)))
        together = TOGETHER if len(examples) > 1 else 1
        for start in range(0, len(examples), together):
            part = examples[start : start + together]
            generator = np.random.default_rng([self._steps, len(part)])
            remembered, options, trust = self._drawn(query.memory, generator, REPLAY * len(part))
            vectors = np.concatenate([np.stack([example.vector for example in part]), remembered])
            self._step(
                vectors,
                np.concatenate([[example.option for example in part], options]),
                np.concatenate([[example.trust for example in part], trust]),
            )

    def correct(self, example: Example, new: int) -> None:
        """One step on the corrected example; from now on it is replayed with its new answer."""
        self._grow(max(example.option, new) + 1)
        self._step(example.vector[None], np.array([new]), np.ones(1))

    def rehearse(self, memory: Memory) -> None:
        """Some more passes over memory and names, in blocks drawn evenly, the steps falling to zero."""
        steps = max(EPOCHS * memory.size // BATCH, min(STEPS, 2 * memory.size))
        for step in range(steps):
            drawn = self._drawn(memory, np.random.default_rng([step, memory.size]), BATCH)
            self._step(*drawn, rate=RATE * (1.0 - step / steps))

    def state(self) -> Arrays:
        """Weights, names, and AdaGrad's sums."""
        n = self._options
        return {
            "weights": self._weights[:n].copy(),
            "names": self._names[:n].copy(),
            "named": self._named[:n].copy(),
            "squares": self._squares[:n].copy(),
            "steps": np.array(self._steps),
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """From :meth:`state`."""
        self._weights = state["weights"].copy()
        self._names, self._named = state["names"].copy(), state["named"].copy()
        self._squares, self._steps = state["squares"].copy(), int(state["steps"])
        self._options = len(self._weights)

    def _grow(self, options: int) -> None:
        if options > len(self._weights):
            self._weights = grown(self._weights, options)
            self._names, self._named = grown(self._names, options), grown(self._named, options)
            before, self._squares = len(self._squares), grown(self._squares, options)
            self._squares[before:] = 1e-3
        self._options = max(self._options, options)

    def _drawn(
        self, memory: Memory, generator: np.random.Generator, count: int
    ) -> tuple[Vector, npt.NDArray[np.int64], FloatArray]:
        """Up to ``count`` examples drawn evenly from memory and names: vectors (n, d), options (n,), trust (n,)."""
        named = np.flatnonzero(self._named)
        known = memory.size + len(named)
        rows = generator.integers(0, known, count) if known else np.zeros(0, dtype=np.int64)
        vectors, options, trust = memory.examples(rows[rows < memory.size])
        names = named[rows[rows >= memory.size] - memory.size]
        return (
            np.concatenate([vectors, self._names[names]]),
            np.concatenate([options, names]),
            np.concatenate([trust, np.ones(len(names))]),
        )

    def _step(self, vectors: Vector, options: npt.NDArray[np.int64], trust: FloatArray, rate: float = RATE) -> None:
        self._steps += 1
        n = self._options
        inputs = vectors * np.float32(INPUT_SCALE)
        logits = inputs @ self._weights[:n].T
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        logits[np.arange(len(options)), options] -= 1.0
        logits *= (trust / max(float(trust.mean()), LEAST_TRUST)).astype(np.float32)[:, None]
        gradient = (logits.T @ inputs) / np.float32(len(options))
        gradient += np.float32(PULL) * (self._weights[:n] - START * self._names[:n])
        self._squares[:n] += gradient * gradient
        self._weights[:n] -= np.float32(rate) * gradient / np.sqrt(self._squares[:n])
