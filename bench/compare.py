"""Comparing two sets of results: which scenario fell, by more than its noise.

For every (scenario, case, learner, measure) the differences are paired by seed. It fell if the mean difference is worse
than the measure's tolerance and than twice the standard error of the differences; with one seed the tolerance alone
decides. Runs of other scenario settings cannot be compared: they are *void*, never silently passed over. Not here:
times, unless asked for: they vary with the machine.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.catalogue import SCENARIOS
from bench.results import FOLDER, PUBLISHED, Result, commit_named, newest_per_run, read_results
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


def compare(base: Sequence[Result], head: Sequence[Result], *, times: bool = False, least: float = 0.0) -> list[Change]:
    """Every measure that both have, of runs with the same settings of the scenario.

    Args:
        base: results before.
        head: results after.
        times: also times and memory.
        least: no smaller difference counts, whatever the measure's own tolerance.
    """
    before, after = _by_key(base), _by_key(head)
    changes = []
    for key in sorted(set(before) & set(after) - set(void(base, head))):
        if key[0] not in SCENARIOS:
            continue
        for measure in SCENARIOS[key[0]].measures:
            if measure.relative and not times:
                continue
            change = _change(key, measure, before[key], after[key], least)
            if change:
                changes.append(change)
    return changes


def missing(base: Sequence[Result], head: Sequence[Result]) -> list[Key]:
    """What the base has and the head lacks, altogether or for every seed of the base."""
    before, after = _by_key(base), _by_key(head)
    return sorted(key for key in before if not set(before[key]) & set(after.get(key, {})))


def void(base: Sequence[Result], head: Sequence[Result]) -> list[Key]:
    """What both have, but with other settings of the scenario: its numbers mean something else now."""
    before, after = ({_key(r): _scenario_settings(r) for r in results} for results in (base, head))
    return sorted(key for key in set(before) & set(after) if before[key] != after[key])


def results_named(name: str) -> list[Result]:
    """Results of a file, or of a git commit among all that are stored here.

    Args:
        name: a file's path; or a commit, branch or tag, whose results ``run`` noted with the commit's beginning.

    Raises:
        InputError: neither.
    """
    path = Path(name)
    if path.is_file():
        return newest_per_run(read_results(path))
    stored = [PUBLISHED, *sorted(FOLDER.glob("*.jsonl"))]
    start = commit_named(name) or name
    found = [
        result
        for file in stored
        for result in read_results(file)
        if len(start) >= 4 and result.commit.startswith(start)
    ]
    if not found:
        raise InputError(
            f"{name!r} is neither a file of results nor a commit that has some.",
            next_step="Give a .jsonl file, or run the benchmark at that commit first.",
        )
    return newest_per_run(found)


def worded(
    changes: Sequence[Change], lacking: Sequence[Key], other: Sequence[Key], *, same: bool = False
) -> Iterator[str]:
    """Lines that say what fell, rose, is missing or void, and how much was compared; ``same``: also what did not."""
    for change in changes:
        if change.fell or change.rose or same:
            word = "FELL" if change.fell else "rose" if change.rose else "same"
            form = change.measure.form
            yield (
                f"{word}  {change.scenario} {change.case} {change.learner}, {change.measure.label}: "
                f"{change.base:{form}} -> {change.head:{form}} (noise {change.noise:.4f}, {change.seeds} seeds)"
            )
    for key in lacking:
        yield f"MISSING  {' '.join(key)}"
    for key in other:
        yield f"VOID  {' '.join(key)}: the scenario's settings changed; run the base again"
    fallen = sum(change.fell for change in changes)
    yield f"{len(changes)} measures compared, {fallen} fell, {len(lacking)} runs missing, {len(other)} void."


def _by_key(results: Sequence[Result]) -> dict[Key, dict[int, Mapping[str, float]]]:
    found: dict[Key, dict[int, Mapping[str, float]]] = defaultdict(dict)
    for result in results:
        found[_key(result)][result.seed] = result.measures
    return found


def _key(result: Result) -> Key:
    case = f"{result.case} (quick)" if result.settings.get("quick") else result.case
    return result.scenario, case, result.learner


def _scenario_settings(result: Result) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads(json.dumps({**result.settings}))  # tuples become lists, as on disk
    settings.pop("learner", None)
    return settings


def _change(
    key: Key,
    measure: Measure,
    before: dict[int, Mapping[str, float]],
    after: dict[int, Mapping[str, float]],
    least: float,
) -> Change | None:
    seeds = [seed for seed in before if measure.key in before[seed] and measure.key in after.get(seed, {})]
    if not seeds:
        return None
    old = np.array([before[seed][measure.key] for seed in seeds])
    new = np.array([after[seed][measure.key] for seed in seeds])
    better = (new - old) * (1.0 if measure.better == "higher" else -1.0)
    noise = 2.0 * float(better.std(ddof=1)) / math.sqrt(len(seeds)) if len(seeds) > 1 else 0.0
    allowed = max(noise, least, measure.tolerance * (float(abs(old.mean())) if measure.relative else 1.0))
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
