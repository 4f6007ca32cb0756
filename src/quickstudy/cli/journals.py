"""``merge``, ``forget``, ``export`` and ``import``: what happens to whole journals.

Invariant: what ``export`` writes, ``import`` reads back without loss: ids, times, teachers, situations, answers.
Not here: the laws of merging and forgetting (:class:`quickstudy.Learner`).
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quickstudy.cells import typed
from quickstudy.cli.console import (
    EXIT_INTERRUPTED,
    JournalArgument,
    JsonOption,
    Stop,
    print_json,
    progress,
    say,
    show,
    tracked,
)
from quickstudy.cli.opening import existing, open_for_learning, open_for_reading
from quickstudy.errors import InputError, UnknownDecisionError
from quickstudy.perception import situation_from_json, situation_to_json
from quickstudy.tables import Row, Table, bad_row

if TYPE_CHECKING:
    from quickstudy.learner import Learner

LESSON_COLUMNS = ("lesson", "decision", "at", "by", "answer", "value", "situation")
"""What an exported lesson holds; ``situation`` is JSON with one key: text, record or array."""

_EVENT_FIELDS = {"by", "answer", "decision_id", "task_id", "text"}


def merge(
    journal: JournalArgument,
    others: Annotated[list[str], typer.Argument(metavar="OTHER...", help="Journals of the same job.")],
    new: Annotated[bool, typer.Option("--new", help="Make JOURNAL, with the job of the first OTHER.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take over what other learners of the same job have learned. Merging twice changes nothing.

    For example:

      quickstudy merge route.db anna.db ben.db

      quickstudy merge postgresql://anna@host/work?schema=route route.db --new
    """
    from quickstudy.identity import stored_job
    from quickstudy.learner import Learner

    for other in others:
        existing(other)
    with Learner(stored_job(others[0]), journal) if new else open_for_learning(journal) as learner:
        changed = learner.merge(*others)
        lessons = learner.report().lessons
    if as_json:
        print_json({"changed": changed, "lessons": lessons})
    else:
        show(f"{changed:,} events were new; {lessons:,} lessons in force." if changed else "Nothing was new.")


def forget(
    journal: JournalArgument,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="Ids of lessons or decisions.")] = None,
    where: Annotated[
        list[str] | None, typer.Option("--where", help="FIELD=VALUE: a record's field, or by, answer, decision_id.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Forget lessons for good: what was learned from them is taken back, the content is erased from the disk.

    For example:

      quickstudy forget route.db 5f0c2a9be1d84f2c8e6f

      quickstudy forget route.db --where customer=4711 --yes
    """
    fields = dict(_field(word) for word in where or [])
    if bool(ids) == bool(fields):
        raise InputError("Say what to forget.", next_step="Give ids, or --where FIELD=VALUE.", code="usage")
    existing(journal)
    if not yes:
        if as_json or not sys.stdin.isatty():
            raise InputError("Forgetting cannot be undone.", next_step="Add --yes.", code="needs-yes")
        what = f"{len(ids):,} ids" if ids else ", ".join(f"{name}={value}" for name, value in fields.items())
        typer.confirm(f"Forget {what} for good?", abort=True, err=True)
    with open_for_learning(journal) as learner:
        forgotten = learner.forget(ids) if ids else sum(learner.forget(**meant) for meant in _meanings(fields))
    if as_json:
        print_json({"forgotten": forgotten})
    else:
        show(f"{forgotten:,} events forgotten.")


def export_lessons(
    journal: JournalArgument,
    file: Annotated[Path, typer.Argument(metavar="OUT", help="A .csv or .jsonl file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write all lessons in force to a table, without loss; `import` reads it back.

    For example:

      quickstudy export route.db lessons.jsonl

      quickstudy export route.db lessons.csv --force
    """
    if file.exists() and not force:
        raise InputError(f"{str(file)!r} exists.", next_step="Give another name, or --force.", code="output-exists")
    partial = file.with_name(file.name + ".partial")
    count = 0
    with open_for_reading(journal) as learner, partial.open("w", encoding="utf-8", newline="") as out:
        sheet = csv.writer(out, lineterminator="\n") if file.suffix.lower() == ".csv" else None
        if sheet is not None:
            sheet.writerow(LESSON_COLUMNS)
        for lesson in tracked(_exported(learner), "Exporting", learner.report().lessons, quiet=as_json):
            count += 1
            if sheet is None:
                lesson["situation"] = json.loads(lesson["situation"])
                out.write(json.dumps(lesson, ensure_ascii=False) + "\n")
            else:
                sheet.writerow(["" if value is None else value for value in lesson.values()])
    os.replace(partial, file)
    if as_json:
        print_json({"lessons": count, "output": str(file)})
    else:
        show(f"{count:,} lessons in {file}.")


def import_lessons(
    journal: JournalArgument,
    file: Annotated[Path, typer.Argument(metavar="IN", help="A .csv or .jsonl file that `export` wrote.")],
    job: Annotated[Path | None, typer.Option(help="A job file, if the journal is to be made.")] = None,
    skip_bad_rows: Annotated[bool, typer.Option("--skip-bad-rows", help="Leave out rows that cannot be read.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Learn lessons that `export` wrote. The same lesson counts once, so a stopped import can be started again.

    Into a journal with another encoder, this is how to re-encode what was learned.

    For example:

      quickstudy import new.db lessons.jsonl --job route.toml
    """
    count = 0
    with Table(file, skip_bad_rows=skip_bad_rows) as table:
        table.require(["lesson", "answer", "situation"], role="part of a lesson")
        with (
            open_for_learning(journal, job) as learner,
            progress("Importing", table.estimated_rows(), quiet=as_json) as advance,
            Stop() as stop,
        ):
            for row in table:
                count += _imported(row, table, learner)
                advance(1)
                if stop.requested:
                    break
        skipped = table.skipped
    if as_json:
        print_json({"lessons": count, "bad_rows": skipped, "finished": not stop.requested})
    else:
        show(f"{count:,} lessons learned." + (f" {skipped:,} bad rows were left out." if skipped else ""))
    if stop.requested:
        say("Stopped. Nothing is lost: run the same command again to go on.")
        raise typer.Exit(EXIT_INTERRUPTED)


def _field(word: str) -> tuple[str, str]:
    name, sign, value = word.partition("=")
    if not sign or not name.strip():
        raise InputError(f"--where {word!r} is not FIELD=VALUE.", next_step="For example: --where customer=4711")
    if name.strip() in {"ids", "progress"}:
        raise InputError(f"--where cannot search the field {name.strip()!r}.", next_step="Give ids instead.")
    return name.strip(), value


def _meanings(fields: dict[str, str]) -> list[dict[str, Any]]:
    """What the fields may mean: a journal compares values with their type, a command line knows text only."""
    values = [
        [text] if name in _EVENT_FIELDS else list(dict.fromkeys([text, typed(text)])) for name, text in fields.items()
    ]
    return [dict(zip(fields, chosen, strict=True)) for chosen in itertools.product(*values)]


def _exported(learner: Learner) -> Iterator[dict[str, Any]]:
    for lesson, situation in learner.lessons():
        yield {
            "lesson": lesson.id,
            "decision": lesson.decision_id,
            "at": lesson.at,
            "by": lesson.by,
            "answer": lesson.answer,
            "value": lesson.value,
            "situation": situation_to_json(situation),
        }


def _imported(row: Row, table: Table, learner: Learner) -> bool:
    values = {name: value for name, value in row.values.items() if value not in (None, "")}
    try:
        content = values["situation"]
        situation = situation_from_json(content if isinstance(content, str) else json.dumps(content))
        at = float(values["at"]) if "at" in values else None
        by = None if values.get("by") is None else str(values["by"])
        answer, lesson_id, decision_id = values["answer"], str(values["lesson"]), values.get("decision")
        try:
            learner.teach(situation, answer, decision_id=decision_id, lesson_id=lesson_id, by=by, at=at)
        except UnknownDecisionError:  # another journal's decision: the situation itself is taught
            learner.teach(situation, answer, lesson_id=lesson_id, by=by, at=at)
    except (KeyError, ValueError) as error:  # InputError is a ValueError
        reason = error.message if isinstance(error, InputError) else f"{type(error).__name__} {error}"
        if not table.skip_bad_rows:
            next_step = error.next_step if isinstance(error, InputError) else "Give what `export` wrote."
            raise bad_row(table.name, row.number, f"is no lesson: {reason}", next_step) from error
        table.skipped += 1
        return False
    return True
