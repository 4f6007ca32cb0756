"""Events and journals for the tests of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from quickstudy.journal import Event, Journal

IDENTITY = {"job": "route", "fingerprint": "static-1", "feature_seed": "0"}


def event(id: str, kind: Any = "decision", **fields: Any) -> Event:
    return Event(**{"id": id, "kind": kind, "clock": 1 << 16, "node": "n", "at": 1.0, **fields})


def full_event(id: str = "full") -> Event:
    return event(
        id,
        "decision",
        decision_id="d",
        task_id="t",
        step=3,
        request_id="r-" + id,
        by="ann",
        answer="billing",
        value=-0.5,
        mode="audit",
        probability=0.25,
        propensity=0.125,
        coin=0.75,
        correct=False,
        situation='{"text":"I was charged twice"}',
        vector=np.array([0.6, -0.8], dtype=np.float32),
        data={"description": "é", "list": [1, 2.5, None, True]},
    )


def open_journal(place: Path | str, **arguments: Any) -> Journal:
    """Opens the journal of a folder, or of a URL."""
    path = place if isinstance(place, str) else place / "a.db"
    return Journal.open(path, **{"identity": IDENTITY, **arguments})


def filled(folder: Path, count: int = 40) -> Path:
    """A closed journal with ``count`` decisions and as many lessons."""
    rng = np.random.default_rng(0)
    with open_journal(folder) as journal:
        for i in range(count):
            vector = rng.standard_normal(64).astype(np.float32)
            journal.append([event(f"d{i}", situation='{"text":"' + "word " * 20 + '"}', vector=vector)])
            journal.append([event(f"l{i}", "lesson", decision_id=f"d{i}", answer="billing")])
    return folder / "a.db"


def bytes_beside(path: Path) -> bytes:
    """The bytes of all files that belong to a journal."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(path.name + "*")))
