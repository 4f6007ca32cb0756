"""Streams of work for the gate: situations, the right option of each, and what is known in advance.

CLINC150 comes with all of its 1,200 out-of-scope questions mixed into the 15,000 of its training part. In ``clinc150``
they are a declared option, ``"none of these"``: the teacher says so, and to say so alone is right; that is CLINC150's
own protocol, in which out of scope is a class. In ``clinc150-strict`` there is no such option: the teacher rejects the
decision, from which only the gate learns, and every answer given alone to them is an error.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.data import HINT3_BOTS, load_corpus, load_payments
from bench.learners.quickstudy_learner import encoder_of
from bench.scenario import Stage
from bench.streams import START, shuffled
from quickstudy.perception import Encoder
from quickstudy.types import FloatArray, Situation, Vector

CASES = ("banking77", "clinc150", "clinc150-strict", "gla")
NONE = "none of these"
STRICT = "-strict"


@dataclass(frozen=True, slots=True)
class World:
    """A stream of work.

    Attributes:
        names: the options, sorted.
        situations: what is seen (n).
        encoder: how a learner perceives them.
        vectors: float32 (n, d), of the situations, for peers that take vectors.
        answers: int64 (n), the right option of each; -1 where none is right.
        times: seconds since 1970 (n,).
        open: whether options are known only once they were taught.
    """

    names: tuple[str, ...]
    situations: Sequence[Situation]
    encoder: Encoder
    vectors: Vector
    answers: npt.NDArray[np.int64]
    times: FloatArray
    open: bool

    def __len__(self) -> int:
        return len(self.answers)


def load_world(case: str, seed: int, stage: Stage) -> World:
    """The stream of a case in the order of a seed; payments keep their own order."""
    encoder = encoder_of("minilm")
    if case == "gla":
        payments = load_payments(stage.data)
        count = stage.shortened(len(payments.accounts))
        names = tuple(sorted(set(payments.accounts)))
        records = payments.records[:count]
        answers = _places(payments.accounts[:count], names)
        times = np.array(payments.times[:count])
        return World(names, records, encoder, encoder.encode(records), answers, times, True)
    situations, labels = _questions(case.removesuffix(STRICT), stage)
    order = shuffled(len(labels), seed)[: stage.shortened(len(labels))]
    names = tuple(sorted({label for label in labels if not (case.endswith(STRICT) and label == NONE)}))
    answers = _places([labels[i] for i in order], names)
    asked = [situations[i] for i in order]
    times = START + np.arange(len(order), dtype=np.float64)
    return World(names, asked, encoder, encoder.encode(asked), answers, times, False)


def _questions(case: str, stage: Stage) -> tuple[list[Situation], list[str]]:
    corpus = load_corpus(case, stage.data)
    situations: list[Situation] = list(corpus.train.texts)
    labels = list(corpus.train.labels)
    if case == "clinc150":
        file = stage.data / "clinc150" / "data_full.json"
        parts = json.loads(file.read_text(encoding="utf-8"))
        outside = [text for key in ("oos_train", "oos_val", "oos_test") for text, _ in parts[key]]
    elif case.removeprefix("hint3-") in HINT3_BOTS:
        outside = list(corpus.outside)
        situations += corpus.test.texts
        labels += corpus.test.labels
    else:
        outside = []
    return [*situations, *outside], [*labels, *[NONE] * len(outside)]


def _places(answers: Sequence[str], names: Sequence[str]) -> npt.NDArray[np.int64]:
    places = {name: place for place, name in enumerate(names)}
    return np.array([places.get(answer, -1) for answer in answers], dtype=np.int64)
