"""``evaluate``, ``report`` and ``replay``: looking without learning.

Invariant: none of these writes to the journal they look at.
Not here: the report's numbers (:class:`quickstudy.Report`), the plots (``plots``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from quickstudy.cells import label_of, situation_of, time_of
from quickstudy.cli.account import show_account
from quickstudy.cli.answers import AnswersFile
from quickstudy.cli.asking import in_words
from quickstudy.cli.console import (
    JournalArgument,
    JournalOption,
    JsonOption,
    grid_of,
    moment,
    out,
    print_json,
    progress,
    say,
    show,
)
from quickstudy.cli.opening import existing, open_for_reading
from quickstudy.errors import InputError
from quickstudy.tables import Row, Table

if TYPE_CHECKING:
    from quickstudy.learner import Learner
    from quickstudy.report import Report

_CHUNK = 256


def evaluate(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A labelled CSV or JSONL table, or -.")],
    journal: JournalOption,
    label: Annotated[str, typer.Option("--label", "-l", help="The column with the right answers.")],
    input_: Annotated[
        list[str] | None, typer.Option("--input", "-i", help="A column the learner sees. Repeat. Default: the others.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write the predictions there, row by row.")] = None,
    skip_bad_rows: Annotated[bool, typer.Option("--skip-bad-rows", help="Leave out rows that cannot be read.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Predict a labelled table and measure it. Nothing is learned, nothing is written to the journal.

    For example:

      quickstudy evaluate test.csv --journal route.db --input text --label team

      quickstudy evaluate test.jsonl --journal route.db --input text --label team --json
    """
    from quickstudy.cli.evaluation import Evaluation

    with Table(file, skip_bad_rows=skip_bad_rows) as table:
        table.require([label], role="the label")
        table.require(input_ or [], role="an input")
        inputs = input_ or [column for column in table.columns if column and column != label]
        measured = Evaluation()
        with (
            open_for_reading(journal) as learner,
            progress("Predicting", table.estimated_rows(), quiet=as_json) as step,
        ):
            answers = None if output is None else AnswersFile(output, table.columns, delimiter=table.delimiter)
            for rows in _chunks(iter(table)):
                read = _situations(rows, table, inputs)
                decisions = learner.predict_many([situation for _, situation in read])
                for (row, _), decision in zip(read, decisions, strict=True):
                    wanted = label_of(row.values.get(label))
                    measured.add(decision, wanted)
                    if answers is not None:
                        right = None if wanted is None else decision.answer == wanted
                        said = {"answer": decision.answer, "probability": round(decision.probability, 6)}
                        answers.write(row.values, {**said, "correct": right})
                step(len(rows))
            if answers is not None:
                answers.finish()
                answers.__exit__()
        result = {**measured.to_dict(), "bad_rows": table.skipped}
    if as_json:
        print_json(result)
    else:
        _show_evaluation(result)


def report(
    journal: JournalArgument,
    plot: Annotated[Path | None, typer.Option(help="Draw the learning curve and calibration: a .png or .svg.")] = None,
    waiting: Annotated[int, typer.Option(min=0, help="List this many decisions that wait for an answer.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Show what a learner has learned: accuracy over time, calibration, confusions, what waits.

    For example:

      quickstudy report route.db

      quickstudy report route.db --plot route.png --waiting 10
    """
    with open_for_reading(journal) as learner:
        _report(learner, plot, waiting, as_json=as_json)


def replay(
    journal: JournalArgument,
    until: Annotated[str | None, typer.Option(help="The moment: an ISO date or time, or seconds since 1970.")] = None,
    save: Annotated[Path | None, typer.Option(help="Keep the learner of that moment in a new journal.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the learner as it was at a past moment.

    For example:

      quickstudy replay route.db --until 2026-03-01

      quickstudy replay route.db --until 2026-03-01T12:00 --save march.db
    """
    from quickstudy.learner import Learner

    moment = None if until is None else time_of(until)
    if save is not None and save.exists():
        raise InputError(f"{str(save)!r} exists.", next_step="Give the path of a new journal.", code="journal-exists")
    with Learner.replay(existing(journal), until=moment) as then:
        if save is not None:
            with Learner(then.job, save) as copy:
                copy.merge(then)
            say(f"Kept in {save}.")
        _report(then, None, 0, as_json=as_json)


def _report(learner: Learner, plot: Path | None, waiting: int, *, as_json: bool) -> None:
    numbers = learner.report()
    data: dict[str, Any] = numbers.to_dict()
    if plot is not None:
        from quickstudy.cli.plots import plot_report

        plot_report(data, plot)
    if waiting:
        data["waiting_list"] = [
            {"decision": decision.id, "situation": in_words(decision.situation), "at": decision.at}
            for decision in learner.waiting(limit=waiting)
        ]
    if as_json:
        print_json(data)
        return
    _show_report(learner, numbers, data)
    if plot is not None:
        say(f"Plot: {plot}")


def _show_report(learner: Learner, numbers: Report, data: dict[str, Any]) -> None:
    console = out()
    counts = (
        f": {data['lessons']:,} lessons, {data['decisions']:,} decisions, "
        f"{data['options']:,} options, {data['waiting']:,} waiting, {data['rewards']:,} rewards"
    )
    console.print(Text.assemble((learner.job.name, "bold"), counts))
    if data.get("started") and data.get("newest"):
        console.print(f"from {moment(data['started'])} to {moment(data['newest'])} UTC", style="dim")
    show_account(numbers.autonomy)
    show(numbers.teachers.note)
    if numbers.calls is not None:
        show(numbers.calls.line())
    if data["accuracy"]:
        grid = grid_of("Accuracy before each lesson", ["lessons", "accuracy", "mean confidence", "from", "for tasks"])
        for point in _spread(data["accuracy"], 8):
            shares = f"{point['accuracy']:.1%}", f"{point['confidence']:.1%}"
            grid.add_row(f"{point['lessons']:,}", *shares, f"{point['count']:,}", f"{point['tasks']:,.0f}")
        console.print(grid)
    if data["calibration"]:
        grid = grid_of(
            f"Calibration (error {data['calibration_error']:.3f})", ["confidence", "accuracy", "from", "for tasks"]
        )
        for part in data["calibration"]:
            shares = f"{part['confidence']:.1%}", f"{part['accuracy']:.1%}"
            grid.add_row(*shares, f"{part['count']:,}", f"{part['tasks']:,.0f}")
        console.print(grid)
    if data["confusions"]:
        grid = grid_of("Most confused", ["taught", "proposed", "count"])
        for taught, proposed, count in (_confusion(entry) for entry in data["confusions"][:8]):
            grid.add_row(taught, proposed, f"{count:,}")
        console.print(grid)
    if data["weights"]:
        console.print("Experts: " + ", ".join(f"{name} {weight:.2f}" for name, weight in data["weights"].items()))
    if data.get("waiting_list"):
        grid = grid_of("Waiting for an answer", ["decision", "situation"])
        for entry in data["waiting_list"]:
            grid.add_row(entry["decision"], entry["situation"])
        console.print(grid)
        show(f"Answer one with: quickstudy teach {data['waiting_list'][0]['decision']} ANSWER --journal JOURNAL")


def _show_evaluation(result: dict[str, Any]) -> None:
    console = out()
    if not result["rows"]:
        show("No row has a label, so there is nothing to measure.")
        return
    show(
        f"{result['rows']:,} rows: accuracy {result['accuracy']:.1%}, log loss {result['log_loss']:.3f}, "
        f"calibration error {result['calibration_error']:.3f}"
    )
    for key, what in (("unlabelled", "had no label"), ("unknown_labels", "had a label the learner does not know")):
        if result[key]:
            show(f"{result[key]:,} rows {what}.")
    grid = grid_of("How much it could answer alone", ["sure at least", "share of rows", "accuracy among these"])
    for cell in result["coverage"]:
        accuracy = "" if cell["accuracy"] is None else f"{cell['accuracy']:.1%}"
        grid.add_row(f"{cell['sureness']:.0%}", f"{cell['share']:.1%}", accuracy)
    console.print(grid)
    if result["confusions"]:
        grid = grid_of("Worst confusions", ["right", "answered", "count"])
        for cell in result["confusions"]:
            grid.add_row(cell["label"], cell["answer"], f"{cell['count']:,}")
        console.print(grid)


def _confusion(entry: Any) -> tuple[str, str, int]:
    if isinstance(entry, dict):
        return str(entry["taught"]), str(entry["proposed"]), int(entry["count"])
    taught, proposed, count = entry
    return str(taught), str(proposed), int(count)


def _spread(points: Sequence[Any], count: int) -> list[Any]:
    """At most ``count`` of the points, evenly, with the last."""
    if len(points) <= count:
        return list(points)
    return [points[round((i + 1) * len(points) / count) - 1] for i in range(count)]


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, _CHUNK)):
        yield chunk


def _situations(rows: Sequence[Row], table: Table, inputs: Sequence[str]) -> list[tuple[Row, Any]]:
    read = []
    for row in rows:
        try:
            read.append((row, situation_of(row.values, inputs, is_csv=table.format == "csv")))
        except InputError as error:
            if not table.skip_bad_rows:
                raise type(error)(
                    f"Row {row.number:,} of {table.name}: {error.message}", next_step=error.next_step, code=error.code
                ) from error
            table.skipped += 1
    return read
