"""Who is ahead, and whether a figure beside others is reached: known truth, and what the report says of it."""

from dataclasses import replace

import numpy as np
import pytest
from bench.report import write_report
from bench.results import Result
from bench.scenario import Versus
from bench.scores import curve_of
from bench.tables import stage_table, versus_table
from bench.versus import hardest, judged, lead_over, members


def run(learner, seed, scenario="stream", case="banking77", **measures):
    return Result(scenario, case, learner, seed, {"version": 1}, measures, when="2024-01-01T00:00:00+00:00")


def group(key="x", **values):
    return {
        name.replace("_", "-"): [run(name.replace("_", "-"), seed, **{key: value}) for seed, value in enumerate(row)]
        for name, row in values.items()
    }


def test_peers_are_all_but_variants_of_our_own_and_online_ones_are_installable():
    found = group(quickstudy=[1], quickstudy_ageless=[1], nearest_mean=[1], sgd=[1], unheard_of=[1])
    assert members("peers", found) == ["nearest-mean", "sgd", "unheard-of"]
    assert members("online", found) == ["sgd"]
    assert members(("k-nn", "quickstudy-ageless"), found) == ["quickstudy-ageless"]


def test_a_lead_is_paired_on_the_seeds_that_both_have():
    lead = lead_over("sgd", "x", "higher", group(quickstudy=[0.9, 0.7, 0.0], sgd=[0.8, 0.5]))
    assert (lead.own, lead.theirs, lead.seeds) == (pytest.approx(0.8), pytest.approx(0.65), 2)
    assert lead.gain == pytest.approx(0.15)
    assert lead.noise == pytest.approx(2 * np.std([0.1, 0.2], ddof=1) / np.sqrt(2))


def test_a_lead_in_what_should_be_low_has_the_other_sign():
    assert lead_over("sgd", "x", "lower", group(quickstudy=[3.0], sgd=[5.0])).gain == 2.0


def test_learners_that_share_no_seed_are_not_compared():
    found = {"quickstudy": [run("quickstudy", 0, x=1.0)], "sgd": [run("sgd", 1, x=1.0)]}
    assert lead_over("sgd", "x", "higher", found) is None
    assert judged(Versus("", "x", "at least", "peers", ""), found) is None
    assert judged(Versus("", "x", "at least", ("k-nn",), ""), group(quickstudy=[1.0], sgd=[1.0])) is None


def test_the_hardest_is_whoever_is_furthest_ahead():
    found = group(quickstudy=[0.8], sgd=[0.7], k_nn=[0.9], nearest_mean=[0.85])
    lead = hardest(members("peers", found), "x", "higher", found)
    assert (lead.other, round(lead.gain, 6)) == ("k-nn", -0.1)


@pytest.mark.parametrize(("own", "well"), [(0.84, True), (0.82, False)])
def test_three_points_above_every_online_peer(own, well):
    found = group(quickstudy=[own], sgd=[0.8], river_logistic=[0.6], k_nn=[0.99])
    verdict = judged(Versus("", "x", "at least", "online", "", margin=0.03), found)
    assert (verdict.reached, verdict.lead.other, verdict.bound) == (well, "sgd", pytest.approx(0.83))


@pytest.mark.parametrize(
    ("own", "theirs", "bound", "well"),
    [
        (0.040, 0.100, 0.05, True),
        (0.060, 0.100, 0.05, False),
        (0.019, 0.010, 0.02, True),
        (0.021, 0.010, 0.02, False),
        (-0.01, 0.001, 0.02, True),
    ],
)
def test_half_of_what_the_best_peer_loses_or_two_points(own, theirs, bound, well):
    versus = Versus("", "x", "at most", "peers", "", factor=0.5, enough=0.02)
    verdict = judged(versus, group(quickstudy=[own], sgd=[theirs], k_nn=[0.5]))
    assert (verdict.reached, verdict.lead.other) == (well, "sgd")
    assert verdict.bound == pytest.approx(bound)


def test_the_best_peer_by_another_measure_is_not_the_one_that_knows_nothing():
    found = {
        name: [run(name, 0, loss=loss, accuracy=accuracy)]
        for name, loss, accuracy in (("quickstudy", 0.04, 0.8), ("sgd", -0.1, 0.2), ("k-nn", 0.1, 0.7))
    }
    versus = Versus("", "loss", "at most", "peers", "", factor=0.5, enough=0.02)
    assert judged(versus, found).lead.other == "sgd"
    assert not judged(versus, found).reached
    best = judged(replace(versus, best_by="accuracy"), found)
    assert (best.lead.other, best.reached) == ("k-nn", True)


def test_five_times_faster_is_asked_of_the_fastest_of_the_refitted():
    versus = Versus("", "x", "at most", ("sgd", "k-nn"), "", factor=0.2)
    assert judged(versus, group(quickstudy=[2.0], sgd=[10.0], k_nn=[30.0])).reached
    assert not judged(versus, group(quickstudy=[2.1], sgd=[10.0], k_nn=[30.0])).reached


def test_whoever_is_ahead_on_a_part_of_a_curve_is_bold():
    key = "accuracy 1-100"
    behind, ahead = group(key, quickstudy=[0.5], sgd=[0.4], k_nn=[0.3]), group(key, quickstudy=[0.5], k_nn=[0.6])
    assert "| 0.500 | scikit-learn SGD partial_fit 0.400 | +0.100 |" in stage_table({("stream", "banking77"): behind})
    assert "| 0.500 | **k nearest neighbours 0.600** | -0.100 | |  | 1 |" in stage_table(
        {("stream", "banking77"): ahead}
    )


def test_what_was_not_run_is_said():
    assert "| stream banking77 | | not run | | | | | 0 |" in stage_table({})
    assert "not run | 0 | |" in versus_table({})
    assert "yes" not in versus_table({})


def test_the_report_has_targets_beside_peers_and_a_table_and_a_plot_for_each_curve(tmp_path):
    results = [run("quickstudy", seed, "few-shot", f"clinc150-{k}", **{"test accuracy": 0.8004 + k / 100 + seed / 1000})
               for seed in range(2) for k in (1, 3, 5)]  # fmt: skip
    results += [run("sgd", 0, "few-shot", "clinc150-5", **{"test accuracy": 0.9})]
    stream = {"area 1000": 0.7, "area all": 0.8, "accuracy 1-100": 0.4, "test accuracy": 0.9}
    details = {"curve": curve_of(np.arange(900) % 3 > 0)}
    for name, gain in (("quickstudy", 0.0), ("k-nn", 0.1), ("sgd", -0.1)):
        measures = {key: value + gain for key, value in stream.items()}
        results.append(Result("stream", "clinc150", name, 0, {"version": 1}, measures, details))
    files = write_report(results, tmp_path)
    page = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert "| learner | 1 | 3 | 5 | 10 | seeds |" in page
    assert "| quickstudy | 0.811 ± 0.001 | 0.831 ± 0.001 | 0.851 ± 0.001 |  | 2 |" in page
    assert "| scikit-learn SGD partial_fit |  |  | **0.900** |  | 1 |" in page
    assert tmp_path / "benchmarks" / "few-shot-clinc150.png" in files
    assert (tmp_path / "benchmarks" / "few-shot-clinc150.png").read_bytes()[:4] == b"\x89PNG"
    assert "against every peer | k nearest neighbours 0.900 | at least 0.900 | 0.800 | 1 | **no** |" in page
    assert "| scikit-learn SGD partial_fit 0.600 | at least 0.630 | 0.700 | 1 | yes |" in page
    assert "| stream clinc150 | 1-100 | 0.400 | **k nearest neighbours 0.500** | -0.100 |" in page
