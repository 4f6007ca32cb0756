"""The demo's job: clinical phrases to blocks of the ICD-10-CM code book."""

from __future__ import annotations

from bench.learners.registry import learner_entry
from bench.peers import SLOW, VECTORS, WORDS, playing
from bench.questions import text_stream
from bench.scenario import Measure, Played, Scenario, Stage, area_targets
from bench.scores import areas, curve_of, part_scores
from bench.streams import Outcome, live_through
from quickstudy.jobs.icd10 import icd10_tasks

TASKS = 3000
PARTS = ((1, 100), (101, 300), (301, 1000), (1001, 3000))


def play(case: str, learner: str, seed: int, stage: Stage) -> Played:
    """One draw of phrases in one order."""
    job, pairs = icd10_tasks(case, tasks=stage.shortened(TASKS), seed=seed)
    texts, answers = [text for text, _ in pairs], [answer for _, answer in pairs]
    stream, setting = text_stream(f"icd10-{case}", texts, answers, descriptions=job.options)
    outcome = live_through(learner_entry(learner).make(setting, seed), stream, stage.progress)
    return Played(score(outcome), {"curve": curve_of(outcome.hits)})


def score(outcome: Outcome) -> dict[str, float]:
    """Accuracy and calibration gap by part, areas."""
    return {**part_scores(outcome.hits, outcome.confidences, PARTS), **areas(outcome.hits)}


SCENARIO = Scenario(
    id="icd10",
    title="The medical coder of the demo",
    about=(
        "3,000 random clinical phrases of the ICD-10-CM code book, each to be put into one of its blocks (about 270 "
        "options, described by their titles); the book is the teacher. One pass. Peers get the same vectors and the "
        "list of classes, but cannot read descriptions."
    ),
    cases=("block",),
    learners=("quickstudy", *playing(*VECTORS, *WORDS)),
    seeds=3,
    settings={"version": 2, "encoder": "minilm", "tasks": TASKS, "passes": 1},
    measures=(
        *(Measure(f"accuracy {a}-{b}", f"{a}-{b}") for a, b in PARTS),
        Measure("gap 1001-3000", "gap 1001-3000", "lower", 0.005),
        Measure("area 1000", "area 1,000"),
        Measure("area all", "area all"),
    ),
    targets=(),
    play=play,
    slow=SLOW,
    versus=area_targets("block"),
    stages=tuple(f"accuracy {a}-{b}" for a, b in PARTS),
)
