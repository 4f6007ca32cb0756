"""Corpora of questions as streams of vectors: the same for the learner under test and its peers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.data import Corpus, load_corpus
from bench.learners.base import Setting, Task
from bench.learners.quickstudy_learner import encoder_of
from bench.scenario import Stage
from bench.streams import START, Stream, make_stream


@dataclass(frozen=True, slots=True)
class Questions:
    """A corpus, its training part as a stream in the file's order, and the setting of its job."""

    corpus: Corpus
    train: Stream
    setting: Setting

    def tasks(self, texts: Sequence[str]) -> list[Task]:
        """Test texts as tasks; their time is after the stream."""
        return text_tasks(texts, self.setting.encoder, START + len(self.train))


def load_questions(name: str, stage: Stage, *, open_job: bool = False) -> Questions:
    """A corpus with its vectors; texts are encoded once, then read from the store."""
    corpus = load_corpus(name, stage.data)
    train, setting = text_stream(name, corpus.train.texts, corpus.train.labels, open_job=open_job)
    return Questions(corpus, train, setting)


def text_stream(
    name: str,
    texts: Sequence[str],
    answers: Sequence[str],
    *,
    descriptions: Mapping[str, str] | None = None,
    open_job: bool = False,
) -> tuple[Stream, Setting]:
    """Labelled texts as a stream, and its job; the classes are the descriptions' keys, or the answers."""
    encoder = encoder_of("minilm")
    vectors = encoder.encode(texts)
    classes = tuple(sorted(set(answers))) if descriptions is None else tuple(descriptions)
    setting = Setting(name, classes, vectors.shape[1], open_job, descriptions or {}, "minilm")
    return make_stream(texts, vectors, answers), setting


def text_tasks(texts: Sequence[str], encoder: str, at: float) -> list[Task]:
    """Texts as tasks at one time."""
    vectors = encoder_of(encoder).encode(texts)
    return [Task(text, vector, at) for text, vector in zip(texts, vectors, strict=True)]
