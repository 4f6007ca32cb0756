"""Scores of classes to guesses, for learners that score every class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.learners.base import Guess
from quickstudy.types import FloatArray


def guesses_of_scores(scores: FloatArray, classes: Sequence[str], seen: npt.NDArray[np.bool_]) -> list[Guess]:
    """The class of the largest score among those seen; its confidence is its share in a softmax over them.

    Args:
        scores: (n, k), log-probabilities up to a constant a row.
        classes: the k names.
        seen: bool (k); at least one is true.
    """
    allowed = np.where(seen, scores, -np.inf)
    best = allowed.argmax(axis=1)
    top = allowed[np.arange(len(allowed)), best]
    shares = 1.0 / np.exp(allowed - top[:, None]).sum(axis=1)
    return [Guess(classes[i], float(share), 1.0 - float(share)) for i, share in zip(best, shares, strict=True)]
