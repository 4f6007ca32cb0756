"""What deciding, teaching, remembering and opening cost as tasks and options grow."""

from __future__ import annotations

import contextlib
import ctypes
import gc
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
from bench.peers import REFITTED, VECTORS, playing
from bench.scenario import Measure, Played, Scenario, Stage, Target, Versus
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
"""Up to this size every lesson is decided and taught alone and its time counts for the longest pause; beyond, in
blocks, without deciding."""
LATEST = 1_000
"""Over how many decided and taught tasks a mean is taken, where there are so many: it holds several refits."""
BUDGET = 300.0
"""Seconds that a peer may take from one size to the next; one that takes longer is not measured there, nor beyond."""
CONSTANT = ("river-logistic", "river-k-nn", "nearest-mean", "vw-vectors", "slda", "klda")
"""Peers whose time and memory do not depend on how many tasks they saw: measured at the first size only."""
ENCODERS = ("minilm", "static")
GROWING = ("decide ms median", "teach ms median", "pair ms mean", "megabytes added", "open seconds")

Row = dict[str, float]


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """Times one case."""
    if case in ENCODERS:
        return end_to_end(case, stage)
    with tempfile.TemporaryDirectory() as folder:
        return (as_options_grow if case == "options" else as_tasks_grow)(learner, seed, stage, Path(folder))


def as_tasks_grow(learner: str, seed: int, stage: Stage, folder: Path) -> Played:
    """One learner that remembers more and more; quickstudy's journal is closed and opened again at every size."""
    warm_up(learner, seed, folder / "warm")
    source = Clusters(OPTIONS, seed)
    sizes: tuple[int, ...] = QUICK_SIZES if stage.quick else SIZES
    sizes = sizes[:1] if learner in CONSTANT else sizes
    empty = resident_megabytes()
    subject = subject_of(learner, Setting("cost", source.names, LENGTH + 1), seed, folder)
    rows: list[Row] = []
    pairs = np.zeros((0, 2))
    size = 0
    for goal in sizes:
        fed = grown(subject, source, size, goal, stage)
        if fed is None:
            break
        probes = feed(subject, source, PROBES)
        pairs = np.concatenate([pairs, fed, probes])
        size = goal + PROBES
        rows.append(measured(goal, np.concatenate([fed, probes]), empty, subject, folder))
    closed(subject)
    calls = pairs.ravel()
    slow = {"longest pause ms": 1e3 * float(calls.max()), "pauses over 100 ms": float((calls > 0.1).sum())}
    return Played({**score(rows), **slow, "single calls": float(len(calls))}, {"rows": rows, "slowest": slowest(calls)})


def as_options_grow(learner: str, seed: int, stage: Stage, folder: Path) -> Played:
    """Fresh learners with more and more options, each taught 1,000 tasks."""
    rows = []
    warm_up(learner, seed, folder / "warm")
    counts = QUICK_OPTION_COUNTS if stage.quick else OPTION_COUNTS
    for done, count in enumerate(counts):
        source = Clusters(count, seed)
        place = folder / str(count)
        place.mkdir()
        empty = resident_megabytes()
        subject = subject_of(learner, Setting("cost", source.names, LENGTH + 1), seed, place)
        fed = grown(subject, source, 0, 200 if stage.quick else 1_000, stage)
        if fed is not None:
            pairs = np.concatenate([fed, feed(subject, source, PROBES)])
            rows.append(measured(count, pairs, empty, subject, place))
        closed(subject)
        del subject  # its memory must not count as the next one's
        if fed is None:
            break
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


def warm_up(learner: str, seed: int, folder: Path) -> None:
    """Loads what a learner's libraries load at first use, so that it does not count as its memory."""
    folder.mkdir()
    source = Clusters(2, seed)
    subject = subject_of(learner, Setting("cost", source.names, LENGTH + 1), seed, folder)
    feed(subject, source, 10)
    closed(subject)


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


def grown(subject: StreamLearner, source: Clusters, size: int, goal: int, stage: Stage) -> FloatArray | None:
    """Teaches from one size to the next, alone or in blocks.

    Returns:
        Seconds of deciding and teaching each task that was taught alone, float64 (n, 2); None if a peer's time is up.
    """
    begun, pairs = time.perf_counter(), [np.zeros((0, 2))]
    own = isinstance(subject, JournaledLearner)
    while size < goal:
        block = min(500 if own else 20, goal - size)
        if size < SINGLY:
            pairs.append(feed(subject, source, block))
        else:
            learn_block(subject, source, block)
        size += block
        if not own and time.perf_counter() - begun > BUDGET:
            return None
        if stage.progress:
            stage.progress(size, SIZES[-1])
    return np.concatenate(pairs)


def feed(subject: StreamLearner, source: Clusters, count: int) -> FloatArray:
    """Decides and teaches ``count`` tasks, one after the other: the seconds of each call, float64 (count, 2)."""
    pairs = list(source.tasks(count))
    return np.array([(timed(subject.decide, task), timed(subject.learn, task, answer)) for task, answer in pairs])


def learn_block(subject: StreamLearner, source: Clusters, count: int) -> None:
    """Teaches ``count`` tasks without deciding them."""
    pairs = list(source.tasks(count))
    if isinstance(subject, JournaledLearner):
        subject.learn_many(pairs)
    else:
        for task, answer in pairs:
            subject.learn(task, answer)


def measured(at: int, pairs: FloatArray, empty: float, subject: StreamLearner, folder: Path) -> Row:
    """A row: times of the last calls at a size, memory, and for quickstudy start-up from its journal.

    Args:
        at: the size.
        pairs: float64 (n, 2), seconds of deciding and teaching; the last 300 are the probes.
        empty: the process's megabytes before the learner was made.
        subject: the learner.
        folder: where its journal lies.
    """
    row: Row = {"at": float(at), "pair ms mean": 1e3 * float(pairs[-LATEST:].sum(axis=1).mean())}
    for i, verb in enumerate(("decide", "teach")):
        row.update({f"{verb} ms {key}": value for key, value in milliseconds(pairs[-PROBES:, i]).items()})
    row["megabytes"] = resident_megabytes()
    row["megabytes added"] = row["megabytes"] - empty
    if isinstance(subject, JournaledLearner):
        row["open seconds"] = subject.reopen()
        row["disk megabytes"] = sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) / 1e6
    return row


def timed(action: Callable[..., object], *arguments: object) -> float:
    """How many seconds a call takes."""
    begun = time.perf_counter()
    action(*arguments)
    return time.perf_counter() - begun


def score(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Rows as flat numbers, ``"decide ms median @1000"``, and the exponents with which times and memory grow."""
    numbers = {f"{key} @{row['at']:.0f}": value for row in rows for key, value in row.items() if key != "at"}
    sizes = [row["at"] for row in rows]
    for key in GROWING:
        values = [row.get(key, 0.0) for row in rows]
        if len(rows) > 1 and min(values) > 0:
            numbers[f"{key} exponent"] = growth_exponent(sizes, values)
    return numbers


def resident_megabytes() -> float:
    """This process's resident memory, in MB (10^6 bytes), after what is free was given back where glibc can do that."""
    import psutil  # type: ignore[import-untyped]  # it ships no types

    gc.collect()
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
    return float(psutil.Process().memory_info().rss) / 1e6


def _times(key: str, label: str) -> Measure:
    return Measure(key, label, "lower", 0.5, ".2f", True)


def _versus() -> tuple[Versus, ...]:
    found = []
    for case, sizes in (("tasks", SIZES[:2]), ("options", OPTION_COUNTS)):
        for size in sizes:
            key, where = f"pair ms mean @{size}", f"at {size:,} {case}, ms (mean)"
            refitted = f"Decide and teach {where}: a fifth of every refitted peer's"
            found.append(Versus(case, key, "at most", REFITTED, refitted, factor=0.2, form=".2f"))
            found.append(Versus(case, key, "at most", ("sgd",), f"Decide and teach {where}: at most SGD's", form=".2f"))
    return tuple(found)


SCENARIO = Scenario(
    id="cost",
    title="What it costs",
    about=(
        "Synthetic clustered situations (arrays of 639 numbers, which become vectors of 640, as those of texts are; "
        "77 options), besides the encoder. quickstudy has its journal in a file. Up to 10,000 tasks each is decided "
        "and taught alone, and the slowest call counts as the longest pause; beyond, they are taught in blocks of "
        "500. At every size 300 more are decided and taught alone: medians are theirs; *decide+teach* is the mean of "
        "the last 1,000 tasks taught alone, so it has its share of refits. *MB* is the whole process's resident "
        "memory, *MB added* what the learner added; *open* is the time to open the journal from its snapshot and "
        "predict once. An exponent of 0 is constant, 1 is linear. A peer that takes more than five minutes from one "
        "size to the next is not measured there; those whose cost does not depend on the number of tasks are measured "
        "at 1,000. `options`: 10 to 10,000 options at 1,000 tasks, a fresh learner each. `minilm` and `static`: a "
        "question of BANKING77 to a decision, encoder included, at 1,000 remembered tasks."
    ),
    cases=("tasks", "options", *ENCODERS),
    learners=("quickstudy", *playing(*VECTORS)),
    seeds=1,
    settings={
        "version": 2,
        "length": LENGTH,
        "options": OPTIONS,
        "probes": PROBES,
        "sizes": list(SIZES),
        "budget": BUDGET,
    },
    measures=(
        *(
            _times(f"{what} @{size}", f"{label}, {size:,}")
            for what, label in (
                ("decide ms median", "decide ms"),
                ("teach ms median", "teach ms"),
                ("pair ms mean", "decide+teach ms"),
            )
            for size in (*OPTION_COUNTS, *SIZES[2:])
        ),
        *(_times(f"megabytes @{size}", f"MB, {size:,}") for size in SIZES[-1:]),
        *(_times(f"megabytes added @{size}", f"MB added, {size:,}") for size in (10, 10_000, 200_000)),
        *(_times(f"open seconds @{size}", f"open s, {size:,}") for size in (10, 10_000, 200_000)),
        _times("longest pause ms", "longest pause ms"),
        Measure("pauses over 100 ms", "pauses over 100 ms", "lower", 1.0, ".0f", True),
        _times("decide ms median exponent", "decide exponent"),
        _times("teach ms median exponent", "teach exponent"),
        _times("pair ms mean exponent", "decide+teach exponent"),
        _times("megabytes added exponent", "memory exponent"),
        _times("open seconds exponent", "start-up exponent"),
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
    texts=False,
    versus=_versus(),
    alone=True,
    own_only=ENCODERS,
)
