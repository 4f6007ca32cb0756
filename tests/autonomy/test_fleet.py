"""The bound of a fleet counts each answer once, also where journals were merged."""

import pytest

from autonomy.streams import colours, gate_of, job, live
from quickstudy import Learner
from quickstudy.autonomy.fleet import fleet_bound


def test_a_fleets_bound_is_the_sum_over_its_learners_before_and_after_merging():
    with Learner(job()) as first, Learner(job()) as second:
        live(first, colours(200))
        live(second, colours(150, seed=1))
        ledgers = [gate_of(learner).books["1.0"].ledger for learner in (first, second)]
        journals = [learner._record.journal for learner in (first, second)]
        alone = fleet_bound(journals)
        assert alone.answers == sum(ledger.answers for ledger in ledgers)
        assert alone.bound == sum(ledger.bound() for ledger in ledgers)
        assert alone.confidence == pytest.approx(1 - 2 * 0.05 * 0.75)
        first.merge(second)
        second.merge(first)
        assert fleet_bound(journals) == alone
        assert fleet_bound(journals[:1]) == alone
        wrong = [event.id for event in journals[0].events(kinds=["decision"])][:5]
        first.forget(wrong)
        assert fleet_bound(journals) == alone
