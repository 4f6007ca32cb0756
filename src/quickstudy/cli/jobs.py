"""``init``: makes a job file, from flags or from a labelled table.

Not here: the job itself (:class:`quickstudy.Job`).
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from quickstudy.cells import label_of
from quickstudy.cli.console import JsonOption, print_json, show, tracked
from quickstudy.errors import InputError, JobError
from quickstudy.job import Job
from quickstudy.tables import Table

MAX_OPTIONS = 100_000


def init(
    file: Annotated[Path, typer.Argument(metavar="JOB.toml", help="The job file to make.")] = Path("job.toml"),
    name: Annotated[str | None, typer.Option(help="The job's name. Default: the file's stem.")] = None,
    option: Annotated[
        list[str] | None, typer.Option("--option", "-o", help="An option, as NAME or NAME=DESCRIPTION. Repeat it.")
    ] = None,
    table: Annotated[
        Path | None, typer.Option("--from", help="A labelled table: its labels become the options.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="The table's column that holds the right answers.")] = None,
    input_: Annotated[
        list[str] | None, typer.Option("--input", "-i", help="A column the learner sees. Repeat.")
    ] = None,
    is_open: Annotated[bool, typer.Option("--open", help="Options appear as they are taught.")] = False,
    instructions: Annotated[str, typer.Option(help="What the job is about, in words.")] = "",
    target_error: Annotated[float, typer.Option(help="The share of wrong answers you accept.")] = 0.02,
    encoder: Annotated[str, typer.Option(help="How text is perceived: minilm or static.")] = "minilm",
    feature_seed: Annotated[int, typer.Option(help="Seeds the random features; copies that merge share it.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a job file: what is to be learned.

    For example:

      quickstudy init route.toml -o "billing=questions about invoices" -o fraud

      quickstudy init route.toml --from tickets.csv --label team --input text

      quickstudy init route.toml --open
    """
    if file.exists() and not force:
        raise JobError(f"{str(file)!r} exists.", next_step="Give another name, or --force.", code="job-exists")
    if is_open and (option or table):
        raise InputError("--open and options exclude each other.", next_step="Leave one of them away.")
    if table and not label:
        raise InputError("A table needs --label COLUMN.", next_step="Name the column that holds the right answers.")
    options = _given(option or [])
    inputs: list[str] = list(input_ or [])
    if table and label:
        found, inputs = _from_table(table, label, inputs, quiet=as_json)
        options = {**dict.fromkeys(found, ""), **options}
    if not options and not is_open:
        raise InputError(
            "A job needs options.", next_step="Give --option NAME, or --from TABLE --label COLUMN, or --open."
        )
    job = Job(
        name or file.stem,
        None if is_open else options,
        instructions=instructions,
        target_error=target_error,
        encoder=encoder,
        feature_seed=feature_seed,
    )
    job.save(file)
    journal = str(file.with_suffix(".db"))  # where a server of this folder looks for it
    words = ["quickstudy", "work", str(table or "TABLE.csv"), "--job", str(file), "--journal", journal]
    words += [word for column in inputs or ["COLUMN"] for word in ("--input", column)]
    words += ["--label", label] if label else []
    following = shlex.join(words)
    if as_json:
        print_json({"job": str(file), "name": job.name, "options": len(options), "open": job.open, "next": following})
        return
    show(f"Made {file}: job {job.name!r}, {'open' if job.open else f'{len(options):,} options'}.")
    show(f"Next: {following}")


def _given(words: list[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for word in words:
        name, _, description = word.partition("=")
        if name.strip() in options:
            raise InputError(f"--option {name.strip()!r} is given twice.", next_step="Give each option once.")
        options[name.strip()] = description.strip()
    return options


def _from_table(path: Path, label: str, inputs: list[str], *, quiet: bool) -> tuple[list[str], list[str]]:
    """The table's labels in the order of their first appearance, and its input columns."""
    with Table(path) as table:
        table.require([label], role="the label")
        table.require(inputs, role="an input")
        found: dict[str, None] = {}
        for row in tracked(table, "Reading labels", table.estimated_rows(), quiet=quiet):
            answer = label_of(row.values.get(label))
            if answer is not None:
                found[answer] = None
            if len(found) > MAX_OPTIONS:
                raise InputError(
                    f"Column {label!r} has more than {MAX_OPTIONS:,} different labels.",
                    next_step="Is it the right column? Else make an open job: --open",
                )
        if not found:
            raise InputError(f"Column {label!r} of {table.name} is empty.", next_step="Give the column of answers.")
        return list(found), inputs or [column for column in table.columns if column and column != label]
