"""How many checks the policy needs beside the best fixed audit rate, where every answer is wrong with one probability.

A stream of answers, each stood behind and wrong with probability ``share`` times the target. Checked is what was asked
in shadow or audited, until the end of the stream. A fixed rate audits every answer with the same probability while the
gate is open. Not here: real work, on which errors differ from answer to answer.
"""

from __future__ import annotations

import numpy as np

from quickstudy.autonomy.ledger import Ledger
from quickstudy.autonomy.policy import Policy, Signals

ANSWERS = 6000
RATES = (0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6)


def checks(target: float, share: float, seed: int, rate: float | None, answers: int = ANSWERS) -> int:
    """How many of the answers were checked.

    Args:
        target: T.
        share: the probability of being wrong, in units of T.
        seed: of errors and coins.
        rate: a fixed audit rate, or None for the policy's.
        answers: the length of the stream.
    """
    generator = np.random.default_rng([seed, int(1e4 * target), int(100 * share)])
    ledger, policy = Ledger(), Policy()
    chance = share * target
    signals = Signals(1.0 - chance, chance, 0.0, 1.0)
    checked = 0
    for _ in range(answers):
        wrong = bool(generator.random() < chance)
        q, score = 1.0, 1.0
        if rate is None:
            score = policy.score(signals)
            plan = policy.plan(target, ledger)
            if plan.open:
                q = policy.audit_rate(score, target, ledger)
        elif ledger.allows(target):
            q = rate
        audited = bool(generator.random() < q)
        checked += audited
        ledger.stand(q, audited=audited)
        if audited:
            ledger.verdict(q, wrong=wrong)
        if rate is None:
            if audited:
                policy.learn(signals, score, not wrong, q)
            policy.saw(score, target, ledger)
    return checked


def ratio(target: float, share: float, streams: int = 5, answers: int = ANSWERS) -> float:
    """The policy's median number of checks, in units of the smallest median of a fixed rate."""
    fixed = min(
        float(np.median([checks(target, share, seed, rate, answers) for seed in range(streams)])) for rate in RATES
    )
    own = float(np.median([checks(target, share, seed, None, answers) for seed in range(streams)]))
    return own / fixed
