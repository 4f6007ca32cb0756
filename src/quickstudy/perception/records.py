"""Records as fixed, stateless vectors: what needs no text encoder.

A record's vector has three blocks: text (one vector a text field), exact (signed feature hashing of categories and
bools) and numbers (signed log through random Fourier features; dates as years in the same way, and their parts hashed).
Each block has unit norm; the present ones are weighted by the square root of their weight and the whole is normalised,
so a missing field costs nothing and the cosine of two records is the weighted mean of their blocks' cosines where both
have all blocks.

Invariants: nothing is learned and nothing depends on other records. The random numbers come from hashes of the field's
name, not from a library's generator, so they are the same on every machine and in every version.

Not here: the text block's vectors (``encoder``), and telling which fields matter (the experts' work).
"""

from __future__ import annotations

import datetime
import hashlib
import math
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

import numpy as np

from quickstudy.perception.spelling import meanings
from quickstudy.types import FloatArray, Scalar, Vector

TEXT_WEIGHT = 0.4
EXACT_WEIGHT = 0.4
NUMBER_WEIGHT = 0.2
EXACT_DIMENSION = 256
NUMBER_DIMENSION = 128
HASH_POSITIONS = 4
"""Positions a feature; each lies in its own part of the exact block, so one feature never cancels itself."""
EXACT_CHARACTERS = 200
"""Longer texts are read for their meaning only."""
NUMBER_SCALES = (0.5, 2.0, 8.0, 32.0)
"""Standard deviations of the frequencies, in radians per unit of the signed log (or per year, for dates)."""
DATE_PART = 2.0
"""Weight of one hashed part of a date (norm 4) beside its place on the line of years (norm 8)."""

_EPOCH = datetime.datetime(2000, 1, 1)
_TINY = 1e-12


def records_version() -> str:
    """What a record's vector depends on besides the text encoder; part of the encoder's fingerprint."""
    weights = (TEXT_WEIGHT, EXACT_WEIGHT, NUMBER_WEIGHT)
    sizes = (EXACT_DIMENSION, NUMBER_DIMENSION, HASH_POSITIONS, EXACT_CHARACTERS)
    return f"records-2:{weights}:{sizes}:{NUMBER_SCALES}:{DATE_PART}"


def record_texts(record: Mapping[str, Scalar]) -> list[str]:
    """The texts that make up a record's text block: ``"field: value"`` for every text field that is not blank."""
    return [f"{name}: {value.strip()}" for name, value in record.items() if isinstance(value, str) and value.strip()]


def record_vector(record: Mapping[str, Scalar], text_sum: FloatArray | None, text_dimension: int) -> Vector:
    """The vector of a record.

    Args:
        record: a checked record, fields in sorted order.
        text_sum: float64 (text_dimension,), the sum of the vectors of :func:`record_texts`; None without text.
        text_dimension: the text encoder's dimension.

    Returns:
        float32 (text_dimension + 256 + 128,), unit norm.
    """
    text = np.zeros(text_dimension) if text_sum is None else text_sum
    blocks = ((text, TEXT_WEIGHT), (exact_block(record), EXACT_WEIGHT), (number_block(record), NUMBER_WEIGHT))
    whole = np.concatenate([_unit(block) * math.sqrt(weight) for block, weight in blocks])
    return _unit(whole).astype(np.float32)


def described_record_vectors(text_vectors: Vector) -> Vector:
    """Texts' vectors, float32 (n, d + 256), placed in the space of records: their meaning fills the text block."""
    found = meanings(text_vectors)
    rest = np.zeros((len(found), EXACT_DIMENSION + NUMBER_DIMENSION), dtype=np.float32)
    return np.ascontiguousarray(np.concatenate([found, rest], axis=1))


def exact_block(record: Mapping[str, Scalar]) -> FloatArray:
    """Signed feature hashing (Weinberger et al. 2009) of a record's categories and bools; float64 (256,)."""
    block = np.zeros(EXACT_DIMENSION)
    for feature in _exact_features(record):
        positions, signs = _hashed(feature, EXACT_DIMENSION)
        block[positions] += signs
    return block


def number_block(record: Mapping[str, Scalar]) -> FloatArray:
    """Random Fourier features (Rahimi and Recht 2007) of a record's numbers and dates, summed; float64 (128,)."""
    block = np.zeros(NUMBER_DIMENSION)
    for name, value in record.items():
        if isinstance(value, datetime.date):
            coordinate = _years(value)
            for feature in _date_features(name, value):
                positions, signs = _hashed(feature, NUMBER_DIMENSION)
                block[positions] += DATE_PART * signs
        elif isinstance(value, int | float) and not isinstance(value, bool):
            coordinate = signed_log(value)
        else:
            continue
        frequencies, phases = _number_features(name)
        angles = frequencies * coordinate + phases
        block += np.concatenate([np.cos(angles), np.sin(angles)])
    return block


def signed_log(value: int | float) -> float:
    """sign(x)·log(1 + |x|); finite for every finite float.

    >>> round(signed_log(-1e308), 1)
    -709.2
    """
    return math.copysign(math.log1p(abs(float(value))), value)


def _exact_features(record: Mapping[str, Scalar]) -> Iterator[str]:
    for name, value in record.items():
        if isinstance(value, str):
            clean = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
            if clean and len(value.strip()) <= EXACT_CHARACTERS:
                yield f"{name}\0text\0{clean}"
        elif isinstance(value, bool):
            yield f"{name}\0bool\0{value}"


def _date_features(name: str, value: datetime.date) -> Iterator[str]:
    yield f"{name}\0year\0{value.year}"
    yield f"{name}\0month\0{value.month}"
    yield f"{name}\0weekday\0{value.weekday()}"
    yield f"{name}\0day\0{value.day}"


def _hashed(feature: str, dimension: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], FloatArray]:
    digest = hashlib.blake2b(feature.encode("utf-8"), digest_size=4 * HASH_POSITIONS).digest()
    words = np.frombuffer(digest, dtype="<u4").astype(np.int64)
    part = dimension // HASH_POSITIONS
    positions = np.arange(HASH_POSITIONS) * part + (words >> 1) % part
    return positions, np.where(words & 1, 1.0, -1.0)


@lru_cache(maxsize=4_096)
def _number_features(field: str) -> tuple[FloatArray, FloatArray]:
    """Frequencies and phases of a field, (64,) each: normal by Box-Muller and uniform, from a hash of its name."""
    count = NUMBER_DIMENSION // 2
    stream = hashlib.shake_256(b"quickstudy number\0" + field.encode("utf-8")).digest(12 * count)
    uniform = (np.frombuffer(stream, dtype="<u4").reshape(3, count).astype(np.float64) + 0.5) / 2**32
    normal = np.sqrt(-2.0 * np.log(uniform[0])) * np.cos(2.0 * np.pi * uniform[1])
    return normal * np.resize(NUMBER_SCALES, count), 2.0 * np.pi * uniform[2]


def _years(value: datetime.date) -> float:
    if isinstance(value, datetime.datetime):
        moment = value.replace(tzinfo=None)
    else:
        moment = datetime.datetime(value.year, value.month, value.day)
    return (moment - _EPOCH).total_seconds() / 86_400 / 365


def _unit(vector: FloatArray) -> FloatArray:
    norm = float(np.sqrt(np.sum(vector * vector)))
    return vector / norm if norm > _TINY else np.zeros_like(vector)
