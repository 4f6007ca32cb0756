"""Snapshots: a cache of the learned state beside the journal, which can always be deleted.

Invariants: a snapshot is used only if it is whole (sha256), of this version, and of this very history: the journal's
``snapshot_key``, which every merge and forgetting changes, and the id of the event that it ends with must both fit. A
snapshot that does not fit is as good as none. A failing snapshot never breaks work. Not here: what the state means.

File: 8 bytes of magic, the header's length as a little-endian uint64, the header in JSON, the arrays' bytes one after
the other, the sha256 of all before it.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
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
    """Writes a snapshot, whole or not at all.

    Raises:
        OSError: the disk is full or not writable.
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
    partial = path + ".partial"
    digest = hashlib.sha256()
    try:
        with open(partial, "wb") as file:
            for piece in (_MAGIC, len(text).to_bytes(8, "little"), text):
                digest.update(piece)
                file.write(piece)
            for array in arrays.values():
                content = array.reshape(-1).view(np.uint8).data if array.size else b""
                digest.update(content)
                file.write(content)
            file.write(digest.digest())
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        remove_snapshot(partial)
        raise


def read_snapshot(path: str) -> tuple[History, Snapshot] | None:
    """Reads a snapshot; None if there is none, or it is damaged or of another version."""
    try:
        size = os.path.getsize(path)
        content = bytearray(size)
        with open(path, "rb") as file:
            if file.readinto(content) != size or size < len(_MAGIC) + 8 + _DIGEST:
                return None
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
    except (OSError, ValueError, TypeError, KeyError):
        return None


def remove_snapshot(path: str) -> None:
    """Removes a snapshot's file and what a killed writer left of one."""
    for file in (path, path + ".partial"):
        if os.path.lexists(file):
            os.remove(file)


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

    def start(self, path: str, history: History, snapshot: Snapshot) -> bool:
        """Begins to write a snapshot; False, and nothing done, while another one is being written."""
        if self.busy:
            return False
        self._thread = threading.Thread(
            target=self._write, args=(path, history, snapshot), name="quickstudy-snapshot", daemon=True
        )
        self._thread.start()
        return True

    def wait(self) -> None:
        """Waits for the snapshot that is being written, if there is one."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _write(self, path: str, history: History, snapshot: Snapshot) -> None:
        try:
            write_snapshot(path, history, snapshot)
            self.error = None
        except Exception as error:  # A cache must never break work.
            self.error = error
