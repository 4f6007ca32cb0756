"""Records as vectors: blocks, missing fields, numbers, dates."""

import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quickstudy.perception import get_encoder
from quickstudy.perception.records import EXACT_DIMENSION, HASH_POSITIONS, exact_block, number_block, signed_log


def cosine(a, b):
    one, other = get_encoder("static").encode([a, b])
    return float(one @ other)


def test_equal_categories_are_nearer_than_other_ones():
    record = {"vendor": "Acme Ltd", "paid": True}
    assert cosine(record, {"vendor": " ACME  ltd", "paid": True}) > cosine(record, {"vendor": "Bolt", "paid": True})
    assert cosine(record, {"vendor": "Acme Ltd", "paid": False}) < 0.999


def test_the_field_tells_values_apart():
    assert np.dot(exact_block({"from": "Bonn"}), exact_block({"to": "Bonn"})) < HASH_POSITIONS


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(str.strip))
def test_one_feature_never_cancels_itself(value):
    block = exact_block({"field": value})
    assert np.count_nonzero(block) == HASH_POSITIONS
    assert block.shape == (EXACT_DIMENSION,)


def test_long_texts_are_not_hashed():
    assert np.count_nonzero(exact_block({"a": "x" * 200})) == HASH_POSITIONS
    assert not exact_block({"a": "x" * 201}).any()


def test_near_numbers_are_nearer():
    near = cosine({"amount": 100.0}, {"amount": 101.0})
    far = cosine({"amount": 100.0}, {"amount": 9_000.0})
    assert cosine({"amount": 100.0}, {"amount": 100.0}) == pytest.approx(1.0, abs=1e-6)
    assert near > far + 0.3
    assert cosine({"amount": 100.0}, {"amount": -100.0}) < near


def test_zeros_of_different_fields_are_not_the_same():
    a, b = number_block({"a": 0.0}), number_block({"b": 0.0})
    assert abs(a @ b) < 0.5 * (a @ a)


def test_numbers_of_any_size_are_finite():
    for number in (1e308, -1e308, 5e-324, 10**308, 0, -0.0):
        vector = get_encoder("static").encode([{"x": number}])
        assert np.isfinite(vector).all()
    assert signed_log(-3) == -signed_log(3)


def test_dates_are_categories_and_numbers():
    monday = {"on": datetime.date(2024, 5, 6)}
    week_later = {"on": datetime.date(2024, 5, 13)}
    years_later = {"on": datetime.date(2031, 11, 22)}
    assert cosine(monday, week_later) > cosine(monday, years_later) + 0.3
    assert cosine(monday, {"on": datetime.datetime(2024, 5, 6)}) == pytest.approx(1.0, abs=1e-6)
    aware = datetime.datetime(2024, 5, 6, tzinfo=datetime.timezone.utc)  # noqa: UP017
    assert cosine(monday, {"on": aware}) == pytest.approx(1.0, abs=1e-6)


def test_a_numeric_looking_string_stays_text():
    assert not number_block({"code": "123"}).any()
    assert exact_block({"code": "123"}).any()


def test_a_missing_field_costs_nothing():
    whole = {"vendor": "Acme", "amount": 12.0}
    assert cosine(whole, {**whole, "note": None, "blank": " "}) == pytest.approx(1.0, abs=1e-6)
    assert cosine({"amount": 12.0}, {"amount": 12.0, "vendor": None}) == pytest.approx(1.0, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "c", "d"]),
        st.one_of(st.integers(), st.booleans(), st.dates(), st.sampled_from(["x", "some words", "y" * 300])),
        min_size=1,
    )
)
def test_every_record_has_unit_norm(record):
    vector = get_encoder("static").encode([record])
    assert vector.shape == (1, 256 + 256 + 128)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-6)
