"""What options usually lead to: how outcomes share their probability, and how often a new one turns up.

Learned from all counts of a world together (empirical Bayes), so that one visit says more. In a world where options do
always the same, one visit is enough; where outcomes are equally likely, few are.

- *Shares*. A pair (state, option) with k known outcomes and counts c has shares from a mixture of symmetric Dirichlet
  distributions; the mixture's weights are fitted for each k by expectation maximisation over all pairs.
- *New outcomes*. The probability that visit m + 1 brings an outcome that m visits did not: the share of a pair's
  visits that are new beside m others drawn at random (rarefaction; Good 1953, "The population frequencies of species").

Invariant: everything is a function of the counts, whatever their order. Not here: states, rewards, planning.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quickstudy.types import FloatArray

Indices = npt.NDArray[np.int64]

CONCENTRATIONS = np.array([0.5, 2.0, 8.0, 32.0, 128.0])
"""α of the mixture's parts, from "one outcome takes most" to "all are equally likely"."""

MOST_KINDS = 16
"""Pairs with more known outcomes keep their plain shares."""

ROUNDS = 20
"""Steps of expectation maximisation; the parts are fixed, so few are enough."""

LEVELS = 2.0 ** np.arange(16)
"""Visits m at which new outcomes are counted; in between it is interpolated."""

_log_gamma = np.frompyfunc(math.lgamma, 1, 1)


def _lgamma(values: FloatArray) -> FloatArray:
    return np.asarray(_log_gamma(values), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Shares:
    """Posterior shares of outcomes.

    Attributes:
        means: one for each entry, float64 (e,); the entries of one group sum to 1.
        strengths: for each group, how many visits this is worth, float64 (g,).
    """

    means: FloatArray
    strengths: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class OutcomeModel:
    """A world's habits.

    Attributes:
        log_weights: k → the mixture's log-weights for pairs with k known outcomes.
        new: probability of a new outcome after ``LEVELS`` visits, float64 (16,).
    """

    log_weights: Mapping[int, FloatArray]
    new: FloatArray

    @classmethod
    def unknown(cls) -> OutcomeModel:
        """Before anything is known: 1 / (m + 1), and no mixture."""
        return cls({}, _prior())

    @classmethod
    def fitted(cls, group: Indices, counts: FloatArray, groups: int) -> OutcomeModel:
        """Fitted to all counts.

        Args:
            group: the pair of each entry, (e,).
            counts: its count, at least 1, (e,).
            groups: how many pairs there are.
        """
        visits: FloatArray = np.bincount(group, counts, groups).astype(np.float64)
        kinds = np.bincount(group, minlength=groups).astype(np.int64)
        weights = {}
        for k in np.unique(kinds[(kinds > 1) & (kinds <= MOST_KINDS)]):
            chosen = np.flatnonzero(kinds == k)
            log_likelihood = _evidence(group, counts, groups, visits, kinds)[chosen]
            part = np.full(len(CONCENTRATIONS), 1.0 / len(CONCENTRATIONS))
            for _ in range(ROUNDS):
                share = _normalised(np.log(part) + log_likelihood)
                part = (share.sum(axis=0) + 1.0) / (len(chosen) + len(CONCENTRATIONS))
            weights[int(k)] = np.log(part)
        return cls(weights, _new_outcomes(group, counts, visits))

    def shares(self, group: Indices, counts: FloatArray, groups: int) -> Shares:
        """Posterior shares of entries (e,) in ``groups`` pairs."""
        visits: FloatArray = np.bincount(group, counts, groups).astype(np.float64)
        kinds = np.bincount(group, minlength=groups).astype(np.int64)
        prior = np.full((groups, len(CONCENTRATIONS)), np.nan)
        for k in np.unique(kinds):
            if int(k) in self.log_weights:
                prior[kinds == k] = self.log_weights[int(k)]
        mixed = ~np.isnan(prior[:, 0])
        means = counts / np.maximum(visits[group], 1.0)
        strengths = visits.copy()
        if mixed.any():
            part = np.zeros_like(prior)
            part[mixed] = _normalised(prior[mixed] + _evidence(group, counts, groups, visits, kinds)[mixed])
            total = visits[:, None] + kinds[:, None] * CONCENTRATIONS
            inside = mixed[group]
            places = group[inside]
            blended = (counts[inside, None] + CONCENTRATIONS) / total[places]
            means[inside] = (part[places] * blended).sum(axis=1)
            strengths[mixed] = 1.0 / (part[mixed] / total[mixed]).sum(axis=1)
        return Shares(means, strengths)

    def new_after(self, visits: FloatArray) -> FloatArray:
        """The probability that the next visit brings a new outcome: 1 before the first."""
        found: FloatArray = np.interp(np.log2(np.maximum(visits, 1.0)), np.log2(LEVELS), self.new)
        return np.where(visits > 0, found, 1.0)


def _evidence(group: Indices, counts: FloatArray, groups: int, visits: FloatArray, kinds: Indices) -> FloatArray:
    """Log-likelihood of each pair's counts under each part (g, parts)."""
    terms = _lgamma(counts[:, None] + CONCENTRATIONS) - _lgamma(CONCENTRATIONS)
    summed = np.stack([np.bincount(group, term, groups) for term in terms.T], axis=1)
    total = np.maximum(kinds, 1)[:, None] * CONCENTRATIONS
    found: FloatArray = summed + _lgamma(total) - _lgamma(visits[:, None] + total)
    return found


def _prior() -> FloatArray:
    return np.asarray(1.0 / (LEVELS + 1.0), dtype=np.float64)


def _normalised(logits: FloatArray) -> FloatArray:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float64)


def _new_outcomes(group: Indices, counts: FloatArray, visits: FloatArray) -> FloatArray:
    found = _prior()
    for i, m in enumerate(LEVELS):
        pairs = visits > m
        if not pairs.any():
            break
        inside = pairs[group]
        c, n = counts[inside], visits[group[inside]]
        rare = n - c >= m  # otherwise m others cannot all miss this outcome
        c, n = c[rare], n[rare]
        missed = _lgamma(n - c + 1) - _lgamma(n - c - m + 1) - _lgamma(n) + _lgamma(n - m)
        trials = np.minimum(visits[pairs] - m, m)  # of visits m + 1 to 2m
        new = float((np.minimum(n - m, m) * c / n * np.exp(missed)).sum())
        found[i] = (new + 1.0 / (m + 1.0)) / (trials.sum() + 1.0)
    return found
