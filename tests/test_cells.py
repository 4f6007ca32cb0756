import datetime

import pytest

from quickstudy.cells import label_of, row_key, situation_of, time_of, typed
from quickstudy.errors import OptionError, SituationError, TableError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("  ", None),
        ("true", True),
        ("False", False),
        ("12", 12.0),
        ("-3.5e2", -350.0),
        ("0.5", 0.5),
        (".5", 0.5),
        ("007", "007"),
        ("1_000", "1_000"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("1e999", "1e999"),
        ("٣", "٣"),
        ("2024-02-29", datetime.date(2024, 2, 29)),
        ("2024-02-30", "2024-02-30"),
        ("2024-02-29T10:30:00", datetime.datetime(2024, 2, 29, 10, 30)),
        ("12 apples", "12 apples"),
    ],
)
def test_a_cell_is_read_as_what_it_looks_like(text, value):
    read = typed(text)
    assert read == value
    assert type(read) is type(value)


def test_one_input_column_stays_text_even_if_it_looks_like_a_number():
    assert situation_of({"text": "12", "label": "x"}, ["text"], is_csv=True) == "12"
    assert situation_of({"text": 12}, ["text"], is_csv=False) == "12"


def test_several_input_columns_are_a_record():
    values = {"vendor": "Acme", "amount": "12.50", "paid": "true", "on": "2024-05-01", "note": "", "label": "x"}
    expected = {"vendor": "Acme", "amount": 12.5, "paid": True, "on": datetime.date(2024, 5, 1), "note": None}
    assert situation_of(values, list(expected), is_csv=True) == expected


def test_text_that_looks_like_a_number_stays_text_in_jsonl():
    assert situation_of({"zip": "12", "n": 12}, ["zip", "n"], is_csv=False) == {"zip": "12", "n": 12}


@pytest.mark.parametrize(
    ("values", "inputs"),
    [
        ({"text": "  "}, ["text"]),
        ({"text": None}, ["text"]),
        ({"text": ["a"]}, ["text"]),
        ({"a": "", "b": ""}, ["a", "b"]),
        ({"a": {"b": 1}, "c": 1}, ["a", "c"]),
        ({"a": float("nan"), "c": 1}, ["a", "c"]),
    ],
)
def test_what_cannot_be_perceived_is_refused(values, inputs):
    with pytest.raises(SituationError):
        situation_of(values, inputs, is_csv=False)


def test_labels_are_names():
    assert [label_of(v) for v in (None, "", " ", " billing ", 5, 5.5, True, "5")] == [
        *[None] * 3,
        "billing",
        "5",
        "5.5",
        "true",
        "5",
    ]
    with pytest.raises(OptionError, match="several labels"):
        label_of(["a", "b"])


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", None),
        (None, None),
        ("12.5", 12.5),
        (3, 3.0),
        ("1970-01-02", 86_400.0),
        ("1970-01-01T01:00:00+01:00", 0.0),
        ("1970-01-01 00:00:01", 1.0),
    ],
)
def test_times_are_seconds_in_utc(value, seconds):
    assert time_of(value) == seconds


@pytest.mark.parametrize("value", ["yesterday", "nan", True, "2024-13-01"])
def test_what_is_no_time_is_refused(value):
    with pytest.raises(TableError, match="is not a time"):
        time_of(value)


def test_a_rows_key_depends_on_number_content_and_time_alone():
    key = row_key(1, "hello", None)
    assert key == row_key(1, "hello", None)
    assert len({key, row_key(2, "hello", None), row_key(1, "hallo", None), row_key(1, "hello", 0.0)}) == 4
    assert row_key(1, {"a": 1.0, "b": None}, 5.0) == row_key(1, {"b": None, "a": 1.0}, 5.0)
