"""Decisions and lessons a second: a journal in a file, and on a PostgreSQL server with one process and with several.

    python -m bench.shared_journal [--url postgresql://user@host/database] [--seconds 5]

Without a URL it starts a server of its own from the installed binaries, fsync on. Every decision and lesson is a call
and a transaction of its own; ``batched`` are calls of 20. Every process does the same work on texts of its own, and all
share one journal, so each also learns what the others were taught. Not here: accuracy, which is the same.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from quickstudy import Job, Learner

JOB = Job("speed", [f"team {i}" for i in range(10)], encoder="static")
BATCH = 20


def work(place: str, name: str, seconds: float, barrier: Any, results: Any) -> None:
    """Decides and teaches for some seconds each, and puts how many it did."""
    with Learner(JOB, place) as learner:
        learner.teach(f"text {name}", "team 0")
        counts = {}
        for what in ("decide", "teach", "decide batched", "teach batched", "predict"):
            barrier.wait()
            end, count = time.perf_counter() + seconds, 0
            while time.perf_counter() < end:
                texts = [f"{what} {name} {count + i} words that say what it is about" for i in range(BATCH)]
                if what == "decide":
                    learner.decide(texts[0])
                elif what == "teach":
                    learner.teach(texts[0], f"team {count % 10}")
                elif what == "predict":
                    learner.predict(texts[0])
                elif what == "decide batched":
                    learner.decide_many(texts)
                else:
                    learner.teach_many([(text, f"team {i % 10}") for i, text in enumerate(texts)])
                count += BATCH if what.endswith("batched") else 1
            counts[what] = count / seconds
        results.put(counts)
        barrier.wait()


def measure(place: str, processes: int, seconds: float) -> dict[str, float]:
    """All processes together, by kind of work, a second."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(processes), context.Queue()
    workers = [
        context.Process(target=work, args=(place, str(number), seconds, barrier, results))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    found = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    return {what: sum(counts[what] for counts in found) for what in found[0]}


def main() -> None:
    """Prints a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url")
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    server: Any = None
    if options.url is None:
        sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
        server = importlib.import_module("postgres_server").PostgresServer()
    url = options.url or server.url
    stamp = int(time.time())
    try:
        with tempfile.TemporaryDirectory() as folder:
            rows = {"file": measure(str(Path(folder, "a.db")), 1, options.seconds)}
        for processes in (1, 2):
            place = f"{url}?schema=speed_{stamp}_{processes}"
            rows[f"server, {processes} process{'es' * (processes > 1)}"] = measure(place, processes, options.seconds)
    finally:
        if server is not None:
            server.close()
    names = list(next(iter(rows.values())))
    print("| a second | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    for name, counts in rows.items():
        print(f"| {name} | " + " | ".join(f"{counts[what]:,.0f}" for what in names) + " |")


if __name__ == "__main__":
    main()
