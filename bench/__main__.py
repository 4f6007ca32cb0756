"""``python -m bench``: run, report, compare, check, list."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.catalogue import SCENARIOS
from bench.data import DEFAULT_DATA, ROOT, SOURCES
from bench.learners.registry import LEARNERS
from bench.peers import is_installed
from bench.results import FOLDER, PUBLISHED, read_results
from quickstudy.errors import InputError, QuickstudyError


def main(words: Sequence[str] | None = None) -> int:
    """Does what the words say; 0 if well, 1 if a scenario fell or a run failed, 2 for the user's mistake."""
    arguments = _parser().parse_args(words)
    try:
        code: int = arguments.action(arguments)
        return code
    except QuickstudyError as error:
        print(f"Error: {error.message}\n{error.next_step}", file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    except KeyboardInterrupt:
        print("Interrupted. Finished runs are kept; the same command goes on where it was.", file=sys.stderr)
        return 130


def run(arguments: argparse.Namespace) -> int:
    """Runs what is not done yet."""
    from bench.run import plans, run_all

    if arguments.workers < 1 or (arguments.seeds is not None and arguments.seeds < 1):
        raise InputError("--workers and --seeds count from 1.", next_step="For example --workers 2 --seeds 3.")
    absent = [name for name in LEARNERS if not is_installed(name)]
    if absent and arguments.peers is None:
        print(f"Not installed, so left out: {', '.join(absent)}.", file=sys.stderr)
    wanted = plans(
        arguments.scenario,
        arguments.peers,
        arguments.seeds,
        quick=arguments.quick,
        cases=arguments.cases,
        own=not arguments.only_peers,
    )
    broken = run_all(wanted, arguments.output, arguments.data, arguments.workers, lambda line: print(line, flush=True))
    if broken:
        print(f"{len(broken)} of {len(wanted)} runs broke: {', '.join(broken)}", file=sys.stderr)
        return 1
    return 0


def report(arguments: argparse.Namespace) -> int:
    """Writes the report."""
    from bench.report import write_report

    files = arguments.results or [PUBLISHED, *sorted(FOLDER.glob("*.jsonl"))]
    results = [result for file in files for result in read_results(file)]
    if not results:
        raise InputError("There are no results yet.", next_step="Run: python -m bench run")
    for path in write_report(results, arguments.docs):
        print(path)
    return 0


def compare(arguments: argparse.Namespace) -> int:
    """Compares two sets of results; 1 if any scenario fell, or if the head lacks what the base has."""
    from bench.compare import compare as compared
    from bench.compare import missing, results_named, void, worded

    base, head = results_named(arguments.base), results_named(arguments.head)
    changes, lacking, other = compared(base, head, times=arguments.times), missing(base, head), void(base, head)
    if not changes and not other:
        raise InputError("The two have no run in common.", next_step="Run the same scenarios for both.")
    for line in worded(changes, lacking, other, same=arguments.all):
        print(line)
    return 1 if lacking or other or any(change.fell for change in changes) else 0


def check(arguments: argparse.Namespace) -> int:
    """Runs the small check and compares it with the baseline; 1 if accuracy fell."""
    from bench.check import BASELINE, run_check

    if arguments.workers < 1:
        raise InputError("--workers counts from 1.", next_step="For example --workers 2.")
    well = run_check(arguments.baseline or BASELINE, arguments.workers, print, write=arguments.write)
    return 0 if well else 1


def list_all(arguments: argparse.Namespace) -> int:
    """Names scenarios, learners and sources of data."""
    print("Scenarios")
    for scenario in SCENARIOS.values():
        seeds = f"{scenario.seeds} seeds, peers {min(scenario.seeds, scenario.peer_seeds)}"
        print(f"  {scenario.id:18} {scenario.title} [{', '.join(scenario.cases)}; {seeds}]")
    print("Learners (--peers)")
    for entry in LEARNERS.values():
        print(f"  {entry.name:18} {entry.title}")
    print(f"Data (--data DIR; looked for in {os.path.relpath(DEFAULT_DATA)})")
    for name, origin in SOURCES.items():
        print(f"  {name:18} {origin}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="quickstudy beside its peers.")
    verbs = parser.add_subparsers(required=True)
    verb = verbs.add_parser("run", help="run scenarios; what is in the results already is not run again")
    verb.add_argument("scenario", nargs="*", help=f"of {', '.join(SCENARIOS)}; all if none is named")
    verb.add_argument("--peers", nargs="*", metavar="NAME", help="besides quickstudy; no name: nobody")
    verb.add_argument("--only-peers", action="store_true", help="without quickstudy, which was run before")
    verb.add_argument("--cases", nargs="+", metavar="CASE", help="only these cases, such as banking77")
    verb.add_argument("--seeds", type=int, metavar="N", help="seeds 0 to N-1 instead of each scenario's own number")
    verb.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help="where the data sets are")
    verb.add_argument("--quick", action="store_true", help="600 tasks, one seed: to see that it works")
    verb.add_argument("--workers", type=int, default=2, metavar="N", help="runs at a time (2)")
    verb.add_argument("--output", type=Path, default=FOLDER / "results.jsonl", metavar="FILE", help="results file")
    verb.set_defaults(action=run)
    verb = verbs.add_parser("report", help="write docs/benchmarks.md and its plots")
    verb.add_argument("--results", type=Path, nargs="*", metavar="FILE", help="all that are stored if not given")
    verb.add_argument("--docs", type=Path, default=ROOT / "docs", metavar="DIR")
    verb.set_defaults(action=report)
    verb = verbs.add_parser("compare", help="flag every scenario that fell")
    verb.add_argument("base", help="a results file, or a commit")
    verb.add_argument("head", help="a results file, or a commit")
    verb.add_argument("--times", action="store_true", help="also times and memory")
    verb.add_argument("--all", action="store_true", help="also what did not change")
    verb.set_defaults(action=compare)
    verb = verbs.add_parser("check", help="a small run against the committed baseline, for continuous integration")
    verb.add_argument("--baseline", type=Path, metavar="FILE", help="another baseline than bench/baseline.jsonl")
    verb.add_argument("--write", action="store_true", help="make this run the baseline instead")
    verb.add_argument("--workers", type=int, default=2, metavar="N", help="runs at a time (2)")
    verb.set_defaults(action=check)
    verb = verbs.add_parser("list", help="scenarios, learners, data")
    verb.set_defaults(action=list_all)
    return parser


if __name__ == "__main__":
    sys.exit(main())
