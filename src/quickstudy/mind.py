"""What a learner knows at a moment: memory, experts, pool. A pure function of what was taught, in which order.

Two ways lead to a state. *Online*: ``describe``, ``learn`` and ``correct``, one event after the other. *Reliving*: a
fresh mind lives once through a set of examples in the order of their own times (ties by lesson id), predicting each
block before it learns it. What it then knows depends on the set alone, not on who taught it or when it arrived: that
is the canonical state after a merge, a forget, or a change of options that joins two. Because the order is time,
everything learned online (the pool's weights, calibration, how fast the past ages) is fitted on predictions of the
future from the past, never the other way round.

Not here: events, names of options (``options``), files (``journal``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts import Example, Expert, Memory, Neighbours, Query, RandomFeatures, Shared
from quickstudy.experts.arrays import Arrays, grown
from quickstudy.experts.gaussian import Gaussian
from quickstudy.experts.registry import build_experts
from quickstudy.experts.ridge import SCALE as RIDGE_SCALE
from quickstudy.experts.threads import one_thread
from quickstudy.judgement.bursts import Bursts
from quickstudy.judgement.doubt import Doubt
from quickstudy.judgement.novelty import NewOption, novelty
from quickstudy.judgement.pool import Pool
from quickstudy.judgement.reliability import reliability
from quickstudy.types import FloatArray, Vector

BLOCK = 64
"""Reliving predicts and learns in blocks that grow to this size."""

RECONSIDERED = 32
PAUSE = 4
"""So many remembered lessons are judged anew, after so many more; together they cost less. Reliving judges one a
lesson, and all at the end."""

TOGETHER = 1_024
"""So many at a time."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the mind thinks of m situations.

    Attributes:
        columns: int64 (c,), the options that were asked about.
        probabilities: float64 (m, c), or (m, c + 1) in an open job, where the last column is "a new option".
        logits: float64 (e, m, c), every expert's.
        novelty: float64 (m,).
        neighbours: the nearest examples.
        query: the shared views.
    """

    columns: npt.NDArray[np.int64]
    probabilities: FloatArray
    logits: FloatArray
    novelty: FloatArray
    neighbours: Neighbours
    query: Query

    @property
    def reliability(self) -> FloatArray:
        """How often proposals were right on situations like these, float64 (m,) in (0, 1)."""
        return reliability(self.neighbours)

    def is_about(self, vector: Vector, columns: npt.NDArray[np.int64]) -> bool:
        """Whether it is about this one situation and these options."""
        return np.array_equal(self.query.vectors[0], vector) and np.array_equal(self.columns, columns)


class Mind:
    """Memory, experts and pool.

    Args:
        dimension: d, the length of a situation's vector.
        features: D, how many random features.
        seed: the job's feature seed.
        experts: the experts' names.
        open_job: whether answers outside the known options are possible.
    """

    def __init__(self, dimension: int, *, features: int, seed: int, experts: Sequence[str], open_job: bool) -> None:
        self.dimension = dimension
        self.open_job = open_job
        self.shared = Shared(dimension, RandomFeatures(dimension, features, seed))
        self.memory = Memory(dimension)
        self.experts: list[Expert] = build_experts(experts, self.shared)
        self.pool = Pool(
            np.array([expert.initial_weight for expert in self.experts]),
            np.array([expert.mature_weight for expert in self.experts]),
        )
        self.new_option = NewOption()
        self.bursts = Bursts()
        self.doubt = Doubt()
        self._places = {expert.name: place for place, expert in enumerate(self.experts)}
        self._ages = [self._places[name] for name in ("recent", "recall") if name in self._places]
        self._witness = next((expert for expert in self.experts if isinstance(expert, Gaussian)), None)
        self._latest: Proposal | None = None  # what was decided is usually taught next: then it is not computed again
        self.history = History()
        self._seen = np.zeros(0, dtype=bool)

    @property
    def options(self) -> int:
        """How many columns there are."""
        return len(self._seen)

    def describe(self, vectors: Vector | None, columns: Sequence[int], *, taught: bool = False) -> None:
        """Adds columns, or describes them once more.

        Args:
            vectors: the descriptions (n, d), or None where names say nothing about situations (arrays).
            columns: the options' columns (n,).
            taught: whether the options come with a lesson in an open job, rather than from the user.
        """
        self._latest = None
        self._widen(max(columns, default=-1) + 1)
        if not taught:
            self._seen[list(columns)] = True
        if vectors is not None and len(columns):
            with one_thread():
                for expert in self.experts:
                    expert.describe(vectors, columns)

    def propose(self, vectors: Vector, columns: npt.NDArray[np.int64]) -> Proposal:
        """Probabilities and evidence for situations (m, d) over the options ``columns``; changes nothing."""
        if len(vectors) > 1:
            return self._propose(vectors, columns)
        with one_thread():
            self._latest = self._propose(vectors, columns)
        return self._latest

    def _propose(self, vectors: Vector, columns: npt.NDArray[np.int64]) -> Proposal:
        query = Query(vectors, self.shared.features, self.memory, self.options)
        logits = np.stack([expert.propose(query)[:, columns] for expert in self.experts])
        nothing = np.zeros((len(vectors), 1))
        places = self._places
        ridge = logits[places["ridge"]] / RIDGE_SCALE if "ridge" in places else nothing
        softmax = logits[places["softmax"]] if "softmax" in places else nothing
        novel = novelty(ridge, softmax, query.neighbours)
        probabilities = self.pool.probabilities(logits) if len(columns) else np.zeros((len(vectors), 0))
        if self.open_job:
            new = self.new_option.probability(novel) if len(columns) else np.ones(len(vectors))
            probabilities = np.column_stack([probabilities * (1.0 - new)[:, None], new])
        return Proposal(columns, probabilities, logits, novel, query.neighbours, query)

    def learn(self, example: Example, columns: npt.NDArray[np.int64]) -> None:
        """One lesson: predict it from ``columns``, the options known before it, then learn it."""
        known = columns[self._seen[columns]]
        latest, self._latest = self._latest, None
        with one_thread():
            if latest is None or not latest.is_about(example.vector, known):
                latest = self._propose(example.vector[None], known)
            proposal = latest
            trusted, hit = self._judge(proposal, 0, example)
            if self.memory.learned % PAUSE == 0:
                self._reconsider(RECONSIDERED)
            for expert in self.experts:
                expert.learn([trusted], proposal.query)
            self._remember(trusted, hit)

    def correct(self, example: Example, new: int, lesson_id: str, at: float) -> None:
        """A learned example belongs to option ``new`` after all, says lesson ``lesson_id``."""
        self._latest = None
        self._seen[new] = True
        if new != example.option:
            learned = self._as_learned(example)
            for expert in self.experts:
                expert.correct(learned, new)
        self.memory.correct(example.vector, example.option, new, at, lesson_id)

    def relive(
        self,
        examples: Sequence[Example],
        columns: npt.NDArray[np.int64],
        describe: Callable[[int], Vector | None],
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Lives through a set of examples, in the order of their times; the mind must be fresh.

        Args:
            examples: the lessons in force, any order.
            columns: the options that may be proposed.
            describe: gives the descriptions (n, d) of an option that first appears with a lesson, or None.
            progress: called with (done, all).
        """
        ordered = sorted(examples, key=lambda example: (example.at, example.lesson_id))
        start, size = 0, 1
        while start < len(ordered):
            block = ordered[start : start + size]
            with one_thread():
                self._relive_block(block, columns[self._seen[columns]], describe)
            start, size = start + len(block), min(2 * size, BLOCK)
            if progress:
                progress(start, len(ordered))
        with one_thread():
            for first in range(0, self.memory.size, TOGETHER):
                self._reconsider_rows(np.arange(first, min(first + TOGETHER, self.memory.size)))
            for expert in self.experts:
                expert.rehearse(self.memory)

    def _relive_block(
        self, block: Sequence[Example], known: npt.NDArray[np.int64], describe: Callable[[int], Vector | None]
    ) -> None:
        proposal = self._propose(np.stack([example.vector for example in block]), known)
        judged = []
        for i, example in enumerate(block):
            judged.append(self._judge(proposal, i, example))
            if not self._seen[example.option]:
                self._seen[example.option] = True
                described = describe(example.option)
                if described is not None:
                    for expert in self.experts:
                        expert.describe(described, [example.option] * len(described))
        self._reconsider(len(block))
        for expert in self.experts:
            expert.learn([example for example, _ in judged], proposal.query)
        for example, hit in judged:
            self._remember(example, hit)

    def state(self) -> Arrays:
        """Everything as arrays, private copies; :meth:`restore` on a fresh mind of the same job gives it back."""
        parts: dict[str, Mapping[str, npt.NDArray[Any]]] = {
            "memory": self.memory.state(),
            "pool": self.pool.state(),
            "new_option": self.new_option.state(),
            "bursts": self.bursts.state(),
            "doubt": self.doubt.state(),
            "history": self.history.state(),
            "mind": {"seen": self._seen.copy()},
            **{f"expert-{expert.name}": expert.state() for expert in self.experts},
        }
        return {f"{part}/{key}": value for part, arrays in parts.items() for key, value in arrays.items()}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Knows what ``state`` says, exactly."""
        parts: dict[str, dict[str, npt.NDArray[Any]]] = {}
        for name, value in state.items():
            part, key = name.split("/", 1)
            parts.setdefault(part, {})[key] = value
        self.memory = Memory.restore(self.dimension, parts["memory"])
        self.pool.restore(parts["pool"])
        self.new_option.restore(parts["new_option"])
        self.bursts.restore(parts["bursts"])
        self.doubt.restore(parts["doubt"])
        self.history.restore(parts["history"])
        self._seen = parts["mind"]["seen"].copy()
        for expert in self.experts:
            expert.restore(parts.get(f"expert-{expert.name}", {}))

    def _judge(self, proposal: Proposal, row: int, example: Example) -> tuple[Example, float]:
        """Compares a proposal with what was taught; the pool learns from it.

        Returns:
            The example with its trust, and whether the proposal was right, 1 or 0.
        """
        option, trust, hit = example.option, 1.0, 0.0
        was_new = not self._seen[option]
        asked = len(proposal.columns)
        if asked:
            logits = proposal.logits[:, row]
            among = self.pool.probabilities(logits[:, None])[0]  # in a block, the pool has moved since the proposal
            best = int(among.argmax())
            known = 1.0 - float(proposal.probabilities[row, asked]) if self.open_job else 1.0
            hit = float(proposal.columns[best] == option)
            self.history.add(option, int(proposal.columns[best]), float(among[best]) * known)
            place = np.flatnonzero(proposal.columns == option)
            if len(self._ages) == 2:
                newest, usual = self.pool.weights[self._ages]
                self.doubt.ageing = float(newest / max(usual, 1e-3))
            if len(place) and not was_new:
                trust = float(self.doubt.trust(among[None], place)[0])
                self.doubt.learn(among, int(place[0]))
                self.pool.learn(
                    logits, among, int(place[0]), trust * example.weight * self.bursts.weight(option, asked)
                )
        if self.open_job:
            self.new_option.learn(float(proposal.novelty[row]), bool(was_new))
        return replace(example, trust=trust), hit

    def _reconsider(self, count: int) -> None:
        """Estimates again how likely some remembered lessons are right, from what was learned since."""
        if self.memory.size:
            drawn = np.random.default_rng([self.memory.learned, RECONSIDERED])
            self._reconsider_rows(np.unique(drawn.integers(0, self.memory.size, count)))

    def _reconsider_rows(self, rows: npt.NDArray[np.int64]) -> None:
        if self._witness is None:
            return
        rows = self.memory.living_rows(rows)
        vectors, options, _ = self.memory.examples(rows)
        logits, gains = self._witness.without(vectors, options, *self.memory.weights(rows), self.options)
        known = ~np.isnan(logits[:, 0])
        if known.any():
            trust = self.doubt.reconsider(logits[known], options[known])
            changes = self.memory.trust(rows[known], trust)
            self._witness.reweigh(vectors[known], options[known], gains[known], changes)

    def _as_learned(self, example: Example) -> Example:
        """A remembered example with the trust it was learned with; experts know it as that."""
        row = self.memory.row(example.vector, example.option)
        if row is None:
            return example
        if self._witness is not None:
            vector, option = example.vector[None], np.array([example.option])
            self._witness.reweigh(vector, option, None, np.array([self.memory.unweigh(row)]))
        return replace(example, trust=self.memory.learned_trust(row))

    def _remember(self, example: Example, hit: float) -> None:
        self._widen(example.option + 1)
        self._seen[example.option] = True
        self.memory.learn(example.vector, example.option, example.at, example.lesson_id, example.trust, hit)

    def _widen(self, columns: int) -> None:
        if columns > len(self._seen):
            self._seen = np.concatenate([self._seen, np.zeros(columns - len(self._seen), dtype=bool)])


class History:
    """Every lesson's prediction, made before it was learned: taught column, proposed column, confidence."""

    def __init__(self) -> None:
        self.size = 0
        self._taught = np.zeros(64, dtype=np.int32)
        self._proposed = np.zeros(64, dtype=np.int32)
        self._confidence = np.zeros(64, dtype=np.float32)

    @property
    def taught(self) -> npt.NDArray[np.int32]:
        """Taught columns (n,)."""
        return self._taught[: self.size]

    @property
    def proposed(self) -> npt.NDArray[np.int32]:
        """Proposed columns (n,)."""
        return self._proposed[: self.size]

    @property
    def confidence(self) -> npt.NDArray[np.float32]:
        """The proposals' probabilities (n,)."""
        return self._confidence[: self.size]

    def add(self, taught: int, proposed: int, confidence: float) -> None:
        """One more."""
        self._taught = grown(self._taught, self.size + 1)
        self._proposed = grown(self._proposed, self.size + 1)
        self._confidence = grown(self._confidence, self.size + 1)
        self._taught[self.size], self._proposed[self.size] = taught, proposed
        self._confidence[self.size] = confidence
        self.size += 1

    def state(self) -> Arrays:
        """As arrays."""
        return {"taught": self.taught.copy(), "proposed": self.proposed.copy(), "confidence": self.confidence.copy()}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """From :meth:`state`."""
        self.size = len(state["taught"])
        room = max(64, self.size)
        self._taught = np.zeros(room, dtype=np.int32)
        self._proposed = np.zeros(room, dtype=np.int32)
        self._confidence = np.zeros(room, dtype=np.float32)
        self._taught[: self.size], self._proposed[: self.size] = state["taught"], state["proposed"]
        self._confidence[: self.size] = state["confidence"]


def columns_of(flags: Iterable[bool]) -> npt.NDArray[np.int64]:
    """The columns whose flag is set."""
    return np.flatnonzero(np.fromiter(flags, dtype=bool)).astype(np.int64)
