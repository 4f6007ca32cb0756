"""Which peers play where, and with how many seeds: by what they see, what they are, and what they cost.

Invariants: a scenario's list is decided here, before any result is seen; a peer that is left out somewhere is left out
because it cannot play (texts only) or would take days, and this file says so. Not here: the peers (``learners``).
"""

from __future__ import annotations

import importlib.metadata

from bench.learners.registry import LEARNERS

CLOSED_FORM = ("nearest-mean", "slda", "klda", "ranpac")
"""Their state is a sum over lessons, so no order can make them forget."""
ONLINE = ("sgd", "river-logistic", "river-k-nn", "river-forest", "vw-vectors")
"""Installable online learners, on vectors."""
WORDS = ("river-words-logistic", "river-words-bayes", "vw")
"""The same on words: texts only."""
REFITTED = ("logistic", "tracer", "tracer-all", "setfit")
"""Fitted again on everything, every so many lessons; ``setfit`` on texts only."""
VECTORS = ("k-nn", *CLOSED_FORM, *ONLINE, "logistic", "tracer", "tracer-all")
ALL = (*VECTORS, *WORDS, "setfit")
SLOW = ("logistic", "river-forest", "river-k-nn", "river-logistic", "ranpac", "slda", "klda", "tracer", "tracer-all")
"""20 ms a task or more: one seed where a stream has thousands of tasks."""
FIRST_ONLY = ("river-forest", "river-k-nn", "river-logistic", "ranpac", "klda", "tracer", "tracer-all")
"""50 ms a task or more, growing: on streams of thousands of tasks they play the first 1,000."""
HEAVY = ("setfit",)
"""Minutes a refit: only on HINT3, whose training parts have a few hundred lessons."""


def playing(*names: str) -> tuple[str, ...]:
    """Those of the named that are registered, in the order of the registry."""
    return tuple(name for name in LEARNERS if name in names)


def is_installed(name: str) -> bool:
    """Whether a learner's distribution is there."""
    try:
        return not LEARNERS[name].package or bool(importlib.metadata.version(LEARNERS[name].package))
    except importlib.metadata.PackageNotFoundError:
        return False
