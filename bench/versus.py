"""The learner under test beside the others: who is ahead, where, and by how much.

Invariants: two learners are compared on the seeds that both have, paired; a variant of the learner under test is no
peer; whoever is ahead is named, within the noise or not. Not here: how it is printed (``report``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bench.learners.registry import LEARNERS, OWN
from bench.results import Result
from bench.scenario import Versus

Group = Mapping[str, Sequence[Result]]
"""Learner -> its results, one a seed."""


@dataclass(frozen=True, slots=True)
class Lead:
    """The learner under test against one other, on one measure.

    Attributes:
        other: the other's name.
        own: mean over the shared seeds.
        theirs: the same.
        gain: how much better the learner under test is; below 0 the other is ahead.
        noise: twice the standard error of the paired gains; 0 with one seed.
        seeds: how many are shared.
    """

    other: str
    own: float
    theirs: float
    gain: float
    noise: float
    seeds: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a figure beside others is reached; by the hardest of them.

    Attributes:
        lead: against the hardest.
        bound: what was to be reached.
        reached: whether it was.
    """

    lead: Lead
    bound: float
    reached: bool


def members(others: Literal["peers", "online"] | tuple[str, ...], group: Group) -> list[str]:
    """Which of a group's learners are meant; unknown ones are peers, and not online."""
    if isinstance(others, tuple):
        return [name for name in others if name in group]
    peers = [name for name in group if name not in LEARNERS or LEARNERS[name].package != OWN]
    return peers if others == "peers" else [name for name in peers if name in LEARNERS and LEARNERS[name].online]


def lead_over(other: str, key: str, better: Literal["higher", "lower"], group: Group) -> Lead | None:
    """The learner under test against one other; None if they share no seed that has the measure."""
    own = {run.seed: run.measures[key] for run in group.get(OWN, ()) if key in run.measures}
    theirs = {run.seed: run.measures[key] for run in group.get(other, ()) if key in run.measures}
    seeds = sorted(set(own) & set(theirs))
    if not seeds:
        return None
    first, second = np.array([own[seed] for seed in seeds]), np.array([theirs[seed] for seed in seeds])
    gains = (first - second) * (1.0 if better == "higher" else -1.0)
    noise = 2.0 * float(gains.std(ddof=1)) / math.sqrt(len(seeds)) if len(seeds) > 1 else 0.0
    return Lead(other, float(first.mean()), float(second.mean()), float(gains.mean()), noise, len(seeds))


def hardest(names: Iterable[str], key: str, better: Literal["higher", "lower"], group: Group) -> Lead | None:
    """The smallest lead over any of the named; None if none can be compared."""
    leads = [lead for name in names if (lead := lead_over(name, key, better, group))]
    return min(leads, key=lambda lead: lead.gain, default=None)


def judged(versus: Versus, group: Group) -> Verdict | None:
    """Whether a figure beside others is reached; None if nobody can be compared."""
    better: Literal["higher", "lower"] = "higher" if versus.relation == "at least" else "lower"
    names = members(versus.others, group)
    verdicts = [
        _verdict(versus, lead)
        for name in (names if versus.best_by is None else _best(names, versus.best_by, group))
        if (lead := lead_over(name, versus.key, better, group))
    ]
    sign = 1.0 if versus.relation == "at least" else -1.0
    return min(verdicts, key=lambda verdict: sign * (verdict.lead.own - verdict.bound), default=None)


def _best(names: Sequence[str], key: str, group: Group) -> list[str]:
    """The one with the highest mean on the seeds that it shares with the learner under test; none if there is none."""
    means = {name: lead.theirs for name in names if (lead := lead_over(name, key, "higher", group))}
    return [max(means, key=lambda name: means[name])] if means else []


def _verdict(versus: Versus, lead: Lead) -> Verdict:
    bound = versus.factor * lead.theirs + versus.margin
    if versus.relation == "at least":
        bound = bound if versus.enough is None else min(bound, versus.enough)
        return Verdict(lead, bound, lead.own >= bound)
    bound = bound if versus.enough is None else max(bound, versus.enough)
    return Verdict(lead, bound, lead.own <= bound)
