"""Running scenarios: what is to be done, in worker processes, resumable, with a progress bar on stderr.

Invariants: every run happens in a process of its own, so memory is measured clean and nothing leaks from one to the
next; scenarios that measure time run with nothing beside them, after the others. A run whose identity is in the results
is not run again; a run that breaks does not stop the others. Not here: what a run does (the scenarios).
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from bench.catalogue import SCENARIOS, find_scenario
from bench.learners.quickstudy_learner import encoder_of
from bench.learners.registry import OWN, learner_entry
from bench.peers import is_installed
from bench.results import Result, append_result, identity, package_version, read_results, stamp
from bench.scenario import Scenario, Stage
from quickstudy.errors import InputError

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """One run to be done."""

    scenario: str
    case: str
    learner: str
    seed: int
    quick: bool

    @property
    def label(self) -> str:
        """How the progress bar calls it."""
        return f"{self.scenario} {self.case} {self.learner} {self.seed}"

    def settings(self) -> dict[str, Any]:
        """Everything that the result depends on, besides the data: the scenario's, the learner's, its version."""
        entry = learner_entry(self.learner)
        scenario = find_scenario(self.scenario)
        quick = {"quick": True} if self.quick else {}
        learner = {"settings": dict(entry.settings), "version": package_version(entry.package)}
        if "encoder" in scenario.settings and not entry.texts_only and entry.package != OWN:
            learner["vectors"] = encoder_of(scenario.settings["encoder"]).fingerprint
        return {**scenario.settings, **quick, "learner": learner}

    def identity(self) -> str:
        """What a result of this run is known by."""
        return identity(self.scenario, self.case, self.learner, self.seed, self.settings())


def plans(
    names: Sequence[str],
    peers: Sequence[str] | None,
    seeds: int | None,
    *,
    quick: bool,
    cases: Sequence[str] | None = None,
    own: bool = True,
) -> list[Plan]:
    """What is to be done: scenarios (all if none is named) x cases x learners x seeds; the learner under test first.

    Args:
        names: ids of scenarios.
        peers: which peers besides quickstudy; None for those of each scenario's own list that are installed, empty
            for none.
        seeds: how many; None for each scenario's own number.
        quick: 600 tasks and one seed.
        cases: only these cases of the scenarios; None for all.
        own: whether quickstudy plays too.

    Raises:
        InputError: an unknown scenario, case or learner, or a named one whose package is not installed.
    """
    wanted: list[Plan] = []
    known = {case for name in names or SCENARIOS for case in find_scenario(name).cases}
    for case in cases or ():
        if case not in known:
            raise InputError(f"There is no case {case!r} in these scenarios.", next_step="See: python -m bench list")
    for name in names or SCENARIOS:
        scenario = find_scenario(name)
        if peers is None:
            learners = tuple(learner for learner in scenario.learners if is_installed(learner))
        else:
            learners = tuple(dict.fromkeys([OWN, *peers]))
            for learner in learners:
                _playable(learner)
        wanted += [
            Plan(name, case, learner, seed, quick)
            for case in scenario.cases
            if cases is None or case in cases
            for learner in learners
            if (own or learner != OWN)
            and scenario.takes_part(learner, case)
            and (scenario.texts or not learner_entry(learner).texts_only)
            for seed in range(seeds or (1 if quick else scenario.seeds_of(learner)))
        ]
    return sorted(wanted, key=lambda plan: (find_scenario(plan.scenario).alone, plan.learner != OWN, plan.seed))


def _playable(learner: str) -> None:
    package = learner_entry(learner).package
    if not is_installed(learner):
        raise InputError(
            f"{learner!r} needs the package {package!r}, which is not installed.",
            next_step='Install it: pip install ".[bench]", or for the heavy ones see the top of its file.',
        )


def pending(wanted: Iterable[Plan], results: Iterable[Result]) -> list[Plan]:
    """What of it is not done yet."""
    done = {result.identity for result in results}
    return [plan for plan in wanted if plan.identity() not in done]


def play(plan: Plan, data: Path, tell: Tell | None = None) -> Result:
    """Does one run, here."""
    scenario: Scenario = find_scenario(plan.scenario)
    begun = time.perf_counter()
    played = scenario.play(plan.case, plan.learner, plan.seed, Stage(data, plan.quick, tell))
    return Result(
        plan.scenario,
        plan.case,
        plan.learner,
        plan.seed,
        plan.settings(),
        dict(played.measures),
        dict(played.details),
        seconds=time.perf_counter() - begun,
        **stamp(),
    )


def run_all(wanted: Sequence[Plan], output: Path, data: Path, workers: int, show: Callable[[str], None]) -> list[str]:
    """Does what is not done yet, and appends each result as it comes.

    Args:
        wanted: the runs.
        output: the results file.
        data: the data folder.
        workers: how many at a time.
        show: prints a line about each run.

    Returns:
        The labels of runs that broke; the others went on.

    Raises:
        InputError: the user's mistake, such as missing data; the results before it are kept.
    """
    todo = pending(wanted, read_results(output))
    show(f"{len(wanted) - len(todo)} of {len(wanted)} runs are done already, {len(todo)} to do: {output}")
    beside = [plan for plan in todo if not find_scenario(plan.scenario).alone]
    alone = [plan for plan in todo if find_scenario(plan.scenario).alone]
    broken: list[str] = []
    with _Bars(len(todo)) as bars:
        for group, size in ((beside, workers), (alone, 1)):
            broken += _run_group(group, size, output, data, bars, show)
    return broken


def _run_group(
    group: Sequence[Plan], workers: int, output: Path, data: Path, bars: _Bars, show: Callable[[str], None]
) -> list[str]:
    for name in THREADS:
        os.environ.setdefault(name, "1")  # workers inherit it: they share the processors, and times are of one thread
    waiting, broken = list(group), []
    running: dict[Connection, tuple[Plan, SpawnProcess]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                plan = waiting.pop(0)
                news, process = _started(plan, data)
                running[news] = plan, process
            for ready in wait(list(running)):
                assert isinstance(ready, Connection)
                plan, process = running[ready]
                said = heard(ready, process)
                if "done" in said:
                    bars.advance(plan.label, said["done"], said["of"])
                    continue
                del running[ready]
                process.join()
                bars.finish(plan.label)
                if "refused" in said:
                    raise InputError(said["refused"], next_step=said["next_step"])
                if "broke" in said:
                    broken.append(plan.label)
                    show(f"BROKE {plan.label}\n{said['broke']}")
                    continue
                result = Result(**said["result"])
                append_result(output, result)
                show(summary(result))
    finally:
        for _, process in running.values():
            process.terminate()
            process.join()
    return broken


def _started(plan: Plan, data: Path) -> tuple[Connection, SpawnProcess]:
    context = multiprocessing.get_context("spawn")
    news, tell = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(plan, data, tell), daemon=True)
    process.start()
    tell.close()
    return news, process


def heard(news: Connection, process: SpawnProcess) -> dict[str, Any]:
    """The next thing that a run's process says; that it broke, if it died without a word."""
    try:
        said: dict[str, Any] = json.loads(news.recv_bytes())
        return said
    except EOFError:
        process.join()
        return {"broke": f"The process ended with code {process.exitcode}."}


def _work(plan: Plan, data: Path, tell: Connection) -> None:
    """Does one run in a process of its own, and tells what happens as JSON."""

    def say(**content: Any) -> None:
        tell.send_bytes(json.dumps(content).encode())

    try:
        say(result=asdict(play(plan, data, lambda done, count: say(done=done, of=count))))
    except InputError as error:
        say(refused=error.message, next_step=error.next_step)
    except Exception:
        say(broke=traceback.format_exc())


def summary(result: Result) -> str:
    """A result in one line."""
    scenario = find_scenario(result.scenario)
    shown = [m for m in scenario.measures if m.key in result.measures][:8]
    numbers = ", ".join(f"{measure.label} {result.measures[measure.key]:{measure.form}}" for measure in shown)
    return f"{result.scenario} {result.case} {result.learner} seed {result.seed} ({result.seconds:.0f} s): {numbers}"


class _Bars:
    """One bar for all runs, one for each that is going on; on stderr."""

    def __init__(self, count: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._all = self._progress.add_task("runs", total=count)
        self._each: dict[str, Any] = {}

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *rest: object) -> None:
        self._progress.stop()

    def advance(self, label: str, done: int, count: int) -> None:
        """Shows how far a run is."""
        if label not in self._each:
            self._each[label] = self._progress.add_task(label, total=count)
        self._progress.update(self._each[label], completed=done, total=count)

    def finish(self, label: str) -> None:
        """A run is over."""
        self._progress.advance(self._all)
        if label in self._each:
            self._progress.remove_task(self._each.pop(label))
