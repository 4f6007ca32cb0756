"""The command line: ``quickstudy``. Thin: every command calls the library and shows what it returns.

Invariants: a :class:`~quickstudy.errors.QuickstudyError` is printed without traceback (as JSON with ``--json``), exit
code 2 for the caller's mistake and 1 otherwise; Ctrl-C exits with 130. ``quickstudy --help`` loads no model.
Not here: the commands themselves (one file a group of verbs; see ``app``).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main", "run"]


def main() -> None:
    """The entry point of the command ``quickstudy``; ends the process."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Runs one command.

    Args:
        arguments: the words after ``quickstudy``.

    Returns:
        The exit code: 0, 1 (our error), 2 (the caller's mistake) or 130 (stopped with Ctrl-C).
    """
    from quickstudy.cli.app import app, usage_error
    from quickstudy.cli.console import EXIT_INTERRUPTED, print_error, say
    from quickstudy.errors import QuickstudyError

    as_json = "--json" in arguments
    try:
        result = app(args=list(arguments), prog_name="quickstudy", standalone_mode=not as_json)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except QuickstudyError as error:
        return print_error(error, as_json=as_json)
    except OSError as error:
        where = f" {error.filename!r}" if error.filename else ""
        reason = f"The system refused{where}: {error.strerror or error}."
        return print_error(QuickstudyError(reason, code="system"), as_json=as_json)
    except KeyboardInterrupt:
        say("Stopped. What was acknowledged is kept.")
        return EXIT_INTERRUPTED
    except Exception as error:
        usage = usage_error(error) if as_json else None
        if usage is None:
            raise
        return print_error(usage, as_json=True)
    return result if isinstance(result, int) else 0
