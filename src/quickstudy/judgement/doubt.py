"""Doubt: how likely a lesson is right. Teachers err, and what is replayed again and again must not be their errors.

A taught answer is right with probability 1 - ε. A wrong one is any other option, or one that looks likely here: half
of ε is spread evenly over the others, half falls off with the answer's rank ρ among them as 1 / (ρ·(ρ + 1)). If the
learner gives probability p to the taught answer, the chance that the lesson is right, its *trust*, is

    t = (1 - ε)·p / ((1 - ε)·p + ε·a),    a = 1 / (2·(options - 1)) + 1 / (2·ρ·(ρ + 1)).

To learn with weight t is to follow the gradient of the noisy answer's likelihood (expectation-maximisation, as in
Sukhbaatar et al., "Training convolutional networks with noisy labels", 2014); ε is the mean of 1 - t.

p must not know the lesson. There are two who say it:

- The *pool*, before the lesson is learned. It knows little at first, but it is calibrated: its ε says whether teachers
  err at all. A learner who knows little finds good teachers strange too. So s = ε⁴ / (ε⁴ + 0.08⁴), next to nothing of a
  few percent and most of a fifth, says how far errors are looked for in the lessons rather than in the learner. And
  where the past ages, a surprise is news: s counts 1 / (1 + (ρ/1.5)⁴) as much, ρ the weight that the pool gives to what
  was taught last beside what was taught most.
- The *witness*, later and again and again: the shared-covariance Gaussian with the lesson left out, exactly. It knows
  all other lessons, so it says which ones are wrong. How sharp its logits are is learned: the factor β is where the
  taught answers are likeliest.

s times the larger of both ε is held against the lessons. Where s is near 1, a doubtful lesson is better left out than
learned by half: the witness is sharpened by 1 + s. Where s is near 0, a surprise is no error: no p is below
0.001^(1 + 3s).

Not here: who taught (a teacher's own error rate), and what to do with doubtful lessons.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.types import FloatArray

SMALLEST = 1e-12
"""No answer is less likely than this: a trust is above 0."""

LEAST = 1e-3
LEAST_POWER = 3.0
"""Where s is 0, no answer is taken to be less likely than LEAST; where it is 1, than its power 1 + LEAST_POWER."""

FARTHEST = -700.0
"""No logit is further below the best one than this."""

FIRST_ERROR = 0.02
FIRST_LESSONS = 50.0
FIRST_ROWS = 80.0
"""What ε is at the beginning; how many lessons, and judgements of the witness, that guess counts for."""

WINDOW = 300.0
ROWS_WINDOW = 2_400.0
"""Afterwards ε is a running mean over about so many."""

OWN_ERROR = 0.08
POWER = 4
"""Up to about this share the learner rather looks for the error in itself. Chosen on CLINC150 and HINT3."""

NEWS = 1.5
"""From about this ρ on a surprise is rather news than an error. GLA has 2 to 4, HINT3 and CLINC150 below 1."""

FIRST_SHARPNESS = 0.8
RATE = 0.1
FIRST_SQUARES = 0.1
"""What β is at the beginning; AdaGrad's step in log β, and its sum of squares at the beginning."""


class Doubt:
    """The share of wrong lessons, estimated as they come.

    Attributes:
        error: ε by the pool's surprise.
        witnessed: ε by the witness.
        sharpness: β.
        ageing: ρ, which the pool says.
    """

    def __init__(self) -> None:
        self.ageing = 0.0
        self.error = FIRST_ERROR
        self.witnessed = FIRST_ERROR
        self.sharpness = FIRST_SHARPNESS
        self._lessons = FIRST_LESSONS
        self._rows = FIRST_ROWS
        self._squares = FIRST_SQUARES

    def trust(self, probabilities: FloatArray, options: npt.NDArray[np.int64]) -> FloatArray:
        """How likely each taught answer is right, (m,) in (0, 1].

        Args:
            probabilities: float64 (m, o), from before the lessons were learned or as if they had not been.
            options: int64 (m,), the taught ones' places.
        """
        suspicion = self._suspicion()
        least = LEAST ** (1.0 + LEAST_POWER * suspicion)
        return _trust(np.maximum(probabilities, least), options, suspicion * max(self.error, self.witnessed))

    def learn(self, probabilities: FloatArray, option: int) -> None:
        """One lesson: the pool's probabilities (o,) from before it, and the taught option's place."""
        trust = _trust(probabilities[None], np.array([option]), self.error)[0]
        self.error += (1.0 - trust - self.error) / min(self._lessons + 1.0, WINDOW)
        self._lessons += 1.0

    def reconsider(self, logits: FloatArray, options: npt.NDArray[np.int64]) -> FloatArray:
        """Learns from the witness of learned lessons. Gives their trust, (m,) in (0, 1].

        Args:
            logits: float64 (m, o), as if these lessons had not been learned; -∞ where an option is not known.
            options: int64 (m,), the taught ones' places.
        """
        below = np.maximum(logits - logits.max(axis=1, keepdims=True), FARTHEST)
        sharper = (1.0 + self._suspicion()) * self.sharpness
        probabilities = _softmax(self.sharpness * below)
        trust = _trust(probabilities, options, self.witnessed)
        self._rows += len(options)
        share = len(options) / max(len(options), min(self._rows, ROWS_WINDOW))
        self.witnessed += share * (1.0 - float(trust.mean()) - self.witnessed)
        gains = below[np.arange(len(below)), options] - (probabilities * below).sum(axis=1)
        gradient = self.sharpness * float((trust * gains).mean())
        self._squares += gradient * gradient
        self.sharpness *= float(np.exp(RATE * gradient / np.sqrt(self._squares)))
        return self.trust(_softmax(sharper * below), options)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Both ε and β, and what they are from."""
        return {
            "error": np.array([self.error, self._lessons]),
            "witnessed": np.array([self.witnessed, self._rows]),
            "sharpness": np.array([self.sharpness, self._squares]),
            "ageing": np.array(self.ageing),
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """From :meth:`state`."""
        self.error, self._lessons = (float(value) for value in state["error"])
        self.witnessed, self._rows = (float(value) for value in state["witnessed"])
        self.sharpness, self._squares = (float(value) for value in state["sharpness"])
        self.ageing = float(state["ageing"])

    def _suspicion(self) -> float:
        """s, how far errors are looked for in the lessons."""
        return self.error**POWER / (self.error**POWER + OWN_ERROR**POWER) / (1.0 + (self.ageing / NEWS) ** POWER)


def _softmax(logits: FloatArray) -> FloatArray:
    shares: FloatArray = np.exp(logits)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def _trust(probabilities: FloatArray, options: npt.NDArray[np.int64], error: float) -> FloatArray:
    count = probabilities.shape[1]
    if count < 2:
        return np.ones(len(probabilities))
    given = probabilities[np.arange(len(probabilities)), options]
    rank = np.maximum((probabilities > given[:, None]).sum(axis=1), 1)
    wrong = error * 0.5 * (1.0 / (count - 1) + 1.0 / (rank * (rank + 1.0)))
    right = (1.0 - error) * np.maximum(given, SMALLEST)
    trust: FloatArray = right / (right + wrong)
    return trust
