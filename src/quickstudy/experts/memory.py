"""The remembered examples and an exact search for the nearest ones.

Rows are append-only and lie in chunks, so nothing is ever copied to grow. Equal vectors with one answer share a row.
One that was corrected away counts for nothing and is not found; it serves again if the same is taught again.
The search is exact: past ``SCAN_ROWS`` rows an int8 copy is scanned first, every row whose rounding error could still
place it among the nearest is scored again, so the result is the same as a full scan. Similarities are computed in
float64 from the stored float32 vectors and do not depend on what else is asked in the same call.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quickstudy.experts.arrays import grown
from quickstudy.types import FloatArray, Vector

CHUNK = 8_192
SCAN_ROWS = 1_024
"""Up to here a plain float32 scan is as fast as the int8 one."""

SCAN_ROWS_TOGETHER = 32_768
"""The same for many queries at once, whose float32 products are one matrix product a chunk."""

GROUP = 32
"""Rows whose largest similarity stands for them where the nearest are sought."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest rows of m queries, best first.

    Attributes:
        rows: int64 (m, k).
        similarity: float64 (m, k) cosines.
        options: int64 (m, k), the rows' options.
        counts: float64 (m, k), how many lessons each row stands for.
        at: float64 (m, k), when each was last taught, seconds since 1970.
        order: int64 (m, k), the place of each row's last lesson in the order of learning.
        trust: float64 (m, k), how likely each row is right.
        hits: float64 (m, k), 1 where each row's last lesson had been proposed rightly, 0 where not, NaN if not known.
    """

    rows: npt.NDArray[np.int64]
    similarity: FloatArray
    options: npt.NDArray[np.int64]
    counts: FloatArray
    at: FloatArray
    order: npt.NDArray[np.int64]
    trust: FloatArray
    hits: FloatArray


class Memory:
    """Remembered examples: vector, option, time and lesson.

    Args:
        dimension: d, the length of the vectors.
    """

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.size = 0
        self.living = 0
        self.learned = 0
        self._chunks: list[Vector] = []
        self._coarse: list[_CoarseChunk] = []
        self._options = np.zeros(64, dtype=np.int64)
        self._counts = np.zeros(64, dtype=np.float64)
        self._at = np.zeros(64, dtype=np.float64)
        self._order = np.zeros(64, dtype=np.int64)
        self._trust = np.zeros(64, dtype=np.float64)
        self._weights = np.zeros(64, dtype=np.float64)
        self._learned_weights = np.zeros(64, dtype=np.float64)
        self._hits = np.zeros(64, dtype=np.float64)
        self._lessons: list[str] = []
        self._index: dict[tuple[bytes, int], int] = {}

    def learn(
        self, vector: Vector, option: int, at: float, lesson_id: str, trust: float = 1.0, hit: float = math.nan
    ) -> None:
        """Remembers one example.

        Args:
            vector: float32 (d,) of unit norm.
            option: what was taught.
            at: when, seconds since 1970.
            lesson_id: the lesson.
            trust: how likely it is right.
            hit: 1 if it had been proposed before it was taught, 0 if something else was, NaN if nobody knows.
        """
        key = (_key(vector), option)
        row = self._index.get(key)
        if row is None:
            row = self._append(vector, option)
            self._lessons.append(lesson_id)
            self._index[key] = row
        self.living += int(self._counts[row] == 0)
        self._counts[row] += 1
        self._weights[row] += trust
        self._learned_weights[row] += trust
        self._trust[row] = max(trust, self._trust[row])
        self._at[row] = at
        self._hits[row] = hit
        self._order[row] = self.learned
        self._lessons[row] = lesson_id
        self.learned += 1

    def correct(self, vector: Vector, old: int, new: int, at: float, lesson_id: str) -> None:
        """Moves one remembered example from option ``old`` to ``new``."""
        key = (_key(vector), old)
        row = self._index.get(key)
        counted = learned = 1.0
        if row is not None and self._counts[row] > 0:
            counted, learned = self._weights[row] / self._counts[row], self._learned_weights[row] / self._counts[row]
            self._weights[row] -= counted
            self._learned_weights[row] -= learned
            self._counts[row] -= 1
            self._trust[row] *= self._counts[row] > 0
            self.living -= int(self._counts[row] == 0)
        self.learn(vector, new, at, lesson_id)
        if row is not None and new == old:  # said again: the experts were told nothing, so it counts as it did
            self._weights[row] += counted - 1.0
            self._learned_weights[row] += learned - 1.0

    def lesson(self, row: int) -> str:
        """The id of the lesson that taught ``row`` last."""
        return self._lessons[row]

    def search(self, vectors: Vector, k: int) -> Neighbours:
        """The ``k`` nearest rows of each of ``vectors`` (m, d); fewer where fewer are remembered. Ties by row."""
        k = min(k, self.living)
        rows = np.empty((len(vectors), k), dtype=np.int64)
        similarity = np.empty((len(vectors), k), dtype=np.float64)
        if k:
            for i, (candidates, query) in enumerate(zip(self._candidates(vectors, k), vectors, strict=True)):
                exact = self._exact(candidates, query)
                best = np.lexsort((candidates, -exact))[:k]
                rows[i], similarity[i] = candidates[best], exact[best]
        return Neighbours(
            rows,
            similarity,
            options=self._options[rows],
            counts=self._counts[rows],
            at=self._at[rows],
            order=self._order[rows],
            trust=self._trust[rows],
            hits=self._hits[rows],
        )

    def examples(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> tuple[Vector, npt.NDArray[np.int64], FloatArray]:
        """The vectors (n, d), options (n,) and trust (n,) of ``rows``, without those that were corrected away."""
        kept = self.living_rows(rows)
        return self._vectors(kept), self._options[kept], self._trust[kept]

    def living_rows(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Those of ``rows`` that were not corrected away."""
        given = np.asarray(rows, dtype=np.int64)
        return given[self._counts[given] > 0]

    def row(self, vector: Vector, option: int) -> int | None:
        """Where an example is remembered."""
        return self._index.get((_key(vector), option))

    def learned_trust(self, row: int) -> float:
        """How far a row was trusted when it was learned, on average if it was taught more than once."""
        return float(self._learned_weights[row] / self._counts[row]) if self._counts[row] else 1.0

    def weights(self, rows: npt.NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        """How much ``rows`` count now, and the trust that was learned with them, summed over each row's lessons."""
        return self._weights[rows], self._learned_weights[rows]

    def trust(self, rows: npt.NDArray[np.int64], trust: FloatArray) -> FloatArray:
        """From now on ``rows`` are this likely to be right. Gives by how much more they count, (m,).

        A lesson counts as the mean of 1 and its trust: with all of its trust, what is trusted little would soon not
        speak for itself at all, and what is trusted much, alone.
        """
        self._trust[rows] = trust
        before = self._weights[rows]
        self._weights[rows] = 0.5 * (1.0 + trust) * self._counts[rows]
        changes: FloatArray = self._weights[rows] - before
        return changes

    def unweigh(self, row: int) -> float:
        """A row counts again as it was learned. Gives by how much more."""
        change = float(self._learned_weights[row] - self._weights[row])
        self._weights[row] = self._learned_weights[row]
        return change

    def state(self) -> dict[str, Any]:
        """All of it as arrays; the vectors' chunks are append-only and shared, everything else is a copy."""
        rows = self.size
        vectors = [chunk[: min(CHUNK, rows - i * CHUNK)] for i, chunk in enumerate(self._chunks)]
        return {
            **{f"vectors{i}": part for i, part in enumerate(vectors)},
            "options": self._options[:rows].copy(),
            "counts": self._counts[:rows].copy(),
            "at": self._at[:rows].copy(),
            "order": self._order[:rows].copy(),
            "trust": self._trust[:rows].copy(),
            "weights": self._weights[:rows].copy(),
            "learned_weights": self._learned_weights[:rows].copy(),
            "hits": self._hits[:rows].copy(),
            "lessons": np.array(self._lessons, dtype=np.str_) if rows else np.zeros(0, dtype="U1"),
            "learned": np.array(self.learned),
        }

    @classmethod
    def restore(cls, dimension: int, state: Mapping[str, npt.NDArray[Any]]) -> Memory:
        """The memory whose :meth:`state` this is."""
        memory = cls(dimension)
        rows = len(state["options"])
        for i in range(-(-rows // CHUNK)):
            part = state[f"vectors{i}"]
            chunk = np.zeros((CHUNK, dimension), dtype=np.float32)
            chunk[: len(part)] = part
            memory._chunks.append(chunk)
            memory._coarse.append(_CoarseChunk(dimension))
            memory._coarse[-1].append(part)
        if not rows:
            return memory
        memory.size = rows
        memory.living = int((state["counts"] > 0).sum())
        memory.learned = int(state["learned"])
        memory._options, memory._counts = state["options"].copy(), state["counts"].copy()
        memory._at, memory._order = state["at"].copy(), state["order"].copy()
        memory._trust, memory._weights = state["trust"].copy(), state["weights"].copy()
        memory._learned_weights, memory._hits = state["learned_weights"].copy(), state["hits"].copy()
        memory._lessons = [str(name) for name in state["lessons"]]
        for row in range(rows):
            memory._index[_key(memory._vector(row)), int(memory._options[row])] = row
        return memory

    def _append(self, vector: Vector, option: int) -> int:
        row = self.size
        if row == len(self._options):
            room = row + 1
            self._options, self._counts = grown(self._options, room), grown(self._counts, room)
            self._at, self._order = grown(self._at, room), grown(self._order, room)
            self._trust, self._weights = grown(self._trust, room), grown(self._weights, room)
            self._learned_weights, self._hits = grown(self._learned_weights, room), grown(self._hits, room)
        if row % CHUNK == 0:
            self._chunks.append(np.zeros((CHUNK, self.dimension), dtype=np.float32))
            self._coarse.append(_CoarseChunk(self.dimension))
        self._chunks[-1][row % CHUNK] = vector
        self._coarse[-1].append(vector[None])
        self._options[row] = option
        self.size += 1
        return row

    def _vector(self, row: int) -> Vector:
        vector: Vector = self._chunks[row // CHUNK][row % CHUNK]
        return vector

    def _vectors(self, rows: npt.NDArray[np.int64]) -> Vector:
        """Copies of the vectors (n, d) of ``rows``, in their order."""
        if len(self._chunks) == 1:
            return self._chunks[0][rows]
        found = np.empty((len(rows), self.dimension), dtype=np.float32)
        chunks = rows // CHUNK
        for chunk in np.unique(chunks):
            here = np.flatnonzero(chunks == chunk)
            found[here] = self._chunks[chunk][rows[here] % CHUNK]
        return found

    def _exact(self, rows: npt.NDArray[np.int64], query: Vector) -> FloatArray:
        exact: FloatArray = np.einsum("ij,j->i", self._vectors(rows).astype(np.float64), query.astype(np.float64))
        return exact

    def _candidates(self, vectors: Vector, k: int) -> Iterator[npt.NDArray[np.int64]]:
        if self.size > (SCAN_ROWS if len(vectors) == 1 else SCAN_ROWS_TOGETHER):
            for query in vectors:
                yield self._coarse_candidates(query, k)
            return
        gone = self._gone()
        for block in (vectors[start : start + 256] for start in range(0, len(vectors), 256)):
            near = self._products(block)
            near[:, gone] = -np.inf
            for row in near:
                # float32 rounding may swap near ties: everything within it of the k-th is a candidate
                bound = _at_most_kth(row, k) - 4e-6
                yield np.flatnonzero(row >= bound)

    def _products(self, block: Vector) -> Vector:
        """The float32 products (n, size) of every row with those of ``block`` (n, d)."""
        near = np.empty((len(block), self.size), dtype=np.float32)
        # BLAS kernels now and then set this flag for finite numbers, from lanes that they throw away
        with np.errstate(invalid="ignore"):
            for i, chunk in enumerate(self._chunks):
                start = i * CHUNK
                end = min(self.size, start + CHUNK)
                if len(block) == 1:
                    near[0, start:end] = chunk[: end - start] @ block[0]
                else:
                    near[:, start:end] = block @ chunk[: end - start].T
        return near

    def _gone(self) -> npt.NDArray[np.intp]:
        """The rows that were corrected away."""
        if self.living == self.size:
            return np.zeros(0, dtype=np.intp)
        return np.flatnonzero(self._counts[: self.size] == 0)

    def _coarse_candidates(self, query: Vector, k: int) -> npt.NDArray[np.int64]:
        rounded, scale = _rounded(query[None])
        error = float(np.linalg.norm(query - rounded[0] * scale[0]))
        length = float(np.linalg.norm(rounded[0] * scale[0]))
        near = np.empty(self.size, dtype=np.float32)
        for i, coarse in enumerate(self._coarse):
            near[i * CHUNK : i * CHUNK + coarse.size] = coarse.dot(rounded) * scale[0]
        near[self._gone()] = -np.inf
        slack = np.concatenate([coarse.errors for coarse in self._coarse])
        slack *= np.float32(length)
        slack += np.float32(error + 1e-5)
        bound = _at_most_kth(near - slack, k)
        near += slack
        return np.flatnonzero(near >= bound)


class _CoarseChunk:
    """A chunk rounded to int8, row by row, with each row's rounding error (a norm)."""

    def __init__(self, dimension: int) -> None:
        self.size = 0
        self._errors = np.zeros(CHUNK, dtype=np.float32)
        self._rounded = np.zeros((CHUNK, dimension), dtype=np.int8)
        self._scale = np.zeros(CHUNK, dtype=np.float32)

    def append(self, vectors: Vector) -> None:
        """More rows (n, d)."""
        rounded, scale = _rounded(vectors)
        end = self.size + len(vectors)
        self._rounded[self.size : end], self._scale[self.size : end] = rounded, scale
        self._errors[self.size : end] = np.linalg.norm(vectors - rounded * scale[:, None], axis=1)
        self.size = end

    @property
    def errors(self) -> Vector:
        """The rows' rounding errors (n,)."""
        return self._errors[: self.size]

    def dot(self, rounded: npt.NDArray[np.int8]) -> Vector:
        import simsimd

        products = np.asarray(simsimd.cdist(rounded, self._rounded[: self.size], metric="dot"))[0]
        scaled: Vector = products * self._scale[: self.size]
        return scaled


def _at_most_kth(values: Vector, k: int) -> float:
    """A number at most the k-th largest of ``values`` (n,), and near it: the k-th largest of the groups' maxima."""
    groups = len(values) // GROUP
    if groups >= 4 * k:
        maxima = values[: groups * GROUP].reshape(groups, GROUP).max(axis=1)
        bound = float(np.partition(maxima, groups - k)[groups - k])
        if bound > -np.inf:  # else all rows that were not corrected away lie in fewer than k groups
            return bound
    return float(np.partition(values, len(values) - k)[len(values) - k])


def _rounded(vectors: Vector) -> tuple[npt.NDArray[np.int8], Vector]:
    scale = np.maximum(np.abs(vectors).max(axis=1), 1e-30).astype(np.float32) / np.float32(127)
    return np.rint(vectors / scale[:, None]).astype(np.int8), scale


def _key(vector: Vector) -> bytes:
    return hashlib.blake2b(vector.tobytes(), digest_size=16).digest()
