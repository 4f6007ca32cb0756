"""``kill -9`` of the server under load, again and again: ``python -m bench.serve.kill``.

Before each new start the journal is compared with what was acknowledged until then. Exits with 1 if anything is lost or
there twice, or if ``quickstudy verify`` finds a fault.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.serve.process import ServerProcess
from bench.serve.workload import ANSWERS, JOB, Workload, faults, verified
from quickstudy import Job


@dataclass(frozen=True, slots=True)
class Killed:
    """What came of it.

    Attributes:
        kills: how often the server was killed.
        lessons: acknowledged.
        decisions: acknowledged.
        faults: what is wrong; nothing, if all is well.
    """

    kills: int
    lessons: int
    decisions: int
    faults: list[str]


def kill_under_load(
    folder: Path, kills: int, seed: int = 0, *, longest: float = 1.0, show: Callable[[str], None] = lambda line: None
) -> Killed:
    """Kills a server under load.

    Args:
        folder: an empty one.
        kills: how often.
        seed: of the moments.
        longest: seconds of work before a kill, at most.
        show: told of every kill.
    """
    rng = random.Random(seed)
    jobs = folder / "jobs"
    jobs.mkdir()
    Job(JOB, ANSWERS, encoder="static", target_error=0.1).save(jobs / f"{JOB}.toml")
    journal = jobs / f"{JOB}.db"
    found: list[str] = []
    server = ServerProcess(jobs)
    server.start()
    with Workload(server.url) as work:
        for kill in range(1, kills + 1):
            before, deadline = work.acknowledged, time.monotonic() + 300
            while work.acknowledged == before and time.monotonic() < deadline:
                time.sleep(0.005)  # every kill hits a server that works
            time.sleep(rng.uniform(0.0, longest))
            server.kill()
            found += faults(journal, work.book) if not found else []
            show(f"kill {kill}: {work.acknowledged:,} lessons acknowledged, {len(found)} faults")
            server.start()
        before = work.acknowledged
        while work.acknowledged < before + 10:
            time.sleep(0.01)
    server.stop()
    found += faults(journal, work.book)
    found += [f"{count} times: {error}" for error, count in work.book.errors.items()]
    said = verified(journal)
    return Killed(kills, len(work.book.lessons), len(work.book.decisions), found + ([said] if said else []))


def main() -> None:
    """Kills, compares and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        killed = kill_under_load(Path(folder), given.kills, given.seed, show=partial(print, flush=True))
    print(
        f"{killed.kills} kills, {killed.lessons:,} lessons and {killed.decisions:,} decisions acknowledged, "
        f"{len(killed.faults)} faults"
    )
    for fault in killed.faults[:20]:
        print(fault)
    sys.exit(bool(killed.faults))


if __name__ == "__main__":
    main()
