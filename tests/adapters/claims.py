"""A simulated procedure whose truth is known: claims are registered, checked, asked about again, and decided."""

from __future__ import annotations

import random
from functools import cache

from quickstudy.adapters.event_log import Case, LogEvent

HOURS = {"register": 2.0, "check": 10.0, "ask": 40.0, "decide": 5.0}
"""Mean hours until the next event."""

MOST = 3


def chance(size: str, asked: int) -> float:
    """The chance that a claim that is decided now is paid."""
    return max(0.05, (0.9 if size == "small" else 0.5) - 0.2 * asked)


@cache
def truth(activity: str, size: str, asked: int) -> tuple[float, float]:
    """The true chance of being paid and the true mean of the hours left, after an activity."""
    if activity in ("pay", "refuse"):
        return float(activity == "pay"), 0.0
    if activity == "decide":
        return chance(size, asked), HOURS["decide"]
    after = {"register": [("check", 1.0, asked)], "ask": [("check", 1.0, asked)]}.get(activity)
    if after is None:
        again = 0.4 if asked < MOST else 0.0
        after = [("ask", again, asked + 1), ("decide", 1.0 - again, asked)]
    parts = [(share, *truth(name, size, count)) for name, share, count in after if share]
    return sum(s * p for s, p, _ in parts), HOURS[activity] + sum(s * h for s, _, h in parts)


def claims(count: int, seed: int = 0) -> list[Case]:
    draw, at, cases = random.Random(seed), 1_700_000_000.0, []
    for number in range(count):
        at += draw.expovariate(1 / 3600)
        size, region = draw.choice(["small", "large"]), draw.choice(["north", "south"])
        now, activity, asked, events = at, "register", 0, []
        while True:
            events.append(LogEvent(activity, now, {}))
            if activity in ("pay", "refuse"):
                break
            now += draw.expovariate(1 / HOURS[activity]) * 3600
            if activity in ("register", "ask"):
                activity = "check"
            elif activity == "check":
                activity = "ask" if asked < MOST and draw.random() < 0.4 else "decide"
                asked += activity == "ask"
            else:
                activity = "pay" if draw.random() < chance(size, asked) else "refuse"
        cases.append(Case(f"claim-{seed}-{number}", tuple(events), {"size": size, "region": region}))
    return cases


def paid(case: Case) -> bool:
    return case.events[-1].activity == "pay"


def truth_of(case: Case) -> tuple[float, float]:
    """The truth about a case so far."""
    asked = sum(event.activity == "ask" for event in case.events)
    return truth(case.events[-1].activity, str(case.attributes["size"]), asked)
