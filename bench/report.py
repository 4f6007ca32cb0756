"""The report: figures against their targets, a table for every scenario and case, and plots.

Invariants: every number in it comes from the results file that lies beside it; the best of each column is bold, whoever
it is; a scenario without results is named as not run. Not here: running, and what the measures mean (the scenarios).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.catalogue import SCENARIOS
from bench.data import SOURCES
from bench.learners.registry import LEARNERS
from bench.plots import plot_curves, plot_growth, plot_in_time, plot_points
from bench.results import Result, newest_per_run
from bench.scenario import Scenario
from bench.tables import case_table, curve_table, stage_table, target_table, versus_table
from bench.versus import Group


def write_report(results: Sequence[Result], docs: Path) -> list[Path]:
    """Writes ``benchmarks.md``, its plots and the results it was made from.

    Args:
        results: any results; for each run only the newest settings count, and quick runs do not.
        docs: the folder of the documentation.

    Returns:
        The files that were written.
    """
    full = newest_per_run(result for result in results if not result.settings.get("quick"))
    runs: dict[tuple[str, str], dict[str, list[Result]]] = defaultdict(dict)
    for result in full:
        runs[result.scenario, result.case].setdefault(result.learner, []).append(result)
    cases = {key: _ordered(group) for key, group in runs.items()}
    folder = docs / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    lines = folder / "results.jsonl"
    lines.write_text("".join(json.dumps(asdict(r), sort_keys=True) + "\n" for r in full), encoding="utf-8")
    written = [lines]
    parts = [_frame(full), "## Figures against their targets\n\n" + target_table(cases), _beside(cases)]
    for scenario in SCENARIOS.values():
        here = {case: cases.get((scenario.id, case), {}) for case in scenario.cases}
        section, plots = (_curves_section if scenario.place else _cases_section)(scenario, here, folder)
        parts.append(section)
        written += plots
    page = docs / "benchmarks.md"
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return [page, *written]


def _frame(results: Sequence[Result]) -> str:
    machines = sorted({f"{r.machine.get('processor')}, {r.machine.get('processors')} processors" for r in results})
    commits = sorted({r.commit for r in results if r.commit})
    versions = sorted({f"{name} {version}" for r in results for name, version in r.versions.items()})
    hours = sum(result.seconds for result in results) / 3600
    sources = "\n".join(f"- `{name}`: {origin}" for name, origin in SOURCES.items())
    return f"""# Benchmarks

This page is generated: `python -m bench report` writes it from `benchmarks/results.jsonl`, one line a run. Run it all
again with

```console
pip install ".[bench]"
python -m bench run --data DIR
python -m bench report
```

- Machine: {"; ".join(machines) or "none yet"}.
- Code: {", ".join(commits) or "none yet"}.
- Versions: {", ".join(versions) or "none yet"}.
- {len(results)} runs, {hours:.1f} hours.

## Protocol

- Everybody gets the same tasks in the same order, in one pass. The order comes from `numpy.random.default_rng(seed)`;
  the seeds are 0, 1, 2, …
- Peers that take vectors get the same ones as quickstudy (MiniLM, int8, and hashed spelling); those that read words
  get the texts. They are set as their documentation advises; where it leaves a choice, it was made on CLINC150 and
  HINT3. The top of each file in `bench/learners` says how.
- SetFit and TRACER pull torch: `pip install torch==2.13.0`, then `pip install ".[bench-heavy]"`. What is not installed
  is left out and named. SetFit took 70 s for a refit on 63 lessons: it plays on HINT3 only.
- What quickstudy learns, and which layers the vectors come from, was chosen on CLINC150 and HINT3 only. BANKING77 is
  reported, never tuned on, with one exception: from when on a task counts as far (`autonomy/familiar.py`) was chosen on
  CLINC150 and BANKING77. Only the gate uses it, in `autonomy`.
  The layout of records, the expert for renames, from when on a surprise is news (`judgement/doubt.py`) and the kernel
  of `judgement/reliability.py` were designed while looking at GLA: its figures are optimistic.
  The neighbours' scale was chosen while looking at digits: its figure is a little optimistic too.
- A number is the mean over seeds; ± is the standard deviation between seeds. The best of a column is bold, whoever it
  is.
- Times are of single calls, with one thread for linear algebra, on a shared machine; one more run, or a test, may have
  gone on beside. Compare them with each other.

Data are not part of the package; they come from

{sources}"""


def _beside(cases: Mapping[tuple[str, str], Group]) -> str:
    explained = (
        "Two learners are compared on the seeds that both have, paired. *Online* are installable online learners. In "
        "the second table *lead* is how far quickstudy is above the best of the others, ± twice its standard error; "
        "whoever is above quickstudy is bold, within the noise or not."
    )
    return "\n\n".join(["## Beside the peers", explained, versus_table(cases), stage_table(cases)])


def _cases_section(scenario: Scenario, cases: Mapping[str, Group], folder: Path) -> tuple[str, list[Path]]:
    """A table and its plots for every case."""
    parts, drawn = [_opening(scenario)], []
    for case, group in cases.items():
        plots = _draw(scenario, case, group, folder)
        parts.append(f"### {case}" if len(cases) > 1 else "")
        parts.append(case_table(scenario, group) if group else "Not run.")
        parts += [_picture(title, path) for title, path in plots]
        drawn += [path for _, path in plots]
    return "\n\n".join([*filter(None, parts), _command(scenario)]), drawn


def _curves_section(scenario: Scenario, cases: Mapping[str, Group], folder: Path) -> tuple[str, list[Path]]:
    """A table and a plot for every curve; its cases are the points."""
    assert scenario.place is not None
    curves: dict[str, dict[int, Group]] = defaultdict(dict)
    for case, group in cases.items():
        place = scenario.place(case)
        curves[place.curve][place.at] = group
    measure = scenario.measures[0]
    parts, drawn = [_opening(scenario)], []
    for name, places in curves.items():
        done = {at: group for at, group in places.items() if group}
        parts += [f"### {name}", curve_table(measure, places) if done else "Not run."]
        if len(done) > 1:
            path, title = folder / f"{scenario.id}-{name}.png", f"{scenario.title} ({name})"
            plot_points(path, title, scenario.along, measure, done)
            parts.append(_picture(title, path))
            drawn.append(path)
    return "\n\n".join([*parts, _command(scenario)]), drawn


def _opening(scenario: Scenario) -> str:
    return f"## {scenario.title}\n\n`{scenario.id}`. {scenario.about}"


def _picture(title: str, path: Path) -> str:
    return f"![{title}](benchmarks/{path.name})"


def _command(scenario: Scenario) -> str:
    return f"Command: `python -m bench run {scenario.id}`"


def _draw(scenario: Scenario, case: str, group: Group, folder: Path) -> list[tuple[str, Path]]:
    drawn: list[tuple[str, Path]] = []

    def draw(suffix: str, title: str, detail: str, plot: Callable[[Path, Group], None]) -> None:
        having = {name: [run for run in runs if detail in run.details] for name, runs in group.items()}
        having = {name: runs for name, runs in having.items() if runs and not name.startswith("quickstudy-")}
        if having:
            path = folder / f"{scenario.id}-{case}{suffix}.png"
            plot(path, having)
            drawn.append((title, path))

    title = f"{scenario.title} ({case})" if len(scenario.cases) > 1 else scenario.title
    if scenario.id == "drift":
        draw("", title, "twentieths", lambda path, having: plot_in_time(path, title, having))
    elif scenario.id == "cost":
        along = "options" if case == "options" else "remembered tasks"
        costs = [("decide ms median", "decide, ms"), ("teach ms median", "teach, ms")]
        costs += [("megabytes added", "memory added, MB"), ("open seconds", "start-up, s")]
        for key, what in costs:
            heading = f"{what} (median of 300)" if "median" in key else what
            draw(f"-{key.split()[0]}", heading, "rows", _growth(heading, along, what, key))
    else:
        draw("", title, "curve", lambda path, having: plot_curves(path, title, having))
    return drawn


def _growth(title: str, along: str, what: str, key: str) -> Callable[[Path, Group], None]:
    return lambda path, having: plot_growth(path, title, along, what, key, having)


def _ordered(group: Mapping[str, list[Result]]) -> Group:
    names = [name for name in LEARNERS if name in group] + [name for name in group if name not in LEARNERS]
    return {name: group[name] for name in names}
