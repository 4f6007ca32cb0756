"""Asking a person at the terminal: the situation, the best guesses, number keys, free text.

Invariant: an answer that this returns is one the learner can take; anything else is asked again.
Not here: what happens with the answer (``work``).
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console
from rich.text import Text

from quickstudy.types import Decision, Situation

SHOWN_GUESSES, SHOWN_BLIND = 5, 9
NONE, SKIP, QUIT = "n", "s", "q"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the person said: an answer, or that none is right, or to skip (none of these three), or to stop."""

    answer: str | None = None
    none: bool = False
    stop: bool = False


def ask(
    decision: Decision,
    options: Collection[str],
    *,
    is_open: bool,
    console: Console,
    blind: bool = False,
    answers: TextIO | None = None,
) -> Reply:
    """Shows a decision and asks for the right answer.

    Args:
        decision: what the learner proposes.
        options: the names that are options now.
        is_open: whether a new name may be given.
        console: where to show it.
        blind: keeps back what the learner thinks: the options are shown by name, without guesses and evidence.
        answers: where the person's lines come from; standard input if None.

    Raises:
        KeyboardInterrupt: the person pressed Ctrl-C.
    """
    lines = sys.stdin if answers is None else answers
    if blind:
        guesses = sorted(options, key=str.casefold)[:SHOWN_BLIND]
    else:
        guesses = [name for name, _ in decision.probabilities.top(SHOWN_GUESSES) if name in options]
    console.print(Text.assemble("\n", (in_words(decision.situation), "bold")), soft_wrap=True)
    for number, name in enumerate(guesses, 1):
        line = Text(f"  {number} ")
        line.append(name, style="cyan")
        if not blind:
            line.append(f"  {decision.probabilities[name]:.0%}", style="dim")
        console.print(line, soft_wrap=True)
    if blind:
        if len(options) > len(guesses):
            console.print(Text(f"  and {len(options) - len(guesses):,} more, by name", style="dim"))
    elif decision.evidence.neighbours:
        nearest = decision.evidence.neighbours[0]
        if nearest.situation is not None:
            console.print(Text(f"  like: {in_words(nearest.situation, 60)} → {nearest.answer}", style="dim"))
    keys = f"1-{len(guesses)}, " if guesses else ""
    while True:
        console.print(Text(f"Answer ({keys}a name, {NONE} = none is right, {SKIP} = skip, {QUIT} = quit): "), end="")
        line_read = lines.readline()
        if not line_read:
            return Reply(stop=True)
        said = line_read.strip()
        if said == SKIP:
            return Reply()
        if said == NONE:
            return Reply(none=True)
        if said == QUIT:
            return Reply(stop=True)
        if said.isascii() and said.isdigit() and 1 <= int(said) <= len(guesses):
            return Reply(guesses[int(said) - 1])
        name = said.removeprefix("=").strip()  # "=s" is an option with the name "s"
        chosen = _option(name, options)
        if chosen is not None:
            return Reply(chosen)
        if name and is_open:
            return Reply(name)
        if name:
            near = [option for option in options if name.casefold() in option.casefold()][:8]
            hint = f" Near: {', '.join(near)}." if near else ""
            console.print(Text(f"There is no option {name!r}.{hint}", style="yellow"), soft_wrap=True)


def in_words(situation: Situation, limit: int = 300) -> str:
    """A situation on one line, cut to ``limit`` characters."""
    if isinstance(situation, str):
        text = situation
    elif isinstance(situation, Mapping):
        text = ", ".join(f"{name}: {value}" for name, value in situation.items() if value is not None)
    else:
        text = f"array of {len(situation)} numbers"
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _option(name: str, options: Collection[str]) -> str | None:
    if name in options:
        return name
    alike = [option for option in options if option.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else None
