"""A function that is learned: it runs its body less and less. Offline, some seconds: ``python examples/learned.py``.

The body stands for what is right but slow: a person, or a large model. Here it is a table of simulated tickets, so that
it can be seen how often the learner is wrong when it answers alone. A program has no such table; it has the bound.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Literal, get_args

import quickstudy

Team = Literal["billing", "fraud", "app"]

SENTENCES: dict[Team, list[str]] = {
    "billing": [
        "I was charged twice for {}",
        "the invoice for {} is wrong",
        "please refund {}",
        "why pay for {}",
    ],
    "fraud": ["I never paid for {}", "somebody bought {} with my card", "{} was not me", "a stranger ordered {}"],
    "app": [
        "the app crashes when I open {}",
        "I cannot see {} on my phone",
        "{} does not load",
        "{} freezes",
    ],
}
THINGS = [
    "a flight",
    "my rent",
    "the gym",
    "two books",
    "a hotel in Oslo",
    "last month's phone bill",
    "a taxi",
    "shoes",
]
WORDS = ["", "Hello, ", "Please help: ", "Hi team, ", "Urgent! ", "Since yesterday, "]
ENDS = ["", ". Thanks", ", what can I do", " again", " and I am not happy", ". It was on Monday", " - please call me"]

RIGHT: dict[str, Team] = {}
"""What the person would say to each ticket."""


def tickets(count: int, seed: int) -> Iterator[str]:
    """Simulated tickets."""
    draw = random.Random(seed)
    for _ in range(count):
        team: Team = draw.choice(get_args(Team))
        text = draw.choice(WORDS) + draw.choice(SENTENCES[team]).format(draw.choice(THINGS)) + draw.choice(ENDS)
        RIGHT[text] = team
        yield text


asked = 0


@quickstudy.learned(target_error=0.05, journal=None, encoder="static")
def route(ticket: str) -> Team:
    """Which team answers a ticket."""
    global asked
    asked += 1  # here a person would be asked, or a large model be paid
    return RIGHT[ticket]


def main(calls: int = 1500, seed: int = 0) -> tuple[int, int]:
    """Calls the function; gives how many calls it answered alone, and how many of these wrongly."""
    alone = wrong = 0
    print("calls  body called  answered alone  of these wrong")
    for number, ticket in enumerate(tickets(calls, seed), 1):
        before = asked
        team = route(ticket)
        alone += asked == before
        wrong += team != RIGHT[ticket]
        if number % 250 == 0:
            print(f"{number:5,}  {asked:11,}  {alone:14,}  {wrong:14,}")
    decision = route.predict("Somebody paid for a taxi with my card")
    print(f"\n{decision.answer} ({decision.probability:.2f}), because of: {decision.evidence.neighbours[0].situation}")
    return alone, wrong


if __name__ == "__main__":
    main()
