"""The learner passes every check; a learner that breaks a law fails the law's check."""

import pytest

from quickstudy import Learner
from quickstudy.checks import checks_for_learner

CHECKS = dict(checks_for_learner())


@pytest.mark.parametrize("check", CHECKS)
def test_the_learner_keeps_the_contract(check):
    CHECKS[check](Learner)


class Forgetful(Learner):
    def forget(self, *args, **fields):
        gone = list(self.lessons())[-10:]
        for lesson, situation in gone:
            self.teach(situation, "billing", lesson_id=lesson.id + "-again")
        return len(gone)


class Curious(Learner):
    def predict_many(self, situations, options=None):
        return self.decide_many(situations, options)


class Eager(Learner):
    def decide(self, situation, *args, **keywords):
        decision = super().decide(situation, *args, **keywords)
        self.teach(situation, "fraud")
        return decision


class Deaf(Learner):
    def teach(self, target, answer, **keywords):
        keywords.pop("lesson_id", None)
        return super().teach(target, answer, **keywords)


class Lonely(Learner):
    def merge(self, *others, **keywords):
        for other in others:
            for lesson, situation in other.lessons():
                self.teach(situation, lesson.answer, lesson_id=lesson.id, at=lesson.at)
        return 0


class Guessing(Learner):
    def teach(self, target, answer, **keywords):
        return super().teach(target, "cards", **keywords)


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (Forgetful, "forgetting is exact"),
        (Curious, "reading changes nothing"),
        (Eager, "reading changes nothing"),
        (Deaf, "the same ids count once"),
        (Lonely, "merging depends on the set only"),
        (Guessing, "it learns"),
    ],
)
def test_a_learner_that_breaks_a_law_fails_its_check(broken, check):
    with pytest.raises(AssertionError):
        CHECKS[check](broken)
