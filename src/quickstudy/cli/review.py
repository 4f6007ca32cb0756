"""``review``: tasks of many steps, looked back at: how the expected return went, and which step turned it.

Invariant: it writes nothing to the journal. Not here: the numbers (:mod:`quickstudy.review`).
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from quickstudy.cli.asking import in_words
from quickstudy.cli.console import JournalArgument, JsonOption, grid_of, moment, out, print_json, show
from quickstudy.cli.opening import open_for_reading
from quickstudy.errors import InputError

if TYPE_CHECKING:
    from quickstudy.learner import Learner
    from quickstudy.review import Review, ReviewStep


def review(
    journal: JournalArgument,
    task: Annotated[
        str | None, typer.Argument(help="The task's id, or 'last'. Without it, the tasks are listed.")
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="How many steps to show: those that changed most.")] = 8,
    limit: Annotated[int, typer.Option(min=1, help="How many tasks to list, the newest.")] = 20,
    plot: Annotated[Path | None, typer.Option(help="Draw the task's expected return: a .png or .svg.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Look back at tasks of many steps: what was expected at each, and which step turned it.

    For example:

      quickstudy review ward.db

      quickstudy review ward.db case-17 --plot case-17.png

      quickstudy review ward.db last --json
    """
    with open_for_reading(journal) as learner:
        if task is None:
            if plot is not None:
                raise InputError("--plot draws one task.", next_step="Name the task, or 'last'.", code="usage")
            _list(learner, limit, as_json=as_json)
            return
        if task == "last":
            known = [summary.task for summary in learner.tasks() if summary.steps]
            task = known[-1] if known else task
        found = learner.review(task)
    if plot is not None:
        from quickstudy.cli.plots import plot_review

        plot_review(found.to_dict(), plot)
    if as_json:
        print_json(found.to_dict())
        return
    _show(found, steps, journal)
    if plot is not None:
        show(f"Plot: {plot}")


def _list(learner: Learner, limit: int, *, as_json: bool) -> None:
    tasks, wanted = learner.tasks(), learner.wanted()
    if as_json:
        listed = [asdict(task) for task in tasks[-limit:]]
        print_json({"tasks": listed, "count": len(tasks), "wanted": [asdict(one) for one in wanted]})
        return
    if not tasks:
        show("No tasks of many steps yet. Begin one with: learner.task()")
        return
    grid = grid_of(f"The newest {min(limit, len(tasks)):,} of {len(tasks):,} tasks", ["task", "state", "steps"])
    for column in ("outcome", "return", "began"):
        grid.add_column(column, justify="right", min_width=len(column), no_wrap=True)
    for task in tasks[-limit:]:
        outcome = "" if task.outcome is None else f"{task.outcome:g}"
        grid.add_row(task.task, task.state, f"{task.steps:,}", outcome, f"{task.total:.3g}", moment(task.began))
    out().print(grid)
    if wanted:
        best = wanted[0].lesson
        show(
            f"It would learn most from {_a(best.lesson)} (up to {best.bits:.1f} bits) on {wanted[0].task}: {best.what}."
        )
    show(f"Look at one with: quickstudy review JOURNAL {tasks[-1].task}")


def _show(review: Review, count: int, journal: str) -> None:
    console = out()
    outcome = "no outcome" if review.outcome is None else f"outcome {review.outcome:g}"
    steps = "1 step" if len(review.steps) == 1 else f"{len(review.steps):,} steps"
    console.print(
        Text.assemble(
            ("Task ", ""),
            (review.task, "bold"),
            f" ({review.state}): {steps}, {outcome}, return {review.total:.3g}",
        ),
        soft_wrap=True,
    )
    if review.turned is None:
        show("What to expect is not known yet: no other task has ended.")
    else:
        turn = next(step for step in review.steps if step.step == review.turned)
        change = review.change or 0.0
        words = f"expected {abs(change):.3g} {'better' if change > 0 else 'worse'} after it than before"
        if abs(change) < (turn.sd or 0.0):
            show(f"No step clearly turned it. Most at step {review.turned:,}: {words}, less than what is not known.")
        else:
            said = f"There it said {turn.answer!r} to {in_words(turn.situation, 60)}."
            show(f"Step {review.turned:,} turned it: {words}. {said}")
        _draw(review)
    grid = grid_of("The steps that changed most", [])
    for column in ("step", "expected", "received", "error"):
        grid.add_column(column, justify="right", min_width=len(column), no_wrap=True)
    grid.add_column("answer", overflow="fold", min_width=8)
    grid.add_column("situation", overflow="ellipsis", no_wrap=True)
    for step in _telling(review, count):
        style = "bold" if step.step == review.turned else ""
        answer = (
            f"{step.answer} (taught: {step.taught})" if step.taught not in (None, step.answer) else step.answer or ""
        )
        numbers = [_number(step.value), _number(step.reward), _number(step.error)]
        grid.add_row(f"{step.step:,}", *numbers, answer, in_words(step.situation, 24), style=style)
    console.print(grid)
    if review.lessons:
        best = review.lessons[0]
        show(f"What would teach most: {_a(best.lesson)} (up to {best.bits:.1f} bits): {best.what}.")
        untaught = [step for step in review.steps if step.taught is None]
        at = next((step for step in untaught if step.step == review.turned), untaught[0] if untaught else None)
        if at is not None and best.lesson != "outcome":
            command = f"quickstudy teach {at.decision_id} ANSWER --journal {shlex.quote(journal)}"
            show(f"Teach step {at.step:,} with: {command}   (other steps' ids: --json)")


def _telling(review: Review, count: int) -> Sequence[ReviewStep]:
    """The steps with the largest errors, the turn and the last, in order."""
    by_error = sorted(review.steps, key=lambda step: -abs(step.error or 0.0))
    first = [step for step in review.steps if step.step == review.turned]
    chosen = {step.step: step for step in [*first, review.steps[-1], *by_error][: max(count, 1)]}
    return [chosen[number] for number in sorted(chosen)]


def _draw(review: Review) -> None:
    """The path of the expected return: from 0 to 1 where it stays there, else from its lowest to its highest."""
    values = [step.value for step in review.steps if step.value is not None]
    if len(values) > 1:
        from quickstudy.cli.curves import Curve, plot

        low, high = min(values), max(values)
        if low >= -0.3 and high <= 1.3:
            low, high = 0.0, 1.0
        size = (high - low) or 1.0
        path = Curve([(value - low) / size for value in values], "cyan")
        drawn = plot([path], total=len(values), unit="steps", height=6, label=lambda y: _short(low + y * size))
        out().print("Expected return")
        out().print(drawn)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _short(value: float) -> str:
    """A number in about 4 characters, for an axis."""
    size = abs(value)
    return f"{value:.1f}" if size < 10 else f"{value:.0f}" if size < 1_000 else f"{value / 1_000:.0f}k"
