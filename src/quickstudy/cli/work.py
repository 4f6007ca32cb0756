"""``work``: goes through a table, decides each row, and learns from its labels or from a person.

Invariants: a row's decision and lesson have ids that follow from the row, so a run that was stopped or killed goes on
where it was when it is started again, and nothing counts twice. Answers are written row by row (``answers``).
Not here: reading cells (``cells``), asking (``asking``), learning (:class:`quickstudy.Learner`).
"""

from __future__ import annotations

import hashlib
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quickstudy.cells import label_of, row_key, situation_of, time_of
from quickstudy.cli.again import ask_again
from quickstudy.cli.answers import AnswersFile
from quickstudy.cli.asking import Reply, ask
from quickstudy.cli.console import EXIT_INTERRUPTED, JournalOption, JsonOption, Stop, err, print_json, progress, say
from quickstudy.cli.opening import open_for_learning
from quickstudy.errors import InputError, LessonError
from quickstudy.journal.address import shown
from quickstudy.tables import Row, Table

if TYPE_CHECKING:
    from quickstudy.autonomy.account import Standing
    from quickstudy.learner import Learner
    from quickstudy.types import Decision, Situation

PERSON = "person"
"""Who answers at the terminal, where no name is given."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns mean what.

    Attributes:
        inputs: what the learner sees; one column is a text, several are a record.
        label: the right answer, where there is one.
        time: the row's own time.
        by: who taught the labels.
        id: the table's own key, instead of the row's number.
    """

    inputs: Sequence[str]
    label: str | None = None
    time: str | None = None
    by: str | None = None
    id: str | None = None


@dataclass(slots=True)
class Tally:
    """What a run did so far; ``alone_wrong`` counts among the ``alone_labelled``, whose labels were only looked at."""

    rows: int = 0
    taught: int = 0
    correct: int = 0
    asked: int = 0
    asked_again: int = 0
    rejected: int = 0
    left_waiting: int = 0
    alone: int = 0
    alone_labelled: int = 0
    alone_wrong: int = 0
    audits: int = 0
    bad_rows: int = 0
    finished: bool = False


def work(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A CSV or JSONL table, or - for standard input.")],
    journal: JournalOption,
    job: Annotated[Path | None, typer.Option(help="The job file. Default: the job that the journal holds.")] = None,
    input_: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", help="A column the learner sees. Repeat. Default: all but label, time and id."),
    ] = None,
    label: Annotated[str | None, typer.Option("--label", "-l", help="The column with the right answers.")] = None,
    time: Annotated[str | None, typer.Option(help="The column with each row's time (ISO, or seconds).")] = None,
    by: Annotated[str | None, typer.Option(help="Who gave the answers.")] = None,
    id_: Annotated[str | None, typer.Option("--id", help="The table's own key column. Default: row numbers.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Where answers go. Default: FILE.answers.csv or .jsonl.")
    ] = None,
    skip_bad_rows: Annotated[bool, typer.Option("--skip-bad-rows", help="Leave out rows that cannot be read.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after this many rows.")] = None,
    teach_all: Annotated[
        bool, typer.Option("--teach-all", help="Also learn the labels of rows that it answered alone.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Work through a table: decide each row, then learn its label.

    A row without a label is asked at the terminal; without a terminal it waits in the journal (see: report, teach).
    Earlier tasks that are to be asked twice come first, if somebody else than --by answered them (see: teachers).
    If the job names a target error, rows are answered alone once that is earned; their labels, if any, only measure it.
    Stop it at any time with Ctrl-C and run the same command again: it goes on where it was.

    For example:

      quickstudy work tickets.csv --job route.toml --journal route.db --input text --label team

      quickstudy work new.jsonl --journal route.db --input text --output answers.jsonl

      tail -f tickets.jsonl | quickstudy work - --journal route.db --input text --output answers.jsonl
    """
    with Table(file, skip_bad_rows=skip_bad_rows) as table:
        columns = _columns(table, list(input_ or []), label=label, time=time, by=by, id=id_)
        output = output if output is not None else _default_output(table)
        if table.path is not None and output.exists() and output.samefile(table.path):
            raise InputError(f"The answers would overwrite {table.name}.", next_step="Give another --output.")
        learner = open_for_learning(journal, job)
        with learner, AnswersFile(output, table.columns, delimiter=table.delimiter) as answers, Stop() as stop:
            person = not as_json and not table.is_stdin and sys.stdin.isatty()
            tally = _go_through(
                table,
                columns,
                learner,
                answers,
                stop,
                person=person,
                limit=limit,
                quiet=as_json or person,
                teach_all=teach_all,
            )
            standing = learner.standing
    summary = {**asdict(tally), "journal": shown(journal), "output": str(output)}
    if tally.taught:
        summary["accuracy"] = tally.correct / tally.taught
    summary["stood_behind"], summary["bound"], summary["bound_share"] = standing.answers, standing.bound, standing.share
    summary["alone_error"] = tally.alone_wrong / tally.alone_labelled if tally.alone_labelled else None
    if as_json:
        print_json(summary)
    else:
        _tell(tally, shlex.quote(shown(journal)), output)
        _tell_autonomy(tally, standing)
    if stop.requested:
        if not as_json:
            say("Stopped. Nothing is lost: run the same command again to go on.")
        raise typer.Exit(EXIT_INTERRUPTED)


def _go_through(
    table: Table,
    columns: Columns,
    learner: Learner,
    answers: AnswersFile,
    stop: Stop,
    *,
    person: bool,
    limit: int | None,
    quiet: bool,
    teach_all: bool,
) -> Tally:
    tally = Tally()
    if person:
        second = ask_again(learner, columns.by or PERSON, stop)
        tally.asked_again, person = second.given, second.person
        if stop.requested:
            return tally
    known = _answered(learner) if person else {}
    with progress("Working", table.estimated_rows(), quiet=quiet) as advance:
        for row in _until(table, stop, limit):
            advance(1)
            try:
                person = _one_row(
                    row, table, columns, learner, answers, stop, tally, known, person=person, teach_all=teach_all
                )
            except KeyboardInterrupt:
                break
            except InputError as error:
                if not table.skip_bad_rows:
                    raise _in_row(error, table, row) from error
                tally.bad_rows += 1
                answers.write(row.values, {})
                continue
            tally.rows += 1
    tally.bad_rows += table.skipped
    if not stop.requested and limit is None:
        answers.finish()
        tally.finished = True
    return tally


def _until(table: Table, stop: Stop, limit: int | None) -> Iterator[Row]:
    for count, row in enumerate(table, 1):
        yield row
        if stop.requested or count == limit:
            return


def _one_row(
    row: Row,
    table: Table,
    columns: Columns,
    learner: Learner,
    answers: AnswersFile,
    stop: Stop,
    tally: Tally,
    known: dict[str, str | None],
    *,
    person: bool,
    teach_all: bool,
) -> bool:
    """Decides and teaches one row; returns whether a person can still be asked."""
    situation, at, key, label = _read(row, table, columns)
    decision = learner.decide(situation, at=at, request_id=key)
    by, rejected = columns.by, False
    tally.audits += decision.mode == "audit"
    if decision.alone:
        tally.alone += 1
        if label is not None:
            tally.alone_labelled += 1
            tally.alone_wrong += not _right(learner, decision, label)
    if decision.alone and not (teach_all and label is not None):
        _write(answers, row, decision, None if label is None else _right(learner, decision, label))
        return person
    if label is not None:
        try:
            learner.teach(decision, label, lesson_id=_lesson_id(key, label, by), by=by, at=at)
        except LessonError as error:
            if error.code != "forgotten-lesson":
                raise
            label = None  # it was forgotten on purpose: the table does not teach it again
    elif decision.id in known:
        label = known[decision.id]
        rejected = label is None
    elif person:
        with stop.listening():
            reply = _ask(decision, learner)
        if reply.answer is not None:
            label, by = reply.answer, by or PERSON
            learner.teach(decision, label, lesson_id=_lesson_id(key, label, by), by=by)
            tally.asked += 1
        elif reply.none:
            learner.reject(decision, by=by or PERSON)
            tally.asked += 1
            rejected = True
        person = not reply.stop
    right = False if rejected else None if label is None else _right(learner, decision, label)
    if rejected:
        tally.rejected += 1
    elif right is None:
        tally.left_waiting += 1
    else:
        tally.taught += 1
        tally.correct += right
    _write(answers, row, decision, right)
    return person


def _right(learner: Learner, decision: Decision, label: str) -> bool:
    """Whether a decision says what a label says, maybe under another of the option's names."""
    return learner._record.options.same(decision.answer, label)


def _write(answers: AnswersFile, row: Row, decision: Decision, right: bool | None) -> None:
    answers.write(
        row.values,
        {
            "answer": decision.answer,
            "probability": round(decision.probability, 6),
            "mode": decision.mode,
            "decision": decision.id,
            "correct": right,
        },
    )


def _ask(decision: Decision, learner: Learner) -> Reply:
    """Asks a person; an audit is blind: its verdict is not to lean on the answer that it judges."""
    blind = decision.mode == "audit"
    return ask(decision, set(learner.options), is_open=learner.job.open, console=err(), blind=blind)


def _read(row: Row, table: Table, columns: Columns) -> tuple[Situation, float | None, str, str | None]:
    situation = situation_of(row.values, columns.inputs, is_csv=table.format == "csv")
    at = time_of(row.values.get(columns.time)) if columns.time else None
    own = row.values.get(columns.id) if columns.id else row.number
    label = label_of(row.values.get(columns.label)) if columns.label else None
    return situation, at, row_key(own if isinstance(own, int) else str(own), situation, at), label


def _lesson_id(key: str, label: str, by: str | None) -> str:
    # A corrected label is another lesson, which replaces the first.
    return key + hashlib.sha256(f"{label}\0{by or ''}".encode()).hexdigest()[:8]


def _answered(learner: Learner) -> dict[str, str | None]:
    """Each answered decision's answer, the first teacher's where there are several; None where no option is right."""
    known: dict[str, str | None] = {}
    for lesson, _ in learner.lessons():
        if lesson.decision_id is not None and lesson.answer is not None:
            known.setdefault(lesson.decision_id, lesson.answer)
    return {**dict.fromkeys(learner.rejected()), **known}


def _in_row(error: InputError, table: Table, row: Row) -> InputError:
    message = f"Row {row.number:,} of {table.name}: {error.message}"
    step = f"{error.next_step} Or leave such rows out with --skip-bad-rows.".lstrip()
    return type(error)(message, next_step=step, code=error.code)


def _columns(
    table: Table, inputs: list[str], *, label: str | None, time: str | None, by: str | None, id: str | None
) -> Columns:
    for role, column in (("the label", label), ("the time", time), ("the id", id)):
        if column is not None:
            table.require([column], role=role)
    table.require(inputs, role="an input")
    if label in inputs:
        raise InputError(f"Column {label!r} is both input and label.", next_step="The learner may not see the answer.")
    rest = [column for column in table.columns if column and column not in {label, time, id}]
    if not inputs and not rest:
        raise InputError(f"{table.name} has no column for the learner to see.", next_step="Give one with --input.")
    return Columns(inputs or rest, label, time, by, id)


def _default_output(table: Table) -> Path:
    suffix = ".answers.jsonl" if table.format == "jsonl" else ".answers.csv"
    return Path("stdin" + suffix) if table.path is None else table.path.with_name(table.path.stem + suffix)


def _tell(tally: Tally, journal: str, output: Path) -> None:
    say(f"{tally.rows:,} rows done; answers in {output}.")
    if tally.asked_again:
        say(f"Second answers to earlier tasks: {tally.asked_again:,}. See: quickstudy teachers {journal}")
    if tally.taught:
        say(f"{tally.taught:,} had an answer; {tally.correct / tally.taught:.1%} of them were guessed right before it.")
    if tally.rejected:
        say(f"Of {tally.rejected:,} somebody said that no option is right.")
    if tally.left_waiting:
        say(f"{tally.left_waiting:,} wait for an answer. See them with: quickstudy report {journal} --waiting 10")
    if tally.bad_rows:
        say(f"{tally.bad_rows:,} bad rows were left out.")


def _tell_autonomy(tally: Tally, standing: Standing) -> None:
    if not tally.alone and not tally.audits:
        return
    say(f"{tally.alone / tally.rows:.1%} of the rows were answered alone; {tally.audits:,} answers were audited.")
    if standing.share is not None:
        say(
            f"Of {standing.answers:,} answers stood behind at most {standing.share:.2%} are wrong "
            f"(target {standing.target:.2%})."
        )
    if tally.alone_labelled:
        say(
            f"In truth {tally.alone_wrong:,} of the {tally.alone_labelled:,} answered alone here are wrong "
            f"({tally.alone_wrong / tally.alone_labelled:.2%})."
        )
