"""All commands in one place, in the order of the help page.

Not here: what they do; each group of verbs has its own file.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer

from quickstudy.cli import autonomy, demo, inspection, jobs, journals, lessons, options, review, serving, teaching, work
from quickstudy.errors import InputError

app = typer.Typer(
    name="quickstudy",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"quickstudy {version('quickstudy')}")
        raise typer.Exit


@app.callback()
def quickstudy(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A learner that you put on a job: it learns while doing the work, remembers exactly, and merges.

    Start with [bold]quickstudy demo[/], then [bold]quickstudy init[/] and [bold]quickstudy work[/] on your own table.
    """


_PANELS: dict[str, list[Callable[..., None]]] = {
    "Start": [demo.demo, jobs.init],
    "Work": [work.work, inspection.evaluate, lessons.decide, lessons.teach, lessons.reject],
    "Autonomy": [autonomy.configure, autonomy.what_if, autonomy.verify, autonomy.pause, autonomy.resume],
    "Look and keep": [
        inspection.report,
        teaching.teachers,
        review.review,
        inspection.replay,
        journals.merge,
        journals.forget,
        journals.export_lessons,
        journals.import_lessons,
    ],
}
_NAMES = {"export_lessons": "export", "import_lessons": "import", "what_if": "what-if"}

for panel, commands in _PANELS.items():
    for command in commands:
        app.command(_NAMES.get(command.__name__, command.__name__), rich_help_panel=panel)(command)
app.command("serve", rich_help_panel="Serve")(serving.serve)
app.command("backup", rich_help_panel="Serve")(serving.backup)
app.add_typer(serving.token, name="token", rich_help_panel="Serve")
app.add_typer(options.app, name="options", rich_help_panel="Look and keep")


def usage_error(error: Exception) -> InputError | None:
    """A wrong use of the command line (an unknown option, a missing argument) as our own error; None for others.

    Typer's own exceptions are told by what they offer: versions of Typer take them from different packages.
    """
    describe = getattr(error, "format_message", None)
    if not callable(describe):
        return None
    return InputError(str(describe()), next_step="Read: quickstudy --help", code="usage")
