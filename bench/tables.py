"""Tables of the report as Markdown: figures against targets and peers, cases, curves.

Invariants: a number is the mean over seeds, ± the standard deviation between them; the best of a column is bold,
whoever it is; whoever is ahead of quickstudy is named and bold. Not here: what is compared with what (``versus``), and
the page around the tables (``report``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bench.catalogue import SCENARIOS
from bench.learners.registry import LEARNERS
from bench.results import Result
from bench.scenario import Measure, Scenario, Target
from bench.versus import Group, Lead, hardest, judged, members

Cases = Mapping[tuple[str, str], Group]
"""(scenario, case) -> its results."""


def target_table(cases: Cases) -> str:
    """Every target of every scenario, whether it was reached, and what was not run."""
    rows = ["| figure | target | measured | seeds | reached |", "|---|---|---|---|---|"]
    for scenario in SCENARIOS.values():
        for target in scenario.targets:
            runs = cases.get((scenario.id, target.case), {}).get(target.learner, [])
            values = [run.measures[target.key] for run in runs if target.key in run.measures]
            bound = f"{target.relation} {format(target.bound, target.form)}"
            if values:
                mean = float(np.mean(values))
                shown = format(mean, target.form)
                rows.append(
                    f"| {cell(target.text)} | {bound} | {shown} | {len(values)} | {_verdict(reached(target, mean))} |"
                )
            else:
                rows.append(f"| {cell(target.text)} | {bound} | not run | 0 | |")
    return "\n".join(rows)


def reached(target: Target, value: float) -> bool:
    """Whether a mean reaches a target."""
    if target.relation == "at most":
        return value <= target.bound
    return value > target.bound if target.relation == "above" else value >= target.bound


def versus_table(cases: Cases) -> str:
    """Every figure that must be reached beside others."""
    rows = ["| figure | hardest of the others | target | measured | seeds | reached |", "|---|---|---|---|---|---|"]
    for scenario in SCENARIOS.values():
        for versus in scenario.versus:
            verdict = judged(versus, cases.get((scenario.id, versus.case), {}))
            if verdict is None:
                rows.append(f"| {cell(versus.text)} | | {versus.relation} … | not run | 0 | |")
                continue
            lead, form = verdict.lead, versus.form
            rows.append(
                f"| {cell(versus.text)} | {title_of(lead.other)} {format(lead.theirs, form)} "
                f"| {versus.relation} {format(verdict.bound, form)} | {format(lead.own, form)} | {lead.seeds} "
                f"| {_verdict(verdict.reached)} |"
            )
    return "\n".join(rows)


def stage_table(cases: Cases) -> str:
    """Every part of every learning curve: quickstudy, and the best of the others."""
    rows = ["| stream | part | quickstudy | best peer | lead | best online peer | lead | seeds |", "|---" * 8 + "|"]
    for scenario in SCENARIOS.values():
        labels = {measure.key: measure.label for measure in scenario.measures}
        for case in scenario.cases:
            group = cases.get((scenario.id, case), {})
            for key in scenario.stages:
                found = [hardest(members(others, group), key, "higher", group) for others in ("peers", "online")]
                if lead := found[0] or found[1]:
                    rows.append(
                        f"| {scenario.id} {case} | {cell(labels[key])} | {lead.own:.3f} "
                        f"| {_ahead(found[0])} | {_ahead(found[1])} | {lead.seeds} |"
                    )
            if not group and scenario.stages:
                rows.append(f"| {scenario.id} {case} | | not run | | | | | 0 |")
    return "\n".join(rows)


def case_table(scenario: Scenario, group: Group) -> str:
    """A row a learner, a column a measure."""
    found = {key for runs in group.values() for run in runs for key in run.measures}
    measures = [measure for measure in scenario.measures if measure.key in found]
    best = {measure.key: _best(measure, group) for measure in measures}
    rows = ["| learner | " + " | ".join(measure.label for measure in measures) + " | seeds |"]
    rows.append("|---" * (len(measures) + 2) + "|")
    for name, runs in group.items():
        cells = [_summary(measure, runs, bold=name in best[measure.key]) for measure in measures]
        rows.append(f"| {title_of(name)} | " + " | ".join(cells) + f" | {len(runs)} |")
    return "\n".join(rows)


def curve_table(measure: Measure, places: Mapping[int, Group]) -> str:
    """A row a learner, a column a point of the curve; the seeds are those of the point that has most."""
    best = {at: _best(measure, group) for at, group in places.items()}
    rows = ["| learner | " + " | ".join(f"{at:,}" for at in places) + " | seeds |", "|---" * (len(places) + 2) + "|"]
    for name in dict.fromkeys(name for group in places.values() for name in group):
        runs = {at: group.get(name, []) for at, group in places.items()}
        cells = [_summary(measure, runs[at], bold=name in best[at]) for at in places]
        rows.append(f"| {title_of(name)} | " + " | ".join(cells) + f" | {max(map(len, runs.values()))} |")
    return "\n".join(rows)


def title_of(name: str) -> str:
    """What tables and plots call a learner."""
    return LEARNERS[name].title if name in LEARNERS else name


def cell(text: str) -> str:
    """A text that does not break a table."""
    return text.replace("|", "\\|")


def _verdict(well: bool) -> str:
    return "yes" if well else "**no**"


def _ahead(lead: Lead | None) -> str:
    if lead is None:
        return "| "
    them = f"{title_of(lead.other)} {lead.theirs:.3f}"
    spread = f" ± {lead.noise:.3f}" if lead.seeds > 1 else ""
    return f"{them if lead.gain >= 0 else f'**{them}**'} | {lead.gain:+.3f}{spread}"


def _summary(measure: Measure, runs: Sequence[Result], *, bold: bool) -> str:
    values = [run.measures[measure.key] for run in runs if measure.key in run.measures]
    if not values:
        return ""
    shown = format(float(np.mean(values)), measure.form)
    shown = f"**{shown}**" if bold else shown
    return f"{shown} ± {format(float(np.std(values, ddof=1)), measure.form.lstrip('+'))}" if len(values) > 1 else shown


def _best(measure: Measure, group: Group) -> set[str]:
    means = {
        name: float(np.mean([run.measures[measure.key] for run in runs]))
        for name, runs in group.items()
        if runs and all(measure.key in run.measures for run in runs)
    }
    if len(means) < 2:
        return set()
    best = max(means.values()) if measure.better == "higher" else min(means.values())
    return {name for name, mean in means.items() if format(mean, measure.form) == format(best, measure.form)}
