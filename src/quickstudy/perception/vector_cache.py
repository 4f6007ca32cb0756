"""A bounded, thread-safe memory of vectors, least recently used first out.

Invariants: the bytes held never exceed the bound; a vector taken out is the vector put in. It lives in one process and
is never written to disk. Not here: which key stands for which vector (``encoder``).
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from quickstudy.types import Vector

ENTRY_OVERHEAD = 300
"""Bytes that an entry takes besides its numbers: key, array object, links."""


class VectorCache:
    """Vectors by key, at most ``capacity`` bytes of them.

    Args:
        capacity: bytes, overhead included; 0 remembers nothing.
    """

    def __init__(self, capacity: int = 100_000_000) -> None:
        self.capacity = capacity
        self._vectors: OrderedDict[str, Vector] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> Vector | None:
        """The vector of a key, read-only, or None."""
        with self._lock:
            vector = self._vectors.get(key)
            if vector is not None:
                self._vectors.move_to_end(key)
            return vector

    def put(self, key: str, vector: Vector) -> None:
        """Remembers a copy of a vector, and drops the least recently used ones while there are too many."""
        kept = vector.copy()
        kept.setflags(write=False)
        with self._lock:
            old = self._vectors.pop(key, None)
            if old is not None:
                self._bytes -= old.nbytes + ENTRY_OVERHEAD
            self._vectors[key] = kept
            self._bytes += kept.nbytes + ENTRY_OVERHEAD
            while self._bytes > self.capacity:
                _, dropped = self._vectors.popitem(last=False)
                self._bytes -= dropped.nbytes + ENTRY_OVERHEAD

    def discard(self, key: str) -> None:
        """Drops a vector, for example because its situation is forgotten."""
        with self._lock:
            old = self._vectors.pop(key, None)
            if old is not None:
                self._bytes -= old.nbytes + ENTRY_OVERHEAD

    def clear(self) -> None:
        """Drops all vectors."""
        with self._lock:
            self._vectors.clear()
            self._bytes = 0

    def __len__(self) -> int:
        return len(self._vectors)
