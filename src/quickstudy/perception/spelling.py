"""How a text is spelled, as a fixed, stateless vector: hashed character n-grams.

A sentence encoder knows what words mean, and blurs names, codes and rare terms; which letters are there tells these
apart. Beside its meaning a text's vector therefore carries the n-grams of 3 to 5 characters of its words (signed
feature hashing, Weinberger et al. 2009), with ``SPELLING_WEIGHT`` of the squared length. Worth 0.2 to 0.4 points
on the first 1,000 tasks of HINT3 and CLINC150, and half a point on CLINC150's official test after all lessons.

Invariants: nothing is learned; the same on every machine with one version of Unicode's tables (they come with Python).
Of a text longer than ``LONGEST`` characters the first and the last half of so many are read.
"""

from __future__ import annotations

import math
import re
import unicodedata

import numpy as np
import numpy.typing as npt

from quickstudy.types import FloatArray, Vector

SPELLING_WEIGHT = 0.1
SPELLING_DIMENSION = 256
LENGTHS = (3, 4, 5)
LONGEST = 100_000
POSITIONS = 4
"""Positions an n-gram; each lies in its own part of the vector, so one n-gram never cancels itself."""


def spelling_version() -> str:
    """What a text's vector depends on besides the text encoder; part of the encoder's fingerprint."""
    return f"spelling-1:{SPELLING_WEIGHT}:{SPELLING_DIMENSION}:{LENGTHS}:{POSITIONS}:{LONGEST}"


def text_vector(meaning: Vector, text: str) -> Vector:
    """A text's vector, float32 (d + 256,), unit norm: the text encoder's (d,), then the spelling, if any."""
    spelling = spelling_vector(text)
    weight = SPELLING_WEIGHT if spelling.any() else 0.0
    whole = np.concatenate([meaning.astype(np.float64) * math.sqrt(1.0 - weight), spelling * math.sqrt(weight)])
    vector: Vector = (whole / np.sqrt(whole @ whole)).astype(np.float32)
    return vector


def meanings(vectors: Vector) -> Vector:
    """The text encoder's part, float32 (n, d), unit norm, of texts' vectors (n, d + 256)."""
    parts = vectors[:, :-SPELLING_DIMENSION].astype(np.float64)
    return np.ascontiguousarray(parts / np.sqrt(np.sum(parts * parts, axis=1, keepdims=True)), dtype=np.float32)


def spelling_vector(text: str) -> FloatArray:
    """A text's distinct n-grams, hashed: float64 (256,), unit norm, or zero where no letter or digit is left.

    >>> float(spelling_vector("a refund, please") @ spelling_vector("A refund please!"))
    1.0
    """
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} {text[-LONGEST // 2 :]}"
    plain = re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", text).casefold())
    letters = np.frombuffer(f" {plain.strip()} ".encode("utf-32-le", "replace"), dtype="<u4").astype(np.uint64)
    grams = np.unique(np.concatenate([_hashes(letters, length) for length in LENGTHS]))
    part = SPELLING_DIMENSION // POSITIONS
    words = grams.astype("<u8").view("<u2").reshape(-1, POSITIONS).astype(np.int64)  # of 64 bits, 16 for each position
    places = np.arange(POSITIONS) * part + (words >> 1) % part
    signs = np.where(words & 1, 1.0, -1.0)
    vector = np.zeros(SPELLING_DIMENSION)
    vector += np.bincount(places.ravel(), weights=signs.ravel(), minlength=SPELLING_DIMENSION)
    norm = float(np.sqrt(vector @ vector))
    return vector / norm if norm > 0.0 else vector


def _hashes(letters: npt.NDArray[np.uint64], length: int) -> npt.NDArray[np.uint64]:
    """Hashes of all n-grams of one length: a polynomial of its code points, mixed as in splitmix64."""
    count = len(letters) - length + 1
    if count < 1:
        return np.zeros(0, dtype=np.uint64)
    value = np.full(count, length, dtype=np.uint64)
    for i in range(length):
        value = value * np.uint64(0x100000001B3) + letters[i : i + count]
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
