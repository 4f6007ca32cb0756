"""``static``: the mean of word-piece vectors from a fixed table; hundreds of times faster than ``minilm``.

The table (32,000 x 256, float16) and its tokenizer are those of WordLlama ("l2_supercat", MIT licence), taken from
large language models' embeddings. Word order and context do not count. Length does not matter either: a text is read
whole, and 1 MB takes about a second. Mostly English.

Not covered: any network to run; the vector is a plain mean.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from quickstudy.perception.model_files import ModelFile
from quickstudy.types import FloatArray, Vector

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TABLE = ModelFile(
    "wordllama",
    "wordllama==0.4.0.post1",
    "weights/l2_supercat_256.safetensors",
    "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5",
)
TOKENIZER = ModelFile(
    "wordllama",
    "wordllama==0.4.0.post1",
    "tokenizers/l2_supercat_tokenizer_config.json",
    "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68",
)
DIMENSION = 256

_Table = npt.NDArray[np.float16]


class StaticEmbedding:
    """A table of word-piece vectors. It is read at the first text; safe to use from many threads."""

    name = "static"
    dimension = DIMENSION

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[_Table, Tokenizer] | None = None

    @property
    def fingerprint(self) -> str:
        """Table, tokenizer and how the mean is taken."""
        parts = f"{TABLE.sha256}:{TOKENIZER.sha256}:mean-1"
        return "static-" + hashlib.sha256(parts.encode()).hexdigest()[:16]

    def encode_texts(self, texts: Sequence[str]) -> Vector:
        """Texts (n) to float32 (n, 256) with rows of unit norm.

        Raises:
            EncoderError: a file is missing or not the pinned one.
        """
        table, tokenizer = self._load()
        vectors = np.empty((len(texts), DIMENSION), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row] = _mean_vector(table, tokenizer.encode(text, add_special_tokens=False).ids)
        return vectors

    def _load(self) -> tuple[_Table, Tokenizer]:
        with self._lock:
            if self._loaded is None:
                self._loaded = (_table(), _tokenizer())
            return self._loaded


def _table() -> _Table:
    from safetensors.numpy import load_file

    tensors: dict[str, Any] = load_file(str(TABLE.locate()))
    table: _Table = tensors["embedding.weight"]
    return table


def _tokenizer() -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(TOKENIZER.locate()))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _mean_vector(table: _Table, ids: Sequence[int]) -> FloatArray:
    """Distinct pieces times their counts: memory stays small for any length, and order does not matter to the bit."""
    pieces, counts = np.unique(np.asarray(ids, dtype=np.int64), return_counts=True)
    total = np.sum(table[pieces].astype(np.float64) * counts[:, None], axis=0)
    norm = float(np.sqrt(np.sum(total * total)))
    if norm < 1e-12:  # no piece at all, or pieces that cancel: any fixed unit vector will do
        total, norm = np.eye(1, DIMENSION)[0], 1.0
    unit: FloatArray = total / norm
    return unit
