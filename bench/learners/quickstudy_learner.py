"""The learner under test: the public ``quickstudy.Learner``, in memory, through ``decide`` and ``teach``.

It perceives by itself; the texts' vectors come from the same store as the peers'. ``ageless`` leaves out the expert
that knows how the past ages: it shows what that expert costs where nothing drifts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.learners.base import Entry, Guess, Setting, Task
from quickstudy.job import Job
from quickstudy.learner import Learner
from quickstudy.perception import Encoder, get_encoder
from quickstudy.types import Decision

AGEING = "recent"


def job_of(setting: Setting, **changes: Any) -> Job:
    """The job that a setting describes."""
    options = None if setting.open else {name: setting.descriptions.get(name, "") for name in setting.classes}
    return Job(setting.name, options, encoder=setting.encoder, **changes)


def encoder_of(name: str) -> Encoder:
    """The encoder of a name, with vectors from the store where there is one."""
    if name == "minilm":
        from bench.vectors import minilm

        return minilm()
    return get_encoder(name)


class QuickstudyLearner:
    """``decide``, then ``teach`` the decision."""

    def __init__(self, setting: Setting, seed: int, **changes: Any) -> None:
        self.learner = Learner(job_of(setting, **changes), seed=seed, encoder=encoder_of(setting.encoder))
        self._decision: Decision | None = None

    def decide(self, task: Task) -> Guess:
        """Decides, and remembers the decision."""
        self._decision = self.learner.decide(task.situation, at=task.at)
        return guess_of(self._decision)

    def learn(self, task: Task, answer: str) -> None:
        """Teaches the decision."""
        assert self._decision is not None, "decide comes first"
        self.learner.teach(self._decision, answer, at=task.at)

    def predict(self, tasks: Sequence[Task]) -> list[Guess]:
        """Predicts in blocks."""
        return predicted(self.learner, tasks)


def predicted(learner: Learner, tasks: Sequence[Task]) -> list[Guess]:
    """A learner's predictions on test tasks."""
    blocks = [tasks[start : start + 200] for start in range(0, len(tasks), 200)]
    return [guess_of(d) for block in blocks for d in learner.predict_many([task.situation for task in block])]


def guess_of(decision: Decision) -> Guess:
    """A decision as a guess."""
    return Guess(decision.answer, decision.probability, decision.novelty)


def ageless(setting: Setting, seed: int) -> QuickstudyLearner:
    """Without the expert that ages."""
    experts = tuple(expert for expert in job_of(setting).experts if expert != AGEING)
    return QuickstudyLearner(setting, seed, experts=experts)


_DEFAULTS = {key: value for key, value in Job("defaults").to_dict().items() if key in {"features", "experts"}}

ENTRIES = (
    Entry("quickstudy", "quickstudy", "quickstudy", True, _DEFAULTS, QuickstudyLearner),
    Entry(
        "quickstudy-ageless",
        "quickstudy, never ageing",
        "quickstudy",
        True,
        {**_DEFAULTS, "without": AGEING},
        ageless,
    ),
    Entry(
        "quickstudy-threshold",
        "quickstudy, threshold only",
        "quickstudy",
        True,
        {**_DEFAULTS, "autonomy": "a calibrated threshold, no audits"},
        QuickstudyLearner,
    ),
    Entry(
        "quickstudy-running-share",
        "quickstudy, running share",
        "quickstudy",
        True,
        {**_DEFAULTS, "autonomy": "the running share of errors in audits"},
        QuickstudyLearner,
    ),
    Entry(
        "quickstudy-largest-error",
        "quickstudy, largest error",
        "quickstudy",
        True,
        {**_DEFAULTS, "review": "the step with the largest temporal-difference error"},
        QuickstudyLearner,
    ),
    Entry(
        "quickstudy-largest-change",
        "largest change of a number",
        "quickstudy",
        True,
        {"review": "the step after which a number changes most; nothing is learned"},
        QuickstudyLearner,
    ),
    Entry(
        "quickstudy-never-checks",
        "quickstudy, never checks",
        "quickstudy",
        True,
        {**_DEFAULTS, "autonomy": "the threshold of early stop without its ledger"},
        QuickstudyLearner,
    ),
)
