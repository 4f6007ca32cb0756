"""tracer-llm: takes over a teacher's labels under a parity gate; what it does not take over it leaves unanswered.

As its documentation shows (README; docs/cold_start.md): ``tracer.fit`` on traces with precomputed embeddings, the same
vectors, then ``tracer.load_router`` and ``predict``; the cold start's ``target_teacher_agreement=0.85`` and
``min_deploy_coverage=0.02``; the light models only, as its command line's default (``--trees`` is opt-in). A *deferred*
task goes to the teacher there, so here it has no answer and counts as wrong: the accuracy is the share of tasks that it
both takes over and gets right. ``tracer-all`` is the same with an agreement bar so low (0.01) that the surrogate
answers everything: that is the comparison of what is learned. Confidence: its ``accept_score``.
Refitted at 50, 200, 500 and 1,500 lessons, where the cold start guide says that something new becomes possible, then
whenever the lessons have doubled (its README's flywheel: 2,000, 6,000, 10,000), and before the test. ``tracer.update``
also fits all from scratch. It pins numpy below 2.1: hence the group ``bench-heavy`` of dependencies.
Measured on hint3-sofmattress (one order): ``tracer-all`` 20 s, accuracy over the stream 0.625; ``tracer`` 6 s, 0.131.
One refit of ``tracer-all`` at 500 and 1,500 lessons of CLINC150: 9 and 22 s.
"""

from __future__ import annotations

import functools
import importlib
import json
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.learners.base import Entry, Guess, Setting, Task
from bench.learners.lessons import Lessons

STEPS = (50, 200, 500, 1500)
TREES = ("dt", "rf", "et", "gbt", "xgb")
COLD_START = {"target_teacher_agreement": 0.85, "min_deploy_coverage": 0.02}
ALL = {"target_teacher_agreement": 0.01, "min_deploy_coverage": 0.02}


class Tracer:
    """All lessons as traces, and the router of the last refit."""

    def __init__(self, setting: Setting, seed: int, gate: dict[str, float]) -> None:
        self._tracer: Any = importlib.import_module("tracer")
        self._gate = gate
        self._seed = seed
        self._lessons = Lessons(setting.dimension, 1.0)
        self._router: Any = None

    def decide(self, task: Task) -> Guess:
        """The router's label; none if it defers."""
        return self._guesses([task])[0]

    def learn(self, task: Task, answer: str) -> None:
        """Keeps the trace; refits if it is time."""
        self._lessons.add(task, answer)
        if len(self._lessons) in STEPS or (len(self._lessons) > STEPS[-1] and self._lessons.due):
            self._fit()

    def predict(self, tasks: Sequence[Task]) -> list[Guess]:
        """The router's labels, by all lessons."""
        if len(self._lessons) > max(self._lessons.fitted, STEPS[0] - 1):
            self._fit()
        return self._guesses(tasks)

    def _fit(self) -> None:
        target = self._gate["target_teacher_agreement"]
        config = self._tracer.FitConfig(
            **self._gate, frontier_targets=(target,), skip_candidates=TREES, seed=self._seed, verbose=False
        )
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # models of its zoo that stop early say so
            traces = Path(folder) / "traces.jsonl"
            lines = [json.dumps({"input": str(i), "teacher": name}) for i, name in enumerate(self._lessons.answers)]
            traces.write_text("\n".join(lines) + "\n", encoding="utf-8")
            place = Path(folder) / "artifacts"
            fitted = self._tracer.fit(traces, place, embeddings=self._lessons.vectors, config=config)
            deployed = fitted.manifest.selected_method is not None
            self._router = self._tracer.load_router(place) if deployed else None
        self._lessons.fitted = len(self._lessons)

    def _guesses(self, tasks: Sequence[Task]) -> list[Guess]:
        if self._router is None:
            return [Guess(None, 0.0, 1.0)] * len(tasks)
        routed = [self._router.predict(np.asarray(task.vector)) for task in tasks]
        return [Guess(said["label"], float(said["accept_score"]), 1.0 - float(said["accept_score"])) for said in routed]


_RULE = {"refitted at": "50, 200, 500, 1500, then twice the lessons", "without": list(TREES)}

ENTRIES = (
    Entry("tracer", "TRACER", "tracer-llm", False, {**COLD_START, **_RULE}, functools.partial(Tracer, gate=COLD_START)),
    Entry(
        "tracer-all",
        "TRACER, answering all",
        "tracer-llm",
        False,
        {**ALL, **_RULE},
        functools.partial(Tracer, gate=ALL),
    ),
)
