"""New jobs: from options, or from a table's columns.

Invariants: the name is free and the table was read whole before anything is written; what cannot be read names its row.
A job made here uses a built-in encoder: another one is code, and job files with code are for people with a shell. Not
here: reading tables (``tables``), and what cells mean (``cells``).
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quickstudy.cells import label_of, row_key, situation_of
from quickstudy.errors import InputError
from quickstudy.job import Job
from quickstudy.tables import Table
from quickstudy.types import Situation

MAX_OPTIONS = 10_000
SHOWN_ROWS = 5
SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, for people who choose.

    Attributes:
        name: its name.
        filled: how many rows have something in it.
        distinct: how many different values it has, up to 1,000.
        examples: the first few of them, shortened.
    """

    name: str
    filled: int
    distinct: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A table, looked at: its columns and how many rows it has."""

    columns: tuple[Column, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Example:
    """A row that has its answer: what was seen, what was right, and an id that is always the row's."""

    situation: Situation
    answer: str
    lesson_id: str


def preview(content: str) -> Preview:
    """What a table holds.

    Args:
        content: a CSV or JSONL file's text.

    Raises:
        TableError: it cannot be read.
    """
    with _table(content) as table:
        columns = [name for name in table.columns if name]
        values: dict[str, dict[str, None]] = {name: {} for name in columns}
        filled, rows = dict.fromkeys(columns, 0), 0
        for row in table:
            rows += 1
            for name in columns:
                shown = _shown(row.values.get(name))
                if shown:
                    filled[name] += 1
                    if len(values[name]) < 1_000:
                        values[name][shown] = None
    found = (Column(c, filled[c], len(values[c]), tuple(list(values[c])[:SHOWN_ROWS])) for c in columns)
    return Preview(tuple(found), rows)


def examples(content: str, answer: str, inputs: Sequence[str]) -> list[Example]:
    """The rows of a table that have an answer, in order.

    Args:
        content: a CSV or JSONL file's text.
        answer: the column of the right answers.
        inputs: the columns that the learner sees; all others if empty.

    Raises:
        TableError: a column is missing, or a row cannot be read.
        InputError: a row holds no situation or no option's name, or the table has no answers.
    """
    with _table(content) as table:
        table.require([answer], role="the answer")
        table.require(inputs, role="an input")
        chosen = list(inputs) or [name for name in table.columns if name and name != answer]
        if answer in chosen:
            raise InputError(f"Column {answer!r} is an input and the answer.", next_step="Choose other inputs.")
        found = []
        for row in table:
            try:
                label = label_of(row.values.get(answer))
                if label is None:
                    continue
                situation = situation_of(row.values, chosen, is_csv=table.format == "csv")
            except InputError as error:
                raise InputError(
                    f"Row {row.number:,} of the table: {error.message}", next_step=error.next_step, code="bad-row"
                ) from error
            found.append(Example(situation, label, row_key(row.number, situation, None)))
    if not found:
        raise InputError(f"Column {answer!r} is empty.", next_step="Choose the column that holds the right answers.")
    return found


def made_job(
    name: str,
    options: Sequence[str] | Mapping[str, str] | None,
    found: Sequence[Example] = (),
    *,
    is_open: bool = False,
    **settings: Any,
) -> Job:
    """A job with given options and those that a table's answers bring.

    Args:
        name: the job's name.
        options: their names, or name → description.
        found: a table's examples.
        is_open: whether options appear as they are taught.
        settings: see :class:`quickstudy.Job`.

    Raises:
        InputError: no options in a job that is not open, too many, or a setting that makes no sense.
    """
    described = dict(options) if isinstance(options, Mapping) else dict.fromkeys(options or (), "")
    every = {**dict.fromkeys((one.answer for one in found), ""), **described}
    if is_open:
        if described:
            raise InputError("An open job lists no options.", next_step="Leave out open, or the options.")
        return Job(name, None, **settings)
    if not every:
        raise InputError(
            "A job needs options.", next_step="Give their names, a table with answers, or make it open: true."
        )
    if len(every) > MAX_OPTIONS:
        raise InputError(
            f"There are {len(every):,} different answers; at most {MAX_OPTIONS:,} can be options here.",
            next_step="Is it the right column? Else make it open: true.",
        )
    return Job(name, every, **settings)


def _table(content: str) -> Table:
    return Table("-", stdin=io.BytesIO(content.encode("utf-8")), name="the table")


def _shown(value: Any) -> str:
    return "" if value is None else str(value).strip()[:SHOWN_CHARACTERS]
