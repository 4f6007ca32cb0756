"""Snapshots: a cache of the learned state beside the journal, which can always be deleted.

Invariants: a snapshot is used only if it is whole (sha256), of this version, and of this very history: the journal's
``snapshot_key``, which every merge and forgetting changes, and the id of the event that it ends with must both fit. A
snapshot that does not fit is as good as none. A failing snapshot never breaks work. Not here: what the state means.

As bytes, in a file or in a table: 8 bytes of magic, the header's length as a little-endian uint64, the header in JSON,
the arrays' bytes one after the other, the sha256 of all before it.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_MAGIC = b"QSSNAP\x00\x01"
_DIGEST = 32


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A learned state.

    Attributes:
        seq: the number of the last event that it contains.
        state: its arrays by name; they belong to the caller and can be written to.
        document: its other values, as JSON holds them.
    """

    seq: int
    state: Mapping[str, npt.NDArray[Any]]
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class History:
    """Which history a snapshot is of: the journal's ``snapshot_key`` and the id of the event that it ends with."""

    key: str
    last_id: str


def write_snapshot(path: str, history: History, snapshot: Snapshot) -> None:
    """Writes a snapshot's file, whole or not at all.

    Raises:
        OSError: the disk is full or not writable.
        TypeError: see :func:`pieces_of`.
    """
    pieces = pieces_of(history, snapshot)
    partial = path + ".partial"
    try:
        with open(partial, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        remove_snapshot(partial)
        raise


def pieces_of(history: History, snapshot: Snapshot) -> Iterator[bytes | memoryview]:
    """A snapshot's bytes, a piece at a time.

    Raises:
        TypeError: an array holds objects, or the document holds something that JSON does not know.
    """
    arrays = {name: np.ascontiguousarray(array) for name, array in snapshot.state.items()}
    for name, array in arrays.items():
        if array.dtype.hasobject or array.dtype.names is not None:
            raise TypeError(f"Array {name!r} of the snapshot is {array.dtype}; only plain numbers and text are stored.")
    header = {
        "seq": snapshot.seq,
        "key": history.key,
        "last_id": history.last_id,
        "document": dict(snapshot.document),
        # The shape is the caller's: ascontiguousarray makes a 0-d array 1-d.
        "arrays": [[name, a.dtype.str, list(np.shape(snapshot.state[name]))] for name, a in arrays.items()],
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    digest = hashlib.sha256()

    def pieces() -> Iterator[bytes | memoryview]:
        for piece in (_MAGIC, len(text).to_bytes(8, "little"), text):
            digest.update(piece)
            yield piece
        for array in arrays.values():
            content = array.reshape(-1).view(np.uint8).data if array.size else b""
            digest.update(content)
            yield content
        yield digest.digest()

    return pieces()


def read_snapshot(path: str) -> tuple[History, Snapshot] | None:
    """Reads a snapshot's file; None if there is none, or it is damaged or of another version."""
    try:
        size = os.path.getsize(path)
        content = bytearray(size)
        with open(path, "rb") as file:
            return snapshot_of(content) if file.readinto(content) == size else None
    except OSError:
        return None


def snapshot_of(content: bytearray) -> tuple[History, Snapshot] | None:
    """The snapshot of these bytes, which it keeps; None if they are damaged or of another version."""
    if len(content) < len(_MAGIC) + 8 + _DIGEST:
        return None
    try:
        view = memoryview(content)
        if hashlib.sha256(view[:-_DIGEST]).digest() != bytes(view[-_DIGEST:]) or content[:8] != _MAGIC:
            return None
        start = 16 + int.from_bytes(view[8:16], "little")
        header = json.loads(bytes(view[16:start]))
        state: dict[str, npt.NDArray[Any]] = {}
        for name, kind, shape in header["arrays"]:
            dtype = np.dtype(kind)
            length = int(np.prod(shape, dtype=np.int64))
            # A view of the bytes read, without a copy; one that is not aligned is copied, for speed later.
            array = np.frombuffer(content, dtype=dtype, count=length, offset=start).reshape(shape)
            state[name] = array if array.flags.aligned else array.copy()
            start += length * dtype.itemsize
        return History(header["key"], header["last_id"]), Snapshot(header["seq"], state, header["document"])
    except (ValueError, TypeError, KeyError):
        return None


def remove_snapshot(path: str) -> None:
    """Removes a snapshot's file and what a killed writer left of one."""
    for file in (path, path + ".partial"):
        if os.path.lexists(file):
            os.remove(file)


class SnapshotFile:
    """A snapshot beside the journal's file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def write(self, history: History, snapshot: Snapshot) -> None:
        """Writes it, whole or not at all."""
        write_snapshot(self._path, history, snapshot)

    def read(self) -> tuple[History, Snapshot] | None:
        """Reads it; None if there is none that is whole."""
        return read_snapshot(self._path)

    def remove(self) -> None:
        """Removes it."""
        remove_snapshot(self._path)


class SnapshotWriter:
    """Writes snapshots in the background, one at a time.

    Attributes:
        error: what went wrong the last time; None after a success.
    """

    def __init__(self) -> None:
        self.error: Exception | None = None
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether a snapshot is being written now."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, write: Callable[[], None]) -> bool:
        """Begins to write a snapshot; False, and nothing done, while another one is being written."""
        if self.busy:
            return False
        self._thread = threading.Thread(target=self._write, args=(write,), name="quickstudy-snapshot", daemon=True)
        self._thread.start()
        return True

    def wait(self) -> None:
        """Waits for the snapshot that is being written, if there is one."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _write(self, write: Callable[[], None]) -> None:
        try:
            write()
            self.error = None
        except Exception as error:  # A cache must never break work.
            self.error = error
