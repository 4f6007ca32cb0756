"""Every expert that is installed passes every check."""

import pytest

from quickstudy.checks import audit_experts, checks_for_expert
from quickstudy.checks.audit import expert_classes
from quickstudy.experts.prior import Prior
from quickstudy.experts.registry import BUILT_IN, expert_factories

PAIRS = [(name, check) for name in sorted(expert_factories()) for check in checks_for_expert()]


@pytest.mark.parametrize(("expert", "check"), PAIRS, ids=[f"{name}:{check[0]}" for name, check in PAIRS])
def test_an_expert_keeps_the_contract(expert, check):
    check[1](expert_factories()[expert])


def test_the_audit_passes_for_what_is_installed():
    audit_experts()


def test_the_audit_finds_every_expert_of_the_library():
    assert {found.name for found in expert_classes()} == set(BUILT_IN)


def test_the_audit_fails_for_an_expert_that_is_not_registered():
    rest = {name: factory for name, factory in BUILT_IN.items() if name != "ridge"}
    with pytest.raises(AssertionError, match=r"ridge\.Ridge is not registered"):
        audit_experts(rest)


def test_the_audit_fails_for_a_registered_expert_that_does_not_pass():
    class Growing(Prior):
        name = "growing"

        def propose(self, query):
            if query.options:
                self.describe(query.vectors, [0] * len(query))
            return super().propose(query)

    with pytest.raises(AssertionError, match=r"Growing.*proposing changes nothing"):
        audit_experts({**BUILT_IN, "growing": Growing})


@pytest.mark.parametrize("weight", ["initial_weight", "mature_weight"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_both_weights_must_be_finite_numbers_from_0(weight, value):
    class Heavy(Prior):
        pass

    setattr(Heavy, weight, value)
    with pytest.raises(AssertionError, match=f"its {weight} is {value}"):
        dict(checks_for_expert())["the expert has a name and a weight"](Heavy)


def test_an_expert_without_a_mature_weight_fails_its_check():
    class Old:
        name, initial_weight = "old", 0.1
        describe, propose, learn = Prior.describe, Prior.propose, Prior.learn
        correct, rehearse, state, restore = Prior.correct, Prior.rehearse, Prior.state, Prior.restore

        def __init__(self, shared):
            pass

    with pytest.raises(AssertionError, match="Old lacks a method or weight"):
        dict(checks_for_expert())["the expert has a name and a weight"](Old)


def test_the_audit_fails_for_an_expert_under_another_name():
    with pytest.raises(AssertionError, match="calls itself 'prior'"):
        audit_experts({**BUILT_IN, "nose": Prior})
