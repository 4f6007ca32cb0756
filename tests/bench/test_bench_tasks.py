"""The benchmarks of tasks of many steps: their worlds and their scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bench.credit import scenario as credit
from bench.credit.worlds import Doomed, task
from bench.early_stop import scenario as early_stop
from bench.scenario import Stage

QUICK = Stage(Path("."), quick=True)


def test_a_doomed_task_fails_and_shows_it_from_the_next_step_on() -> None:
    found = [task(np.random.default_rng(seed), 400, 2.0, doomed=True) for seed in range(20)]
    assert not any(doomed.good for doomed in found)
    for doomed in found:
        assert doomed.step is not None
        before, after = doomed.seen[: doomed.step + 1, 0], doomed.seen[doomed.step + 1 :, 0]
        assert after.mean() - before.mean() == pytest.approx(2.0, abs=0.25)


def test_other_tasks_succeed_nine_times_in_ten() -> None:
    found = [task(np.random.default_rng(seed), 40, 2.0, doomed=False) for seed in range(300)]
    assert np.mean([fine.good for fine in found]) == pytest.approx(0.9, abs=0.05)


def test_the_score_counts_named_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = iter([0, 1, 0, 2, 0])
    monkeypatch.setattr(credit, "named", lambda subject, learner, name, doomed: doomed.step + next(steps))
    monkeypatch.setattr(credit, "live", lambda subject, name, doomed: None)
    measures = credit.play("jump-2", "quickstudy", 0, QUICK).measures
    assert (measures["found"], measures["near"]) == (0.6, 1.0)


def test_the_largest_change_is_named_without_learning() -> None:
    seen = np.zeros((10, 3))
    seen[7:, 1] = 5.0
    assert credit.named(None, credit.CHANGE, "", Doomed(seen, 6, False)) == 6  # type: ignore[arg-type]


def test_a_stop_is_wrong_where_the_task_would_have_ended_well(monkeypatch: pytest.MonkeyPatch) -> None:
    fates = [early_stop.Fate(np.zeros((1, 1)), number % 3 == 0) for number in range(300)]
    given = iter(fates)
    monkeypatch.setattr(early_stop, "fate", lambda case, draw, progress: next(given))
    monkeypatch.setattr(early_stop, "live", lambda subject, lived, rate: early_stop.STEPS // 2)
    measures = early_stop.play("half-fail", "quickstudy", 0, QUICK).measures
    assert measures["saved"] == measures["saved at first"] == 0.5
    assert measures["wrong"] == measures["wrong of given up"] == pytest.approx(1 / 3)
    assert measures["wrong of good"] == 1.0


def test_the_fates_are_those_that_the_case_names() -> None:
    draw = np.random.default_rng(0)
    late = [early_stop.fate("drift", draw, 0.9) for _ in range(400)]
    broken = [lived for lived in late if lived.seen[-4:, 0].mean() > 1.0]
    assert 0.1 < np.mean([lived.good for lived in broken]) < 0.3
    early = [early_stop.fate("drift", draw, 0.1) for _ in range(200)]
    assert not any(lived.good for lived in early if lived.seen[-4:, 0].mean() > 1.0)
