"""Run by .ci/run with the wheel's own dependencies only: what a user does first."""

from typing import Literal

import quickstudy


@quickstudy.learned(encoder="static", journal=None)
def route(ticket: str) -> Literal["billing", "fraud"]:
    """Which team answers a ticket."""
    return "billing" if "charge" in ticket else "fraud"


def main():
    """Teaches two lessons and asks one question; calls a learned function."""
    assert route("Why did you charge me twice?") == "billing"
    assert route.report().lessons == 1
    job = quickstudy.Job("route", ["billing", "fraud"], encoder="static")
    with quickstudy.Learner(job) as learner:
        learner.teach("I was charged twice", "billing")
        learner.teach("somebody stole my card", "fraud")
        decision = learner.decide("they charged me two times")
        assert decision.answer == "billing", decision
        assert abs(sum(decision.probabilities.values()) - 1.0) < 1e-9, decision
        assert learner.report().lessons == 2
    print(f"quickstudy {quickstudy.__version__} learns: {decision.answer} {decision.probability:.2f}")


if __name__ == "__main__":
    main()
