"""``sentence-transformers:MODEL``: any model of the sentence-transformers library as a text encoder.

Invariants: every text runs alone, because padding to a batch changes the last bits of its vector; the vectors are made
unit here. The library and the model are loaded at the first text, or when the fingerprint is asked for. Where the model
is not on disk yet, sentence-transformers downloads it; quickstudy itself downloads nothing.

Not covered: choosing a device (set it by the library's own means), prompts, and texts beyond the model's own limit,
which the library cuts.
"""

from __future__ import annotations

import hashlib
import importlib
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from quickstudy.errors import EncoderError, MissingExtraError
from quickstudy.types import Vector

PROBE = "The quick brown fox jumps over the lazy dog."
"""Its vector tells models apart that have one name."""


class SentenceTransformerEncoder:
    """A model of the sentence-transformers library.

    Args:
        model: its name on the model hub, or a folder.
    """

    def __init__(self, model: str) -> None:
        self.name = f"sentence-transformers:{model}"
        self._model_name = model
        self._lock = threading.Lock()
        self._model: Any = None
        self._probe: Vector | None = None

    @property
    def fingerprint(self) -> str:
        """The model's name and a hash of a fixed text's vector, rounded to two decimals; loads the model."""
        rounded = np.round(self._probe_vector(), 2) + np.float32(0.0)
        return f"{self.name}-{hashlib.sha256(rounded.astype('<f4').tobytes()).hexdigest()[:16]}"

    @property
    def dimension(self) -> int:
        """The length of its vectors; loads the model."""
        return len(self._probe_vector())

    def encode_texts(self, texts: Sequence[str]) -> Vector:
        """Texts (n) to float32 (n, dimension) with rows of unit norm.

        Raises:
            MissingExtraError: sentence-transformers is not installed.
            EncoderError: the model cannot be loaded, or returned vectors that are not finite.
        """
        model = self._load()
        with self._lock:
            raw = model.encode(list(texts), batch_size=1, convert_to_numpy=True, show_progress_bar=False)
        return unit_rows(np.asarray(raw, dtype=np.float64), self.name)

    def _probe_vector(self) -> Vector:
        if self._probe is None:
            self._probe = self.encode_texts([PROBE])[0]
        return self._probe

    def _load(self) -> Any:
        with self._lock:
            if self._model is None:
                try:
                    library = importlib.import_module("sentence_transformers")
                except ImportError as error:
                    raise MissingExtraError("sentence-transformers", "sentence-transformers") from error
                try:
                    self._model = library.SentenceTransformer(self._model_name)
                except (OSError, ValueError, RuntimeError) as error:
                    raise EncoderError(
                        f"sentence-transformers cannot load the model {self._model_name!r}: {error}.",
                        next_step="Check its name, or give the folder it is in.",
                    ) from error
            return self._model


def unit_rows(vectors: np.ndarray[Any, np.dtype[np.float64]], name: str) -> Vector:
    """Rows divided by their norm, float32 (n, d).

    Raises:
        EncoderError: not two-dimensional, or a row that is not finite or all zero.
    """
    if vectors.ndim != 2 or vectors.shape[1] == 0:
        raise EncoderError(
            f"The encoder {name!r} returned numbers of the shape {vectors.shape}.",
            next_step="It must return one vector a text; is it an embedding model?",
        )
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.sqrt(np.sum(vectors * vectors, axis=1, keepdims=True))
    bad = np.flatnonzero(~np.isfinite(norms[:, 0]) | (norms[:, 0] < 1e-12))
    if bad.size:
        raise EncoderError(
            f"The encoder {name!r} returned a vector for text {bad[0]} that is all zero, NaN or infinite.",
            next_step="Try the text with the model itself; another model may take it.",
        )
    return np.ascontiguousarray(vectors / norms, dtype=np.float32)
