"""What if the target were another: a forecast from the journal, for each candidate.

The gate is played forward from where it stands, with a copy of its policy and of its ledger, over the newest decisions
of the journal as if they were to come again: same scores, known verdicts where there are any, and elsewhere errors as
likely as the scores say. Prices stay as they are. It is a forecast, not a promise: the promise holds at any target.
Moving the target changes nothing that the ledger has shown. Invariant: nothing is written, and the same journal gives
the same forecast.

How much a person will have to look at is said per 1,000 tasks. A day's audits are forecast only once the journal spans
a week: the pace of less says little about a day, as weekdays and weekends differ.

The nines are the same forecast at 90%, 99%, 99.9% and 99.99%. Not here: plots (``cli``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from quickstudy.autonomy.gate import Gate
from quickstudy.autonomy.ledger import Ledger
from quickstudy.autonomy.past import UNKNOWN, WRONG, Past
from quickstudy.autonomy.policy import Policy
from quickstudy.autonomy.settings import is_share
from quickstudy.errors import InputError

NEWEST = 2000
"""So many decisions are played again."""

CANDIDATES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
"""The targets that are looked at if none are named."""

NINES = (0.9, 0.99, 0.999, 0.9999)
DAY = 86_400.0
DAYS = 7
"""A day's audits are forecast at the pace of so many days, the newest of the journal."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What is to be expected at a target.

    Attributes:
        target_error: the candidate.
        tasks: how many tasks were played again.
        share_alone: share of them done alone, without a person touching them.
        share_asked: share asked.
        audits: how many were audited.
        audits_per_1000: the same in 1,000 tasks.
        audits_a_day: the same a day, at the pace of the last seven days; None while the journal does not span them.
        opens_after: after how many tasks the first is answered alone; None if none is.
        expected_error: share of the answers stood behind in this run that were wrong.
        answers: V at the end.
        bound: U at the end.
        bound_share: U / V: what would be proven then.
        clean_audits: how many clean audits, or right answers in shadow, are needed from now until the gate can open.
    """

    target_error: float
    tasks: int
    share_alone: float
    share_asked: float
    audits: int
    audits_per_1000: float
    audits_a_day: float | None
    opens_after: int | None
    expected_error: float | None
    answers: int
    bound: int
    bound_share: float | None
    clean_audits: int

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Nine:
    """A level of reliability.

    Attributes:
        reliability: such as 0.99.
        proven: whether the ledger shows it already: U is at most (1 - reliability)·V.
        share_alone: share of the work that would be done alone at this level.
        clean_audits: how many clean audits, or right answers in shadow, are needed from now until the gate can open at
            this level.
    """

    reliability: float
    proven: bool
    share_alone: float
    clean_audits: int


def checked_targets(target_error: float | Sequence[float] | None) -> list[float]:
    """One or several targets as a list.

    Raises:
        InputError: one is no share.
    """
    if target_error is None:
        return list(CANDIDATES)
    given: list[Any]
    if isinstance(target_error, Iterable) and not isinstance(target_error, str | bytes):
        given = list(target_error)
    else:
        given = [target_error]
    if not given:
        raise InputError("There is no target.", next_step="Name one, like 0.02, or none at all.", code="bad-target")
    for target in given:
        if not is_share(target):
            raise InputError(
                f"The target is {target!r}.", next_step="Give shares between 0 and 1, like 0.02.", code="bad-target"
            )
    return [float(target) for target in given]


def what_if(gate: Gate, past: Past, targets: Sequence[float]) -> list[WhatIf]:
    """The forecast for each target.

    Args:
        gate: the learner's; it is not changed.
        past: the learner's.
        targets: shares in (0, 1).
    """
    recent, pace = past.newest(NEWEST), tasks_a_day(past)
    return [_forecast(gate, recent, target, pace) for target in targets]


def nines(gate: Gate, past: Past) -> list[Nine]:
    """The forecast for each level of reliability."""
    levels = []
    recent = past.newest(NEWEST)
    answers, bound = gate.stood_behind
    for reliability in NINES:
        target = 1.0 - reliability
        forecast = _forecast(gate, recent, target, None)
        proven = answers > 0 and bound <= target * answers + 1e-9
        levels.append(Nine(reliability, proven, forecast.share_alone, forecast.clean_audits))
    return levels


def clean_audits(ledger: Ledger, target: float) -> int:
    """How many more answers must be looked at, and found right, before the gate can open at a target.

    The ledger would allow an answer alone earlier; but the gate opens only where it can go on with rarer audits, and
    then larger values of c are given up: so the bound of one value of c and those below it must fit
    (:mod:`quickstudy.autonomy.policy`). It may ask for more where errors are to be expected.
    """
    bound = max(float(ledger.bound()), float(ledger.bounds().min()))
    return max(0, math.ceil((bound + 1) / target - 1e-6) - ledger.answers - 1)


def tasks_a_day(past: Past) -> float | None:
    """The pace of the newest ``DAYS`` days, in tasks a day; None if the decisions do not span them."""
    if not len(past):
        return None
    begin = float(past.at.max()) - DAYS * DAY
    return float((past.at > begin).sum()) / DAYS if float(past.at.min()) <= begin else None


def _copied(policy: Policy) -> Policy:
    twin = Policy()
    twin.restore(policy.state())
    return twin


def _forecast(gate: Gate, past: Past, target: float, pace: float | None) -> WhatIf:
    settings = replace(gate.settings, target_error=target)
    kept = settings.target  # where prices say less, that
    policies = {segment: _copied(gate.pricer(segment)) for segment in {s or "" for s in past.segments}}
    ledgers = {segment: Ledger.restore(gate.books[name].ledger.state()) for segment, name in gate.current.items()}
    fresh = gate.ledger_of("\0").state()  # of a segment that was not seen yet
    first = min((clean_audits(ledger, kept) for ledger in ledgers.values()), default=None)
    draws = np.random.default_rng(0).random((len(past), 2))
    alone = asked = audits = stood = wrong_answers = 0
    opens_after = None
    for i in range(len(past)):
        score, segment = float(past.score[i]), past.segments[i] or ""
        ledger, policy = ledgers.get(segment), policies[segment]
        if ledger is None:
            ledger = ledgers[segment] = Ledger.restore(fresh)
        plan = policy.plan(kept, ledger)
        if not past.eligible[i]:
            asked += 1
            continue
        is_open = plan.open and ledger.allows(kept)
        q = ledger.q_min
        if is_open and score >= plan.threshold:
            q = min(1.0, max(q, policy.audit_rate(score, kept, ledger)))
        if score < plan.threshold or not settings.pays(score, q):
            policy.saw(score, kept, ledger)
            asked += 1
            continue
        wrong = past.verdict[i] == WRONG if past.verdict[i] != UNKNOWN else draws[i, 0] > score
        stood += 1
        wrong_answers += bool(wrong)
        q = q if is_open else 1.0
        audited = bool(draws[i, 1] < q)
        ledger.stand(q, audited=audited)
        if audited:
            ledger.verdict(q, wrong=bool(wrong))
        policy.saw(score, kept, ledger)
        asked += not is_open
        audits += is_open and audited
        alone += not audited
        if is_open and not audited and opens_after is None:
            opens_after = i
    answers = sum(ledger.answers for ledger in ledgers.values())
    bound = sum(ledger.bound() for ledger in ledgers.values())
    tasks = max(len(past), 1)
    return WhatIf(
        target_error=target,
        tasks=len(past),
        share_alone=alone / tasks,
        share_asked=asked / tasks,
        audits=audits,
        audits_per_1000=1000.0 * audits / tasks,
        audits_a_day=None if pace is None else pace * audits / tasks,
        opens_after=opens_after,
        expected_error=wrong_answers / stood if stood else None,
        answers=answers,
        bound=bound,
        bound_share=bound / answers if answers else None,
        clean_audits=clean_audits(Ledger.restore(fresh), kept) if first is None else first,
    )
