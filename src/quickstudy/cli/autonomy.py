"""``configure``, ``pause``, ``resume``, ``what-if`` and ``verify``: what a learner may do alone, and the proof.

Invariant: ``what-if`` and ``verify`` write nothing. Not here: the rules (:mod:`quickstudy.autonomy`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from quickstudy.autonomy.settings import Autonomy
from quickstudy.cli.console import EXIT_OURS, JournalArgument, JsonOption, grid_of, out, print_json, say, show
from quickstudy.cli.opening import existing, open_for_learning, open_for_reading


def configure(
    journal: JournalArgument,
    target_error: Annotated[
        float | None, typer.Option(help="The share of wrong answers you accept; starts autonomy.")
    ] = None,
    confidence: Annotated[float | None, typer.Option(help="How sure the guarantee is, 0.95 at first.")] = None,
    q_min: Annotated[float | None, typer.Option("--q-min", help="The least probability of an audit.")] = None,
    guarantee_by: Annotated[
        str | None, typer.Option(help="A guarantee for each 'answer', or each value of a field; 'none' for one of all.")
    ] = None,
    always_ask: Annotated[
        list[str] | None, typer.Option(help="An option never answered alone. Repeat. 'none' for no option.")
    ] = None,
    per_hour: Annotated[int | None, typer.Option(help="At most so many answers alone an hour; -1 for no cap.")] = None,
    per_day: Annotated[int | None, typer.Option(help="At most so many a day; -1 for no cap.")] = None,
    price_wrong: Annotated[float | None, typer.Option(help="What a wrong answer costs.")] = None,
    price_ask: Annotated[float | None, typer.Option(help="What asking costs.")] = None,
    price_audit: Annotated[float | None, typer.Option(help="What an audit costs.")] = None,
    ask_twice: Annotated[float | None, typer.Option(help="The share of tasks to put to a second teacher.")] = None,
    off: Annotated[bool, typer.Option("--off", help="Answer nothing alone; go on counting in shadow.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what a learner may answer alone. Without options: show it. Every change is kept in the journal.

    For example:

      quickstudy configure route.db --target-error 0.02

      quickstudy configure route.db --always-ask fraud --per-hour 100
    """
    changes: dict[str, Any] = {
        "target_error": target_error,
        "confidence": confidence,
        "q_min": q_min,
        "price_wrong": price_wrong,
        "price_ask": price_ask,
        "price_audit": price_audit,
        "ask_twice": ask_twice,
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    for name, cap in (("per_hour", per_hour), ("per_day", per_day)):
        if cap is not None:
            changes[name] = None if cap == -1 else cap
    if guarantee_by is not None:
        changes["guarantee_by"] = None if guarantee_by == "none" else guarantee_by
    if always_ask:
        changes["always_ask"] = [] if always_ask == ["none"] else always_ask
    if off:
        changes["active"] = False
    if not changes:
        with open_for_reading(journal) as learner:
            settings = learner.autonomy
    else:
        existing(journal)
        with open_for_learning(journal) as learner:
            settings = learner.configure(**changes)
    _settings(settings.to_dict(), as_json=as_json)


def pause(journal: JournalArgument, as_json: JsonOption = False) -> None:
    """Stop answering alone at once: everything is asked, and nothing counts, until `resume`.

    For example:

      quickstudy pause route.db
    """
    existing(journal)
    with open_for_learning(journal) as learner:
        _settings(learner.pause().to_dict(), as_json=as_json)


def resume(journal: JournalArgument, as_json: JsonOption = False) -> None:
    """Go on after `pause`.

    For example:

      quickstudy resume route.db
    """
    existing(journal)
    with open_for_learning(journal) as learner:
        _settings(learner.resume().to_dict(), as_json=as_json)


def what_if(
    journal: JournalArgument,
    target_error: Annotated[
        list[float] | None, typer.Option("--target-error", "-t", help="A candidate. Repeat. Default: six usual ones.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw it: a .png, .svg or .pdf.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Forecast what another target would do: the share done alone, audits, the bound. Changes nothing.

    Audits a day are shown once the journal spans a week, at the pace of its last seven days.

    For example:

      quickstudy what-if route.db

      quickstudy what-if route.db -t 0.01 -t 0.02 -t 0.05 --plot slider.png
    """
    with open_for_reading(journal) as learner:
        forecasts = [forecast.to_dict() for forecast in learner.what_if(target_error or None)]
    if plot is not None:
        from quickstudy.cli.plots import plot_what_if

        plot_what_if(forecasts, plot)
    if as_json:
        print_json(forecasts)
        return
    tasks = forecasts[0]["tasks"]
    if not tasks:
        show("There are no decisions yet, so there is nothing to forecast from.")
        return
    a_day = ["audits a day"] if forecasts[0]["audits_a_day"] is not None else []
    audits = ["audits per 1,000", *a_day]
    columns = ["target", "alone", "asked", *audits, "bound then", "clean audits until it opens"]
    grid = grid_of(f"If the last {tasks:,} tasks came again", columns)
    for row in forecasts:
        share = row["bound_share"]
        grid.add_row(
            f"{row['target_error']:.2%}",
            f"{row['share_alone']:.1%}",
            f"{row['share_asked']:.1%}",
            f"{row['audits_per_1000']:,.0f}",
            *([f"{row['audits_a_day']:,.1f}"] if a_day else []),
            "" if share is None else f"{share:.2%}",
            f"{row['clean_audits']:,}",
        )
    out().print(grid)
    if plot is not None:
        say(f"Plot: {plot}")


def verify(journal: JournalArgument, as_json: JsonOption = False) -> None:
    """Compute every coin, verdict and bound again, from the journal alone. Exits with 1 if anything does not fit.

    For example:

      quickstudy verify route.db
    """
    from quickstudy.autonomy.verify import verify as compute
    from quickstudy.journal import Journal

    with Journal.open(existing(journal), identity=None, read_only=True) as opened, opened.view():
        found = compute(opened)
    if as_json:
        print_json(found.to_dict())
    else:
        columns = ["ledger", "part", "stood behind", "alone", "looked at", "wrong", "wait", "bound", "C"]
        grid = grid_of("Ledgers, computed again", columns)
        for ledger in found.ledgers:
            grid.add_row(
                ledger.name + (" (closed)" if ledger.closed else ""),
                "?" if ledger.segment is None else ledger.segment or "all",
                f"{ledger.answers:,}",
                f"{ledger.alone:,}",
                f"{ledger.audited:,}",
                f"{ledger.errors:,}",
                f"{ledger.pending:,}",
                f"{ledger.bound:,} ({ledger.share:.2%})",
                f"{ledger.confidence:.3%}",
            )
        if found.ledgers:
            out().print(grid)
        show(
            f"{found.decisions:,} decisions, {found.coins:,} coins, {found.bounds:,} bounds, {found.verdicts:,} first "
            f"verdicts computed again; {found.forgotten:,} forgotten decisions without a score."
        )
        for problem in found.problems[:20]:
            show(f"  {problem.event}: {problem.what}")
        if found.others:
            show(f"{found.others:,} decisions are other learners': verify those in their own journals.")
        if not found.right:
            show(f"{found.problem_count:,} do not fit.")
        elif found.decisions:
            show("Everything fits.")
        else:
            show("This journal's own learner has decided nothing, so there was nothing to verify.")
    if not found.right:
        raise typer.Exit(EXIT_OURS)


def _settings(settings: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(settings)
        return
    if settings["paused"]:
        show("Paused: everything is asked, nothing counts.")
    elif not settings["active"]:
        show("Off: everything is asked; what it would have stood behind counts in shadow.")
    else:
        target = Autonomy.from_dict(settings).target
        show(f"It answers alone where it has shown that at most {target:.2%} are wrong.")
    grid = grid_of("Settings", ["setting", "value"])
    for name, value in settings.items():
        text = ", ".join(value) if isinstance(value, list) else value
        grid.add_row(name, "none" if text is None or text == "" else str(text))
    out().print(grid)
