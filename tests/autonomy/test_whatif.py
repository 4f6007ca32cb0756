"""What-if: the gate is played forward as it would be played."""

import pytest

from autonomy.streams import colours, job, live
from quickstudy import Learner
from quickstudy.autonomy.policy import EVERY, Policy


@pytest.fixture(scope="module")
def learner():
    with Learner(job()) as learner:
        live(learner, colours(300))
        yield learner


def test_prices_are_set_anew_as_often_as_the_gate_sets_them(learner, monkeypatch):
    count, priced = [], Policy._priced

    def counted(*given):
        count.append(given)
        return priced(*given)

    monkeypatch.setattr(Policy, "_priced", counted)
    learner.what_if(0.3)
    assert 300 // EVERY <= len(count) <= 300 // EVERY + 3
