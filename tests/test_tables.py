import io
import json
import subprocess
import sys

import pytest

from quickstudy.errors import TableError
from quickstudy.tables import Table


def write(path, data):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def rows(path, **keywords):
    with Table(path, **keywords) as table:
        return [dict(row.values) for row in table]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_are_found(tmp_path, delimiter):
    path = write(tmp_path / "t.csv", f'text{delimiter}label\n"a{delimiter}b"{delimiter}x\n')
    assert rows(path) == [{"text": f"a{delimiter}b", "label": "x"}]


def test_a_delimiter_inside_quotes_of_the_header_does_not_count(tmp_path):
    path = write(tmp_path / "t.csv", '"a,b,c";d\n1;2\n')
    assert rows(path) == [{"a,b,c": "1", "d": "2"}]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    path = write(tmp_path / "t.csv", b"\xef\xbb\xbftext,label\nhello,x\n")
    with Table(path) as table:
        assert table.columns == ["text", "label"]


def test_quoted_newlines_and_windows_line_ends_are_read(tmp_path):
    path = write(tmp_path / "t.csv", b'text,label\r\n"two\r\nlines",x\r\n\r\nlast,y')
    assert rows(path) == [{"text": "two\r\nlines", "label": "x"}, {"text": "last", "label": "y"}]


def test_jsonl_is_read_and_its_keys_are_gathered(tmp_path):
    path = write(tmp_path / "t.jsonl", '{"text": "a"}\n\n{"text": "b", "label": "x", "n": 3}\n')
    with Table(path) as table:
        assert table.columns == ["text", "label", "n"]
        assert [row.number for row in table] == [1, 2]


def test_standard_input_is_read_by_its_content():
    with Table("-", stdin=io.BytesIO(b'{"text": "a"}\n{"text": "b"}\n')) as table:
        assert table.format == "jsonl"
        assert [row.values["text"] for row in table] == ["a", "b"]
    with Table("-", stdin=io.BytesIO(b"text\na\n")) as table:
        assert table.format == "csv"
        assert [row.values["text"] for row in table] == ["a"]


@pytest.mark.parametrize(
    ("data", "row", "what"),
    [
        (b"a,b\n1,2\n3\n", 2, "has 1 fields where the header has 2"),
        (b"a,b\n1,2,3\n", 1, "has 3 fields"),
        (b"a,b\n1,\xff\n", 1, "is not valid UTF-8"),
        (b"a,b\n1,2\nx,\x00\n", 2, "holds a NUL byte"),
        (b"a,b\n1," + b"x" * 1_200_000 + b"\n", 1, "cannot be read: field larger"),
    ],
)
def test_a_bad_row_is_named_and_can_be_left_out(tmp_path, data, row, what):
    path = write(tmp_path / "t.csv", data + b"good,row\n")
    with pytest.raises(TableError, match=rf"Row {row} of .*t\.csv {what}") as caught:
        rows(path)
    assert caught.value.code == "bad-row"
    assert "--skip-bad-rows" in caught.value.next_step
    with Table(path, skip_bad_rows=True) as table:
        assert [dict(row.values) for row in table][-1] == {"a": "good", "b": "row"}
        assert table.skipped == 1


@pytest.mark.parametrize("line", ["{not json", "[1, 2]", '"text"', '{"a": "\\u0000'])
def test_a_bad_line_of_jsonl_is_named_and_can_be_left_out(tmp_path, line):
    path = write(tmp_path / "t.jsonl", f'{{"a": 1}}\n{line}\n{{"a": 2}}\n')
    with pytest.raises(TableError, match="Row 2 of"):
        rows(path)
    assert rows(path, skip_bad_rows=True) == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "is empty"),
        (b"\n\n  \n", "is empty"),
        (b"a,b,a\n1,2,3\n", "two columns with the name 'a'"),
        (b",,\n1,2,3\n", "no names"),
        (b"a\xff,b\n1,2\n", "not valid UTF-8"),
    ],
)
def test_an_unusable_header_is_refused(tmp_path, data, what):
    with pytest.raises(TableError, match=what):
        Table(write(tmp_path / "t.csv", data))


def test_a_json_list_is_refused_with_the_next_step(tmp_path):
    with pytest.raises(TableError, match="JSON list") as caught:
        Table(write(tmp_path / "t.json", '[{"a": 1}]'))
    assert "JSONL" in caught.value.next_step


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(TableError, match="Cannot read") as caught:
            Table(path)
        assert caught.value.code == "no-table"


def test_missing_columns_are_named_with_those_that_are_there(tmp_path):
    with (
        Table(write(tmp_path / "t.csv", "text,label\na,b\n")) as table,
        pytest.raises(TableError, match="no column 'team'") as caught,
    ):
        table.require(["text", "team"], role="the label")
    assert "'text', 'label'" in caught.value.next_step


def test_rows_are_counted_for_the_progress_bar(tmp_path):
    with Table(write(tmp_path / "t.csv", "a,b\n1,2\n3,4")) as table:
        assert table.estimated_rows() == 2
    with Table(write(tmp_path / "t.jsonl", '{"a": 1}\n{"a": 2}\n')) as table:
        assert table.estimated_rows() == 2


def test_a_million_rows_stream_in_constant_memory(tmp_path):
    path = tmp_path / "big.csv"
    with path.open("w") as file:
        file.write("text,label\n")
        for start in range(0, 1_000_000, 1000):
            file.write("".join(f"task {i},option {i % 7}\n" for i in range(start, start + 1000)))
    code = """
import resource, sys
from quickstudy.tables import Table
with Table(sys.argv[1]) as table:
    next(iter(table))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(1 + sum(1 for _ in table), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    count, grown_kilobytes = map(int, done.stdout.split())
    assert count == 1_000_000
    assert grown_kilobytes < 4_000


def test_a_row_of_jsonl_may_be_a_megabyte(tmp_path):
    path = write(tmp_path / "t.jsonl", json.dumps({"text": "x" * 1_000_000}) + "\n" + json.dumps({"text": "y"}) + "\n")
    assert [len(row["text"]) for row in rows(path)] == [1_000_000, 1]
