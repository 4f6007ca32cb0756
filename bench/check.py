"""The small check of continuous integration: has accuracy fallen since the baseline was written?

Whole streams that need no downloaded data: digits, and a short one of the medical coder. The baseline is a results file
in the repository; every run is paired with its own by seed, so its noise is that of the differences. Invariants: always
run anew, at most three minutes on two cores; never a peer. Not here: how differences are judged (``compare``).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.compare import compare, missing, void, worded
from bench.data import DEFAULT_DATA, ROOT
from bench.learners.registry import OWN
from bench.results import Result, append_result, read_results
from bench.run import Plan, run_all
from quickstudy.errors import InputError

BASELINE = ROOT / "bench" / "baseline.jsonl"
SEEDS = 4
LEAST = 0.01
"""No smaller fall counts: the int8 encoder rounds differently on other processors."""
PLANS = tuple(
    Plan(scenario, case, OWN, seed, quick)
    for seed in range(SEEDS)
    for scenario, case, quick in (("icd10", "block", True), ("digits", "digits", False))
)


def run_check(baseline: Path, workers: int, show: Callable[[str], None], *, write: bool = False) -> bool:
    """Runs the check; whether nothing fell.

    Args:
        baseline: the results to compare with.
        workers: how many runs at a time.
        show: prints a line.
        write: replaces the baseline by this run instead.

    Raises:
        InputError: there is no baseline.
    """
    if not write and not baseline.is_file():
        raise InputError(f"There is no baseline {str(baseline)!r}.", next_step="Run: python -m bench check --write")
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "check.jsonl"
        broken = run_all(PLANS, output, DEFAULT_DATA, workers, show)
        head = read_results(output)
    if broken:
        return False
    if write:
        fresh = baseline.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        for result in sorted(head, key=lambda result: (result.scenario, result.seed)):
            append_result(fresh, result)
        os.replace(fresh, baseline)
        show(f"Written: {baseline}")
        return True
    return passed(read_results(baseline), head, show)


def passed(baseline: Sequence[Result], head: Sequence[Result], show: Callable[[str], None]) -> bool:
    """Whether nothing of the baseline fell by more than its noise, is missing, or means something else now."""
    changes, lacking, other = compare(baseline, head, least=LEAST), missing(baseline, head), void(baseline, head)
    for line in worded(changes, lacking, other, same=True):
        show(line)
    return bool(changes) and not lacking and not other and not any(change.fell for change in changes)
