"""Printing what a learner does alone: the promise, word for word, the ledgers, the nines.

Invariant: reads an account and changes nothing. Not here: how it is computed (:mod:`quickstudy.autonomy.account`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quickstudy.cli.console import grid_of, out, show

if TYPE_CHECKING:
    from quickstudy.autonomy.account import Account


def show_account(account: Account) -> None:
    """Prints the section of the report about autonomy."""
    from quickstudy.autonomy.account import NOT_PROMISED, STOOD_BEHIND

    if not account.decisions:
        return
    share, recent = account.share_alone or 0.0, account.recent_share_alone or 0.0
    show(
        f"Alone: {account.alone:,} of {account.decisions:,} decisions ({share:.1%}; {recent:.1%} of the last 200); "
        f"{account.audits:,} audits ({account.audits_waiting:,} waiting), {account.asked:,} asked."
    )
    show(account.promise())
    show(f"{STOOD_BEHIND} {NOT_PROMISED}")
    if not account.settings["active"]:
        show("It is off: everything is asked. Start it with: quickstudy configure JOURNAL --target-error 0.02")
    elif account.settings["paused"]:
        show("It is paused: everything is asked. Go on with: quickstudy resume JOURNAL")
    _show_ledgers(account)
    if account.ledgers:
        _show_nines(account)
    if account.saving is not None:
        saving = account.saving
        show(
            f"Saved: about {saving.expected:,.2f}, at least {saving.least:,.2f}, of {saving.asking:,.2f} that asking "
            "about everything would have cost."
        )


def _show_ledgers(account: Account) -> None:
    columns = [
        "ledger",
        "part",
        "state",
        "stood behind",
        "found wrong",
        "wait",
        "un- checked",
        "wrong of these ≤",
        "U",
    ]
    grid = grid_of("Ledgers", columns)
    for line in account.ledgers:
        state = line.state if line.state in {"alone", "shadow"} else "closed"
        grid.add_row(
            line.name,
            "?" if line.segment is None else line.segment or "all",
            state,
            f"{line.answers:,}",
            f"{line.errors:,}",
            f"{line.pending:,}",
            f"{line.unchecked:,}",
            f"{line.can_still_be_wrong:,}",
            f"{line.bound:,} ({line.bound / max(line.answers, 1):.1%})",
        )
    if account.ledgers:
        out().print(grid)
    for line in account.ledgers:
        if line.state not in {"alone", "shadow"}:
            show(f"Ledger {line.name} was closed: {line.state}.")
        if line.corrections or line.confirmed:
            show(
                f"Ledger {line.name}: {line.corrections:,} answers given alone were corrected unasked, "
                f"{line.confirmed:,} confirmed."
            )


def _show_nines(account: Account) -> None:
    grid = grid_of("Nines", ["reliability", "proven", "would be done alone", "clean audits until it opens"])
    for nine in account.nines:
        grid.add_row(
            f"{nine.reliability:.2%}",
            "yes" if nine.proven else "no",
            f"{nine.share_alone:.1%}",
            f"{nine.clean_audits:,}",
        )
    out().print(grid)
