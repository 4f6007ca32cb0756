"""What a call of a learned function costs besides its encoder: ``python -m bench.call_overhead``.

BANKING77's first tasks in their order, 77 options, a journal on disk, the corpus's answer as the body. The time of each
call is taken without the time inside the encoder. Prints medians and 95th percentiles by mode, in milliseconds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

import quickstudy
from bench.data import DEFAULT_DATA, load_corpus
from quickstudy.perception import get_encoder
from quickstudy.types import FloatArray, Situation, Vector

Times: TypeAlias = tuple[float, float]


def measured(
    folder: Path, data: Path, tasks: int, target_error: float, name: str
) -> dict[str, list[tuple[float, float]]]:
    """Milliseconds besides the encoder, by mode, in order: by the clock, and of processor time.

    Args:
        folder: where the journal is made.
        data: the folder of the data sets.
        tasks: how many calls.
        target_error: of the function.
        name: of the encoder.
    """
    corpus = load_corpus("banking77", data).train
    order = np.random.default_rng(0).permutation(len(corpus.texts))[:tasks]
    truth: dict[str, str] = {corpus.texts[i]: corpus.labels[i] for i in order}
    encoder, inside = get_encoder(name), np.zeros(2)
    encode = encoder.encode

    def timed(situations: Sequence[Situation]) -> Vector:
        begun = clocks()
        vectors = encode(situations)
        inside[:] += clocks() - begun
        return vectors

    vars(encoder)["encode"] = timed

    def body(text: str) -> str:
        return truth[text]

    decorate = quickstudy.learned(
        options=sorted(set(corpus.labels)), journal=folder / "route.db", encoder=encoder, target_error=target_error
    )
    route = decorate(body)
    learner = route.learner
    times: defaultdict[str, list[Times]] = defaultdict(list)
    for text in truth:
        before, begun = inside.copy(), clocks()
        route(text)
        clock, processor = 1000.0 * (clocks() - begun - (inside - before))
        *_, newest = route._newest.values()
        times[learner.decision(newest).mode].append((float(clock), float(processor)))
    route.close()
    return times


def clocks() -> FloatArray:
    """Seconds by the clock, and of this thread's processor time."""
    return np.array([time.perf_counter(), time.thread_time()])


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=3000)
    parser.add_argument("--target-error", type=float, default=0.1)
    parser.add_argument("--encoder", default="minilm")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="where the data sets are")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        times = measured(Path(folder), given.data, given.tasks, given.target_error, given.encoder)
    for mode, values in sorted(times.items()):
        clock, processor = np.array(values[len(values) // 2 :]).T
        print(
            f"{mode:6} {len(values):6,} calls; newest half: median {np.median(clock):.2f} ms "
            f"({np.median(processor):.2f} ms of processor), 95% below {np.quantile(clock, 0.95):.2f} ms"
        )


if __name__ == "__main__":
    main()
