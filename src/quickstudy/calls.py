"""Calls of a model that a learner stands in front of: how many it saved, as far as is known.

Kept with the journal: decisions made for such calls are told by their request id, so what was answered alone is exact
and survives everything that the journal survives. The upstream's own calls and tokens are counted beside it; after a
crash the newest ones may be missing. Tokens saved are an estimate: the mean of the calls that told theirs, for each
call answered alone. Not here: the calls themselves (``serve``).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from quickstudy.journal import Journal

PREFIX = "chat-"
"""Request ids that begin like this are of calls."""

_KEY = "upstream-calls"


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent on the upstream.

    Attributes:
        calls: how often it was called.
        failed: how many of these calls failed.
        told: how many told their tokens.
        prompt_tokens: of those that told.
        completion_tokens: of those that told.
    """

    calls: int = 0
    failed: int = 0
    told: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Calls:
    """How many calls were saved.

    Attributes:
        decided: calls on which the learner decided.
        alone: of these, answered alone.
        share_alone: alone / decided; None before the first.
        spent: what the others cost, and those on which it could not decide.
        tokens_saved: an estimate; None if no call told its tokens.
    """

    decided: int
    alone: int
    share_alone: float | None
    spent: Spent
    tokens_saved: int | None

    def line(self) -> str:
        """The same in one line."""
        alone = "" if self.share_alone is None else f" ({self.share_alone:.1%})"
        saved = "" if self.tokens_saved is None else f"; about {self.tokens_saved:,} tokens saved"
        return (
            f"Of {self.decided:,} calls {self.alone:,}{alone} were answered alone; "
            f"the upstream was called {self.spent.calls:,} times, {self.spent.failed:,} in vain{saved}."
        )


def note_call(journal: Journal, tokens: tuple[int, int] | None, *, failed: bool = False) -> None:
    """Counts one call of the upstream.

    Args:
        journal: the learner's.
        tokens: of the prompt and of the completion, where told.
        failed: whether it failed.
    """
    spent = asdict(spent_so_far(journal))
    spent["calls"] += 1
    spent["failed"] += failed
    if tokens is not None:
        spent["told"] += 1
        spent["prompt_tokens"] += tokens[0]
        spent["completion_tokens"] += tokens[1]
    journal.set_meta(_KEY, json.dumps(spent))


def spent_so_far(journal: Journal) -> Spent:
    """What was spent on the upstream until now."""
    text = journal.get_meta(_KEY)
    return Spent() if text is None else Spent(**json.loads(text))


def calls_of(journal: Journal, decided: int, alone: int) -> Calls | None:
    """How many calls were saved; None where there were none.

    Args:
        journal: the learner's.
        decided: decisions for calls.
        alone: of these, answered alone.
    """
    spent = spent_so_far(journal)
    if not decided and not spent.calls:
        return None
    mean = (spent.prompt_tokens + spent.completion_tokens) / spent.told if spent.told else None
    saved = None if mean is None else round(mean * alone)
    return Calls(decided, alone, alone / decided if decided else None, spent, saved)
