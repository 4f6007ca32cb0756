"""Making a job: from a table by picking its columns, or by naming its options.

The page's script sends the first lines of a chosen file to be shown; the whole file comes once, with what was picked.
Rows with an answer become lessons, rows without one become questions. Every row has a key that follows from its
content, so a table that is added twice counts once.

Invariant: a table that cannot be read, or columns that make no sense, create nothing. Not here: reading tables
(``tables``, ``cells``).
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from quickstudy.cells import label_of, row_key, situation_of
from quickstudy.errors import InputError, QuickstudyError
from quickstudy.job import Job, checked_option_name
from quickstudy.learner import Learner
from quickstudy.serve.api.rooms import Rules
from quickstudy.serve.desk import OpenJob
from quickstudy.serve.pages.shell import fragment, page, who
from quickstudy.serve.pages.words import one_line
from quickstudy.tables import Row, Table
from quickstudy.types import Situation

PREVIEWED = 50
"""So many rows of a table are looked at before its columns are picked."""

BATCH = 200
"""So many rows are taught at once; between batches the learner works on what else waits."""

MAX_OPTIONS = 100_000
ENCODERS = ("minilm", "static")
EMPTY = {"name": "", "instructions": "", "options": "", "is_open": False, "target": "", "encoder": ENCODERS[0]}

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a previewed table.

    Attributes:
        name: its name.
        examples: its first values.
        input: whether it looks like something the learner should see.
        answer: whether it looks like the answer.
    """

    name: str
    examples: tuple[str, ...]
    input: bool
    answer: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """What a table gave: situations with their keys and answers; how many rows were left out, and why the first was."""

    rows: tuple[tuple[str, Situation, str | None], ...]
    skipped: int = 0
    first_skipped: str = ""

    @property
    def answers(self) -> list[str]:
        """The different answers, in order of appearance."""
        return list(dict.fromkeys(answer for _, _, answer in self.rows if answer is not None))


@router.get("/new")
async def form(request: Request, caller: Rules) -> Response:
    """The form."""
    return page(request, "new.html", caller, error=None, filled=EMPTY, encoders=ENCODERS)


@router.post("/new/preview")
async def preview(caller: Rules, table: Annotated[UploadFile, File()]) -> Response:
    """The first rows of a table, and its columns to pick from."""
    content = await table.read()
    columns, first_skipped = await asyncio.to_thread(_previewed, content, table.filename or "the table")
    return fragment("preview.html", {"columns": columns, "first_skipped": first_skipped})


@router.post("/new")
async def create(
    request: Request,
    caller: Rules,
    name: Annotated[str, Form(max_length=100)] = "",
    instructions: Annotated[str, Form(max_length=10_000)] = "",
    options: Annotated[str, Form(max_length=1_000_000)] = "",
    is_open: Annotated[str, Form(max_length=10)] = "",
    target: Annotated[str, Form(max_length=20)] = "",
    encoder: Annotated[str, Form(max_length=40)] = ENCODERS[0],
    inputs: Annotated[list[str] | None, Form()] = None,
    label: Annotated[str, Form(max_length=1_000)] = "",
    table: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Makes a job, and teaches it what its table knows."""
    filled = {
        "name": name,
        "instructions": instructions,
        "options": options,
        "is_open": bool(is_open),
        "target": target,
        "encoder": encoder,
    }
    try:
        taken = Taken(())
        if table is not None and table.filename:
            taken = await asyncio.to_thread(_taken, table.file, table.filename, inputs or [], label)
        job = _job(name, instructions, options, bool(is_open), target, encoder, taken)
        opened = await asyncio.to_thread(request.app.state.desk.create, job)
    except QuickstudyError as error:
        return page(request, "new.html", caller, status=422, error=error, filled=filled, encoders=ENCODERS)
    by = who(request, caller)
    if opened.learner.job.open:
        await opened.worker.change(partial(_add_options, described=_described(options), by=by))
    await _take(opened, taken, by)
    if taken.skipped:
        return page(request, "made.html", caller, made=opened.name, taken=taken)
    return RedirectResponse(f"/jobs/{opened.name}/inbox", 303)


def _previewed(content: bytes, name: str) -> tuple[list[Column], str]:
    """The columns of a table of which only the beginning may be there, and what is wrong with its first bad row."""
    with Table("-", skip_bad_rows=True, stdin=io.BytesIO(content), name=name) as table:
        rows = list(islice(table, PREVIEWED))
        names = [column for column in table.columns if column]
    values = {column: [_cell(row.values.get(column)) for row in rows] for column in names}
    answer = _likely_answer(names, values)
    lengths = {column: sum(map(len, values[column])) for column in names}
    longest = max((column for column in names if column != answer), key=lambda column: lengths[column], default=None)
    columns = [
        Column(column, tuple(one_line(v, 60) for v in values[column][:3]), column == longest, column == answer)
        for column in names
    ]
    return columns, table.first_skipped


def _likely_answer(names: Sequence[str], values: dict[str, list[str]]) -> str | None:
    usual = {"label", "answer", "category", "class", "team", "target", "intent", "topic", "account", "y"}
    named = [column for column in names if column.casefold() in usual]
    if named:
        return named[0]
    short = [c for c in names[1:] if all(len(v) <= 60 for v in values[c]) and len(set(values[c])) < len(values[c])]
    return short[-1] if short else None


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


def _taken(file: BinaryIO, name: str, inputs: Sequence[str], label: str) -> Taken:
    """A table's rows as work.

    Raises:
        InputError: no column to see, a column that is not there, or no usable row.
    """
    found: list[tuple[str, Situation, str | None]] = []
    bad, first_bad = 0, ""
    with Table("-", skip_bad_rows=True, stdin=file, name=name) as table:
        columns = [column for column in inputs if column != label]
        if not columns:
            raise InputError("No column was picked for the learner to see.", next_step="Pick at least one.")
        table.require(columns, role="an input")
        if label:
            table.require([label], role="the answer")
        for row in table:
            try:
                found.append(_read(row, columns, label, is_csv=table.format == "csv"))
            except InputError as error:
                bad, first_bad = bad + 1, first_bad or f"row {row.number:,}: {error.message.rstrip('.')}"
        bad, first_bad = bad + table.skipped, table.first_skipped or first_bad
    if not found:
        why = f" The first: {first_bad}." if first_bad else ""
        raise InputError(f"{name} has no usable row.{why}", next_step="Pick other columns, or another file.")
    return Taken(tuple(found), bad, first_bad)


def _read(row: Row, inputs: Sequence[str], label: str, *, is_csv: bool) -> tuple[str, Situation, str | None]:
    situation = situation_of(row.values, inputs, is_csv=is_csv)
    answer = label_of(row.values.get(label)) if label else None
    return row_key(row.number, situation, None), situation, answer


def _job(name: str, instructions: str, options: str, is_open: bool, target: str, encoder: str, taken: Taken) -> Job:
    """The job that the form describes.

    Raises:
        InputError: something makes no sense.
    """
    described = _described(options)
    for answer in taken.answers:
        described.setdefault(answer, "")
    if len(described) > MAX_OPTIONS:
        raise InputError(
            f"The table has {len(described):,} different answers.", next_step="Is this the column of the answers?"
        )
    try:
        error = float(target.replace(",", ".").rstrip("% ")) / 100.0 if target.strip() else None
    except ValueError:
        raise InputError(f"The target error is {target!r}.", next_step="Give percents, like 2.") from None
    if encoder not in ENCODERS:
        raise InputError(f"There is no encoder {encoder!r}.", next_step=f"Take {' or '.join(ENCODERS)}.")
    for option in described:
        checked_option_name(option)
    closed = described if not is_open else None
    if closed is not None and not closed:
        raise InputError(
            "The job has no options.", next_step="Name some, pick a column of answers, or let new options appear."
        )
    return Job(name.strip(), closed, instructions=instructions.strip(), target_error=error, encoder=encoder)


def _described(options: str) -> dict[str, str]:
    """The options that were typed, one on each line, with what they mean."""
    lines = [line.partition("=") for line in options.splitlines()]
    return {name.strip(): meaning.strip() for name, _, meaning in lines if name.strip()}


def _add_options(learner: Learner, described: Mapping[str, str], by: str) -> None:
    """Puts options into an open job, which names none in its file."""
    with learner.signed(by):
        for name, meaning in described.items():
            learner.add_option(name, meaning)


async def _take(job: OpenJob, taken: Taken, by: str) -> None:
    """Teaches the rows with an answer and asks the others."""
    for start in range(0, len(taken.rows), BATCH):
        part = taken.rows[start : start + BATCH]
        await job.worker.change(partial(_take_part, part=part, by=by))


def _take_part(learner: Learner, part: Sequence[tuple[str, Situation, str | None]], by: str) -> None:
    known = [(key, situation, answer) for key, situation, answer in part if answer is not None]
    learner.teach_many(
        [(situation, answer) for _, situation, answer in known], lesson_ids=[key for key, _, _ in known], by=by
    )
    for key, situation, answer in part:
        if answer is None:
            learner.decide(situation, request_id=key)
