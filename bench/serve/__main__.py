"""The server under load: ``python -m bench.serve``.

BANKING77's tasks in a random order, 77 options, a journal on disk that was taught 1,000 of them. The others are asked
or taught, each once, so no vector comes from a cache. 16 connections, each with its next request as soon as it has the
answer to the last; the load runs in a process of its own on the same machine. Prints a table, and writes JSON with
``--output``. Not here: the load itself (``load``).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.data import DEFAULT_DATA, Labelled, load_corpus
from bench.serve.process import ServerProcess
from quickstudy import Job, Learner
from quickstudy.journal import new_id

TAUGHT = 1_000


@dataclass(frozen=True, slots=True)
class Figure:
    """What is asked of a load: at least so many a second, and at that rate 99% of them within so many milliseconds."""

    encoder: str
    verb: str
    per_second: float
    p99: float | None


FIGURES = (
    Figure("static", "decide", 300, 50),
    Figure("minilm", "decide", 60, 400),
    Figure("static", "teach", 200, None),
    Figure("minilm", "teach", 0, None),
)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each load")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--encoder", action="append", help="only this one; repeat")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="where the data sets are")
    parser.add_argument("--output", type=Path, help="append the results there, one JSON a line")
    given = parser.parse_args()
    train = load_corpus("banking77", given.data).train
    order = np.random.default_rng(0).permutation(len(train.texts))
    tasks = Labelled(tuple(train.texts[i] for i in order), tuple(train.labels[i] for i in order))
    for figure in FIGURES:
        if not given.encoder or figure.encoder in given.encoder:
            with tempfile.TemporaryDirectory() as folder:
                measured = measure(Path(folder), figure, tasks, given.connections, given.seconds)
            show(figure, measured)
            if given.output is not None:
                with given.output.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(measured) + "\n")


def measure(folder: Path, figure: Figure, tasks: Labelled, connections: int, seconds: float) -> dict[str, Any]:
    """One load on one server.

    Args:
        folder: an empty one.
        figure: which load.
        tasks: the first ones are taught before, the others asked or taught.
        connections: at the same time.
        seconds: how long.
    """
    jobs = folder / "jobs"
    jobs.mkdir()
    job = Job("route", sorted(set(tasks.labels)), encoder=figure.encoder)
    job.save(jobs / "route.toml")
    with Learner(job, jobs / "route.db") as learner:
        learner.teach_many(list(zip(tasks.texts[:TAUGHT], tasks.labels[:TAUGHT], strict=True)))
        learner.snapshot()
    bodies = folder / "bodies.jsonl"
    with bodies.open("w", encoding="utf-8") as file:
        for text, label in zip(tasks.texts[TAUGHT:], tasks.labels[TAUGHT:], strict=True):
            key = "request_id" if figure.verb == "decide" else "lesson_id"
            answer = {} if figure.verb == "decide" else {"answer": label}
            file.write(json.dumps({"situation": text, key: new_id(), **answer}) + "\n")
    environment = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with ServerProcess(jobs, environment=environment) as server:
        load = [*(sys.executable, "-m", "bench.serve.load"), str(bodies), "--port", str(server.port)]
        load += ["--path", f"/v1/jobs/route/{figure.verb}", "--connections", str(connections)]
        warm = [*load, "--seconds", "1"]
        subprocess.run(warm, check=True, capture_output=True)
        bodies.write_bytes(b"".join(bodies.read_bytes().splitlines(keepends=True)[2_000:]))  # what was asked is out
        before = server.processor
        done = subprocess.run([*load, "--seconds", str(seconds)], check=True, capture_output=True, text=True)
        ready, processor = server.seconds_to_ready, server.processor - before
        most = json.loads(done.stdout)
        paced: dict[str, Any] = {}
        if figure.p99 is not None:
            rest = bodies.read_bytes().splitlines(keepends=True)[most["requests"] :]
            bodies.write_bytes(b"".join(rest))
            calm = [*load, "--seconds", str(seconds), "--rate", str(figure.per_second)]
            done = subprocess.run(calm, check=True, capture_output=True, text=True)
            paced = {
                f"{key} at the rate": json.loads(done.stdout)[key] for key in ("requests", "median", "p99", "longest")
            }
    said: dict[str, Any] = {
        "server_processor": processor,
        "encoder": figure.encoder,
        "verb": figure.verb,
        "seconds_to_ready": ready,
        "cores": os.cpu_count(),
    }
    return {**said, **most, **paced}


def show(figure: Figure, measured: dict[str, Any]) -> None:
    """Prints one load."""
    reached = set(measured["statuses"]) == {"200"} and measured["per_second"] >= figure.per_second
    asked, paced = f">= {figure.per_second:g}/s", ""
    if figure.p99 is not None:
        reached = reached and measured["p99 at the rate"] <= figure.p99
        asked += f", at that rate p99 <= {figure.p99:g} ms"
        paced = f"at {figure.per_second:g}/s: median {measured['median at the rate']:.1f} ms, "
        paced += f"p99 {measured['p99 at the rate']:.1f} ms ({measured['requests at the rate']:,} requests)  "
    print(
        f"{figure.encoder:7} {figure.verb:7} {measured['per_second']:7.1f}/s  median {measured['median']:6.1f} ms  "
        f"p99 {measured['p99']:6.1f} ms  {measured['statuses']}  ready after {measured['seconds_to_ready']:.1f} s  "
        f"processor: server {1000 * measured['server_processor'] / measured['requests']:.2f} ms, "
        f"load {1000 * measured['processor'] / measured['requests']:.2f} ms a request  "
        f"{paced}asked: {asked}: {'reached' if reached else 'MISSED'}",
        flush=True,
    )


if __name__ == "__main__":
    main()
