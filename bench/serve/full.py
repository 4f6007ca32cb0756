"""A disk that is full under load, and has space again: ``python -m bench.serve.full``.

On Linux, as root, the jobs are on a small tmpfs that a file fills and that is freed again: a real full disk. Elsewhere,
and in the test suite, the kernel refuses to let the server's files grow (RLIMIT_FSIZE, changed while it runs). Exits
with 1 if anything acknowledged is lost, if an error is not clear, if the server needs help to go on, or if it then
knows anything else than its journal does.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bench.serve.process import ServerProcess
from bench.serve.workload import ANSWERS, JOB, Workload, faults, verified
from quickstudy import Client, Job, Learner
from quickstudy.client import Retries

CLEAR = {"JournalError disk-full", "JournalError disk-error"}
"""The errors that callers may see meanwhile."""

PROBES = ("thread 0 text 1", "thread 2 asked", "something else")
"""What the server says about these at the end must be what its journal, replayed, says."""

Steps: TypeAlias = tuple[Callable[[], None], Callable[[], None]]


@dataclass(frozen=True, slots=True)
class Filled:
    """What came of it.

    Attributes:
        times: how often the disk was full.
        lessons: acknowledged.
        errors: what callers were told, and how often.
        faults: what is wrong; nothing, if all is well.
    """

    times: int
    lessons: int
    errors: dict[str, int]
    faults: list[str]


def fill_under_load(jobs: Path, times: int, make: Callable[[ServerProcess], Steps]) -> Filled:
    """Fills the disk under a server that works, and frees it again.

    Args:
        jobs: an empty folder.
        times: how often.
        make: gives what fills the disk and what frees it.
    """
    Job(JOB, ANSWERS, encoder="static", target_error=0.1).save(jobs / f"{JOB}.toml")
    journal = jobs / f"{JOB}.db"
    found: list[str] = []
    with ServerProcess(jobs, log=jobs.parent / "server.log") as server:
        pid = server.pid
        fill, free = make(server)
        with Workload(server.url, threads=3, retries=Retries(tries=2, first_wait=0.05, longest_wait=2.0)) as work:
            for _ in range(times):
                found += [] if _waited(work, 20) else ["no lessons before the disk was full"]
                fill()
                told = sum(work.book.errors.values())
                until = time.monotonic() + 30
                while sum(work.book.errors.values()) < told + 3 and time.monotonic() < until:
                    time.sleep(0.01)
                found += [] if sum(work.book.errors.values()) >= told + 3 else ["nobody was told of the full disk"]
                free()
            found += [] if _waited(work, 20) else ["no lessons after there was space again"]
        found += [] if server.pid == pid else ["the server was started anew"]
        with Client(server.url) as client:
            live = [client.predict(JOB, text) for text in PROBES]
            lessons = client.report(JOB).lessons
    with Learner.open(journal, read_only=True) as replayed:
        again = replayed.predict_many(PROBES)
        same = all(abs(one.probability - two.probability) < 1e-8 for one, two in zip(live, again, strict=True))
        found += [] if same else ["what the server had learned is not what its journal teaches"]
        found += [] if replayed.report().lessons == lessons else ["the server counts other lessons than its journal"]
    errors = dict(work.book.errors)
    found += [f"callers were told: {error}" for error in errors if error not in CLEAR]
    found += faults(journal, work.book)
    said = verified(journal)
    return Filled(times, len(work.book.lessons), errors, found + ([said] if said else []))


def limited(server: ServerProcess) -> Steps:
    """The kernel lets no file of the server grow, and then does again."""
    journal = server.folder / f"{JOB}.db"

    def fill() -> None:
        log = journal.with_name(journal.name + "-wal")
        least = min(path.stat().st_size for path in (journal, log) if path.exists())
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (max(least, 4096), resource.RLIM_INFINITY))

    def free() -> None:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    return fill, free


def filled(server: ServerProcess) -> Steps:
    """A file takes all space of the disk, and is deleted again."""
    ballast = server.folder / "ballast"

    def fill() -> None:
        with ballast.open("ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue

    return fill, ballast.unlink


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A new file system of a few megabytes, mounted; needs root."""
    with tempfile.TemporaryDirectory() as folder:
        disk = Path(folder) / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(disk)], check=True)
        try:
            jobs = disk / "jobs"
            jobs.mkdir()
            yield jobs
        finally:
            subprocess.run(["umount", str(disk)], check=True)


def main() -> None:
    """Fills, frees, compares and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--limit", action="store_true", help="a limit of the kernel instead of a small disk")
    given = parser.parse_args()
    if given.limit:
        with tempfile.TemporaryDirectory() as folder:
            jobs = Path(folder) / "jobs"
            jobs.mkdir()
            result = fill_under_load(jobs, given.times, limited)
    else:
        with small_disk(24) as jobs:
            result = fill_under_load(jobs, given.times, filled)
    print(f"full {result.times} times, {result.lessons:,} lessons acknowledged, callers were told: {result.errors}")
    for fault in result.faults[:20]:
        print(fault)
    sys.exit(bool(result.faults))


def _waited(work: Workload, lessons: int) -> bool:
    before, until = work.acknowledged, time.monotonic() + 60
    while work.acknowledged < before + lessons and time.monotonic() < until:
        time.sleep(0.01)
    return work.acknowledged >= before + lessons


if __name__ == "__main__":
    main()
