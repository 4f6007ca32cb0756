"""Situations: validation, canonical JSON, content hash."""

import datetime
import enum
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from quickstudy.errors import SituationError
from quickstudy.perception import checked_situation, content_hash, situation_from_json, situation_to_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda m: datetime.timezone(datetime.timedelta(minutes=m)))
SCALARS = st.one_of(
    TEXT,
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.datetimes(timezones=st.none() | OFFSETS),
    st.none(),
)
RECORDS = st.dictionaries(TEXT.filter(str.strip), SCALARS, max_size=8).filter(
    lambda r: any(not (v is None or (isinstance(v, str) and not v.strip())) for v in r.values())
)


@settings(deadline=None)
@given(TEXT.filter(str.strip))
def test_text_survives_json(text):
    assert situation_from_json(situation_to_json(text)) == text.strip()


@settings(deadline=None)
@given(RECORDS)
def test_a_record_survives_json_with_its_types(record):
    back = situation_from_json(situation_to_json(record))
    assert back == record
    assert {k: type(v) for k, v in back.items()} == {k: type(v) for k, v in record.items()}
    zones = {k: v.utcoffset() for k, v in record.items() if isinstance(v, datetime.datetime)}
    assert {k: v.utcoffset() for k, v in back.items() if isinstance(v, datetime.datetime)} == zones


@settings(deadline=None)
@given(RECORDS)
def test_the_order_of_fields_does_not_matter(record):
    turned = dict(reversed(record.items()))
    assert situation_to_json(turned) == situation_to_json(record)
    assert content_hash(turned) == content_hash(record)


@settings(deadline=None)
@given(hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_an_array_survives_json_exactly(array):
    back = situation_from_json(situation_to_json(array))
    assert back.dtype == np.float64
    assert np.array_equal(back, array)


@settings(deadline=None)
@given(TEXT.filter(str.strip), RECORDS)
def test_the_json_is_one_line_of_json(text, record):
    for situation in (text, record):
        assert "\n" not in situation_to_json(situation)
        json.loads(situation_to_json(situation))


def test_equal_arrays_of_other_types_have_one_hash():
    assert content_hash(np.array([1, 2])) == content_hash(np.array([1.0, 2.0], dtype=np.float32))
    assert content_hash(np.array([0.0])) == content_hash(np.array([-0.0]))
    assert content_hash({"a": 0.0}) == content_hash({"a": -0.0})


def test_what_differs_in_type_or_kind_has_another_hash():
    situations = ["1", {"a": "1"}, {"a": 1}, {"a": 1.0}, {"a": True}, {"1": "a"}, np.array([1.0])]
    situations += [{"a": datetime.date(2024, 1, 1)}, {"a": datetime.datetime(2024, 1, 1)}, {"a": "2024-01-01"}]
    situations += [{"a": '{"date":"2024-01-01"}'}]
    assert len({content_hash(s) for s in situations}) == len(situations)


def test_checked_arrays_are_copies_that_cannot_be_written():
    array = np.array([1.0, 2.0])
    checked = checked_situation(array)
    array[0] = 9.0
    assert checked[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        checked[0] = 2.0


def test_checked_records_are_plain_data():
    class Colour(enum.StrEnum):
        RED = "red"

    checked = checked_situation({"n": np.float32(1.5), "b": np.bool_(True), "i": np.int64(3), "c": Colour.RED})
    assert checked == {"n": 1.5, "b": True, "i": 3, "c": "red"}
    assert [type(v) for v in checked.values()] == [bool, str, int, float]


def test_numpy_dates_become_dates():
    day, moment = datetime.date(2024, 5, 1), datetime.datetime(2024, 5, 1, 12, 30)
    checked = checked_situation(
        {"d": np.datetime64(day), "ns": np.datetime64(moment, "ns"), "s": np.datetime64(moment)}
    )
    assert checked == {"d": day, "ns": moment, "s": moment}


@pytest.mark.parametrize(
    ("situation", "message"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("bad \ud800 text", "Unicode"),
        ("x" * 1_000_001, "1,000,001 characters"),
        (b"bytes", "Decode it"),
        (None, "NoneType"),
        (3.0, "float"),
        ([1.0, 2.0], "np.array"),
        ({}, "empty record"),
        ({"a": None, "b": "  "}, "empty record"),
        ({"a": math.nan}, "field 'a' is nan"),
        ({"a": -math.inf}, "field 'a' is -inf"),
        ({"a": 10**400}, "field 'a' is a whole number"),
        ({"a": np.datetime64("NaT")}, "field 'a' is a missing date"),
        ({"a": np.timedelta64(1, "ns")}, "field 'a' holds timedelta64"),
        ({"a": 1j}, "field 'a' holds complex"),
        ({"a": [1]}, "field 'a' holds list"),
        ({"a": {"b": 1}}, "field 'a' holds dict"),
        ({"a": b"x"}, "field 'a' holds bytes"),
        ({"a": "\ud800"}, "field 'a' is not valid Unicode"),
        ({3: "x"}, "name 3"),
        ({" ": "x"}, "name ' '"),
        ({"a": "x" * 1_000_000}, "longest field is 'a'"),
        ({str(i): 1 for i in range(1001)}, "1,001 fields"),
        (np.zeros((2, 2)), r"ravel\(\)"),
        (np.array(1.0), "1-D"),
        (np.array([]), "0 numbers"),
        (np.zeros(65_537), "65,537 numbers"),
        (np.array([1.0, np.nan, np.inf]), "2 numbers that are NaN or infinite, the first at index 1"),
        (np.array(["a"]), "not real numbers"),
        (np.array([1j]), "not real numbers"),
        (np.array([True]), "not real numbers"),
        (np.array([None]), "not real numbers"),
        (np.ma.masked_array([1.0, 2.0], [True, False]), "masked"),
    ],
)
def test_a_bad_situation_is_refused_with_its_reason(situation, message):
    with pytest.raises(SituationError, match=message) as caught:
        checked_situation(situation)
    assert caught.value.next_step


def test_a_text_of_a_million_characters_and_nul_are_taken():
    assert checked_situation("x" * 1_000_000) == "x" * 1_000_000
    assert checked_situation("a\0b") == "a\0b"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "{}",
        "[]",
        '{"text":3}',
        '{"text":"a","record":{}}',
        '{"array":{"data":"AAAA","dtype":"<f8"}}',
        '{"array":{"data":"?","dtype":"<f8"}}',
        '{"array":{"data":"AAAAAAAA8D8=","dtype":"<f4"}}',
        '{"record":{"a":{"date":"yesterday"}}}',
        '{"record":{"a":{"when":"2024-01-01"}}}',
        '{"record":{"a":NaN}}',
        '{"record":[]}',
        '{"other":1}',
    ],
)
def test_what_is_no_situations_json_is_refused(text):
    with pytest.raises(SituationError):
        situation_from_json(text)
