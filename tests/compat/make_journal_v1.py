"""Writes ``journal-v1.db``, a journal of schema version 1.

It was run once, and never again: the stored file must always open.
"""

from __future__ import annotations

import sys

import numpy as np

from quickstudy.journal import Event, Journal

IDENTITY = {"job": "route", "fingerprint": "static-1", "feature_seed": "0"}


def events() -> list[Event]:
    """One event of every kind, with every field in use somewhere."""
    vector = np.array([0.6, -0.8, 0.0], dtype=np.float32)
    return [
        Event(id="o1", kind="option", clock=1, node="n1", at=1.5, answer="billing", data={"action": "add"}),
        Event(
            id="d1",
            kind="decision",
            clock=2,
            node="n1",
            at=2.5,
            task_id="t1",
            step=4,
            request_id="r1",
            answer="billing",
            mode="audit",
            probability=0.75,
            propensity=0.25,
            coin=0.125,
            situation='{"record":{"vendor":"Café"}}',
            vector=vector,
        ),
        Event(
            id="l1",
            kind="lesson",
            clock=3,
            node="n2",
            at=3.5,
            decision_id="d1",
            by="ann",
            answer="fraud",
            value=-1.0,
            correct=False,
        ),
        Event(id="c1", kind="configure", clock=4, node="n1", at=4.5, data={"target_error": 0.01, "list": [1, None]}),
        Event(id="m1", kind="mark", clock=5, node="n1", at=5.5, data={"reason": "merge"}),
        Event(id="t1", kind="task", clock=6, node="n1", at=6.5, task_id="t1", value=1.0),
        Event(id="d2", kind="decision", clock=7, node="n1", at=7.5, answer="billing", propensity=0.5, correct=True),
    ]


if __name__ == "__main__":
    with Journal.open(sys.argv[1], identity=IDENTITY) as journal:
        journal.set_job('{"name": "route"}')
        journal.append(events())
        journal.forget(["d2"])
