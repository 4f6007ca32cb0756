"""The ledger: how many of the answers stood behind can be wrong, at any time, with a stated confidence.

An answer is *stood behind* when its score passes the threshold in force. Whether it is right is fixed; then a coin
with a probability q known beforehand decides whether it is audited (q = 1 in shadow). Let X be 1 where an answer is
wrong and A where its coin says audit. For c > 0 with 1 - exp(-c) < q, and s(q, c) = -log(1 - (1 - exp(-c)) / q), the
factor exp(c·X - s(q, c)·A·X) has mean 1: the coin is independent of X given the past, and E exp(-s·A) =
1 - q + q·exp(-s) = exp(-c). Where q is too small for c, the factor is 0: this c is given up for ever, which is as
valid. So every product over answers is a supermartingale that begins at 1; a mixture over c is one too, and Ville's
inequality (1939) says that it ever exceeds 1/δ with probability at most δ. What it has not exceeded bounds ΣX, the
number of wrong answers, at all times together, under any drift, model, threshold or audit rate that depends on the
past only.

Large c make the bound tight while audits are frequent, small ones when they are rare; giving the large ones up as the
audit rate falls is what lets the gate open after little evidence and audit little later.

An audit without a verdict counts as found wrong, which only raises the bound. Not here: thresholds, audit rates, coins.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.types import FloatArray

LARGEST = 1.0
"""The largest c: of use while at least 64% is audited. Chosen on CLINC150, as are the next two."""

STEP = 2.0**-0.25
"""Each value of c is so much smaller than the one before."""

BEYOND = 4
"""How many values of c lie below what ``q_min`` allows: they are for long streams."""

EDGE = 0.98
"""No c is used nearer than this to its limit, where one more error would cost infinitely much."""


class Ledger:
    """Counts of what was stood behind, and the bound on what of it is wrong.

    Args:
        confidence: C; the bound holds at all times together with at least this probability over the coins.
        q_min: the smallest audit probability that will ever be used, in (0, 1].
    """

    def __init__(self, confidence: float = 0.95, q_min: float = 0.01) -> None:
        self.confidence, self.q_min = confidence, q_min
        self._limit = -math.log1p(-confidence)
        smallest = EDGE * limit_of(q_min)
        values = [LARGEST]
        while values[-1] > smallest:
            values.append(values[-1] * STEP)
        values += [values[-1] * STEP**k for k in range(1, BEYOND)]
        self._c: FloatArray = np.array(values)
        self._spent = np.zeros(len(values))  # Σ s(q, c) over audits that were wrong or are pending
        self._alive = np.ones(len(values), dtype=bool)
        self.answers = 0
        self.audited = 0
        self.errors = 0
        self.pending = 0
        self._held = 0
        self._held_at = (
            0  # how many answers there were when the mixture gave ``_held``; later ones are added one by one
        )

    @property
    def unchecked(self) -> int:
        """How many answers will never have a verdict."""
        return self.answers - self.audited

    @property
    def certain(self) -> int:
        """How many count as wrong: found, or without a verdict yet."""
        return self.errors + self.pending

    @property
    def values(self) -> FloatArray:
        """The values of c (k,), from the largest down."""
        return self._c.copy()

    def bounds(self) -> FloatArray:
        """For each value of c, (k,): the bound, not a whole number, by it and the smaller ones alone; infinite if dead.

        That is what the bound becomes when audits get so rare that larger ones are given up.
        """
        found = np.full(len(self._c), np.inf)
        alive = np.flatnonzero(self._alive)
        c, spent = self._c[alive], self._spent[alive]
        level = self._limit + math.log(len(self._c))
        guess = np.minimum.accumulate(((level + spent) / c)[::-1])[::-1]  # each is a bound on its own
        smaller = np.tri(len(c), dtype=bool).T
        for _ in range(6):  # Newton's steps on a convex function, from above
            exponents = np.where(smaller, c * guess[:, None] - spent, -np.inf)
            peak = exponents.max(axis=1, keepdims=True)
            parts = np.exp(exponents - peak)
            total = parts.sum(axis=1)
            guess = guess - (peak[:, 0] + np.log(total) - level) * total / (parts @ c)
        found[alive] = guess
        return found

    def stand(self, q: float, *, audited: bool) -> None:
        """One more answer stood behind, whose coin had probability ``q``; an audited one is pending at first."""
        if not self.q_min <= q <= 1.0 or (q == 1.0 and not audited):
            raise ValueError(f"an audit probability of {q} (audited: {audited}), below {self.q_min} or above 1")
        self._alive &= self._c <= EDGE * limit_of(q)
        self.answers += 1
        self._held += 1
        if audited:
            self.audited += 1
            self.pending += 1
            self._spend(q, 1.0)
        self._tighten()

    def verdict(self, q: float, *, wrong: bool, number: int | None = None) -> None:
        """The first verdict on an audited answer.

        Args:
            q: its probability of an audit.
            wrong: what the verdict says.
            number: which answer it was, counted from 1; the newest if None.
        """
        self.pending -= 1
        if wrong:
            self.errors += 1
        else:
            # An answer that was added to an earlier bound on its own goes out again; one that the bound was about
            # does not: the errors that it allows may be elsewhere.
            self._held -= (self.answers if number is None else number) > self._held_at
            self._spend(q, -1.0)
        self._tighten()

    def bound(self) -> int:
        """U: with probability at least C, at all times, no more than U of the answers so far are wrong.

        An earlier bound is one too, once every answer since that is not known to be right is added: the smaller counts.
        """
        return self._held

    def allows(self, target: float, extra: int = 0) -> bool:
        """Whether one more answer can be wrong and still no more than a share ``target`` of all can be.

        Args:
            target: T, the share of wrong answers that is accepted.
            extra: answers known to be wrong outside the audits.
        """
        return max(self._held, self.certain + extra) + 1 <= target * (self.answers + 1) + 1e-9

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """As arrays."""
        counts = [self.answers, self.audited, self.errors, self.pending, self._held, self._held_at]
        fixed = np.array([self.confidence, self.q_min])
        return {"spent": self._spent.copy(), "alive": self._alive.copy(), "counts": np.array(counts), "fixed": fixed}

    @classmethod
    def restore(cls, state: Mapping[str, npt.NDArray[Any]]) -> Ledger:
        """From :meth:`state`."""
        ledger = cls(*(float(value) for value in state["fixed"]))
        ledger._spent, ledger._alive = state["spent"].copy(), state["alive"].copy()
        counts = [int(count) for count in state["counts"]]
        ledger.answers, ledger.audited, ledger.errors, ledger.pending, ledger._held, ledger._held_at = counts
        return ledger

    def _spend(self, q: float, times: float) -> None:
        alive = self._c[self._alive]
        self._spent[self._alive] += times * -np.log1p(np.expm1(-alive) / q)

    def _tighten(self) -> None:
        now = self._mixed()
        if now < self._held:
            self._held, self._held_at = now, self.answers

    def _mixed(self) -> int:
        """The largest number of wrong answers that the mixture has not refuted, or ``_held`` if that is smaller."""
        certain = self.certain
        high = min(certain + self.unchecked, self._held)
        if high <= certain or self._evidence(high) <= self._limit:
            return high
        step = 1
        while (low := max(high - step, certain)) > certain and self._evidence(low) > self._limit:
            high, step = low, 2 * step
        while high - low > 1:  # high is refuted, low is not, or it is certain
            middle = (low + high) // 2
            if self._evidence(middle) <= self._limit:
                low = middle
            else:
                high = middle
        return low

    def _evidence(self, wrong: int) -> float:
        """The log of the mixture martingale if ``wrong`` answers were wrong."""
        exponents = self._c[self._alive] * wrong - self._spent[self._alive]
        peak = float(exponents.max())
        return peak + math.log(float(np.exp(exponents - peak).sum()) / len(self._c))


def limit_of(q: float) -> float:
    """Below which c must lie where audits have probability ``q``."""
    return -math.log1p(-q) if q < 1.0 else math.inf
