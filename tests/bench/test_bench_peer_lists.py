"""Who plays where."""

import pytest
from bench.catalogue import SCENARIOS
from bench.learners.registry import LEARNERS
from bench.peers import is_installed, playing
from bench.run import plans

from quickstudy.errors import InputError


@pytest.mark.parametrize("name", LEARNERS)
def test_every_registered_learner_plays_somewhere(name):
    assert any(name in scenario.learners for scenario in SCENARIOS.values())


@pytest.mark.parametrize("name", SCENARIOS)
def test_quickstudy_comes_first_and_everybody_listed_is_registered_and_plays_a_case(name):
    scenario = SCENARIOS[name]
    assert scenario.learners[0] == "quickstudy"
    assert len(set(scenario.learners)) == len(scenario.learners)
    for learner in scenario.learners:
        assert learner in LEARNERS
        assert any(scenario.takes_part(learner, case) for case in scenario.cases)


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_must_be_reached_names_cases_and_measures_that_there_are(name):
    scenario = SCENARIOS[name]
    labels = {measure.key for measure in scenario.measures}
    assert all(versus.case in scenario.cases for versus in scenario.versus)
    assert all(target.case in scenario.cases for target in scenario.targets)
    assert {versus.key for versus in scenario.versus} | set(scenario.stages) <= labels


def test_who_takes_minutes_a_refit_plays_the_small_cases_only():
    stream = SCENARIOS["stream"]
    assert stream.small_only == ("setfit",)
    assert not stream.takes_part("setfit", "banking77")
    assert stream.takes_part("setfit", "hint3-curekart")
    assert stream.takes_part("sgd", "banking77")


def test_slow_peers_have_one_seed_and_quickstudy_all():
    stream = SCENARIOS["stream"]
    assert [stream.seeds_of(name) for name in ("quickstudy", "sgd", "klda")] == [10, 3, 1]


def test_unregistered_names_play_nowhere():
    assert playing("sgd", "nobody", "k-nn") == ("k-nn", "sgd")


def test_a_peer_that_is_not_installed_is_left_out_unless_it_is_named(monkeypatch):
    assert is_installed("nearest-mean")
    monkeypatch.setattr("bench.run.is_installed", lambda name: name != "sgd")
    assert "sgd" not in {plan.learner for plan in plans(["digits"], None, 1, quick=True)}
    with pytest.raises(InputError, match="scikit-learn"):
        plans(["digits"], ["sgd"], 1, quick=True)


def test_a_peer_that_reads_texts_only_is_not_asked_about_images(monkeypatch):
    monkeypatch.setattr("bench.run.is_installed", lambda name: True)
    wanted = plans(["digits", "icd10"], ["vw"], 1, quick=True)
    played = {(plan.scenario, plan.learner) for plan in wanted}
    assert played == {("digits", "quickstudy"), ("icd10", "quickstudy"), ("icd10", "vw")}
