"""The file of answers that ``work`` writes: the table's own columns and what the learner said, row by row.

Invariant: after every row, and after a kill at any moment and a new run to the end, the file is what one run without
interruption writes. A new run does not start from nothing: while its rows equal the bytes that are there, they are
kept; at the first difference (a half-written row, a corrected label) the rest is cut off and written again. So the file
never holds less than before while a run catches up. A file that is not an answers file of this table is refused.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from quickstudy.errors import InputError, TableError

ANSWER_COLUMNS = ("answer", "probability", "mode", "decision", "correct")
"""What is added to each row: the proposed option, its probability, act, audit or ask, the decision's id, and right or
wrong where labelled."""


class AnswersFile:
    """Writes answers behind a table's rows. A context manager.

    Args:
        path: the file; a suffix ``.jsonl`` makes it JSONL, anything else CSV.
        columns: the table's columns.
        delimiter: between the fields of a CSV.

    Raises:
        InputError: the file exists and is something else.
        TableError: the file cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str], columns: Sequence[str], *, delimiter: str = ",") -> None:
        self.path = Path(path)
        self.is_csv = self.path.suffix.lower() not in {".jsonl", ".ndjson"}
        self._delimiter = delimiter
        self._columns = list(columns)
        self._added = {name: f"{name} (learner)" if name in self._columns else name for name in ANSWER_COLUMNS}
        try:
            self._file: BinaryIO = self.path.open("r+b" if self.path.exists() else "w+b")
        except OSError as error:
            raise TableError(
                f"Cannot write the answers to {str(self.path)!r}: {error.strerror}.",
                next_step="Give another place with --output.",
                code="no-output",
            ) from error
        self._file.seek(0, os.SEEK_END)
        self._matching = self._file.tell() > 0
        self._file.seek(0)
        try:
            self._start()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> AnswersFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, values: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
        """Writes one row and hands it to the operating system, so that it survives a kill.

        Args:
            values: the table's row.
            answers: values for :data:`ANSWER_COLUMNS`.
        """
        added = {self._added[name]: answers.get(name) for name in ANSWER_COLUMNS}
        if self.is_csv:
            self._put(self._csv_line([values.get(name) for name in self._columns] + list(added.values())))
        else:
            self._put((json.dumps({**values, **added}, ensure_ascii=False) + "\n").encode())

    def finish(self) -> None:
        """Cuts off rows left from a longer table; call it at the table's end."""
        self._file.truncate()
        self._file.flush()

    def _start(self) -> None:
        if not self.is_csv:
            if self._matching and not self._is_half_written() and not self._starts_with_answers():
                raise self._foreign()
            return
        header = self._csv_line([*self._columns, *self._added.values()])
        there = self._file.read(len(header))
        self._file.seek(0)
        if there and not header.startswith(there):
            raise self._foreign()
        self._put(header)

    def _is_half_written(self) -> bool:
        line = self._file.readline()
        self._file.seek(0)
        return line.startswith(b"{") and not line.endswith(b"\n")

    def _starts_with_answers(self) -> bool:
        line = self._file.readline()
        self._file.seek(0)
        try:
            first = json.loads(line)
        except ValueError:
            return False
        return isinstance(first, dict) and all(name in first for name in self._added.values())

    def _foreign(self) -> InputError:
        return InputError(
            f"{str(self.path)!r} exists and does not hold answers for this table.",
            next_step="Move it away, or write elsewhere with --output.",
            code="output-exists",
        )

    def _csv_line(self, fields: Sequence[Any]) -> bytes:
        line = io.StringIO()
        csv.writer(line, delimiter=self._delimiter, lineterminator="\n").writerow([_cell(field) for field in fields])
        return line.getvalue().encode()

    def _put(self, line: bytes) -> None:
        if self._matching:
            start = self._file.tell()
            if self._file.read(len(line)) == line:
                return
            self._file.seek(start)
            self._file.truncate()
            self._matching = False
        self._file.write(line)
        self._file.flush()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
