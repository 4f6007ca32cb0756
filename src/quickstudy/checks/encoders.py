"""What every encoder must do, as checks: each takes an encoder and raises AssertionError.

An encoder is checked on a few texts, through :class:`quickstudy.perception.Encoder` or as a bare
:class:`~quickstudy.perception.TextEncoder`. Not covered: what its vectors are good for (``bench``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from quickstudy.checks.running import Check, named, require, run_all
from quickstudy.perception import Encoder, TextEncoder
from quickstudy.types import Vector

AnyEncoder: TypeAlias = Encoder | TextEncoder

TEXTS = (
    "I was charged twice",
    "card",
    "Wo ist meine Bestellung geblieben? Ich warte seit zwei Wochen.",
    "A longer letter, with several sentences. " * 30,
    "e\u0301tude \u00e9tude \u4f60\u597d \U0001f600",
    "12 345.67 EUR on 2024-05-01",
)


def encoded(encoder: AnyEncoder, texts: list[str]) -> Vector:
    """The vectors of texts, computed anew: what an :class:`Encoder` remembers of them is dropped first."""
    if isinstance(encoder, Encoder):
        encoder.forget(texts)
        return encoder.encode(texts)
    return encoder.encode_texts(texts)


def vectors_are_float32_of_unit_norm(encoder: AnyEncoder) -> None:
    """float32, C-contiguous, finite, one row a text, every row of norm 1."""
    vectors = encoded(encoder, list(TEXTS))
    require(isinstance(vectors, np.ndarray), f"it returned {type(vectors).__name__}, not an array")
    require(vectors.dtype == np.float32, f"its vectors are {vectors.dtype}, not float32")
    require(vectors.ndim == 2 and len(vectors) == len(TEXTS), f"{len(TEXTS)} texts gave the shape {vectors.shape}")
    require(bool(vectors.flags.c_contiguous), "its vectors are not C-contiguous")
    require(bool(np.isfinite(vectors).all()), "a vector is not finite")
    worst = float(np.abs(np.linalg.norm(vectors.astype(np.float64), axis=1) - 1.0).max())
    require(worst <= 1e-3, f"a vector's norm is {worst:.3g} away from 1")


def every_call_has_one_dimension(encoder: AnyEncoder) -> None:
    """All vectors have one length, which a bare text encoder also states."""
    lengths = {encoded(encoder, [text]).shape[1] for text in TEXTS}
    stated = encoder.dimension("text") if isinstance(encoder, Encoder) else encoder.dimension
    require(lengths == {stated}, f"its vectors have the lengths {sorted(lengths)}, it states {stated}")


def an_empty_list_gives_no_rows(encoder: AnyEncoder) -> None:
    """No texts give an array of the shape (0, dimension)."""
    wrapped = encoder if isinstance(encoder, Encoder) else Encoder(encoder)
    shape = wrapped.encode([]).shape
    require(shape == (0, wrapped.dimension("text")), f"an empty list gave the shape {shape}")


def it_is_deterministic(encoder: AnyEncoder) -> None:
    """The same text gives the same vector the second time, bit for bit."""
    same = np.array_equal(encoded(encoder, list(TEXTS)), encoded(encoder, list(TEXTS)))
    require(same, "the same texts gave other vectors the second time")


def company_and_order_do_not_matter(encoder: AnyEncoder) -> None:
    """A text's vector is the same, bit for bit, alone, in any order, and beside any other text."""
    together = encoded(encoder, list(TEXTS))
    backwards = encoded(encoder, list(TEXTS[::-1]))[::-1]
    require(np.array_equal(together, backwards), "the order of the texts changed a vector")
    for i, text in enumerate(TEXTS):
        alone = encoded(encoder, [text])[0]
        require(np.array_equal(alone, together[i]), f"the vector of {text[:30]!r} alone is another one than in company")


def different_texts_differ(encoder: AnyEncoder) -> None:
    """No two of the texts have one vector."""
    distinct = np.unique(encoded(encoder, list(TEXTS)), axis=0)
    require(len(distinct) == len(TEXTS), f"{len(TEXTS)} texts have only {len(distinct)} vectors")


def the_fingerprint_is_stable(encoder: AnyEncoder) -> None:
    """Name and fingerprint are text, and encoding does not change them."""
    before = (encoder.name, encoder.fingerprint)
    require(all(isinstance(part, str) and part for part in before), f"its name and fingerprint are {before!r}")
    encoded(encoder, list(TEXTS))
    require((encoder.name, encoder.fingerprint) == before, "its name or fingerprint changed with encoding")


CHECKS: tuple[Check[AnyEncoder], ...] = (
    vectors_are_float32_of_unit_norm,
    every_call_has_one_dimension,
    an_empty_list_gives_no_rows,
    it_is_deterministic,
    company_and_order_do_not_matter,
    different_texts_differ,
    the_fingerprint_is_stable,
)


def checks_for_encoder() -> Iterator[tuple[str, Check[AnyEncoder]]]:
    """The encoders' checks as (name, function of an encoder), for a test runner to parametrize."""
    return named(CHECKS)


def check_encoder(encoder: AnyEncoder) -> None:
    """Runs every check on an encoder.

    Args:
        encoder: an encoder, or a bare text encoder.

    Raises:
        AssertionError: a check failed; the message says which and what broke.

    >>> from quickstudy.perception import get_encoder
    >>> check_encoder(get_encoder("static"))
    """
    run_all(checks_for_encoder(), encoder, f"The encoder {encoder.name!r}")
