"""``mcp``: a learner as a tool of other programs' agents.

Not here: the protocol and its tools (``quickstudy.adapters.mcp``).
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from quickstudy.cli.console import JsonOption, print_json


def mcp(
    journal: Annotated[
        Path,
        typer.Argument(
            metavar="JOURNAL_OR_FOLDER", help="A journal, or a folder with NAME.toml and NAME.db beside it."
        ),
    ],
    job: Annotated[Path | None, typer.Option(help="The job file, if there is no journal yet.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Serve a learner to agents, as a Model Context Protocol server on standard input and output.

    A client program starts this command itself. With --json it only prints the entry for such a client's configuration.

    For example:

      quickstudy mcp route.db --job route.toml

      quickstudy mcp jobs/

      quickstudy mcp route.db --json
    """
    from quickstudy.adapters.mcp import LocalJobs, serve_stdio

    jobs = LocalJobs.find(journal, job)
    if as_json:
        words = ["mcp", str(journal.absolute()), *([] if job is None else ["--job", str(job.absolute())])]
        command = {"command": sys.executable, "args": ["-m", "quickstudy", *words]}
        print_json({"mcpServers": {"quickstudy": command}})
        return
    with contextlib.suppress(KeyboardInterrupt):
        serve_stdio(jobs)
