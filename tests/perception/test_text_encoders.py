"""The built-in text encoders on the real model files."""

import numpy as np
import pytest

from quickstudy.errors import EncoderError
from quickstudy.perception import get_encoder, minilm, model_files, static
from quickstudy.perception.minilm import MAX_WINDOWS, WINDOW, MiniLM
from quickstudy.perception.static import StaticEmbedding

TEXTS = [f"I was charged {i} times for my card number {i * 7919}" + " again" * (i % 5) for i in range(12)]


@pytest.fixture(scope="module", params=[MiniLM, StaticEmbedding])
def encoder(request):
    return request.param()


def test_vectors_are_unit_float32(encoder):
    vectors = encoder.encode_texts(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


def test_a_vector_does_not_depend_on_its_company_to_the_last_bit(encoder):
    together = encoder.encode_texts(TEXTS)
    turned = encoder.encode_texts(TEXTS[::-1])[::-1]
    alone = np.concatenate([encoder.encode_texts([text]) for text in TEXTS])
    assert np.array_equal(together, alone)
    assert np.array_equal(together, turned)


def test_a_second_encoder_gives_the_same_vectors(encoder):
    assert np.array_equal(type(encoder)().encode_texts(TEXTS[:3]), encoder.encode_texts(TEXTS[:3]))


def test_similar_sentences_are_nearer_than_unrelated_ones(encoder):
    one, same, other = encoder.encode_texts(
        ["I lost my credit card", "My bank card is missing", "The weather in the mountains is sunny"]
    )
    assert one @ same > one @ other + 0.2


SENTENCES = ["That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day"]


def test_the_last_layer_agrees_with_the_full_model(monkeypatch):
    """The cosines of the unquantised model, as its public model page shows them: of its last layer alone."""
    monkeypatch.setattr(minilm, "LAYERS", {"last_hidden_state": 1})
    one, *others = MiniLM().encode_texts(SENTENCES)
    assert [float(one @ other) for other in others] == pytest.approx([0.695, 0.943, 0.257], abs=0.015)


def test_a_vector_is_two_parts_of_the_last_layer_and_one_of_the_fourth():
    whole = MiniLM().encode_texts(SENTENCES)
    session = MiniLM()._load()[0]
    tokens = [np.array([[101, *ids, 102]]) for ids in ids_of(SENTENCES)]
    feeds = [
        {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)} for ids in tokens
    ]
    hidden = [session.run(["last_hidden_state", "layer_norm_8"], feed) for feed in feeds]
    last, fourth = (np.stack([values[i][0].mean(axis=0) for values in hidden]) for i in range(2))
    mixed = 2 * last + fourth
    assert np.allclose(whole, mixed / np.linalg.norm(mixed, axis=1, keepdims=True), atol=1e-5)
    assert not np.allclose(last, fourth, atol=0.1)


def test_other_layers_have_another_fingerprint(monkeypatch):
    before = MiniLM().fingerprint
    monkeypatch.setattr(minilm, "LAYERS", {"last_hidden_state": 1})
    assert MiniLM().fingerprint != before


def test_nothing_need_be_written(monkeypatch):
    before = MiniLM().encode_texts(SENTENCES)

    def refuse(**keywords):
        raise FileNotFoundError("No usable temporary directory")

    monkeypatch.setattr(minilm.tempfile, "TemporaryDirectory", refuse)
    assert np.array_equal(MiniLM().encode_texts(SENTENCES), before)


def test_a_name_that_does_not_fit_is_not_written():
    with pytest.raises(ValueError, match="127"):
        minilm.more_outputs(["a" * 130])


def ids_of(texts):
    tokenizer = minilm._tokenizer()
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]


def test_text_without_any_known_word_has_a_unit_vector(encoder):
    for text in ("\0", "​", "\U0001f600", "�", "᚛᚛", "a" * 500, ""):
        assert np.linalg.norm(encoder.encode_texts([text])) == pytest.approx(1.0, abs=1e-6)


def test_static_is_the_plain_mean_of_the_pieces():
    table, tokenizer = StaticEmbedding()._load()
    text = "card card card mountain"
    mean = table[tokenizer.encode(text, add_special_tokens=False).ids].astype(np.float64).mean(axis=0)
    assert np.allclose(StaticEmbedding().encode_texts([text])[0], mean / np.linalg.norm(mean), atol=1e-6)


def test_no_text_gives_no_rows(encoder):
    assert encoder.encode_texts([]).shape == (0, encoder.dimension)


@pytest.mark.parametrize("tokens", [300, 5_000])
def test_a_long_text_is_read_beyond_the_first_window(tokens):
    encoder = MiniLM()
    head = "card " * WINDOW
    tail = "mountain " * (tokens - WINDOW)
    whole, first, turned = encoder.encode_texts([head + tail, head, tail + head])
    assert whole @ first < 0.99
    assert np.linalg.norm(whole) == pytest.approx(1.0, abs=1e-6)
    assert not np.array_equal(whole, turned)
    assert np.array_equal(whole, encoder.encode_texts([head + tail])[0])


def test_windows_are_weighted_by_their_tokens():
    encoder = MiniLM()
    words = ["card"] * WINDOW + ["mountain"] * 20
    whole, head, tail = encoder.encode_texts([" ".join(words), " ".join(words[:WINDOW]), " ".join(words[WINDOW:])])
    mean = head * WINDOW + tail * 20
    assert np.allclose(whole, mean / np.linalg.norm(mean), atol=1e-6)


def test_all_windows_up_to_the_limit_are_read_and_beyond_it_they_are_spread():
    tokenizer = minilm._tokenizer()
    exact = minilm._windows("card " * (WINDOW * MAX_WINDOWS), tokenizer)
    assert [len(ids) for ids in exact] == [WINDOW] * MAX_WINDOWS
    more = minilm._windows("a " * (WINDOW * MAX_WINDOWS * 3), tokenizer)
    assert len(more) == MAX_WINDOWS
    huge = minilm._windows("start " + "card " * 199_998 + "end", tokenizer)
    assert len(huge) == MAX_WINDOWS
    assert huge[0][0] == tokenizer.encode("start", add_special_tokens=False).ids[0]
    blank = minilm._windows("a" + " " * 200_000 + "b", tokenizer)
    assert [len(ids) for ids in blank] == [1, 1]


def test_a_text_of_a_million_characters_is_encoded(encoder):
    text = ("the quick brown fox jumps over a lazy dog. " * 30_000)[:1_000_000]
    assert np.linalg.norm(encoder.encode_texts([text])) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("file", [minilm.MODEL, minilm.TOKENIZER, static.TABLE, static.TOKENIZER])
def test_the_installed_files_are_the_pinned_ones(file):
    assert file.locate().is_file()


def test_a_changed_file_is_refused(tmp_path, monkeypatch):
    package = tmp_path / "corrupt_model_package"
    package.mkdir()
    data = bytearray(minilm.TOKENIZER.locate().read_bytes())
    data[1000] ^= 1
    (package / "tokenizer.json").write_bytes(data)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    corrupt = model_files.ModelFile(package.name, "corrupt==1", "tokenizer.json", minilm.TOKENIZER.sha256)
    monkeypatch.setattr(minilm, "TOKENIZER", corrupt)
    with pytest.raises(EncoderError, match=r"tokenizer\.json.*sha256.*corrupt==1"):
        MiniLM().encode_texts(["text"])
    with pytest.raises(EncoderError, match=r"gone\.json.*cannot be read"):
        model_files.ModelFile(package.name, "corrupt==1", "gone.json", "0").locate()


def test_a_missing_package_is_named():
    with pytest.raises(EncoderError, match="pip install nothing==1"):
        model_files.ModelFile("no_such_package_anywhere", "nothing==1", "a", "0").locate()


def test_the_default_encoder_is_shared_within_a_process():
    assert get_encoder("minilm") is get_encoder("minilm")
