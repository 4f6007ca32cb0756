"""``options``: the answers that a learner chooses from. Every change is journaled, and what was learned follows.

Not here: the options of a job file that has no journal yet (``init``).
"""

from __future__ import annotations

from typing import Annotated

import typer

from quickstudy.cli.console import JournalArgument, JsonOption, print_json, show
from quickstudy.cli.opening import open_for_learning, open_for_reading

app = typer.Typer(
    name="options",
    no_args_is_help=True,
    help="List and change the options of a learner; what was learned follows.",
    pretty_exceptions_enable=False,
)


@app.command("list")
def list_options(journal: JournalArgument, as_json: JsonOption = False) -> None:
    """List the options.

    For example:

      quickstudy options list route.db
    """
    with open_for_reading(journal) as learner:
        names = list(learner.options)
    if as_json:
        print_json({"options": names})
        return
    for name in names:
        show(name)


@app.command("add")
def add(
    journal: JournalArgument,
    name: Annotated[str, typer.Argument(help="The new option.")],
    description: Annotated[str, typer.Option("--description", "-d", help="What it stands for, in words.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Add an option.

    For example:

      quickstudy options add route.db refunds -d "wants money back"
    """
    with open_for_learning(journal) as learner:
        learner.add_option(name, description)
        names = list(learner.options)
    _told(f"Added {name!r}.", names, as_json=as_json)


@app.command("rename")
def rename(
    journal: JournalArgument,
    old: Annotated[str, typer.Argument(help="The option's name now.")],
    new: Annotated[str, typer.Argument(help="Its new name.")],
    as_json: JsonOption = False,
) -> None:
    """Give an option another name.

    For example:

      quickstudy options rename route.db billing invoices
    """
    with open_for_learning(journal) as learner:
        learner.rename_option(old, new)
        names = list(learner.options)
    _told(f"{old!r} is {new!r} now.", names, as_json=as_json)


@app.command("merge")
def merge(
    journal: JournalArgument,
    names: Annotated[list[str], typer.Argument(metavar="OLD... INTO", help="Options, and the one they become.")],
    as_json: JsonOption = False,
) -> None:
    """Let options become one; the last name is the one that stays.

    For example:

      quickstudy options merge route.db refunds chargebacks billing
    """
    if len(names) < 2:
        raise typer.BadParameter("Give at least two names: the options, and the one they become.")
    *old, into = names
    with open_for_learning(journal) as learner:
        for name in old:
            learner.merge_options(name, into)
        left = list(learner.options)
    _told(f"{', '.join(map(repr, old))} became {into!r}.", left, as_json=as_json)


@app.command("retire")
def retire(
    journal: JournalArgument,
    name: Annotated[str, typer.Argument(help="The option that is no longer offered.")],
    as_json: JsonOption = False,
) -> None:
    """Stop offering an option; its lessons are kept.

    For example:

      quickstudy options retire route.db fax
    """
    with open_for_learning(journal) as learner:
        learner.retire_option(name)
        names = list(learner.options)
    _told(f"{name!r} is retired.", names, as_json=as_json)


def _told(what: str, names: list[str], *, as_json: bool) -> None:
    if as_json:
        print_json({"options": names})
    else:
        show(what)
