"""Vectors of benchmark texts, kept on disk, so that runs and peers share what was encoded once.

A text encoder around another one, with the same fingerprint: it first looks into a SQLite file in the user's cache
folder, keyed by fingerprint and content. ``"bench.vectors:minilm"`` names it: it is an ordinary plug-in encoder.
Invariants: a stored vector is the encoder's, bit by bit; two processes never encode at the same time. Not here: vectors
of private data; the file holds those of public benchmark texts, and may be deleted at any time.
"""

from __future__ import annotations

import functools
import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from quickstudy.perception import Encoder, TextEncoder
from quickstudy.types import Vector

BLOCK = 256
CACHE_BYTES = 400_000_000


class StoredTexts:
    """A text encoder whose vectors are kept on disk.

    Args:
        inner: encodes what is not stored yet.
        name: under which a job finds it.
        folder: where the files are; None for the user's cache folder.
    """

    def __init__(self, inner: TextEncoder, name: str, folder: Path | None = None) -> None:
        self.name = name
        self._inner = inner
        self._folder = folder

    @property
    def fingerprint(self) -> str:
        """The inner encoder's: the vectors are the same."""
        return self._inner.fingerprint

    @property
    def dimension(self) -> int:
        """The inner encoder's."""
        return self._inner.dimension

    def encode_texts(self, texts: Sequence[str]) -> Vector:
        """Texts (n) to float32 (n, dimension), from disk where they are stored."""
        keys = [hashlib.sha256(text.encode()).digest() for text in texts]
        found = self._stored(keys)
        if any(key not in found for key in keys):
            from filelock import FileLock

            with FileLock(f"{self._path()}.lock"):  # runs beside each other wait, rather than encode the same texts
                found |= self._stored([key for key in keys if key not in found])
                found |= self._encoded({key: text for key, text in zip(keys, texts, strict=True) if key not in found})
        return np.stack([found[key] for key in keys]).astype(np.float32)

    def _stored(self, keys: Sequence[bytes]) -> dict[bytes, Vector]:
        found: dict[bytes, Vector] = {}
        with self._open() as store:
            for start in range(0, len(keys), BLOCK):
                part = keys[start : start + BLOCK]
                marks = ",".join("?" * len(part))
                rows = store.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", part)
                found.update((key, np.frombuffer(vector, dtype="<f4")) for key, vector in rows)
        return found

    def _encoded(self, missing: Mapping[bytes, str]) -> dict[bytes, Vector]:
        found: dict[bytes, Vector] = {}
        for start in range(0, len(missing), BLOCK):
            part = list(missing)[start : start + BLOCK]
            new = self._inner.encode_texts([missing[key] for key in part])
            found.update(zip(part, new, strict=True))
            with self._open() as store:
                pairs = [(key, row.astype("<f4").tobytes()) for key, row in zip(part, new, strict=True)]
                store.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", pairs)
        return found

    def _open(self) -> _Store:
        return _Store(self._path())

    def _path(self) -> Path:
        folder = self._folder
        if folder is None:
            import platformdirs

            folder = Path(platformdirs.user_cache_dir("quickstudy")) / "bench"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{hashlib.sha256(self.fingerprint.encode()).hexdigest()[:24]}.db"


class _Store:
    """One short connection: committed and closed at the end of the block."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> sqlite3.Connection:
        self._connection = sqlite3.connect(self._path, timeout=120)
        self._connection.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)")
        return self._connection

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind is None:
            self._connection.commit()
        self._connection.close()


@functools.cache
def minilm() -> Encoder:
    """MiniLM with stored vectors; one a process."""
    from quickstudy.perception.minilm import MiniLM

    return Encoder(StoredTexts(MiniLM(), "bench.vectors:minilm"), cache_bytes=CACHE_BYTES)
