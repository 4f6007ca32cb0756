"""Public checks: what every expert, encoder and learner must do, usable for one of your own.

    from quickstudy.checks import check_expert, checks_for_expert

    check_expert(MyExpert)                                   # raises AssertionError that says what broke

    @pytest.mark.parametrize(("name", "check"), checks_for_expert())
    def test_my_expert(name, check):                         # or one test a check
        check(MyExpert)

Checks say whether something keeps the rules, not how good it is. They use temporary files and no network.
"""

from quickstudy.checks.audit import audit_experts
from quickstudy.checks.encoders import check_encoder, checks_for_encoder
from quickstudy.checks.experts import Traits, check_expert, checks_for_expert
from quickstudy.checks.learners import check_learner, checks_for_learner, require_same_learner

__all__ = [
    "Traits",
    "audit_experts",
    "check_encoder",
    "check_expert",
    "check_learner",
    "checks_for_encoder",
    "checks_for_expert",
    "checks_for_learner",
    "require_same_learner",
]
