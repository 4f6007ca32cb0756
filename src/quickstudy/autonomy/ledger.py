"""The ledger: how many of the answers stood behind can be wrong, at any time, with a stated confidence.

An answer is *stood behind* when its score passes the threshold in force. Whether it is right is fixed; then a coin
with a probability q known beforehand decides whether it is audited (q = 1 in shadow). Let X be 1 where an answer is
wrong and A where its coin says audit. For 0 < c < -log(1 - q) and s(q, c) = -log(1 - (1 - exp(-c)) / q), the factor
exp(c·X - s(q, c)·A·X) has mean 1: the coin is independent of X given the past, and E exp(-s·A) = 1 - q + q·exp(-s) =
exp(-c). So the product over answers is a martingale, for any q and c that depend on the past only; so is a mixture of
several; and Ville's inequality (1939) says that it ever exceeds 1/δ with probability at most δ. What it has not
exceeded bounds ΣX, the number of wrong answers, at all times, under any drift, model or threshold of the past.

Each part of the mixture has a c of its own, cut off at the limit that the answer's q allows. So seldom audited answers
do not spoil what often audited ones have shown. Where errors hide is unknown: they are assumed where they cost the
mixture least, that is where q was smallest; this is the worst case of all parts at once.

An audit without a verdict counts as found wrong, which only raises the bound. Not here: thresholds, audit rates, coins.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.types import FloatArray

LEVELS = 28
"""Audit probabilities are told apart on so many levels between ``q_min`` and 1, evenly on a logarithmic scale."""

SMALLEST, LARGEST, STEP = 0.002, 4.0, 2.0
"""The values of c that are mixed: from the largest down to the smallest, each smaller by the step."""

EDGE = 0.98
"""The largest c, as a share of its limit, where one more error would cost infinitely much."""


class Ledger:
    """Counts of what was stood behind, and the bound on what of it is wrong.

    Args:
        confidence: 1 - δ; the bound holds at all times together with at least this probability over the coins.
        q_min: the smallest audit probability that will ever be used, in (0, 1].

    >>> ledger = Ledger(0.95, 0.1)
    >>> for _ in range(200):
    ...     ledger.stand(1.0, audited=True)
    ...     ledger.verdict(1.0, wrong=False)
    >>> ledger.bound(), ledger.allows(0.02)
    (0, True)
    """

    def __init__(self, confidence: float = 0.95, q_min: float = 0.05) -> None:
        self.confidence, self.q_min = confidence, q_min
        self._limit = -math.log1p(-confidence)
        self._qs: FloatArray = q_min ** (1.0 - np.arange(LEVELS) / (LEVELS - 1.0)) if q_min < 1.0 else np.ones(1)
        most = -np.log1p(-np.minimum(self._qs, 1.0 - 1e-9))
        parts = LARGEST / STEP ** np.arange(math.ceil(math.log(LARGEST / SMALLEST, STEP)) + 1)
        self._c: FloatArray = np.minimum(parts[:, None], EDGE * most[None, :])  # (parts, levels)
        self._share = -math.log(len(parts))
        self._spent = np.zeros(len(parts))  # Σ s - c over audits that were wrong or are pending
        self._hidden = np.zeros(len(self._qs), dtype=np.int64)  # unchecked answers by level
        self._unseen = 0  # the last result of the search for the bound; the next one begins there
        self.answers = 0
        self.audited = 0
        self.errors = 0
        self.pending = 0

    @property
    def unchecked(self) -> int:
        """How many answers will never have a verdict."""
        return self.answers - self.audited

    @property
    def certain(self) -> int:
        """How many count as wrong: found, or without a verdict yet."""
        return self.errors + self.pending

    def stand(self, q: float, *, audited: bool) -> None:
        """One more answer stood behind, whose coin had probability ``q``; an audited one is pending at first.

        Raises:
            ValueError: q is below ``q_min`` or above 1, or an answer that was sure to be audited was not.
        """
        if not self.q_min <= q <= 1.0 or (q == 1.0 and not audited):
            raise ValueError(f"an audit probability of {q} (audited: {audited}), below {self.q_min} or above 1")
        self.answers += 1
        if audited:
            self.audited += 1
            self.pending += 1
            self._spent += self._cost(q)
        else:
            self._hidden[self._level(q)] += 1

    def verdict(self, q: float, *, wrong: bool) -> None:
        """The first verdict on an audited answer."""
        self.pending -= 1
        if wrong:
            self.errors += 1
        else:
            self._spent -= self._cost(q)

    def bound(self) -> int:
        """U: with probability at least ``confidence``, at all times, no more than U of the answers so far are wrong."""
        low, high = 0, self.unchecked
        guess = min(self._unseen, high)
        step = 1
        if self._possible(guess):
            low = guess
            while low + step <= high and self._possible(low + step):
                low, step = low + step, 2 * step
            high = min(high, low + step - 1)
        else:
            high = guess - 1
            while high - step >= 0 and not self._possible(high - step):
                high, step = high - step - 1, 2 * step
            low = max(low, high - step)
        while low < high:
            middle = (low + high + 1) // 2
            if self._possible(middle):
                low = middle
            else:
                high = middle - 1
        self._unseen = low
        return self.certain + low

    def allows(self, target: float, extra: int = 0) -> bool:
        """Whether one more answer can be wrong and still no more than a share ``target`` of all can be.

        Args:
            target: T, the share of wrong answers that is accepted.
            extra: answers known to be wrong outside the audits.
        """
        allowed = math.floor(target * (self.answers + 1) + 1e-9) - 1
        if self.certain + extra > allowed:
            return False
        unseen = allowed - self.certain
        return unseen >= self.unchecked or not self._possible(unseen + 1)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """As arrays."""
        counts = np.array([self.answers, self.audited, self.errors, self.pending])
        fixed = np.array([self.confidence, self.q_min])
        return {"spent": self._spent.copy(), "hidden": self._hidden.copy(), "counts": counts, "fixed": fixed}

    @classmethod
    def restore(cls, state: Mapping[str, npt.NDArray[Any]]) -> Ledger:
        """From :meth:`state`."""
        ledger = cls(*(float(value) for value in state["fixed"]))
        ledger._spent, ledger._hidden = state["spent"].copy(), state["hidden"].copy()
        ledger.answers, ledger.audited, ledger.errors, ledger.pending = (int(count) for count in state["counts"])
        return ledger

    def _level(self, q: float) -> int:
        """The largest level whose q is no larger."""
        return max(0, int(np.searchsorted(self._qs, q * (1.0 + 1e-12), side="right")) - 1)

    def _cost(self, q: float) -> FloatArray:
        c = self._c[:, self._level(q)]
        cost: FloatArray = -np.log1p(np.expm1(-c) / q) - c
        return cost

    def _possible(self, unseen: int) -> bool:
        """Whether so many unchecked answers can be wrong: the mixture does not exceed 1/δ then."""
        if unseen <= 0:
            return True
        filled = np.clip(unseen - np.concatenate([[0], np.cumsum(self._hidden)[:-1]]), 0, self._hidden)
        exponents = self._c @ filled - self._spent
        peak = float(exponents.max())
        return peak + self._share + math.log(float(np.exp(exponents - peak).sum())) <= self._limit
