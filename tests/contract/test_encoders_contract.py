"""Every encoder that runs here passes every check, and encoders that break a rule do not."""

import hashlib

import numpy as np
import pytest

from quickstudy.checks import check_encoder, checks_for_encoder
from quickstudy.perception import get_encoder

CHECKS = dict(checks_for_encoder())


@pytest.mark.parametrize("encoder", ["minilm", "static"])
@pytest.mark.parametrize("check", CHECKS)
def test_an_encoder_keeps_the_contract(encoder, check):
    CHECKS[check](get_encoder(encoder))


class Hashed:
    """A text encoder of a third party."""

    name = "hashed"
    fingerprint = "hashed-1"
    dimension = 16

    def encode_texts(self, texts):
        rows = [
            np.random.default_rng(list(hashlib.sha256(text.encode()).digest())).standard_normal(16) for text in texts
        ]
        return np.stack([row / np.linalg.norm(row) for row in rows]).astype(np.float32)


def test_a_bare_text_encoder_can_be_checked():
    check_encoder(Hashed())


class Long(Hashed):
    def encode_texts(self, texts):
        return 2 * super().encode_texts(texts)


class Centred(Hashed):
    def encode_texts(self, texts):
        rows = super().encode_texts(texts)
        rows = rows - 0.01 * rows.mean(axis=0)
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


class Double(Hashed):
    def encode_texts(self, texts):
        return super().encode_texts(texts).astype(np.float64)


class Restless(Hashed):
    calls = 0

    @property
    def fingerprint(self):
        return f"restless-{self.calls}"

    def encode_texts(self, texts):
        self.calls += 1
        return super().encode_texts(texts)


class Wide(Hashed):
    dimension = 17


class Blind(Hashed):
    def encode_texts(self, texts):
        return super().encode_texts([text[:0] + "same" for text in texts])


class Random(Hashed):
    def encode_texts(self, texts):
        return super().encode_texts([f"{text}{np.random.random()}" for text in texts])


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (Long, "vectors are float32 of unit norm"),
        (Double, "vectors are float32 of unit norm"),
        (Centred, "company and order do not matter"),
        (Random, "it is deterministic"),
        (Restless, "the fingerprint is stable"),
        (Wide, "every call has one dimension"),
        (Blind, "different texts differ"),
    ],
)
def test_an_encoder_that_breaks_a_rule_fails_its_check(broken, check):
    with pytest.raises(AssertionError):
        CHECKS[check](broken())
    with pytest.raises(AssertionError, match="fails the check"):
        check_encoder(broken())
