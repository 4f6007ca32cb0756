"""Payments of the Greater London Authority in time order; accounts are renamed over the years."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.data import load_payments
from bench.learners.base import Setting
from bench.learners.quickstudy_learner import encoder_of
from bench.learners.registry import learner_entry
from bench.peers import playing
from bench.scenario import Measure, Played, Scenario, Stage, Target, area_targets
from bench.scores import areas, curve_of, fifths
from bench.streams import Stream, live_through

FIFTHS = [f"fifth {i}" for i in range(1, 6)]


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """The payments, once; their order is fixed, so seeds differ in the learner only."""
    payments = load_payments(stage.data)
    count = stage.shortened(len(payments.accounts))
    records, accounts = payments.records[:count], payments.accounts[:count]
    vectors = encoder_of("minilm").encode(records)
    stream = Stream(records, vectors, accounts, payments.times[:count])
    setting = Setting("gla", tuple(sorted(set(accounts))), vectors.shape[1], open=True)
    outcome = live_through(learner_entry(learner).make(setting, seed), stream, stage.progress)
    baseline = last_account_hits([str(record["vendor"]) for record in records], accounts)
    return Played(
        score(outcome.hits, baseline), {"curve": curve_of(outcome.hits), "twentieths": fifths(outcome.hits, 20)}
    )


def score(hits: npt.NDArray[np.bool_], baseline: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Accuracy per fifth, and by how much it is above the vendor's last account: on average and in the worst fifth."""
    own, other = fifths(hits), fifths(baseline)
    above = [a - b for a, b in zip(own, other, strict=True)]
    return {
        **dict(zip(FIFTHS, own, strict=True)),
        **areas(hits),
        "above baseline": float(np.mean(above)),
        "least above baseline": min(above),
    }


def last_account_hits(vendors: Sequence[str], accounts: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Whether the vendor's last account is right, bool (n); False for a vendor never seen."""
    last: dict[str, str] = {}
    hits = np.zeros(len(accounts), dtype=bool)
    for i, (vendor, account) in enumerate(zip(vendors, accounts, strict=True)):
        hits[i] = last.get(vendor) == account
        last[vendor] = account
    return hits


SCENARIO = Scenario(
    id="drift",
    title="Payments in time order: a real drift",
    about=(
        "28,145 payments in time order, each to be booked to one of 425 accounts. Seen are the vendor, the amount and "
        "the date. The account is told at once. Accounts are renamed over the years; the options are not known in "
        "advance, so an account's first payment always counts as wrong. Measured: accuracy on each fifth of the "
        "stream, and how far above this vendor's last account it is. The order is the data's own, so one seed says "
        "all."
    ),
    cases=("gla",),
    learners=(
        "quickstudy",
        "quickstudy-ageless",
        *playing("last-answer", "nearest-mean", "k-nn", "sgd", "vw-vectors", "slda"),
    ),
    seeds=1,
    settings={"version": 2, "encoder": "minilm", "inputs": ["vendor", "amount", "date"], "label": "AccountDescription"},
    measures=(
        *(Measure(key, key) for key in FIFTHS),
        Measure("area 1000", "area 1,000"),
        Measure("area all", "all"),
        Measure("above baseline", "above the last account", form="+.3f"),
        Measure("least above baseline", "in the worst fifth", form="+.3f"),
    ),
    targets=(
        Target("gla", "above baseline", "at least", 0.03, "GLA: above the vendor's last account, mean of the fifths"),
        Target("gla", "least above baseline", "above", 0.0, "GLA: the same in the worst fifth"),
    ),
    play=play,
    texts=False,
    versus=area_targets("gla"),
    stages=tuple(FIFTHS),
)
