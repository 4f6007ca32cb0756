"""Scripts of operations on learners, drawn by Hypothesis, and a small encoder that needs no model."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from quickstudy import Job, Learner
from quickstudy.errors import OptionError
from quickstudy.perception import Encoder

MORE = os.environ.get("QUICKSTUDY_LAW_EXAMPLES")
"""Set it to a number to look for new counterexamples instead of running the same few each time."""


def law(examples: int) -> settings:
    return settings(
        max_examples=int(MORE) if MORE else examples,
        derandomize=not MORE,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink] if MORE else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


class HashedText:
    name = "hashed"
    fingerprint = "hashed-1"
    dimension = 16

    def encode_texts(self, texts):
        rows = [np.random.default_rng(list(hashlib.sha256(t.encode()).digest())).standard_normal(16) for t in texts]
        return np.stack([row / np.linalg.norm(row) for row in rows]).astype(np.float32)


ENCODER = Encoder(HashedText())
NAMES = ["red", "green", "blue", "white", "black"]
TEXTS = [f"situation {i}" for i in range(6)]
ARRAYS = list(np.random.default_rng(0).standard_normal((6, 8)).round(3))
OTHERS = {"text": [f"probe {i}" for i in range(3)], "array": list(np.random.default_rng(1).standard_normal((3, 8)))}

JOBS = {
    "closed": Job("laws", NAMES[:3], features=32),
    "open": Job("laws", features=32),
    "described": Job("laws", {"red": "like blood", "green": "like grass", "blue": ""}, features=32),
}


def situations(kind):
    return TEXTS if kind == "text" else ARRAYS


def probes(kind):
    return situations(kind)[:3] + OTHERS[kind]


def new_place():
    """Where a learner's journal is when a test does not say it: in memory."""
    return None


def new_learner(job, path=None, **keywords) -> Learner:
    place = new_place() if path is None else path
    learner = Learner(JOBS[job], place, encoder=ENCODER, **keywords)
    if path is None and place is not None:
        OPENED.append(learner)
    return learner


OPENED: list[Learner] = []
"""Learners at a place that no test named; whoever names the places closes them."""


@dataclass(frozen=True)
class Operation:
    verb: str
    which: int = 0
    name: int = 0
    other: int = 0
    by: str | None = None
    at: float = 0.0


TIMES = st.sampled_from([5.0, 10.0, 10.0, 20.0, 30.0])
SMALL = st.integers(0, 5)


def teachings():
    return st.one_of(
        st.builds(Operation, st.just("teach"), SMALL, SMALL, at=TIMES),
        st.builds(Operation, st.just("decide"), SMALL, at=TIMES),
        st.builds(Operation, st.just("answer"), SMALL, SMALL, by=st.sampled_from([None, "ann", "bob"]), at=TIMES),
    )


def rejections():
    return st.builds(Operation, st.just("reject"), SMALL, by=st.sampled_from([None, "ann"]), at=TIMES)


def rewards():
    return st.builds(Operation, st.just("reward"), SMALL, SMALL, at=TIMES)


def option_changes():
    verbs = st.sampled_from(["add", "describe", "rename", "join", "retire"])
    return st.builds(Operation, verbs, name=SMALL, other=SMALL)


def forgettings():
    return st.builds(Operation, st.just("forget"), SMALL)


def scripts(*kinds, most=14):
    """Scripts in which teaching is the most frequent."""
    return st.lists(st.one_of(teachings(), teachings(), rewards(), rejections(), *kinds), min_size=1, max_size=most)


def perform(learner: Learner, kind: str, script) -> list[str]:
    """Runs a script; gives the ids of the decisions and lessons that it made. Impossible changes are passed over."""
    ids: list[str] = []
    decisions: list[str] = []
    for op in script:
        situation = situations(kind)[op.which % 6]
        name = NAMES[op.name % (5 if learner.job.open else 3)]
        options = learner.options
        try:
            if op.verb == "teach":
                ids.append(learner.teach(situation, name, at=op.at).id)
            elif op.verb == "decide":
                decisions.append(learner.decide(situation, at=op.at).id)
                ids.append(decisions[-1])
            elif op.verb == "answer" and decisions:
                decision = decisions[op.which % len(decisions)]
                ids.append(learner.teach(None, name, decision_id=decision, by=op.by, at=op.at).id)
            elif op.verb == "reward" and decisions:
                ids.append(learner.reward(decisions[op.which % len(decisions)], float(op.name), at=op.at).id)
            elif op.verb == "reject" and decisions:
                ids.append(learner.reject(decisions[op.which % len(decisions)], by=op.by, at=op.at).id)
            elif op.verb == "add":
                learner.add_option(NAMES[op.name % 5])
            elif op.verb == "describe":
                learner.add_option(NAMES[op.name % 5], f"a colour, number {op.other}")
            elif op.verb == "rename" and options:
                learner.rename_option(options[op.other % len(options)], NAMES[op.name % 5])
            elif op.verb == "join" and len(options) > 1:
                learner.merge_options(options[op.name % len(options)], options[op.other % len(options)])
            elif op.verb == "retire" and len(options) > 1:
                learner.retire_option(options[op.name % len(options)])
            elif op.verb == "forget" and ids:
                gone = ids[op.which % len(ids)]
                learner.forget([gone])
                forgotten = {event.id for event in learner._record.journal.events() if event.forgotten}
                ids = [id for id in ids if id not in forgotten]
                decisions = [id for id in decisions if id not in forgotten]
        except OptionError:
            continue
    return ids


def later() -> None:
    """Lets the wall clock move on, so that learners' hybrid clocks differ in a known order."""
    time.sleep(0.002)
