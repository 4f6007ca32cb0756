"""The check of continuous integration: a learner that forgets every second lesson does not pass."""

from dataclasses import replace

import pytest
from bench import run
from bench.__main__ import main
from bench.check import BASELINE, LEAST, PLANS, SEEDS, passed
from bench.compare import compare
from bench.data import DEFAULT_DATA
from bench.learners.quickstudy_learner import QuickstudyLearner
from bench.learners.registry import LEARNERS
from bench.results import append_result, read_results


class Forgetful(QuickstudyLearner):
    """Learns the first lesson, and every second one from there."""

    def __init__(self, setting, seed):
        super().__init__(setting, seed)
        self._told = 0

    def learn(self, task, answer):
        self._told += 1
        if self._told % 2:
            super().learn(task, answer)


@pytest.fixture(scope="module")
def baseline():
    return read_results(BASELINE)


def first_seed(scenario):
    return next(plan for plan in PLANS if plan.scenario == scenario and plan.seed == 0)


def test_the_baseline_has_every_run_of_the_check(baseline):
    have = {(result.scenario, result.case, result.learner, result.seed) for result in baseline}
    assert have == {(plan.scenario, plan.case, plan.learner, plan.seed) for plan in PLANS}
    assert len(have) == 2 * SEEDS


@pytest.mark.parametrize("scenario", ["digits", "icd10"])
def test_a_learner_that_forgets_every_second_lesson_fails_and_the_true_one_passes(scenario, baseline, monkeypatch):
    plan = first_seed(scenario)
    before = [result for result in baseline if result.scenario == scenario]
    lines = []
    assert passed(before, [run.play(plan, DEFAULT_DATA)], lines.append), lines
    monkeypatch.setitem(LEARNERS, "quickstudy", replace(LEARNERS["quickstudy"], make=Forgetful))
    assert not passed(before, [run.play(plan, DEFAULT_DATA)], lines.append)
    assert any(line.startswith("FELL") for line in lines)


def test_a_fall_that_is_smaller_than_another_processor_may_make_passes(baseline):
    slightly = [fallen(result, LEAST * 0.9) for result in baseline]
    clearly = [fallen(result, LEAST * 1.5) for result in baseline]
    assert passed(baseline, slightly, lambda line: None)
    assert not passed(baseline, clearly, lambda line: None)
    assert all(change.fell for change in compare(baseline, slightly) if "gap" not in change.measure.key)


def test_what_is_missing_or_means_something_else_does_not_pass(baseline):
    lines = []
    assert not passed(baseline, [r for r in baseline if r.scenario == "digits"], lines.append)
    assert "MISSING  icd10 block (quick) quickstudy" in lines
    newer = [replace(r, settings={**r.settings, "version": 99}) if r.scenario == "digits" else r for r in baseline]
    assert not passed(baseline, newer, lines.append)
    assert any(line.startswith("VOID  digits digits quickstudy") for line in lines)


def test_another_version_of_the_learner_is_compared(baseline):
    learner = {"settings": {"features": 1}, "version": "99"}
    newer = [replace(result, settings={**result.settings, "learner": learner}) for result in baseline]
    assert passed(baseline, newer, lambda line: None)


def test_the_command_exits_with_one_when_accuracy_fell(baseline, tmp_path, monkeypatch, capsys):
    def run_all(plans, output, data, workers, show):
        for result in baseline:
            append_result(output, fallen(result, 0.05))
        return []

    monkeypatch.setattr("bench.check.run_all", run_all)
    assert main(["check"]) == 1
    assert "FELL  digits digits quickstudy" in capsys.readouterr().out
    assert main(["check", "--write", "--baseline", str(tmp_path / "new.jsonl")]) == 0
    assert len(read_results(tmp_path / "new.jsonl")) == len(PLANS)
    assert main(["check", "--baseline", str(tmp_path / "new.jsonl")]) == 0
    assert main(["check", "--baseline", str(tmp_path / "none.jsonl")]) == 2


def test_a_run_that_breaks_does_not_pass(monkeypatch):
    monkeypatch.setattr("bench.check.run_all", lambda *arguments: ["digits digits quickstudy 0"])
    assert main(["check"]) == 1


def fallen(result, by):
    lower = {key: value - by for key, value in result.measures.items() if not key.startswith("gap")}
    return replace(result, measures={**result.measures, **lower})
