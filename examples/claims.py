"""Tasks of many steps: what to expect, which step turned a task, and when to give up. Offline, some seconds.

``python examples/claims.py``. Simulated claims of twelve steps. In some of them a paper is missing from some step on,
which a report in plain words lets guess; such claims are refused in the end. All that is told is how each one ended.
"""

from __future__ import annotations

import random

from quickstudy import Job, Learner

STEPS = 12
FINE = ["all papers are here", "the file is complete", "nothing is missing"]
MISSING = ["the invoice cannot be found", "a signature is missing", "we wait for a paper"]
NOISE = ["The customer called.", "It was moved to another desk.", "", "A colleague is on leave."]


def report(draw: random.Random, *, missing: bool) -> str:
    """What somebody notes at a step."""
    return f"{draw.choice(NOISE)} {draw.choice(MISSING if missing else FINE)}".strip()


def main(claims: int = 400, stop: float = 0.1, seed: int = 0) -> tuple[int, int, int]:
    """Works through claims; gives how many steps were saved, how many claims given up, and how many of them wrongly."""
    draw = random.Random(seed)
    saved = given_up = wrong = 0
    job = Job("claims", ["go on"], encoder="static", features=32, experts=["prior"])
    with Learner(job, seed=seed) as learner:
        for number in range(claims):
            lost = draw.randrange(2, 8) if draw.random() < 0.4 else STEPS
            with learner.task(f"claim-{number}", stop=stop) as task:
                for step in range(STEPS):
                    task.decide(report(draw, missing=step > lost))
                    if task.stopped:
                        break
                else:
                    task.end(outcome=lost == STEPS)
            given_up += task.stopped
            wrong += task.stopped and lost == STEPS
            saved += STEPS - task.steps
        with learner.task("the last one") as task:
            for step in range(STEPS):
                decision = task.decide(report(draw, missing=step > 4))
                assert decision.value is not None
                print(f"step {step:2}: success {decision.value.success:4.0%}   {decision.situation}")
            task.end(outcome=False)
        review = task.review()
        print(
            f"\nStep {review.turned} turned it. {given_up} of {claims} claims were given up, {wrong} of them wrongly;"
        )
        print(f"{saved} steps were saved. At most {stop:.0%} of all may be given up wrongly.")
    return saved, given_up, wrong


if __name__ == "__main__":
    main()
