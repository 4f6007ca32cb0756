"""``serve``, ``token`` and ``backup``: the desk's server, who may call it, and copies of its journals.

Not here: the server (:mod:`quickstudy.serve`).
"""

from __future__ import annotations

import datetime
import time
from pathlib import Path
from typing import Annotated

import typer

from quickstudy.cli.console import JsonOption, grid_of, out, print_json, print_json_line, say, show
from quickstudy.errors import InputError, MissingExtraError

token = typer.Typer(no_args_is_help=True, help="Who may call a server: make, list and revoke tokens.")

FolderOption = Annotated[Path, typer.Option("--folder", "-f", help="The jobs folder.")]
DAY = 86_400.0


def serve(
    folder: Annotated[
        Path, typer.Argument(metavar="[JOBS_FOLDER]", help="The jobs: each NAME.toml with its journal NAME.db.")
    ] = Path("."),
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.")] = 8421,
    host: Annotated[str, typer.Option(help="The address; any that others can reach needs tokens.")] = "127.0.0.1",
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="A name by which callers address the server. Repeat it.")
    ] = None,
    tokens: Annotated[bool, typer.Option("--tokens", help="Ask for tokens on this machine too.")] = False,
    database: Annotated[
        str | None,
        typer.Option(
            help="A PostgreSQL URL for the journals, to be shared by several servers.", envvar="QUICKSTUDY_DATABASE"
        ),
    ] = None,
    https: Annotated[bool, typer.Option("--https", help="People reach it by https, through a proxy.")] = False,
    rate: Annotated[float, typer.Option(help="Requests a second that one token may send.")] = 1000.0,
    max_body: Annotated[int, typer.Option(help="Bytes of a request, at most.")] = 1_000_000,
    as_json: JsonOption = False,
) -> None:
    """Serve the learners of a folder: HTTP for programs, a page for people. Needs the extra serve.

    For example:

      quickstudy serve jobs

      quickstudy serve jobs --host 0.0.0.0 --allowed-host desk.example.com --https
    """
    try:
        from quickstudy.serve.running import run
        from quickstudy.serve.settings import ServerSettings
    except ImportError as error:
        raise MissingExtraError((error.name or "fastapi").split(".")[0], "serve") from error
    settings = ServerSettings(
        folder,
        host=host,
        port=port,
        tokens=True if tokens else None,
        allowed_hosts=tuple(allowed_host or ()),
        database=database,
        https=https,
        rate=rate,
        burst=2 * rate,
        max_body=max_body,
    )

    def started(address: str) -> None:
        jobs = sum(1 for file in folder.glob("*.toml") if not file.name.startswith("."))
        if as_json:
            print_json_line({"address": address, "jobs": jobs, "tokens": settings.needs_tokens})
            return
        who = "Callers need a token." if settings.needs_tokens else "Everybody on this machine may do everything."
        say(f"The desk is open at {address} with {jobs:,} {'job' if jobs == 1 else 'jobs'}. {who} Ctrl-C closes it.")

    run(settings, started=started)


@token.command("add")
def add_token(
    name: Annotated[str, typer.Argument(help="Who it is for; the journal names them.")],
    role: Annotated[str, typer.Option("--role", "-r", help="work, teach, review or admin.")],
    job: Annotated[list[str] | None, typer.Option("--job", help="A job it may use. Repeat it. Default: all.")] = None,
    days: Annotated[float | None, typer.Option(help="It ends after so many days. Default: never.")] = None,
    folder: FolderOption = Path("."),
    as_json: JsonOption = False,
) -> None:
    """Make a token. It is shown now and never again; the folder keeps its hash.

    For example:

      quickstudy token add shop --role work --job route --days 90

      quickstudy token add anna --role review --folder jobs
    """
    from quickstudy.serve.tokens import Tokens

    if days is not None and not 0 < days <= 36_500:
        raise InputError(f"--days is {days:g}.", next_step="Give a number above 0, at most 36500.")
    expires = None if days is None else time.time() + days * DAY
    secret, made = Tokens(_existing(folder)).add(name, role, jobs=job, expires=expires)
    if as_json:
        print_json({**made.to_dict(), "token": secret})
        return
    show(secret)
    say(f"The token of {made.name!r}, who may {made.role}. Keep it now: it is not shown again.")


@token.command("list")
def list_tokens(folder: FolderOption = Path("."), as_json: JsonOption = False) -> None:
    """Show the tokens: for whom, which role, which jobs, until when.

    For example:

      quickstudy token list --folder jobs
    """
    from quickstudy.serve.tokens import Tokens

    found = Tokens(_existing(folder)).all()
    if as_json:
        print_json([one.to_dict() for one in found])
        return
    if not found:
        show("There are no tokens.")
        return
    grid = grid_of("Tokens", ["name", "role", "jobs", "ends"])
    for one in found:
        ended = one.expires is not None and not one.live(time.time())
        ends = (
            "never" if one.expires is None else datetime.datetime.fromtimestamp(one.expires).isoformat(" ", "minutes")
        )
        grid.add_row(
            one.name, one.role, "all" if one.jobs is None else ", ".join(one.jobs), "expired" if ended else ends
        )
    out().print(grid)


@token.command("revoke")
def revoke_token(
    name: Annotated[str, typer.Argument(help="Whose.")], folder: FolderOption = Path("."), as_json: JsonOption = False
) -> None:
    """Take a token away. It opens nothing from now on, also at a server that runs.

    For example:

      quickstudy token revoke shop --folder jobs
    """
    from quickstudy.serve.tokens import Tokens

    gone = Tokens(_existing(folder)).revoke(name)
    if as_json:
        print_json({"revoked": gone.to_dict()})
    else:
        show(f"The token of {gone.name!r} opens nothing any more.")


def backup(
    source: Annotated[Path, typer.Argument(metavar="JOURNAL_OR_FOLDER", help="A journal, or a jobs folder.")],
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="A new file, or a new folder.")],
    as_json: JsonOption = False,
) -> None:
    """Copy a journal, or a jobs folder, while it is being worked with. The copies are opened and checked.

    For example:

      quickstudy backup jobs backups/monday

      quickstudy backup route.db route-monday.db
    """
    from quickstudy.serve.backup import back_up, back_up_folder

    if not source.exists():
        raise InputError(f"There is no {str(source)!r}.", next_step="Give a journal or a jobs folder.")
    made = back_up_folder(source, target) if source.is_dir() else [back_up(source, target)]
    if as_json:
        print_json([{"file": str(one.file), "events": one.events} for one in made])
        return
    for one in made:
        show(f"{one.file}: {one.events:,} events, checked.")


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise InputError(f"There is no folder {str(folder)!r}.", next_step="Give the jobs folder with --folder.")
    return folder
