"""What mypy sees of learned functions; checked by mypy, imported by nobody.

A wrong call must be an error: an ignore that is not needed any more is one.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Literal, assert_type

import quickstudy


@quickstudy.learned(target_error=0.02, journal=None)
def route(ticket: str, *, urgent: bool = False) -> Literal["billing", "fraud"]:
    """Has a keyword."""
    return "billing"


@quickstudy.learned
async def is_spam(mail: str) -> bool:
    """Has no parentheses."""
    return True


class Desk:
    """Has a learned method."""

    @quickstudy.learned(journal=None)
    def route(self, ticket: str) -> bool:
        """Has self."""
        return True


async def calls() -> None:
    """Calls all of them."""
    assert_type(route("late", urgent=True), Literal["billing", "fraud"])
    assert_type(await assert_type(is_spam("late"), Coroutine[Any, Any, bool]), bool)
    assert_type(Desk().route("late"), bool)
    assert_type(Desk().route.teach("late", True), quickstudy.Lesson)
    assert_type(route.predict("late"), quickstudy.Decision)
    route(3)  # type: ignore[arg-type]  # a number is no ticket
    route("late", True)  # type: ignore[call-arg]  # urgent is a keyword
    Desk().route()  # type: ignore[call-arg]  # the ticket is missing
