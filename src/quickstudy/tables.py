"""Tables as streams of rows: CSV, JSONL or standard input.

Invariants: rows stream in constant memory, in file order, numbered from 1 (the header is not counted). A row that
cannot be read raises :class:`~quickstudy.errors.TableError` naming the file and the row, or is skipped and counted
where the caller wants that. Not here: what the values mean (``cells``), writing answers (``answers``).
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from quickstudy.errors import TableError

MAX_FIELD_CHARACTERS = 1_100_000
"""A text situation has at most 1,000,000 characters; anything longer is an unclosed quote or the wrong file."""

_PEEKED_ROWS = 100
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        number: from 1; the header of a CSV is not counted.
        values: column → value; text in a CSV, any JSON value in JSONL.
    """

    number: int
    values: Mapping[str, Any]


class Table:
    """A CSV or JSONL file, or standard input, as a stream of rows. A context manager.

    Args:
        source: a path, or "-" for standard input.
        skip_bad_rows: leave out rows that cannot be read, and count them in :attr:`skipped`.
        stdin: read instead of ``sys.stdin`` where ``source`` is "-".
        name: how messages call the table, if not by its path.

    Attributes:
        name: how messages call the table.
        format: "csv" or "jsonl".
        delimiter: between the fields of a CSV.
        columns: a CSV's header; in JSONL the keys of the first 100 rows (of the first row of standard input).
        skipped: how many bad rows were left out so far.
        first_skipped: the first of them and what is wrong with it, such as "row 3 is not valid UTF-8"; empty if none.

    Raises:
        TableError: no such file, an empty one, a CSV without a usable header.
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        *,
        skip_bad_rows: bool = False,
        stdin: BinaryIO | None = None,
        name: str | None = None,
    ):
        self.is_stdin = str(source) == "-"
        self.path = None if self.is_stdin else Path(source)
        self.name = name or ("standard input" if self.path is None else str(self.path))
        self.skip_bad_rows = skip_bad_rows
        self.skipped = 0
        self.first_skipped = ""
        self._file = self._open(stdin)
        try:
            # Undecodable bytes become lone surrogates, so that the row that holds them can be named.
            self._text = io.TextIOWrapper(self._file, encoding="utf-8-sig", errors="surrogateescape", newline="")
            first = self._first_line()
            self.format = self._sniff_format(first)
            self.delimiter = _sniff_delimiter(first)
            self._lines = itertools.chain([first], self._text)
            if self.format == "csv":
                csv.field_size_limit(MAX_FIELD_CHARACTERS)
                self._reader = csv.reader(self._lines, delimiter=self.delimiter, strict=False)
                self.columns = self._header()
                self._rows = self._csv_rows()
            else:
                self._rows = self._jsonl_rows()
                self.columns = self._peeked_keys()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file (standard input stays open)."""
        if not self.is_stdin:
            self._file.close()
        elif not self._text.closed:
            self._text.detach()

    def __iter__(self) -> Iterator[Row]:
        return self._rows

    def require(self, columns: Sequence[str], *, role: str) -> None:
        """Checks that columns exist.

        Raises:
            TableError: naming those that are missing and those that are there.
        """
        missing = [column for column in columns if column not in self.columns]
        if missing:
            raise TableError(
                f"{self.name} has no column {_quoted(missing)} (wanted as {role}).",
                next_step=f"Its columns: {_quoted(self.columns)}.",
                code="missing-column",
            )

    def estimated_rows(self) -> int | None:
        """About how many rows there are (the file's lines), for a progress bar; None for standard input."""
        if self.path is None or not self.path.is_file():
            return None
        with self.path.open("rb") as file:
            lines = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_CHUNK), b""))
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            lines += file.read(1) != b"\n"
        return max(lines - (self.format == "csv"), 0)

    def _open(self, stdin: BinaryIO | None) -> BinaryIO:
        if self.path is None:
            return stdin if stdin is not None else sys.stdin.buffer
        try:
            return self.path.open("rb")
        except OSError as error:
            raise TableError(
                f"Cannot read the table {self.name!r}: {error.strerror}.",
                next_step="Give the path of a CSV or JSONL file, or - for standard input.",
                code="no-table",
            ) from error

    def _first_line(self) -> str:
        for line in iter(lambda: self._text.readline(MAX_FIELD_CHARACTERS), ""):
            if line.strip():
                return line
        raise TableError(f"{self.name} is empty.", next_step="Give a table with a header and rows.", code="empty-table")

    def _sniff_format(self, first: str) -> str:
        suffix = "" if self.path is None else self.path.suffix.lower()
        start = first.lstrip()[:1]
        if start == "[" and suffix in {"", ".json"}:
            raise TableError(
                f"{self.name} is a JSON list.", next_step="Give JSONL instead: one JSON object on each line."
            )
        return "jsonl" if suffix in {".jsonl", ".ndjson", ".json"} or (start == "{" and suffix != ".csv") else "csv"

    def _header(self) -> list[str]:
        try:
            header = [name.strip() for name in next(self._reader)]
        except csv.Error as error:
            raise TableError(f"The header of {self.name} cannot be read: {error}.") from error
        if any(_undecodable(name) or "\0" in name for name in header):
            raise TableError(
                f"The header of {self.name} is not valid UTF-8 text.", next_step="Save the file as UTF-8 and try again."
            )
        double = sorted({name for name in header if name and header.count(name) > 1})
        if double:
            raise TableError(
                f"{self.name} has two columns with the name {_quoted(double)}.",
                next_step="Give each column a name of its own.",
                code="double-column",
            )
        if not any(header):
            raise TableError(f"The header of {self.name} has no names.", next_step="Name the columns in the first row.")
        return header

    def _csv_rows(self) -> Iterator[Row]:
        number = 0
        while True:
            number += 1
            try:
                fields = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._bad(number, f"cannot be read: {error}", "Look for a quote that is not closed.")
                continue
            if not fields:
                number -= 1
                continue
            if len(fields) != len(self.columns):
                self._bad(
                    number,
                    f"has {len(fields)} fields where the header has {len(self.columns)}",
                    f"Put fields that hold {self.delimiter!r} into quotes.",
                )
            elif all(self._readable(number, field) for field in fields):
                yield Row(number, dict(zip(self.columns, fields, strict=True)))

    def _jsonl_rows(self) -> Iterator[Row]:
        number = 0
        for line in self._lines:
            if not line.strip():
                continue
            number += 1
            if not self._readable(number, line):
                continue
            try:
                values = json.loads(line)
            except (ValueError, RecursionError) as error:
                self._bad(number, f"is not JSON: {error}", "Each line must be one JSON object.")
                continue
            if not isinstance(values, dict):
                self._bad(number, f"is a JSON {type(values).__name__}", "Each line must be one JSON object.")
                continue
            yield Row(number, values)

    def _peeked_keys(self) -> list[str]:
        peeked = list(itertools.islice(self._rows, 1 if self.is_stdin else _PEEKED_ROWS))
        if not peeked:
            raise TableError(f"{self.name} has no usable row.", next_step="Give one JSON object on each line.")
        self._rows = itertools.chain(peeked, self._rows)
        return list(dict.fromkeys(key for row in peeked for key in row.values))

    def _readable(self, number: int, text: str) -> bool:
        if _undecodable(text):
            self._bad(number, "is not valid UTF-8", "Save the file as UTF-8 and try again.")
            return False
        if "\0" in text:
            self._bad(number, "holds a NUL byte", "This may be a binary file, or UTF-16: save it as UTF-8.")
            return False
        return True

    def _bad(self, number: int, what: str, next_step: str) -> None:
        if not self.skip_bad_rows:
            raise bad_row(self.name, number, what, next_step)
        self.skipped += 1
        self.first_skipped = self.first_skipped or f"row {number:,} {what}"


def bad_row(table: str, number: int, what: str, next_step: str) -> TableError:
    """The error for one row of a table."""
    return TableError(
        f"Row {number:,} of {table} {what}.",
        next_step=f"{next_step} Or leave such rows out with --skip-bad-rows.".lstrip(),
        code="bad-row",
    )


def _sniff_delimiter(line: str) -> str:
    outside_quotes = "".join(line.split('"')[::2])
    return max(",;\t", key=outside_quotes.count)


def _undecodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _quoted(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:20])
    return f"{shown}, … {len(names) - 20} more" if len(names) > 20 else shown
