"""What deciding, teaching, remembering and opening cost as tasks and options grow."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from bench.cost.journaled import JournaledLearner
from bench.cost.synthetic import LENGTH, Clusters
from bench.data import load_corpus
from bench.learners.base import Setting, StreamLearner
from bench.learners.quickstudy_learner import job_of
from bench.learners.registry import OWN, learner_entry
from bench.scenario import Measure, Played, Scenario, Stage, Target
from bench.scores import growth_exponent, milliseconds
from quickstudy.learner import Learner
from quickstudy.types import FloatArray

SIZES = (1_000, 10_000, 50_000, 200_000)
QUICK_SIZES = (200, 600)
OPTION_COUNTS = (10, 100, 1_000, 10_000)
QUICK_OPTION_COUNTS = (10, 100)
OPTIONS = 77
PROBES = 300
SINGLY = 10_000
"""Up to this size every lesson is taught alone and its time counts for the longest pause; beyond, in blocks."""
CONSTANT = ("sgd", "river-logistic", "nearest-mean")
"""Peers whose time and memory do not depend on how many tasks they saw: measured at the first size only."""
ENCODERS = ("minilm", "static")

Row = dict[str, float]


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """Times one case."""
    if case in ENCODERS:
        return end_to_end(case, stage)
    with tempfile.TemporaryDirectory() as folder:
        return (as_options_grow if case == "options" else as_tasks_grow)(learner, seed, stage, Path(folder))


def as_tasks_grow(learner: str, seed: int, stage: Stage, folder: Path) -> Played:
    """One learner that remembers more and more; quickstudy's journal is closed and opened again at every size."""
    source = Clusters(OPTIONS, seed)
    sizes: tuple[int, ...] = QUICK_SIZES if stage.quick else SIZES
    sizes = sizes[:1] if learner in CONSTANT else sizes
    empty = resident_megabytes()
    subject = subject_of(learner, Setting("cost", source.names, LENGTH + 1), seed, folder)
    rows: list[Row] = []
    pauses: list[FloatArray] = []
    size = 0
    for goal in sizes:
        while size < goal:
            block = min(500, goal - size)
            pauses.append(feed(subject, source, block, singly=size < SINGLY))
            size += block
            if stage.progress:
                stage.progress(size, sizes[-1])
        row, calls = probe(goal, subject, source)
        pauses.append(calls)
        size += PROBES
        row["megabytes"] = resident_megabytes()
        row["megabytes added"] = row["megabytes"] - empty
        if isinstance(subject, JournaledLearner):
            row["open seconds"] = subject.reopen()
            row["disk megabytes"] = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
        rows.append(row)
    closed(subject)
    calls = np.concatenate(pauses)
    slow = {"longest pause ms": 1e3 * float(calls.max()), "pauses over 100 ms": float((calls > 0.1).sum())}
    return Played({**score(rows), **slow, "single calls": float(len(calls))}, {"rows": rows, "slowest": slowest(calls)})


def as_options_grow(learner: str, seed: int, stage: Stage, folder: Path) -> Played:
    """Fresh learners with more and more options, each taught 1,000 tasks."""
    rows = []
    counts = QUICK_OPTION_COUNTS if stage.quick else OPTION_COUNTS
    for done, count in enumerate(counts):
        source = Clusters(count, seed)
        place = folder / str(count)
        place.mkdir()
        subject = subject_of(learner, Setting("cost", source.names, LENGTH + 1), seed, place)
        feed(subject, source, 200 if stage.quick else 1_000, singly=True)
        rows.append(probe(count, subject, source)[0])
        closed(subject)
        if stage.progress:
            stage.progress(done + 1, len(counts))
    return Played(score(rows), {"rows": rows})


def end_to_end(encoder: str, stage: Stage) -> Played:
    """Text to decision, encoder included: questions of BANKING77's test, each seen for the first time."""
    corpus = load_corpus("banking77", stage.data)
    job = job_of(Setting("cost", corpus.options, 0, encoder=encoder))
    step = max(1, len(corpus.train) // stage.shortened(1_000))
    lessons = list(zip(corpus.train.texts[::step], corpus.train.labels[::step], strict=True))
    with tempfile.TemporaryDirectory() as folder, Learner(job, Path(folder) / "cost.db") as learner:
        learner.teach_many(lessons)
        learner.decide("A first question, so that the model is loaded.")
        asked = list(dict.fromkeys(corpus.test.texts))[:: max(1, len(corpus.test) // PROBES)]
        seconds = [timed(learner.decide, text) for text in asked]
    return Played({f"end to end ms {key}": value for key, value in milliseconds(np.array(seconds)).items()})


def subject_of(learner: str, setting: Setting, seed: int, folder: Path) -> StreamLearner:
    """A fresh learner; quickstudy with its journal in ``folder``."""
    if learner == OWN:
        return JournaledLearner(setting, folder / "cost.db")
    return learner_entry(learner).make(setting, seed)


def closed(subject: StreamLearner) -> None:
    """Closes what has a journal."""
    if isinstance(subject, JournaledLearner):
        subject.learner.close()


def slowest(calls: FloatArray) -> list[list[float]]:
    """The five slowest calls: their place among the single calls, and milliseconds."""
    return [[float(i), 1e3 * float(calls[i])] for i in np.argsort(-calls, kind="stable")[:5]]


def feed(subject: StreamLearner, source: Clusters, count: int, *, singly: bool) -> FloatArray:
    """Teaches ``count`` tasks; how many seconds each single lesson took (nothing for blocks)."""
    pairs = list(source.tasks(count))
    if isinstance(subject, JournaledLearner) and not singly:
        subject.learn_many(pairs)
        return np.zeros(0)
    return np.array([timed(subject.learn, task, answer) for task, answer in pairs])


def probe(at: int, subject: StreamLearner, source: Clusters) -> tuple[Row, FloatArray]:
    """Decides and teaches 300 more tasks; a row of their times, and every call's seconds."""
    deciding, teaching = np.zeros(PROBES), np.zeros(PROBES)
    for i, (task, answer) in enumerate(source.tasks(PROBES)):
        deciding[i] = timed(subject.decide, task)
        teaching[i] = timed(subject.learn, task, answer)
    row: Row = {"at": float(at)}
    row.update({f"decide ms {key}": value for key, value in milliseconds(deciding).items()})
    row.update({f"teach ms {key}": value for key, value in milliseconds(teaching).items()})
    return row, np.column_stack([deciding, teaching]).ravel()


def timed(action: Callable[..., object], *arguments: object) -> float:
    """How many seconds a call takes."""
    begun = time.perf_counter()
    action(*arguments)
    return time.perf_counter() - begun


def score(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Rows as flat numbers, ``"decide ms median @1000"``, and the exponents with which medians and memory grow."""
    numbers = {f"{key} @{row['at']:.0f}": value for row in rows for key, value in row.items() if key != "at"}
    sizes = [row["at"] for row in rows]
    for key in ("decide ms median", "teach ms median", "megabytes added"):
        values = [row.get(key, 0.0) for row in rows]
        if len(rows) > 1 and min(values) > 0:
            numbers[f"{key} exponent"] = growth_exponent(sizes, values)
    return numbers


def resident_megabytes() -> float:
    """This process's resident memory, in MB (10^6 bytes)."""
    import psutil  # type: ignore[import-untyped]  # it ships no types

    return float(psutil.Process().memory_info().rss) / 1e6


def _times(key: str, label: str) -> Measure:
    return Measure(key, label, "lower", 0.5, ".2f", True)


SCENARIO = Scenario(
    id="cost",
    title="What it costs",
    about=(
        "Synthetic clustered situations (arrays of 383 numbers, 77 options), besides the encoder. quickstudy has its "
        "journal in a file. Up to 10,000 tasks every lesson is taught alone, and the slowest call counts as the "
        "longest pause; beyond, in blocks of 500. At every size 300 more tasks are decided and taught, one call each. "
        "*MB* is the whole process's resident memory; *open* is the time to open the journal from its snapshot and "
        "predict once. An exponent of 0 is constant, 1 is linear. Peers whose cost does not depend on the number of "
        "tasks are measured at 1,000. `options`: 10 to 10,000 options at 1,000 tasks. `minilm` and `static`: a "
        "question of BANKING77 to a decision, encoder included, at 1,000 remembered tasks."
    ),
    cases=("tasks", "options", *ENCODERS),
    learners=("quickstudy", "nearest-mean", "k-nn", "sgd", "river-logistic"),
    seeds=1,
    settings={"version": 1, "length": LENGTH, "options": OPTIONS, "probes": PROBES, "sizes": list(SIZES)},
    measures=(
        *(
            _times(f"{what} ms median @{size}", f"{what} ms, {size:,}")
            for what in ("decide", "teach")
            for size in SIZES
        ),
        *(_times(f"megabytes @{size}", f"MB, {size:,}") for size in SIZES[-1:]),
        *(_times(f"open seconds @{size}", f"open s, {size:,}") for size in (10_000, 200_000)),
        _times("longest pause ms", "longest pause ms"),
        Measure("pauses over 100 ms", "pauses over 100 ms", "lower", 1.0, ".0f", True),
        _times("decide ms median exponent", "decide exponent"),
        _times("teach ms median exponent", "teach exponent"),
        _times("megabytes added exponent", "memory exponent"),
        _times("end to end ms median", "end to end ms"),
        _times("end to end ms p99", "end to end ms p99"),
    ),
    targets=(
        Target("tasks", "decide ms median @10000", "at most", 2, "Decide at 10,000 tasks, ms (median)", form=".2f"),
        Target("tasks", "teach ms median @10000", "at most", 5, "Teach at 10,000 tasks, ms (median)", form=".2f"),
        Target("tasks", "decide ms median @200000", "at most", 10, "Decide at 200,000 tasks, ms (median)", form=".2f"),
        Target(
            "tasks",
            "open seconds @10000",
            "at most",
            1,
            "Open a journal of 10,000 tasks from its snapshot, s",
            form=".2f",
        ),
        Target("tasks", "megabytes @200000", "at most", 1000, "Resident memory at 200,000 tasks, MB", form=".0f"),
        Target("tasks", "longest pause ms", "at most", 100, "Longest single decide or teach, ms", form=".0f"),
        Target(
            "minilm", "end to end ms median", "at most", 15, "Text to decision with minilm, ms (median)", form=".2f"
        ),
        Target("static", "end to end ms median", "at most", 3, "Text to decision with static, ms (median)", form=".2f"),
    ),
    play=play,
    alone=True,
    own_only=ENCODERS,
)
