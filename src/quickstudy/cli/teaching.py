"""``teachers``: who taught, how often each is wrong, and where answers contradict each other.

Invariant: it writes nothing. Not here: the numbers (:mod:`quickstudy.autonomy.teachers`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from quickstudy.cli.asking import in_words
from quickstudy.cli.console import JournalArgument, JsonOption, finite, grid_of, out, print_json, show
from quickstudy.cli.opening import open_for_reading

if TYPE_CHECKING:
    from quickstudy.autonomy.teachers import Contradiction, TeachersReport

_LISTED = 10


def teachers(
    journal: JournalArgument,
    contradictions: Annotated[int, typer.Option(min=0, help="List this many contradictions.")] = _LISTED,
    confidence: Annotated[float, typer.Option(help="With which all intervals hold together.")] = 0.95,
    as_json: JsonOption = False,
) -> None:
    """Show who taught, how often each teacher is wrong, and which answers contradict each other.

    For example:

      quickstudy teachers route.db

      quickstudy teachers route.db --contradictions 50 --json
    """
    with open_for_reading(journal) as learner:
        report = learner.teachers(confidence=confidence)
    if as_json:
        data = report.to_dict()
        data["contradictions"] = [_plain(found) for found in report.contradictions[:contradictions]]
        print_json(data)
    else:
        _show(report, contradictions)


def _plain(found: Contradiction) -> dict[str, object]:
    said = [{"by": s.by, "answer": s.answer, "lesson": s.lesson_id, "at": s.at} for s in found.said]
    other = {} if found.other is None else {"other": in_words(found.other)}
    words = {"situation": in_words(found.situation), **other, "similarity": finite(found.similarity)}
    return {"kind": found.kind, "said": said, **words}


def _show(report: TeachersReport, contradictions: int) -> None:
    if not report.teachers:
        show("Nobody has taught anything yet.")
        return
    grid = grid_of("Teachers", ["teacher", "answers", "corrected", "shared", "disagreed", "error", "interval"])
    for teacher in report.teachers:
        interval = "" if teacher.low is None else f"{teacher.low:.1%} to {teacher.high:.1%}"
        grid.add_row(
            _name(teacher.name),
            *(f"{count:,}" for count in (teacher.answers, teacher.corrected, teacher.shared, teacher.disagreed)),
            "?" if teacher.error is None else f"{teacher.error:.1%}",
            interval,
        )
    out().print(grid)
    if report.agreement is not None:
        show(f"{report.shared_tasks:,} tasks have several teachers' answers; on {report.agreement:.1%} they agree.")
    show(report.note)
    if report.again:
        waiting = f"{len(report.again):,} tasks wait" if len(report.again) > 1 else "A task waits"
        show(
            f"{waiting} for a second teacher, who is asked first with: quickstudy work FILE -j JOURNAL --by NAME. "
            f"Or answer the oldest with: quickstudy teach {report.again[0]} ANSWER --by NAME -j JOURNAL"
        )
    if report.contradictions and contradictions:
        grid = grid_of(f"Contradictions ({report.contradictions_found:,})", ["situation", "first", "then"])
        for found in report.contradictions[:contradictions]:
            one, other = (f"{said.answer} ({_name(said.by)})" for said in found.said)
            words = in_words(found.situation)
            grid.add_row(words if found.other is None else f"{words}\n{in_words(found.other)}", one, other)
        out().print(grid)


def _name(name: str) -> str:
    return name or "(no name)"
