"""Comparing two sets of results: which scenario fell, by more than its noise.

For every (scenario, case, learner, measure) the differences are paired by seed. It fell if the mean difference is worse
than the measure's tolerance and than twice the standard error of the differences; with one seed the tolerance alone
decides. Not here: times, unless asked for: they vary with the machine.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.catalogue import SCENARIOS
from bench.results import FOLDER, PUBLISHED, Result, newest_per_run, read_results
from bench.scenario import Measure
from quickstudy.errors import InputError

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """How one measure changed.

    Attributes:
        scenario: the scenario's id.
        case: the case.
        learner: the learner.
        measure: what is compared.
        base: mean over the shared seeds.
        head: the same.
        noise: twice the standard error of the paired differences; 0 with one seed.
        seeds: how many are shared.
        fell: whether it is worse by more than tolerance and noise.
        rose: whether it is better by as much.
    """

    scenario: str
    case: str
    learner: str
    measure: Measure
    base: float
    head: float
    noise: float
    seeds: int
    fell: bool
    rose: bool


def compare(base: Sequence[Result], head: Sequence[Result], *, times: bool = False) -> list[Change]:
    """Every measure that both have.

    Args:
        base: results before.
        head: results after.
        times: also times and memory.
    """
    before, after = _by_key(base), _by_key(head)
    changes = []
    for key in sorted(set(before) & set(after)):
        if key[0] not in SCENARIOS:
            continue
        for measure in SCENARIOS[key[0]].measures:
            if measure.relative and not times:
                continue
            change = _change(key, measure, before[key], after[key])
            if change:
                changes.append(change)
    return changes


def missing(base: Sequence[Result], head: Sequence[Result]) -> list[Key]:
    """What the base has and the head lacks, altogether or for every seed of the base."""
    before, after = _by_key(base), _by_key(head)
    return sorted(key for key in before if not set(before[key]) & set(after.get(key, {})))


def results_named(name: str) -> list[Result]:
    """Results of a file, or of a git commit (its beginning, as ``run`` noted it) among all that are stored here.

    Raises:
        InputError: neither.
    """
    path = Path(name)
    if path.is_file():
        return newest_per_run(read_results(path))
    stored = [PUBLISHED, *sorted(FOLDER.glob("*.jsonl"))]
    found = [
        result for file in stored for result in read_results(file) if len(name) >= 4 and result.commit.startswith(name)
    ]
    if not found:
        raise InputError(
            f"{name!r} is neither a file of results nor a commit that has some.",
            next_step="Give a .jsonl file, or run the benchmark at that commit first.",
        )
    return newest_per_run(found)


def _by_key(results: Sequence[Result]) -> dict[Key, dict[int, Mapping[str, float]]]:
    found: dict[Key, dict[int, Mapping[str, float]]] = defaultdict(dict)
    for result in results:
        case = f"{result.case} (quick)" if result.settings.get("quick") else result.case
        found[result.scenario, case, result.learner][result.seed] = result.measures
    return found


def _change(
    key: Key, measure: Measure, before: dict[int, Mapping[str, float]], after: dict[int, Mapping[str, float]]
) -> Change | None:
    seeds = [seed for seed in before if measure.key in before[seed] and measure.key in after.get(seed, {})]
    if not seeds:
        return None
    old = np.array([before[seed][measure.key] for seed in seeds])
    new = np.array([after[seed][measure.key] for seed in seeds])
    better = (new - old) * (1.0 if measure.better == "higher" else -1.0)
    noise = 2.0 * float(better.std(ddof=1)) / math.sqrt(len(seeds)) if len(seeds) > 1 else 0.0
    allowed = max(noise, measure.tolerance * (float(abs(old.mean())) if measure.relative else 1.0))
    gain = float(better.mean())
    return Change(
        *key,
        measure,
        float(old.mean()),
        float(new.mean()),
        noise,
        len(seeds),
        fell=not gain >= -allowed,
        rose=gain > allowed,
    )
