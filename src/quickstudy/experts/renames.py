"""Renames: when an answer takes another's place, what was remembered under the old one is proposed under the new.

Work drifts: an account is renamed, a queue is split. ``Recent`` then proposes the old name wherever the new one was not
taught yet. This expert learns M(b | a): how often option b was taught where ``recent`` proposed a, the past decaying
with every lesson about a, so a few cases of a new name turn it over for all situations. Its opinion is recent's shares
passed through M. Without drift M is nearly the identity, with the usual confusions mended.

State: the rows of M, sparse: memory grows with pairs that were seen, and small counts are dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import Arrays
from quickstudy.experts.base import Example, Query, Shared
from quickstudy.experts.memory import Memory
from quickstudy.experts.votes import FLOOR
from quickstudy.types import FloatArray, Vector

KEEP = 0.8
"""How much of a row is left after a lesson about its option."""

IDENTITY = 1.0
"""Pseudo-count of "a stays a"."""

SMALL = 1e-3
"""Shares and counts below this are dropped."""


class Renames:
    """Recent memories under today's names."""

    name = "renames"
    initial_weight = 0.1
    mature_weight = 0.1

    def __init__(self, shared: Shared) -> None:
        self._rows: dict[int, dict[int, float]] = {}

    def describe(self, vectors: Vector, options: Sequence[int]) -> None:
        """Nothing: names are the prior's."""

    def propose(self, query: Query) -> FloatArray:
        """Log-shares (m, options)."""
        translated = np.zeros((len(query), query.options))
        for shares, into in zip(query.recent_shares, translated, strict=True):
            told = [0.0] * query.options  # plain numbers: a few of them, and arrays' cost ten times as much each
            for proposed in np.flatnonzero(shares > SMALL).tolist():
                row = self._rows.get(proposed, {})
                share = float(shares[proposed]) / (IDENTITY + sum(row.values()))
                told[proposed] += share * IDENTITY
                for option, count in row.items():
                    if option < query.options:
                        told[option] += share * count
            into[:] = told
        return np.log(translated + FLOOR)

    def learn(self, examples: Sequence[Example], query: Query) -> None:
        """Counts what was taught where ``recent`` proposed something."""
        for shares, example in zip(query.recent_shares, examples, strict=True):
            for proposed in np.flatnonzero(shares > SMALL).tolist():
                share = float(shares[proposed])
                row = self._rows.setdefault(proposed, {})
                keep = 1.0 - (1.0 - KEEP) * share
                for other, count in list(row.items()):
                    row[other] = keep * count
                    if row[other] < SMALL:
                        del row[other]
                row[example.option] = row.get(example.option, 0.0) + share

    def correct(self, example: Example, new: int) -> None:
        """Nothing: counts decay."""

    def rehearse(self, memory: Memory) -> None:
        """Nothing: every example is learned fully at once."""

    def state(self) -> Arrays:
        """The rows as triples."""
        triples = [(a, b, count) for a, row in self._rows.items() for b, count in row.items()]
        return {
            "pairs": np.array([pair[:2] for pair in triples], dtype=np.int64).reshape(-1, 2),
            "counts": np.array([pair[2] for pair in triples], dtype=np.float64),
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """The rows from triples."""
        self._rows = {}
        for (a, b), count in zip(state["pairs"].tolist(), state["counts"].tolist(), strict=True):
            self._rows.setdefault(a, {})[b] = count
