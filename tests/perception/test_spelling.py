"""Spelling: a text's letters as a fixed vector beside its meaning."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quickstudy.perception import Encoder, get_encoder, spelling
from quickstudy.perception.records import record_texts, record_vector
from quickstudy.perception.situations import checked_situation
from quickstudy.perception.spelling import (
    POSITIONS,
    SPELLING_DIMENSION,
    SPELLING_WEIGHT,
    meanings,
    spelling_vector,
    spelling_version,
    text_vector,
)
from quickstudy.perception.static import StaticEmbedding

ANY_TEXT = st.text(st.characters(), max_size=60)  # lone surrogates among them
MEANING = np.array([0.6, 0.0, -0.8], dtype=np.float32)
SILENT = ["", " ", "?!", "... --- ...", "\U0001f600 \u200b", "\ud800\udfff", "\u0301\0"]


def cosine(a, b):
    return float(spelling_vector(a) @ spelling_vector(b))


@settings(deadline=None)
@given(ANY_TEXT)
def test_any_text_has_unit_norm_or_no_spelling(text):
    vector = spelling_vector(text)
    assert vector.shape == (SPELLING_DIMENSION,)
    assert vector.dtype == np.float64
    assert not vector.any() or vector @ vector == pytest.approx(1.0, abs=1e-12)
    assert np.array_equal(vector, spelling_vector(text))


@settings(deadline=None)
@given(ANY_TEXT)
def test_any_texts_vector_has_unit_norm_and_gives_back_its_meaning(text):
    vector = text_vector(MEANING, text)
    assert vector.shape == (len(MEANING) + SPELLING_DIMENSION,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-6)
    assert meanings(vector[None]) == pytest.approx(MEANING[None], abs=1e-6)


@settings(deadline=None)
@given(
    st.lists(st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8), min_size=1, max_size=6),
    st.lists(st.sampled_from([" ", "  ", ", ", " - ", "...", "\n\t", "\u00a0", "?! "]), min_size=7, max_size=7),
)
def test_case_punctuation_and_spacing_do_not_matter(words, gaps):
    spelled = gaps[0] + "".join(word.upper() + gap for word, gap in zip(words, gaps[1:], strict=False))
    assert np.array_equal(spelling_vector(spelled), spelling_vector(" ".join(words)))


@pytest.mark.parametrize(
    ("a", "b"), [("STRASSE", "straße"), ("ﬁne", "FINE"), ("ＩＢＡＮ　４２", "iban 42"), ("cafe\u0301", "Café")]
)
def test_ways_to_write_the_same_letters_do_not_matter(a, b):
    assert np.array_equal(spelling_vector(a), spelling_vector(b))


@pytest.mark.parametrize(("a", "b"), [("refund", "re fund"), ("code 4021", "code 4012"), ("cafe", "café")])
def test_other_letters_and_other_words_matter(a, b):
    assert cosine(a, b) < 0.9


@pytest.mark.parametrize("text", SILENT)
def test_without_letters_a_texts_vector_is_its_meaning_alone(text):
    assert not spelling_vector(text).any()
    vector = text_vector(MEANING, text)
    assert np.array_equal(vector, np.concatenate([MEANING, np.zeros(SPELLING_DIMENSION)]).astype(np.float32))


@pytest.mark.parametrize(
    ("text", "similar", "other"),
    [
        ("powerplay", "power-play", "mattress"),
        ("a refund please", "refunds, pleas", "where is my card"),
        ("invoice RX-4021-B", "RX 4021 B", "invoice QT-9987-C"),
        ("internationalisation", "internationalization", "counterrevolutionary"),
    ],
)
def test_similar_spelling_is_nearer_than_unrelated(text, similar, other):
    assert cosine(text, similar) > cosine(text, other) + 0.2


def test_the_cosine_of_texts_is_the_weighted_mean_of_meaning_and_spelling():
    other = np.array([0.0, 1.0, 0.0], dtype=np.float32) * np.float32(0.6) + MEANING * np.float32(0.8)
    one, two = "I was charged twice", "they charged twice!"
    expected = (1.0 - SPELLING_WEIGHT) * float(MEANING @ other) + SPELLING_WEIGHT * cosine(one, two)
    assert text_vector(MEANING, one) @ text_vector(other, two) == pytest.approx(expected, abs=1e-6)


def test_one_n_gram_never_cancels_itself():
    for letter in "abcdefghijklmnopqrstuvwxyz0123456789":
        vector = spelling_vector(letter)  # with the spaces around it a single n-gram
        assert np.abs(vector[vector != 0]).tolist() == [POSITIONS**-0.5] * POSITIONS
        parts = vector.reshape(POSITIONS, -1)
        assert np.count_nonzero(parts, axis=1).tolist() == [1] * POSITIONS


def test_an_n_gram_counts_once():
    assert np.array_equal(spelling_vector("card card card"), spelling_vector("card card"))


def test_the_function_is_the_one_that_journals_were_written_with():
    """Vectors are kept in journals: whoever changes one of these also changes ``spelling_version``."""
    letter = {61: 0.5, 110: -0.5, 180: 0.5, 198: -0.5}
    assert spelling_version() == "spelling-1:0.1:256:(3, 4, 5):4:100000"
    vector = spelling_vector("a")
    assert {int(i): float(vector[i]) for i in np.flatnonzero(vector)} == letter
    texts = [
        "a",
        "I was charged twice",
        "Straße 7, café №4021!",
        "ﬁnally: ＩＢＡＮ DE02_1",
        "日本語のテキスト",
        "Привет",
    ]
    whole = np.stack([spelling_vector(text) for text in texts]).astype("<f8")
    assert hashlib.sha256(whole.tobytes()).hexdigest()[:16] == "69c16cf3360065de"


@pytest.mark.parametrize("unit", ["x", "the quick brown fox jumps. ", "\ud800a", "?", "\U0001f600é漢 ", "\u0130"])
def test_a_text_of_a_million_characters_is_read_to_its_end(unit):
    text = (unit * 1_000_000)[:1_000_000]
    vector = text_vector(MEANING, text)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-6)
    assert not np.array_equal(vector, text_vector(MEANING, text[:-6] + " zebra"))


def test_texts_are_perceived_by_meaning_and_spelling():
    text = "My card №4021 is gone"
    meaning = StaticEmbedding().encode_texts([text])[0]
    assert np.array_equal(get_encoder("static").encode([f" {text}\n"])[0], text_vector(meaning, text))


def test_a_records_vector_does_not_depend_on_spelling(monkeypatch):
    record, text = {"vendor": "Acme Ltd", "note": "a refund, please", "amount": 3.5}, "a refund, please"
    before = Encoder(StaticEmbedding())
    vector, fingerprint, spelled = before.encode([record]), before.fingerprint, before.encode([text])
    described = before.describe([text], "record")
    monkeypatch.setattr(spelling, "SPELLING_WEIGHT", 0.5)
    assert "0.5" in spelling_version()
    after = Encoder(StaticEmbedding())
    assert after.fingerprint != fingerprint
    assert np.abs(after.encode([text]) - spelled).max() > 0.01
    assert after.encode([record]) == pytest.approx(vector, abs=1e-6)
    assert after.describe([text], "record") == pytest.approx(described, abs=1e-6)


def test_a_records_text_block_holds_the_text_encoders_vectors():
    record = checked_situation({"vendor": "Acme Ltd", "note": "a refund, please", "amount": 3.5, "?": "!!!"})
    text = StaticEmbedding()
    total = text.encode_texts(record_texts(record)).astype(np.float64).sum(axis=0)
    expected = record_vector(record, total, text.dimension)
    assert get_encoder("static").encode([record])[0] == pytest.approx(expected, abs=1e-6)
    described = get_encoder("static").describe(["refund"], "record")[0]
    assert described[: text.dimension] == pytest.approx(text.encode_texts(["refund"])[0], abs=1e-6)
    assert not described[text.dimension :].any()
