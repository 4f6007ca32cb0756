"""Reliability: how often the learner was right on tasks like this one. It feels early whether it is doing well.

Every remembered lesson was proposed before it was learned, rightly or wrongly. The share of right ones among the
nearest, each weighted by exp(-20·(1 - cosine)), with two imagined ones of which one was right, tells work that it can
do from work that it cannot better than the experts' probabilities alone, which say little where a part of the work is
left to chance: of GLA's payments a threshold on both, chosen in hindsight, does 41% at 5% wrong and 27% at 2%, one on
the probabilities' signals alone 30% and 7%. (The kernel was chosen there; on CLINC150 it changes nothing.)
"""

from __future__ import annotations

import numpy as np

from quickstudy.experts import Neighbours
from quickstudy.types import FloatArray

NEAREST = 16
"""So many remembered lessons are looked at."""

SHARPNESS = 20.0
"""How fast a lesson counts less with its distance, a difference of cosines."""

IMAGINED = 2.0
"""So many imagined lessons, half of them right, count among them."""


def reliability(neighbours: Neighbours) -> FloatArray:
    """The expected share of right proposals, float64 (m,) in (0, 1); 0.5 where nothing like it was learned."""
    hits = neighbours.hits[:, :NEAREST]
    known = ~np.isnan(hits)
    weights = np.where(known, np.exp(-SHARPNESS * (1.0 - neighbours.similarity[:, :NEAREST])), 0.0)
    right = (weights * np.where(known, hits, 0.0)).sum(axis=1)
    share: FloatArray = (right + 0.5 * IMAGINED) / (weights.sum(axis=1) + IMAGINED)
    return share
