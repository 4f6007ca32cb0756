"""Situations to unit vectors: the one class that the learner uses, around any text encoder.

Invariants: ``encode`` is deterministic and stateless (the vector of a situation never depends on what else is in the
list or was seen before), and every row has unit norm. The text encoder is asked only for text; arrays never load it.

Not here: how texts become vectors (``minilm``, ``static`` and the adapters), and learning of any sort.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

import numpy as np

from quickstudy.errors import EncoderError, SituationError
from quickstudy.perception.records import (
    EXACT_DIMENSION,
    NUMBER_DIMENSION,
    described_record_vectors,
    record_texts,
    record_vector,
    records_version,
)
from quickstudy.perception.situations import Kind, checked_situation, hash_of_checked, situation_kind
from quickstudy.perception.spelling import SPELLING_DIMENSION, meanings, spelling_version, text_vector
from quickstudy.perception.vector_cache import VectorCache
from quickstudy.types import FloatArray, Situation, Vector

UNIT_TOLERANCE = 1e-3


@runtime_checkable
class TextEncoder(Protocol):
    """What an encoder of texts must offer; implement this to plug in another one.

    The same text must give the same vector whatever else is in the list. Encoders whose ``fingerprint`` is equal must
    give equal vectors: journals of one fingerprint are merged and replayed without looking at the texts again.
    """

    @property
    def name(self) -> str:
        """The name under which :func:`get_encoder` finds it."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors change: model, tokenizer, pooling, version."""

    @property
    def dimension(self) -> int:
        """The length of its vectors."""

    def encode_texts(self, texts: Sequence[str]) -> Vector:
        """Texts (n, never blank) to float32 (n, dimension) with rows of unit norm."""


@final
class Encoder:
    """Turns situations (text, records, arrays) into unit vectors.

    Args:
        text_encoder: encodes the texts.
        cache_bytes: how much memory the vectors of texts and records seen before may take.
    """

    def __init__(self, text_encoder: TextEncoder, *, cache_bytes: int = 100_000_000) -> None:
        self._text = text_encoder
        self._cache = VectorCache(cache_bytes)
        self._fingerprint: str | None = None

    @classmethod
    def absent(cls, name: str, fingerprint: str) -> Encoder:
        """Stands for an encoder that is not there: of another version, say. It has its fingerprint and encodes no text.

        A journal keeps its vectors, so whoever only reads it needs no more.
        """
        encoder = cls(_Absent(name, fingerprint))
        encoder._fingerprint = fingerprint
        return encoder

    @property
    def name(self) -> str:
        """The name under which :func:`get_encoder` finds it."""
        return self._text.name

    @property
    def fingerprint(self) -> str:
        """Names everything that the vectors depend on: text encoder, its files, the layout of spelling and records."""
        if self._fingerprint is None:
            parts = f"{self._text.fingerprint}\n{spelling_version()}\n{records_version()}\narrays-1"
            self._fingerprint = f"{self.name}:{hashlib.sha256(parts.encode()).hexdigest()[:16]}"
        return self._fingerprint

    def encode(self, situations: Sequence[Situation]) -> Vector:
        """The vectors of situations, which must be of one kind (and arrays of one length).

        Args:
            situations: n texts, n records or n 1-D arrays.

        Returns:
            float32 (n, d), C-contiguous, rows of unit norm. Text: the text encoder's vector and the text's spelling,
            see ``spelling``. Record: see ``records``. Array of length m: d = m + 1, the array divided by its norm and
            a 0; the zero array is all 0 with a last 1. An empty list gives (0, the dimension of texts).

        Raises:
            SituationError: a situation cannot be perceived, or the list mixes kinds or lengths.
            EncoderError: the text encoder cannot run, or returned wrong vectors.
        """
        if isinstance(situations, str | bytes) or not hasattr(situations, "__iter__"):
            raise SituationError(
                f"encode was given one {type(situations).__name__}.", next_step="Give a list: encode([situation])."
            )
        checked = [checked_situation(situation) for situation in situations]
        if not checked:
            return np.zeros((0, self.dimension("text")), dtype=np.float32)
        kinds = {situation_kind(situation) for situation in checked}
        if len(kinds) > 1:
            raise SituationError(
                f"The list mixes situations: {', '.join(sorted(kinds))}.", next_step="Encode one kind at a time."
            )
        if "array" in kinds:
            return _array_vectors([np.asarray(array) for array in checked])
        if "text" in kinds:
            return self._text_vectors([str(text) for text in checked])
        return self._record_vectors(checked)

    def kind(self, situation: object) -> Kind:
        """Whether a situation is text, a record or an array.

        Raises:
            SituationError: it cannot be perceived; the message names the field and the next step.
        """
        return situation_kind(checked_situation(situation))

    def checked(self, situation: object) -> Situation:
        """A normalised copy of a situation, see :func:`quickstudy.perception.checked_situation`.

        Raises:
            SituationError: it cannot be perceived; the message names the field and the next step.
        """
        return checked_situation(situation)

    def describe(self, texts: Sequence[str], kind: Kind) -> Vector | None:
        """The vectors of descriptions (of options, say) in the space of situations of a kind.

        Args:
            texts: n texts.
            kind: which situations they are to be compared with.

        Returns:
            float32 (n, d) with rows of unit norm; for records only the text block is filled. None for arrays, which
            words do not describe.

        Raises:
            SituationError: a text is empty or not valid.
        """
        if kind == "array":
            return None
        vectors = self.encode(texts)
        return described_record_vectors(vectors) if kind == "record" else vectors

    def dimension(self, kind: Kind, situation: Situation | None = None) -> int:
        """The length of the vectors of a kind.

        Args:
            kind: text, record or array.
            situation: for arrays, an example: its length decides.

        Raises:
            SituationError: an array's dimension was asked for without an example.
        """
        if kind == "text":
            return self._text.dimension + SPELLING_DIMENSION
        if kind == "record":
            return self._text.dimension + EXACT_DIMENSION + NUMBER_DIMENSION
        if not isinstance(situation, np.ndarray):
            raise SituationError(
                "The dimension of arrays depends on their length.", next_step="Give an array as an example."
            )
        return int(situation.size) + 1

    def forget(self, situations: Sequence[Situation]) -> None:
        """Drops situations, and the texts inside records, from the memory of vectors."""
        for situation in situations:
            checked = checked_situation(situation)
            if isinstance(checked, str):
                self._cache.discard(hash_of_checked(checked))
            elif not isinstance(checked, np.ndarray):
                self._cache.discard(hash_of_checked(checked))
                for text in record_texts(checked):
                    self._cache.discard(hash_of_checked(text))

    def forget_all(self) -> None:
        """Drops everything from the memory of vectors."""
        self._cache.clear()

    def _text_vectors(self, texts: Sequence[str]) -> Vector:
        keys = [hash_of_checked(text) for text in texts]
        known = {key: self._cache.get(key) for key in dict.fromkeys(keys)}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if known[key] is None}
        if missing:
            new = checked_vectors(self._text.encode_texts(list(missing.values())), len(missing), self._text)
            for (key, text), meaning in zip(missing.items(), new, strict=True):
                known[key] = vector = text_vector(meaning, text)
                self._cache.put(key, vector)
        return np.stack([row for key in keys if (row := known[key]) is not None])

    def _record_vectors(self, records: Sequence[Situation]) -> Vector:
        checked = [record for record in records if not isinstance(record, str | np.ndarray)]
        keys = [hash_of_checked(record) for record in checked]
        known = {key: self._cache.get(key) for key in dict.fromkeys(keys)}
        missing = {key: record for key, record in zip(keys, checked, strict=True) if known[key] is None}
        texts = {key: record_texts(record) for key, record in missing.items()}
        distinct = list(dict.fromkeys(text for parts in texts.values() for text in parts))
        vectors = dict(zip(distinct, meanings(self._text_vectors(distinct)), strict=True)) if distinct else {}
        for key, record in missing.items():
            text_sum: FloatArray | None = None
            if texts[key]:
                text_sum = np.sum([vectors[text] for text in texts[key]], axis=0, dtype=np.float64)
            vector = record_vector(record, text_sum, self._text.dimension)
            known[key] = vector
            self._cache.put(key, vector)
        return np.stack([row for key in keys if (row := known[key]) is not None])


@dataclass(frozen=True, slots=True)
class _Absent:
    name: str
    fingerprint: str
    dimension: int = 0

    def encode_texts(self, texts: Sequence[str]) -> Vector:
        raise EncoderError(
            f"The journal belongs to the encoder {self.fingerprint!r}, which is not the one that is installed.",
            next_step="Export its lessons and import them into a new journal, which encodes them anew: "
            "quickstudy export, then quickstudy import.",
        )


def checked_vectors(vectors: object, count: int, encoder: TextEncoder) -> Vector:
    """What a text encoder returned, as float32 (count, dimension), or an error that says what is wrong with it.

    Raises:
        EncoderError: wrong shape, not finite, or rows that are not of unit norm.
    """
    array = np.asarray(vectors)
    expected = (count, encoder.dimension)
    if array.dtype.kind != "f" or array.shape != expected:
        raise EncoderError(
            f"The encoder {encoder.name!r} returned {array.dtype} of the shape {array.shape} for {count} texts.",
            next_step=f"It must return float32 of the shape {expected}.",
        )
    norms = np.sqrt(np.sum(np.square(array, dtype=np.float64), axis=1))
    bad = np.flatnonzero(~(np.abs(norms - 1.0) <= UNIT_TOLERANCE))
    if bad.size:
        raise EncoderError(
            f"The encoder {encoder.name!r} returned a vector of norm {norms[bad[0]]:.4g} for text {bad[0]} of {count}.",
            next_step="Its vectors must be finite and of unit norm.",
        )
    return np.ascontiguousarray(array, dtype=np.float32)


def _array_vectors(arrays: Sequence[FloatArray]) -> Vector:
    lengths = sorted({array.size for array in arrays})
    if len(lengths) > 1:
        raise SituationError(
            f"The arrays have different lengths: {lengths[0]} and {lengths[-1]}.",
            next_step="Give arrays of one length.",
        )
    numbers = np.stack(arrays)
    largest = np.abs(numbers).max(axis=1, keepdims=True)
    scaled = numbers / np.where(largest > 0, largest, 1.0)  # first by the largest, so that no square overflows
    norms = np.sqrt(np.sum(scaled * scaled, axis=1, keepdims=True))
    vectors = np.zeros((len(arrays), lengths[0] + 1), dtype=np.float32)
    vectors[:, :-1] = scaled / np.where(norms > 0, norms, 1.0)
    vectors[:, -1] = (norms[:, 0] == 0).astype(np.float32)
    return vectors
