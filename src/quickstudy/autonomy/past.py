"""A learner's past decisions as arrays: what was said, how sure it was, and what became of it.

Invariant: read from the journal alone; only this learner's own decisions; forgotten ones count, but have no score.
Not here: what follows from them (``account``, ``whatif``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quickstudy.journal import Journal
from quickstudy.types import FloatArray

RIGHT, WRONG, UNKNOWN = 1, 0, -1
MODES = ("ask", "audit", "act")


@dataclass(frozen=True, slots=True)
class Past:
    """n decisions in order of arrival.

    Attributes:
        at: their own times (n,), seconds since 1970.
        mode: places in :data:`MODES`, (n,).
        score: (n,), NaN where it is not known.
        propensity: of an audit, (n,); NaN where the answer was not stood behind.
        verdict: the first one, (n,): 1 right, 0 wrong, -1 unknown.
        eligible: bool (n,): whether the gate looked at the score at all (not paused, capped, new, always asked).
        segments: (n,), None where unknown.
    """

    at: FloatArray
    mode: npt.NDArray[np.int64]
    score: FloatArray
    propensity: FloatArray
    verdict: npt.NDArray[np.int64]
    eligible: npt.NDArray[np.bool_]
    segments: tuple[str | None, ...]

    def __len__(self) -> int:
        return len(self.at)

    @property
    def alone(self) -> npt.NDArray[np.bool_]:
        """Whether it was answered alone, (n,)."""
        return np.equal(self.mode, MODES.index("act"))

    @property
    def audited(self) -> npt.NDArray[np.bool_]:
        """Whether it was audited, (n,)."""
        return np.equal(self.mode, MODES.index("audit"))

    def newest(self, count: int) -> Past:
        """The newest ``count``, of those that have a score."""
        keep = np.flatnonzero(~np.isnan(self.score))[-count:]
        return Past(
            self.at[keep],
            self.mode[keep],
            self.score[keep],
            self.propensity[keep],
            self.verdict[keep],
            self.eligible[keep],
            tuple(self.segments[i] for i in keep),
        )


def read_past(journal: Journal, node: str) -> Past:
    """Reads the past of the learner ``node``."""
    rows: list[tuple[float, int, float, float, bool, str | None]] = []
    places: dict[str, int] = {}
    verdicts: dict[int, int] = {}
    for event in journal.events(kinds=["decision", "lesson"]):
        if event.node != node:
            continue
        if event.kind == "decision":
            places[event.id] = len(rows)
            data = event.data
            eligible = data.get("threshold") is not None or (event.forgotten and event.propensity is not None)
            score, q = data.get("score"), event.propensity
            rows.append(
                (
                    event.at,
                    MODES.index(event.mode) if event.mode in MODES else 0,
                    np.nan if score is None else float(score),
                    np.nan if q is None else q,
                    eligible,
                    data.get("segment"),
                )
            )
        elif event.correct is not None and event.decision_id in places:
            verdicts.setdefault(places[event.decision_id], RIGHT if event.correct else WRONG)
    verdict = np.full(len(rows), UNKNOWN, dtype=np.int64)
    for place, said in verdicts.items():
        verdict[place] = said
    columns = list(zip(*rows, strict=True)) if rows else [()] * 6
    return Past(
        np.array(columns[0], dtype=np.float64),
        np.array(columns[1], dtype=np.int64),
        np.array(columns[2], dtype=np.float64),
        np.array(columns[3], dtype=np.float64),
        verdict,
        np.array(columns[4], dtype=bool),
        tuple(columns[5]),
    )
