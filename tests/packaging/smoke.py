"""Run by .ci/run with the wheel's own dependencies only: what a user does first."""

import quickstudy


def main():
    """Teaches two lessons and asks one question."""
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
