"""What every command shares: where output goes, JSON, progress bars, errors, and stopping with Ctrl-C.

Invariants: results go to standard output, everything else (progress, hints, errors) to standard error; with ``--json``
standard output holds JSON and nothing else. Ctrl-C never tears an event: it stops between two rows.
Not here: any command.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import math
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer
from rich.console import Console
from rich.text import Text

from quickstudy.errors import InputError, QuickstudyError

if TYPE_CHECKING:
    from rich.table import Table

JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, nothing else.")]
JOURNAL_HELP = "The learner's journal: a file, or a postgresql:// URL."
JournalOption: TypeAlias = Annotated[
    str, typer.Option("--journal", "-j", help=JOURNAL_HELP, envvar="QUICKSTUDY_JOURNAL", show_envvar=True)
]
JournalArgument: TypeAlias = Annotated[str, typer.Argument(metavar="JOURNAL", help=JOURNAL_HELP)]

EXIT_OURS = 1
EXIT_INPUT = 2
EXIT_INTERRUPTED = 130


def out() -> Console:
    """The console of standard output. What people wrote is never read as rich's markup."""
    return Console(highlight=False, soft_wrap=False, markup=False, emoji=False)


def err() -> Console:
    """The console of standard error."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def say(text: str) -> None:
    """Prints one line for the reader on standard error; a terminal breaks it between words, unless it is a command."""
    console = err()
    console.print(Text(text), soft_wrap=not console.is_terminal or text.startswith("  "))


def show(text: str) -> None:
    """Prints one line of a result on standard output."""
    out().print(Text(text), soft_wrap=True)


def print_json(data: Any) -> None:
    """Prints one JSON document on standard output; NaN and infinity become null."""
    sys.stdout.write(json.dumps(finite(data), ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def print_json_line(data: Any) -> None:
    """Prints one JSON document on one line."""
    sys.stdout.write(json.dumps(finite(data), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def finite(data: Any) -> Any:
    """Plain data without NaN and infinity, which JSON does not know."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {str(key): finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [finite(value) for value in data]
    if data is None or isinstance(data, str | int | bool):
        return data
    return str(data)


def moment(seconds: float) -> str:
    """A time in UTC, to the minute; as seconds where no calendar holds it.

    >>> moment(0.0)
    '1970-01-01 00:00'
    """
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.3g} s"


def grid_of(title: str, columns: Iterable[str]) -> Table:
    """An empty table for the terminal: columns of words to the left, of numbers to the right."""
    from rich.table import Table

    grid = Table(title=title, title_justify="left", title_style="bold", header_style="dim", pad_edge=False)
    for column in columns:
        grid.add_column(column, justify="left" if column in _WORDS else "right", overflow="fold")
    return grid


_WORDS = {
    *("taught", "proposed", "right", "answered", "decision", "situation"),
    *("task", "answer"),
    *("teacher", "first", "then", "ledger", "part", "state", "setting", "value"),
    *("name", "role", "jobs", "ends"),
}


def print_error(error: QuickstudyError, *, as_json: bool) -> int:
    """Prints an error without traceback.

    Returns:
        The process's exit code: 2 for the caller's mistake, 1 for anything else.
    """
    if as_json:
        print_json({"error": {"code": error.code, "message": error.message, "next_step": error.next_step}})
    else:
        line = Text.assemble(("Error: ", "bold red"), error.message)
        if error.next_step:
            line.append(f"\n{error.next_step}", style="dim")
        err().print(line, soft_wrap=True)
    return EXIT_INPUT if isinstance(error, InputError) else EXIT_OURS


@contextlib.contextmanager
def progress(what: str, total: int | None, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, off where that is not a terminal.

    Args:
        what: what is done.
        total: how many steps, if known.
        quiet: show nothing.

    Yields:
        A function to call with how many steps were done just now.
    """
    console = err()
    if quiet or not console.is_terminal:
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda steps: bar.advance(task, steps)


def tracked(items: Iterable[Any], what: str, total: int | None, *, quiet: bool = False) -> Iterator[Any]:
    """Yields the items under a progress bar."""
    with progress(what, total, quiet=quiet) as advance:
        for item in items:
            yield item
            advance(1)


class Stop:
    """Ctrl-C as a flag, so that work stops between two rows and never inside one. A context manager.

    The first Ctrl-C sets :attr:`requested`; while :meth:`listening` (waiting for a person) it raises
    KeyboardInterrupt at once.
    """

    def __init__(self) -> None:
        self.requested = False
        self._listening = False
        self._before: Any = None

    def __enter__(self) -> Stop:
        with contextlib.suppress(ValueError):  # not the main thread: Ctrl-C does not arrive here anyway
            self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """While a person is asked: Ctrl-C interrupts at once."""
        if self.requested:
            raise KeyboardInterrupt
        self._listening = True
        try:
            yield
        finally:
            self._listening = False

    def _handle(self, _signal: int, _frame: FrameType | None) -> None:
        self.requested = True
        if self._listening:
            raise KeyboardInterrupt
